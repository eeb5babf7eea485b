"""What the page says about one element: formulas with letters, rows of terms that add up, and the check."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from playground import record
from playground.errors import PlaygroundError
from playground.explain.element.answer import element_answer
from playground.explain.numbers import MINUS, format_number
from playground.trace.records import Step
from playground.trace.trace import Trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    generator = torch.Generator().manual_seed(0)
    x, weight, bias = (torch.randn(shape, generator=generator) for shape in ((3, 20), (4, 20), (4,)))

    def loss(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(F.linear(x, weight, bias).relu(), torch.tensor([0, 1, 3]))

    return record(loss, x, weight.requires_grad_(), bias.requires_grad_(), names=("x", "W", "b"))


def number(text: str) -> float:
    return float(text.replace(MINUS, "-"))


def test_a_value_is_written_as_the_sum_that_it_is(trace: Trace) -> None:
    output = trace.values[trace.ops[0].outputs[0]]
    answer = element_answer(trace, output.id, (2, 1))
    value = answer["parts"][0]
    assert value["formula"] == f"{answer['title']} = Σ x[2, i] · W[1, i] + b[1]"
    assert value["rows"][-2][0] == "b[1]"
    shown = [number(row[-1]) for row in value["rows"]]
    assert sum(shown[:-1]) == pytest.approx(shown[-1], abs=5e-3)
    assert value["rows"][-1][-1] == answer["number"] == format_number(float(output.data.tensor()[2, 1]))


def test_a_gradient_is_written_as_the_chain_rule(trace: Trace) -> None:
    weight = trace["W"]
    answer = element_answer(trace, weight.id, (1, 7))
    made = trace.values[trace.ops[0].outputs[0]]
    root = trace.values[trace.outputs[0]]
    value, gradient = answer["parts"]
    assert "given" in value["note"]
    assert "linear" in gradient["title"]
    assert "Σ" in gradient["formula"] and "x[i, 7]" in gradient["formula"]
    assert all("[" in row[0] and row[1].startswith("x[") for row in gradient["rows"][:-1])
    assert weight.adjoint is not None and root.shape == () and made.shape == (3, 4)
    recorded = float(weight.adjoint.tensor()[1, 7])
    assert dict(answer["check"])["PyTorch's gradient"] == format_number(recorded, 7)
    assert number(gradient["rows"][-1][-1]) == pytest.approx(recorded, rel=1e-3)


def test_the_value_and_the_gradient_of_an_element_are_known_from_their_steps_on(trace: Trace) -> None:
    output = trace.ops[0].outputs[0]
    computed = next(step.index for step in trace.steps if step.op == 0) + 1
    sent = [step.index + 1 for step in trace.steps if step.kind == "node" and output in _reached(trace, step)]
    assert element_answer(trace, output, (2, 1))["since"] == [computed, max(sent)]
    leaf = element_answer(trace, trace["W"].id, (1, 7))["since"]
    assert leaf[0] == 0 and leaf[1] > max(sent)


def _reached(trace: Trace, step: Step) -> set[int | None]:
    assert step.node is not None
    return {trace.nodes[step.node].edges[part.edge].value for part in step.contributions}


def test_several_uses_have_a_part_each() -> None:
    trace = record(lambda x: (x.sin() * x).sum(), torch.tensor([0.5, 2.0], requires_grad=True), names=("x",))
    answer = element_answer(trace, trace["x"].id, (1,))
    assert [part["title"].partition(",")[0] for part in answer["parts"][1:]] == [
        "Its gradient: use 1 of 2",
        "Its gradient: use 2 of 2",
    ]


def test_a_function_names_its_input_and_the_local_derivative() -> None:
    trace = record(lambda x: x.exp().sum(), torch.tensor([0.5, 2.0], requires_grad=True), names=("x",))
    part = element_answer(trace, trace.ops[0].outputs[0], (1,))["parts"][0]
    assert part["formula"].endswith("= exp(x[1])")
    slope = format_number(float(torch.tensor(2.0).exp()))
    assert part["rows"] == [["x[1] = 2", slope]]


def test_what_hands_on_says_so() -> None:
    trace = record(lambda x: x.reshape(4).sum(), torch.ones(2, 2, requires_grad=True), names=("x",))
    part = element_answer(trace, trace.ops[0].outputs[0], (3,))["parts"][0]
    assert part["formula"].endswith("= x[1, 1]") and "hands" in part["note"]


def test_a_random_call_says_why_it_is_not_split() -> None:
    trace = record(nn.Sequential(nn.Linear(3, 3), nn.Dropout()), torch.ones(2, 3))
    dropped = next(op for op in trace.ops if op.name == "dropout")
    answer = element_answer(trace, dropped.inputs[0].value, (0, 0))
    assert "random" in answer["parts"][-1]["note"]
    assert "random" in element_answer(trace, dropped.outputs[0], (0, 0))["parts"][0]["note"]


def test_without_a_gradient_the_value_is_explained_all_the_same(trace: Trace) -> None:
    answer = element_answer(trace, trace["x"].id, (0, 0))
    assert answer["check"] == []
    assert "No gradient" in answer["parts"][1]["note"]


def test_a_wrong_index_is_refused(trace: Trace) -> None:
    with pytest.raises(PlaygroundError):
        element_answer(trace, trace["W"].id, (4, 0))
