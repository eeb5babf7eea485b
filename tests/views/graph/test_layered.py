"""The layout of our own: nothing overlaps, no link runs through a box, time grows as the graph does."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import isotonic_regression

from playground.explain.explanation import explain
from playground.language.run import run
from playground.trace.trace import Trace
from playground.views.graph.build import build_graph
from playground.views.graph.copies import with_copies
from playground.views.graph.geometry import Curve, Frame, Layout, Point
from playground.views.graph.graph import Box, Graph, GraphKind, Link
from playground.views.graph.layered.layout import layered
from playground.views.graph.layered.order import crossings
from playground.views.graph.layered.straighten import spread
from playground.views.graph.layout import lay_out
from playground.views.graph.rows import first_of_pair
from playground.views.graph.scene import scene
from playground.views.graph.unfolding import Unfolding
from tests.views.graph.test_layout_limits import check_is_whole

KINDS = ("forward", "backward", "both")


def along(curve: Curve) -> list[Point]:
    """Points on a curve, close to one another."""
    found = []
    for start in range(0, len(curve.points) - 3, 3):
        a, b, c, d = np.array(curve.points[start : start + 4])
        for t in np.linspace(0, 1, 13):
            x, y = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t * t * c + t**3 * d
            found.append((float(x), float(y)))
    return found


def holds(frame: Frame, point: Point, margin: float) -> bool:
    x, y = point
    inside_x = frame.x + margin < x < frame.x + frame.width - margin
    return inside_x and frame.y + margin < y < frame.y + frame.height - margin


def check(graph: Graph) -> Layout:
    """Nothing overlaps, every link goes on in its direction beside all boxes, frames hold their own boxes only."""
    found = layered(graph)
    check_is_whole(graph, found)
    first, way = first_of_pair(graph), 0 if graph.sideways else 1
    halves: dict[str, set[str]] = {}
    for box in graph.boxes:
        halves.setdefault(first.get(box.key, box.key), set()).add(box.key)
    module = {box.key: box.module for box in graph.boxes}
    for link in graph.links:
        if link.kind == "match":
            continue
        ends = halves[first.get(link.tail, link.tail)] | halves[first.get(link.head, link.head)]
        points = along(found.links[link.key])
        for key, frame in found.boxes.items():
            if key not in ends:
                assert not any(holds(frame, point, 1.0) for point in points), f"{link.key} runs through {key}"
        upper, lower = (link.head, link.tail) if link.kind == "backward" else (link.tail, link.head)
        assert all(one[way] <= other[way] + 0.2 for one, other in pairwise(points)), "a link goes back"
        if first.get(upper, upper) != first.get(lower, lower):
            above, below = found.boxes[upper], found.boxes[lower]
            assert (above.x + above.width, above.y + above.height)[way] < (below.x, below.y)[way]
    for path, frame in found.clusters:
        inside = [key for key, box in found.boxes.items() if holds(frame, (box.x + 1, box.y + 1), 0.0)]
        assert inside and all(module[key][: len(path)] == path for key in inside)
        for key in inside:
            box = found.boxes[key]
            assert box.x + box.width <= frame.x + frame.width and box.y + box.height <= frame.y + frame.height
    for number, (path, one) in enumerate(found.clusters):
        for other_path, other in found.clusters[:number]:
            apart_x = one.x + one.width <= other.x + 0.2 or other.x + other.width <= one.x + 0.2
            apart_y = one.y + one.height <= other.y + 0.2 or other.y + other.height <= one.y + 0.2
            nested = path[: len(other_path)] == other_path and holds(other, (one.x + 1, one.y + 1), 0.0)
            assert apart_x or apart_y or nested
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_trace_is_laid_out(any_trace: Trace, kind: GraphKind) -> None:
    graph = build_graph(explain(any_trace), kind)
    assert len(scene(graph, check(graph))["links"]) == len(graph.links)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Ops in program order, in nested modules, on leaves and on one another; or all of it backwards, or in pairs."""
    kind: GraphKind = draw(st.sampled_from(KINDS))
    random_ = random.Random(draw(st.integers(0, 2**32)))
    leaves = [f"value-{n}" for n in range(random_.randint(1, 4))]
    ops = [f"op-{n}" for n in range(random_.randint(1, 25))]
    path: tuple[str, ...] = ()
    forward, links = [Box(key, "leaf", key, key) for key in leaves], []
    for number, key in enumerate(ops):
        if random_.random() < 0.4:
            path = path[:-1] if path and random_.random() < 0.5 else (*path[:2], random_.choice("abc"))
        forward.append(Box(key, "op", "=" * random_.randint(2, 20), key, module=path))
        for place in range(random_.randint(1, 3)):
            near = [*leaves, *ops[max(0, number - 3) : number], *ops[:number][:2]]
            label = random_.choice(["", "(3, 3)"])
            links.append(Link(f"use-{number}-{place}", "forward", random_.choice(near), key, label, f"slot-{number}"))
    if kind == "forward":
        return with_copies(Graph(kind, tuple(forward), tuple(links)))
    back = [
        Box(f"node-{box.key}", "node", "Backward", box.key, backward=True, module=box.module) for box in forward[::-1]
    ]
    edges = [
        Link(f"edge-{link.key}", "backward", f"node-{link.head}", f"node-{link.tail}", link.label, link.slot)
        for link in links
    ]
    seed = Box("seed-0", "seed", "seed 1", "seed", backward=True)
    edges.append(Link("seed-0-0", "backward", "seed-0", f"node-{ops[-1]}"))
    if kind == "backward":
        return with_copies(Graph(kind, (seed, *back), tuple(edges)))
    paired = [box.key for box in forward if random_.random() < 0.9]
    matches = [Link(f"match-{key}", "match", key, f"node-{key}") for key in paired]
    pairs = tuple((key, f"node-{key}") for key in paired)
    return with_copies(Graph(kind, (*forward, seed, *back), (*links, *edges, *matches), pairs))


