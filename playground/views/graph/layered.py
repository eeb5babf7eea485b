"""`layered`: a plain layout, in time that grows as the graph does: every box one row below all that it comes from."""

from __future__ import annotations

from playground.views.graph.boxes import PAIR_GAP, arrange_all
from playground.views.graph.geometry import Curve, Frame, Layout, pair_line
from playground.views.graph.graph import Graph, Link
from playground.views.graph.rows import rows

ROW_GAP, BOX_GAP = 40.0, 24.0  # between rows, and between the boxes of one


def layered(graph: Graph) -> Layout:
    """Rows of boxes and straight links; the frames of modules are left out."""
    sizes = arrange_all(graph)
    second = dict(graph.pairs)
    of_row: dict[int, list[str]] = {}
    for key, row in rows(graph).items():
        of_row.setdefault(row, []).append(key)
    boxes: dict[str, Frame] = {}
    top = width = 0.0
    for row in sorted(of_row):
        left = 0.0
        for key in of_row[row]:
            for part in (key, second[key]) if key in second else (key,):
                boxes[part] = Frame(left, top, sizes[part].width, sizes[part].height)
                left += sizes[part].width + (PAIR_GAP if part is key and key in second else BOX_GAP)
        width = max(width, left - BOX_GAP)
        top += max(sizes[key].height for key in of_row[row]) + ROW_GAP
    links = {link.key: _line(link, boxes[link.tail], boxes[link.head]) for link in graph.links}
    return Layout(width, top - ROW_GAP, boxes, links, ())


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
