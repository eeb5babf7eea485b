"""Trace -> Graph: the boxes and links of one pass or both, and where a key that is not drawn itself is drawn."""

from __future__ import annotations

import os
from collections.abc import Mapping

from playground.explain.narration import Narrator
from playground.trace.trace import Trace
from playground.views.graph.backward import BackwardGraph
from playground.views.graph.box_contents import Room
from playground.views.graph.collapse import collapse
from playground.views.graph.forward import ForwardGraph
from playground.views.graph.graph import Box, Graph, GraphKind, Link
from playground.views.graph.unfolding import Opening

DRAWN_BOXES = int(os.environ.get("PLAYGROUND_DRAWN_BOXES", "150"))


def build_graph(trace: Trace, kind: GraphKind = "forward", *, limit: int | None = None) -> Graph:
    """The picture of a trace; more than `limit` boxes collapse by module, then by runs."""
    return Builder(trace, Narrator(trace)).graph(kind, limit)


class Builder:
    """The boxes and links of one trace, by kind of graph."""

    def __init__(self, trace: Trace, narrator: Narrator) -> None:
        room = Room(trace, narrator)
        self.trace = trace
        self.forward = ForwardGraph(room)
        self.backward = BackwardGraph(room)

    def graph(
        self,
        kind: GraphKind,
        limit: int | None = None,
        opening: Opening | None = None,
        notes: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Graph:
        """The graph of this kind, collapsed to at most `limit` boxes (twice as many where both passes are drawn).

        With an `opening` its modules can be opened; `notes` stand on their boxes, by dotted path.
        """
        boxes: list[Box] = []
        links: list[Link] = []
        home: dict[str, str] = {}
        if kind != "backward":
            boxes += self.forward.boxes()
            links += self.forward.links(contributions=kind == "forward")
            home |= {f"value-{value.id}": f"op-{value.op}" for value in self.trace.values if value.op is not None}
        if kind != "forward":
            boxes += self.backward.boxes()
            links += self.backward.links()
            home |= {f"seed-{p.id}": f"seed-{self.backward.seeds[p.roots]}" for p in self.trace.passes}
            home = {key: place for key, place in home.items() if key != place}
        pairs = self.pairs() if kind == "both" else []
        if kind == "backward":
            home |= {f"op-{op.id}": f"node-{op.nodes[-1]}" for op in self.trace.ops if op.nodes}
            home |= {f"value-{value.id}": f"node-{value.node}" for value in self.trace.values if value.node is not None}
        links += [Link(f"match-{tail}", "match", tail, node) for tail, node in pairs]
        whole = Graph(kind, tuple(boxes), tuple(links), tuple(pairs), home)
        return collapse(whole, limit or DRAWN_BOXES, opening, notes)

    def pairs(self) -> list[tuple[str, str]]:
        """Each op with the backward node of its (first) output, each leaf with its AccumulateGrad."""
        known = {node.id for node in self.trace.nodes}
        pairs: dict[str, str] = {}
        for value in self.trace.values:
            if value.node in known and (value.op is None or value.node in self.trace.ops[value.op].nodes):
                box = f"value-{value.id}" if value.op is None else f"op-{value.op}"
                pairs.setdefault(box, f"node-{value.node}")
        return list(pairs.items())


__all__ = ["DRAWN_BOXES", "Builder", "build_graph"]
