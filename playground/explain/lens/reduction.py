"""Reductions: many cells of a tensor to one, along some of its axes."""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import Tensor

from playground.explain.lens.call import Call
from playground.explain.lens.frame import Axis, LensFrame, Operand, Terms
from playground.explain.lens.places import (
    MOST_TERMS,
    TERMS,
    Picks,
    operand_board,
    picked,
    places,
    plain_names,
    refuse_beyond,
    result_axes,
    result_board,
    within,
)

SUMS = ("sum", "mean")


def reduction(call: Call, picks: Picks) -> LensFrame:
    """The lens of a call that makes one cell of all cells along some axes."""
    value = call.tensors["input"]
    shape = call.shape(value)
    names = plain_names(len(shape))
    gone = _dims(call.setting("dim"), len(shape))
    kept = [axis for axis in range(len(shape)) if axis not in gone]
    with_ones = bool(call.setting("keepdim", False)) and len(call.shape(call.output)) == len(shape)
    named = [(names[axis], shape[axis]) for axis in kept]
    shown = result_axes([name for name, _ in named], [size for _, size in named], picks)
    count = prod(shape[axis] for axis in gone)
    most = min(TERMS, MOST_TERMS // max(1, prod(axis.shown for axis in shown)))
    if call.name not in SUMS:  # what it makes of its cells it makes of all of them
        refuse_beyond(count, "cells")
        most = count
        if count * prod(axis.shown for axis in shown) > MOST_TERMS:
            shown = within(named, MOST_TERMS // count, picks)
    results = prod(axis.shown for axis in shown)
    inner = within([(names[axis], shape[axis]) for axis in gone], most, picks)
    index: dict[int, Tensor] = dict(zip(kept, (place.reshape(-1, 1) for place in places(shown)), strict=True))
    index |= dict(zip(gone, (place.reshape(1, -1) for place in places(inner)), strict=True))
    place_of = [index[axis] for axis in range(len(shape))]
    board = operand_board(call, "input", names, place_of)
    terms = prod(axis.shown for axis in inner)
    cells = board.cells(*place_of).expand(results, terms)
    result = [Axis(names[axis], 1) for axis in range(len(shape))] if with_ones else shown
    if with_ones:
        for axis, part in zip(kept, shown, strict=True):
            result[axis] = part
    found = result_board(call, result)
    operand, combined, rest = _terms(call, board.numbers, cells, count)
    if combined.combine == "products" and any(axis.shown < axis.size for axis in inner):
        scale = 1.0 if call.name == "sum" else 1.0 / count
        rest = _whole(call, value, gone, shown, kept) * scale - board.numbers[cells].sum(1) * scale
    return LensFrame(
        family="reduction",
        op=call.id,
        title=call.title,
        formula=f"{call.show(call.output)} = {call.name} of {call.show(value)} over "
        + (", ".join(names[axis] for axis in gone) or "nothing"),
        result=found,
        operands=(board,),
        terms=Terms(combined.combine, (operand,), factor=combined.factor, rest=rest),
        picks=picked([*shown, *inner]),
        notes=_notes(call, count),
        written=f"{call.name}(…)" if combined.combine == "function" else "",
    )


def _dims(setting: Any, count: int) -> list[int]:
    """The axes that go, from PyTorch's `dim`: none named means all."""
    if setting is None or setting == [] or setting == ():
        return list(range(count))
    given = setting if isinstance(setting, tuple | list) else [setting]
    return sorted({int(axis) % max(1, count) for axis in given}) if count else []


def _terms(call: Call, numbers: Tensor, cells: Tensor, count: int) -> tuple[Operand, Terms, Tensor | None]:
    """The operand, how its terms make a result, and nothing of a rest."""
    if call.name in SUMS:
        factor = None if call.name == "sum" else torch.full(cells.shape, 1.0 / count, dtype=torch.float64)
        operand = Operand("input", cells)
        return operand, Terms("products", (operand,), factor=factor), None
    local = _local(call, numbers, cells)
    if call.name in ("max", "min", "amax", "amin"):  # the derivative is 1 where it was chosen, a share of it in a tie
        operand = Operand("input", cells)
        return operand, Terms("products", (operand,), factor=local), None
    operand = Operand("input", cells, local)
    return operand, Terms("function", (operand,)), None


def _local(call: Call, numbers: Tensor, cells: Tensor) -> Tensor:
    """How each result moves with each of its cells: the call again on the cells of each result, differentiated."""
    rows = numbers[cells].clone().requires_grad_()
    settings = {
        name: call.setting(name)
        for name in ("p", "ord", "correction", "unbiased")
        if call.setting(name) is not None and not isinstance(call.setting(name), Tensor)
    }
    shares = call.name in ("max", "min") and call.setting("dim") is None  # `x.max()` shares a tie, `x.max(0)` does not
    found = getattr(torch, f"a{call.name}" if shares else call.name)(rows, dim=1, **settings)
    found = found[0] if isinstance(found, tuple) else found
    (local,) = torch.autograd.grad(found.sum(), rows)
    return local


def _whole(call: Call, value: int, gone: list[int], shown: list[Axis], kept: list[int]) -> Tensor:
    """The sums over all cells, also those that are not shown."""
    found = call.number(value).detach()
    for axis, part in zip(kept, shown, strict=True):
        found = found.narrow(axis, part.start, part.shown)
    return found.to(torch.float64).sum(gone).reshape(-1)


def _notes(call: Call, count: int) -> tuple[str, ...]:
    if call.name == "sum":
        return ("Backward each cell is sent the adjoint of its sum, as it is.",)
    if call.name == "mean":
        return (f"Backward each cell is sent the adjoint of its mean, divided by {count}.",)
    if call.name in ("max", "min") and call.setting("dim") is not None:
        return ("Backward the chosen cell is sent the adjoint: of equal ones the first.",)
    if call.name in ("max", "min", "amax", "amin"):
        return ("Backward the chosen cell is sent the adjoint; equal ones share it.",)
    return ()
