"""`Frames`: the levels of a graph, from the inside: the frame of a module is one box for what is around it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from playground.views.graph.geometry import Frame, Point
from playground.views.graph.layered.level import Edge, End, Vertex, placed
from playground.views.graph.layered.nodes import Node, Path, Wire

PADDING, HEAD = 10.0, 20.0  # of a frame: at three sides, and over it for its title


@dataclass(slots=True)
class Part:
    """What one level and all in it takes, measured from its upper left corner; `ports`: by side and source."""

    width: float = 0.0
    height: float = 0.0
    corners: dict[str, Point] = field(default_factory=dict)
    frames: list[tuple[Path, Frame]] = field(default_factory=list)
    ways: dict[str, list[Point]] = field(default_factory=dict)
    labels: dict[str, Point] = field(default_factory=dict)
    ports: dict[tuple[int, Hashable], float] = field(default_factory=dict)


class Frames:
    """The nodes by key, and the modules that have a frame; `sideways`: they lie on their sides."""

    def __init__(self, nodes: Mapping[str, Node], framed: frozenset[Path], *, sideways: bool) -> None:
        self.nodes = nodes
        self.framed = framed
        self.left, self.top = (HEAD, PADDING) if sideways else (PADDING, HEAD)

    def part(self, members: Sequence[str], wires: Sequence[Wire], path: Path) -> Part:
        """The nodes of one frame (of none: all), and the links with an end among them; the others come in as ports."""
        groups = self._groups(members, path)
        home = {key: number for number, (_, keys) in enumerate(groups) for key in keys}
        touching: dict[int | None, list[Wire]] = defaultdict(list)
        for wire in wires:
            for number in {home.get(wire.upper), home.get(wire.lower)}:
                touching[number].append(wire)
        inside = [
            None if frame is None else self._framed(frame, keys, touching[number])
            for number, (frame, keys) in enumerate(groups)
        ]
        tops = {source: n for n, source in enumerate(dict.fromkeys(w.source for w in wires if w.upper not in home))}
        outgoing = dict.fromkeys(wire.source for wire in wires if wire.lower not in home)
        bottoms = {source: n for n, source in enumerate(outgoing, len(tops) + len(groups))}
        vertices = [
            *[Vertex(0.0, 0.0, port=-1)] * len(tops),
            *(self._vertex(keys[0], frame) for (_, keys), frame in zip(groups, inside, strict=True)),
            *[Vertex(0.0, 0.0, port=1)] * len(bottoms),
        ]

        def end(key: str, wire: Wire, ports: dict[Hashable, int], side: int) -> End:
            number = home.get(key)
            if number is None:
                return End(ports[wire.source], 0.0, exact=True)
            frame = inside[number]
            if frame is None:
                return End(number + len(tops), self.nodes[key].at[wire.is_backward])
            return End(number + len(tops), frame.ports[side, wire.source], exact=True)

        edges: dict[Hashable, Edge] = {}
        names: dict[str, Hashable] = {}  # of the edge that a link is here: those into one frame share one
        for wire in wires:
            upper, lower = home.get(wire.upper), home.get(wire.lower)
            if upper == lower:
                continue
            is_last = lower is not None and inside[lower] is None
            name: Hashable = wire.key if is_last else (wire.source, lower)
            names[wire.key] = name
            if name not in edges:
                tail, head = end(wire.upper, wire, tops, 1), end(wire.lower, wire, bottoms, -1)
                edges[name] = Edge(wire.source, tail, head, wire.label if is_last else (0.0, 0))
        found = placed(vertices, list(edges.values()))
        part = Part(found.width, found.height)
        for (_, keys), frame, (x, y) in zip(groups, inside, found.corners[len(tops) :], strict=False):
            if frame is None:
                part.corners[keys[0]] = x, y
            else:
                take(part, frame, x, y)
        part.ports = {(-1, source): found.corners[number][0] for source, number in tops.items()}
        part.ports |= {(1, source): found.corners[number][0] for source, number in bottoms.items()}
        numbers = {name: number for number, name in enumerate(edges)}
        for key, edge in names.items():
            part.ways.setdefault(key, []).extend(found.ways[numbers[edge]])
            if edge == key:
                part.labels[key] = found.labels[numbers[edge]]
        return part

    def _vertex(self, key: str, frame: Part | None) -> Vertex:
        if frame is not None:
            return Vertex(frame.width, frame.height)
        node = self.nodes[key]
        return Vertex(node.width, node.height, node.given)

    def _groups(self, members: Sequence[str], path: Path) -> list[tuple[Path | None, list[str]]]:
        """Single nodes, and runs of nodes that are in one frame; leaves come first, so that none tears a run apart."""
        given: list[tuple[Path | None, list[str]]] = []
        runs: list[tuple[Path | None, list[str]]] = []
        for key in members:
            node = self.nodes[key]
            deeper = (node.module[:depth] for depth in range(len(path) + 1, len(node.module) + 1))
            frame = next((candidate for candidate in deeper if candidate in self.framed), None)
            if frame is None and node.given:
                given.append((None, [key]))
            elif frame is not None and runs and runs[-1][0] == frame:
                runs[-1][1].append(key)
            else:
                runs.append((frame, [key]))
        return given + runs

    def _framed(self, path: Path, keys: list[str], wires: Sequence[Wire]) -> Part:
        """The part of a frame, and the frame around it; links end at its border for now."""
        part = self.part(keys, wires, path)
        whole = Part(part.width + self.left + PADDING, part.height + self.top + PADDING)
        take(whole, part, self.left, self.top)
        whole.frames.insert(0, (path, Frame(0.0, 0.0, round(whole.width, 1), round(whole.height, 1))))
        whole.ports = {port: x + self.left for port, x in part.ports.items()}
        members = set(keys)
        for wire in wires:
            if wire.upper not in members:
                whole.ways[wire.key].append((whole.ports[-1, wire.source], 0.0))
            if wire.lower not in members:
                whole.ways[wire.key].append((whole.ports[1, wire.source], whole.height))
        return whole


def take(whole: Part, part: Part, x: float, y: float) -> None:
    """Put a part into another one, so far from its corner."""
    whole.corners |= {key: (left + x, top + y) for key, (left, top) in part.corners.items()}
    whole.frames += [
        (path, Frame(round(frame.x + x, 1), round(frame.y + y, 1), frame.width, frame.height))
        for path, frame in part.frames
    ]
    for key, way in part.ways.items():
        whole.ways.setdefault(key, []).extend((left + x, top + y) for left, top in way)
    whole.labels |= {key: (left + x, top + y) for key, (left, top) in part.labels.items()}
