"""Tables as data: a row for each example, in the formats and layouts that are about. 784 pixels are a picture."""

from __future__ import annotations

import csv
import gzip
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from playground.data.dataset import Data
from playground.data.digits import SIDE
from playground.data.split import hold_out
from playground.data.uploads import store
from playground.data.uploads.arrays import arrays_of
from playground.data.uploads.columns import (
    PIXELS,
    BadCell,
    Column,
    called,
    class_name,
    columns_of,
    holds_quantities,
    numbers_of,
)
from playground.data.uploads.labels import class_names
from playground.data.uploads.layout import MISSING, SAMPLE_BYTES, SPACES, Layout, cells_of, decoded, layout_of
from playground.errors import PlaygroundError

Missing = Literal["leave out", "mean"]
Words = Literal["one-hot", "leave out"]
Predict = Literal["", "classes", "numbers"]

MOST_BYTES = 256 << 20
MOST_COLUMNS = 10_000
MOST_CELLS = 100_000_000
ENDINGS = (".csv", ".tsv", ".txt", ".data", ".tab", ".csv.gz", ".xlsx", ".parquet", ".npz")
SHOWN, MOST_SHOWN = 6, 50  # rows and columns of the preview
LONGEST = 40  # characters of a cell that are shown
NO_WORD = "(empty)"  # the word of an empty cell among words
_OPEN = re.compile(r"EOF inside string starting at row (\d+)")
_ROWS = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read: its cells, the names of its columns ('' where one has none), and how a row is named."""

    frame: pd.DataFrame
    names: tuple[str, ...]
    place: Callable[[int], str]  # of a row, counted from 0


def is_table(file_name: str) -> bool:
    """Tell whether a file of this name is read as a table.

    >>> [is_table(name) for name in ("a.CSV", "iris.data", "a.csv.gz", "pets.zip")]
    [True, True, True, False]
    """
    return file_name.lower().endswith(ENDINGS)


def from_table(
    content: bytes,
    *,
    file_name: str = "",
    label: str = "",
    missing: Missing = "leave out",
    words: Words = "one-hot",
    predict: Predict = "",
) -> Data:
    """Read a data set from the rows of a table: text with any usual separator, decimal mark and encoding, with or
    without names in its first row, .xlsx, .parquet or .npz; also compressed with gzip.

    `label`: the column of the classes; else it is guessed by names and values, and `store.describe` says which and
    why. `predict`: whether the labels are classes or numbers to predict; else their values say it. `missing`: rows with
    empty cells are left out, or the cells become the mean of their column (a word of their own among words). `words`:
    other columns of a few different words become columns of 0 and 1, or are left out. Ids, dates, and columns that are
    mostly empty are left out, which is said. 784 columns, each 0 to 255 (or all 0 to 1),
    become a picture (1, 28, 28); others stay (F,), in their own units. A fifth of each class is held out as test
    examples. The result is kept, and `datasets.load` finds it by its name. Raises PlaygroundError, which names line
    and column.
    """
    _check_options(missing=missing, words=words, predict=predict)
    content = _unpacked(content)
    if len(content) > MOST_BYTES:
        hint = f"{MOST_BYTES >> 20} MB are allowed: take fewer rows."
        raise PlaygroundError(f"the file has {len(content) >> 20:,} MB", hint=hint)
    if _is_zip_with(content, ".npy"):
        return store.keep(arrays_of(content, predict), store.Told(file_name))
    table = _read(content)
    columns = columns_of(table.frame, label, table.names)
    found = _Features(table, columns, missing, words, predict)
    classes, labels = found.labels()
    x = found.x
    if x.shape[1] == PIXELS and found.are_pixels:
        x = (x / 255 if x.max() > 1 else x).view(-1, 1, SIDE, SIDE)
    return store.keep(hold_out(x, labels, classes), store.Told(file_name, found.said, *_preview(table, columns)))


def _check_options(**given: str) -> None:
    for name, choices in (("missing", Missing), ("words", Words), ("predict", Predict)):
        known = get_args(choices)
        if given[name] not in known:
            hint = f"One of {', '.join(filter(None, known))}."
            raise PlaygroundError(f"{name}: {str(given[name])[:LONGEST]!r} is unknown", hint=hint)


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, EOFError, ValueError) as error:
        raise PlaygroundError("the compressed file is damaged", hint="Compress the table again.") from error


def _is_zip_with(content: bytes, ending: str) -> bool:
    if not content.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        return False
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise PlaygroundError("the file unpacks to too much", hint=f"{MOST_BYTES >> 20} MB are allowed.")
    return any(entry.filename.endswith(ending) for entry in entries)


def _read(content: bytes) -> Table:
    if content.startswith(b"PAR1"):
        return _typed(_parquet(content))
    if _is_zip_with(content, "workbook.xml"):
        content = _sheet(content)
    layout = layout_of(content)
    return _text(content, layout)


def _parquet(content: bytes) -> pd.DataFrame:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        _check_size(file.metadata.num_rows, file.metadata.num_columns)
        return file.read().to_pandas()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise PlaygroundError("the Parquet file cannot be read", hint="Is it whole? Write it again.") from error


def _sheet(content: bytes) -> bytes:
    """The first sheet of a workbook as text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and drawings that are not read
            frame = pd.read_excel(io.BytesIO(content), header=None, dtype=object, engine="openpyxl")
    except Exception as error:  # its reader raises whatever its parsers do
        raise PlaygroundError("the workbook cannot be read", hint="Save the sheet as CSV.") from error
    _check_size(*frame.shape)
    return str(frame.to_csv(index=False, header=False)).encode()


