"""What a call is charged is in proportion to its time: a text at the limit of work takes seconds, whatever it calls."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from playground.language.function import Arguments
from playground.language.functions.table import find
from playground.language.limits import LIMITS

SECONDS = 6.0  # of CPU at the limit of work, of an ordinary core
Call = tuple[str, str, Callable[..., Tensor], dict[str, object]]


def rows(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0)).requires_grad_()


CALLS: dict[str, Call] = {
    "one long window": ("", "conv1d", F.conv1d, {"input": rows(1, 200, 2000), "weight": rows(1, 200, 1990)}),
    "long windows": ("", "conv1d", F.conv1d, {"input": rows(1, 1, 9000), "weight": rows(1, 1, 1500)}),
    "wide windows": ("", "conv2d", F.conv2d, {"input": rows(1, 1, 90, 90), "weight": rows(1, 1, 45, 45)}),
    "windows of one": ("", "conv2d", F.conv2d, {"input": rows(64, 10, 30, 30), "weight": rows(2, 10, 1, 1)}),
    "spread": (
        *("", "conv_transpose2d", F.conv_transpose2d),
        {"input": rows(1, 4, 60, 60), "weight": rows(4, 1, 20, 20)},
    ),
    "pairs of a picture": ("F", "max_pool2d", F.max_pool2d, {"input": rows(8, 10, 80, 80), "kernel_size": 2}),
    "overlapping": ("F", "max_pool2d", F.max_pool2d, {"input": rows(8, 10, 40, 40), "kernel_size": 9, "stride": 1}),
    "pairs of a signal": ("F", "avg_pool1d", F.avg_pool1d, {"input": rows(8, 10, 9000), "kernel_size": 2}),
    "kron": ("torch", "kron", torch.kron, {"input": rows(30, 30), "other": rows(30, 30)}),
    "bilinear": (
        "F",
        "bilinear",
        F.bilinear,
        {"input1": rows(900, 20), "input2": rows(900, 30), "weight": rows(9, 20, 30)},
    ),
    "small matrices": ("torch", "bmm", torch.bmm, {"input": rows(40_000, 2, 2), "mat2": rows(40_000, 2, 2)}),
    "thin matrices": ("torch", "bmm", torch.bmm, {"input": rows(4000, 4, 40), "mat2": rows(4000, 40, 1)}),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_limit_of_work_is_a_limit_of_seconds(name: str) -> None:
    home, function, call, given = CALLS[name]
    row = find(home, function)
    assert row is not None
    named = {parameter.name for parameter in row.parameters}
    values = dict(zip(row_names(given, named), given.values(), strict=True))
    cost = row.bound(Arguments(values))
    derivative = max(2 * cost.work, cost.derivative)
    inputs = [value for value in given.values() if isinstance(value, Tensor)]
    forward = backward = float("inf")
    for _ in range(5):
        start = time.thread_time()
        result = call(**given)
        between = time.thread_time()
        torch.autograd.grad(result.sum(), inputs)
        forward, backward = min(forward, between - start), min(backward, time.thread_time() - between)
    assert forward / cost.work * LIMITS.work < SECONDS
    assert backward / derivative * LIMITS.work < SECONDS


def row_names(given: dict[str, object], named: set[str]) -> list[str]:
    """The names that the table has for PyTorch's: of one function they differ."""
    return [name if name in named else name.replace("input", "x") for name in given]
