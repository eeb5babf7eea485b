"""Random programs: what a trace says must be what PyTorch does."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.recorder.helpers import note_kinds
from tests.recorder.strategies import Program, programs
from tests.strategies import OF_PROGRAMS


def recorded(program: Program) -> Trace:
    inputs = program.inputs()
    return record(program, *inputs, names=[f"x{index}" for index in range(len(inputs))])


@OF_PROGRAMS
@given(programs())
def test_gradients_are_pytorchs_bit_for_bit(program: Program) -> None:
    leaves = program.inputs()
    output = program(*leaves)
    gradients = torch.autograd.grad(output, leaves, allow_unused=True)
    trace = recorded(program)
    assert trace.values[trace.outputs[0]].data.item() == output.item()
    for index, gradient in enumerate(gradients):
        found = trace[f"x{index}"].grad
        assert (found is None) == (gradient is None)
        if found is not None and gradient is not None:
            assert torch.equal(found.tensor().view(torch.int64), gradient.contiguous().view(torch.int64))


@OF_PROGRAMS
@given(programs())
def test_edges_add_up_exactly(program: Program) -> None:
    assert all(check.gap == 0 for check in recorded(program).sums)


@OF_PROGRAMS
@given(programs())
def test_every_use_of_a_value_is_matched_by_at_most_one_edge(program: Program) -> None:
    trace = recorded(program)
    uses = [edge.use for node in trace.nodes for edge in node.edges if edge.use is not None]
    assert len(uses) == len(set(uses))
    for node in trace.nodes:
        for edge in node.edges:
            if edge.use is not None:
                op, path = edge.use
                assert (path, edge.value) in {(argument.path, argument.value) for argument in trace.ops[op].inputs}


@OF_PROGRAMS
@given(programs())
def test_the_steps_end_in_the_whole_trace(program: Program) -> None:
    trace = recorded(program)
    end = trace.at(len(trace.steps))
    aliases = {value.id for value in trace.values if value.alias_of is not None}  # each has a share of its original's
    own = {index: adjoint for index, adjoint in end.adjoints.items() if index not in aliases}
    reached = {value.id: value.adjoint for value in trace.values if value.adjoint is not None}
    assert own == {index: adjoint for index, adjoint in reached.items() if index not in aliases}
    assert aliases & end.adjoints.keys() <= reached.keys()
    assert end.grads == {value.id: value.grad for value in trace.values if value.grad is not None}


# A vector of zeros, x - x, is sorted: moved to one side, its slope is another one by a thousandth.
@example(
    Program(
        leaves=((3,),),
        calls=(
            ("matmul", "matmul", (0, 0)),
            ("binary", "sub", (0, 0)),
            ("matmul", "matmul", (0, 0)),
            ("binary", "add", (1, 2)),
            ("reduction", "sorted", (2,)),
            ("binary", "add", (3, 3)),
            ("matmul", "matmul", (4, 4)),
            ("binary", "atan2", (5, 6)),
            ("binary", "add", (6, 6)),
            ("reduction", "cumsum", (7,)),
            ("reduction", "flipped", (8,)),
            ("matmul", "matmul", (10, 9)),
        ),
        seed=0,
    )
)
@OF_PROGRAMS
@given(programs())
def test_finite_differences_agree(program: Program) -> None:
    for check in recorded(program).checks:
        if not check.note:
            scale = max(1.0, abs(check.gradient))
            assert check.gap <= 1e-4 * scale + 10 * check.uncertainty, check


@OF_PROGRAMS
@given(programs(most_calls=6))
def test_forward_mode_agrees_with_reverse_mode(program: Program) -> None:
    leaves = program.inputs()
    directions = {f"x{index}": torch.full(leaf.shape, 1.0 + index).tolist() for index, leaf in enumerate(leaves)}
    trace = record(program, *leaves, names=list(directions), tangent=directions)
    tangent = trace.values[trace.outputs[0]].tangent
    if tangent is None:  # an in-place call that forward mode cannot repeat
        assert any(note.kind == "no_tangent" for note in trace.notes)
        return
    products = [
        float(adjoint.tensor().sum()) * (1.0 + index)
        for index in range(len(leaves))
        if (adjoint := trace[f"x{index}"].adjoint) is not None
    ]
    expected = sum(products)
    assert abs(float(tangent.tensor()) - expected) <= 1e-6 * max(1.0, sum(map(abs, products)))


@OF_PROGRAMS
@given(programs())
def test_json_is_exact(program: Program) -> None:
    trace = recorded(program)
    document = trace.to_json()
    back = Trace.from_json(document)
    assert back == trace
    assert back.to_json() == document


@OF_PROGRAMS
@given(programs(most_calls=6), st.sampled_from(["squares", "beside the inputs", "a sum that goes on", "third order"]))
def test_differences_go_through_gradients(program: Program, use: str) -> None:
    trace = with_gradients(program, use)
    for check in trace.checks:
        if not check.note:
            scale = max(1.0, abs(check.gradient))
            assert check.gap <= 1e-3 * scale + 10 * check.uncertainty, check
    assert trace.checks or {"no_check", "no_gradient"}.intersection(note_kinds(trace))


@OF_PROGRAMS
@given(programs(most_calls=5), st.sampled_from(["squares", "beside the inputs", "third order"]))
def test_tangents_go_through_gradients(program: Program, use: str) -> None:
    trace = with_gradients(program, use, tangent=1.0)
    tangent = trace.values[trace.outputs[0]].tangent
    if tangent is None:
        assert note_kinds(trace) in (["no_tangent"], ["no_gradient"], ["no_tangent", "no_gradient"])
        return
    leaves = program.inputs()
    plain = torch.autograd.grad(used(program, use, leaves), leaves, allow_unused=True, materialize_grads=True)
    expected = sum(float(gradient.sum()) for gradient in plain)
    size = sum(float(gradient.abs().sum()) for gradient in plain)
    assert float(tangent.tensor()) == pytest.approx(expected, abs=1e-6 * max(1.0, size))


def with_gradients(program: Program, use: str, tangent: float | None = None) -> Trace:
    """A trace of a program that computes with its own gradients."""
    inputs = program.inputs()
    names = [f"x{index}" for index in range(len(inputs))]
    return record(
        lambda *leaves: used(program, use, list(leaves)),
        *inputs,
        names=names,
        tangent=None if tangent is None else dict.fromkeys(names, tangent),
    )


def used(program: Program, use: str, leaves: list[Tensor]) -> Tensor:
    """One number made of the gradients of a program."""
    output = program(*leaves)
    gradients = _gradients(output, leaves)
    if use == "third order":
        inner = torch.stack([(g * x.cos()).sum() for g, x in zip(gradients, leaves, strict=True)]).sum()
        gradients = _gradients(inner, leaves)
    if use == "beside the inputs":
        return torch.stack([(g * x.sin()).sum() for g, x in zip(gradients, leaves, strict=True)]).sum()
    total = torch.stack([g.tanh().square().sum() for g in gradients]).sum()
    return total + output.tanh() if use == "a sum that goes on" else total


def _gradients(output: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    if not output.requires_grad:
        return [x * 0 for x in leaves]
    found = torch.autograd.grad(output, leaves, create_graph=True, allow_unused=True)
    return [x * 0 if g is None else g for g, x in zip(found, leaves, strict=True)]