def _check_size(rows: int, columns: int) -> None:
    if not 2 <= columns <= MOST_COLUMNS:
        hint = f"A label and 1 to {MOST_COLUMNS - 1:,} other columns, separated by commas, semicolons or tabs."
        raise PlaygroundError(f"the first row has {_cells(columns)}", hint=hint)
    if rows * columns > MOST_CELLS:
        raise PlaygroundError(f"the table has {rows * columns:,} cells", hint=f"{MOST_CELLS:,} are allowed.")


def _cells(count: int) -> str:
    return f"{count:,} cell{'' if count == 1 else 's'}"


def _text(content: bytes, layout: Layout) -> Table:
    first = _first(content, layout)
    _check_size(0, len(first))
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            encoding=layout.encoding,
            skiprows=layout.skipped,
            sep=layout.separator,
            decimal=layout.decimal,
            thousands=layout.thousands or None,
            header=0 if layout.has_header else None,
            names=range(len(first)),
            index_col=False,
            skipinitialspace=True,
            na_values=list(MISSING),
            low_memory=False,
        )
    except pd.errors.ParserError as error:
        raise _ragged(str(error)) from error
    except UnicodeDecodeError as error:  # far behind what was looked at
        line = content.count(b"\n", 0, error.start) + 1 if error.object == content else 0
        where = f"line {line}: " if line else ""
        hint = "Save the table as UTF-8."
        raise PlaygroundError(f"{where}a letter cannot be read as {layout.encoding}", hint=hint) from error
    except (ValueError, OverflowError, csv.Error) as error:
        message = str(error).splitlines()[0][:200]
        raise PlaygroundError(f"the table cannot be read: {message}", hint="Is a separator missing?") from error
    _check_size(*frame.shape)
    frame = _stripped(frame)
    names = tuple(name.strip() for name in first) if layout.has_header else ("",) * len(first)
    keep = [place for place in range(frame.shape[1]) if names[place] or frame.iloc[:, place].notna().any()]
    table = frame.iloc[:, keep]
    if len(table) < 2 - layout.has_header or not len(table):
        raise PlaygroundError("the table has fewer than two rows", hint="One row per example: numbers and a label.")
    if len(keep) < 2:
        raise PlaygroundError("fewer than two columns have cells", hint="A label and at least one column of numbers.")
    return Table(table, tuple(names[place] for place in keep), lambda row: _line(content, layout, row))


def _stripped(frame: pd.DataFrame) -> pd.DataFrame:
    """The same without spaces around words; a cell of spaces alone is empty."""
    for place in range(frame.shape[1]):
        series = frame.iloc[:, place]
        if not (pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series)):
            words = series.astype(object).map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
            frame[frame.columns[place]] = words.where(~words.isin(("", *MISSING)), np.nan)
    return frame


