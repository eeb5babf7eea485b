"""The names on the page: in the order of computation, and numbered where a loop gives one name to several values."""

from __future__ import annotations

import pytest

from playground.explain.names import DisplayNames
from playground.language.document import Document


def computed(text: str) -> list[str]:
    """The calls of a text, as the page writes them."""
    trace = Document(text).run()
    names = DisplayNames(trace)
    return [names.equation(op) for op in trace.ops]


def test_intermediate_values_are_numbered_in_the_order_of_the_steps() -> None:
    assert computed("f = log(x1) + x1*x2 - sin(x2)") == [
        "v₁ = log(x1)",
        "v₂ = x1 * x2",
        "v₃ = v₁ + v₂",
        "v₄ = sin(x2)",
        "f = v₃ - v₄",
    ]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("h = x\nfor i in range(3):\n    h = tanh(h)", ["h₁ = tanh(x)", "h₂ = tanh(h₁)", "h₃ = tanh(h₂)"]),
        ("h = tensor(0.5, requires_grad=True)\nfor i in range(2):\n    h = h*w", ["h₁ = h * w", "h₂ = h₁ * w"]),
        ("loss = x*x\nloss = loss*w", ["loss₁ = x * x", "loss₂ = loss₁ * w"]),
        ("x1 = w*w\nx1 = x1*w", ["x1[1] = w * w", "x1[2] = x1[1] * w"]),
        ("h = x*h1\nh = h*h1", ["h[1] = x * h1", "h[2] = h[1] * h1"]),
    ],
    ids=["a loop", "a leaf to begin with", "a word", "a name with a number", "a name that is taken"],
)
def test_values_of_one_name_are_numbered(text: str, calls: list[str]) -> None:
    assert computed(text) == calls


def test_the_numbers_are_typeset_too() -> None:
    trace = Document("loss = x*x\nloss = loss*w").run()
    names = DisplayNames(trace)
    last = trace.ops[-1].outputs[0]
    assert (names.show(last), names.bar(last)) == ("loss₂", "∂loss₂")
    assert (names.latex(last), names.latex_bar(last)) == (r"\mathrm{loss}_{2}", r"\overline{\mathrm{loss}_{2}}")