@given(graphs(), st.booleans())
def test_any_graph_is_laid_out(graph: Graph, sideways: bool) -> None:
    check(replace(graph, sideways=sideways))


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_may_have_it_from_left_to_right(any_trace: Trace, kind: GraphKind) -> None:
    graph = build_graph(explain(any_trace), kind, unfolding=Unfolding.of([">"]))
    assert graph.sideways and check(graph) == lay_out(graph)
    assert Unfolding.of(Unfolding.of([">", "-*"]).listed()) == Unfolding("none", sideways=True)


@given(st.lists(st.lists(st.integers(0, 6), max_size=4).map(sorted), max_size=7))
def test_crossings_are_counted_as_pairs(places: list[list[int]]) -> None:
    ends = [(row, end) for row, below in enumerate(places) for end in below]
    pairs = sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for n, a in enumerate(ends) for b in ends[:n])
    assert crossings([[float(end) for end in below] for below in places]) == pairs


@given(
    st.lists(st.tuples(st.floats(-100, 100), st.floats(0.01, 10), st.floats(0, 50)), min_size=1, max_size=12),
)
def test_places_are_the_least_squares_answer(boxes: list[tuple[float, float, float]]) -> None:
    wishes, weights, apart = (list(column) for column in zip(*boxes, strict=True))
    found = spread(wishes, weights, apart[1:])
    taken = np.cumsum([0.0, *apart[1:]])
    expected = isotonic_regression(np.array(wishes) - taken, sample_weight=weights) + taken
    np.testing.assert_allclose(found, expected, atol=1e-6)


def net_of(lines: int, extra: str = "") -> Graph:
    text = "".join(f"h = tanh(w{n % 7} * h + b)\n{extra if n == lines // 2 else ''}" for n in range(lines))
    names = dict.fromkeys(["x", "b", *(f"w{n}" for n in range(7))], 0.5)
    return build_graph(explain(run("h = x\n" + text, names)), "forward", limit=100_000)


def test_an_inserted_operation_moves_little_aside() -> None:
    before, after = layered(net_of(30)), layered(net_of(30, "h = h * h\n"))
    leaves = [key for key in before.boxes if key.startswith("value") and key in after.boxes]
    moved = [after.boxes[key].x - before.boxes[key].x for key in leaves]
    assert median(abs(shift - median(moved)) for shift in moved) <= 2.0


def chain(boxes: int) -> Graph:
    """Ops in a row, every third of which takes a value from far above."""
    made = [Box(f"op-{n}", "op", f"v{n} = sin(v{n - 1})", "op", module=(f"m{n // 20}",)) for n in range(boxes)]
    links = [Link(f"use-{n}-0", "forward", f"op-{n - 1}", f"op-{n}") for n in range(1, boxes)]
    links += [Link(f"use-{n}-1", "forward", f"op-{n - 9}", f"op-{n}") for n in range(9, boxes, 3)]
    return Graph("forward", tuple(made), tuple(links))


def test_time_grows_as_the_graph_does() -> None:
    def seconds(boxes: int) -> float:
        graph = chain(boxes)
        begin = time.process_time()
        assert len(layered(graph).boxes) == boxes
        return time.process_time() - begin

    seconds(100)
    small, large = min(seconds(250) for _ in range(3)), min(seconds(2000) for _ in range(2))
    assert large < 16 * small, f"eight times the boxes took {large / small:.1f} times the time"


def test_links_that_pass_too_many_rows_are_bounded() -> None:
    """Every op takes every one before it: the bends of all these links would be a third of a million."""
    count = 120
    made = [Box(f"op-{n}", "op", f"v{n}", "op") for n in range(count)]
    links = [Link(f"use-{n}-{m}", "forward", f"op-{m}", f"op-{n}") for n in range(count) for m in range(n)]
    begin = time.process_time()
    found = layered(Graph("forward", tuple(made), tuple(links)))
    assert time.process_time() - begin < 5
    assert len(found.links) == len(links)
