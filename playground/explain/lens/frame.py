"""The records of a lens: tensors as boards of cells, and which cells every cell of the result is made of.

Each cell of a result is made of terms: products of cells of the arguments, one of their cells as it is, or what a
function makes of them. Read by the cell of the result the terms are the forward pass. Read by the cell of an argument
they are the backward pass: there each stands for the adjoint of its result's cell, times its derivative.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

Combine = Literal["products", "moved", "function"]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a tensor: its name, its whole size, and the part of it that is shown."""

    name: str
    size: int
    start: int = 0
    stop: int = -1  # may reach beyond the tensor on both sides: padding

    def __post_init__(self) -> None:
        if self.stop < 0:
            object.__setattr__(self, "stop", self.size)

    @property
    def shown(self) -> int:
        """How many cells of it are shown."""
        return self.stop - self.start

    def around(self, places: Tensor) -> Axis:
        """The same axis, shown as far as these places need; nothing of it where there are none."""
        if not places.numel():
            return Axis(self.name, self.size, 0, 0)
        return Axis(self.name, self.size, int(places.min()), int(places.max()) + 1)

    def with_all(self) -> Axis:
        """The same axis, shown as far as it is and whole."""
        return Axis(self.name, self.size, min(self.start, 0), max(self.stop, self.size))


@dataclass(frozen=True, slots=True)
class Board:
    """A part of one tensor as cells, in row-major order of what is shown of its axes."""

    key: str  # 'input', 'weight', 'result': the parameter that it is
    value: int  # the trace's value
    axes: tuple[Axis, ...]
    numbers: Tensor  # float64, one for each cell; where a cell lies outside of the tensor, the padding
    gradient: Tensor | None = None  # PyTorch's: of the result its adjoint, of an argument what this call sends back
    copies: tuple[int, int] = (1, 1)  # how often its rows and its columns are read: more than once where stretched

    @property
    def shape(self) -> tuple[int, ...]:
        """How many cells are shown along each axis."""
        return tuple(axis.shown for axis in self.axes)

    def cells(self, *index: Tensor) -> Tensor:
        """The cells at these places, counted from 0; -1 where a place is not shown."""
        return cells_at(self.axes, index)

    @property
    def inside(self) -> Tensor:
        """Which cells are in the tensor; the others are padding."""
        flat = torch.ones((), dtype=torch.bool)
        for axis in self.axes:
            places = torch.arange(axis.start, axis.stop)
            flat = flat.unsqueeze(-1) & ((places >= 0) & (places < axis.size))
        return flat.reshape(-1)


