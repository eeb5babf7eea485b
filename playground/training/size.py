"""`Size`: what a net is made of and what it gives, known before it is built, and what of both is too much to train."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from playground.errors import PlaygroundError
from playground.layers.catalogue.spec import Shape
from playground.layers.document import StackDocument
from playground.layers.pasted.costs import Costs
from playground.layers.pasted.pasted_class import build_own, parse_module
from playground.training.limits import LIMITS

EVALUATED_AT_ONCE = 500  # examples; more would need more memory, and is no faster


@dataclass(frozen=True, slots=True)
class Size:
    """Of one net. `outputs`: numbers that all layers together give for one example; training keeps them, example by
    example of its batch, until the backward pass has used them. `largest`: the layer that gives the most of them.
    `multiplications`: of the forward pass of one example."""

    output: Shape
    parameters: int
    outputs: int
    multiplications: int
    largest: str = ""

    @property
    def evaluated_at_once(self) -> int:
        """Examples that go through the net together when it is tested."""
        return max(1, min(EVALUATED_AT_ONCE, LIMITS.outputs // max(self.outputs, 1)))


@lru_cache(maxsize=128)
def size_of(document: StackDocument) -> Size:
    """By arithmetic for a list of layers; a class of one's own is built and run with two examples, as small a batch as
    can be told from one. PlaygroundError where the net does not fit its input.

    >>> size_of(StackDocument("Flatten Linear(10)"))
    Size(output=(10,), parameters=7850, outputs=794, multiplications=7840, largest='flatten1')
    """
    if document.is_own:
        return _own_size(build_own(parse_module(document.text)), document.input_shape)
    analysis = document.analysis()
    output = analysis.checked()
    given = {row.name: math.prod(row.gives) for row in analysis.rows}
    largest = max(given, key=given.__getitem__, default="")
    return Size(output, analysis.parameters, sum(given.values()), analysis.multiplications, largest)


def check_size(size: Size, batch: int, text: str) -> None:
    """PlaygroundError for a net that has nothing to learn, too much to learn, or gives more than memory should hold for
    a batch of so many examples."""
    if not size.parameters:
        raise PlaygroundError("a net without parameters has nothing to learn", hint="add a Linear", text=text)
    if size.parameters > LIMITS.parameters:
        hint = f"at most {LIMITS.parameters:,} can be trained here"
        raise PlaygroundError(f"{size.parameters:,} parameters", hint=hint, text=text)
    if size.outputs * batch > LIMITS.outputs:
        fits = LIMITS.outputs // size.outputs
        most = f", {size.largest} the most" if size.largest else ""
        message = (
            f"the layers give {size.outputs:,} numbers for one example{most}: {size.outputs * batch:,} for a batch"
        )
        smaller = f"take a batch of at most {fits:,}, or a net with fewer outputs" if fits else "let layers give fewer"
        hint = f"a step may keep {LIMITS.outputs:,}: {smaller}, for example by a larger stride"
        raise PlaygroundError(f"{message} of {batch:,}", hint=hint, text=text)


@torch.no_grad()
def _own_size(net: nn.Module, input_shape: Shape) -> Size:
    net.eval()  # so that dropout draws nothing, and batch norm stays where it is
    x, given, costs = torch.zeros(2, *input_shape), _Given(), Costs(net)
    with given, costs:
        out = net(x)
    if not isinstance(out, torch.Tensor) or out.dim() < 1 or len(out) != 2:
        raise PlaygroundError("forward gives no row for each example", hint="return (N, classes)")
    parameters = sum(parameter.numel() for parameter in net.parameters())
    return Size(tuple(out.shape[1:]), parameters, given.numbers // 2, costs.multiplications // 2)


class _Given(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch's own
    """Counts the numbers that operations give in memory of their own; a view is what was there before."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not any(returned.alias_info for returned in func._schema.returns):
            self.numbers += sum(part.numel() for part in tree_leaves(out) if isinstance(part, torch.Tensor))
        return out


__all__ = ["EVALUATED_AT_ONCE", "Size", "check_size", "size_of"]
