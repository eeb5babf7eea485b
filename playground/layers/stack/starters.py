"""Nets to begin with, where no layer stands yet."""

from __future__ import annotations

from dataclasses import replace

from playground.errors import Repair
from playground.layers.catalogue.fresh import Place, convolution, width_between
from playground.layers.catalogue.spec import Layers, LayerSpec, Stack
from playground.layers.stack.analysis import analyse
from playground.layers.stack.text import to_text


def starters(stack: Stack) -> tuple[Repair, ...]:
    """Small nets that fit the input, the classes and the loss of a stack, as buttons with their texts.

    >>> [starter.text for starter in starters(Stack((), (2,), "NLLLoss", 2))]
    ['Linear(2) LogSoftmax', 'Linear(8) ReLU Linear(2) LogSoftmax']
    """
    shape, relu = stack.input_shape, LayerSpec("ReLU")
    flatten = () if len(shape) == 1 else (LayerSpec("Flatten"),)
    features = analyse(replace(stack, layers=flatten)).output or shape
    end: Layers = (_linear(stack.wanted), *[LayerSpec("LogSoftmax")] * (stack.loss == "NLLLoss"))
    nets: list[tuple[str, Layers]] = [
        ("One Linear", (*flatten, *end)),
        ("A hidden layer", (*flatten, _linear(width_between(features[0], stack.wanted)), relu, *end)),
    ]
    if len(shape) == 3:
        filters = LayerSpec("Conv2d", tuple(convolution(Place(shape, stack.wanted)).items()))
        pool = LayerSpec("MaxPool2d", (("kernel_size", 2),))
        nets.append(("A convolution", (filters, relu, pool, *flatten, *end)))
    return tuple(
        Repair(label, to_text(layers))
        for label, layers in nets
        if analyse(replace(stack, layers=layers)).problem is None
    )


def _linear(outputs: int) -> LayerSpec:
    return LayerSpec("Linear", (("out_features", outputs),))
