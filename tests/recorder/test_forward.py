"""What the recorder sees of the forward pass: calls, arguments, names, versions."""

from __future__ import annotations

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.recorder.inputs import MOST_LOOKED_AT, named_inside
from playground.recorder.record import record
from playground.recorder.recorder import current
from playground.trace.trace import Trace
from tests.recorder.helpers import assert_consistent, close, leaf, node_names, note_kinds, op_names, random_leaf
from tests.recorder.replayed import assert_replayed


@pytest.mark.parametrize(
    ("function", "name", "qualname"),
    [
        (torch.sin, "sin", "torch.sin"),
        (lambda x: x.sin(), "sin", "torch.Tensor.sin"),
        (lambda x: 3 - x, "rsub", "torch.Tensor.__rsub__"),
        (lambda x: x[0], "getitem", "torch.Tensor.__getitem__"),
        (lambda x: x.T, "T", "torch.Tensor.T.__get__"),
        (lambda x: -x, "neg", "torch.Tensor.neg"),
        (F.relu, "relu", "torch.nn.functional.relu"),
        (lambda x: F.softmax(x, dim=-1), "softmax", "torch.nn.functional.softmax"),
    ],
)
def test_calls_have_pytorchs_names(function: object, name: str, qualname: str) -> None:
    trace = record(function, random_leaf(2, 2))  # type: ignore[arg-type]
    assert (trace.ops[0].name, trace.ops[0].qualname) == (name, qualname)


def test_questions_about_a_tensor_are_no_ops() -> None:
    def fn(x: Tensor) -> Tensor:
        assert x.shape == (3,) and x.dim() == 1 and x.dtype == torch.float64 and x.requires_grad and x.is_leaf
        return x.sum()

    assert op_names(record(fn, random_leaf(3))) == ["sum"]


def test_arguments_are_told_from_constants() -> None:
    (op,) = record(lambda x: torch.cat([x, x], dim=0), leaf(1, 2)).ops
    assert [(argument.path, argument.value) for argument in op.inputs] == [("0.0", 0), ("0.1", 0)]
    assert [(constant.path, constant.text) for constant in op.constants] == [("dim", "0")]


def test_inputs_have_the_names_of_the_parameters() -> None:
    trace = record(lambda weight, bias: weight * 2 + bias, leaf(1), leaf(2))
    assert [value.name for value in trace.values if value.kind == "input"] == ["weight", "bias"]


def test_inputs_may_be_named() -> None:
    trace = record(lambda a, b: a * b, 1.0, 2.0, names=["x", "y"])
    assert [value.name for value in trace.values] == ["x", "y", "v1"]


def test_surplus_inputs_are_numbered() -> None:
    trace = record(lambda first, *rest: first * rest[0], 1.0, 2.0)
    assert [value.name for value in trace.values] == ["first", "input1", "v1"]


def test_tensors_in_lists_and_dicts_are_inputs() -> None:
    trace = record(lambda xs, d: torch.stack(xs).sum() * d["scale"], [leaf(1, 2), leaf(3, 4)], {"scale": leaf(2)})
    assert [value.name for value in trace.values if value.kind == "input"] == ["xs.0", "xs.1", "d.scale"]


def test_numbers_become_float32_leaves() -> None:
    x = record(lambda x: x * 2, 3)["x"]
    assert (x.dtype, x.requires_grad, x.is_leaf, x.shape) == ("float32", True, True, ())


def test_numbers_beside_tensors_stay_numbers() -> None:
    trace = record(lambda x, power: x**power, leaf(2), 3)
    assert [value.name for value in trace.values] == ["x", "v1"]


def test_variables_around_the_function_keep_their_names() -> None:
    scale, shift = leaf(2.0), torch.tensor([1.0], dtype=torch.float64)
    trace = record(lambda x: x * scale + shift, leaf(3.0))
    assert (trace["scale"].kind, trace["shift"].kind) == ("input", "constant")
    assert trace["scale"].grad is not None


def test_a_partial_function() -> None:
    scale = leaf(2.0)

    def scaled(power: int, x: Tensor) -> Tensor:
        return scale * x**power

    trace = record(partial(scaled, 2), leaf(3.0))
    assert trace["scale"].grad is not None
    assert trace["scale"].grad.tolist() == [9.0]


