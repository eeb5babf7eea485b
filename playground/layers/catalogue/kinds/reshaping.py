"""Shapes: the same numbers along other axes."""

from __future__ import annotations

from torch import nn

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import PICTURE, plain
from playground.layers.catalogue.modules import Reshape

SHAPES: tuple[Kind, ...] = (
    Kind(
        "Flatten",
        "Shapes",
        "All axes but the batch become one.",
        "(C, H, W) → (C·H·W)",
        "0",
        nn.Flatten,
        shape_rules.flatten,
        example="Flatten",
        example_shape=PICTURE,
    ),
    Kind(
        "ZeroPad2d",
        "Shapes",
        "Zeros around every picture.",
        "(C, H, W) → (C, n + 2·padding, …)",
        "0",
        nn.ZeroPad2d,
        shape_rules.padded,
        (LayerArgument("padding", "int", None, "rows and columns added on every side", 0, 64),),
        plain("padding"),
        example="ZeroPad2d(1)",
        example_shape=PICTURE,
    ),
    Kind(
        "Upsample",
        "Shapes",
        "Every pixel becomes a square of pixels.",
        "(C, H, W) → (C, scale_factor·n, …)",
        "0",
        nn.Upsample,
        shape_rules.upsampled,
        (LayerArgument("scale_factor", "int", None, "how many times as high and wide", 1, 16),),
        plain("scale_factor"),
        example="Upsample(2)",
        example_shape=PICTURE,
    ),
    Kind(
        "Reshape",
        "Shapes",
        "The same numbers in another shape; −1 stands for what is left.",
        "any → shape",
        "0",
        Reshape,
        shape_rules.reshape,
        (LayerArgument("shape", "shape", None, "sizes without the batch", -1, 65536),),
        lambda shape, given: {"shape": shape_rules.reshape(shape, given).shape},
        example="Reshape(2, 2)",
        example_shape=(4,),
    ),
)
