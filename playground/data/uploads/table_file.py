"""The cells of a table file: text in the layouts that are about, .xlsx, .parquet, each also compressed with gzip."""

from __future__ import annotations

import csv
import gzip
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from playground.data.uploads.layout import MISSING, SAMPLE_BYTES, SPACES, Layout, cells_of, decoded, layout_of
from playground.errors import PlaygroundError

MOST_BYTES = 256 << 20
MOST_COLUMNS = 10_000
MOST_CELLS = 100_000_000
GZIP = b"\x1f\x8b"  # what a compressed file begins with
_OPEN = re.compile(r"EOF inside string starting at row (\d+)")
_ROWS = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read: its cells, the names of its columns ('' where one has none), where they stand in the
    file, how a row is named, and how the file is written."""

    frame: pd.DataFrame
    names: tuple[str, ...]
    places: tuple[int, ...]  # counted from 0
    place: Callable[[int], str]  # of a row, counted from 0
    source: Mapping[str, Any]  # `format`: text, sheet or parquet; of text its `Layout` and its number of `columns`


def unpacked(content: bytes) -> bytes:
    """The content itself, or what was compressed with gzip; PlaygroundError where that is too much or damaged."""
    if content.startswith(GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(MOST_BYTES + 1)
        except (OSError, EOFError, ValueError) as error:
            raise PlaygroundError("the compressed file is damaged", hint="Compress the table again.") from error
    if len(content) > MOST_BYTES:
        hint = f"{MOST_BYTES >> 20} MB are allowed: take fewer rows."
        raise PlaygroundError(f"the file has {len(content) >> 20:,} MB", hint=hint)
    return content


def is_zip_with(content: bytes, ending: str) -> bool:
    """Tell whether it is a zip that holds such a file."""
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


def read_table(content: bytes) -> Table:
    """The cells of a table. PlaygroundError, which names the line, for what is none."""
    if content.startswith(b"PAR1"):
        return _typed(_parquet(content))
    form = "text"
    if is_zip_with(content, "workbook.xml"):
        form, content = "sheet", _sheet(content)
    return _text(content, layout_of(content), form)


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


def _text(content: bytes, layout: Layout, form: str) -> Table:
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
    source = {"format": form, "columns": len(first), **asdict(layout)}
    kept = tuple(names[place] for place in keep)
    return Table(table, kept, tuple(keep), lambda row: _line(content, layout, row), source)


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
    cells, source = _stripped(frame.reset_index(drop=True)), {"format": "parquet"}
    return Table(cells, names, tuple(range(len(names))), lambda row: f"row {row + 1}", source)
