"""`placed`: one level of a graph, without the insides of its modules: rows, bends, places and the ways of its links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from playground.views.graph.geometry import Point
from playground.views.graph.layered.order import ordered
from playground.views.graph.layered.straighten import Pull, straightened

BOX_GAP, LINE_GAP = 22.0, 12.0  # between two boxes of a row, and beside a line that passes
ROW_GAP, WIDEST_GAP, RUN_SHARE = 22.0, 24.0, 12.0  # between rows; more where a link runs far to the side
FANNED = 22.0  # height in which several links come together at a box
CELL = 14.0  # width of a link without a label among several
BESIDE = 10.0  # between a line and the next one's label
BENDS_PER_BOX = 4
LEAF, BOX, BEND, LINE = 0.002, 1.0, 2.0, 8.0  # how much a link wants to be upright


@dataclass(frozen=True, slots=True)
class Vertex:
    """A box, or a frame with all that is in it, or a port where links come in or go out of this level."""

    width: float
    height: float
    given: bool = False  # a leaf: its links count little
    port: int = 0  # -1: above everything, 1: below


@dataclass(frozen=True, slots=True)
class End:
    """Where a link meets a vertex: so far from its left edge; `exact` where it must, as in the frame of a module."""

    vertex: int
    at: float
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """A link downwards. Those of one `source` share their way for as long as they can.

    `label`: how far it reaches across the link and along it.
    """

    source: Hashable
    tail: End
    head: End
    label: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Placed:
    """Upper left corners of the vertices; the way and the middle of the label of every edge."""

    width: float
    height: float
    corners: list[Point]
    ways: list[list[Point]]
    labels: list[Point]


def placed(vertices: Sequence[Vertex], edges: Sequence[Edge]) -> Placed:
    """Places for vertices that stand in an order in which every edge goes to a later one."""
    return _Level(vertices, edges).placed() if vertices else Placed(0.0, 0.0, [], [], [])


class _Level:
    def __init__(self, vertices: Sequence[Vertex], edges: Sequence[Edge]) -> None:
        self.vertices = list(vertices)
        self.edges = edges
        self.boxes = len(vertices)  # the others are bends
        self.row = self._rows()
        self.chains: list[list[int]] = [[] for _ in edges]  # bends of each edge
        self.incoming: dict[int, list[int]] = defaultdict(list)  # edges by head
        for number, edge in enumerate(edges):
            self.incoming[edge.head.vertex].append(number)
        self.cells = [self._cells(vertex) for vertex in range(self.boxes)]
        self.middles: list[float] = []
        self.steps: dict[tuple[int, int], list[tuple[float, float, float]]] = defaultdict(list)
        self._bend()

    def _rows(self) -> list[int]:
        """Below all that it comes from, and as near to its first use as that allows."""
        after: list[list[int]] = [[] for _ in self.vertices]
        found = [1 if vertex.port >= 0 else 0 for vertex in self.vertices]
        for edge in self.edges:
            after[edge.tail.vertex].append(edge.head.vertex)
        for vertex, lowers in enumerate(after):
            for lower in lowers:
                found[lower] = max(found[lower], found[vertex] + 1)
        last = max((row for row, vertex in zip(found, self.vertices, strict=True) if vertex.port <= 0), default=0) + 1
        for vertex in range(len(found) - 1, -1, -1):
            if self.vertices[vertex].port > 0:
                found[vertex] = last
            elif self.vertices[vertex].port == 0 and after[vertex]:
                found[vertex] = min(found[lower] for lower in after[vertex]) - 1
        return found

    def _bend(self) -> None:
        """Give every link a bend in each row that it passes; far too many of them are left out, the longest first."""
        room = BENDS_PER_BOX * len(self.vertices) + 1000
        bends: dict[tuple[Hashable, int], int] = {}
        spans = [self.row[edge.head.vertex] - self.row[edge.tail.vertex] for edge in self.edges]
        for number in sorted(range(len(spans)), key=spans.__getitem__):
            edge = self.edges[number]
            tail, before = edge.tail.vertex, edge.tail
            rows = range(self.row[tail] + 1, self.row[edge.head.vertex])
            if sum((edge.source, row) not in bends for row in rows) > room:
                continue
            for row in rows:
                bend = bends.get((edge.source, row))
                if bend is None:
                    bend = bends[edge.source, row] = len(self.vertices)
                    self.vertices.append(Vertex(0.0, 0.0))
                    self.row.append(row)
                    room -= 1
                    self._step(before, End(bend, 0.0))
                self.chains[number].append(bend)
                before = End(bend, 0.0)
            self._step(before, edge.head)

    def _step(self, tail: End, head: End) -> None:
        """A part of a link from one row to the next, and how much each of both wants it to be upright."""
        upper, lower = self.vertices[tail.vertex], self.vertices[head.vertex]
        lines = (tail.vertex >= self.boxes) + (head.vertex >= self.boxes)
        weight = LEAF if upper.given else (BOX, BEND, LINE)[lines]
        bent = lines > 0 or tail.exact or head.exact
        shift = (tail.at - upper.width / 2 if bent else 0.0) - (head.at - lower.width / 2 if bent else 0.0)
        self.steps[tail.vertex, head.vertex].append((shift, -shift, weight))

    def placed(self) -> Placed:
        """Order the rows, straighten the links, and measure."""
        taken: dict[int, list[int]] = defaultdict(list)
        for vertex, row in enumerate(self.row):
            taken[row].append(vertex)
        rows = [taken[row] for row in sorted(taken)]
        for number, vertices in enumerate(rows):
            for vertex in vertices:
                self.row[vertex] = number
        above: list[list[int]] = [[] for _ in self.vertices]
        below: list[list[int]] = [[] for _ in self.vertices]
        pulls: tuple[list[list[Pull]], list[list[Pull]]] = ([[] for _ in above], [[] for _ in above])
        for (tail, head), parts in self.steps.items():
            above[head].append(tail)
            below[tail].append(head)
            for down, up, weight in parts:
                pulls[0][head].append(Pull(tail, down, weight))
                pulls[1][tail].append(Pull(head, up, weight))
        rows = ordered(rows, above, below)
        widths = [self._footprint(vertex) for vertex in range(len(self.vertices))]
        gaps = [BOX_GAP if vertex < self.boxes else LINE_GAP for vertex in range(len(self.vertices))]
        middles = straightened(rows, widths, gaps, pulls)
        left = min(middle - width / 2 for middle, width in zip(middles, widths, strict=True))
        right = max(middle + width / 2 for middle, width in zip(middles, widths, strict=True))
        self.middles = [middle - left for middle in middles]
        return self._drawn(rows, right - left)

    def _cells(self, vertex: int) -> dict[float, list[int]]:
        """The links that come into a box, by where they come in; those of a frame have their own places."""
        cells: dict[float, list[int]] = defaultdict(list)
        for number in self.incoming.get(vertex, ()):
            if not self.edges[number].head.exact:
                cells[self.edges[number].head.at].append(number)
        return cells

    def _cell_width(self, number: int) -> float:
        width = self.edges[number].label[0]
        return width + BESIDE if width else CELL

    def _footprint(self, vertex: int) -> float:
        """How wide a vertex is with the labels over it, about its middle."""
        width = self.vertices[vertex].width
        reach = width / 2
        for at, numbers in self.cells[vertex].items() if vertex < self.boxes else ():
            aside = abs(at - width / 2)
            cells = sum(map(self._cell_width, numbers))
            reach = max(reach, aside + (cells if len(numbers) == 1 else cells / 2))
        return 2 * reach

    def _drawn(self, rows: list[list[int]], width: float) -> Placed:
        vertices, edges = self.vertices, self.edges
        entries = self._entries()
        heights = [max(vertices[vertex].height for vertex in row) for row in rows]
        labelled, fans, runs = ([0.0] * len(rows) for _ in range(3))
        for number, edge in enumerate(edges):
            row = self.row[edge.head.vertex]
            labelled[row] = max(labelled[row], edge.label[1])
            if entries[number] != self._x(edge.head):
                fans[row] = FANNED
            xs = [self._x(edge.tail), *(self.middles[bend] for bend in self.chains[number]), entries[number]]
            for step, (one, other) in enumerate(pairwise(xs), self.row[edge.tail.vertex] + 1):
                at = row if step == self.row[edge.tail.vertex] + len(xs) - 1 else step
                runs[at] = max(runs[at], abs(one - other))
        tops, shelves, y = [], [], 0.0
        for row, height in enumerate(heights):
            y += (ROW_GAP + min(WIDEST_GAP, runs[row] / RUN_SHARE)) if row else 0.0
            shelves.append(y)  # above the labels: here links have come to where they go down
            y += labelled[row] + fans[row]
            tops.append(y)
            y += height
        corners = [
            (self.middles[v] - vertices[v].width / 2, tops[r] + (heights[r] - vertices[v].height) / 2)
            for v, r in enumerate(self.row[: self.boxes])
        ]
        ways, labels = [], []
        for number, edge in enumerate(edges):
            tail, head = edge.tail.vertex, edge.head.vertex
            first, last = self.row[tail], self.row[head]
            begin, entry, end = self._x(edge.tail), entries[number], self._x(edge.head)
            way = [(begin, corners[tail][1] + vertices[tail].height), (begin, tops[first] + heights[first])]
            for bend in self.chains[number]:
                row = self.row[bend]
                way += [(self.middles[bend], shelves[row]), (self.middles[bend], tops[row] + heights[row])]
            way += [
                (entry, shelves[last]),
                (entry, tops[last] - fans[last]),
                (end, tops[last]),
                (end, corners[head][1]),
            ]
            ways.append(way)
            labels.append((entry + BESIDE / 2, tops[last] - fans[last] - edge.label[1] / 2))
        return Placed(width, y, corners, ways, labels)

    def _x(self, end: End) -> float:
        return self.middles[end.vertex] - self.vertices[end.vertex].width / 2 + end.at

    def _entries(self) -> list[float]:
        """Where each link goes down past its label: side by side where several come to one box."""
        found = [self._x(edge.head) for edge in self.edges]
        for cells in self.cells:
            for numbers in cells.values():
                if len(numbers) == 1:
                    continue
                numbers.sort(key=self._comes_from)
                x = found[numbers[0]] - sum(map(self._cell_width, numbers)) / 2
                for number in numbers:
                    found[number] = x + CELL / 2
                    x += self._cell_width(number)
        return found

    def _comes_from(self, number: int) -> float:
        chain = self.chains[number]
        return self.middles[chain[-1]] if chain else self._x(self.edges[number].tail)
