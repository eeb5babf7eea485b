"""Every row of the table: its example runs, its gradient is right, it is where PyTorch has it."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor

from playground.language.evaluate.interpreter import interpret
from playground.language.evaluate.leaves import Leaf
from playground.language.function import METHOD, PYTHON, Function
from playground.language.functions.table import EXAMPLE_LEAVES, FAMILIES, FUNCTIONS, find, search, suggest
from playground.language.syntax.program import parse

HOMES = {
    "torch": torch,
    "F": torch.nn.functional,
    "linalg": torch.linalg,
    "special": torch.special,
    "fft": torch.fft,
    "autograd": torch.autograd,
    METHOD: torch.Tensor,
}
EVERY = [pytest.param(function, id=function.key) for function in FUNCTIONS]
SMOOTH = [pytest.param(function, id=function.key) for function in FUNCTIONS if function.is_smooth]


def example_leaves(function: Function, dtype: str) -> dict[str, Tensor]:
    """The leaves that a row's example uses; one whose value stands in the example is made there."""
    names = [free.name for free in parse(function.example).free_names if free.stated is None]
    return {name: Leaf(name, EXAMPLE_LEAVES[name], dtype).tensor() for name in names}


def test_the_table_is_large_enough() -> None:
    assert len(FUNCTIONS) >= 400
    assert sum(len(family) for family in FAMILIES.values()) == len(FUNCTIONS)


def test_rows_are_unique() -> None:
    keys = [function.key for function in FUNCTIONS]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("function", EVERY)
def test_the_example_runs_and_uses_the_function(function: Function) -> None:
    result = interpret(parse(function.example), example_leaves(function, "float32"))
    assert isinstance(result, Tensor | tuple)
    assert re.search(rf"\b{function.name}\(", function.example)


@pytest.mark.parametrize("function", SMOOTH)
def test_the_gradient_of_the_example_agrees_with_finite_differences(function: Function) -> None:
    program = parse(function.example)
    leaves = example_leaves(function, "float64")

    def call(*tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        return interpret(program, dict(zip(leaves, tensors, strict=True)))

    result = call(*leaves.values())
    outputs = result if isinstance(result, tuple) else (result,)
    assert any(output.requires_grad for output in outputs), "a smooth example has a gradient"
    assert torch.autograd.gradcheck(call, tuple(leaves.values()), eps=1e-6, atol=1e-4)


@pytest.mark.parametrize("function", EVERY)
def test_every_home_has_it(function: Function) -> None:
    for home in function.homes:
        if home != PYTHON:
            assert callable(getattr(HOMES[home], function.name))
        assert find(home, function.name) is not None


@pytest.mark.parametrize("function", EVERY)
def test_a_row_says_what_it_does(function: Function) -> None:
    assert function.meaning.endswith((".", "?"))
    assert "\n" not in function.meaning
    assert function.parameters


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        pytest.param("sine", "sin", id="more"),
        pytest.param("sigmod", "sigmoid", id="letter-missing"),
        pytest.param("ln", "log", id="mathematics"),
        pytest.param("RELU", "relu", id="capitals"),
        pytest.param("arctan", "atan", id="numpy"),
        pytest.param("crossentropy", "cross_entropy", id="underscore"),
    ],
)
def test_suggest(typed: str, first: str) -> None:
    assert suggest(typed)[0] == first


def test_suggest_has_nothing_for_noise() -> None:
    assert suggest("qqqqq") == ()


def test_search_finds_by_name_and_by_meaning() -> None:
    assert search("softmax")[0].name == "softmax"
    assert "relu" in [row.name for row in search("else 0")]
    assert search("torch.sin")[0].name == "sin"
    assert search("zzzzzz") == ()
    assert len(search("")) == len(FUNCTIONS)
