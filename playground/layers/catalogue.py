"""The catalogue: one row for every kind of layer. Shapes are those of one example, without the batch."""

from __future__ import annotations

import difflib
from functools import partial
from typing import Any

from torch import nn

from playground.layers import rules
from playground.layers.kind import Argument, Given, Kind
from playground.layers.modules import Bias, Parallel, Reshape, Residual, SeededDropout
from playground.layers.spec import Shape

WINDOW = "floor((n + 2·padding − kernel)/stride + 1)"
PICTURE = (2, 8, 8)

_bias = Argument("bias", "bool", True, "whether an offset is added")
_out_channels = Argument("out_channels", "int", None, "how many filters", 1, 1024)
_kernel = Argument("kernel_size", "size", None, "height and width of the filter", 1, 64)
_stride = Argument("stride", "size", 1, "how far the window moves", 1, 64)
_padding = Argument("padding", "size", 0, "zeros added on every side", 0, 64)
_affine = Argument("affine", "bool", True, "whether a scale and an offset are learnt")
_eps = Argument("eps", "float", 1e-5, "added to the variance", 1e-12, 1.0)


def _plain(*names: str, **first: str) -> Any:
    """A constructor's arguments: in-sizes by their place in the shape, then our own arguments by the same names."""

    def signature(shape: Shape, given: Given) -> dict[str, Any]:
        places = {"channels": shape[:1], "last": shape[-1:]}
        inside = {name: places[place][0] for name, place in first.items()}
        return inside | {name: given[name] for name in names}

    return signature


def _layer_norm(shape: Shape, given: Given) -> dict[str, Any]:
    return {
        "normalized_shape": shape[-given["dims"] :],
        "eps": given["eps"],
        "elementwise_affine": given["elementwise_affine"],
    }


def _pool(shape: Shape, given: Given) -> dict[str, Any]:
    return {"kernel_size": given["kernel_size"], "stride": rules.pooling_stride(given), "padding": given["padding"]}


_convolution = _plain("out_channels", "kernel_size", "stride", "padding", "bias", in_channels="channels")
_activation = partial(Kind, family="Activations", formula="the same shape", parameters="0", rule=rules.same)

