"""Which places are shown, and the boards on which they lie."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.explain.lens.call import Call
from playground.explain.lens.frame import Axis, Board, Pick, part_of

ROWS, COLUMNS = 24, 32  # of a result that are shown at once
MOST_TERMS = 60_000  # of all cells of a result together
TERMS = 256  # of one cell

Picks = dict[str, int]


def places(axes: Sequence[Axis]) -> tuple[Tensor, ...]:
    """The places along each axis of every cell that the axes show, in row-major order.

    >>> [found.tolist() for found in places([Axis("rows", 2), Axis("columns", 2)])]
    [[0, 0, 1, 1], [0, 1, 0, 1]]
    """
    if not axes:
        return ()
    stretches = [torch.arange(axis.start, axis.stop) for axis in axes]
    return tuple(grid.reshape(-1) for grid in torch.meshgrid(*stretches, indexing="ij"))


def stretch(name: str, size: int, most: int, picks: Picks) -> Axis:
    """The part of an axis that begins where it was picked, of `most` places at most."""
    start = max(0, min(picks.get(name, 0), size - most))
    return Axis(name, size, start, min(size, start + most))


def picked(axes: Sequence[Axis]) -> tuple[Pick, ...]:
    """What can be picked: the axes of which a part is shown."""
    return tuple(Pick(axis.name, axis.size, axis.start, axis.shown) for axis in axes if axis.shown < axis.size)


def result_axes(names: Sequence[str], shape: Sequence[int], picks: Picks) -> list[Axis]:
    """What is shown of a result: rows and columns of its last two axes, of the others one place at a time."""
    most = [1] * (len(shape) - 2) + [ROWS, COLUMNS][-min(2, len(shape)) :] if shape else []
    return [stretch(name, size, limit, picks) for name, size, limit in zip(names, shape, most, strict=True)]


def within(named: Sequence[tuple[str, int]], most: int, picks: Picks) -> list[Axis]:
    """As much of some axes as has at most this many places: the last ones whole, the one before in part.

    >>> [axis.shown for axis in within([("a", 9), ("b", 5), ("c", 3)], 7, {})]
    [1, 2, 3]
    """
    axes: list[Axis] = []
    for name, size in reversed(named):
        axes.insert(0, stretch(name, size, max(1, most), picks))
        most //= max(1, axes[0].shown)
    return axes


def refuse_beyond(count: int, what: str) -> None:
    """PlaygroundError where one picture would hold more than `MOST_TERMS` of something."""
    if count > MOST_TERMS:
        message = f"{count:,} {what} are too many for one picture; the limit is {MOST_TERMS:,}"
        raise PlaygroundError(message, hint="open an element of it")


def plain_names(count: int) -> list[str]:
    """Names of axes that have none of their own."""
    return [f"axis {number}" for number in range(count)]


def result_board(call: Call, axes: Sequence[Axis]) -> Board:
    """What is shown of the result, with its adjoint."""
    number = call.number(call.output)
    adjoint = None if call.adjoint is None else part_of(call.adjoint, tuple(axes))
    return Board("result", call.output, tuple(axes), part_of(number, tuple(axes)), adjoint)


def operand_board(
    call: Call, key: str, names: Sequence[str], index: Sequence[Tensor], *, whole: int = 0, padding: float = 0.0
) -> Board:
    """What is shown of an argument: the places that are used, and all of its last `whole` axes."""
    value = call.tensors[key]
    shape = call.shape(value)
    axes = [Axis(name, size).around(used) for name, size, used in zip(names, shape, index, strict=True)]
    for position in range(max(0, len(axes) - whole), len(axes)):
        axes[position] = axes[position].with_all()
    sent = call.sent(key)
    gradient = None if sent is None else part_of(sent, tuple(axes))
    return Board(key, value, tuple(axes), part_of(call.number(value), tuple(axes), padding), gradient)
