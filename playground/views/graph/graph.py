"""A trace as boxes and links with stable keys, and no coordinates yet."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

GraphKind = Literal["forward", "backward", "both"]
BoxKind = Literal["leaf", "constant", "op", "node", "module", "seed"]
CellKind = Literal["primal", "adjoint", "tangent", "grad"]
LinkKind = Literal["forward", "backward", "match"]


GRID_ROWS, GRID_COLUMNS, GRID_NUMBERS = 3, 4, 9  # of a tensor whose numbers all stand in its box


@dataclass(frozen=True, slots=True)
class Cell:
    """Room for one number (or heat map and range) that changes while the reader steps."""

    kind: CellKind
    slot: str  # 'value-5.primal'
    picture: tuple[int, int] | None = None  # rows and columns of its heat map
    wide: bool = False  # a tensor: a range stands here, not a number
    is_element: bool = False  # one number of a small tensor


def grid_of(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Rows and columns of a tensor so small that its box has room for every number; None of others.

    >>> grid_of((3,)), grid_of((3, 3)), grid_of((1, 2, 2)), grid_of(()), grid_of((5,)), grid_of((2, 2, 2))
    ((1, 3), (3, 3), (2, 2), None, None, None)
    """
    rows, columns = (1, 1, *shape)[-2:]
    is_small = rows <= GRID_ROWS and columns <= GRID_COLUMNS and 1 < rows * columns <= GRID_NUMBERS
    return (rows, columns) if is_small and math.prod(shape) == rows * columns else None


def element_slot(slot: str, place: int) -> str:
    """The slot of one number of a small tensor, counted row by row: `value-5.primal.0`."""
    return f"{slot}.{place}"


def image_slot(slot: str) -> str:
    """The slot of the heat map over a range: `value-5.image` over `value-5.primal`, `value-5.adjoint.image`."""
    return slot.removesuffix(".primal") + ".image"


@dataclass(frozen=True, slots=True)
class CellRow:
    """One line of cells, with a label before it where the title does not say what they are."""

    cells: tuple[Cell, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """One drawn thing: a title, cells with numbers, and muted notes under them."""

    key: str
    kind: BoxKind
    title: str
    label: str  # for a screen reader: the whole in words
    rows: tuple[CellRow, ...] = ()
    notes: tuple[str, ...] = ()
    detached: bool = False  # outside autograd: drawn dashed
    backward: bool = False  # it belongs to the backward graph
    module: tuple[str, ...] = ()
    held: int = 1  # how many ops or backward nodes it stands for
    opens: str = ""  # the dotted path of the module that a click on it opens
    shows: str = ""  # it is drawn once more beside a far use: the key of the box itself

    @property
    def item(self) -> str:
        """The key of what a click on it selects."""
        return self.shows or self.key

    @property
    def texts(self) -> tuple[str, ...]:
        """What is written on it whatever the step: its title, the labels of its rows, its notes."""
        return self.title, *(row.label for row in self.rows if row.label), *self.notes

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of all rows."""
        return tuple(cell for row in self.rows for cell in row.cells)


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow from one box to another; `count` links that run between the same collapsed boxes are one."""

    key: str
    kind: LinkKind
    tail: str
    head: str
    label: str = ""
    slot: str = ""  # where its contribution goes
    detached: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class Modules:
    """The modules that the reader opens and closes: how many there are, the open ones by dotted path, those of them
    that get a frame even around a single box, and what to say where the picture could not hold what was asked."""

    count: int = 0
    opened: frozenset[str] = frozenset()
    framed: frozenset[str] = frozenset()
    message: str = ""


@dataclass(frozen=True)
class Graph:
    """Boxes and links of one picture. `home` says where a key that is not drawn itself is drawn.

    `pairs` are a forward box and the backward box that differentiates it, to stand side by side.
    """

    kind: GraphKind
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    home: dict[str, str] = field(default_factory=dict)
    modules: Modules | None = None  # where the reader can open and close them
    title: str = ""  # what the picture is called
    sideways: bool = False  # from left to right, not from top to bottom

    def drawn(self, key: str) -> list[str]:
        """A key, and the key of the box or link that stands for it if that is another one."""
        found = [key]
        while (key := self.home.get(key, "")) and key not in found:
            found.append(key)
        return found

    @property
    def slots(self) -> set[str]:
        """Every slot that has room in this picture."""
        return {cell.slot for box in self.boxes for cell in box.cells} | {link.slot for link in self.links if link.slot}
