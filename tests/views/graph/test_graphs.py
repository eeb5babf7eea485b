"""Boxes, links, DOT and layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest
import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.explain.explanation import explain
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.views.graph import dot_process, layout
from playground.views.graph.build import build_graph
from playground.views.graph.dot import to_dot
from playground.views.graph.layout import lay_out
from playground.views.graph.static import dot_file, static_svg
from tests.views.conftest import TRACES

KINDS = ("forward", "backward", "both")
HOSTILE = [
    '"];x[',
    "a:1",
    "<img src=x onerror=alert(1)>",
    "<b>bold</b>",
    "back\\slash\\n",
    "&lt;b&gt;",
    "{|}",
    "</text><script>",
    "ünï∂",
    "''",
]


@pytest.mark.parametrize("kind", ["forward", "both"])
@pytest.mark.parametrize("name", sorted(TRACES))
def test_dot_equals_golden_file(name: str, kind: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.{kind}.dot", dot_file(TRACES[name](), kind))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_a_layout_depends_on_the_sizes_of_boxes_not_on_what_stands_in_them(any_trace: Trace, kind: str) -> None:
    graph = build_graph(explain(any_trace), kind)  # type: ignore[arg-type]
    assert layout._run(to_dot(graph)) == layout._run(to_dot(graph, texts=False))


def test_another_function_or_number_of_the_same_width_needs_no_new_layout() -> None:
    one, other = (build_graph(explain(record(fn, 2.0))) for fn in (lambda x: x.sin() * 2.25, lambda x: x.cos() * 3.75))
    assert to_dot(one) != to_dot(other)
    assert to_dot(one, texts=False) == to_dot(other, texts=False)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_placed(any_trace: Trace, kind: str) -> None:
    graph = build_graph(explain(any_trace), kind)  # type: ignore[arg-type]
    placed = lay_out(graph)
    assert set(placed.boxes) == {box.key for box in graph.boxes}
    assert set(placed.links) == {link.key for link in graph.links}
    for frame in placed.boxes.values():
        assert frame.x >= -1 and frame.y >= -1
        assert frame.x + frame.width <= placed.width + 1 and frame.y + frame.height <= placed.height + 1


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_do_not_overlap(any_trace: Trace, kind: str) -> None:
    frames = list(lay_out(build_graph(explain(any_trace), kind)).boxes.values())  # type: ignore[arg-type]
    for i, a in enumerate(frames):
        for b in frames[:i]:
            apart_x = a.x + a.width <= b.x + 1 or b.x + b.width <= a.x + 1
            assert apart_x or a.y + a.height <= b.y + 1 or b.y + b.height <= a.y + 1


def test_values_do_not_change_the_layout() -> None:
    def dot(x: float) -> str:
        return to_dot(build_graph(explain(record(lambda x: torch.sin(x) * x, x))))

    assert dot(1.0) == dot(-12345.678)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_are_drawn_as_typed(kind: str) -> None:
    trace = record(lambda *x: sum(x[1:], x[0]), *[float(i) for i in range(len(HOSTILE))], names=HOSTILE)
    text = static_svg(trace, kind)  # type: ignore[arg-type]
    root = ElementTree.fromstring(text)
    drawn = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    expected = {f"{name}.grad" for name in HOSTILE} if kind == "backward" else set(HOSTILE)
    assert expected <= drawn
    assert not [element for element in root.iter() if element.tag.rpartition("}")[2] in ("script", "img", "b")]


def test_hostile_names_reach_dot_as_text() -> None:
    graph = build_graph(explain(record(lambda *x: sum(x[1:], x[0]), *[1.0] * len(HOSTILE), names=HOSTILE)))
    text = to_dot(graph)
    assert not re.search(r"label=<", text), "no label is taken for HTML"
    assert '"\\"];x["' in text and '"back\\\\slash\\\\n"' in text and "&amp;lt;b&amp;gt;" in text
    assert all(re.match(r'\t*(\w+( -> \w+)? \[|graph|node|edge|digraph|\}|")', line) for line in text.splitlines())


class Deep(nn.Module):
    """Forty blocks of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*[nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(40)])

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x).sum()


def test_large_models_collapse_by_module() -> None:
    trace = record(Deep(), torch.ones(1, 2))
    graph = build_graph(explain(trace), limit=60)
    assert len(graph.boxes) <= 60
    keys = {box.key for box in graph.boxes}
    assert "module-blocks.7" in keys
    assert graph.drawn(f"op-{trace.values[trace.outputs[0]].op}")[-1] in keys
    for op in trace.ops:
        assert graph.drawn(f"op-{op.id}")[-1] in keys, "every op is drawn somewhere"
    for step in trace.steps:
        if step.node is not None:
            node = trace.nodes[step.node]
            assert build_graph(explain(trace), "backward", limit=60).drawn(f"node-{node.id}")
            break


@pytest.mark.parametrize("kind", KINDS)
def test_long_runs_collapse(kind: str) -> None:
    def program(x: Tensor) -> Tensor:
        for _ in range(600):
            x = torch.sin(x) + 0.1
        return x

    graph = build_graph(explain(record(program, 1.0)), kind)  # type: ignore[arg-type]
    assert len(graph.boxes) <= 300
    assert any("more" in box.title for box in graph.boxes)
    assert lay_out(graph).width > 0


def test_many_uses_of_one_value_collapse() -> None:
    graph = build_graph(explain(record(lambda x: torch.stack([x] * 2000).sum(), 1.0)))
    assert len(graph.links) < 500
    assert sum(link.count for link in graph.links) >= 2000


def test_layout_in_many_threads() -> None:
    graphs = [build_graph(explain(record(lambda x, n=n: sum([x] * n), 1.0))) for n in range(2, 10)]
    alone = [lay_out(graph) for graph in graphs]
    layout._run.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lay_out, graphs * 4))
    assert together == alone * 4


def test_missing_graphviz_has_a_cure(l04: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dot_process, "binary", lambda: "/nowhere/dot")
    layout._run.cache_clear()
    with pytest.raises(PlaygroundError) as caught:
        lay_out(build_graph(explain(l04)))
    assert "graphviz-pure" in caught.value.hint


def test_static_svg_shows_the_numbers_of_l04(l04: Trace) -> None:
    text = static_svg(l04)
    for number in ("11.652", "5.5", "1.716", "−0.9589", "10.693"):
        assert f">{number}</text>" in text
    assert 'role="img"' in text and "<title>" in text and "<desc>" in text and "prefers-color-scheme:dark" in text
