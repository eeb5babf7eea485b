"""What a text gives in the end stands beside it at every step: outputs, and the gradients of its leaves."""

from __future__ import annotations

import pytest

from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.settings import batch_of
from playground.ui.expressions.frame import computed
from playground.views.graph.unfolding import UNTOUCHED
from playground.views.stepper.picture import picture
from tests.layers.pasted_classes import LENET


def given(text: str, **settings: object) -> dict[str, str]:
    shown = computed(Document.from_fields({"text": text, **settings}), UNTOUCHED)
    made = picture(shown.trace())
    return {one["term"]: one["text"] for one in made["results"]}


def test_the_result_and_the_gradient_of_each_leaf() -> None:
    assert given("x1 = 2.0\nx2 = 5.0\nf = log(x1) + x1*x2 - sin(x2)") == {
        "f": "11.652",
        "∂f/∂x1": "5.5",
        "∂f/∂x2": "1.716",
    }


@pytest.mark.parametrize(
    ("text", "settings", "terms"),
    [
        pytest.param("x = 3\nf = x*x", {"passes": 2}, {"f": "9", "x.grad": "12"}, id="two passes add up"),
        pytest.param("x = 3\ny = 4\nf = x*x", {}, {"f": "9", "∂f/∂x": "6", "y.grad": "None"}, id="an idle leaf"),
        pytest.param("x = 3\nf = x*x\ng = x + f", {}, {"g": "12", "∂g/∂x": "7"}, id="the last name"),
        pytest.param(
            "x = 3\nf = x*x\nf.backward()\nx.grad = None", {}, {"f": "9", "x.grad": "None"}, id="cleared at the end"
        ),
        pytest.param("x = [1, 2]\nf = x*x", {}, {"f": "[1, 4]", "x.grad": "[2, 4]"}, id="several numbers"),
    ],
)
def test_what_is_said_is_what_grad_holds(text: str, settings: dict[str, object], terms: dict[str, str]) -> None:
    assert given(text, **settings) == terms


def test_of_a_tangent() -> None:
    found = given("x = 3\nf = x*x", mode="forward", tangent="x")
    assert found["f"] == "9" and found["f\u0307"] == "6"


def test_a_long_trace_has_its_result_too() -> None:
    found = given("y = x1\nfor i in range(200):\n    y = sin(y)")
    assert list(found) == ["y", "∂y/∂x1"] and all(found.values())


@pytest.mark.parametrize("text", ["Flatten Linear(10)", LENET])
def test_a_net_says_it_elsewhere(text: str) -> None:
    document = StackDocument(text, data="random", batch=2)
    recorded = record_net(net_of(document), *batch_of(document))
    assert picture(recorded.trace)["results"] == []
