"""The size of a box and the places in it, fixed from the labels, so that numbers can change in place."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from playground.views.graph.graph import Box, Cell, CellKind, Graph

TITLE_SIZE = 13.0
SLOT_SIZE = 12.5
RANGE_SIZE = 11.0
NOTE_SIZE = 11.0
MARGIN = 6.0  # between the frame and what is in it
GAP = 4.0
CELL_WIDTH, CELL_HEIGHT = 70.0, 22.0
RANGE_WIDTH = 104.0
ELEMENT_WIDTH, ELEMENT_HEIGHT, ELEMENT_GAP = 42.0, 18.0, 2.0  # one number of a small tensor
PICTURE_WIDTH, PICTURE_HEIGHT = 92.0, 40.0  # the most that a heat map takes
ELEMENT_SIDE = 14.0  # and the most that one element of it takes
LEAST_SIDE = 10.0
BADGE_WIDTH = 18.0  # beside the title of a module that can be opened
RADIUS = 8.0  # of the corners
PAIR_GAP = 16.0  # between a forward box and the backward box that stands beside it

PartKind = Literal["title", "note", "label", "tint", "image", "slot"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in a box. Texts: (x, y) is the middle of the baseline; tints and images: the upper left corner.

    The titles, labels and notes of an arrangement stand in the order of `Box.texts`; every cell begins with its tint.
    """

    kind: PartKind
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    size: float = 0.0  # of letters
    of: CellKind | None = None  # what a cell holds


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A box's size and its parts, measured from its upper left corner; the same for all boxes of one form."""

    width: float
    height: float
    radius: float
    parts: tuple[Part, ...]


class _Form(NamedTuple):
    """All of a box that decides where its parts stand: widths of its texts, and its cells without their slots."""

    is_seed: bool
    opens: bool
    title: float
    rows: tuple[tuple[float, tuple[Cell, ...]], ...]
    notes: tuple[float, ...]


def arrange(box: Box, least_width: float = 0.0, least_height: float = 0.0) -> Arrangement:
    """The title, then the rows of cells, then the notes; sizes in whole pixels."""
    rows = tuple(
        (
            text_width(row.label, SLOT_SIZE) if row.label else 0.0,
            tuple(_plain(cell.kind, cell.picture, cell.wide, cell.is_element) for cell in row.cells),
        )
        for row in box.rows
    )
    notes = tuple(text_width(note, NOTE_SIZE) for note in box.notes)
    form = _Form(box.kind == "seed", bool(box.opens), text_width(box.title, TITLE_SIZE), rows, notes)
    return _arranged(form, least_width, least_height)


@lru_cache(maxsize=1024)
def _plain(kind: CellKind, picture: tuple[int, int] | None, wide: bool, is_element: bool) -> Cell:
    """Any cell of this form."""
    return Cell(kind, "", picture, wide, is_element)


@lru_cache(maxsize=2048)
def _arranged(form: _Form, least_width: float, least_height: float) -> Arrangement:
    if form.is_seed:
        width = float(round(max(48.0, form.title + 4 * MARGIN)))
        return Arrangement(width, 26.0, 13.0, (Part("title", width / 2, 17.5, size=TITLE_SIZE),))
    inner = max(
        [form.title + (2 * BADGE_WIDTH if form.opens else MARGIN)]
        + [_row_width(label, cells) for label, cells in form.rows]
        + [note + MARGIN for note in form.notes]
    )
    width = max(round(max(inner, 46.0)) + 2 * MARGIN, least_width)
    parts = [Part("title", width / 2, 18.0 if form.rows or form.notes else 20.0, size=TITLE_SIZE)]
    top = 25.0
    for label, cells in form.rows:
        parts += _row(label, cells, width, top)
        top += max(map(_cell_height, cells)) + _gap(cells)
    for _ in form.notes:
        parts.append(Part("note", width / 2, top + 9.5, size=NOTE_SIZE))
        top += 14.0
    natural = max(round(top + 2.0), 30.0)
    lower = max(0.0, least_height - natural) / 2  # in a taller frame everything stands in the middle
    placed = tuple(replace(part, y=part.y + lower) for part in parts) if lower else tuple(parts)
    return Arrangement(width, max(natural, least_height), RADIUS, placed)


