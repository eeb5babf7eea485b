"""Activations: a function of every number, or of the scores of one example."""

from __future__ import annotations

from functools import partial

from torch import nn

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import plain

_activation = partial(Kind, family="Activations", formula="the same shape", parameters="0", rule=shape_rules.same)

ACTIVATIONS: tuple[Kind, ...] = (
    _activation(name="ReLU", meaning="max(0, x).", build=nn.ReLU, saves="output", example="ReLU"),
    _activation(
        name="LeakyReLU",
        meaning="x, or slope·x below 0.",
        build=nn.LeakyReLU,
        saves="input",
        arguments=(LayerArgument("negative_slope", "float", 0.01, "slope below 0", 0.0, 1.0),),
        signature=plain("negative_slope"),
        example="LeakyReLU(0.1)",
    ),
    _activation(name="ReLU6", meaning="max(0, x), and at most 6.", build=nn.ReLU6, saves="input", example="ReLU6"),
    Kind(
        "PReLU",
        "Activations",
        "x, or slope·x below 0; the slope is learnt.",
        "the same shape",
        "num_parameters",
        nn.PReLU,
        shape_rules.prelu,
        (LayerArgument("num_parameters", "int", 1, "1: a slope for all; the channels: one for each", 1, 4096),),
        plain("num_parameters"),
        saves="input",
        example="PReLU",
    ),
    _activation(
        name="ELU",
        meaning="x, or alpha·(eˣ − 1) below 0.",
        build=nn.ELU,
        saves="input",
        arguments=(LayerArgument("alpha", "float", 1.0, "limit below 0", 0.01, 10.0),),
        signature=plain("alpha"),
        example="ELU",
    ),
    _activation(
        name="SELU",
        meaning="ELU with alpha 1.67, times 1.05: it keeps mean 0 and deviation 1.",
        build=nn.SELU,
        saves="input",
        example="SELU",
    ),
    _activation(
        name="GELU", meaning="x·Φ(x), Φ the normal distribution.", build=nn.GELU, saves="input", example="GELU"
    ),
    _activation(name="SiLU", meaning="x·σ(x).", build=nn.SiLU, saves="input", example="SiLU"),
    _activation(name="Mish", meaning="x·tanh(log(1 + eˣ)).", build=nn.Mish, saves="input", example="Mish"),
    _activation(
        name="Hardswish",
        meaning="x·min(max(0, x + 3), 6)/6, a SiLU of straight pieces.",
        build=nn.Hardswish,
        saves="input",
        example="Hardswish",
    ),
    _activation(
        name="Hardsigmoid",
        meaning="min(max(0, x + 3), 6)/6, a Sigmoid of straight pieces.",
        build=nn.Hardsigmoid,
        saves="input",
        example="Hardsigmoid",
    ),
    _activation(
        name="Hardtanh",
        meaning="x, but at least min_val and at most max_val.",
        build=nn.Hardtanh,
        saves="input",
        arguments=(
            LayerArgument("min_val", "float", -1.0, "the least that comes out", -1000.0, 0.0),
            LayerArgument("max_val", "float", 1.0, "the most that comes out", 0.01, 1000.0),
        ),
        signature=plain("min_val", "max_val"),
        example="Hardtanh",
    ),
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
)
