"""`with_copies`: a leaf that is used far below its first use is drawn once more beside each place that is far away.

A value used on many lines costs Graphviz seconds, as each of its links bends round every box on its way; and nobody can
follow such a link by eye.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from playground.views.graph.graph import Box, CellRow, Graph, Link
from playground.views.graph.rows import downwards, first_of_pair, leaves, rows

FAR = 4  # rows below the first use


def with_copies(graph: Graph) -> Graph:
    """The same graph, where the links from afar go to copies of their leaf: `box.shows` is the key of the box itself.

    A copy has a key and a place of its own, and its frame is that of the box that uses it. Of a pair both boxes have
    one, so that the gradient comes back to where the value was taken.
    """
    row, given = rows(graph), leaves(graph)
    first = first_of_pair(graph)
    boxes = {box.key: box for box in graph.boxes}
    second = dict(graph.pairs)
    uses: dict[str, dict[str, int]] = defaultdict(dict)  # leaf -> who uses it, in which row
    for link in graph.links:
        upper, lower = (first.get(key, key) for key in downwards(link))
        if upper != lower:
            uses[upper][lower] = row[lower]
    copies: dict[tuple[str, str], int] = {}  # leaf and user -> the number of the copy
    beside: dict[str, list[Box]] = defaultdict(list)
    pairs = list(graph.pairs)
    for leaf in filter(given.__contains__, uses):
        near = min(uses[leaf].values()) + FAR
        far = [user for user, its_row in uses[leaf].items() if its_row >= near]
        for number, user in enumerate(far, 1):
            copies[leaf, user] = number
            parts = [_copy(boxes[key], number, boxes[user]) for key in (leaf, second.get(leaf)) if key is not None]
            beside[user] += parts
            if len(parts) == 2:
                pairs.append((parts[0].key, parts[1].key))
    if not copies:
        return graph

    def moved(link: Link) -> Link:
        upper, lower = downwards(link)
        number = copies.get((first.get(upper, upper), first.get(lower, lower)))
        if number is None:
            return link
        key = _key(upper, number)
        return replace(link, head=key) if link.kind == "backward" else replace(link, tail=key)

    drawn = tuple(part for box in graph.boxes for part in (*beside.get(box.key, ()), box))
    return replace(graph, boxes=drawn, links=tuple(map(moved, graph.links)), pairs=tuple(pairs))


def _copy(box: Box, number: int, user: Box) -> Box:
    """The name, and the number where it is a single one."""
    single = [
        cell for row in box.rows[:1] for cell in row.cells if not cell.wide and cell.kind in ("primal", "tangent")
    ]
    return replace(
        box,
        key=_key(box.key, number),
        label=f"{box.label}, drawn once more",
        rows=(CellRow(tuple(single)),) if single else (),
        notes=(),
        module=user.module,
        shows=box.key,
    )


def _key(key: str, number: int) -> str:
    return f"{key}+{number}"
