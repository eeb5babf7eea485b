"""The size of a box and the places in it, fixed from the labels, so that numbers can change in place."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from playground.views.graph.graph import Box, Cell, CellRow, Graph

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
PAIR_GAP = 16.0  # between a forward box and the backward box that stands beside it

PartKind = Literal["title", "note", "label", "tint", "image", "slot"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in a box. Texts: (x, y) is the middle of the baseline; tints and images: the upper left corner."""

    kind: PartKind
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    text: str = ""
    cell: Cell | None = None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A box's size and its parts, measured from its upper left corner."""

    width: float
    height: float
    parts: tuple[Part, ...]


@lru_cache(maxsize=2048)
def arrange(box: Box, least_width: float = 0.0, least_height: float = 0.0) -> Arrangement:
    """The title, then the rows of cells, then the notes; sizes in whole pixels."""
    if box.kind == "seed":
        width = float(round(max(48.0, text_width(box.title, TITLE_SIZE) + 4 * MARGIN)))
        return Arrangement(width, 26.0, (Part("title", width / 2, 17.5, text=box.title),))
    inner = max(
        [text_width(box.title, TITLE_SIZE) + (2 * BADGE_WIDTH if box.opens else MARGIN)]
        + [_row_width(row) for row in box.rows]
        + [text_width(note, NOTE_SIZE) + MARGIN for note in box.notes]
    )
    width = max(round(max(inner, 46.0)) + 2 * MARGIN, least_width)
    parts = [Part("title", width / 2, 18.0 if box.rows or box.notes else 20.0, text=box.title)]
    top = 25.0
    for row in box.rows:
        parts += _row(row, width, top)
        top += _row_height(row) + _gap(row)
    for note in box.notes:
        parts.append(Part("note", width / 2, top + 9.5, text=note))
        top += 14.0
    natural = max(round(top + 2.0), 30.0)
    lower = max(0.0, least_height - natural) / 2  # in a taller frame everything stands in the middle
    return Arrangement(width, max(natural, least_height), tuple(replace(part, y=part.y + lower) for part in parts))


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


def _row_height(row: CellRow) -> float:
    return max(_cell_height(cell) for cell in row.cells)


def _cell_height(cell: Cell) -> float:
    """A number, or a heat map with the range under it."""
    if cell.is_element:
        return ELEMENT_HEIGHT
    return CELL_HEIGHT if cell.picture is None else picture_size(cell.picture)[1] + 22.0


def _cell_width(cell: Cell) -> float:
    return ELEMENT_WIDTH if cell.is_element else RANGE_WIDTH if cell.wide else CELL_WIDTH


def _gap(row: CellRow) -> float:
    return ELEMENT_GAP if row.cells[0].is_element else GAP


def _row_width(row: CellRow) -> float:
    cells = sum(map(_cell_width, row.cells)) + _gap(row) * (len(row.cells) - 1)
    return cells + (text_width(row.label, SLOT_SIZE) + 2 * GAP if row.label else 0.0)


def _row(row: CellRow, width: float, top: float) -> list[Part]:
    """The cells of a row share the width that its label leaves."""
    parts = []
    height = _row_height(row)
    left = MARGIN
    if row.label:
        label = text_width(row.label, SLOT_SIZE)
        parts.append(Part("label", left + GAP / 2 + label / 2, top + height / 2 + 4.3, text=row.label))
        left += label + 2 * GAP
    gap = _gap(row)
    each = (width - MARGIN - left - gap * (len(row.cells) - 1)) / max(1, len(row.cells))
    for cell in row.cells:
        parts.append(Part("tint", left, top, each, height, cell=cell))
        if cell.picture is not None:
            wide, high = picture_size(cell.picture)
            parts.append(Part("image", left + (each - wide) / 2, top + 4, wide, high, cell=cell))
            parts.append(Part("slot", left + each / 2, top + height - 5.5, cell=cell))
        else:
            parts.append(Part("slot", left + each / 2, top + height / 2 + 4.3, cell=cell))
        left += each + gap
    return parts


def text_width(text: str, size: float) -> float:
    """The width of a text in a sans-serif font, estimated on the safe side.

    >>> round(text_width("v3 = sin(x2)", 13.0))
    78
    """
    return size * sum(map(_em, text))


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
