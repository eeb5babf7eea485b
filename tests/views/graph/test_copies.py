"""Leaves that are drawn once more beside a use far below their first one."""

from __future__ import annotations

import resource

import pytest
import torch
from torch import Tensor, nn

from playground.explain.explanation import explain
from playground.language.run import run
from playground.recorder.record import record
from playground.views.graph import layout
from playground.views.graph.build import build_graph
from playground.views.graph.copies import FAR
from playground.views.graph.dot import to_dot
from playground.views.graph.graph import Graph, GraphKind
from playground.views.graph.layout import lay_out
from playground.views.graph.rows import downwards, first_of_pair, rows
from playground.views.stepper.picture import picture

LOOP = "f = x\n" + "f = f*s + s\n" * 20
GRU = (
    "h = x\n"
    + """z = sigmoid(Wz @ x + Uz @ h)
r = sigmoid(Wr @ x + Ur @ h)
n = tanh(Wn @ x + Un @ (r * h))
h = (1 - z) * n + z * h
"""
    * 10
)
WEIGHTS = {name: (torch.eye(3) / 2).requires_grad_() for name in ("Wz", "Uz", "Wr", "Ur", "Wn", "Un")}
NET = "h = x\n" + "h = tanh(W @ h + b)\n" * 33
COLUMN = torch.ones(3, 1).requires_grad_()
SHARED = {
    "loop": (LOOP, {"x": 1.0, "s": 0.9}),
    "gru": (GRU, {"x": COLUMN, **WEIGHTS}),
    "net": (NET, {"x": COLUMN, "b": COLUMN.detach().clone().requires_grad_(), "W": WEIGHTS["Wz"]}),
}


def graph_of(name: str, kind: GraphKind) -> Graph:
    text, given = SHARED[name]
    return build_graph(explain(run(text, given)), kind, limit=600)


@pytest.mark.parametrize("kind", ["forward", "backward", "both"])
@pytest.mark.parametrize("name", sorted(SHARED))
def test_no_link_from_a_leaf_runs_far(name: str, kind: GraphKind) -> None:
    graph = graph_of(name, kind)
    row, first = rows(graph), first_of_pair(graph)
    ends = [tuple(first.get(key, key) for key in downwards(link)) for link in graph.links]
    below = {lower for upper, lower in ends if upper != lower}
    longest = max(row[lower] - row[upper] for upper, lower in ends if upper not in below)
    assert longest <= FAR  # the leaf stands one row above its first use


@pytest.mark.parametrize("kind", ["forward", "backward", "both"])
def test_every_link_is_there_once_and_ends_where_it_did(kind: GraphKind) -> None:
    graph = graph_of("loop", kind)
    item = {box.key: box.item for box in graph.boxes}
    trace = run(*SHARED["loop"])
    uses = {f"use-{op.id}-{n}": (a.value, op.id) for op in trace.ops for n, a in enumerate(op.inputs)}
    for link in graph.links:
        if link.kind == "forward":
            value, op = uses.pop(link.key)
            made_by = trace.values[value].op
            assert item[link.tail] == (f"value-{value}" if made_by is None else f"op-{made_by}")
            assert item[link.head] == f"op-{op}"
    assert not uses or kind == "backward"
    assert len({link.key for link in graph.links}) == len(graph.links)


def test_both_halves_of_a_pair_are_drawn_once_more() -> None:
    graph = graph_of("loop", "both")
    copies = {box.key: box for box in graph.boxes if box.shows}
    assert copies
    pairs = [pair for pair in graph.pairs if pair[0] in copies]
    assert sorted(key for pair in pairs for key in pair) == sorted(copies)
    for first, second in pairs:
        users = {link.head for link in graph.links if link.tail == first}
        sent = {link.tail for link in graph.links if link.head == second}
        assert len(users) == len(sent) == 1
        assert (users.pop(), sent.pop()) in graph.pairs  # the gradient comes back from the op that took the value


def test_what_is_used_nearby_is_drawn_once() -> None:
    graph = build_graph(explain(run("sin(x)*x + x", {"x": 1.0})), "both")
    assert not any(box.shows for box in graph.boxes)
    drawn = {box.item for box in graph_of("loop", "forward").boxes}
    assert {"value-0", "value-1"} <= drawn


def test_a_copy_selects_its_leaf_and_shows_its_number() -> None:
    data = picture(run(*SHARED["loop"]), "forward")
    assert data["scene"] is not None
    boxes = data["scene"]["boxes"]
    copies = [box for box in boxes if box["classes"].endswith("copy")]
    assert copies and {box["key"] for box in copies} <= set(data["items"])
    numbers = [slot for box in boxes for slot in box["slots"] if slot in ("value-0.primal", "value-1.primal")]
    assert len(numbers) == len(copies) + 2
    assert "input s, drawn once more" in {box["label"] for box in copies}


class Step(nn.Module):
    def __init__(self, weight: nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.weight * x + self.weight)


def test_modules_hold_the_copies_that_are_used_in_them() -> None:
    weight = nn.Parameter(torch.tensor(0.5))
    trace = record(nn.Sequential(*(Step(weight) for _ in range(6))), torch.tensor(1.0))
    graph = build_graph(explain(trace), "forward")
    boxes = {box.key: box for box in graph.boxes}
    ends = [(boxes[link.tail], boxes[link.head]) for link in graph.links if boxes[link.tail].shows]
    assert len({head.module for _, head in ends}) >= 4
    assert all(copy.module == head.module for copy, head in ends)


def computed() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("kind", ["forward", "both"])
@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_weights_cost_graphviz_little(name: str, kind: GraphKind) -> None:
    """Without copies the net of 101 operations takes a minute, the loop of 20 lines 5 s."""
    graph = graph_of(name, kind)
    begin = computed()
    assert layout._run.__wrapped__(to_dot(graph, texts=False)) is not None
    assert computed() - begin < 1.5
    found = lay_out(graph)
    assert set(found.boxes) == {box.key for box in graph.boxes}
