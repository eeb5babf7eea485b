"""Layers with weights: matrix products, convolutions, a bias."""

from __future__ import annotations

from torch import nn

from playground.layers.catalogue import fresh, shape_rules
from playground.layers.catalogue.kind import Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import (
    DILATION,
    FILTER,
    FILTER_PADDING,
    KERNEL,
    PADDING,
    PICTURE,
    SAME,
    STRIDE,
    plain,
)
from playground.layers.catalogue.modules import Bias

_bias = LayerArgument("bias", "bool", True, "whether an offset is added")
_out_channels = LayerArgument("out_channels", "int", None, "how many filters", 1, 1024)
_groups = LayerArgument("groups", "int", 1, "of channels that do not see each other", 1, 1024)
_convolution = plain(
    "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias", in_channels="channels"
)

WEIGHTS: tuple[Kind, ...] = (
    Kind(
        "Linear",
        "Layers with weights",
        "A matrix product and an offset: x Wᵀ + b.",
        "(*, in) → (*, out)",
        "in·out (+ out with bias)",
        nn.Linear,
        shape_rules.linear,
        (LayerArgument("out_features", "int", None, "how many outputs", 1, 65536), _bias),
        plain("out_features", "bias", in_features="last"),
        pins=("in_features",),
        saves="input",
        example="Linear(3)",
        example_shape=(4,),
        fresh=fresh.linear,
    ),
    Kind(
        "Bias",
        "Layers with weights",
        "Adds a parameter, and nothing else.",
        "the same shape",
        "features",
        Bias,
        shape_rules.bias,
        signature=plain(features="last"),
        example="Bias",
        example_shape=(5,),
    ),
    Kind(
        "Conv1d",
        "Layers with weights",
        "Filters slid along a signal.",
        f"(C, L) → (out, {FILTER})",
        "out·C·kernel/groups (+ out with bias)",
        nn.Conv1d,
        shape_rules.convolution(1),
        (
            _out_channels,
            LayerArgument("kernel_size", "int", None, "length of the filter", 1, 64),
            LayerArgument("stride", "int", 1, "how far the window moves", 1, 64),
            LayerArgument("padding", "int", 0, "zeros added at both ends; same: the length stays", 0, 64, SAME),
            LayerArgument("dilation", "int", 1, "how far apart the filter's numbers lie", 1, 64),
            _groups,
            _bias,
        ),
        _convolution,
        pins=("in_channels",),
        saves="input",
        example="Conv1d(3, 2)",
        example_shape=(2, 9),
        fresh=fresh.convolution,
    ),
    Kind(
        "Conv2d",
        "Layers with weights",
        "Filters slid over a picture.",
        f"(C, H, W) → (out, {FILTER}, …)",
        "out·C·kernel_H·kernel_W/groups (+ out with bias)",
        nn.Conv2d,
        shape_rules.convolution(2),
        (_out_channels, KERNEL, STRIDE, FILTER_PADDING, DILATION, _groups, _bias),
        _convolution,
        pins=("in_channels",),
        saves="input",
        example="Conv2d(3, 2)",
        example_shape=PICTURE,
        fresh=fresh.convolution,
    ),
    Kind(
        "ConvTranspose2d",
        "Layers with weights",
        "A convolution turned round: every pixel stamps the filter.",
        "(C, H, W) → (out, (n − 1)·stride − 2·padding + kernel + output_padding, …)",
        "C·out·kernel_H·kernel_W (+ out with bias)",
        nn.ConvTranspose2d,
        shape_rules.transposed,
        (
            _out_channels,
            KERNEL,
            STRIDE,
            PADDING,
            LayerArgument("output_padding", "size", 0, "added to one side of the output", 0, 63),
            _bias,
        ),
        plain("out_channels", "kernel_size", "stride", "padding", "output_padding", "bias", in_channels="channels"),
        pins=("in_channels",),
        saves="input",
        example="ConvTranspose2d(3, 2, stride=2)",
        example_shape=PICTURE,
        fresh=fresh.transposed,
    ),
)
