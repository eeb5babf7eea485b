"""Recording on another device than the CPU: the same records, and gradients that are checked as they are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.lazy import LAZY, assert_same


def moved(numbers: Any, device: torch.device) -> Tensor:
    return torch.tensor(numbers, device=device, requires_grad=True)


def on(device: torch.device, function: Callable[..., Any], *inputs: Any, **settings: Any) -> Trace:
    return record(function, *[moved(numbers, device) for numbers in inputs], **settings)


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "L0.4": (lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), (2.0, 5.0)),
    "two of one shape": (lambda x, y: (x * y + y.exp()).sum(), ([1.0, 2.0], [3.0, 0.5])),
    "a kink": (lambda x: x.relu().sum(), ([-1.0, 0.0, 2.0],)),
    "views": (lambda x: (x.T @ x)[0].sum(), ([[1.0, 2.0], [3.0, 4.0]],)),
    "a constant of there": (lambda x: (x * torch.ones_like(x) + torch.full_like(x, 2.0)).sum(), ([1.0, 2.0],)),
    "a class": (lambda x: F.cross_entropy(x, torch.tensor([0, 1], device=x.device)), ([[1.0, 2.0], [3.0, 4.0]],)),
    "log of 0": (lambda x: x.log().sum(), ([0.0, 2.0],)),
    "moved by name": (lambda x: (x.to("cpu").to("lazy") * x.cpu().to(device="lazy")).sum(), ([1.0, 2.0],)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_recording_is_that_of_the_cpu(name: str) -> None:
    function, inputs = FUNCTIONS[name]
    there = on(LAZY, function, *inputs)
    if name == "moved by name":  # there is nothing to move on the CPU alone: PyTorch hands the tensor on
        assert there.checks and all(abs(check.gap) < 1e-5 for check in there.checks)
        return
    assert_same(there, on(torch.device("cpu"), function, *inputs))
    assert there.checks, "the gradients are checked there, too"


@pytest.mark.parametrize(
    "settings",
    [{"second": "x"}, {"passes": 2}, {"passes": 2, "zero_grad": True}, {"tangent": {"x": 1.0}}],
    ids=lambda settings: next(iter(settings)) + str(len(settings)),
)
def test_the_other_ways_to_differentiate(settings: dict[str, Any]) -> None:
    def function(x: Tensor) -> Tensor:
        return (x**3).sum() if x.dim() else x**3

    assert_same(on(LAZY, function, 2.0, **settings), on(torch.device("cpu"), function, 2.0, **settings))


def test_an_in_place_call_keeps_what_was_there() -> None:
    def function(x: Tensor) -> Tensor:
        y = x * 2
        y.add_(1)
        return (y * y).sum()

    there = on(LAZY, function, [1.0, 2.0])
    here = on(torch.device("cpu"), function, [1.0, 2.0])
    assert there["x"].grad == here["x"].grad
    assert [value.data for value in there.values] == [value.data for value in here.values]


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.Adam])
def test_a_net_and_a_step_of_its_optimizer(make: Callable[..., torch.optim.Optimizer]) -> None:
    def recorded(device: torch.device) -> Trace:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).to(device)
        x = torch.linspace(-1, 1, 6, device=device).reshape(2, 3)
        y = torch.tensor([0, 1], device=device)
        return record(lambda x: F.cross_entropy(net(x), y), x, names=("x",), optimizer=make(net.parameters(), lr=0.1))

    there, here = recorded(LAZY), recorded(torch.device("cpu"))
    assert_same(there, here)
    assert there.updates.keys() == here.updates.keys()
    for value, update in there.updates.items():
        assert torch.allclose(update.after.tensor(), here.updates[value].after.tensor(), rtol=1e-5, atol=1e-6)


def test_a_trace_says_where_it_was_computed() -> None:
    there = on(LAZY, *FUNCTIONS["L0.4"][:1], 2.0, 5.0)
    again = Trace.from_json(there.to_json())
    assert again.device == "lazy:0"
    assert again == there
    old = there.to_json().replace('"device": "lazy:0", ', "")
    assert Trace.from_json(old).device == "cpu"


def test_a_write_after_the_recording_does_not_reach_the_copy() -> None:
    x = moved([1.0, 2.0], LAZY)
    trace = record(lambda x: (x * x).sum(), x)
    with torch.no_grad():
        x.mul_(10)
    assert trace["x"].data.tolist() == [1.0, 2.0]
