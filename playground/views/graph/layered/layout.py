"""`layered`: every box below all that it comes from, modules in frames, links that pass beside boxes and never through.

After the manner of iongraph (SpiderMonkey's view of its compiler's graphs): the order of the program is kept, and fixed
passes over it decide everything, so that time grows as the graph does and a small edit moves little.
"""

from __future__ import annotations

from collections.abc import Callable

from playground.views.graph.boxes import arrange_all
from playground.views.graph.dot import cluster_paths
from playground.views.graph.geometry import Curve, Frame, Layout, Point, pair_line
from playground.views.graph.graph import Graph, Link
from playground.views.graph.layered.frames import Frames, Part
from playground.views.graph.layered.nodes import LABEL_LINE, in_order, nodes_of, wires_of

TIP = 8.0  # length of an arrow


def layered(graph: Graph) -> Layout:
    """Coordinates of every box and link of a graph of any size."""
    sizes, second = arrange_all(graph), dict(graph.pairs)
    nodes, wires = nodes_of(graph, sizes), wires_of(graph)
    frames = Frames(nodes, frozenset(cluster_paths(graph)), sideways=graph.sideways)
    part = frames.part(in_order(nodes, wires), wires, ())
    turned = _turned if graph.sideways else _rounded
    boxes: dict[str, Frame] = {}
    for key, corner in part.corners.items():
        boxes[key] = Frame(*turned(corner), sizes[key].width, sizes[key].height)
        if key in second:
            other = sizes[second[key]]
            shift = nodes[key].width - (other.height if graph.sideways else other.width)
            boxes[second[key]] = Frame(*turned((corner[0] + shift, corner[1])), other.width, other.height)
    links = {
        link.key: _curve(link, part, turned) or pair_line(boxes[link.tail], boxes[link.head]) for link in graph.links
    }
    clusters = [
        (path, Frame(*turned((frame.x, frame.y)), *turned((frame.width, frame.height)))) for path, frame in part.frames
    ]
    return Layout(*turned((part.width, part.height)), boxes, links, tuple(sorted(clusters, key=lambda found: found[0])))


def _curve(link: Link, part: Part, turned: Callable[[Point], Point]) -> Curve | None:
    """A link as a curve that is upright wherever it passes a row; None: it has no way of its own."""
    if link.key not in part.ways:
        return None
    is_up = link.kind == "backward"
    way = sorted(dict.fromkeys(part.ways[link.key]), key=lambda point: point[1])
    if len({x for x, _ in way}) == 1:
        way = [way[0], way[-1]]  # straight down, as most links of long graphs
    for end, inner in ((0, 1), (-1, -2)):
        while len(way) > 2 and abs(way[end][1] - way[inner][1]) <= TIP and way[end][0] == way[inner][0]:
            del way[inner]  # no room for an arrow
    tip = way[0] if is_up else way[-1]
    if is_up:
        way[0] = tip[0], tip[1] + TIP
    else:
        way[-1] = tip[0], tip[1] - TIP
    points = way[:1]
    for number, (x, y) in enumerate(way[1:-1], 1):
        if not way[number - 1][0] == x == way[number + 1][0]:  # else it goes on straight down
            points += _bent(points[-1], (x, y))
    points += _bent(points[-1], way[-1])
    label = part.labels.get(link.key) if link.slot or link.label else None
    if label is not None and turned is _turned:  # under the link; it stands on its first line
        label = label[0] + LABEL_LINE / 2 * (bool(link.slot) + bool(link.label)), label[1]
    return Curve(tuple(map(turned, points)), turned(tip), is_up, label and turned(label))


def _bent(start: Point, end: Point) -> list[Point]:
    """The control points and the end of a curve that leaves and comes in upright."""
    middle = (start[1] + end[1]) / 2
    return [(start[0], middle), (end[0], middle), end]


def _rounded(point: Point) -> Point:
    return round(point[0], 1), round(point[1], 1)


def _turned(point: Point) -> Point:
    return round(point[1], 1), round(point[0], 1)
