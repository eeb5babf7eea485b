"""Graph -> coordinates, by Graphviz where that is quick; the same text is laid out once."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from playground.views.graph.boxes import arrange_all
from playground.views.graph.dot import cluster_paths, identifiers, to_dot
from playground.views.graph.dot_process import TookTooLong, laid_out
from playground.views.graph.geometry import Curve, Frame, Layout, Point, pair_line
from playground.views.graph.graph import Graph
from playground.views.graph.layered.layout import layered
from playground.views.graph.rows import first_of_pair, rows

CACHED_LAYOUTS = 256
MOST_BOXES, MOST_SPAN = 400, 2_000  # for Graphviz; the squares of the rows from end to end of every link, summed

Found = tuple[float, float, dict[str, Frame], dict[str, Curve]]  # width, height, boxes and links by their DOT names


def lay_out(graph: Graph) -> Layout:
    """Coordinates of every box and link; PlaygroundError where there is no Graphviz.

    A graph that would cost Graphviz much, or does, gets a layout of our own.
    """
    if not graph.boxes:
        return Layout(1.0, 1.0, {}, {}, ())
    found = by_graphviz(graph) if suits_graphviz(graph) else None
    return layered(graph) if found is None else found


def by_graphviz(graph: Graph) -> Layout | None:
    """The same by Graphviz alone; None where it computes for longer than it may."""
    found = _run(to_dot(graph, texts=False))  # without texts, because many texts have boxes of the same sizes
    if found is None:
        return None
    width, height, objects, edges = found
    keys = {name: key for key, name in identifiers(graph).items()}
    boxes = {keys[name]: frame for name, frame in objects.items() if name in keys}
    boxes |= _pairs(graph, boxes)
    paths = cluster_paths(graph)
    clusters = sorted(
        (paths[int(name.removeprefix("cluster_"))], frame)
        for name, frame in objects.items()
        if name.startswith("cluster_")
    )
    links = {keys[name]: curve for name, curve in edges.items()}
    links |= {link.key: pair_line(boxes[link.tail], boxes[link.head]) for link in graph.links if link.kind == "match"}
    return Layout(width, height, boxes, links, tuple(clusters))


def suits_graphviz(graph: Graph) -> bool:
    """Whether it is quick there: time grows with the boxes, and faster with the rows that links pass.

    What goes sideways is ours: there a pair of boxes stands one over the other.
    """
    if graph.sideways or len(graph.boxes) > MOST_BOXES:
        return False
    row, first = rows(graph), first_of_pair(graph)
    spans = (row[first.get(link.tail, link.tail)] - row[first.get(link.head, link.head)] for link in graph.links)
    return sum(span**2 for span in spans) <= MOST_SPAN


def _pairs(graph: Graph, boxes: dict[str, Frame]) -> dict[str, Frame]:
    """The two halves of each node that stands for a pair."""
    sizes = arrange_all(graph) if graph.pairs else {}
    found = {}
    for first, second in graph.pairs:
        whole, one, two = boxes[first], sizes[first], sizes[second]
        found[first] = Frame(whole.x, whole.y, one.width, one.height)
        found[second] = Frame(round(whole.x + whole.width - two.width, 1), whole.y, two.width, two.height)
    return found


@lru_cache(maxsize=CACHED_LAYOUTS)
def _run(dot: str) -> Found | None:
    """Read what Graphviz makes of a graph; None where it computes for too long."""
    try:
        return _read(json.loads(laid_out(dot)))
    except TookTooLong:
        return None


def _read(document: dict[str, Any]) -> Found:
    left, bottom, right, top = map(float, document["bb"].split(","))
    objects: dict[str, Frame] = {}
    for thing in document.get("objects", []):
        if "pos" in thing:
            x, y = map(float, thing["pos"].split(","))
            w, h = 72 * float(thing["width"]), 72 * float(thing["height"])
            objects[thing["name"]] = Frame(
                round(x - w / 2 - left, 1), round(top - y - h / 2, 1), round(w, 1), round(h, 1)
            )
        elif "bb" in thing and thing["name"].startswith("cluster_"):
            x0, y0, x1, y1 = map(float, thing["bb"].split(","))
            objects[thing["name"]] = Frame(
                round(x0 - left, 1), round(top - y1, 1), round(x1 - x0, 1), round(y1 - y0, 1)
            )
    edges = {edge["id"]: _curve(edge, left, top) for edge in document.get("edges", []) if "pos" in edge}
    return right - left, top - bottom, objects, edges


def _curve(edge: dict[str, Any], left: float, top: float) -> Curve:
    def point(text: str) -> Point:
        x, y = map(float, text.split(","))
        return round(x - left, 1), round(top - y, 1)

    tip: Point | None = None
    reversed_ = False
    points: list[Point] = []
    for part in edge["pos"].split(";")[0].split():
        if part[0] in "se" and part[1] == ",":
            tip, reversed_ = point(part[2:]), part[0] == "s"
        else:
            points.append(point(part))
    return Curve(tuple(points), tip, reversed_, point(edge["lp"]) if "lp" in edge else None)
