"""A value that was changed in place after a call had saved it: which it is, which line changed it, who needs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.recorder.record import record
from tests.recorder.helpers import leaf


def result_changed(x: Tensor) -> Tensor:
    y = torch.exp(x)
    y.add_(1)
    return y.sum()


def argument_changed(x: Tensor) -> Tensor:
    y = x * 2
    z = torch.sin(y)
    y.zero_()
    return z.sum()


def changed_through_a_view(x: Tensor) -> Tensor:
    y = torch.tanh(x)
    y[0].mul_(3)
    return y.sum()


def the_needed_one_of_two(x: Tensor) -> Tensor:
    y = x * 2
    torch.sin(y)  # saves y, too, and no backward pass gets there
    z = torch.cos(y)
    y.neg_()
    return z.sum()


@pytest.mark.parametrize(
    ("function", "writer", "saver", "kept"),
    [
        pytest.param(result_changed, "add_", "exp", "its own result", id="result"),
        pytest.param(argument_changed, "zero_", "sin", "its argument", id="argument"),
        pytest.param(changed_through_a_view, "mul_", "tanh", "its own result", id="view"),
        pytest.param(the_needed_one_of_two, "neg_", "cos", "its argument", id="two"),
    ],
)
def test_a_function_names_the_calls(function: Callable[[Tensor], Tensor], writer: str, saver: str, kept: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        record(function, leaf(1.0, 2.0))
    assert caught.value.message.endswith(
        f"is changed in place by `{writer}`, and the backward pass of `{saver}` needs it as it was"
    )
    assert caught.value.hint.startswith(f"`{saver}` saves {kept} for its derivative: ")


@pytest.mark.parametrize("p", ["fro", 1, float("inf")])
def test_a_call_that_overwrites_its_own_value_is_named(p: str | float) -> None:
    with pytest.raises(PlaygroundError, match="cannot differentiate `linalg_cond`"):
        record(lambda a: torch.linalg.cond(a, p), torch.eye(2).requires_grad_())
