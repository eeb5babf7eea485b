"""One element of a tensor's gradient in numbers: which incoming elements reach it, and times what."""

from __future__ import annotations

import math

from torch import Tensor, full_like

from playground.trace.array import Array
from playground.trace.records import BackwardNode, Contribution, Step
from playground.trace.trace import Trace

MOST_PRODUCTS = 6
_FACTORS = {("Mul", 0): "other", ("Mul", 1): "self", ("Mv", 0): "vec", ("Mv", 1): "self", ("Mm", 0): "mat2",
            ("Mm", 1): "self"}  # fmt: skip

Products = list[tuple[float, float]]  # (element of the adjoint that came in, factor)


def products(trace: Trace, step: Step, part: Contribution, index: tuple[int, ...]) -> Products | None:
    """The products whose sum is the contribution's element at `index`; None for kinds of node not known here."""
    node = trace.nodes[step.node or 0]
    incoming = step.incoming[0] if step.incoming else None
    if incoming is None or not incoming.is_exact or not part.data.is_exact:
        return None
    if incoming.dtype.startswith("complex") or part.data.dtype.startswith("complex"):
        return None  # written out for real numbers only
    pairs = _pairs(trace, node, node.edges[part.edge].number, incoming.tensor(), part.data.shape, index)
    if pairs is None or not 0 < len(pairs[0]) <= MOST_PRODUCTS:
        return None
    found = list(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))
    total = float(part.data.tensor()[index])
    agrees = math.isclose(sum(a * b for a, b in found), total, rel_tol=1e-4, abs_tol=1e-6)
    return found if agrees else None


def _pairs(
    trace: Trace, node: BackwardNode, number: int, g: Tensor, shape: tuple[int, ...], index: tuple[int, ...]
) -> tuple[Tensor, Tensor] | None:
    kind = node.name.rstrip("0123456789").removesuffix("Backward")
    if kind in ("Add", "Sub"):
        return _summed(g, full_like(g, -1.0 if (kind, number) == ("Sub", 1) else 1.0), shape, index)
    other = _saved(trace, node, _FACTORS.get((kind, number), ""))
    if other is None:
        return None
    if kind == "Mul":
        return _summed(g, other.expand(g.shape), shape, index) if other.dim() <= g.dim() else None
    if kind == "Mv":
        return (g[index[0]].reshape(1), other[index[1]].reshape(1)) if number == 0 else (g, other[:, index[0]])
    row, column = index  # a matrix product: g @ bᵀ for the first matrix, aᵀ @ g for the second
    return (g[row], other[column]) if number == 0 else (g[:, column], other[:, row])


def _summed(g: Tensor, factors: Tensor, shape: tuple[int, ...], index: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """The elements that the engine summed into one, where an axis was stretched."""
    extra = g.dim() - len(shape)
    stretched = [n == 1 and g.shape[extra + axis] != 1 for axis, n in enumerate(shape)]
    place = (*[slice(None)] * extra, *(slice(None) if s else i for s, i in zip(stretched, index, strict=True)))
    return g[place].reshape(-1), factors[place].reshape(-1)


def _saved(trace: Trace, node: BackwardNode, name: str) -> Tensor | None:
    """A tensor that the node kept, where every element of it is known."""
    saved = next((saved for saved in node.saved if saved.name == name), None)
    array: Array | None = None
    if saved is not None:
        array = saved.data if saved.value is None else trace.values[saved.value].data
    return array.tensor() if array is not None and array.is_exact else None
