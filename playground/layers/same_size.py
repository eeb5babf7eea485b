"""Branches whose windows are set so that all give pictures of one size: repairs of blocks that cannot be joined."""

from __future__ import annotations

import math

from playground.layers import rules
from playground.layers.catalogue import kind_of
from playground.layers.kind import Misfit, pair
from playground.layers.spec import Layers, LayerSpec, Shape, Size

WINDOWS = {"Conv1d", "Conv2d", "MaxPool2d", "AvgPool2d"}
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
    """Of all windows together, the larger one of two directions."""
    given = [kind_of(layer.kind).given(layer) for layer in layers if layer.kind in WINDOWS]
    return math.prod(max(pair(rules.pooling_stride(arguments))) for arguments in given)


def shape_after(layers: Layers, shape: Shape) -> Shape | None:
    """What layers without branches give; None where one does not fit."""
    try:
        for layer in layers:
            kind = kind_of(layer.kind)
            shape = kind.rule(shape, kind.given(layer) | dict(layer.pins)).shape
    except Misfit:
        return None
    return shape


def _centred(layer: LayerSpec, stride: int) -> LayerSpec:
    height, width = ((size - 1) // 2 for size in pair(kind_of(layer.kind).given(layer)["kernel_size"]))
    padding: Size = height if height == width else (height, width)
    return layer.with_arg("stride", stride).with_arg("padding", padding)


__all__ = ["ALLOWED", "shape_after", "stride_of", "with_stride"]