def test_parameters_in_lists_dicts_and_attributes_have_their_path_for_a_name() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.nets = [nn.Linear(2, 1)]
            self.scale = torch.ones(2, requires_grad=True)

        def loss(self, x: Tensor) -> Tensor:
            result: Tensor = self.nets[0](x * self.scale).sum()
            return result

        def __call__(self, x: Tensor) -> Tensor:
            return self.loss(x)

    models = [nn.Linear(2, 1), {"head": (nn.Linear(2, 1),)}]
    trainer = Trainer()

    def fn(x: Tensor, more: dict[str, nn.Module]) -> Tensor:
        total: Tensor = models[0](x) + models[1]["head"][0](x) + trainer.nets[0](x) + more["net"](x)  # type: ignore
        return total.sum()

    x = torch.ones(1, 2)
    assert parameter_names(record(fn, x, {"net": nn.Linear(2, 1)})) == [
        *("models.0.weight", "models.0.bias", "models.1.head.0.weight", "models.1.head.0.bias"),
        *("trainer.nets.0.weight", "trainer.nets.0.bias", "more.net.weight", "more.net.bias"),
    ]
    for own in (trainer.loss, trainer, partial(trainer.loss)):
        assert parameter_names(record(own, x)) == ["scale", "nets.0.weight", "nets.0.bias"]


def test_names_are_looked_for_in_so_many_objects_only() -> None:
    rows = [torch.zeros(1) for _ in range(MOST_LOOKED_AT + 10)]
    assert len(named_inside({"rows": rows})) == MOST_LOOKED_AT
    circle: list[object] = [nn.ReLU()]
    circle.append(circle)
    assert list(named_inside({"circle": circle})) == ["circle.0"]


def parameter_names(trace: Trace) -> list[str]:
    return [value.name for value in trace.values if value.op is None and value.is_leaf and value.requires_grad]


def test_values_are_numbered_in_the_order_of_computation() -> None:
    trace = record(lambda x: (x.sin() + x.cos()) * x.exp(), 1.0)
    assert {op.name: trace.values[op.outputs[0]].name for op in trace.ops} == {
        "sin": "v1",
        "cos": "v2",
        "add": "v3",
        "exp": "v4",
        "mul": "v5",
    }


def test_a_leaf_that_is_called_v1_keeps_its_name() -> None:
    trace = record(lambda v1: v1 * 2 + 1, 3.0)
    assert [value.name for value in trace.values] == ["v1", "v2", "v3"]


def test_constants_born_in_the_function() -> None:
    trace = record(lambda x: x * torch.tensor([1.0, 2.0]), leaf(3, 4))
    assert (trace["c1"].kind, trace["c1"].requires_grad, op_names(trace)) == ("constant", False, ["mul"])


def test_leaves_born_in_the_function() -> None:
    trace = record(lambda x: (x * torch.ones(2, dtype=torch.float64, requires_grad=True)).sum(), leaf(3, 4))
    assert trace["c1"].kind == "input"
    assert trace["c1"].grad is not None and trace["c1"].grad.tolist() == [3.0, 4.0]


def test_requires_grad_makes_a_leaf_of_a_constant() -> None:
    trace = record(lambda: (torch.ones(2).requires_grad_() * 2).sum())
    assert (trace["c1"].kind, trace["c1"].is_leaf, trace["c1"].requires_grad) == ("input", True, True)
    assert trace["c1"].grad is not None and trace["c1"].grad.tolist() == [2.0, 2.0]


def test_a_detached_copy_may_become_a_leaf() -> None:
    trace = record(lambda x: ((x * 2).detach().requires_grad_() ** 2).sum(), leaf(3.0))
    value = trace.values[trace.ops[1].outputs[0]]
    assert (value.is_leaf, value.grad is not None and value.grad.tolist()) == (True, [12.0])
    assert trace["x"].adjoint is None


@pytest.mark.parametrize(
    ("function", "backward"),
    [
        (lambda x: x.t(), "TBackward0"),
        (lambda x: x.reshape(-1), "ViewBackward0"),
        (lambda x: x[1:], "SliceBackward0"),
        (lambda x: x[0].expand(4, 3), "ExpandBackward0"),
        (lambda x: x.unsqueeze(0), "UnsqueezeBackward0"),
        (lambda x: x.permute(1, 0), "PermuteBackward0"),
        (lambda x: x.diagonal(), "DiagonalBackward0"),
        (lambda x: x.as_strided((2,), (1,)), "AsStridedBackward0"),
        (lambda x: x.unfold(0, 2, 1), "UnfoldBackward0"),
        (lambda x: x.T.contiguous(), "CloneBackward0"),
    ],
)
def test_views(function: object, backward: str) -> None:
    trace = record(lambda x: (function(x) * 3).sum(), random_leaf(2, 3))  # type: ignore[operator]
    assert backward in node_names(trace)
    assert_consistent(trace)


