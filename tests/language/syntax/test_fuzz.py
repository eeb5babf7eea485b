"""Properties over random texts: valid ones agree with PyTorch and survive text → tree → text; any other is refused."""

from __future__ import annotations

import time

import torch
from hypothesis import example, given
from hypothesis import strategies as st

from playground.errors import PlaygroundError
from playground.language.evaluate.interpreter import interpret
from playground.language.evaluate.leaves import Leaf
from playground.language.run import run
from playground.language.syntax.program import parse
from playground.language.syntax.unparse import unparse
from tests.strategies import hostile_text, programs

SECONDS = 0.5


@given(programs())
def test_text_to_tree_to_text(case: tuple[str, dict[str, float]]) -> None:
    text, _ = case
    program = parse(text)
    assert parse(unparse(program)) == program
    assert unparse(parse(unparse(program))) == unparse(program)


@given(programs())
def test_the_recorded_gradients_are_those_of_plain_autograd(case: tuple[str, dict[str, float]]) -> None:
    text, values = case
    program = parse(text)
    names = [free.name for free in program.free_names]
    leaves = {name: Leaf.of(name, values[name]).tensor() for name in names}
    output = interpret(program, leaves)
    assert isinstance(output, torch.Tensor)
    expected = torch.autograd.grad(output, list(leaves.values()), allow_unused=True)
    trace = run(text, values)
    for name, gradient in zip(names, expected, strict=True):
        adjoint = trace[name].adjoint
        assert (adjoint is None) == (gradient is None)
        if adjoint is not None and gradient is not None:
            torch.testing.assert_close(adjoint.tensor(), gradient, rtol=0, atol=0, equal_nan=True)


@given(hostile_text())
@example("ctc_loss(0,0,0,0)")
@example("with Tensor")  # the colon is missing after the last character
def test_any_text_runs_or_is_refused_in_time(text: str) -> None:
    elapsed = seconds_for(text)
    assert elapsed < SECONDS or seconds_for(text) < SECONDS  # a second try: garbage is collected somewhere


def seconds_for(text: str) -> float:
    """Runs a text, checks that it gives a bounded result or a placed refusal; the seconds it took."""
    started = time.process_time()
    try:
        program = parse(text)
        leaves = {"x": torch.rand(3, requires_grad=True), "A": torch.rand(2, 3, requires_grad=True)}
        values = {free.name: leaves.get(free.name, torch.tensor([1, 2])) for free in program.free_names}
        output = interpret(program, values)
        outputs = output if isinstance(output, tuple) else (output,)
        assert all(part.numel() <= 1_000_000 for part in outputs)
    except PlaygroundError as error:
        assert error.text is not None
        assert error.span is not None
        assert 0 <= error.span.start <= error.span.end <= len(error.text)
        assert error.marked()
    return time.process_time() - started


@example("if 0:\n    ")
@given(hostile_text())
def test_a_repair_is_another_text(text: str) -> None:
    try:
        parse(text)
    except PlaygroundError as error:
        assert error.repair is None or error.repair.text != error.text


@given(st.text(max_size=40), st.sampled_from(["float32", "int64", "bool", "complex64", ""]))
def test_any_leaf_value_is_a_tensor_or_is_refused(value: str, dtype: str) -> None:
    try:
        tensor = Leaf("w", value, dtype).tensor()
    except PlaygroundError as error:
        assert "`w`" in error.message
    else:
        assert tensor.is_leaf
