"""The lecture's example L0.4, f(x1, x2) = log(x1) + x1*x2 - sin(x2) at (2, 5): every number and every step."""

from __future__ import annotations

import math

import pytest
import torch

from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.recorder.helpers import assert_consistent, close, step_names


@pytest.fixture(scope="module")
def l04() -> Trace:
    return record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)


@pytest.mark.parametrize(
    ("name", "primal", "adjoint"),
    [
        ("x1", 2.0, 5.5),
        ("x2", 5.0, 2.0 - math.cos(5.0)),
        ("v1", math.log(2.0), 1.0),
        ("v2", 10.0, 1.0),
        ("v4", math.sin(5.0), -1.0),
        ("v3", math.log(2.0) + 10.0, 1.0),
        ("v5", math.log(2.0) + 10.0 - math.sin(5.0), 1.0),
    ],
)
def test_values_and_adjoints(l04: Trace, name: str, primal: float, adjoint: float) -> None:
    value = l04[name]
    assert close(value.data.item(), primal)
    assert value.adjoint is not None
    assert close(value.adjoint.item(), adjoint)


def test_the_textbook_numbers() -> None:
    trace = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)
    assert f"{trace['v5'].data.item():.6g}" == "11.6521"
    assert trace["x1"].grad is not None and trace["x2"].grad is not None
    assert (f"{trace['x1'].grad.item():.6g}", f"{trace['x2'].grad.item():.6g}") == ("5.5", "1.71634")


def test_bit_for_bit_what_plain_pytorch_computes(l04: Trace) -> None:
    x1, x2 = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    f = torch.log(x1) + x1 * x2 - torch.sin(x2)
    f.backward()
    assert l04["v5"].data.item() == f.item()
    for name, plain in (("x1", x1), ("x2", x2)):
        grad = l04[name].grad
        assert plain.grad is not None and grad is not None
        assert grad.item() == plain.grad.item()


def test_steps_come_in_the_order_in_which_the_engine_runs(l04: Trace) -> None:
    assert step_names(l04) == [
        *("log", "mul", "add", "sin", "sub"),
        *("seed", "SubBackward0", "SinBackward0", "AddBackward0", "MulBackward0", "x2.grad", "LogBackward0", "x1.grad"),
    ]


def test_records_refer_to_one_another_by_position(l04: Trace) -> None:
    for records in (l04.values, l04.ops, l04.nodes, l04.passes):
        assert [record.id for record in records] == list(range(len(records)))  # type: ignore[attr-defined]
    assert [step.index for step in l04.steps] == list(range(len(l04.steps)))


def test_forward_and_backward_edges_mirror_one_another(l04: Trace) -> None:
    uses = {(op.id, argument.path): argument.value for op in l04.ops for argument in op.inputs}
    mirrored = {edge.use: edge.value for node in l04.nodes for edge in node.edges if edge.use is not None}
    assert mirrored == uses


def test_contributions_of_the_product(l04: Trace) -> None:
    step = next(s for s in l04.steps if s.node is not None and l04.nodes[s.node].name == "MulBackward0")
    assert [part.data.item() for part in step.contributions] == [5.0, 2.0]
    assert [part.local.item() for part in step.contributions if part.local is not None] == [5.0, 2.0]


def test_local_derivative_is_not_the_contribution_where_the_adjoint_is_minus_one(l04: Trace) -> None:
    step = next(s for s in l04.steps if s.node is not None and l04.nodes[s.node].name == "SinBackward0")
    (part,) = step.contributions
    assert part.local is not None
    assert close(part.local.item(), math.cos(5.0))
    assert close(part.data.item(), -math.cos(5.0))


def test_saved_tensors_are_the_values_they_were_saved_from(l04: Trace) -> None:
    saved = {
        node.name: {s.name: l04.values[s.value].name for s in node.saved if s.value is not None} for node in l04.nodes
    }
    assert saved["LogBackward0"] == {"self": "x1"}
    assert saved["MulBackward0"] == {"self": "x1", "other": "x2"}
    assert saved["SinBackward0"] == {"self": "x2"}
    assert saved["SubBackward0"] == {}


def test_all_checks_agree(l04: Trace) -> None:
    assert_consistent(l04)
    assert {l04.values[check.value].name for check in l04.checks} == {"x1", "x2", "v1", "v2", "v3", "v4", "v5"}
    assert {l04.values[check.value].name for check in l04.sums} == {"x1", "x2", "v1", "v2", "v3", "v4", "v5"}


def test_nothing_to_note(l04: Trace) -> None:
    assert l04.notes == ()


def adjoints_at(trace: Trace, k: int) -> dict[str, float]:
    snapshot = trace.at(k)
    return {trace.values[i].name: round(float(a.item()), 4) for i, a in snapshot.adjoints.items() if a is not None}


def test_at_the_start_only_leaves_have_values(l04: Trace) -> None:
    start = l04.at(0)
    assert {l04.values[index].name for index in start.primals} == {"x1", "x2"}
    assert (start.adjoints, start.grads) == ({}, {})


def test_forward_steps_reveal_one_value_each(l04: Trace) -> None:
    names = ["v1", "v2", "v3", "v4", "v5"]
    for k in range(6):
        assert {l04.values[index].name for index in l04.at(k).primals} == {"x1", "x2", *names[:k]}


@pytest.mark.parametrize(
    ("k", "adjoints"),
    [
        (5, {}),
        (6, {"v5": 1.0}),
        (7, {"v5": 1.0, "v3": 1.0, "v4": -1.0}),
        (8, {"v5": 1.0, "v3": 1.0, "v4": -1.0, "x2": -0.2837}),
        (9, {"v5": 1.0, "v3": 1.0, "v4": -1.0, "x2": -0.2837, "v1": 1.0, "v2": 1.0}),
        (10, {"v5": 1.0, "v3": 1.0, "v4": -1.0, "x2": 1.7163, "v1": 1.0, "v2": 1.0, "x1": 5.0}),
        (12, {"v5": 1.0, "v3": 1.0, "v4": -1.0, "x2": 1.7163, "v1": 1.0, "v2": 1.0, "x1": 5.5}),
    ],
)
def test_adjoints_grow_step_by_step(l04: Trace, k: int, adjoints: dict[str, float]) -> None:
    assert adjoints_at(l04, k) == adjoints


def test_grad_is_none_until_its_leaf_accumulates(l04: Trace) -> None:
    by_name = {"x1": l04["x1"].id, "x2": l04["x2"].id}
    assert l04.at(10).grads == {}
    assert set(l04.at(11).grads) == {by_name["x2"]}
    assert set(l04.at(13).grads) == {by_name["x1"], by_name["x2"]}


def test_the_end_is_the_whole_trace(l04: Trace) -> None:
    end = l04.at(len(l04.steps))
    assert end.primals == {value.id for value in l04.values}
    assert end.adjoints == {value.id: value.adjoint for value in l04.values}
    assert end.grads == {value.id: value.grad for value in l04.values if value.grad is not None}