def _first(content: bytes, layout: Layout) -> list[str]:
    lines = decoded(content[:SAMPLE_BYTES], is_whole=False)[1].splitlines()[layout.skipped :]
    rows = cells_of([line for line in lines if line.strip()][:50], layout.separator)
    return rows[0] if rows else []


def _ragged(said: str) -> PlaygroundError:
    found = _ROWS.search(said)
    if found is None:
        opened = _OPEN.search(said)
        where = f"line {int(opened[1]) + 1}: " if opened else ""
        return PlaygroundError(f"{where}a quotation mark is not closed", hint="Close it, or remove it.")
    expected, line, seen = found.groups()
    hint = "Every row has as many cells as the first one. Is a cell with a separator in it not quoted?"
    return PlaygroundError(f"line {line} has {_cells(int(seen))}, but the first row has {expected}", hint=hint)


def _line(content: bytes, layout: Layout, row: int) -> str:
    """The line on which a row ends: rows that are empty are none, and a quoted cell may hold several lines."""
    text = content.decode(layout.encoding, "replace")
    wanted = row + layout.has_header + layout.skipped
    if layout.separator == SPACES:
        full = [number for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        return f"line {full[wanted]}" if wanted < len(full) else f"row {row + 1}"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.separator, skipinitialspace=True)
    seen = -1
    try:
        for cells in reader:
            seen += bool(cells)
            if seen == wanted:
                return f"line {reader.line_num}"
    except csv.Error:
        pass
    return f"row {row + 1}"


def _typed(frame: pd.DataFrame) -> Table:
    """A table whose cells have kinds already."""
    names = tuple(str(name).strip() for name in frame.columns)
    return Table(_stripped(frame.reset_index(drop=True)), names, lambda row: f"row {row + 1}")


