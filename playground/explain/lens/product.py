"""Products of two tensors: row times column, the terms of each cell in their order, and a bias.

Every such call is written as an einsum (https://docs.pytorch.org/docs/stable/generated/torch.einsum.html): a letter for
each axis, summed where the result has none of it.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.explain.lens.call import Call
from playground.explain.lens.frame import Axis, LensFrame, Operand, Terms
from playground.explain.lens.places import (
    MOST_TERMS,
    TERMS,
    Picks,
    operand_board,
    picked,
    places,
    result_axes,
    result_board,
    within,
)


@dataclass(frozen=True, slots=True)
class Spec:
    """A product as an einsum: the two operands and their letters, the result's letters, perhaps a bias."""

    first: tuple[str, str]
    second: tuple[str, str]
    result: str
    bias: tuple[str, str] | None = None
    names: dict[str, str] | None = None  # of axes, by letter


def product(call: Call, picks: Picks) -> LensFrame:
    """The lens of a call that is a sum of products of two tensors."""
    spec = SPECS[call.name](call)
    sizes = _sizes(call, spec)
    name_of = _names(spec, sizes)
    axes = result_axes([name_of[x] for x in spec.result], [sizes[x] for x in spec.result], picks)
    results = prod(axis.shown for axis in axes)
    summed = [x for x in dict.fromkeys(spec.first[1] + spec.second[1]) if x not in spec.result]
    inner = within([(name_of[x], sizes[x]) for x in summed], min(TERMS, MOST_TERMS // max(1, results)), picks)
    index = {
        **{x: found.reshape(-1, 1) for x, found in zip(spec.result, places(axes), strict=True)},
        **{x: found.reshape(1, -1) for x, found in zip(summed, places(inner), strict=True)},
    }
    shape = (results, prod(axis.shown for axis in inner))
    boards, operands = [], []
    for key, letters in (spec.first, spec.second):
        places_of = [_at(call, key, number, index[x]) for number, x in enumerate(letters)]
        board = operand_board(call, key, [name_of[x] for x in letters], places_of)
        boards.append(board)
        operands.append(Operand(key, board.cells(*places_of).expand(shape)))
    added = None
    if spec.bias is not None:
        key, letters = spec.bias
        board = operand_board(call, key, [name_of[x] for x in letters], [index[x] for x in letters])
        boards.append(board)
        added = Operand(key, board.cells(*(index[x] for x in letters)).expand(results, 1))
    return LensFrame(
        family="product",
        op=call.id,
        title=call.title,
        formula=_formula(call, spec, summed),
        result=result_board(call, axes),
        operands=tuple(boards),
        terms=Terms("products", tuple(operands), added=added, rest=_rest(call, spec, axes, summed, inner)),
        picks=picked([*axes, *inner]),
        notes=_notes(call, spec, sizes, summed),
    )


def _sizes(call: Call, spec: Spec) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for key, letters in (spec.first, spec.second):
        for x, size in zip(letters, call.shape(call.tensors[key]), strict=True):
            sizes[x] = max(size, sizes.get(x, 1)) if size else 0
    return sizes


def _names(spec: Spec, sizes: dict[str, int]) -> dict[str, str]:
    given = spec.names or {}
    batch = [x for x in spec.result[:-2] if x not in given]
    return {x: given.get(x) or (f"batch {batch.index(x)}" if x in batch and len(batch) > 1 else x) for x in sizes}


def _at(call: Call, key: str, number: int, index: Tensor) -> Tensor:
    """The places along an operand's axis: 0 where it is stretched."""
    return torch.zeros_like(index) if call.shape(call.tensors[key])[number] == 1 else index


def _rest(call: Call, spec: Spec, axes: list[Axis], summed: list[str], inner: list[Axis]) -> Tensor | None:
    """The sum of the terms that are not shown, of each result: all less those that are."""
    if all(axis.shown == axis.size for axis in inner):
        return None
    results = dict(zip(spec.result, axes, strict=True))
    whole = {x: Axis("", axis.size) for x, axis in zip(summed, inner, strict=True)}
    everything, shown = (
        torch.einsum(
            f"{spec.first[1]},{spec.second[1]}->{spec.result}",
            [_part(call, key, letters, results | terms) for key, letters in (spec.first, spec.second)],
        )
        for terms in (whole, dict(zip(summed, inner, strict=True)))
    )
    return (everything - shown).reshape(-1)


def _part(call: Call, key: str, letters: str, shown: dict[str, Axis]) -> Tensor:
    found = call.number(call.tensors[key]).detach()
    for number, x in enumerate(letters):
        if found.shape[number] > 1:
            found = found.narrow(number, shown[x].start, shown[x].shown)
    return found.to(torch.float64)


def _formula(call: Call, spec: Spec, summed: list[str]) -> str:
    def indexed(name: str, letters: str) -> str:
        return f"{name}[{', '.join(letters)}]" if letters else name

    (first, left), (second, right) = spec.first, spec.second
    terms = f"{indexed(call.show(call.tensors[first]), left)} · {indexed(call.show(call.tensors[second]), right)}"
    over = f"Σ{''.join(summed)} " if summed else ""
    bias = "" if spec.bias is None else f" + {indexed(call.show(call.tensors[spec.bias[0]]), spec.bias[1])}"
    return f"{indexed(call.show(call.output), spec.result)} = {over}{terms}{bias}"


def _notes(call: Call, spec: Spec, sizes: dict[str, int], summed: list[str]) -> tuple[str, ...]:
    (first, left), (second, right) = spec.first, spec.second
    a, b = call.show(call.tensors[first]), call.show(call.tensors[second])
    if not summed:
        return (f"Every element of {a} times every element of {b}: nothing is summed.",)
    wide = ", ".join(f"{x} = {sizes[x]}" for x in dict.fromkeys(left + right))
    note = f"The same as stretching both over all of ({wide}), multiplying, and summing over {', '.join(summed)}."
    return (note,)


def _linear(call: Call) -> Spec:
    count = len(call.shape(call.tensors["input"])) - 1
    batch = "nbcdefgh"[:count]
    names = {"k": "features", "n": "batch", "o": "units"}
    bias = "bias" in call.tensors
    if len(call.shape(call.tensors["weight"])) == 1:
        return Spec(("input", batch + "k"), ("weight", "k"), batch, ("bias", "") if bias else None, names)
    return Spec(("input", batch + "k"), ("weight", "ok"), batch + "o", ("bias", "o") if bias else None, names)


def _matmul(call: Call, first: str = "input", second: str = "other") -> Spec:
    a, b = (len(call.shape(call.tensors[key])) for key in (first, second))
    batch = string.ascii_lowercase[1 : 1 + max(a, b, 2) - 2]
    left = batch[len(batch) - max(a - 2, 0) :] + "ik"[-min(a, 2) :]
    right = batch[len(batch) - max(b - 2, 0) :] + ("kj" if b > 1 else "k")
    result = batch + ("i" if a > 1 else "") + ("j" if b > 1 else "")
    names = {"i": "rows", "j": "columns", "k": "terms"}
    return Spec((first, left), (second, right), result, names=names)


def _rmatmul(call: Call) -> Spec:
    return _matmul(call, "other", "input")


def _outer(call: Call) -> Spec:
    return Spec(("input", "i"), ("vec2", "j"), "ij", names={"i": "rows", "j": "columns"})


def _inner_product(call: Call) -> Spec:
    a, b = (len(call.shape(call.tensors[key])) for key in ("input", "other"))
    if not (a and b):
        raise PlaygroundError("a product with a single number has no rows and columns", hint="open an element of it")
    left, right = "abcdefgh"[: a - 1], "nopqrstu"[: b - 1]
    return Spec(("input", left + "k"), ("other", right + "k"), left + right)


def _einsum(call: Call) -> Spec:
    equation = call.setting("equation")
    if not isinstance(equation, str) or "." in equation or len(call.tensors) != 2:
        raise PlaygroundError("this lens shows an einsum of two tensors, without an ellipsis", hint="open an element")
    inputs, arrow, result = equation.replace(" ", "").partition("->")
    left, right = inputs.split(",")
    if not arrow:
        result = "".join(sorted(x for x in set(left + right) if (left + right).count(x) == 1))
    if len(set(left)) < len(left) or len(set(right)) < len(right) or not set(result) <= set(left + right):
        raise PlaygroundError(
            "this lens shows no diagonals: a letter stands once in each tensor", hint="open an element"
        )
    first, second = call.tensors
    return Spec((first, left), (second, right), result)


def _batched(call: Call) -> Spec:
    return Spec(
        ("input", "bik"), ("mat2", "bkj"), "bij", names={"b": "batch", "i": "rows", "j": "columns", "k": "terms"}
    )


def _of(first: str, left: str, second: str, right: str, result: str) -> Callable[[Call], Spec]:
    names = {"i": "rows", "j": "columns", "k": "terms"}
    return lambda _: Spec((first, left), (second, right), result, names=names)


SPECS: dict[str, Callable[[Call], Spec]] = {
    "linear": _linear,
    "matmul": _matmul,
    "rmatmul": _rmatmul,
    "mm": _of("input", "ik", "mat2", "kj", "ij"),
    "bmm": _batched,
    "mv": _of("input", "ik", "vec", "k", "i"),
    "dot": _of("input", "k", "tensor", "k", ""),
    "vdot": _of("input", "k", "other", "k", ""),
    "inner": _inner_product,
    "outer": _outer,
    "ger": _outer,
    "einsum": _einsum,
}
