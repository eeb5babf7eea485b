"""What of one trace corresponds to what of another: by hand for edits that people make, and for random programs."""

from __future__ import annotations

import torch
from hypothesis import given
from torch import nn

from playground import record, run
from playground.explain.comparison.pairing import Pairing, paired
from playground.trace.trace import Trace
from tests.strategies import programs

NET = "h = relu(W @ x + b)\nf = (h * h).sum()"
LEAVES = {"W": [[1.0, 2.0], [3.0, -4.0]], "x": [1.0, 2.0], "b": [0.0, 1.0]}


def calls(left: Trace, right: Trace, pairing: Pairing) -> list[tuple[str, str]]:
    return [(left.ops[i].name, right.ops[j].name) for i, j in pairing.ops]


def named(left: Trace, right: Trace, pairing: Pairing) -> set[tuple[str, str]]:
    return {(left.values[i].label, right.values[j].label) for i, j in pairing.values}


def steps(left: Trace, right: Trace, pairing: Pairing) -> tuple[list[int], list[int]]:
    """The steps of either side that have no partner."""
    ours, theirs = {i for i, _ in pairing.steps}, {j for _, j in pairing.steps}
    return (
        [step.index for step in left.steps if step.index not in ours],
        [step.index for step in right.steps if step.index not in theirs],
    )


@given(program=programs())
def test_a_trace_corresponds_to_itself(program: tuple[str, dict[str, float]]) -> None:
    one, again = run(*program), run(*program)
    found = paired(one, again)
    for pairs, records in (
        (found.values, one.values),
        (found.ops, one.ops),
        (found.steps, one.steps),
    ):
        assert pairs == tuple((i, i) for i in range(len(records)))
    reached = {i for i, node in enumerate(one.nodes) if node.op is not None or node.leaf is not None}
    assert {i for i, _ in found.nodes} == reached and all(i == j for i, j in found.nodes)


def test_a_call_that_was_taken_out() -> None:
    left, right = run(NET, LEAVES), run(NET.replace("relu(W @ x + b)", "W @ x + b"), LEAVES)
    found = paired(left, right)
    same = ["matmul", "add", "mul", "sum"]
    assert calls(left, right, found) == [(name, name) for name in same]
    assert [left.ops[i].name for i in range(5) if i not in dict(found.ops)] == ["relu"]
    ours, theirs = steps(left, right, found)
    assert theirs == []
    assert [left.steps[k].kind for k in ours] == ["op", "node"]
    assert [left.nodes[left.steps[k].node or 0].name for k in ours[1:]] == ["ReluBackward0"]


def test_a_line_that_was_put_in() -> None:
    left = run("a = x * y\nf = a + y", {"x": 2.0, "y": 3.0})
    right = run("a = x * y\nb = sin(a)\nf = a + y", {"x": 2.0, "y": 3.0})
    found = paired(left, right)
    assert found.ops == ((0, 0), (1, 2))
    assert named(left, right, found) == {("x", "x"), ("y", "y"), ("a", "a"), ("f", "f")}


def test_another_function_under_the_same_name() -> None:
    left, right = run("h = relu(x)\nf = h * h", {"x": 2.0}), run("h = tanh(x)\nf = h * h", {"x": 2.0})
    found = paired(left, right)
    assert calls(left, right, found) == [("relu", "tanh"), ("mul", "mul")]
    assert steps(left, right, found) == ([], []), "step by step, backward too"


def test_renamed_throughout() -> None:
    left, right = run("f = sin(x) * x", {"x": 2.0}), run("g = sin(z) * z", {"z": 2.0})
    found = paired(left, right)
    assert calls(left, right, found) == [("sin", "sin"), ("mul", "mul")]
    assert named(left, right, found) == {("v1", "v1"), ("f", "g"), ("x", "z")}


def test_a_leaf_goes_by_its_name_before_its_place() -> None:
    left, right = run("f = sin(x) * y", {"x": 2.0, "y": 3.0}), run("f = sin(y) * x", {"x": 2.0, "y": 3.0})
    assert {("x", "x"), ("y", "y")} <= named(left, right, paired(left, right))


def test_a_loop_that_runs_once_more() -> None:
    text = "h = x\nfor i in range({}):\n    h = tanh(h * w)\nf = h * h"
    left, right = run(text.format(3), {"x": 1.0, "w": 0.5}), run(text.format(4), {"x": 1.0, "w": 0.5})
    found = paired(left, right)
    assert len(found.ops) == len(left.ops)
    assert found.ops[:6] == tuple((i, i) for i in range(6)) and found.ops[-1] == (6, 8)


def test_constants_correspond_by_their_place() -> None:
    left, right = (run(f"f = (x * torch.tensor([{n}, 2.0])).sum()", {"x": 1.0}) for n in (1.0, 5.0))
    found = paired(left, right)
    assert len(found.values) == len(left.values) == len(right.values)


def test_nothing_is_in_two_pairs_and_steps_keep_their_order() -> None:
    left = run("y = x*x + x\nz = y*y", {"x": 3.0}, passes=2)
    right = run("y = x*x*x + x\nz = y*y*x", {"x": 3.0})
    found = paired(left, right)
    for pairs in (found.values, found.ops, found.nodes, found.steps):
        ours, theirs = zip(*pairs, strict=True)
        assert len(set(ours)) == len(ours) and len(set(theirs)) == len(theirs)
    for pairs in (found.ops, found.steps):
        assert sorted(pairs, key=lambda pair: pair[1]) == sorted(pairs)


def test_modules_without_a_text() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    short = nn.Sequential(net[0], nn.Identity(), net[2])
    batch = torch.ones(2, 3)
    left, right = record(net, batch), record(short, batch)
    found = paired(left, right)
    assert [(left.ops[i].name, left.ops[i].module) for i, _ in found.ops] == [("linear", ("0",)), ("linear", ("2",))]
    assert {left.values[i].name for i, _ in found.values} >= {"0.weight", "0.bias", "2.weight", "2.bias"}
