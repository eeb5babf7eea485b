"""Steps in words and numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from playground.explain.explanation import explain
from playground.explain.numbers import bar, brief, format_number, shape_text, subscript
from playground.recorder.record import record
from playground.trace.array import Array
from playground.trace.trace import Trace


def lines(trace: Trace) -> dict[str, str]:
    """Title -> arithmetic of every step (the last one of each title)."""
    return {text.title: text.arithmetic for text in explain(trace).steps}


@pytest.fixture
def l04() -> Trace:
    return record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)


def test_every_step_of_l04(l04: Trace) -> None:
    assert lines(l04) == {
        "v₁ = log(x1)": "v₁ = log(2) = 0.6931",
        "v₂ = x1 * x2": "v₂ = 2 × 5 = 10",
        "v₃ = v₁ + v₂": "v₃ = 0.6931 + 10 = 10.693",
        "v₄ = sin(x2)": "v₄ = sin(5) = −0.9589",
        "v₅ = v₃ - v₄": "v₅ = 10.693 − (−0.9589) = 11.652",
        "v̄₅ is the seed": "v̄₅ = 1",
        "SubBackward0": "v̄₃ += v̄₅ × 1 = 1 × 1 = 1 ; v̄₄ += v̄₅ × (−1) = 1 × (−1) = −1",
        "SinBackward0": "x̄₂ += v̄₄ × cos(x2) = −1 × 0.2837 = −0.2837",
        "AddBackward0": "v̄₁ += v̄₃ × 1 = 1 × 1 = 1 ; v̄₂ += v̄₃ × 1 = 1 × 1 = 1",
        "MulBackward0": "x̄₁ += v̄₂ × x2 = 1 × 5 = 5 ; x̄₂ += v̄₂ × x1 = 1 × 2 = 2, so x̄₂ = −0.2837 + 2 = 1.716",
        "x2.grad": "x2.grad: None → 1.716",
        "LogBackward0": "x̄₁ += v̄₁ × 1/x1 = 1 × 0.5 = 0.5, so x̄₁ = 5 + 0.5 = 5.5",
        "x1.grad": "x1.grad: None → 5.5",
    }


def test_sentences_name_what_is_saved_and_used(l04: Trace) -> None:
    said = {text.title: text.sentence for text in explain(l04).steps}
    assert said["v₄ = sin(x2)"] == "v₄ = sin(x2); PyTorch records SinBackward0, which saves x2."
    assert "with the saved x2." in said["SinBackward0"]
    assert said["v̄₅ is the seed"] == (
        "The backward pass starts at v₅: its derivative with respect to itself is 1. "
        "A bar marks an adjoint: the derivative of v₅ with respect to that value."
    )
    assert said["MulBackward0"] == (
        "v̄₂ goes to x1 and x2, each times the other factor. MulBackward0 does this, with the saved x1 and x2. "
        "x2 is used more than once: the contributions add up."
    )
    assert said["MulBackward0"].endswith("x2 is used more than once: the contributions add up.")
    assert explain(l04).step(0).arithmetic == "v₁ = log(2) = 0.6931"


def test_accumulation_adds() -> None:
    trace = record(lambda x: x * x, 3.0, passes=2)
    assert lines(trace)["x.grad"] == "x.grad: 6 + 6 = 12"


def test_broadcast_is_said() -> None:
    trace = record(lambda x, b: (x + b).sum(), torch.ones(2, 3, requires_grad=True), torch.ones(3, requires_grad=True))
    assert "b̄ += sum(v̄₁) over axis 0 = [2, 2, 2]" in lines(trace)["AddBackward0"]
    said = {text.title: text.sentence for text in explain(trace).steps}["AddBackward0"]
    assert said.endswith("b was stretched from (3,) to (2, 3), so its contribution is summed over axis 0.")


def said(trace: Trace) -> str:
    return " ".join(text.sentence for text in explain(trace).steps)


def test_a_phrase_fits_what_is_handed_on() -> None:
    plain = torch.tensor(2.0)
    assert "to x, times the other factor." in said(record(lambda x: x * plain, 3.0))
    assert "to x, negated." in said(record(lambda x: plain - x, 3.0))
    assert "to x, times the result and the logarithm of the base." in said(record(lambda x: 2**x, 3.0))
    assert "to x (twice), each times the other factor." in said(record(lambda x: x * x, 3.0))


def test_second_derivative_backward_twice_and_nan_are_explained() -> None:
    second = said(record(lambda x: torch.sin(x) * x, 1.5, second="x"))
    assert "the gradient of v₂ with respect to x from pass 1: differentiated again" in second
    assert "gradients add up until they are cleared" in said(record(lambda x: x * 2, 1.5, passes=2))
    assert "x.grad is cleared" in said(record(lambda x: x * 2, 1.5, passes=2, zero_grad=True))
    broken = said(record(lambda x: torch.log(torch.exp(x)), 1000.0))
    assert "Here is the first infinity: the result overflows" in broken
    assert "Here is the first NaN of the backward pass: 0 × ∞ has no value." in broken


@pytest.mark.parametrize(
    ("function", "numbers", "said_of_it"),
    [
        (torch.sqrt, [0.0], "infinity of the backward pass: the local derivative comes out as infinity there."),
        (lambda x: torch.sqrt(x) * 0, [1.0, 0.0], "NaN of the backward pass: 0 × ∞ has no value."),
        (lambda x: torch.where(x > 0, x.log(), x), [1.0, 0.0], "NaN of the backward pass: 0 × ∞ has no value."),
        (lambda x: torch.hypot(x, x), [0.0], "NaN of the backward pass: the local derivative has no value there."),
        (
            lambda x: torch.sqrt(x) * 1e300,
            [1e-300],
            "infinity of the backward pass: the product overflows, it lies beyond the limit of 1.8e+308, the largest "
            "float64.",
        ),
        (lambda x: torch.sqrt(x), [0.0] * 2000, "infinity of the backward pass."),  # no more than a summary is kept
        (  # a zero and an infinity, but at different places
            lambda x: x * torch.tensor([float("nan"), float("inf")]) * torch.tensor([0.0, 1.0]),
            [1.0, 1.0],
            "NaN of the backward pass: the local derivative has no value there.",
        ),
    ],
)
def test_the_first_nan_of_the_backward_pass(
    function: Callable[[Tensor], Tensor], numbers: list[float], said_of_it: str
) -> None:
    trace = record(function, torch.tensor(numbers, dtype=torch.float64, requires_grad=True))
    assert f"Here is the first {said_of_it}" in said(trace)
    assert said(Trace.from_json(trace.to_json())) == said(trace)


def test_formulas_hold_for_the_usual_settings_only() -> None:
    loss = torch.nn.functional.mse_loss
    target = torch.zeros(2)
    x = torch.ones(2, requires_grad=True)
    assert "(x − target)/n" in " ".join(lines(record(lambda x, target: loss(x, target), x, target)).values())
    summed = record(lambda x, target: loss(x, target, reduction="sum"), x, target)
    assert "/n" not in " ".join(lines(summed).values())


def test_indices_are_written_as_typed() -> None:
    trace = record(lambda x: x[:, None, 1:].sum() + x[..., 0].sum(), torch.ones(2, 3, requires_grad=True))
    assert "v₁ = x[:, None, 1:]" in lines(trace) and "v₃ = x[..., 0]" in " ".join(lines(trace))


def test_tangents_are_pushed_forward() -> None:
    trace = record(lambda x1, x2: x1 * x2, 2.0, 5.0, tangent={"x1": torch.tensor(1.0), "x2": torch.tensor(0.0)})
    assert (
        lines(trace)["v₁ = x1 * x2"] == "v₁ = 2 × 5 = 10 ; v\u0307₁ = x2 × x\u0307₁ + x1 × x\u0307₂ = 5 × 1 + 2 × 0 = 5"
    )


@pytest.mark.parametrize(
    ("program", "formula"),
    [
        (lambda x: x**3, "v̄₁ × 3·x²"),
        (lambda x: x**2, "v̄₁ × 2·x"),
        (lambda x: 2**x, "v̄₁ × (v₁ · log(2))"),
        (lambda x: 3 / x, "v̄₁ × (−3/x²)"),
        (lambda x: 5 - x, "−v̄₁"),
        (lambda x: torch.tanh(x), "v̄₁ × (1 − v₁²)"),
        (lambda x: torch.relu(x), "v̄₁ × [x > 0]"),
        (lambda x: torch.special.i0(x), "I0Backward0(v̄₁)"),
    ],
    ids=["cube", "square", "exponential", "reciprocal", "reflected", "tanh", "relu", "unknown"],
)
def test_products_in_symbols(program: object, formula: str) -> None:
    trace = record(program, 2.0)  # type: ignore[arg-type]
    assert explain(trace).products(trace["x"].id) == formula


def test_linear_is_one_call() -> None:
    weight, bias = torch.ones(2, 3, requires_grad=True), torch.ones(2, requires_grad=True)
    trace = record(
        lambda x, w, b: torch.nn.functional.linear(x, w, b), torch.ones(4, 3, requires_grad=True), weight, bias
    )
    products = {name: explain(trace).products(trace[name].id) for name in ("x", "w", "b")}
    assert products == {"x": "v̄₁ @ w", "w": "v̄₁ᵀ @ x", "b": "sum(v̄₁)"}


def test_numbers() -> None:
    assert [format_number(x) for x in (1, 1.0, 0.1, 100.0, 12345.678, True)] == [
        "1",
        "1",
        "0.1",
        "100",
        "12345.7",
        "True",
    ]
    assert (subscript("x12"), bar("W"), shape_text((3,))) == ("x₁₂", "W̄", "(3,)")
    assert brief(Array(torch.zeros(0, 3))) == "(0, 3), empty"


def test_what_a_hook_put_in_the_place_of_a_sum_is_no_equation() -> None:
    def tripled(x: Tensor) -> Tensor:
        y = x * x
        y.register_hook(lambda adjoint: 3 * adjoint)
        return y.sum()

    for leaf, came, kept in ((2.0, "1 × 1", "v̄₁ = 3"), ([1.0, 2.0], "v̄₂", "v̄₁ = [3, 3]")):
        trace = record(tripled, torch.tensor(leaf, requires_grad=True), names=["x"])
        lines = explain(trace).derivation(trace["v1"].id)
        assert any(line.text == came for line in lines)
        assert lines[-1].title == "After a hook" and lines[-1].text == kept
        assert not any("v̄₁" in line.text for line in lines[:-1])
    trace = record(lambda x: (x * x).sum(), torch.tensor([1.0, 2.0], requires_grad=True), names=["x"])
    assert all(line.title != "After a hook" for line in explain(trace).derivation(trace["x"].id))


def test_an_in_place_call_overwrites_what_it_writes_to_and_no_view_beside() -> None:
    def assigned(x: Tensor) -> Tensor:
        y = x * 1
        y[0] = y[1]
        return (y**2).sum()

    def through_a_view(x: Tensor) -> Tensor:
        y = x * 1
        v = y.view(2)
        v[1:] *= 2
        return (y**2).sum()

    trace = record(assigned, torch.tensor([1.0, 2.0], requires_grad=True), names=["x"])
    assert any("it overwrites v₁; PyTorch records" in step.sentence for step in explain(trace).steps)
    trace = record(through_a_view, torch.tensor([1.0, 2.0], requires_grad=True), names=["x"])
    assert not any("nothing is recorded" in step.sentence for step in explain(trace).steps)