KINDS: tuple[Kind, ...] = (
    Kind(
        "Linear",
        "Layers with weights",
        "A matrix product and an offset: x Wᵀ + b.",
        "(*, in) → (*, out)",
        "in·out + out",
        nn.Linear,
        rules.linear,
        (Argument("out_features", "int", None, "how many outputs", 1, 65536), _bias),
        _plain("out_features", "bias", in_features="last"),
        pins=("in_features",),
        saves="input",
        example="Linear(3)",
        example_shape=(4,),
    ),
    Kind(
        "Bias",
        "Layers with weights",
        "Adds a parameter, and nothing else.",
        "the same shape",
        "features",
        Bias,
        rules.bias,
        signature=_plain(features="last"),
        example="Bias",
        example_shape=(5,),
    ),
    Kind(
        "Conv1d",
        "Layers with weights",
        "Filters slid along a signal.",
        f"(C, L) → (out, {WINDOW})",
        "out·C·kernel + out",
        nn.Conv1d,
        rules.convolution(1),
        (
            _out_channels,
            Argument("kernel_size", "int", None, "length of the filter", 1, 64),
            Argument("stride", "int", 1, "how far the window moves", 1, 64),
            Argument("padding", "int", 0, "zeros added at both ends", 0, 64),
            _bias,
        ),
        _convolution,
        pins=("in_channels",),
        saves="input",
        example="Conv1d(3, 2)",
        example_shape=(2, 9),
    ),
    Kind(
        "Conv2d",
        "Layers with weights",
        "Filters slid over a picture.",
        f"(C, H, W) → (out, {WINDOW}, …)",
        "out·C·kernel² + out",
        nn.Conv2d,
        rules.convolution(2),
        (_out_channels, _kernel, _stride, _padding, _bias),
        _convolution,
        pins=("in_channels",),
        saves="input",
        example="Conv2d(3, 2)",
        example_shape=PICTURE,
    ),
    Kind(
        "ConvTranspose2d",
        "Layers with weights",
        "A convolution turned round: every pixel stamps the filter.",
        "(C, H, W) → (out, (n − 1)·stride − 2·padding + kernel, …)",
        "C·out·kernel² + out",
        nn.ConvTranspose2d,
        rules.transposed,
        (
            _out_channels,
            _kernel,
            _stride,
            _padding,
            Argument("output_padding", "size", 0, "added to one side of the output", 0, 63),
            _bias,
        ),
        _plain("out_channels", "kernel_size", "stride", "padding", "output_padding", "bias", in_channels="channels"),
        pins=("in_channels",),
        saves="input",
        example="ConvTranspose2d(3, 2, stride=2)",
        example_shape=PICTURE,
    ),
    Kind(
        "MaxPool2d",
        "Pooling",
        "The largest of each window.",
        f"(C, H, W) → (C, {WINDOW}, …)",
        "0",
        nn.MaxPool2d,
        rules.pooling,
        (_kernel, Argument("stride", "size", 0, "how far the window moves; 0: as wide as it is", 0, 64), _padding),
        _pool,
        saves="input and positions",
        example="MaxPool2d(2)",
        example_shape=PICTURE,
    ),
    Kind(
        "AvgPool2d",
        "Pooling",
        "The mean of each window.",
        f"(C, H, W) → (C, {WINDOW}, …)",
        "0",
        nn.AvgPool2d,
        rules.pooling,
        (_kernel, Argument("stride", "size", 0, "how far the window moves; 0: as wide as it is", 0, 64), _padding),
        _pool,
        saves="input",
        example="AvgPool2d(2)",
        example_shape=PICTURE,
    ),
    Kind(
        "AdaptiveAvgPool2d",
        "Pooling",
        "Means over as many windows as are asked for.",
        "(C, H, W) → (C, size, size)",
        "0",
        nn.AdaptiveAvgPool2d,
        rules.adaptive,
        (Argument("output_size", "size", 1, "height and width that come out", 1, 64),),
        _plain("output_size"),
        saves="input",
        example="AdaptiveAvgPool2d(2)",
        example_shape=PICTURE,
    ),
    Kind(
        "BatchNorm1d",
        "Normalisation",
        "Each feature to mean 0 and deviation 1 over the batch, then scaled.",
        "the same shape",
        "2·features",
        nn.BatchNorm1d,
        rules.batch_norm(1),
        (_eps, _affine),
        _plain("eps", "affine", num_features="channels"),
        pins=("num_features",),
        saves="input and statistics",
        example="BatchNorm1d",
        example_shape=(5,),
    ),
    Kind(
        "BatchNorm2d",
        "Normalisation",
        "Each channel to mean 0 and deviation 1 over the batch, then scaled.",
        "the same shape",
        "2·C",
        nn.BatchNorm2d,
        rules.batch_norm(2),
        (_eps, _affine),
        _plain("eps", "affine", num_features="channels"),
        pins=("num_features",),
        saves="input and statistics",
        example="BatchNorm2d",
        example_shape=PICTURE,
    ),
    Kind(
        "LayerNorm",
        "Normalisation",
        "Each example to mean 0 and deviation 1 over its last axes, then scaled.",
        "the same shape",
        "2·sizes of the last axes",
        nn.LayerNorm,
        rules.layer_norm,
        (
            Argument("dims", "int", 1, "how many of the last axes", 1, 3),
            _eps,
            Argument("elementwise_affine", "bool", True, "whether a scale and an offset are learnt"),
        ),
        _layer_norm,
        saves="input and statistics",
        example="LayerNorm",
        example_shape=(5,),
    ),
    Kind(
        "Dropout",
        "Normalisation",
        "Sets each number to 0 with probability p while training, and scales up the others.",
        "the same shape",
        "0",
        SeededDropout,
        rules.same,
        (Argument("p", "float", 0.5, "probability", 0.0, 0.99),),
        _plain("p"),
        saves="mask",
        example="Dropout(0.3)",
        example_shape=(4,),
    ),
    Kind(
        "Flatten",
        "Shapes",
        "All axes but the batch become one.",
        "(C, H, W) → (C·H·W)",
        "0",
        nn.Flatten,
        rules.flatten,
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
        rules.reshape,
        (Argument("shape", "shape", None, "sizes without the batch", -1, 65536),),
        lambda shape, given: {"shape": rules.reshape(shape, given).shape},
        example="Reshape(2, 2)",
        example_shape=(4,),
    ),
    _activation(name="ReLU", meaning="max(0, x).", build=nn.ReLU, saves="output", example="ReLU"),
    _activation(
        name="LeakyReLU",
        meaning="x, or slope·x below 0.",
        build=nn.LeakyReLU,
        saves="input",
        arguments=(Argument("negative_slope", "float", 0.01, "slope below 0", 0.0, 1.0),),
        signature=_plain("negative_slope"),
        example="LeakyReLU(0.1)",
    ),
    _activation(
        name="ELU",
        meaning="x, or alpha·(eˣ − 1) below 0.",
        build=nn.ELU,
        saves="input",
        arguments=(Argument("alpha", "float", 1.0, "limit below 0", 0.01, 10.0),),
        signature=_plain("alpha"),
        example="ELU",
    ),
    _activation(
        name="GELU", meaning="x·Φ(x), Φ the normal distribution.", build=nn.GELU, saves="input", example="GELU"
    ),
    _activation(name="SiLU", meaning="x·σ(x).", build=nn.SiLU, saves="input", example="SiLU"),
    _activation(
        name="Sigmoid", meaning="1/(1 + e⁻ˣ), between 0 and 1.", build=nn.Sigmoid, saves="output", example="Sigmoid"
    ),
    _activation(name="Tanh", meaning="Between −1 and 1.", build=nn.Tanh, saves="output", example="Tanh"),
    _activation(
        name="Softplus", meaning="log(1 + eˣ), a smooth ReLU.", build=nn.Softplus, saves="input", example="Softplus"
    ),
    _activation(
        name="Softmax",
        meaning="Scores to probabilities that sum to 1.",
        build=nn.Softmax,
        saves="output",
        signature=lambda shape, given: {"dim": 1},
        example="Softmax",
    ),
    _activation(
        name="LogSoftmax",
        meaning="Scores to logarithms of probabilities.",
        build=nn.LogSoftmax,
        saves="output",
        signature=lambda shape, given: {"dim": 1},
        example="LogSoftmax",
    ),
    _activation(name="Identity", meaning="Hands its input on.", build=nn.Identity, example="Identity"),
    Kind(
        "Residual",
        "Blocks",
        "A sub-stack added to its own input.",
        "the same shape",
        "those inside",
        Residual,
        rules.same,
        example="Residual(Linear(4) ReLU)",
        branches=1,
    ),
    Kind(
        "Parallel",
        "Blocks",
        "Sub-stacks side by side on one input, joined along the first axis.",
        "(C₁, …), (C₂, …) → (C₁ + C₂, …)",
        "those inside",
        Parallel,
        rules.same,
        example="Parallel(Linear(2), Linear(3) ReLU)",
        branches=2,
    ),
)
_BY_NAME = {kind.name: kind for kind in KINDS}


def kind_of(name: str) -> Kind:
    """The row of this name; KeyError if there is none."""
    return _BY_NAME[name]


def find(name: str) -> Kind | None:
    """The row of this name, capitals aside."""
    return _BY_NAME.get(name) or next((kind for kind in KINDS if kind.name.lower() == name.lower()), None)


def nearest(name: str) -> Kind | None:
    """The row with the most similar name, for "did you mean"."""
    lower = {kind.name.lower(): kind for kind in KINDS}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[close[0]] if close else None
