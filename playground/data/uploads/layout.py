"""How a table is written as text: its encoding, separator, decimal mark, and whether its first row names the columns.

Each is decided over many lines, not by the first alone: a header may hold no separator of numbers, a first row no
decimal mark.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from playground.errors import PlaygroundError

SAMPLE = 200  # lines that are looked at
SAMPLE_LETTERS, FEWEST = 20_000, 20  # of wide rows fewer lines are looked at, but so many at least
SAMPLE_BYTES = 4_000_000  # in which they are looked for
SEPARATORS = (",", ";", "\t", "|")
SPACES = r"\s+"
# Besides the empty cell; what UCI, Kaggle, R, SQL and spreadsheets write for nothing.
MISSING = ("?", "NA", "N/A", "n/a", "na", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "-", "--", ".", "#N/A")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SAID = re.compile(r"sep=(.)\r?\n?")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_GROUPED = {  # by decimal mark: numbers whose thousands are marked with the other one, or a space
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?"),
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a reader has to know. `skipped`: lines before the table."""

    encoding: str
    separator: str
    decimal: str
    thousands: str  # '' where none are marked
    has_header: bool
    skipped: int


def layout_of(content: bytes) -> Layout:
    """The layout of a text. PlaygroundError where it is none, or has no two rows with the same number of cells."""
    encoding, text = decoded(content[:SAMPLE_BYTES], is_whole=len(content) <= SAMPLE_BYTES)
    said = _SAID.match(text)
    lines = _lines(text[said.end() if said else 0 :])
    separator = said[1] if said else separator_of(lines)
    if not separator.isascii():
        raise PlaygroundError(f"`{separator}` separates the cells", hint="Commas, semicolons and tabs can.")
    rows = cells_of(lines, separator)
    if len(rows) < 2:
        raise PlaygroundError("the table has fewer than two rows", hint="One row per example: numbers and a label.")
    decimal, thousands = marks_of([cell for row in rows for cell in row], separator)
    return Layout(encoding, separator, decimal, thousands, has_header(rows, decimal, thousands), int(said is not None))


