"""Pooling: one number for each window."""

from __future__ import annotations

from typing import Any

from torch import nn

from playground.layers.catalogue import fresh, shape_rules
from playground.layers.catalogue.kind import Given, Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import KERNEL, PADDING, PICTURE, WINDOW, plain
from playground.layers.catalogue.spec import Shape

_SIGNAL = (
    LayerArgument("kernel_size", "int", None, "length of the window", 1, 64),
    LayerArgument("stride", "int", 0, "how far the window moves; 0: as wide as it is", 0, 64),
    LayerArgument("padding", "int", 0, "places added at both ends", 0, 64),
)


def _pool(shape: Shape, given: Given) -> dict[str, Any]:
    return {
        "kernel_size": given["kernel_size"],
        "stride": shape_rules.pooling_stride(given),
        "padding": given["padding"],
    }


POOLING: tuple[Kind, ...] = (
    Kind(
        "MaxPool1d",
        "Pooling",
        "The largest of each window of a signal.",
        f"(C, L) → (C, {WINDOW})",
        "0",
        nn.MaxPool1d,
        shape_rules.pooling(1),
        _SIGNAL,
        _pool,
        saves="input and positions",
        example="MaxPool1d(2)",
        example_shape=(2, 9),
        fresh=fresh.pooling,
    ),
    Kind(
        "AvgPool1d",
        "Pooling",
        "The mean of each window of a signal.",
        f"(C, L) → (C, {WINDOW})",
        "0",
        nn.AvgPool1d,
        shape_rules.pooling(1),
        _SIGNAL,
        _pool,
        saves="input",
        example="AvgPool1d(2)",
        example_shape=(2, 9),
        fresh=fresh.pooling,
    ),
    Kind(
        "MaxPool2d",
        "Pooling",
        "The largest of each window.",
        f"(C, H, W) → (C, {WINDOW}, …)",
        "0",
        nn.MaxPool2d,
        shape_rules.pooling(2),
        (KERNEL, LayerArgument("stride", "size", 0, "how far the window moves; 0: as wide as it is", 0, 64), PADDING),
        _pool,
        saves="input and positions",
        example="MaxPool2d(2)",
        example_shape=PICTURE,
        fresh=fresh.pooling,
    ),
    Kind(
        "AvgPool2d",
        "Pooling",
        "The mean of each window.",
        f"(C, H, W) → (C, {WINDOW}, …)",
        "0",
        nn.AvgPool2d,
        shape_rules.pooling(2),
        (KERNEL, LayerArgument("stride", "size", 0, "how far the window moves; 0: as wide as it is", 0, 64), PADDING),
        _pool,
        saves="input",
        example="AvgPool2d(2)",
        example_shape=PICTURE,
        fresh=fresh.pooling,
    ),
    Kind(
        "AdaptiveAvgPool2d",
        "Pooling",
        "Means over as many windows as are asked for.",
        "(C, H, W) → (C, height, width)",
        "0",
        nn.AdaptiveAvgPool2d,
        shape_rules.adaptive,
        (LayerArgument("output_size", "size", 1, "height and width that come out", 1, 64),),
        plain("output_size"),
        saves="input",
        example="AdaptiveAvgPool2d(2)",
        example_shape=PICTURE,
    ),
)