class _Features:
    """The numbers and the labels of a table, and what was done to come to them."""

    def __init__(
        self, table: Table, columns: Sequence[Column], missing: Missing, words: Words, predict: Predict
    ) -> None:
        self._table, self._columns = table, columns
        self._missing, self._words = missing, words
        self._label = next(column for column in columns if column.role == "label")
        self._are_numbers = self._is_predicted(predict)
        pairs = [
            (column, one) for column in columns if column.role in ("numbers", "words") for one in self._column(column)
        ]
        used = [one for _, one in pairs]
        if not used:
            raise PlaygroundError("no column but the label can be computed with", hint="A column of numbers is needed.")
        numbers = np.column_stack(used)
        kept = np.ones(len(numbers), dtype=bool)
        empty = np.isnan(numbers)
        if missing == "leave out":
            kept = ~empty.any(1)
        else:
            means = np.nanmean(numbers, axis=0)
            numbers = np.where(empty, means, numbers)
        self.left_out = int((~kept).sum())
        self._filled = int(empty.sum()) if missing == "mean" else 0
        if not kept.any():
            raise PlaygroundError("every row has an empty cell", hint="Let empty cells become their column's mean.")
        with np.errstate(over="ignore"):  # what is too large for float32 is not finite, and refused below
            x = numbers[kept].astype(np.float32)
        self.x: Tensor = torch.from_numpy(np.ascontiguousarray(x))
        self._kept = kept
        self.are_pixels = len(used) == PIXELS == len([one for one in columns if one.role == "numbers"])
        self._check(x, kept, [column for column, _ in pairs])
        self.said = tuple(self._told(self._label))

    def labels(self) -> tuple[tuple[str, ...], Tensor]:
        """The classes, () where there are numbers to predict, and the labels of the rows that are used (N,)."""
        series = self._written(self._label)
        if self._are_numbers:
            try:
                numbers = numbers_of(series, self._label).to_numpy()[self._kept]
            except BadCell as bad:
                raise self._bad(bad.row, self._label, bad.cell) from None
            with np.errstate(over="ignore"):
                found = numbers.astype(np.float32)
            if not np.isfinite(found).all():
                row = int(np.flatnonzero(self._kept)[(~np.isfinite(found)).argmax()])
                place = f"{self._table.place(row)}, {self._label.shown}"
                raise PlaygroundError(f"{place}: the number is not finite", hint="Write a number, or remove the row.")
            return (), torch.from_numpy(found)
        names = {value: class_name(value) for value in series.unique().tolist()}
        return class_names([names[value] for value in series[self._kept].tolist()])

    def _written(self, label: Column) -> pd.Series:
        series = self._table.frame.iloc[:, self._columns.index(label)]
        empty = series.isna().to_numpy()
        if empty.any():
            place = f"{self._table.place(int(empty.argmax()))}, {label.shown}"
            hint = "Every row needs a label: write it, or remove the row."
            raise PlaygroundError(f"{place}: the label is missing", hint=hint)
        return series

    def _is_predicted(self, predict: Predict) -> bool:
        """Tell whether the labels are numbers to predict."""
        return predict == "numbers" or (not predict and holds_quantities(self._written(self._label)))

    def _column(self, column: Column) -> list[np.ndarray]:
        """The columns of numbers that one becomes."""
        series = self._table.frame.iloc[:, self._columns.index(column)]
        if column.role == "numbers":
            try:
                return [numbers_of(series, column).to_numpy()]
            except BadCell as bad:
                raise self._bad(bad.row, column, bad.cell) from None
        if self._words == "leave out":
            return []
        empty = series.isna()
        known = sorted(map(str, series.dropna().unique()))
        text = series.astype(object).where(~empty, NO_WORD).map(str)
        made = [np.where(empty & (self._missing == "leave out"), np.nan, text == word) for word in known]
        if self._missing == "mean" and empty.any():
            made.append(empty.to_numpy())
        return [one.astype(np.float64) for one in made]

    def _bad(self, row: int, column: Column, cell: str) -> PlaygroundError:
        comma = " with a decimal point, not a comma" if re.fullmatch(r"[+-]?\d+,\d+", cell) else ""
        hint = f"The other cells of the column are numbers{comma}."
        place = f"{self._table.place(row)}, {column.shown}"
        return PlaygroundError(f"{place}: {cell[:LONGEST]!r} is not a number", hint=hint)

    def _check(self, x: np.ndarray, kept: np.ndarray, owners: Sequence[Column]) -> None:
        bad = ~np.isfinite(x) | ((x < 0) | (x > 255) if self.are_pixels else False)
        if not bad.any():
            return
        row, place = (int(index) for index in np.argwhere(bad)[0])
        where = f"{self._table.place(int(np.flatnonzero(kept)[row]))}, {owners[place].shown}"
        if np.isfinite(x[row, place]):
            hint = f"{PIXELS} numbers are the pixels of a picture, each 0 to 255."
            raise PlaygroundError(f"{where}: {x[row, place]:g} is no pixel", hint=hint)
        raise PlaygroundError(f"{where}: the number is not finite", hint="Write a number, or leave the cell empty.")

    def _told(self, label: Column) -> list[str]:
        """What was done, in sentences."""
        said = [f"The label is {label.shown}: {label.why}."]
        if self._are_numbers:
            said.append("Its numbers are predicted: they are no classes.")
        out = [f"{one.shown} ({one.why})" for one in self._columns if one.role == "left out"]
        words = [one.shown for one in self._columns if one.role == "words"]
        if words and self._words == "leave out":
            out += [f"{name} (words)" for name in words]
        elif words:
            said.append(f"A column of 0 and 1 stands for each word of {_listed(words)}.")
        if out:
            said.append(f"Left out: {_listed(out)}.")
        if self.left_out:
            rows = "row has an empty cell and is" if self.left_out == 1 else "rows have empty cells and are"
            said.append(f"{self.left_out:,} {rows} left out.")
        if self._filled:
            cells = "empty cell" if self._filled == 1 else "empty cells"
            said.append(f"{self._filled:,} {cells} became the mean of the column.")
        return said


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _preview(table: Table, columns: Sequence[Column]) -> tuple[list[dict[str, str]], list[list[str]]]:
    """What the columns are taken for, and the first rows."""
    described = [
        {"name": one.name or called(one.place), "role": one.role, "why": one.why} for one in columns[:MOST_SHOWN]
    ]
    beginning = table.frame.iloc[:SHOWN, :MOST_SHOWN]
    rows = [["" if pd.isna(cell) else str(cell)[:LONGEST] for cell in row] for row in beginning.itertuples(index=False)]
    return described, rows
