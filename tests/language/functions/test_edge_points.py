"""Every function of the table at its edges: a gradient agrees with its finite difference, or the check says why not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.evaluate.interpreter import interpret
from playground.language.evaluate.leaves import Leaf
from playground.language.function import Function
from playground.language.functions.table import EXAMPLE_LEAVES, FUNCTIONS
from playground.language.syntax.program import Program, parse
from playground.recorder.checks.probes import NOT_SMOOTH, TORN
from playground.recorder.record import record
from playground.trace.trace import Trace

EDGES = (0.0, 1.0, -1.0, 2.0, 0.5, float("inf"), float("nan"))
CHUNKS = 8


def points(program: Program) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """The example's leaves, and the same with one of them at an edge: zeros, ones, ties, infinities, NaN."""
    leaves = [Leaf.stated(free) or Leaf(free.name, EXAMPLE_LEAVES[free.name], "float64") for free in program.free_names]
    given = {leaf.name: leaf.tensor().detach() for leaf in leaves}
    yield "example", given
    real = [name for name, tensor in given.items() if tensor.is_floating_point()]
    for name in real:
        for label, edge in edges(given[name]):
            yield f"{name} {label}", {**given, name: edge}
    for number in (0.0, 1.0) if len(real) > 1 else ():
        yield f"all {number}", {**given, **{name: torch.full_like(given[name], number) for name in real}}


def edges(tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    for number in EDGES:
        yield str(number), torch.full_like(tensor, number)
    yield "rounded", tensor.round()
    if tensor.numel() > 1:
        for label, number in (("0", 0.0), ("tie", float(tensor.view(-1)[1])), ("inf", torch.inf), ("nan", torch.nan)):
            other = tensor.clone()
            other.view(-1)[0] = number
            yield f"first {label}", other


def traced(program: Program, given: dict[str, Tensor]) -> Trace | None:
    leaves = [tensor.clone().requires_grad_(tensor.is_floating_point()) for tensor in given.values()]
    try:
        return record(
            lambda *tensors: interpret(program, dict(zip(given, tensors, strict=True))), *leaves, names=tuple(given)
        )
    except (PlaygroundError, RuntimeError, ValueError, NotImplementedError, TypeError, IndexError):
        return None  # no value, or no derivative, there


def complaints(function: Function) -> Iterator[str]:
    program = parse(function.example)
    for label, given in points(program):
        trace = traced(program, given)
        if trace is None:
            continue
        checks = trace.checks
        has_gradient = any(value.adjoint is not None and value.data.numel for value in trace.values)
        if not checks and has_gradient and all(note.kind != "no_check" for note in trace.notes):
            yield f"{label}: no check, and no word why"
        for check in checks:
            agrees = check.gap <= 1e-3 * max(1.0, abs(check.gradient)) + 10 * check.uncertainty
            if not agrees and not check.note:
                yield f"{label}: {check}"
            if label == "example" and function.is_smooth and check.note in NOT_SMOOTH | {TORN}:
                yield f"a note on a smooth point: {check}"


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_gap_without_a_note(chunk: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {function.key: list(complaints(function))[:3] for function in FUNCTIONS[chunk::CHUNKS]}
    assert {key: some for key, some in found.items() if some} == {}


FAMOUS = ("sign", "sqrt", "log", "maximum", "median", "atan2", "pow", "det", "l1_loss", "max", "clamp", "where")


@pytest.mark.parametrize("name", FAMOUS)
def test_no_gap_without_a_note_in_the_best_known(name: str) -> None:
    function = next(function for function in FUNCTIONS if function.name == name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert list(complaints(function)) == []
