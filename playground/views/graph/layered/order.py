"""`ordered`: the order of the boxes in each row, so that few links cross."""

from __future__ import annotations

from collections.abc import Sequence

SWEEPS = 4  # down and up again

Rows = list[list[int]]
Neighbours = Sequence[Sequence[int]]


def ordered(rows: Rows, above: Neighbours, below: Neighbours) -> Rows:
    """Rows of numbers, each sorted by where its neighbours stand, up and down; the best of what came up.

    `above` and `below` are the neighbours of each number, all of them in the next row. Source: Sugiyama, Tagawa and
    Toda, Methods for visual understanding of hierarchical system structures (1981).
    """
    place = [0.0] * len(above)
    for row in rows:
        _take_places(row, place)
    best, least = [list(row) for row in rows], _all_crossings(rows, below, place)
    for sweep in range(SWEEPS):
        if least == 0:
            break
        neighbours = below if sweep % 2 else above
        for row in reversed(rows) if sweep % 2 else rows:
            wish = {v: sum(place[n] for n in neighbours[v]) / len(neighbours[v]) for v in row if neighbours[v]}
            row.sort(key=lambda v: wish.get(v, place[v]))
            _take_places(row, place)
        found = _all_crossings(rows, below, place)
        if found < least:
            best, least = [list(row) for row in rows], found
    return best


def _take_places(row: list[int], place: list[float]) -> None:
    for position, vertex in enumerate(row):
        place[vertex] = position


def _all_crossings(rows: Rows, below: Neighbours, place: list[float]) -> int:
    return sum(crossings([sorted(place[n] for n in below[v]) for v in row]) for row in rows)


def crossings(places: list[list[float]]) -> int:
    """The number of pairs of links that cross, from the places below of each box of a row, left to right.

    Source: Barth, Juenger and Mutzel, Simple and efficient bilayer cross counting (2002).

    >>> crossings([[0, 1], [0]]), crossings([[0], [1]]), crossings([[1], [0]])
    (1, 0, 1)
    """
    size = 1 + int(max((below[-1] for below in places if below), default=0))
    tree = [0] * (size + 1)  # sums of how many ends were seen up to each place
    seen = count = 0
    for below in places:
        for end in below:
            index, before = int(end) + 1, 0
            while index > 0:
                before += tree[index]
                index &= index - 1
            count += seen - before
        for end in below:
            index = int(end) + 1
            while index <= size:
                tree[index] += 1
                index += index & -index
            seen += 1
    return count
