"""Values of leaves: text in the language, under the same limits, with errors at their place."""

from __future__ import annotations

import math

import pytest
import torch

from playground.errors import PlaygroundError
from playground.language.evaluate.leaves import Leaf


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("2", torch.tensor(2.0), id="number"),
        pytest.param("-0.5", torch.tensor(-0.5), id="negative"),
        pytest.param("2*pi", torch.tensor(2 * math.pi), id="arithmetic"),
        pytest.param("[1, 2]", torch.tensor([1.0, 2.0]), id="list"),
        pytest.param("[[1, 2], [3, 4]]", torch.tensor([[1.0, 2.0], [3.0, 4.0]]), id="nested"),
        pytest.param("tensor([1, 2])", torch.tensor([1.0, 2.0]), id="tensor"),
        pytest.param("zeros(2)", torch.zeros(2), id="zeros"),
        pytest.param("linspace(0, 1, 5)", torch.linspace(0, 1, 5), id="linspace"),
        pytest.param("arange(3)", torch.arange(3.0), id="arange"),
        pytest.param("eye(2) * 3", torch.eye(2) * 3, id="expression"),
        pytest.param("inf", torch.tensor(math.inf), id="inf"),
        pytest.param("[]", torch.tensor([]), id="empty"),
    ],
)
def test_a_value_is_a_float32_leaf(value: str, expected: torch.Tensor) -> None:
    tensor = Leaf("w", value).tensor()
    torch.testing.assert_close(tensor.detach(), expected, rtol=0, atol=0)
    assert tensor.requires_grad
    assert tensor.is_leaf


@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8"])
def test_whole_numbers_require_no_gradient(dtype: str) -> None:
    tensor = Leaf("k", "[1, 0]", dtype).tensor()
    assert str(tensor.dtype) == f"torch.{dtype}"
    assert not tensor.requires_grad


def test_float64_is_exact() -> None:
    assert Leaf("x", "0.1", "float64").tensor().item() == 0.1
    assert Leaf("x", "linspace(0, 1, 11)", "float64").tensor()[1].item() == 0.1


def test_random_leaves_have_their_own_seed() -> None:
    seeded = Leaf("w", "randn(2, 2, seed=7)")
    expected = torch.randn(2, 2, generator=torch.Generator().manual_seed(7))
    assert torch.equal(seeded.tensor(0), expected)
    assert torch.equal(seeded.tensor(0), seeded.tensor(1))
    assert torch.equal(Leaf("w", "randn(2)").tensor(3), Leaf("w", "randn(2)").tensor(3))
    assert not torch.equal(Leaf("w", "randn(2)").tensor(0), Leaf("w", "randn(2)").tensor(1))
    assert not torch.equal(Leaf("w", "randn(2)").tensor(0), Leaf("v", "randn(2)").tensor(0))


def test_leaves_leave_the_process_alone() -> None:
    state = torch.get_rng_state()
    Leaf("w", "randn(3)").tensor()
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("value", "dtype", "message", "column"),
    [
        pytest.param("", "float32", "nothing to compute", 1, id="empty"),
        pytest.param("[1, a]", "float32", "`a` has no value", 5, id="name"),
        pytest.param("2s", "float32", "between `2` and `s`", 1, id="syntax"),
        pytest.param("[[1, 2], [3]]", "float32", "do not have one length", 1, id="ragged"),
        pytest.param("zeros(10**9)", "float32", "10^9 elements", 1, id="large"),
        pytest.param("'a'", "float32", "a quoted word is not a tensor", 1, id="text"),
        pytest.param("1; 2", "float32", "one expression", 4, id="two"),
        pytest.param("a = 1", "float32", "one expression", 1, id="assignment"),
        pytest.param("1.5", "int64", "whole numbers", 1, id="fraction"),
        pytest.param("randn(2, seed='a')", "float32", "a seed is a whole number", 10, id="seed"),
    ],
)
def test_a_bad_value_is_refused_at_its_place(value: str, dtype: str, message: str, column: int) -> None:
    with pytest.raises(PlaygroundError) as caught:
        Leaf("w", value, dtype).tensor()
    assert message in caught.value.message
    assert caught.value.message.startswith("the value of `w`")
    assert caught.value.text == value
    assert caught.value.position() == (1, column)


def test_an_unknown_dtype_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="complex64"):
        Leaf("w", "1", "complex64").tensor()


@pytest.mark.parametrize(
    ("given", "leaf"),
    [
        pytest.param(2, Leaf("x", "2"), id="int"),
        pytest.param(0.1, Leaf("x", "0.1"), id="float"),
        pytest.param(math.nan, Leaf("x", "nan"), id="nan"),
        pytest.param(((1, 2), [3, 4]), Leaf("x", "[[1, 2], [3, 4]]"), id="nested"),
        pytest.param("randn(2)", Leaf("x", "randn(2)"), id="text"),
        pytest.param(torch.tensor([1.5]), Leaf("x", "[1.5]", "float32", False), id="tensor"),
        pytest.param(
            torch.ones(1, dtype=torch.float64, requires_grad=True), Leaf("x", "[1.0]", "float64"), id="float64"
        ),
        pytest.param(Leaf("y", "3", "int64"), Leaf("x", "3", "int64"), id="leaf"),
    ],
)
def test_a_leaf_of_anything(given: object, leaf: Leaf) -> None:
    assert Leaf.of("x", given) == leaf  # type: ignore[arg-type]
    leaf.tensor()


def test_a_leaf_of_something_else_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="cannot be a dict"):
        Leaf.of("x", {"a": 1})  # type: ignore[arg-type]
