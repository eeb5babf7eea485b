"""From text to trace: leaves, spans and labels in the records, and every error with its place."""

from __future__ import annotations

import pytest
import torch

from playground.errors import PlaygroundError
from playground.language.evaluate.leaves import Leaf
from playground.language.run import run

TWO_INPUTS = "f = log(x1) + x1*x2 - sin(x2)"


def test_the_two_input_example() -> None:
    trace = run(TWO_INPUTS, {"x1": 2.0, "x2": 5.0})
    assert trace.text == TWO_INPUTS
    assert [op.span.of(TWO_INPUTS) for op in trace.ops if op.span] == [
        "log(x1)",
        "x1*x2",
        "log(x1) + x1*x2",
        "sin(x2)",
        "log(x1) + x1*x2 - sin(x2)",
    ]
    assert round(float(trace["f"].data.item().real), 6) == 11.652072
    for name, gradient in {"x1": 5.5, "x2": 1.716338}.items():
        adjoint = trace[name].adjoint
        assert adjoint is not None
        assert round(float(adjoint.item().real), 6) == gradient
    assert trace["x1"].span is not None
    assert trace["x1"].span.of(TWO_INPUTS) == "x1"


def test_names_become_labels() -> None:
    trace = run("h = x * 2\ny = h.sum()", {"x": [1, 2]})
    assert [value.label for value in trace.values if value.op is not None] == ["h", "y"]


def test_a_missing_leaf_is_named_at_its_place() -> None:
    with pytest.raises(PlaygroundError, match="`x2` has no value") as caught:
        run(TWO_INPUTS, {"x1": 2.0})
    assert caught.value.position() == (1, 18)


def test_a_default_stands_for_missing_leaves() -> None:
    assert run("a + b", {"a": 1.0}, default="2.5")["b"].data.item() == 2.5


def test_tensors_keep_their_dtype_and_are_not_changed() -> None:
    given = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    trace = run("with no_grad():\n    x *= 2\nx.sum()", {"x": given})
    assert trace["x"].dtype == "float64"
    assert given.tolist() == [1.0, 2.0]
    assert given.grad is None


@pytest.mark.parametrize(
    ("text", "marked"),
    [pytest.param("1 + x // 2", "x // 2", id="floor"), pytest.param("y = 2 % x\ny", "2 % x", id="remainder")],
)
def test_an_op_without_derivative_is_marked(text: str, marked: str) -> None:
    with pytest.raises(PlaygroundError, match="no derivative") as caught:
        run(text, {"x": 3.0})
    assert caught.value.span is not None
    assert caught.value.span.of(text) == marked


def test_a_constant_cannot_be_given_a_value() -> None:
    with pytest.raises(PlaygroundError, match="`e` is a constant"):
        run("e * x", {"e": 1.0, "x": 1.0})


def test_leaves_without_gradient() -> None:
    trace = run("x * k", {"x": 2.0, "k": Leaf("k", "3", requires_grad=False)})
    assert trace["k"].adjoint is None
    assert not trace["k"].requires_grad


def test_two_passes_add_up() -> None:
    grad = run("x * x", {"x": 3.0}, passes=2)["x"].grad
    assert grad is not None
    assert grad.item() == 12.0