def test_an_op_that_hands_its_input_on_makes_an_alias() -> None:
    trace = record(lambda x: F.dropout(x, 0.5, training=False) * 2, leaf(1, 2))
    alias = trace.values[trace.ops[0].outputs[0]]
    assert alias.alias_of == trace["x"].id
    assert trace.ops[0].nodes == ()
    assert_consistent(trace)


def test_dropout_in_eval_mode_is_not_in_place_whatever_it_was_told() -> None:
    trace = record(lambda x: F.dropout(x.flatten(), 0.5, training=False, inplace=True) * 2, leaf(1, 2))
    assert not any(op.in_place for op in trace.ops)
    assert trace.checks


# Several outputs.


def test_split_with_an_unused_chunk() -> None:
    trace = record(lambda x: (x.split(2)[0] * 2).sum(), leaf(1, 2, 3, 4))
    first, second = (trace.values[index] for index in trace.ops[0].outputs)
    assert (first.output_index, second.output_index, first.output_nr, second.output_nr) == (0, 1, 0, 1)
    assert second.adjoint is None
    step = next(s for s in trace.steps if s.node is not None and trace.nodes[s.node].name == "SplitBackward0")
    assert step.incoming[1] is None
    assert_consistent(trace)


def test_topk_has_values_and_indices() -> None:
    trace = record(lambda x: torch.topk(x, 2).values.sum(), leaf(3, 1, 2))
    values, indices = (trace.values[index] for index in trace.ops[0].outputs)
    assert (values.requires_grad, indices.requires_grad, indices.dtype) == (True, False, "int64")
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [1, 0, 1]


def test_unbind_feeds_one_node_with_two_outputs() -> None:
    trace = record(lambda x: (x.unbind()[0] * x.unbind()[1]).sum(), random_leaf(2, 3))
    assert_consistent(trace)


def test_a_tuple_of_outputs() -> None:
    trace = record(lambda x: (x * 2, {"third": x * 3}), leaf(1, 2))
    assert len(trace.outputs) == len(trace.passes[0].roots) == 2
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [5, 5]


# What needs no gradient.


def test_integer_inputs_have_no_adjoint() -> None:
    trace = record(lambda x, i: x[i].sum(), leaf(1, 2, 3), torch.tensor([0, 0, 2]))
    assert trace["i"].adjoint is None
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [2, 0, 1]
    assert_consistent(trace)


def test_argmax_is_recorded_without_a_node() -> None:
    trace = record(lambda x: x[x.argmax()] * 2, leaf(1, 3, 2))
    assert trace.ops[0].name == "argmax"
    assert trace.ops[0].nodes == ()
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [0, 2, 0]


def test_detach_cuts_the_gradient() -> None:
    trace = record(lambda x: x.detach() * x, leaf(3.0))
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [3.0]
    assert_consistent(trace)


def test_no_grad_is_noted_on_the_op() -> None:
    def fn(x: Tensor) -> Tensor:
        with torch.no_grad():
            scale = x * 2
        return x * scale

    trace = record(fn, leaf(3.0))
    assert [op.grad_enabled for op in trace.ops] == [False, True]
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [6.0]
    assert_consistent(trace)


def test_inference_tensors_can_be_inputs() -> None:
    with torch.inference_mode():
        data = torch.ones(3)
    trace = record(lambda x, w: (x + w).sum(), data, torch.ones(3, requires_grad=True))
    assert trace["w"].grad is not None


def test_nothing_requires_grad() -> None:
    trace = record(lambda x: x * 2, torch.ones(2))
    assert (trace.passes, note_kinds(trace)) == ((), ["no_gradient"])
    assert trace["x"].adjoint is None


def test_nothing_is_returned() -> None:
    trace = record(lambda x: None, 2.0)
    assert (trace.outputs, trace.passes, note_kinds(trace)) == ((), (), ["no_gradient"])


def test_a_leaf_is_returned_as_it_is() -> None:
    trace = record(lambda x: x, 2.0)
    assert (trace.ops, trace["x"].grad is not None and trace["x"].grad.item()) == ((), 1.0)
    assert_consistent(trace)


def test_data_dependent_branches() -> None:
    trace = record(lambda x: x * 2 if x.sum() > 0 else x * 3, leaf(-1.0))
    assert op_names(trace) == ["sum", "gt", "mul"]
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [3.0]


# In-place calls.


