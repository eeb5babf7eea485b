"""Every row of the table: its example runs, its gradient is right, it is where PyTorch has it."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.evaluate.interpreter import interpret
from playground.language.evaluate.leaves import Leaf
from playground.language.function import METHOD, NUMPYS, PYTHON, Function
from playground.language.functions.table import EXAMPLE_LEAVES, FAMILIES, FUNCTIONS, find, names, search, suggest
from playground.language.run import run
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


ON_A_MATRIX = [
    (row, numpys)
    for row in FUNCTIONS
    for numpys, ours in NUMPYS.items()
    if row.also_called(numpys) == ours in {parameter.name for parameter in row.parameters}
    and {parameter.name for parameter in row.parameters if parameter.is_required} <= {"input", "dim"}
    and "torch" in row.homes
]


@pytest.mark.parametrize(("row", "numpys"), ON_A_MATRIX, ids=lambda part: part if isinstance(part, str) else part.key)
def test_an_argument_has_numpys_name_where_pytorch_takes_it(row: Function, numpys: str) -> None:
    matrix = torch.tensor([[1.0, 2.0], [4.0, 3.0]])
    given = "axis=0" if numpys == "axis" else "dim=0, keepdims=True"
    ours = interpret(parse(f"{row.name}(A, {given})"), {"A": matrix})
    named = {"axis": 0} if numpys == "axis" else {"dim": 0, "keepdims": True}
    theirs = getattr(torch, row.name)(matrix, **named)
    pairs = zip(
        [ours] if isinstance(ours, Tensor) else ours, [theirs] if isinstance(theirs, Tensor) else theirs, strict=True
    )
    assert all(torch.equal(a, b) for a, b in pairs)


def test_it_has_not_where_pytorch_refuses_it() -> None:
    assert len(ON_A_MATRIX) > 40
    for text in ("norm(A, axis=0)", "F.softmax(A, axis=0)", "split(A, 1, axis=0)"):
        with pytest.raises(PlaygroundError, match="no argument `axis`"):
            interpret(parse(text), {"A": torch.ones(2, 2)})


@pytest.mark.parametrize("name", names("special"))
def test_special_functions_are_pytorchs(name: str) -> None:
    row = find("special", name)
    assert row is not None
    if row.parameters[0].name == "input" and not any(parameter.is_required for parameter in row.parameters[1:]):
        x = torch.tensor([0.25, 0.5])
        found = interpret(parse(f"torch.special.{name}(x)"), {"x": x})
        assert isinstance(found, Tensor)
        torch.testing.assert_close(found, getattr(torch.special, name)(x))


@pytest.mark.parametrize(
    ("options", "gradient"),
    [
        ("padding_idx=1", [[1, 1], [0, 0]]),
        ("scale_grad_by_freq=True", [[1, 1], [1, 1]]),
        ("max_norm=1.0", [[1, 1], [2, 2]]),
    ],
)
def test_embedding_takes_its_options(options: str, gradient: list[list[float]]) -> None:
    text = f"embedding(tensor([0, 1, 1]), W, {options}).sum()"
    trace = run(text, {"W": "[[3.0, 4.0], [0.1, 0.2]]"})
    weight = torch.tensor([[3.0, 4.0], [0.1, 0.2]], requires_grad=True)
    call = (
        {"padding_idx": 1}
        if "idx" in options
        else {"max_norm": 1.0}
        if "norm" in options
        else {"scale_grad_by_freq": True}
    )
    plain = torch.nn.functional.embedding(torch.tensor([0, 1, 1]), weight, **call).sum()
    plain.backward()
    assert trace.values[trace.outputs[0]].data.item() == plain.item()
    assert trace["W"].grad is not None and weight.grad is not None
    assert trace["W"].grad.tolist() == weight.grad.tolist() == gradient
    for check in trace.checks:
        assert check.note or check.gap < 1e-3
