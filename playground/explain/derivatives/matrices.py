"""Rows of products of vectors and matrices, and of what is computed from a whole matrix."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.explain.derivatives.derivative import Derivative, Formula, Row, one
from playground.explain.derivatives.recorded import Recorded, axes_of

_TRANSPOSED = "times the other matrix, transposed"
_SUM_ROWS = Formula("sum(@g)", r"\textstyle\sum @g", lambda r: r.g.sum_to_size(r.like))
_UNIT = Formula("1", "1", lambda r: 1.0)
_LEFT = Formula("@g @ @bᵀ", r"@g \, {@b}^{\top}", lambda r: r.g @ r.b.mT)
_RIGHT = Formula("@aᵀ @ @g", r"{@a}^{\top} @g", lambda r: r.a.mT @ r.g)
_OUTER = Formula("@g ⊗ @b", r"@g \; {@b}^{\top}", lambda r: torch.outer(r.g, r.b))
_A = Formula("@a", "@a", lambda r: r.a)
_B = Formula("@b", "@b", lambda r: r.b)
_NO_FACTORS = (("alpha", "1"), ("beta", "1"))
_ADDED = ("unchanged", _TRANSPOSED, _TRANSPOSED)


def _scaled(name: str, formula: Formula) -> Formula:
    """A product times a setting."""

    def value(r: Recorded) -> Tensor | float:
        found = formula.value(r)
        return r.number(name) * (r.g * found if not formula.is_product else found)

    scale = f"@{{{name}}}"
    if formula is _SUM_ROWS:
        return Formula(f"sum({scale}·@g)", rf"\textstyle\sum {scale} \, @g", value)
    if formula is _UNIT:
        return Formula(f"{scale}·@g", rf"{scale} \, @g", value)
    return Formula(f"{scale}·({formula.text})", rf"{scale} \left({formula.latex}\right)", value)


def _added(left: Formula, right: Formula) -> Row:
    """`beta * c + alpha * (a @ b)`: its edges go to c, a and b."""
    rows = []
    for bias in (_UNIT, _SUM_ROWS):
        said = "unchanged" if bias is _UNIT else "summed over the stretched axes"
        phrase = f"to the first argument {said}, and to each factor times the other one, transposed"
        each = (said, _TRANSPOSED, _TRANSPOSED)
        rows.append(Derivative(phrase, (bias, left, right), "cab", each, _NO_FACTORS))
        scaled = (_scaled("beta", bias), _scaled("alpha", left), _scaled("alpha", right))
        rows.append(Derivative(f"{phrase}, with the factors alpha and beta", scaled, "cab"))
    return rows[0], rows[2], rows[1], rows[3]


def _determinant(r: Recorded) -> Tensor:
    if r.a.dim() != 2:
        raise ValueError("a stack of matrices")
    return _determinants(r)


def _determinants(r: Recorded) -> Tensor:
    found: Tensor = (r.g * r.y)[..., None, None] * torch.linalg.inv(r.a).mT
    return found


def _singular(r: Recorded) -> float:
    """PyTorch's zeros, where the determinant itself is 0."""
    if not bool((r.y == 0).all()):
        raise ValueError("not singular")
    return 0.0


def _crossed(r: Recorded, left: Tensor, right: Tensor) -> Tensor:
    found: Tensor = torch.linalg.cross(left, right, dim=axes_of(r.setting("dim"), len(r.like))[0])
    return found


def _swapped(r: Recorded) -> Tensor:
    rank = r.g.dim()
    axes = {int(r.setting("dim0", -2)) % max(rank, 1), int(r.setting("dim1", -1)) % max(rank, 1)}
    if axes != {rank - 2, rank - 1}:
        raise ValueError("other axes than the last two")
    return r.g.mT


_SAME = ("times the other vector",) * 2
_MATRIX = (Derivative(_TRANSPOSED, (_LEFT, _RIGHT)),)

MATRICES: dict[str, Row] = {
    "MmBackward": _MATRIX,
    "BmmBackward": _MATRIX,
    "MvBackward": (
        Derivative(
            "as an outer product to the matrix, through its transpose to the vector",
            (_OUTER, _RIGHT),
            each=("as an outer product with the vector", "through the matrix, transposed"),
        ),
    ),
    "DotBackward": (Derivative("each times the other vector", (_B, _A), each=_SAME),),
    "VdotBackward": (Derivative("each times the other vector", (_B, _A), each=_SAME),),
    "AddmmBackward": _added(_LEFT, _RIGHT),
    "BaddbmmBackward": _added(_LEFT, _RIGHT),
    "AddmvBackward": _added(_OUTER, _RIGHT),
    "LinalgCrossBackward": (
        Derivative(
            "as the cross product with the other vector",
            (
                Formula("cross(@b, @g, dim=@{dim})", r"@b \times @g", lambda r: _crossed(r, r.b, r.g)),
                Formula("cross(@g, @a, dim=@{dim})", r"@g \times @a", lambda r: _crossed(r, r.g, r.a)),
            ),
        ),
    ),
    "LinalgDetBackward": (
        one(
            "@g · @y · (@a⁻¹)ᵀ",
            r"@g \, @y \, {@a}^{-\top}",
            _determinant,
            "times the determinant and the inverse, transposed",
            by_numbers=True,
        ),
        one(
            "(@g · @y)[…, None, None] · (@a⁻¹)ᵀ",
            r"{@g}_k \, {@y}_k \, {@a}_k^{-\top}",
            _determinants,
            "times the determinant and the inverse, transposed, of each matrix",
            by_numbers=True,
        ),
        one(
            "0",
            "0",
            _singular,
            "times 0: the matrix is singular and has no inverse, and what PyTorch solves instead gives 0 here; the "
            "derivative is the matrix of cofactors, which need not be 0",
            by_numbers=True,
        ),
        Derivative("by solving with the matrix; where it is singular, PyTorch solves with one close to it"),
    ),
    "LinalgEighBackward": (  # Giles, 2008: An extended collection of matrix derivative results, 3.1
        Derivative(
            "between the eigenvectors: of the eigenvalues as they came, of the eigenvectors over the gaps between "
            "eigenvalues"
        ),
    ),
    "LinalgInvExBackward": (
        one(
            "−@yᵀ @ @g @ @yᵀ",
            r"-{@y}^{\top} @g \, {@y}^{\top}",
            lambda r: -(r.y.mT @ r.g @ r.y.mT),
            "between the inverse, transposed, on both sides, negated",
        ),
    ),
    "LinalgSlogdetBackward": (
        one(
            "(@a⁻¹)ᵀ",
            r"{@a}^{-\top}",
            lambda r: torch.linalg.inv(r.a).mT,
            "times the inverse, transposed",
            by_numbers=True,
        ),
    ),
    "TBackward": (one("@gᵀ", r"{@g}^{\top}", lambda r: r.g.mT, "transposed back"),),
    "TransposeBackward": (
        one("@gᵀ", r"{@g}^{\top}", _swapped, "transposed back", by_numbers=True),
        Derivative("with the two axes swapped back"),
    ),
    "TrilBackward": (
        one(
            "tril(@g, @{diagonal})",
            r"\operatorname{tril}(@g, @{diagonal})",
            lambda r: r.g.tril(int(r.number("diagonal"))),
            "into the lower triangle, zeros elsewhere",
        ),
    ),
    "TriuBackward": (
        one(
            "triu(@g, @{diagonal})",
            r"\operatorname{triu}(@g, @{diagonal})",
            lambda r: r.g.triu(int(r.number("diagonal"))),
            "into the upper triangle, zeros elsewhere",
        ),
    ),
}
