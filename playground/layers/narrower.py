"""The layer whose width makes a stack too large, with so many outputs that the stack fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playground.layers.catalogue import kind_of
from playground.layers.spec import LayerSpec, Path, Stack
from playground.layers.text import layer_text


class Counted(NamedTuple):
    """A layer in its place, and how many parameters it has."""

    path: Path
    layer: LayerSpec
    parameters: int


def narrower(stack: Stack, counted: Sequence[Counted], most: int) -> tuple[str, Stack] | None:
    """What is set, and the stack with `most` parameters or fewer in the counted layers; None if no one layer does it.

    >>> from playground.layers.parse import parse_stack
    >>> stack = Stack(parse_stack("Linear(100) ReLU Linear(10)"), (9,))
    >>> narrower(stack, [Counted((0,), stack.at((0,)), 1000)], 500)[0]
    'set out_features of Linear(100) to 50'
    """
    total = sum(one.parameters for one in counted)
    for path, layer, parameters in sorted(counted, key=lambda one: -one.parameters):
        name = _width_name(layer)
        if name is None or not parameters:
            continue
        now = dict(layer.args)[name]
        assert isinstance(now, int)
        width = min(now * (most - (total - parameters)) // parameters, _widest(stack, path, now))
        if width >= 1:
            narrow = stack.replace(path, layer.with_arg(name, width))
            return f"set {name} of {layer_text(layer)} to {width}", narrow
    return None


def _width_name(layer: LayerSpec) -> str | None:
    """out_features or out_channels; None of a layer without."""
    return next((a.name for a in kind_of(layer.kind).arguments[:1] if a.name.startswith("out_")), None)


def _widest(stack: Stack, path: Path, now: int) -> int:
    """How wide a layer may be: its outputs may be a Residual's, which keep their number, or the scores of classes."""
    after = stack.siblings(path)[path[-1] + 1 :]
    taker = next((layer for layer in after if layer.branches or _width_name(layer)), None)
    if taker is not None:
        return 0 if taker.kind == "Residual" else now
    if len(path) == 1:
        return stack.classes if now > stack.classes else 0
    return now if stack.at(path[:-2]).kind == "Parallel" else 0


__all__ = ["Counted", "narrower"]
