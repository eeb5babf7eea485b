"""Shapes: the same numbers along other axes."""

from __future__ import annotations

from typing import Any

from torch import nn

from playground.layers.catalogue import fresh, shape_rules
from playground.layers.catalogue.kind import Given, Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import PICTURE, plain
from playground.layers.catalogue.modules import Reshape
from playground.layers.catalogue.spec import Shape

_PADDING = LayerArgument(
    "padding", "sides", None, "rows and columns added: everywhere, or left, right, top, bottom", 0, 64
)
_MODES = ("nearest", "bilinear", "bicubic")


def _upsample(shape: Shape, given: Given) -> dict[str, Any]:
    """Without what PyTorch takes only of modes that mix pixels."""
    mode = {} if given["mode"] == "nearest" else {"mode": given["mode"]}
    corners = {"align_corners": True} if given["align_corners"] else {}
    return {"scale_factor": given["scale_factor"], **mode, **corners}


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
        "(C, H, W) → (C, n + padding on both sides, …)",
        "0",
        nn.ZeroPad2d,
        shape_rules.padded,
        (_PADDING,),
        plain("padding"),
        example="ZeroPad2d(1)",
        example_shape=PICTURE,
    ),
    Kind(
        "ReflectionPad2d",
        "Shapes",
        "A frame around every picture, which mirrors what lies inside.",
        "(C, H, W) → (C, n + padding on both sides, …)",
        "0",
        nn.ReflectionPad2d,
        shape_rules.reflected,
        (_PADDING,),
        plain("padding"),
        saves="input",
        example="ReflectionPad2d(1)",
        example_shape=PICTURE,
    ),
    Kind(
        "PixelShuffle",
        "Shapes",
        "The channels of every pixel become a square of pixels.",
        "(C, H, W) → (C/upscale_factor², upscale_factor·n, …)",
        "0",
        nn.PixelShuffle,
        shape_rules.shuffled,
        (LayerArgument("upscale_factor", "int", None, "how many times as high and wide", 1, 16),),
        plain("upscale_factor"),
        example="PixelShuffle(2)",
        example_shape=(8, 3, 3),
    ),
    Kind(
        "Upsample",
        "Shapes",
        "Every pixel becomes a square of pixels; bilinear and bicubic run smoothly from one to the next.",
        "(C, H, W) → (C, scale_factor·n, …)",
        "0",
        nn.Upsample,
        shape_rules.upsampled,
        (
            LayerArgument("scale_factor", "int", None, "how many times as high and wide", 1, 16),
            LayerArgument("mode", "word", "nearest", "how new pixels come about", words=_MODES),
            LayerArgument("align_corners", "bool", False, "whether the corners keep their numbers; not of nearest"),
        ),
        _upsample,
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
        fresh=fresh.flat,
    ),
)