@dataclass(frozen=True, slots=True)
class Operand:
    """What the terms take from one board: a cell for each term, and its derivative where it is not a product's."""

    key: str
    cells: Tensor  # int64, (results, terms): -1 where a term has none
    local: Tensor | None = None  # float64, (results, terms): the derivative of the result by this cell


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of every shown cell of the result, as many for each: (results, terms).

    'products': a cell is the sum of its terms, and of what is added to it. A term is the product of its operands'
    cells, and of `factor`. 'moved': a cell is one cell of one operand, as it is. 'function': a cell is some function
    of its operands' cells; `local` says how it depends on them.
    """

    combine: Combine
    operands: tuple[Operand, ...]
    factor: Tensor | None = None
    added: Operand | None = None  # a bias: one cell for each result, (results, 1)
    rest: Tensor | None = None  # of each result: the sum of the terms that are not shown


@dataclass(frozen=True, slots=True)
class Pick:
    """An axis of which one place at a time is shown, or one stretch of places."""

    axis: str
    size: int
    at: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Curve:
    """A function of one number and its derivative over a range that holds the numbers of the call."""

    points: tuple[float, ...]
    values: tuple[float | None, ...]
    slopes: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class LensFrame:
    """One call as a picture of its arithmetic."""

    family: str
    op: int
    title: str  # 'v3 = x @ w'
    formula: str  # 'v3[i, j] = Σₖ x[i, k] · w[k, j]'
    result: Board
    operands: tuple[Board, ...]
    terms: Terms
    picks: tuple[Pick, ...] = ()
    notes: tuple[str, ...] = ()
    curve: Curve | None = None
    written: str = ""  # of a 'function' how one cell is written: '{0} / {1}'
    boards: dict[str, Board] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "boards", {board.key: board for board in (*self.operands, self.result)})

    def results(self) -> Tensor:
        """Each shown cell of the result as the sum of its terms; of a 'function' NaN."""
        terms, count = self.terms, len(self.result.numbers)
        if terms.combine == "function":
            return torch.full((count,), torch.nan, dtype=torch.float64)
        total = self.products().sum(1)
        if terms.added is not None:
            total = total + taken(self.boards[terms.added.key].numbers, terms.added.cells).squeeze(1)
        return total if terms.rest is None else total + terms.rest

    def products(self) -> Tensor:
        """The terms themselves, (results, terms); 0 where there is none."""
        return self._product(leaving_out=None)

    def gradient(self, key: str) -> Tensor:
        """What the shown terms send back to each cell of a board: the sum of adjoint times derivative."""
        board, adjoint = self.boards[key], self.result.gradient
        found = torch.zeros(len(board.numbers), dtype=torch.float64)
        if adjoint is None:
            return found
        added = self.terms.added
        if added is not None and added.key == key:
            return _gathered(found, added.cells, adjoint.unsqueeze(1))
        for position, operand in enumerate(self.terms.operands):
            if operand.key == key:
                local = self._product(position) if operand.local is None else operand.local
                found = _gathered(found, operand.cells, adjoint.unsqueeze(1) * local)
        return found

    def _product(self, leaving_out: int | None) -> Tensor:
        """The product of the operands of each term, one perhaps left out; 0 where a term has no cell."""
        terms = self.terms
        shape = terms.operands[0].cells.shape
        if terms.combine == "moved":
            return self._moved(leaving_out)
        found = torch.ones(shape, dtype=torch.float64) if terms.factor is None else terms.factor.expand(shape).clone()
        for position, operand in enumerate(terms.operands):
            known = operand.cells >= 0
            numbers = taken(self.boards[operand.key].numbers, operand.cells)
            found = found * (torch.where(known, numbers, 0.0) if position != leaving_out else known)
        return found

    def _moved(self, leaving_out: int | None) -> Tensor:
        if leaving_out is not None:
            return (self.terms.operands[leaving_out].cells >= 0).to(torch.float64)
        found = torch.zeros(self.terms.operands[0].cells.shape, dtype=torch.float64)
        for operand in self.terms.operands:
            numbers = taken(self.boards[operand.key].numbers, operand.cells)
            found = torch.where(operand.cells >= 0, numbers, found)
        return found


def cells_at(axes: tuple[Axis, ...], index: tuple[Tensor, ...]) -> Tensor:
    """The cells at these places of what is shown of some axes; -1 where a place is not shown.

    >>> cells_at((Axis("rows", 4, 1, 3), Axis("columns", 3)), (torch.tensor([1, 2, 3]), torch.tensor(0)))
    tensor([ 0,  3, -1])
    """
    flat = torch.zeros((), dtype=torch.int64)
    shown = torch.ones((), dtype=torch.bool)
    for axis, places in zip(axes, index, strict=True):
        flat = flat * axis.shown + (places - axis.start)
        shown = shown & (places >= axis.start) & (places < axis.stop)
    return torch.where(shown, flat, -1)


def taken(numbers: Tensor, cells: Tensor) -> Tensor:
    """The numbers in these cells; the first one, whatever it is, where there is no cell."""
    if not numbers.numel():
        return torch.zeros(cells.shape, dtype=torch.float64)
    return numbers[cells.clamp(min=0)]


def part_of(tensor: Tensor, axes: tuple[Axis, ...], padding: float = 0.0) -> Tensor:
    """The numbers of what is shown of a tensor, in float64, flat.

    >>> part_of(torch.tensor([1.0, 2.0]), (Axis("features", 2, -1, 2),))
    tensor([0., 1., 2.], dtype=torch.float64)
    """
    found = tensor.detach()
    inside = torch.ones((), dtype=torch.bool)
    for number, axis in enumerate(axes):
        places = torch.arange(axis.start, axis.stop)
        found = found.index_select(number, places.clamp(0, max(axis.size - 1, 0))) if axis.size else found
        inside = inside.unsqueeze(-1) & ((places >= 0) & (places < axis.size))
    return torch.where(inside, found.to(torch.float64), padding).reshape(-1)


def _gathered(found: Tensor, cells: Tensor, parts: Tensor) -> Tensor:
    known = cells >= 0
    return found.index_put((cells[known],), parts.expand(cells.shape)[known], accumulate=True)
