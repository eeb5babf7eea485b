"""Computations that PyTorch does not announce call by call: custom Functions, vmap, torch.func, checkpointing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from playground.recorder.record import record
from tests.recorder.helpers import assert_consistent, leaf, node_names, note_kinds, op_names, random_leaf


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


class DoubleAndTriple(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x * 2, y * 3

    @staticmethod
    def backward(ctx: Any, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        return first * 2, second * 3


def test_a_custom_function_is_one_op() -> None:
    trace = record(lambda x: (Square.apply(x) * 3).sum(), leaf(1, 2))
    op = next(op for op in trace.ops if op.name == "Square")
    assert op.qualname.endswith("Square")
    assert [trace.values[argument.value].name for argument in op.inputs] == ["x"]
    assert [trace.nodes[node].name for node in op.nodes] == ["SquareBackward"]
    assert trace.values[op.outputs[0]].adjoint is not None
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [6, 12]
    assert all(check.gap == 0 for check in trace.sums)


def test_a_custom_function_is_noted_and_not_checked() -> None:
    trace = record(lambda x: Square.apply(x).sum(), leaf(1, 2))
    assert note_kinds(trace) == ["external", "no_check"]
    assert trace.checks == ()


def test_what_a_custom_function_saved() -> None:
    trace = record(lambda x: Square.apply(x).sum(), leaf(1, 2))
    node = next(node for node in trace.nodes if node.name == "SquareBackward")
    assert [(saved.name, saved.value) for saved in node.saved] == [("saved_tensors[0]", trace["x"].id)]


def test_a_custom_function_with_two_outputs() -> None:
    trace = record(lambda x, y: sum(DoubleAndTriple.apply(x, y)).sum(), leaf(1, 2), leaf(3, 4))
    op = next(op for op in trace.ops if op.name == "DoubleAndTriple")
    assert len(op.outputs) == 2
    assert [trace.values[index].data.tolist() for index in op.outputs] == [[2, 4], [9, 12]]
    assert trace["y"].grad is not None and trace["y"].grad.tolist() == [3, 3]
    assert all(check.gap == 0 for check in trace.sums)


def test_a_parameter_that_only_a_custom_function_uses() -> None:
    class Squared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.tensor([3.0]))

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = Square.apply(self.weight)
            return result * x

    trace = record(nn.Sequential(Squared()), torch.tensor([2.0]))
    op = next(op for op in trace.ops if op.name == "Square")
    assert (op.module, [trace.values[a.value].name for a in op.inputs]) == (("0",), ["0.weight"])
    assert trace["0.weight"].grad is not None and trace["0.weight"].grad.tolist() == [12]


def test_vmap_is_one_op() -> None:
    trace = record(lambda x: torch.vmap(lambda row: (row * row).sum())(x).sum(), random_leaf(2, 3))
    assert op_names(trace) == ["unannounced", "sum"]
    assert trace["x"].grad is not None
    assert torch.equal(trace["x"].grad.tensor(), 2 * trace["x"].data.tensor())


def test_func_grad_is_one_op() -> None:
    trace = record(lambda x: torch.func.grad(lambda z: (z**3).sum())(x).sum(), leaf(1, 2))
    assert op_names(trace) == ["unannounced", "sum"]
    assert trace["x"].grad is not None and trace["x"].grad.tolist() == [6, 12]


def test_checkpointing_without_reentry_shows_its_calls() -> None:
    trace = record(lambda x: checkpoint(lambda z: z.sin() * 2, x, use_reentrant=False).sum(), leaf(1, 2))
    assert op_names(trace) == ["sin", "mul", "sum"]
    assert_consistent(trace)


def test_checkpointing_with_reentry_is_one_op() -> None:
    trace = record(lambda x: checkpoint(lambda z: z.sin() * 2, x, use_reentrant=True).sum(), leaf(1, 2))
    assert "CheckpointFunction" in op_names(trace)
    assert node_names(trace) == ["SumBackward0", "CheckpointFunctionBackward", "AccumulateGrad"]
    x = leaf(1, 2)
    (torch.sin(x) * 2).sum().backward()
    assert trace["x"].grad is not None and x.grad is not None
    assert trace["x"].grad.tolist() == x.grad.tolist()
