"""The traces that the views are tested on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from playground.recorder.record import record
from playground.trace.trace import Trace

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


class Branches(nn.Module):
    """A module inside a module, its output used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.body(x)
        return (hidden * hidden).mean()


def two_inputs(x1: Tensor, x2: Tensor) -> Tensor:
    """L0.4."""
    return torch.log(x1) + x1 * x2 - torch.sin(x2)


def fixed(*shape: int) -> Tensor:
    """Numbers that are the same in every run."""
    return torch.linspace(-1, 1, steps=int(torch.tensor(shape).prod())).reshape(shape).sin().requires_grad_()


def module_trace() -> Trace:
    """A small network with weights that are the same in every run."""
    module = Branches()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(fixed(*parameter.shape))
    return record(module, fixed(2, 3).detach())


def detached(x: Tensor) -> Tensor:
    """Part of it outside autograd."""
    with torch.no_grad():
        mask = x > 0
    return (x * x.detach() * mask).sum()


TRACES: dict[str, Callable[[], Trace]] = {
    "two_inputs": lambda: record(two_inputs, 2.0, 5.0),
    "fan_out": lambda: record(lambda x: x * x + x, 3.0),
    "broadcast": lambda: record(lambda x, b: (x + b).sum(), fixed(2, 3), fixed(3)),
    "several_outputs": lambda: record(lambda x: torch.chunk(x * 2, 2)[0].sum(), fixed(4)),
    "module": module_trace,
    "detached": lambda: record(detached, fixed(3)),
    "second": lambda: record(lambda x: torch.sin(x) * x, 1.5, second="x"),
    "tangent": lambda: record(two_inputs, 2.0, 5.0, tangent={"x1": torch.tensor(1.0), "x2": torch.tensor(0.0)}),
}


@pytest.fixture(params=sorted(TRACES))
def any_trace(request: pytest.FixtureRequest) -> Trace:
    """Each of the traces above."""
    return TRACES[request.param]()


@pytest.fixture
def l04() -> Trace:
    """f(x1, x2) = log(x1) + x1 * x2 - sin(x2) at (2, 5)."""
    return TRACES["two_inputs"]()


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares a text with tests/golden/NAME; PLAYGROUND_RENEW=1 writes it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("PLAYGROUND_RENEW"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no golden file {name}: renew with PLAYGROUND_RENEW=1"
        assert text == path.read_text(encoding="utf-8"), f"{name} changed: if rightly, renew with PLAYGROUND_RENEW=1"

    return compare
