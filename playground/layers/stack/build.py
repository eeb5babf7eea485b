"""Build PyTorch's modules of a stack, with weights drawn from a generator of its own: no process-wide randomness."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from playground.computing.device import CPU
from playground.layers.catalogue.modules import Bias, SeededDropout
from playground.layers.catalogue.spec import Layers, Path
from playground.layers.catalogue.table import kind_of
from playground.layers.stack.analysis import Analysis, StackRow

_DRAWN = (nn.Linear, nn.modules.conv._ConvNd)
_RESET = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.PReLU)  # to constants


def build(analysis: Analysis, rng_seed: int = 0) -> nn.Sequential:
    """The modules of a stack, named `conv1`, `relu1`, ...; PlaygroundError where a layer does not fit.

    The same seed gives the weights that `torch.manual_seed(rng_seed)` and PyTorch's own constructors give.

    >>> from playground.layers.stack.analysis import analyse
    >>> from playground.layers.catalogue.spec import Stack
    >>> from playground.layers.stack.parse import parse_stack
    >>> build(analyse(Stack(parse_stack("Linear(3) ReLU"), input_shape=(4,))))
    Sequential(
      (linear1): Linear(in_features=4, out_features=3, bias=True)
      (relu1): ReLU()
    )
    """
    analysis.checked()
    with torch.device("meta"):
        net = _sequential(analysis.stack.layers, (), {row.path: row for row in analysis.rows})
    net.to_empty(device=CPU)
    draw(net, torch.Generator().manual_seed(rng_seed))
    return net


def _sequential(layers: Layers, prefix: Path, rows: dict[Path, StackRow]) -> nn.Sequential:
    named: OrderedDict[str, nn.Module] = OrderedDict()
    for index in range(len(layers)):
        path = (*prefix, index)
        named[rows[path].name.rpartition(".")[2]] = _module(rows[path], rows)
    return nn.Sequential(named)


def _module(row: StackRow, rows: dict[Path, StackRow]) -> nn.Module:
    kind = kind_of(row.layer.kind)
    if row.layer.branches:
        return kind.build(
            *[_sequential(branch, (*row.path, number), rows) for number, branch in enumerate(row.layer.branches)]
        )
    arguments = constructor(row)
    return kind.build(*arguments.pop("shape", ()), **arguments)


def constructor(row: StackRow) -> dict[str, Any]:
    """The arguments of the module's constructor, in-sizes included, by PyTorch's names and in PyTorch's order."""
    kind = kind_of(row.layer.kind)
    return kind.signature(row.takes, kind.given(row.layer))


def draw(net: nn.Module, generator: torch.Generator) -> None:
    """Fill parameters and buffers as PyTorch's constructors do, from `generator`, in the order in which they do.

    Weights are uniform within 1/sqrt(fan_in) (`kaiming_uniform_` with a = sqrt(5)), biases too; see
    `torch.nn.Linear.reset_parameters`.
    """
    for module in children_first(net):
        if isinstance(module, _DRAWN):
            nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
            if module.bias is not None:
                fan_in = module.weight[0].numel()
                bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
                nn.init.uniform_(module.bias, -bound, bound, generator=generator)
        elif isinstance(module, nn.MultiheadAttention):
            nn.init.xavier_uniform_(module.in_proj_weight, generator=generator)
            nn.init.zeros_(module.in_proj_bias)
            nn.init.zeros_(module.out_proj.bias)
        elif isinstance(module, nn.RNNBase | nn.RNNCellBase):
            bound = 1 / math.sqrt(module.hidden_size)
            for parameter in module.parameters():
                nn.init.uniform_(parameter, -bound, bound, generator=generator)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, generator=generator)
        elif isinstance(module, Bias):
            nn.init.zeros_(module.bias)
        elif isinstance(module, _RESET):
            module.reset_parameters()
        elif isinstance(module, SeededDropout):
            module.generator = generator


def children_first(module: nn.Module) -> Iterator[nn.Module]:
    """Modules in the order in which their constructors end."""
    for child in module.children():
        yield from children_first(child)
    yield module
