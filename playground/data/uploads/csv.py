"""Tables as data: CSV with a label and numbers in each row. 784 numbers and a label are a picture of 28 x 28."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from playground.data.dataset import Data
from playground.data.digits import SIDE
from playground.data.split import hold_out
from playground.data.uploads import store
from playground.data.uploads.labels import class_names
from playground.errors import PlaygroundError

MOST_BYTES = 256 << 20
MOST_COLUMNS = 10_000
PIXELS = SIDE * SIDE


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows with the number of the line each ends on; `header` names the columns, and is empty where none does."""

    header: tuple[str, ...]
    columns: int
    label: int

    def column(self, index: int) -> str:
        return f"column {index + 1}" + (f" (`{self.header[index]}`)" if self.header else "")


def from_csv(content: bytes, *, label: str = "") -> Data:
    """Read a data set from the rows of a CSV file: UTF-8, commas, semicolons or tabs, a header or none.

    The label is the column named `label` (or as the argument says); else the first or the last one, whichever holds
    words; else the first of 785 columns (MNIST as CSV), and the last of any other number. All other columns are
    numbers. 784 of them, each 0 to 255 (or all 0 to 1), become a picture (1, 28, 28); others stay (F,), in their own
    units. A fifth of each class is held out as test examples. The result is kept, and `datasets.load` finds it by its
    name. Raises PlaygroundError, which names line and column.
    """
    if len(content) > MOST_BYTES:
        hint = f"{MOST_BYTES >> 20} MB are allowed: take fewer rows."
        raise PlaygroundError(f"the file has {len(content) >> 20:,} MB", hint=hint)
    text = _text(content)
    first, second = _beginning(text)
    table = _table(first, second, label)
    rows = _rows(text, table.columns)
    if table.header:
        next(rows)
    written: list[str] = []
    numbers: list[np.ndarray] = []
    for line, row in rows:
        name = row.pop(table.label).strip()
        if not name:
            hint = "Every row needs a label: write it, or remove the row."
            raise PlaygroundError(f"line {line}, {table.column(table.label)}: the label is missing", hint=hint)
        written.append(name)
        numbers.append(_numbers(row, line, table))
    classes, labels = class_names(written)
    x = torch.from_numpy(np.stack(numbers))
    if x.shape[1] == PIXELS:
        x = (x / 255 if x.max() > 1 else x).view(-1, 1, SIDE, SIDE)
    return store.keep(hold_out(x, labels, classes))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = "Save the table as CSV in UTF-8; a spreadsheet's own format cannot be read."
        raise PlaygroundError(f"line {line}: the file is not UTF-8 text", hint=hint) from error


def _beginning(text: str) -> tuple[list[str], list[str]]:
    rows = [row for _, row in zip(range(2), _rows(text), strict=False)]
    if len(rows) < 2:
        raise PlaygroundError("the table has fewer than two rows", hint="One row per example: numbers and a label.")
    return rows[0][1], rows[1][1]


def _rows(text: str, columns: int = 0) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with its line number; all of `columns` cells, where that is not 0."""
    first_line = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            columns = columns or len(row)
            if len(row) != columns:
                hint = "Every row has as many cells as the first one. Is a cell with a separator in it not quoted?"
                message = f"line {reader.line_num} has {_cells(len(row))}, but the first row has {columns}"
                raise PlaygroundError(message, hint=hint)
            yield reader.line_num, row
    except csv.Error as error:
        hint = "Is a quotation mark not closed?"
        raise PlaygroundError(f"line {reader.line_num}: {error}", hint=hint) from error


def _table(first: list[str], second: list[str], label: str) -> _Table:
    columns = len(first)
    if not 2 <= columns <= MOST_COLUMNS:
        hint = f"A label and 1 to {MOST_COLUMNS - 1:,} numbers, separated by commas, semicolons or tabs."
        raise PlaygroundError(f"the first row has {_cells(columns)}", hint=hint)
    wanted = (label or "label").casefold()
    lowered = [name.strip().casefold() for name in first]
    is_header = wanted in lowered or (not any(map(_is_number, first)) and any(map(_is_number, second)))
    header = tuple(name.strip() for name in first) if is_header else ()
    if wanted in lowered:
        index = lowered.index(wanted)
    elif label:
        hint = f"The columns are {', '.join(header[:20])}." if header else "The first row names no columns."
        raise PlaygroundError(f"there is no column `{label}`", hint=hint)
    else:
        rows = [second] if is_header else [first, second]
        words_first, words_last = (not any(_is_number(row[at]) for row in rows) for at in (0, -1))
        by_custom = 0 if columns == PIXELS + 1 else columns - 1
        index = by_custom if words_first == words_last else 0 if words_first else columns - 1
    return _Table(header, columns, index)


def _cells(count: int) -> str:
    return f"{count:,} cell{'' if count == 1 else 's'}"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(cells: list[str], line: int, table: _Table) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # what is too large for float32 is not finite, and refused below
            row = np.array([float(cell) for cell in cells], dtype=np.float32)
    except ValueError:
        row = np.full(len(cells), math.nan, dtype=np.float32)
    is_picture = len(cells) == PIXELS
    is_bad = ~np.isfinite(row) | (((row < 0) | (row > 255)) if is_picture else False)
    if is_bad.any():
        raise _bad_cell(cells, line, table, is_picture)
    return row


def _bad_cell(cells: list[str], line: int, table: _Table, is_picture: bool) -> PlaygroundError:
    for index, cell in enumerate(cells):
        place = f"line {line}, {table.column(index + (index >= table.label))}"
        if not cell.strip():
            return PlaygroundError(f"{place}: the cell is empty", hint="Write a number, or remove the row.")
        if not _is_number(cell):
            comma = " with a decimal point, not a comma" if _is_number(cell.replace(",", ".", 1)) else ""
            hint = f"All columns but the label are numbers{comma}."
            return PlaygroundError(f"{place}: {cell.strip()[:40]!r} is not a number", hint=hint)
        with np.errstate(over="ignore"):
            number = np.float32(float(cell))
        if not np.isfinite(number):
            return PlaygroundError(f"{place}: {cell.strip()[:40]} is not a finite number", hint="Write a number.")
        if is_picture and not 0 <= number <= 255:
            hint = f"{PIXELS} numbers are the pixels of a picture, each 0 to 255."
            return PlaygroundError(f"{place}: {cell.strip()[:40]} is no pixel", hint=hint)
    raise AssertionError("no cell of the row is bad")
