"""`nodes_of`, `wires_of`: what is laid out of a graph: a pair of boxes is one node, and every link goes down.

A graph that goes sideways is laid out lying on its side, and turned at the end.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from playground.views.graph.boxes import NOTE_SIZE, PAIR_GAP, Arrangement, text_width
from playground.views.graph.graph import Graph
from playground.views.graph.rows import downwards, first_of_pair, leaves

NUMBER_WIDTH, NORM_WIDTH = 56.0, 80.0  # of a contribution that is a number, or a tensor's norm
LABEL_LINE = 14.0

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A box or a pair; `at`: where links of the forward and of the backward pass meet it."""

    key: str
    width: float
    height: float
    module: Path
    given: bool
    at: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wire:
    """A link downwards between two nodes."""

    key: str
    upper: str
    lower: str
    is_backward: bool
    label: tuple[float, float]  # across the link, along it

    @property
    def source(self) -> Hashable:
        return self.upper, self.is_backward


def nodes_of(graph: Graph, sizes: Mapping[str, Arrangement]) -> dict[str, Node]:
    """The boxes and pairs, by the key of the (first) box; of a graph that goes sideways, lying on their sides."""
    second, given = dict(graph.pairs), leaves(graph)
    paired = first_of_pair(graph)
    found = {}
    for box in graph.boxes:
        if box.key in paired:
            continue
        parts = [sizes[key] for key in (box.key, second.get(box.key)) if key is not None]
        across = [part.height if graph.sideways else part.width for part in parts]
        along = [part.width if graph.sideways else part.height for part in parts]
        width = sum(across) + PAIR_GAP * (len(parts) - 1)
        at = (across[0] / 2, width - across[-1] / 2)
        found[box.key] = Node(box.key, width, max(along), box.module, box.key in given, at)
    return found


def wires_of(graph: Graph) -> list[Wire]:
    """The links between different nodes, each from the upper to the lower one."""
    first = first_of_pair(graph)
    found = []
    for link in graph.links:
        upper, lower = (first.get(key, key) for key in downwards(link))
        if link.kind == "match" or upper == lower:
            continue
        widths = [text_width(link.label, NOTE_SIZE)] if link.label else []
        if link.slot:
            widths.append(NORM_WIDTH if link.label else NUMBER_WIDTH)
        size = max(widths, default=0.0), LABEL_LINE * len(widths)
        label = (size[1], size[0]) if graph.sideways else size
        found.append(Wire(link.key, upper, lower, link.kind == "backward", label))
    return found


def in_order(nodes: Mapping[str, Node], wires: Iterable[Wire]) -> list[str]:
    """The nodes in the order of the program, each after all that it comes from and those just before it."""
    above: dict[str, list[str]] = {key: [] for key in nodes}
    has_lower = set()
    for wire in wires:
        above[wire.lower].append(wire.upper)
        has_lower.add(wire.upper)
    order: dict[str, None] = {}
    forward = [key for key, node in nodes.items() if not node.given]
    for root in [*forward, *nodes]:
        if order.keys() >= set(above[root]):  # as a rule: a program tells what it takes before
            order.setdefault(root)
            continue
        waiting = [(root, False)]
        while waiting:
            key, is_ready = waiting.pop()
            if key in order:
                continue
            if is_ready:
                order[key] = None
                continue
            waiting.append((key, True))
            waiting += [(upper, False) for upper in reversed(above[key]) if upper not in order]
    return list(order)
