"""`rows`: the row of every box, one below all that it comes from."""

from __future__ import annotations

from playground.views.graph.graph import Graph, Link

GIVEN = ("leaf", "constant", "node")  # kinds of box that can be leaves


def rows(graph: Graph) -> dict[str, int]:
    """Box key -> its row: below all that it comes from, and as near to its first use as that allows.

    Of a pair the first box stands for both.
    """
    first = first_of_pair(graph)
    after: dict[str, list[str]] = {first.get(box.key, box.key): [] for box in graph.boxes}
    missing = dict.fromkeys(after, 0)
    for link in graph.links:
        upper, lower = (first.get(key, key) for key in downwards(link))
        if upper != lower:
            after[upper].append(lower)
            missing[lower] += 1
    found = dict.fromkeys(after, 0)
    order: list[str] = []
    waiting = [key for key, count in missing.items() if count == 0]
    while waiting:
        order.append(key := waiting.pop())
        for lower in after[key]:
            found[lower] = max(found[lower], found[key] + 1)
            missing[lower] -= 1
            if missing[lower] == 0:
                waiting.append(lower)
    for key in reversed(order):
        if after[key]:
            found[key] = min(found[lower] for lower in after[key]) - 1
    return found


def leaves(graph: Graph) -> set[str]:
    """The boxes that nothing comes into: values that were given, their AccumulateGrad, both of such a pair."""
    first = first_of_pair(graph)
    ends = {tuple(first.get(key, key) for key in downwards(link)) for link in graph.links}
    below = {lower for upper, lower in ends if upper != lower}
    return {box.key for box in graph.boxes if box.kind in GIVEN and first.get(box.key, box.key) not in below}


def first_of_pair(graph: Graph) -> dict[str, str]:
    """The second box of each pair -> the first, beside which it stands."""
    return {second: first for first, second in graph.pairs}


def downwards(link: Link) -> tuple[str, str]:
    """The upper box of a link and the lower one: a backward link goes up, so that both passes have one order."""
    return (link.head, link.tail) if link.kind == "backward" else (link.tail, link.head)
