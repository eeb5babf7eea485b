"""Two Linear with nothing between are one: PyTorch computes the same with the one matrix."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import linear

from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.run.composed_linear import composed_linear
from playground.layers.stack.build import build

STACKS = [
    "Flatten Linear(5) Linear(3)",
    "Flatten Linear(5, bias=False) Linear(3)",
    "Flatten Linear(5) Linear(3, bias=False)",
    "Flatten Linear(5, bias=False) Linear(3, bias=False)",
    "Flatten Linear(5) Dropout(0.5) Identity Linear(3)",
    "Flatten Linear(4) Residual(Linear(5) Linear(4)) Linear(2)",
]


@pytest.mark.parametrize("text", STACKS)
def test_one_linear_does_the_same(text: str) -> None:
    document = StackDocument(text, rng_seed=3)
    path = next(caution.path for caution in net_of(document).cautions() if caution.id == "one-map")
    found = composed_linear(document, path)
    assert found is not None
    net = build(document.analysis(), 3).eval()
    first, second = net.get_submodule(found.first), net.get_submodule(found.second)
    x = torch.randn(7, found.weight.shape[1], generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(linear(x, found.weight, found.bias), second(first(x)))
    assert (found.bias is None) == (found.bias_formula == "")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Flatten Linear(5) ReLU Linear(3)", (3,)),
        ("Linear(5) Linear(3)", (1,)),
        ("Conv2d(2, 3) Conv2d(2, 3)", (1,)),
        ("Flatten Linear(3)", (1,)),
        ("Flatten Linear(5) Linear(3) Conv2d(2, 2)", (2,)),
        ("Flatten Linear(", (0,)),
        ("Linear(3)", (0,)),
    ],
)
def test_nothing_is_shown_where_they_are_not_two_linear(text: str, path: tuple[int, ...]) -> None:
    assert composed_linear(StackDocument(text), path) is None
