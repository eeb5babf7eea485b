"""A lens looked at through all that can be picked: what it shows, put together again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.explain.lens.frame import Board, LensFrame
from playground.explain.lens.lens import lens
from playground.explain.lens.places import places
from playground.trace.trace import Trace


@dataclass(frozen=True)
class Whole:
    """What all pictures of one call say together."""

    results: Tensor  # each element of the result as the sum of its terms; NaN: a function's, or one that is not shown
    gradients: dict[str, Tensor]  # of each argument what all shown terms send back


def pictures_of(trace: Trace, op: int) -> Iterator[LensFrame]:
    """Every picture of the call; no two share a cell of the result."""
    ways = [[(pick.axis, at) for at in range(0, pick.size, pick.width)] for pick in lens(trace, op).picks]
    assert all(pick.size % pick.width == 0 for pick in lens(trace, op).picks)
    for chosen in itertools.product(*ways):
        yield lens(trace, op, dict(chosen))


def whole_of(trace: Trace, op: int) -> Whole:
    """The sums of each picture where they belong."""
    output = trace.values[trace.ops[op].outputs[0]]
    results = torch.full(output.shape, torch.nan, dtype=torch.float64)
    gradients: dict[str, Tensor] = {}
    for frame in pictures_of(trace, op):
        at, inside = _flat(frame.result)
        results.view(-1)[at[inside]] = frame.results()[inside]
        for board in frame.operands:
            shape = trace.values[board.value].shape
            total = gradients.setdefault(board.key, torch.zeros(shape, dtype=torch.float64))
            at, inside = _flat(board)
            total.view(-1).index_put_((at[inside],), frame.gradient(board.key)[inside], accumulate=True)
    return Whole(results, gradients)


def _flat(board: Board) -> tuple[Tensor, Tensor]:
    """For each cell the number of its element in the whole tensor, and which cells are elements of it."""
    at = torch.zeros(len(board.numbers), dtype=torch.int64)
    for axis, place in zip(board.axes, places(board.axes), strict=True):
        at = at * axis.size + place
    return at, board.inside
