"""The contents of a value's box: cells for its numbers and heat maps, a note of its shape; and its module."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import takewhile

from playground.explain.explanation import Explanation
from playground.explain.numbers import shape_text
from playground.trace.records import Op, Value
from playground.views.graph.graph import Cell, CellRow, element_slot, grid_of

SHOWN_OUTPUTS = 4
TITLE_LENGTH = 36
THUMBNAIL_SIDE = 16


class BoxContents:
    """The cells and notes of the values of one trace, for the boxes of both passes."""

    def __init__(self, explanation: Explanation) -> None:
        self.trace = explanation.trace
        self.names = explanation.names
        self.returned = explanation.returned

    @cached_property
    def users(self) -> dict[int, list[Op]]:
        """Value id -> the ops that use it."""
        users: dict[int, list[Op]] = defaultdict(list)
        for op in self.trace.ops:
            for argument in op.inputs:
                users[argument.value].append(op)
        return users

    def rows(self, value: Value, label: str = "") -> list[CellRow]:
        """The cells of a value: one line, or of a small tensor a line for each of its rows, the primal's first.

        `label`: its name, where the title does not say it.
        """
        cells = self.cells(value)
        labels = {"primal": label, "tangent": label, "adjoint": label and self.names.bar(value.id)}
        return [row for cell in cells for row in _grid(cell, value, labels[cell.kind])] or [CellRow(cells, label)]

    def adjoint_rows(self, value: int) -> list[CellRow]:
        """The cells of the adjoint that comes into a backward node."""
        cell, label = self.adjoint_cell(value), self.names.bar(value)
        return _grid(cell, self.trace.values[value], label) or [CellRow((cell,), label)]

    def cells(self, value: Value) -> tuple[Cell, ...]:
        """The primal, and tangent and adjoint where there are such."""
        wide = self._is_tensor(value.id)
        picture = picture_of(value.shape) if wide else None
        cells = [Cell("primal", f"value-{value.id}.primal", picture, wide)]
        if value.tangent is not None:
            cells.append(Cell("tangent", f"value-{value.id}.tangent", wide=wide))
        if value.adjoint is not None or (value.requires_grad and self.trace.passes and value.op is None):
            cells.append(Cell("adjoint", f"value-{value.id}.adjoint", picture, wide))
        return tuple(cells)

    def grad_cell(self, leaf: int) -> Cell:
        """A leaf's `.grad`."""
        return Cell("grad", f"value-{leaf}.grad", wide=self._is_tensor(leaf))

    def adjoint_cell(self, value: int) -> Cell:
        """The adjoint that comes into a backward node."""
        wide = self._is_tensor(value)
        picture = picture_of(self.trace.values[value].shape) if wide else None
        return Cell("adjoint", f"value-{value}.adjoint", picture, wide)

    def shape_notes(self, value: Value) -> tuple[str, ...]:
        """The shape of a tensor; the dtype where it is not float32."""
        parts = [shape_text(value.shape)] if value.shape else []
        if value.dtype != "float32":
            parts.append(value.dtype)
        return (" ".join(parts),) if parts else ()

    def leaf_module(self, value: Value) -> tuple[str, ...]:
        """The innermost module around every use of a parameter or buffer; inputs stand outside."""
        users = self.users.get(value.id)
        if value.kind == "input" or not users:
            return ()
        paths = [op.module for op in users]
        shared = takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))
        return tuple(names[0] for names in shared)

    def _is_tensor(self, value: int) -> bool:
        return len(self.trace.values[value].shape) > 0 and self.trace.values[value].data.numel > 1


def _grid(cell: Cell, value: Value, label: str) -> list[CellRow]:
    """A cell for each number of a small tensor, row by row; empty for others."""
    grid = None if value.dtype.startswith("complex") else grid_of(value.shape)
    if grid is None:
        return []
    rows, columns = grid
    numbers = [Cell(cell.kind, element_slot(cell.slot, place), None, True, True) for place in range(rows * columns)]
    return [CellRow(tuple(numbers[start : start + columns]), label) for start in range(0, len(numbers), columns)]


def picture_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the heat map of a tensor: of its last two axes, as `Array.thumbnail` draws it.

    >>> picture_of((5,)), picture_of((64, 784)), picture_of((8, 1, 3, 2))
    ((1, 5), (16, 16), (3, 2))
    """
    rows, columns = (1, *shape)[-2:]
    return min(rows, THUMBNAIL_SIDE), min(columns, THUMBNAIL_SIDE)


def cut(text: str, length: int) -> str:
    """A text cut to `length` characters on one line, an ellipsis for the rest."""
    text = " ".join(text.splitlines()) if "\n" in text or "\r" in text else text
    return text if len(text) <= length else text[: length - 1] + "…"