def test_in_place_calls_keep_the_old_numbers() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * 2
        y.add_(3)
        y[0] = x[1]
        F.relu(y, inplace=True)
        return (y * x).sum()

    trace = record(fn, leaf(1, -2, 3))
    history = [value.data.tolist() for value in trace.values if value.shape == (3,) and value.op is not None]
    assert history == [[2, -4, 6], [5, -1, 9], [-2, -1, 9], [0, 0, 9], [0, 0, 27]]
    assert [op.name for op in trace.ops if op.in_place] == ["add_", "setitem", "relu"]
    assert [v.was_modified for v in trace.values if v.shape == (3,) and v.op is not None] == [True] * 3 + [False] * 2
    assert_consistent(trace)


def test_augmented_assignment_is_in_place() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * 2
        y *= 5
        return y.sum()

    trace = record(fn, leaf(1, 2))
    assert [value.data.tolist() for value in trace.values] == [[1, 2], [2, 4], [10, 20], 30]
    assert trace["v2"].version == 1
    assert_consistent(trace)


def test_writing_through_a_view_makes_a_new_version_of_what_it_looks_at() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * 2
        y[0].mul_(3)
        return y.sum()

    trace = record(fn, leaf(1, 2))
    op = next(op for op in trace.ops if op.name == "mul_")
    assert [trace.values[index].data.tolist() for index in op.outputs] == [6, [6, 4]]
    assert trace["v1"].data.tolist() == [2, 4]
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [6, 2]
    assert all(check.gap == 0 for check in trace.sums)
    assert "no_check" in note_kinds(trace)  # a second run could not tell the views apart


def test_writing_through_a_detached_tensor() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * 2
        y.detach().add_(1)
        return (y * x).sum()

    trace = record(fn, leaf(1, 2))
    assert trace["v1"].data.tolist() == [2, 4]
    assert trace.values[trace.ops[-2].inputs[0].value].data.tolist() == [3, 5]


def test_writing_through_data_which_counts_no_version() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * 2
        y.data.mul_(10)
        return (y * x).sum()

    trace = record(fn, leaf(1, 2))
    assert trace["v1"].data.tolist() == [2, 4]
    assert trace.values[trace.ops[-2].inputs[0].value].data.tolist() == [20, 40]


def test_filling_an_empty_tensor() -> None:
    def fn(x: Tensor) -> Tensor:
        table = torch.zeros(3, 2, dtype=x.dtype)
        table[:, 0] = x
        table[:, 1] = x * 2
        return table.prod()

    trace = record(fn, random_leaf(3))
    assert node_names(trace).count("CopySlices") == 2
    assert_consistent(trace)


def test_a_list_that_grows_after_a_call_stays_as_the_call_had_it() -> None:
    def dense(x: Tensor) -> Tensor:
        features = [x]
        for _ in range(2):
            features.append(torch.cat(features).sin())
        shape = [2, 4]
        square = torch.cat(features).reshape(shape)
        shape.reverse()
        return torch.einsum("ij,jk", [square, square.reshape(shape)]).sum()

    x = leaf(1, 2)
    trace = record(dense, x)
    assert [len(op.inputs) for op in trace.ops if op.name == "cat"] == [1, 2, 3]
    assert [op.constants[0].text for op in trace.ops if op.name == "reshape"] == ["[2, 4]", "[4, 2]"]
    assert trace.checks
    assert_consistent(trace)
    assert_replayed(trace)
    forward = record(dense, x, tangent={"x": [1.0, 0.0]})
    (slope,) = torch.autograd.grad(dense(x), x)
    assert forward.values[forward.outputs[0]].tangent is not None
    assert close(forward.values[forward.outputs[0]].tangent.item(), slope[0].item())  # type: ignore[union-attr]


def test_an_output_argument_is_written_to() -> None:
    def fn(x: Tensor) -> Tensor:
        total = torch.zeros(2, dtype=x.dtype)
        torch.add(x.detach(), 1, out=total)
        return total * x

    trace = record(fn, leaf(1, 2))
    assert trace["c1"].data.tolist() == [0, 0]
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [2, 3]


def test_labels_and_spans_come_from_the_recorder_at_work() -> None:
    def fn(x: Tensor) -> Tensor:
        hidden = x * 2
        recorder = current()
        assert recorder is not None
        recorder.label(hidden, "hidden")
        return hidden + 1

    trace = record(fn, 3.0)
    assert (trace["hidden"].name, trace["hidden"].label) == ("v1", "hidden")


def test_a_recording_inside_a_recording_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="already under way"):
        record(lambda x: record(lambda y: y, x)["y"], 2.0)
    assert current() is None


def test_a_missing_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        record(lambda x: x * 2, 2.0)["y"]
