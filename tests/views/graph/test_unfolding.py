"""Modules as boxes that the reader opens and closes: nothing is lost, nothing is drawn twice, all within the room."""

from __future__ import annotations

import math
import re
from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from playground.explain.explanation import explain
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.views.graph.build import build_graph
from playground.views.graph.graph import Graph, GraphKind
from playground.views.graph.layout import lay_out
from playground.views.graph.static import static_svg
from playground.views.graph.unfolding import Unfolding
from playground.views.stepper.html import stepper_html
from playground.views.stepper.picture import picture
from playground.views.stepper.picture_data import PictureData
from tests.views.offline import pictures_in

KINDS: tuple[GraphKind, ...] = ("forward", "backward", "both")
LIMIT = 60


class Block(nn.Module):
    """A residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        inner: Tensor = self.body(x)
        return x + inner


class Stages(nn.Module):
    """Five stages of five residual blocks: fifty linear layers."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(5):
            self.add_module(f"stage{number}", nn.Sequential(*[Block() for _ in range(5)]))

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():
            x = stage(x)
        return x.square().sum()


@pytest.fixture(scope="module")
def deep() -> Trace:
    torch.manual_seed(0)
    return record(Stages(), torch.randn(2, 4))


def drawn(trace: Trace, kind: GraphKind, *marks: str, limit: int = LIMIT, room: int | None = None) -> Graph:
    return build_graph(explain(trace), kind, limit=limit, room=room, unfolding=Unfolding.of(list(marks)))


def keys(graph: Graph) -> set[str]:
    return {box.key for box in graph.boxes}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "marks",
    [
        (),
        ("+*",),
        ("-*",),
        ("+stage1",),
        ("+stage1", "+stage1.2"),
        ("+stage1", "+stage1.2", "-stage1"),
        ("+no", "-such"),
    ],
)
def test_every_box_is_shown_or_held_by_exactly_one(deep: Trace, kind: GraphKind, marks: tuple[str, ...]) -> None:
    whole, graph = build_graph(explain(deep), kind, limit=100_000), drawn(deep, kind, *marks)
    shown = keys(graph)
    assert len(shown) == len(graph.boxes)
    held: Counter[str] = Counter()
    for box in whole.boxes:
        places = [key for key in graph.drawn(box.key) if key in shown]
        assert len(places) == 1, box.key
        held[places[0]] += box.kind not in ("leaf", "constant", "seed")
    for box in graph.boxes:
        assert box.kind != "module" or box.held == held[box.key]
    present = {end for link in graph.links for end in (link.tail, link.head)}
    assert present <= shown
    for link in whole.links:
        assert link.kind == "match" or set(graph.drawn(link.key)) & (shown | {link.key for link in graph.links})
    assert lay_out(graph).boxes.keys() == shown


def test_a_large_net_is_drawn_as_its_outermost_modules(deep: Trace) -> None:
    assert {f"module-stage{number}" for number in range(5)} <= keys(drawn(deep, "forward"))


def test_modules_open_one_in_another_down_to_the_ops(deep: Trace) -> None:
    stage = drawn(deep, "both", "+stage1")
    assert {"module-stage1.0", "module-stage1.4-backward", "module-stage2"} <= keys(stage)
    assert "module-stage1" not in keys(stage)
    block = drawn(deep, "both", "+stage1", "+stage1.2")
    assert "module-stage1.2.body" in keys(block)
    ops = drawn(deep, "both", "+stage1", "+stage1.2", "+stage1.2.body", "+stage1.2.body.1")
    relu = [box for box in ops.boxes if box.module == ("stage1", "2", "body", "1")]
    assert {box.kind for box in relu} == {"op", "node"}
    assert ops.modules is not None
    assert {"stage1", "stage1.2", "stage1.2.body", "stage1.2.body.1"} == ops.modules.opened
    framed = [".".join(path) for path, _ in lay_out(ops).clusters]
    assert {"stage1", "stage1.2", "stage1.2.body", "stage1.2.body.1"} == set(framed)


def test_closing_what_was_opened_gives_the_first_picture(deep: Trace) -> None:
    assert drawn(deep, "both", "+stage1", "-stage1").boxes == drawn(deep, "both").boxes


