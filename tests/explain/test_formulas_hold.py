"""Every written formula and every line of numbers is read back and compared with what PyTorch sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from playground.errors import PlaygroundError
from playground.explain.explanation import explain
from playground.language.evaluate.interpreter import interpret
from playground.language.evaluate.leaves import Leaf
from playground.language.function import Function
from playground.language.functions.table import EXAMPLE_LEAVES, FUNCTIONS
from playground.language.syntax.program import parse
from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.explain.reading import Reader
from tests.sampled import sampled

WITHOUT_DERIVATIVE = {"torch.floor_divide", "torch.heaviside"}
HAVE_ONE = [function for function in FUNCTIONS if function.key not in WITHOUT_DERIVATIVE]
EVERY = [pytest.param(function, id=function.key) for function in HAVE_ONE]
SOME = sampled(HAVE_ONE, 4, name=lambda function: function.key)


def complaints(trace: Trace) -> list[str]:
    return list(Reader(explain(trace)).complaints())


def traced(text: str, dtype: str = "float32", **more: Any) -> Trace:
    program = parse(text)
    names = [free.name for free in program.free_names]
    given = [Leaf.stated(free) or Leaf(free.name, EXAMPLE_LEAVES[free.name], dtype) for free in program.free_names]
    leaves = [leaf.tensor() for leaf in given]
    return record(lambda *given: interpret(program, dict(zip(names, given, strict=True))), *leaves, names=names, **more)


@pytest.mark.parametrize("function", EVERY)
@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
def test_of_every_function(function: Function, dtype: str) -> None:
    assert complaints(traced(function.example, dtype)) == []


@pytest.mark.parametrize("function", SOME)
def test_of_every_function_differentiated_twice(function: Function) -> None:
    names = [free.name for free in parse(function.example).free_names]
    for name in names:
        try:
            trace = traced(function.example, second=name)
        except PlaygroundError:  # it has no derivative, or its derivative has none
            continue
        assert complaints(trace) == []


SECOND = {
    "x**3": (lambda x: x**3, "6·x", "1 × 12"),
    "x**2": (lambda x: x**2, "2", "1 × 2"),
    "cos": (lambda x: torch.cos(x), "(−cos(x))", "1 × 0.4161"),
    "1/x": (lambda x: 1 / x, "", ""),
    "3*sin(x)": (lambda x: 3 * torch.sin(x), "", ""),
    "exp": (lambda x: torch.exp(x), "v₁", "1 × 7.389"),
}


@pytest.mark.parametrize("name", SECOND)
def test_a_second_derivative(name: str) -> None:
    """The rule of an inner node takes the adjoint that came to that node, never that of the whole call."""
    function, formula, numbers = SECOND[name]
    trace = record(function, 2.0, second="x")
    assert complaints(trace) == []
    lines = {line.title: line.text for line in explain(trace).derivation(trace["x"].id)}
    assert formula in lines.get("Local derivatives", "")
    assert numbers in lines.get("Numbers", "")


def test_inside_a_call_of_several_nodes_the_adjoint_has_its_own_name() -> None:
    trace = record(lambda a, b: F.l1_loss(a, b), 1.0, 3.0)
    lines = {line.title: line for line in explain(trace).derivation(trace["a"].id)}
    assert lines["Chain rule"].text == "a\u0304 = g · ∂r/∂a"
    assert lines["Chain rule"].note.startswith("g is the adjoint that came to SubBackward0 inside l1_loss")
    assert lines["Local derivatives"].text == "a\u0304 = g · 1"
    assert lines["Numbers"].text == "a\u0304 = −1 × 1"


INSIDE: dict[str, Callable[[], Trace]] = {
    "kl_div": lambda: record(lambda x, t: F.kl_div(x, t, reduction="sum"), -0.5, 0.7),
    "softmin": lambda: record(lambda x: F.softmin(x, 0), torch.tensor([0.5], requires_grad=True)),
    "softmin of three": lambda: record(lambda x: F.softmin(x, 0)[0], torch.tensor([0.5, 1.0, 2.0], requires_grad=True)),
    "attention": lambda: record(
        F.scaled_dot_product_attention, *[torch.tensor([[k]], requires_grad=True) for k in (1.0, 2.0, 3.0)]
    ),
    "attention of two": lambda: record(
        F.scaled_dot_product_attention,
        *[torch.tensor([[1.0, k], [k, 2.0]], requires_grad=True) for k in (1.0, 2.0, 3.0)],
    ),
    "tanhshrink": lambda: record(F.tanhshrink, 0.7),
    "l1_loss": lambda: record(F.l1_loss, 1.0, 3.0),
}


@pytest.mark.parametrize("name", INSIDE)
def test_inside_a_call(name: str) -> None:
    assert complaints(INSIDE[name]()) == []


WEIGHTS = torch.tensor([0.5, 2.0, 1.0])
SCORES = torch.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0], [0.0, 0.0, 3.0]])
CLASSES = torch.tensor([0, 2, 1])
PARTLY = torch.tensor([0, -100, 1])
SHARES = torch.tensor([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.5, 0.25, 0.25]])
CROSS_ENTROPY: dict[str, tuple[dict[str, Any], Tensor, str]] = {
    "usual": ({}, CLASSES, "v̄₁ · (softmax(x, dim=1) − onehot(t))/3"),
    "weights": ({"weight": WEIGHTS}, CLASSES, "v̄₁ · w[t][:, None] · (softmax(x, dim=1) − onehot(t))/sum(w[t])"),
    "ignored": ({}, PARTLY, "v̄₁ · [t ≠ −100][:, None] · (softmax(x, dim=1) − onehot(t))/2"),
    "ignored 0": ({"ignore_index": 0}, CLASSES, "v̄₁ · [t ≠ 0][:, None] · (softmax(x, dim=1) − onehot(t))/2"),
    "shares": ({}, SHARES, "v̄₁ · (softmax(x, dim=1) − t)/3"),
    "smoothing": (
        {"label_smoothing": 0.1},
        CLASSES,
        "v̄₁ · (softmax(x, dim=1) − (1 − 0.1)·onehot(t) − 0.1/3)/3",
    ),
    "sum": ({"reduction": "sum"}, CLASSES, "v̄₁ · (softmax(x, dim=1) − onehot(t))"),
    "none": ({"reduction": "none"}, CLASSES, "v̄₁[:, None] · (softmax(x, dim=1) − onehot(t))"),
    "weights and ignored": ({"weight": WEIGHTS, "reduction": "sum"}, PARTLY, "LogSoftmaxBackward0"),
    "weights and smoothing": ({"weight": WEIGHTS, "label_smoothing": 0.1}, CLASSES, "LogSoftmaxBackward0"),
}


@pytest.mark.parametrize("name", CROSS_ENTROPY)
def test_cross_entropy(name: str) -> None:
    settings, target, formula = CROSS_ENTROPY[name]
    trace = _loss(F.cross_entropy, SCORES, target, settings)
    assert complaints(trace) == []
    if not formula.startswith("LogSoftmax"):
        assert explain(trace).products(trace["x"].id) == formula


def _loss(loss: Callable[..., Tensor], scores: Tensor, target: Tensor, settings: dict[str, Any]) -> Trace:
    """A loss of scores, with the target and the weights as arguments of the recorded program."""
    weight = settings.get("weight")
    rest = {name: value for name, value in settings.items() if name != "weight"}
    x = scores.clone().requires_grad_()
    if weight is None:
        return record(lambda x, t: loss(x, t, **rest), x, target, names=["x", "t"])
    return record(lambda x, t, w: loss(x, t, weight=w, **rest), x, target, weight, names=["x", "t", "w"])


LIKELIHOOD: dict[str, tuple[dict[str, Any], Tensor, str]] = {
    "usual": ({}, CLASSES, "v̄₁ · (−onehot(t)/3)"),
    "weights": ({"weight": WEIGHTS}, CLASSES, "v̄₁ · (−onehot(t) · w[t][:, None]/3.5)"),
    "ignored": ({}, PARTLY, "v̄₁ · (−onehot(t) · [t ≠ −100][:, None]/2)"),
    "sum": ({"reduction": "sum"}, CLASSES, "v̄₁ · (−onehot(t))"),
    "none": ({"reduction": "none"}, CLASSES, "v̄₁[:, None] · (−onehot(t))"),
}


@pytest.mark.parametrize("name", LIKELIHOOD)
def test_negative_log_likelihood(name: str) -> None:
    settings, target, formula = LIKELIHOOD[name]
    trace = _loss(F.nll_loss, SCORES.log_softmax(1), target, settings)
    assert complaints(trace) == []
    assert explain(trace).products(trace["x"].id) == formula


@pytest.mark.slow
@pytest.mark.parametrize("function", SOME)
def test_a_document_is_told_the_same(function: Function) -> None:
    trace = traced(function.example)
    again = Trace.from_json(trace.to_json())
    ours, theirs = explain(trace), explain(again)
    assert ours.steps == theirs.steps
    for value in trace.values:
        assert ours.derivation(value.id) == theirs.derivation(value.id)
        assert ours.products(value.id) == theirs.products(value.id)
