"""What the recorder sees of the backward pass: nodes, edges, contributions, accumulation, several passes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from playground.errors import PlaygroundError
from playground.recorder.record import record
from playground.trace.array import Array
from playground.trace.records import Contribution, Step
from playground.trace.trace import Trace
from tests.recorder.helpers import (
    assert_consistent,
    assert_differences_agree,
    leaf,
    node_names,
    note_kinds,
    op_names,
    random_leaf,
    step_names,
)


def step_of(trace: Trace, node_name: str) -> Step:
    return next(s for s in trace.steps if s.node is not None and trace.nodes[s.node].name == node_name)


def contribution_to(trace: Trace, name: str) -> Contribution:
    for step in trace.steps:
        for part in step.contributions:
            assert step.node is not None
            target = trace.nodes[step.node].edges[part.edge].value
            if target is not None and trace.values[target].name == name:
                return part
    raise AssertionError(f"nothing was sent to {name}")


def test_fan_out_has_one_edge_per_use() -> None:
    trace = record(lambda x: x * x + x, 3.0)
    mul = next(node for node in trace.nodes if node.name == "MulBackward0")
    x = trace["x"].id
    assert [(edge.value, edge.use) for edge in mul.edges] == [(x, (0, "0")), (x, (0, "1"))]
    assert [part.data.item() for part in step_of(trace, "MulBackward0").contributions] == [3.0, 3.0]
    assert trace["x"].grad is not None and trace["x"].grad.item() == 7.0
    assert_consistent(trace)


def test_fan_out_sums_by_and_by() -> None:
    trace = record(lambda x: x * x + x, 3.0)
    x = trace["x"].id
    sums = [trace.at(k).adjoints.get(x) for k in range(len(trace.steps) + 1)]
    assert [None if part is None else part.item() for part in sums] == [None, None, None, None, 1.0, 7.0, 7.0]


@pytest.mark.parametrize(
    ("function", "shape", "axes_summed_from"),
    [
        (lambda w, b: w + b, (3,), (2, 3)),
        (lambda w, b: w * b, (1, 1), (2, 3)),
        (lambda w, b: w - b, (2, 1), (2, 3)),
        (lambda w, b: w / b, (), (2, 3)),
        (lambda w, b: torch.where(w > 0, w, b), (1,), (2, 3)),
        (torch.maximum, (3,), (2, 3)),
    ],
)
def test_broadcasting_is_undone_by_a_sum(
    function: object, shape: tuple[int, ...], axes_summed_from: tuple[int, ...]
) -> None:
    trace = record(function, random_leaf(2, 3), random_leaf(*shape, seed=1), names=["w", "b"])  # type: ignore[arg-type]
    part = contribution_to(trace, "b")
    assert (part.data.shape, part.reduced_from) == (shape, axes_summed_from)
    assert contribution_to(trace, "w").reduced_from is None
    assert_consistent(trace)


def test_a_sum_over_an_axis_is_no_broadcast_reduction() -> None:
    trace = record(lambda x: x.sum(0).exp(), random_leaf(2, 3))
    assert contribution_to(trace, "x").reduced_from is None


def test_the_seed_of_a_tensor_is_ones_and_is_noted() -> None:
    trace = record(lambda x: x * 2, leaf(1, 2))
    assert trace.passes[0].seeds[0].tolist() == [1, 1]
    assert note_kinds(trace) == ["seed"]


def test_a_given_seed_needs_no_note() -> None:
    trace = record(lambda x: x * 2, leaf(1, 2), seed=torch.tensor([1.0, 10.0], dtype=torch.float64))
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [2, 20]
    assert note_kinds(trace) == []
    assert_consistent(trace)


def test_a_composite_call_makes_several_nodes() -> None:
    trace = record(lambda x: F.cross_entropy(x, torch.tensor([1])), random_leaf(1, 3))
    (op,) = trace.ops
    assert [trace.nodes[node].name for node in op.nodes] == ["LogSoftmaxBackward0", "NllLossBackward0"]
    assert all(trace.nodes[node].op == op.id for node in op.nodes)
    inner = next(edge for edge in trace.nodes[op.nodes[1]].edges if edge.node is not None)
    assert (inner.node, inner.value, inner.use) == (op.nodes[0], None, None)
    assert_consistent(trace)


def test_a_call_that_does_not_reach_the_output_has_nodes_that_never_ran() -> None:
    trace = record(lambda x: (x.sin(), x * 2)[1], 2.0)
    ran = {step.node for step in trace.steps}
    assert [node.name for node in trace.nodes if node.id not in ran] == ["SinBackward0"]
    assert trace["v1"].adjoint is None


def test_saved_tensors_are_read_before_the_engine_frees_them() -> None:
    trace = record(lambda x: torch.softmax(x, dim=-1).sum(), random_leaf(3))
    node = next(node for node in trace.nodes if node.name == "SoftmaxBackward0")
    saved = {entry.name: entry for entry in node.saved}
    assert saved["result"].value == trace.ops[0].outputs[0]
    assert saved["result"].data == trace["v1"].data
    assert saved["dim"].text == "-1"


def test_a_saved_tensor_that_is_no_value() -> None:
    trace = record(lambda x: F.max_pool1d(x, 2).sum(), random_leaf(1, 1, 4))
    indices = [entry for node in trace.nodes for entry in node.saved if entry.data is not None and entry.value is None]
    assert indices
    assert all(entry.data is not None and entry.data.numel > 0 for entry in indices)


# `.grad`


def test_grad_starts_at_none_and_the_leafs_own_is_left_alone() -> None:
    x = leaf(3.0)
    x.grad = torch.tensor([7.0], dtype=torch.float64)
    trace = record(lambda x: x * x, x)
    step = step_of(trace, "AccumulateGrad")
    assert (step.grad_before, step.grad_after and step.grad_after.tolist()) == (None, [6.0])
    assert x.grad.tolist() == [7.0]


def test_a_leaf_without_grad_has_none_afterwards() -> None:
    x = leaf(3.0)
    record(lambda x: x * x, x)
    assert x.grad is None


def test_two_passes_double_the_gradient() -> None:
    trace = record(lambda x1, x2: x1 * x2, 2.0, 3.0, passes=2)
    x1 = trace["x1"]
    assert x1.grad is not None and x1.adjoint is not None
    assert (x1.grad.item(), x1.adjoint.item()) == (6.0, 3.0)
    added = [step for step in trace.steps if step.kind == "accumulate"]
    assert [(s.grad_before and s.grad_before.item(), s.grad_after and s.grad_after.item()) for s in added] == [
        *((None, 3.0), (None, 2.0)),
        *((3.0, 6.0), (2.0, 4.0)),
    ]
    assert [backward_pass.implicit for backward_pass in trace.passes] == [True, True]
    assert_consistent(trace)


def test_zero_grad_between_passes() -> None:
    trace = record(lambda x1, x2: x1 * x2, 2.0, 3.0, passes=2, zero_grad=True)
    assert step_names(trace)[5:7] == ["clear x1.grad", "clear x2.grad"]
    cleared = trace.steps[5]
    assert cleared.grad_before is not None and cleared.grad_before.item() == 3.0
    assert trace["x1"].grad is not None and trace["x1"].grad.item() == 3.0
    assert trace["x1"].id not in trace.at(6).grads


def test_no_pass_at_all_still_shows_the_graph() -> None:
    trace = record(lambda x1, x2: x1 * x2, 2.0, 3.0, passes=0)
    assert trace.passes == ()
    assert node_names(trace) == ["MulBackward0", "AccumulateGrad", "AccumulateGrad"]
    assert [(saved.name, saved.value) for saved in trace.nodes[0].saved] == [("other", 1), ("self", 0)]
    assert [edge.node for edge in trace.nodes[0].edges] == [1, 2]
    assert all(value.adjoint is None and value.grad is None for value in trace.values)
    assert trace.checks == ()


def test_the_users_own_backward_calls() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * x
        y.backward(retain_graph=True)
        y.backward()
        return y

    x = torch.tensor(3.0, requires_grad=True)
    trace = record(fn, x)
    assert [(p.kind, p.implicit) for p in trace.passes] == [("backward", False), ("backward", False)]
    assert trace["x"].grad is not None and trace["x"].grad.item() == 12.0
    assert x.grad is not None and x.grad.item() == 12.0  # what the user's code did stays done
    assert_consistent(trace)


def test_grad_is_a_value() -> None:
    def fn(x: Tensor) -> Tensor:
        y = (x**2).sum()
        y.backward()
        assert x.grad is not None
        with torch.no_grad():
            return x - 0.1 * x.grad

    trace = record(fn, leaf(1, 2))
    assert op_names(trace) == ["pow", "sum", "grad", "mul", "sub"]  # read twice, shown once
    assert trace.values[trace.ops[2].outputs[0]].data.tolist() == [2, 4]
    phases = [(step.phase, step.kind) for step in trace.steps]
    assert phases[2:5] == [("backward", "seed"), ("backward", "node"), ("backward", "node")]
    assert phases[-1] == ("forward", "op")


def test_steps_of_gradient_descent_by_hand() -> None:
    def fn(x: Tensor) -> Tensor:
        for _ in range(2):
            y = (x * x).sum()
            y.backward()
            with torch.no_grad():
                assert x.grad is not None
                x -= 0.1 * x.grad
            x.grad = None
        return y

    trace = record(fn, leaf(1.0))
    first, second = (value for value in trace.values if value.is_leaf and value.adjoint is not None)
    assert (first.name, first.data.tolist(), first.adjoint and first.adjoint.tolist()) == ("x", [1.0], [2.0])
    assert (second.op is not None, second.data.tolist()) == (True, [0.8])
    assert second.adjoint is not None and second.adjoint.tolist() == [1.6]
    assert step_names(trace).count("clear x.grad") == 2
    assert_consistent(trace)


def test_an_optimizer_at_work() -> None:
    x = leaf(1.0)
    optimizer = torch.optim.SGD([x], lr=0.1)

    def fn(x: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        optimizer.step()
        return loss

    record(fn, x)
    trace = record(fn, x)
    assert "clear x.grad" in step_names(trace)[:2]
    assert trace.ops[-1].in_place
    assert trace["x"].data.tolist() == [0.8]
    assert x.tolist() == [pytest.approx(0.64)]


def test_backward_towards_some_inputs_only() -> None:
    def fn(x: Tensor, y: Tensor) -> Tensor:
        product = x * y
        product.sum().backward(inputs=[x])
        return product

    trace = record(fn, leaf(1, 2), leaf(3, 4))
    assert trace["y"].adjoint is None
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [3, 4]


def test_torch_autograd_grad_leaves_grad_alone() -> None:
    def fn(x: Tensor) -> Tensor:
        (gradient,) = torch.autograd.grad((x**3).sum(), [x])
        return gradient

    trace = record(fn, leaf(1, 2))
    assert trace.passes[0].kind == "grad"
    assert trace["x"].adjoint is not None and trace["x"].adjoint.tolist() == [3, 12]
    assert trace["x"].grad is None
    assert "AccumulateGrad" not in {trace.nodes[s.node].name for s in trace.steps if s.node is not None}
    assert_consistent(trace)


def test_an_unused_input_of_torch_autograd_grad() -> None:
    def fn(x: Tensor, y: Tensor) -> Tensor:
        return torch.autograd.grad((x * 2).sum(), [x, y], allow_unused=True)[0]

    assert record(fn, leaf(1), leaf(2))["y"].adjoint is None


def test_two_losses_each_with_its_own_backward() -> None:
    def fn(x: Tensor) -> Tensor:
        first, second = (x**2).sum(), (x**3).sum()
        first.backward()
        second.backward()
        return second

    trace = record(fn, leaf(2.0))
    assert trace["x"].adjoint is not None and trace["x"].adjoint.tolist() == [12]
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [16]
    assert_consistent(trace)  # the first loss's values are not checked against the second


def test_an_op_without_a_derivative_is_one_clear_error() -> None:
    with pytest.raises(PlaygroundError, match="floor_divide"):
        record(lambda x: x // 2, 3.0)


def test_a_history_before_the_recording_is_followed() -> None:
    x = leaf(1.0, 2.0)
    trace = record(lambda h: h * 2, x * 3)
    assert (trace["h"].kind, trace["h"].is_leaf) == ("input", False)
    assert "external" in note_kinds(trace)
    (outside,) = [value for value in trace.values if value.is_leaf]
    assert outside.grad is not None and outside.grad.tolist() == [6, 6]
    assert_consistent(trace)


def test_a_graph_from_before_can_be_recorded_twice() -> None:
    history = leaf(1.0) * 3
    for _ in range(2):
        assert record(lambda h: h * h, history)["h"].adjoint is not None


def test_hooks_of_the_user_run_and_are_noted() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * 2
        y.register_hook(lambda gradient: gradient * 10)
        return (y * y).sum()

    trace = record(fn, leaf(1.0))
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [80]
    assert {check.note.startswith("by design: a hook") for check in trace.checks if check.value < 2} == {True}
    assert_differences_agree(trace)


def test_a_sparse_gradient() -> None:
    trace = record(lambda w: F.embedding(torch.tensor([0, 0, 2]), w, sparse=True).sum(), random_leaf(4, 2))
    assert trace["w"].grad is not None
    assert trace["w"].grad.tolist() == [[2, 2], [0, 0], [1, 1], [0, 0]]
    assert_consistent(trace)


@pytest.mark.filterwarnings("ignore:Sparse")
def test_a_compressed_sparse_leaf() -> None:
    dense = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    leaf_ = dense.to_sparse_csr().requires_grad_()
    trace = record(lambda a, b: torch.sparse.mm(a, b).sum(), leaf_, torch.ones(2, 2))
    assert trace["a"].grad is not None
    assert trace["a"].grad.tolist() == [[2, 0], [0, 2]]


# Derivatives of derivatives.


def test_a_gradient_with_create_graph() -> None:
    def fn(x: Tensor) -> Tensor:
        (gradient,) = torch.autograd.grad(torch.sin(x) * x**3, x, create_graph=True)
        return gradient

    trace = record(fn, torch.tensor(2.0, dtype=torch.float64, requires_grad=True))
    x = torch.tensor(2.0, dtype=torch.float64)
    expected = -torch.sin(x) * x**3 + 6 * x**2 * torch.cos(x) + 6 * x * torch.sin(x)
    assert trace["x"].adjoint is not None
    assert trace["x"].adjoint.item() == pytest.approx(expected.item())
    assert [backward_pass.create_graph for backward_pass in trace.passes] == [True, False]
    assert_consistent(trace)


def test_running_a_node_with_create_graph_is_itself_an_op() -> None:
    trace = record(lambda x: torch.autograd.grad(x**3, x, create_graph=True)[0], 2.0)
    op = next(op for op in trace.ops if op.first_backward is not None)
    assert (op.name, trace.nodes[op.first_backward or 0].name) == ("PowBackward0", "PowBackward0")
    step = next(step for step in trace.steps if step.op == op.id)
    assert (step.phase, step.kind, step.node) == ("backward", "node", op.first_backward)
    assert trace.values[op.outputs[0]].data.item() == 12.0


def test_second_derivative_by_name() -> None:
    trace = record(lambda x, y: x**3 * y, 2.0, 5.0, second="x")
    assert trace["x"].adjoint is not None and trace["y"].adjoint is not None
    assert (trace["x"].adjoint.item(), trace["y"].adjoint.item()) == (60.0, 12.0)
    assert [trace.values[root].data.item() for root in trace.outputs] == [60.0]
    assert_consistent(trace)


def test_second_derivative_of_a_vector() -> None:
    trace = record(lambda x: (x**3).sum(), leaf(1, 2), second="x")
    assert trace["x"].adjoint is not None and trace["x"].adjoint.tolist() == [6, 12]
    assert_consistent(trace)


def test_second_derivative_that_is_zero() -> None:
    trace = record(lambda x: x * 2, 3.0, second="x")
    assert note_kinds(trace) == ["no_gradient"]


def test_a_fan_out_under_create_graph_shows_the_engines_sum_as_an_op() -> None:
    trace = record(lambda x: x.sin() * x, 2.0, second="x")
    assert "accumulate" in op_names(trace)
    assert_consistent(trace)


def test_third_derivative() -> None:
    def fn(x: Tensor) -> Tensor:
        first = torch.autograd.grad(x**4, x, create_graph=True)[0]
        return torch.autograd.grad(first, x, create_graph=True)[0]

    trace = record(fn, 2.0)
    assert trace["x"].adjoint is not None and trace["x"].adjoint.item() == 48.0
    assert [check.difference for check in trace.checks] == pytest.approx([48.0])
    assert_consistent(trace)


@pytest.mark.filterwarnings("ignore:Using backward\\(\\) with create_graph=True")
def test_backward_with_create_graph() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x**3
        y.backward(create_graph=True)
        assert x.grad is not None
        gradient = x.grad
        x.grad = None
        return gradient * 2

    trace = record(fn, 2.0)
    assert trace.values[trace.outputs[0]].data.item() == 24.0
    assert_consistent(trace)


# Forward mode.


def test_tangents_follow_the_direction() -> None:
    trace = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0, tangent={"x1": 1.0})
    tangents = {value.name: value.tangent and value.tangent.item() for value in trace.values}
    assert tangents == {"x1": 1.0, "x2": 0.0, "v1": 0.5, "v2": 5.0, "v4": 0.0, "v3": 5.5, "v5": 5.5}
    assert trace["x1"].adjoint is not None and trace["x1"].adjoint.item() == 5.5


def test_tangents_of_an_input_that_a_call_handed_on() -> None:
    trace = record(lambda x: x.flatten() * 2, leaf(3.0), tangent={"x": [1.0]})
    assert trace.values[trace.outputs[0]].tangent == Array(torch.tensor([2.0], dtype=torch.float64))


def test_tangents_of_an_input_that_was_written_to() -> None:
    def fn(x: Tensor) -> Tensor:
        y = (x * 5).sum()
        with torch.no_grad():
            x.add_(1)
        return y

    trace = record(fn, leaf(3.0), tangent={"x": [1.0]})
    assert trace.values[trace.outputs[0]].tangent == Array(torch.tensor(5.0, dtype=torch.float64))


def test_tangents_of_vectors() -> None:
    trace = record(lambda x: (x**2).sum(), leaf(1, 2, 3), tangent={"x": [1.0, 0.0, 2.0]})
    assert trace["v1"].tangent is not None and trace["v2"].tangent is not None
    assert (trace["v1"].tangent.tolist(), trace["v2"].tangent.item()) == ([2, 0, 12], 14)


def test_tangents_agree_with_adjoints() -> None:
    direction = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    trace = record(lambda x: torch.logsumexp(x.tanh(), dim=0), leaf(0.1, 0.2, 0.3), tangent={"x": direction.tolist()})
    adjoint, tangent = trace["x"].adjoint, trace.values[trace.outputs[0]].tangent
    assert adjoint is not None and tangent is not None
    assert tangent.item() == pytest.approx(float(adjoint.tensor() @ direction))


def test_no_tangents_through_a_random_call() -> None:
    trace = record(lambda x: F.dropout(x, 0.5), leaf(1, 2), tangent={"x": [1.0, 0.0]})
    assert "no_tangent" in note_kinds(trace)
    assert trace["x"].tangent is None


def test_passes_without_forward_mode_say_so() -> None:
    trace = record(
        lambda q: F.ctc_loss(q.log_softmax(2), torch.tensor([[1]]), torch.tensor([3]), torch.tensor([1])),
        random_leaf(3, 1, 2),
        tangent={"q": torch.ones(3, 1, 2)},
    )
    assert trace["q"].tangent is not None or "no_tangent" in note_kinds(trace)


def test_node_names_are_pytorchs() -> None:
    assert node_names(record(lambda x: (x * 2).sum(), leaf(1))) == ["SumBackward0", "MulBackward0", "AccumulateGrad"]


def test_the_last_pass_has_the_last_word_on_adjoints() -> None:
    def fn(x: Tensor) -> Tensor:
        (x**2).sum().backward()
        return torch.autograd.grad((x**3).sum(), x)[0]

    trace = record(fn, leaf(2.0))
    assert trace["x"].adjoint is not None and trace["x"].adjoint.tolist() == [12]
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [4]


def test_a_backward_pass_that_cannot_be_seen_is_explained() -> None:
    def fn(x: Tensor) -> Tensor:
        y = (x * x).sum()
        torch.autograd.backward(y)
        return y

    with pytest.raises(PlaygroundError, match="second time") as caught:
        record(fn, leaf(1.0))
    assert "y.backward()" in caught.value.hint


@pytest.mark.parametrize("wrong", [{"second": "z"}, {"tangent": {"z": 1.0}}], ids=str)
def test_an_input_that_is_not_there_is_one_clear_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(PlaygroundError, match="no input `z`") as caught:
        record(lambda x: x * 2, 3.0, **wrong)
    assert caught.value.hint == "the inputs are x"
