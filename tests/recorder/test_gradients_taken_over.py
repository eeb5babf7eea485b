"""Large gradients: a leaf may take them over as in plain PyTorch, and the recording still holds its own numbers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from playground.recorder.record import record
from playground.recorder.watcher import LARGE


class Copies(TorchDispatchMode):
    """Counts copies of large tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten.clone.default and args[0].numel() >= LARGE
        return func(*args, **(kwargs or {}))


def product(w: Tensor) -> Tensor:
    return (w * w).sum()


def leaf(size: int = LARGE) -> Tensor:
    return torch.full((size,), 3.0, requires_grad=True)


def test_a_large_gradient_is_not_copied_for_its_leaf() -> None:
    with Copies() as copies:
        record(lambda w: (w * 2).sum(), leaf())
    assert copies.count == 1  # the numbers of the leaf itself


def test_the_gradient_is_one_array_from_the_edge_to_the_leaf() -> None:
    trace = record(lambda w: (w * 2).sum(), leaf())
    sent, taken = trace.steps[-2].contributions[0].data, trace.steps[-1]
    assert sent is taken.incoming[0] is taken.grad_after is trace["w"].adjoint is trace["w"].grad


@pytest.mark.parametrize("size", [LARGE - 1, LARGE, LARGE + 1])
def test_a_hook_after_the_accumulation_does_not_change_what_was_recorded(size: int) -> None:
    w = leaf(size)

    def empty(tensor: Tensor) -> None:
        tensor.grad.zero_()

    w.register_post_accumulate_grad_hook(empty)
    trace = record(product, w)
    assert trace["w"].adjoint.statistics.minimum == 6.0
    assert trace.sums


class Emptying(torch.optim.SGD):
    """An optimizer that overwrites the gradients after it has used them."""

    def step(self, closure: Any = None) -> Any:
        super().step(closure)
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad.zero_()


@pytest.mark.parametrize("size", [LARGE - 1, LARGE])
def test_an_optimizer_that_writes_to_gradients_does_not_change_them(size: int) -> None:
    w = nn.Parameter(leaf(size).detach())
    trace = record(lambda x: (w * x).sum(), torch.full((size,), 2.0), optimizer=Emptying([w], lr=0.1))
    assert trace["w"].adjoint is not None
    assert trace["w"].adjoint.statistics.minimum == 2.0


def test_leaves_that_get_one_gradient_each_show_it() -> None:
    a, b = leaf(), leaf()
    trace = record(lambda a, b: ((a + b) * 3).sum(), a, b)
    assert [trace[name].grad.statistics.mean for name in "ab"] == [3.0, 3.0]
    assert a.grad is None
    assert b.grad is None


def test_a_large_output_that_is_a_leaf_keeps_its_seed() -> None:
    trace = record(lambda w: w, leaf())
    assert trace["w"].adjoint is trace.passes[0].seeds[0]


def test_what_is_written_after_the_recording_and_before_the_reading_is_not_shown() -> None:
    w = nn.Parameter(leaf().detach())
    trace = record(lambda x: (w * x).sum(), torch.full((LARGE,), 2.0, requires_grad=True))
    product(w).backward()
    with torch.no_grad():
        w.zero_()
        w.grad.fill_(9.0)
    assert trace["w"].data.statistics.mean == 3.0
    assert trace["w"].grad.statistics.mean == 2.0
    assert trace["x"].adjoint.statistics.mean == 3.0
