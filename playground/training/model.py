"""From a run's settings and its data to the net that is trained."""

from __future__ import annotations

import torch
from torch import nn

from playground.errors import PlaygroundError
from playground.layers.analysis import analyse
from playground.layers.build import build
from playground.layers.document import StackDocument
from playground.layers.modules import SeededDropout
from playground.layers.own import build_own, parse_module
from playground.layers.parse import parse_stack
from playground.layers.run import check_output
from playground.layers.spec import Shape, Stack
from playground.training.config import TrainConfig
from playground.training.initial import initialise
from playground.training.limits import LIMITS


def model_of(config: TrainConfig, input_shape: Shape, classes: int) -> nn.Module:
    """The net with its first weights, on the CPU. PlaygroundError where it does not fit the data or the loss.

    >>> model_of(TrainConfig("Flatten Linear(10)"), (1, 28, 28), 10)
    Sequential(
      (flatten1): Flatten(start_dim=1, end_dim=-1)
      (linear1): Linear(in_features=784, out_features=10, bias=True)
    )
    """
    document = StackDocument(config.text, input_shape, config.loss, classes, rng_seed=config.rng_seed)
    if document.is_own:
        net: nn.Module = build_own(parse_module(config.text), rng_seed=config.rng_seed)
        output = _output(net, input_shape)
    else:
        analysis = analyse(Stack(parse_stack(config.text), input_shape, config.loss, classes))
        output = analysis.checked()
        net = build(analysis, config.rng_seed)
    check_output(output, document)
    count = sum(parameter.numel() for parameter in net.parameters())
    if not count:
        raise PlaygroundError("a net without parameters has nothing to learn", hint="add a Linear", text=config.text)
    if count > LIMITS.parameters:
        raise PlaygroundError(f"{count:,} parameters", hint=f"at most {LIMITS.parameters:,} can be trained here")
    initialise(net, config.initial, torch.Generator().manual_seed(config.rng_seed))
    return net


@torch.no_grad()
def _output(net: nn.Module, input_shape: Shape) -> Shape:
    """The shape of one example's outputs, of a class that only running it can tell."""
    net.eval()  # so that dropout draws nothing, and batch norm stays where it is
    out = net(torch.zeros(2, *input_shape))
    net.train()
    if not isinstance(out, torch.Tensor) or out.dim() < 1 or len(out) != 2:
        raise PlaygroundError("forward gives no row for each example", hint="return (N, classes)")
    return tuple(out.shape[1:])


def dropout_generator(net: nn.Module, device: torch.device | None = None) -> torch.Generator | None:
    """Where the dropout of a net draws from; None if it has none. With a `device`: made anew there, same seed."""
    layers = [module for module in net.modules() if isinstance(module, SeededDropout)]
    generator = next((layer.generator for layer in layers), None)
    if generator is not None and device is not None and generator.device != device:
        generator = torch.Generator(device).manual_seed(generator.initial_seed())
        for layer in layers:
            layer.generator = generator
    return generator


__all__ = ["dropout_generator", "model_of"]
