"""An axis without elements makes nothing free: it counts as one, in the bounds of the newer families."""

from __future__ import annotations

import pytest
from torch import Tensor

from playground.language.bounds.bound import tensors_in
from playground.language.evaluate.evaluator import Evaluator
from playground.language.evaluate.interpreter import interpret
from playground.language.evaluate.leaves import Leaf
from playground.language.function import Arguments, Cost, Function, Value
from playground.language.functions.table import EXAMPLE_LEAVES, FAMILIES
from playground.language.syntax.program import parse

NEWER = (
    "Special functions",
    "Factorisations",
    "Complex numbers and spectra",
    "Pictures and normalisation",
    "Random layers and draws",
    "Losses of margins and likelihoods",
    "Layouts",
    "Written to positions",
)
ROWS = [pytest.param(row, id=row.key) for family in NEWER for row in FAMILIES[family]]


def calls_of(function: Function, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Arguments, Cost, Value]]:
    """The calls of this function in its example: arguments, bound and result."""
    found: list[tuple[Arguments, Cost, Value]] = []
    call, bound = Evaluator._call, Evaluator._bound

    def noting_bound(self: Evaluator, row: Function, arguments: Arguments, span: object) -> Cost:
        cost: Cost = bound(self, row, arguments, span)  # type: ignore[arg-type]
        if row == function:
            found.append((Arguments(arguments), cost, None))
        return cost

    def noting_result(self: Evaluator, node: object) -> Value:
        before = len(found)
        value = call(self, node)  # type: ignore[arg-type]
        for place in range(before, len(found)):
            if found[place][2] is None:
                found[place] = (*found[place][:2], value)
        return value

    monkeypatch.setattr(Evaluator, "_bound", noting_bound)
    program = parse(function.example)
    leaves = {free.name: Leaf(free.name, EXAMPLE_LEAVES[free.name]).tensor() for free in program.free_names}
    monkeypatch.setattr(Evaluator, "_call", noting_result)
    interpret(program, leaves)
    return found


@pytest.mark.parametrize("function", ROWS)
def test_a_result_is_not_larger_than_its_bound(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = calls_of(function, monkeypatch)
    assert calls
    for _, cost, result in calls:
        tensors = tensors_in(result)
        numbers = [tensor.numel() * (2 if tensor.is_complex() else 1) for tensor in tensors]
        assert sum(numbers) <= cost.elements * max(1, len(tensors)) and max(numbers, default=0) <= cost.elements
        assert max((tensor.dim() for tensor in tensors), default=0) <= max(cost.dimensions, 1)
        assert cost.work >= max(numbers, default=0)


@pytest.mark.parametrize("function", ROWS)
def test_an_axis_without_elements_counts_as_one(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, _, _ in calls_of(function, monkeypatch):
        for name, content in arguments.items():
            if not isinstance(content, Tensor):
                continue
            for axis in range(content.dim()):
                empty, one = (arguments | {name: content.narrow(axis, 0, length).detach()} for length in (0, 1))
                without, with_one = function.bound(Arguments(empty)), function.bound(Arguments(one))
                assert without.work >= with_one.work > 0
                assert without.elements >= with_one.elements
