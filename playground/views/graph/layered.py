"""`layered`: a plain layout, in time that grows as the graph does: every box one row below all that it comes from."""

from __future__ import annotations

from playground.views.graph.boxes import PAIR_GAP, arrange_all
from playground.views.graph.geometry import Curve, Frame, Layout, pair_line
from playground.views.graph.graph import Graph, Link

ROW_GAP, BOX_GAP = 40.0, 24.0  # between rows, and between the boxes of one


def layered(graph: Graph) -> Layout:
    """Rows of boxes and straight links; the frames of modules are left out."""
    sizes = arrange_all(graph)
    second = dict(graph.pairs)
    first = {two: one for one, two in graph.pairs}
    rows: dict[int, list[str]] = {}
    for key, row in _rows(graph, first).items():
        rows.setdefault(row, []).append(key)
    boxes: dict[str, Frame] = {}
    top = width = 0.0
    for row in sorted(rows):
        left = 0.0
        for key in rows[row]:
            for part in (key, second[key]) if key in second else (key,):
                boxes[part] = Frame(left, top, sizes[part].width, sizes[part].height)
                left += sizes[part].width + (PAIR_GAP if part is key and key in second else BOX_GAP)
        width = max(width, left - BOX_GAP)
        top += max(sizes[key].height for key in rows[row]) + ROW_GAP
    links = {link.key: _line(link, boxes[link.tail], boxes[link.head]) for link in graph.links}
    return Layout(width, top - ROW_GAP, boxes, links, ())


def _rows(graph: Graph, first: dict[str, str]) -> dict[str, int]:
    """The row of every box: the longest way to it from a box that nothing comes into."""
    after: dict[str, list[str]] = {first.get(box.key, box.key): [] for box in graph.boxes}
    missing = dict.fromkeys(after, 0)
    for link in graph.links:
        upper, lower = (first.get(key, key) for key in _downwards(link))
        if upper != lower:
            after[upper].append(lower)
            missing[lower] += 1
    rows = dict.fromkeys(after, 0)
    waiting = [key for key, count in missing.items() if count == 0]
    while waiting:
        key = waiting.pop()
        for lower in after[key]:
            rows[lower] = max(rows[lower], rows[key] + 1)
            missing[lower] -= 1
            if missing[lower] == 0:
                waiting.append(lower)
    return rows


def _downwards(link: Link) -> tuple[str, str]:
    """The upper box of a link and the lower one: a backward link goes up, as in the layout of Graphviz."""
    return (link.head, link.tail) if link.kind == "backward" else (link.tail, link.head)


def _line(link: Link, tail: Frame, head: Frame) -> Curve:
    """A straight link from the lower side of one box to the upper side of the other."""
    if link.kind == "match":
        return pair_line(tail, head)
    is_up = link.kind == "backward"
    upper, lower = (head, tail) if is_up else (tail, head)
    begin = (round(upper.x + upper.width / 2, 1), round(upper.y + upper.height, 1))
    end = (round(lower.x + lower.width / 2, 1), lower.y)
    tip = begin if is_up else end
    middle = (round((begin[0] + end[0]) / 2, 1), round((begin[1] + end[1]) / 2, 1))
    return Curve((begin, begin, end, end), tip, is_up, middle if link.slot or link.label else None)
