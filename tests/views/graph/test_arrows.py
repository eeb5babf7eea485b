"""Arrows point the way that what they carry goes: forward to the result, backward from it to the leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from playground.explain.explanation import explain
from playground.trace.trace import Trace
from playground.views.graph.build import build_graph
from playground.views.graph.copies import with_copies
from playground.views.graph.geometry import Frame, Layout, Point
from playground.views.graph.graph import Graph
from playground.views.graph.layered.layout import layered
from playground.views.graph.layout import by_graphviz

LAYOUTS: dict[str, Callable[[Graph], Layout | None]] = {
    "graphviz": by_graphviz,
    "layered": layered,
    "sideways": lambda graph: layered(replace(graph, sideways=True)),
}


def away(point: Point, frame: Frame) -> float:
    """How far a point is from a box."""
    x, y = point
    return max(frame.x - x, x - frame.x - frame.width, frame.y - y, y - frame.y - frame.height, 0.0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["forward", "backward", "both"])
def test_every_arrow_ends_at_the_box_that_its_link_goes_to(any_trace: Trace, kind: str, layout: str) -> None:
    graph = with_copies(build_graph(explain(any_trace), kind))  # type: ignore[arg-type]
    found = LAYOUTS[layout](graph)
    assert found is not None
    for link in graph.links:
        tip = found.links[link.key].tip
        if tip is not None:
            assert away(tip, found.boxes[link.head]) < 2 < away(tip, found.boxes[link.tail]), link.key


def test_a_gradient_goes_from_the_seed_to_the_leaves_as_the_engine_ran(any_trace: Trace) -> None:
    graph = build_graph(explain(any_trace), "backward")
    ran = {f"node-{step.node}": step.index for step in any_trace.steps if step.kind == "node"}
    ends = [(link.tail, link.head) for link in graph.links if link.kind == "backward"]
    assert ends, "a trace with a backward pass"
    for tail, head in ends:
        assert tail.startswith("seed") or (not head.startswith("seed") and ran.get(tail, -1) <= ran.get(head, 10**9))
