"""`nn.init` of own code: the usual ways to draw weights, from the generator of the build."""

from __future__ import annotations

import inspect
import math
from typing import Any

from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.language.function import Value
from playground.layers.pasted.module import what

LARGEST = 1e6  # of a number that weights are drawn with


def initialise(name: str, positional: list[Value], named: dict[str, Value], generator: Any) -> Tensor:
    """Calls `nn.init.<name>` on a parameter, in place; PlaygroundError without a place where it does not fit."""
    function = getattr(nn.init, name)  # one of `INITIALISERS`
    names = [known for known in inspect.signature(function).parameters if known != "generator"]
    hint = f"nn.init.{name}({', '.join(names)})"
    given = dict(zip(names, positional, strict=False))
    wrong = next((word for word in named if word not in names or word in given), None)
    if len(positional) > len(names) or wrong is not None:
        raise PlaygroundError(f"`nn.init.{name}` does not take these arguments", hint=hint)
    given |= named
    target = given.pop("tensor", None)
    if not isinstance(target, Tensor):
        raise PlaygroundError(f"`nn.init.{name}` fills a tensor, not {what(target)}", hint=hint)
    if target.requires_grad and not isinstance(target, nn.Parameter):
        raise PlaygroundError(f"`nn.init.{name}` fills a parameter, not what is computed", hint=hint)
    for word, value in given.items():
        is_number = isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST
        if not is_number and not isinstance(value, str):
            message = f"`{word}` of nn.init.{name} is {what(value)}"
            raise PlaygroundError(message, hint=f"a number of at most {LARGEST:,.0f}, or a quoted word")
    if "generator" in inspect.signature(function).parameters:
        given["generator"] = generator
    filled: Tensor = function(target, **given)
    return filled


__all__ = ["initialise"]