def test_unfolding_all_stops_at_the_room_and_says_so(deep: Trace) -> None:
    graph = drawn(deep, "forward", "+*", limit=25, room=75)
    assert graph.modules is not None
    assert 25 < len(graph.boxes) <= 75
    assert re.match(rf"{len(graph.modules.opened)} of {graph.modules.count} modules", graph.modules.message)
    everything = drawn(deep, "forward", "+*", limit=1000)
    assert everything.modules is not None
    assert everything.modules.message == ""
    assert len(everything.modules.opened) == everything.modules.count


def test_a_module_too_large_for_the_room_stays_closed_and_says_so(deep: Trace) -> None:
    marks = [f"+stage{number}" for number in range(5)] + [f"+stage{n}.{m}" for n in range(5) for m in range(5)]
    marks += [f"{mark}.body" for mark in marks[5:]]
    graph = drawn(deep, "forward", *marks, limit=25, room=75)
    assert graph.modules is not None
    assert len(graph.boxes) <= 75
    assert graph.modules.message.startswith("stage4.4.body stays closed")


def test_a_small_net_is_open_until_it_is_closed() -> None:
    trace = record(Block(), torch.ones(2, 4))
    graph = drawn(trace, "forward")
    assert not any(box.kind == "module" for box in graph.boxes)
    assert "module-body" in keys(drawn(trace, "forward", "-body"))
    assert "module-body.0" in keys(drawn(trace, "forward", "-*", "+body"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_middle_of_a_long_run_opens_part_by_part(kind: GraphKind) -> None:
    def program(x: Tensor) -> Tensor:
        for _ in range(300):
            x = torch.sin(x) + 0.1
        return x

    trace = record(program, 1.0)
    closed = drawn(trace, kind)
    (middle, *_) = [box for box in closed.boxes if box.opens == "more-0"]
    opened = drawn(trace, kind, "+more-0")
    parts = [box for box in opened.boxes if box.opens.startswith("more-0.")]
    assert sum(part.held for part in parts if part.backward == middle.backward) == middle.held
    inner = drawn(trace, kind, "+more-0", "+more-0.3")
    assert inner.modules is not None
    assert not inner.modules.message
    assert len(inner.boxes) > len(opened.boxes)


def opening(shown: PictureData) -> list[object]:
    """Everything in a picture that opens or closes a module."""
    scene = shown["scene"]
    assert scene is not None
    return [box for box in scene["boxes"] if "opens" in box] + [frame for frame in scene["frames"] if "closes" in frame]


@pytest.mark.slow
def test_without_an_opening_there_is_nothing_to_click(deep: Trace) -> None:
    assert not opening(picture(deep))
    assert picture(deep)["modules"] is None
    pictures = pictures_in(stepper_html(deep))
    assert pictures.keys() == set(KINDS)
    assert all(shown["modules"] is None and not opening(shown) for shown in pictures.values())
    assert all("toggle" not in static_svg(deep, kind) for kind in KINDS)
    assert opening(picture(deep, unfolding=Unfolding()))
    assert picture(deep, unfolding=Unfolding())["modules"] is not None


def test_boxes_say_what_they_hold_give_and_what_they_are_told(deep: Trace) -> None:
    frame = picture(deep, unfolding=Unfolding("none"), notes={"stage3": ("saves 12 kB for backward",)})
    notes = {label: text for label, text, _ in frame["items"]["module-stage3"]["lines"]}
    assert notes["gives"] == "(2, 4)"
    assert notes["saves"] == "12 kB for backward"
    parameters = [value for value in deep.values if value.kind == "parameter" and value.name.startswith("stage3.")]
    norms = [value.adjoint.tensor().norm().item() for value in parameters if value.adjoint is not None]
    ((k, text, _),) = frame["slots"]["module-stage3.gradient"]
    assert float(text) == pytest.approx(math.hypot(*norms), rel=1e-3)
    assert frame["steps"][k - 1]["kind"] == "accumulate"
    assert frame["scene"] is not None
    assert "module-stage3.gradient" in {slot for box in frame["scene"]["boxes"] for slot in box["slots"]}


@pytest.mark.parametrize("given", [None, 3, "+a", [3, None, "", "a", "+"], ["+" + "x" * 400], [["+a"]]])
def test_what_the_browser_should_never_send_is_left_out(given: object) -> None:
    assert Unfolding.of(given) == Unfolding()


def test_marks_survive_the_way_to_the_browser() -> None:
    unfolding = Unfolding.of(["-*", "+a.b", "-c"])
    assert Unfolding.of(unfolding.listed()) == unfolding
    assert len(Unfolding.of([f"+{n}" for n in range(9999)]).marks) <= 500
