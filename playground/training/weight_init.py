"""How the weights of a net are drawn before the first step: one row each (`torch.nn.init`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Generator, Tensor, nn

_MAPS = (nn.Linear, nn.modules.conv._ConvNd)

INITIAL: dict[str, Callable[..., Tensor] | None] = {
    "PyTorch": None,  # what the constructors do: uniform within 1/sqrt(fan_in), biases too
    "Xavier uniform": nn.init.xavier_uniform_,
    "Xavier normal": nn.init.xavier_normal_,
    "Kaiming uniform": partial(nn.init.kaiming_uniform_, nonlinearity="relu"),
    "Kaiming normal": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "normal 0.01": partial(nn.init.normal_, std=0.01),
    "zeros": lambda weight, generator: nn.init.zeros_(weight),
}


def initialise(net: nn.Module, name: str, generator: Generator) -> None:
    """Draw every weight of linear layers and convolutions anew; their biases become 0. "PyTorch" changes nothing."""
    fill = INITIAL[name]
    if fill is None:
        return
    for module in net.modules():
        if isinstance(module, _MAPS):
            fill(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


__all__ = ["INITIAL", "initialise"]
