"""Explanation -> Graph: the boxes and links of one pass or both, and where a key that is not drawn itself is drawn."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from playground.explain.explanation import Explanation
from playground.trace.trace import Trace
from playground.views.graph.backward import BackwardGraph
from playground.views.graph.box_contents import BoxContents
from playground.views.graph.collapse import collapse
from playground.views.graph.copies import with_copies
from playground.views.graph.forward import ForwardGraph
from playground.views.graph.graph import Box, Graph, GraphKind, Link
from playground.views.graph.unfolding import Unfolding

DRAWN_BOXES = int(os.environ.get("PLAYGROUND_DRAWN_BOXES", "150"))
OPENED_BOXES = int(os.environ.get("PLAYGROUND_OPENED_BOXES", "10000"))  # as many as a browser pans within a frame
TITLES = {"forward": "Computational graph", "backward": "Backward graph", "both": "Forward and backward graph"}


def build_graph(
    explanation: Explanation,
    kind: GraphKind = "forward",
    *,
    limit: int | None = None,
    room: int | None = None,
    unfolding: Unfolding | None = None,
    notes: Mapping[str, tuple[str, ...]] | None = None,
) -> Graph:
    """The picture of a trace, collapsed to at most `limit` boxes (twice as many where both passes are drawn),
    to `room` where the reader opens modules.

    It takes names from the explanation, no sentences. With an `unfolding` its modules can be opened; `notes` stand on
    their boxes, by dotted path.
    """
    trace, contents = explanation.trace, BoxContents(explanation)
    boxes: list[Box] = []
    links: list[Link] = []
    home: dict[str, str] = {}
    if kind != "backward":
        forward = ForwardGraph(contents)
        boxes += forward.boxes()
        links += forward.links(contributions=kind == "forward")
        home |= {f"value-{value.id}": f"op-{value.op}" for value in trace.values if value.op is not None}
    if kind != "forward":
        backward = BackwardGraph(contents)
        boxes += backward.boxes()
        links += backward.links()
        home |= {f"seed-{p.id}": f"seed-{backward.seeds[p.roots]}" for p in trace.passes}
        home = {key: place for key, place in home.items() if key != place}
    pairs = _pairs(trace) if kind == "both" else []
    if kind == "backward":
        home |= {f"op-{op.id}": f"node-{op.nodes[-1]}" for op in trace.ops if op.nodes}
        home |= {f"value-{value.id}": f"node-{value.node}" for value in trace.values if value.node is not None}
    links += [Link(f"match-{tail}", "match", tail, node) for tail, node in pairs]
    outputs = ", ".join(explanation.names.show(output) for output in trace.outputs)
    title = f"{TITLES[kind]}{f' of {outputs}' if outputs else ''}"
    whole = Graph(kind, tuple(boxes), tuple(links), tuple(pairs), home, title=title)
    drawn = with_copies(collapse(whole, limit or DRAWN_BOXES, room or OPENED_BOXES, unfolding, notes))
    return replace(drawn, sideways=unfolding is not None and unfolding.sideways)


def _pairs(trace: Trace) -> list[tuple[str, str]]:
    """Each op with the backward node of its (first) output, each leaf with its AccumulateGrad."""
    known = {node.id for node in trace.nodes}
    pairs: dict[str, str] = {}
    for value in trace.values:
        if value.node in known and (value.op is None or value.node in trace.ops[value.op].nodes):
            box = f"value-{value.id}" if value.op is None else f"op-{value.op}"
            pairs.setdefault(box, f"node-{value.node}")
    return list(pairs.items())
