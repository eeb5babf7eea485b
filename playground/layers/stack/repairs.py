"""Repairs of a stack: branches set so that they can be joined, and a layer made narrower so that the stack fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Misfit, pair
from playground.layers.catalogue.spec import Layers, LayerSpec, Path, Shape, Size, Stack
from playground.layers.catalogue.table import kind_of
from playground.layers.stack.text import layer_text

WINDOWS = {"Conv1d", "Conv2d", "MaxPool1d", "AvgPool1d", "MaxPool2d", "AvgPool2d"}
KEEPING = {"Activations", "Normalisation"}  # families that change no size
ALLOWED = "an odd kernel, stride 1 and a padding of half the kernel keep height and width"


def with_stride(layers: Layers, stride: int) -> Layers | None:
    """Layers that divide every size by `stride` and change it in no other way; None where their kinds cannot.

    Every window gets a padding of half its kernel, and the first one the whole stride.
    """
    found = []
    for layer in layers:
        if layer.kind in WINDOWS:
            layer, stride = _centred(layer, stride), 1
        elif kind_of(layer.kind).family not in KEEPING and layer.kind != "Bias":
            return None
        found.append(layer)
    return tuple(found) if stride == 1 else None


def stride_of(layers: Layers) -> int:
    """Multiply the strides of all windows, the larger one of two directions."""
    given = [kind_of(layer.kind).given(layer) for layer in layers if layer.kind in WINDOWS]
    return math.prod(max(pair(shape_rules.pooling_stride(arguments))) for arguments in given)


def shape_after(layers: Layers, shape: Shape) -> Shape | None:
    """Return what layers without branches give; None where one does not fit."""
    try:
        for layer in layers:
            kind = kind_of(layer.kind)
            shape = kind.rule(shape, kind.given(layer) | dict(layer.pins)).shape
    except Misfit:
        return None
    return shape


def _centred(layer: LayerSpec, stride: int) -> LayerSpec:
    height, width = ((size - 1) // 2 for size in shape_rules.reach(kind_of(layer.kind).given(layer)))
    padding: Size = height if height == width else (height, width)
    return layer.with_arg("stride", stride).with_arg("padding", padding)


class Counted(NamedTuple):
    """A layer in its place, and how many parameters it has."""

    path: Path
    layer: LayerSpec
    parameters: int


def narrower(stack: Stack, counted: Sequence[Counted], most: int) -> tuple[str, Stack] | None:
    """Name a change of one layer and the stack with it: `most` parameters or fewer in the counted layers, or None.

    >>> from playground.layers.stack.parse import parse_stack
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
    """Bound a layer's width: its outputs may be a Residual's, which keep their number, or the scores of classes."""
    after = stack.siblings(path)[path[-1] + 1 :]
    taker = next((layer for layer in after if layer.branches or _width_name(layer)), None)
    if taker is not None:
        return 0 if taker.kind == "Residual" else now
    if len(path) == 1:
        return stack.wanted if now > stack.wanted else 0
    return now if stack.at(path[:-2]).kind == "Parallel" else 0
