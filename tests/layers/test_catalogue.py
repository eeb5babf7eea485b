"""Every row of the catalogue against PyTorch: shapes, parameters, multiplications, and that building never fails."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from playground.layers.analysis import analyse
from playground.layers.build import build
from playground.layers.catalogue import KINDS
from playground.layers.kind import Argument, Kind
from playground.layers.parse import parse_stack
from playground.layers.spec import LayerSpec, Shape, Stack
from playground.layers.text import to_text

SINGLE = [kind for kind in KINDS if not kind.branches]


def content(argument: Argument) -> st.SearchStrategy[Any]:
    low, high = int(argument.minimum), int(min(argument.maximum, 6))
    whole = st.integers(low, max(low, high))
    match argument.kind:
        case "bool":
            return st.booleans()
        case "float":
            return st.floats(argument.minimum, argument.maximum)
        case "size":
            return whole | st.tuples(whole, whole)
        case "shape":
            return st.lists(st.sampled_from([-1, 1, 2, 3, 4]), min_size=1, max_size=3).map(tuple)
        case _:
            return whole


@st.composite
def layers(draw: st.DrawFn, kind: Kind) -> LayerSpec:
    args = {a.name: draw(content(a)) for a in kind.arguments if a.default is None or draw(st.booleans())}
    return LayerSpec(kind.name, tuple(args.items()))


def shapes(kind: Kind) -> st.SearchStrategy[Shape]:
    near = st.tuples(*[st.integers(1, 9) for _ in kind.example_shape])
    return near | st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize("kind", SINGLE, ids=lambda kind: kind.name)
@given(data=st.data())
def test_a_row_says_what_pytorch_builds(kind: Kind, data: st.DataObject) -> None:
    stack = Stack((data.draw(layers(kind)),), data.draw(shapes(kind)))
    analysis = analyse(stack)
    if analysis.output is None:
        assert analysis.problem is not None and analysis.problem.message
        for repair in analysis.problem.repairs:
            parse_stack(repair.text)
        return
    net = build(analysis)
    x = torch.randn(2, *stack.input_shape)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        out = net(x)
    assert tuple(out.shape[1:]) == analysis.output
    assert sum(p.numel() for p in net.parameters()) == analysis.parameters
    assert counter.get_total_flops() == 2 * 2 * analysis.multiplications


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_example_of_a_row_is_built_and_keeps_what_it_says(kind: Kind) -> None:
    stack = Stack(parse_stack(kind.example), kind.example_shape)
    assert to_text(stack.layers) == kind.example
    analysis = analyse(stack)
    net = build(analysis)
    x = torch.randn(2, *kind.example_shape).requires_grad_()
    weights = {parameter.untyped_storage()._cdata for parameter in net.parameters()}
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage()._cdata not in weights:
            saved[tensor.untyped_storage()._cdata] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = net(x)
    assert tuple(out.shape[1:]) == analysis.output
    statistics = 0  # of a normalisation: its means and deviations are not counted
    if kind.saves == "input and statistics":
        statistics = 2 * 4 * (2 if kind.name == "LayerNorm" else kind.example_shape[0])
        statistics += 2 * 4 * kind.example_shape[0] if kind.name != "LayerNorm" else 0  # running ones, too
    assert 0 <= sum(saved.values()) - 2 * analysis.saved <= statistics


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Linear(1000000)", "a whole number from 1 to"),
        ("Linear(60000) Linear(60000)", "parameters"),
        ("ReLU " * 500, "500 layers"),
        ("Conv2d(1024, 1) Conv2d(1024, 1)" + " Conv2d(1024, 3, padding=1)" * 4, "the stack to"),
    ],
)
def test_oversized_stacks_are_refused_by_name(text: str, message: str) -> None:
    try:
        problem = analyse(Stack(parse_stack(text), (1, 200, 200))).problem
    except Exception as error:
        assert message in str(error)
    else:
        assert problem is not None and message in problem.message + problem.hint


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("Conv2d(10, 7)", (1, 28, 28), (10, 22, 22)),
        ("Conv2d(10, 7) Flatten", (1, 28, 28), (4840,)),
        ("Conv2d(10, 7) ReLU Conv2d(55, 2) ReLU Flatten", (1, 28, 28), (24255,)),
        ("Conv2d(10, 5, stride=2) Tanh Conv2d(20, 7, stride=2)", (1, 28, 28), (20, 3, 3)),
        ("Conv2d(10, 5, stride=2) Tanh Conv2d(20, 7, stride=2) Tanh Flatten", (1, 28, 28), (180,)),
        ("Bias", (5,), (5,)),
        ("Linear(10)", (784,), (10,)),
    ],
)
def test_the_shapes_of_the_lectures(text: str, shape: Shape, expected: Shape) -> None:
    analysis = analyse(Stack(parse_stack(text), shape))
    assert analysis.output == expected
    assert build(analysis)(torch.zeros(2, *shape)).shape == (2, *expected)


def test_the_weights_are_those_of_pytorch_for_the_same_seed() -> None:
    net = build(analyse(Stack(parse_stack("Conv2d(4, 3) BatchNorm2d ReLU Flatten Linear(10)"))), rng_seed=7)
    torch.manual_seed(7)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        own = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(2704, 10))
    for ours, theirs in zip(net.parameters(), own.parameters(), strict=True):
        assert torch.equal(ours, theirs)