def decoded(content: bytes, *, is_whole: bool = True) -> tuple[str, str]:
    """The encoding of a text, and the text: by its mark, else UTF-8, else Windows' own for western Europe.

    `is_whole`: false for the beginning of a text, whose last letter may be cut in two.

    >>> decoded("größe".encode("cp1252"))[0], decoded("größe".encode())[0]
    ('cp1252', 'utf-8-sig')
    """
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return encoding, _text(_decoded(content[: len(content) // 2 * 2], encoding))
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(content, is_whole)
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding, text = "cp1252", _decoded(content, "cp1252")
    return encoding, _text(text)


def _text(found: str) -> str:
    if _CONTROL.search(found[:10_000]):
        raise PlaygroundError("the file is no text", hint=_FORMATS)
    return found


_FORMATS = "A table is a text with a row for each example (.csv, .tsv, .txt, .data), an .xlsx, a .parquet or an .npz."


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PlaygroundError(f"line {line}: the file is no text", hint=_FORMATS) from error


def _lines(text: str) -> list[str]:
    """The first lines with something in them."""
    found: list[str] = []
    letters = 0
    for line in text.splitlines():
        if line.strip():
            found.append(line)
            letters += len(line)
        if len(found) == SAMPLE or (letters > SAMPLE_LETTERS and len(found) >= FEWEST):
            break
    return found


def cells_of(lines: Sequence[str], separator: str) -> list[list[str]]:
    """The cells of each row, without the spaces around them."""
    if separator == SPACES:
        return [line.split() for line in lines]
    try:
        rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    except csv.Error as error:
        raise PlaygroundError(f"the table cannot be read: {error}", hint="Is a quotation mark not closed?") from error
    return [[cell.strip() for cell in row] for row in rows if any(map(str.strip, row))]


def separator_of(lines: Sequence[str]) -> str:
    """What stands between the cells: what gives most rows the same number of cells, and then most cells.

    >>> separator_of(["a;b", "0,5;1", "0,25;2"]), separator_of(["1  2 a", "3 44 b"])
    (';', '\\\\s+')
    """
    best, most = SEPARATORS[0], (0.0, 0, 0)
    for separator in (*SEPARATORS, SPACES):
        try:
            rows = cells_of(lines, separator)
        except PlaygroundError:
            continue
        if not rows:
            continue
        counts = Counter(map(len, rows))
        usual, times = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
        others = set(SEPARATORS) - {separator}
        unsplit = sum(not others.isdisjoint(cell) and not _WITH_COMMA.fullmatch(cell) for row in rows for cell in row)
        score = times / counts.total(), usual, -unsplit
        if usual > 1 and score > most and (separator != SPACES or most[0] < 0.9):
            best, most = separator, score
    return best


def marks_of(cells: Sequence[str], separator: str) -> tuple[str, str]:
    """The decimal mark and that of thousands, '' where there is none.

    >>> marks_of(["0,5", "x", "1.250,75"], ";"), marks_of(["0.5", "1,250"], ";"), marks_of(["1", "2"], ",")
    ((',', '.'), ('.', ','), ('.', ''))
    """
    points = sum(_NUMBER.fullmatch(cell) is not None and "." in cell for cell in cells)
    commas = sum(_WITH_COMMA.fullmatch(cell) is not None for cell in cells)
    grouped = {mark: sum(pattern.fullmatch(cell) is not None for cell in cells) for mark, pattern in _GROUPED.items()}
    is_comma = separator != "," and commas > points and commas > grouped["."]
    decimal = "," if is_comma else "."
    other = "." if is_comma else ","
    plain = points if is_comma else commas  # written like thousands of three digits, they may be decimals
    return decimal, other if grouped[decimal] > 0 and grouped[decimal] >= plain else ""


def is_number(cell: str, decimal: str = ".", thousands: str = "") -> bool:
    """Tell whether a cell is a number as this table writes them."""
    if thousands and _GROUPED[decimal].fullmatch(cell):
        return True
    return _NUMBER.fullmatch(cell.replace(decimal, ".")) is not None


def has_header(rows: Sequence[Sequence[str]], decimal: str = ".", thousands: str = "") -> bool:
    """Tell whether the first row names the columns.

    It does where a column of numbers has a word above it and none has a number, where it counts the columns (0, 1, 2),
    and where, all columns being words, none of its own comes again below.

    >>> has_header([["a", "b"], ["1", "x"]]), has_header([["1", "b"], ["2", "x"]])
    (True, False)
    """
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if not rest:
        return False
    if _counts(first):
        return True
    columns = [[row[place] for row in rest if row[place] not in ("", *MISSING)] for place in range(len(first))]
    numeric = [place for place, column in enumerate(columns) if column and _are_numbers(column, decimal, thousands)]
    if numeric:
        named = [not is_number(first[place], decimal, thousands) and first[place] not in MISSING for place in numeric]
        return all(named) and any(first[place] for place in numeric)
    again = sum(cell in column for cell, column in zip(first, columns, strict=True))
    return again == 0 and len(set(first)) == len(first) and len(rest) > 1


def _are_numbers(column: Sequence[str], decimal: str, thousands: str) -> bool:
    return sum(is_number(cell, decimal, thousands) for cell in column) > len(column) / 2


def _counts(cells: Sequence[str]) -> bool:
    """0, 1, 2, ... or 1, 2, 3, ..., perhaps beside the name of one more column, the first or the last."""
    runs = [list(map(str, range(start, start + len(cells)))) for start in (0, 1)]
    own = [list(cells), list(cells[1:]), list(cells[:-1])]
    return any(len(named) > 2 and named == run[: len(named)] for named in own for run in runs)
