"""Shapes: the same numbers along other axes."""

from __future__ import annotations

from torch import nn

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import PICTURE
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