def arrange_all(graph: Graph) -> dict[str, Arrangement]:
    """Every box of a graph; the two of a pair are of one height, and of one width where one stands over the other."""
    found = {box.key: arrange(box) for box in graph.boxes}
    boxes = {box.key: box for box in graph.boxes}
    for pair in graph.pairs:
        height = max(found[key].height for key in pair)
        width = max(found[key].width for key in pair) if graph.sideways else 0.0
        found |= {key: arrange(boxes[key], width, height) for key in pair}
    return found


def picture_size(picture: tuple[int, int]) -> tuple[float, float]:
    """Width and height of a heat map of so many rows and columns: square elements where there is room.

    >>> picture_size((1, 3)), picture_size((3, 2)), picture_size((1, 16))
    ((42.0, 14.0), (26.7, 40.0), (92.0, 10.0))
    """
    rows, columns = (max(1, n) for n in picture)
    side = min(ELEMENT_SIDE, PICTURE_WIDTH / columns, PICTURE_HEIGHT / rows)
    return round(max(columns * side, LEAST_SIDE), 1), round(max(rows * side, LEAST_SIDE), 1)


def _cell_height(cell: Cell) -> float:
    """A number, or a heat map with the range under it."""
    if cell.is_element:
        return ELEMENT_HEIGHT
    return CELL_HEIGHT if cell.picture is None else picture_size(cell.picture)[1] + 22.0


def _cell_width(cell: Cell) -> float:
    return ELEMENT_WIDTH if cell.is_element else RANGE_WIDTH if cell.wide else CELL_WIDTH


def _gap(cells: tuple[Cell, ...]) -> float:
    return ELEMENT_GAP if cells[0].is_element else GAP


def _row_width(label: float, cells: tuple[Cell, ...]) -> float:
    return sum(map(_cell_width, cells)) + _gap(cells) * (len(cells) - 1) + (label + 2 * GAP if label else 0.0)


def _row(label: float, cells: tuple[Cell, ...], width: float, top: float) -> list[Part]:
    """The cells of a row share the width that its label leaves."""
    parts = []
    height = max(map(_cell_height, cells))
    left = MARGIN
    if label:
        parts.append(Part("label", left + GAP / 2 + label / 2, top + height / 2 + 4.3, size=SLOT_SIZE))
        left += label + 2 * GAP
    gap = _gap(cells)
    each = (width - MARGIN - left - gap * (len(cells) - 1)) / max(1, len(cells))
    for cell in cells:
        size = RANGE_SIZE if cell.wide else SLOT_SIZE
        parts.append(Part("tint", left, top, each, height, of=cell.kind))
        if cell.picture is not None:
            wide, high = picture_size(cell.picture)
            parts.append(Part("image", left + (each - wide) / 2, top + 4, wide, high, of=cell.kind))
            parts.append(Part("slot", left + each / 2, top + height - 5.5, size=size, of=cell.kind))
        else:
            parts.append(Part("slot", left + each / 2, top + height / 2 + 4.3, size=size, of=cell.kind))
        left += each + gap
    return parts


def text_width(text: str, size: float) -> float:
    """The width of a text in a sans-serif font, estimated on the safe side.

    >>> round(text_width("v3 = sin(x2)", 13.0))
    78
    """
    return size * sum(map(_em, text))


@lru_cache(maxsize=4096)
def _em(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if character in " .,:;|!'`ijlI()[]{}f t":
        return 0.36
    if character in "mwMW@%…—":
        return 0.95
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.72 if character.isupper() else 0.6
