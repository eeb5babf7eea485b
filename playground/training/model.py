"""Build the net of a run, with its first weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from playground.layers.catalogue.modules import SeededDropout
from playground.layers.catalogue.spec import Shape
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.run.settings import check_output
from playground.training.config import TrainConfig
from playground.training.size import check_size, size_of

# How the weights of a net are drawn before the first step.
WEIGHT_INITS: dict[str, Callable[..., Tensor] | None] = {
    "PyTorch": None,  # what the constructors do: uniform within 1/sqrt(fan_in), biases too
    "Xavier uniform": nn.init.xavier_uniform_,
    "Xavier normal": nn.init.xavier_normal_,
    "Kaiming uniform": partial(nn.init.kaiming_uniform_, nonlinearity="relu"),
    "Kaiming normal": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "normal 0.01": partial(nn.init.normal_, std=0.01),
    "zeros": lambda weight, generator: nn.init.zeros_(weight),
}


def document_of(config: TrainConfig, input_shape: Shape, classes: int) -> StackDocument:
    """The net and its loss, as the other pages know them."""
    return StackDocument(config.text, input_shape, config.loss, classes, rng_seed=config.rng_seed)


def model_of(config: TrainConfig, input_shape: Shape, classes: int) -> nn.Module:
    """The net with its first weights, on the CPU. PlaygroundError where it does not fit the data or the loss, or is too
    large, before anything is allocated for it.

    >>> model_of(TrainConfig("Flatten Linear(10)"), (1, 28, 28), 10)
    Sequential(
      (flatten1): Flatten(start_dim=1, end_dim=-1)
      (linear1): Linear(in_features=784, out_features=10, bias=True)
    )
    """
    document = document_of(config, input_shape, classes)
    size = size_of(document)
    check_output(size.output, document)
    check_size(size, config.batch, config.text)
    net = net_of(document).build()
    _draw_weights(net, config.initial, torch.Generator().manual_seed(config.rng_seed))
    return net


def dropout_generator(net: nn.Module) -> torch.Generator | None:
    """The generator of a net's dropout, on the CPU; None if it has none."""
    return next((module.generator for module in net.modules() if isinstance(module, SeededDropout)), None)


def _draw_weights(net: nn.Module, name: str, generator: torch.Generator) -> None:
    """Draw every weight of linear layers and convolutions anew; their biases become 0. "PyTorch" changes nothing."""
    fill = WEIGHT_INITS[name]
    if fill is None:
        return
    for module in net.modules():
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            fill(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
