"""The code that draws and computes one layer, with torch's elementary operations where there are some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

from playground.layers.catalogue.table import kind_of
from playground.layers.export.calls import written_arguments
from playground.layers.stack.analysis import StackRow
from playground.layers.stack.build import children_first, constructor
from playground.layers.stack.text import content_text

_ATTENTION = "{{{0}in_proj_weight}}, {{{0}in_proj_bias}}, {{{0}out_proj_weight}}, {{{0}out_proj_bias}}"  # names of it
# A layer with torch's elementary operations; what is not here is called as nn.functional's function.
FROM_SCRATCH = {
    "Linear": "x @ {weight}.T",
    "Bias": "x + {bias}",
    "MultiheadAttention": f"attention(x, {{num_heads}}, {_ATTENTION.format('')})",
    "Embedding": "{weight}[x]",
    "Dropout": "x * torch.zeros_like(x).bernoulli_(1 - {p}) / (1 - {p})",
    "Dropout2d": "x * torch.zeros(*x.shape[:2], 1, 1).bernoulli_(1 - {p}) / (1 - {p})",
    "ZeroPad2d": "F.pad(x, {padding})",
    "ReflectionPad2d": 'F.pad(x, {padding}, "reflect")',
    "PixelShuffle": (
        "x.unflatten(1, (-1, {upscale_factor}, {upscale_factor})).permute(0, 1, 4, 2, 5, 3).flatten(4).flatten(2, 3)"
    ),
    "Upsample": "x.repeat_interleave({scale_factor}, 2).repeat_interleave({scale_factor}, 3)",
    "Flatten": "x.flatten(1)",
    "Reshape": "x.reshape(len(x), {shape})",
    # Not by clamp, whose derivative at 0 itself is another, nor with an exp that may overflow.
    "ReLU": "torch.where(x > 0, x, 0)",
    "LeakyReLU": "torch.where(x > 0, x, {negative_slope} * x)",
    "ELU": "torch.where(x > 0, x, {alpha} * torch.where(x > 0, 0, x).expm1())",
    "SELU": "1.0507009873554805 * torch.where(x > 0, x, 1.6732632423543772 * torch.where(x > 0, 0, x).expm1())",
    "GELU": "0.5 * x * (1 + torch.erf(x / 2**0.5))",
    "SiLU": "x * torch.sigmoid(x)",
    "Mish": "x * torch.tanh(F.softplus(x))",
    "Sigmoid": "torch.sigmoid(x)",
    "Tanh": "torch.tanh(x)",
    "Softmax": "log_softmax(x).exp()",
    "LogSoftmax": "log_softmax(x)",
    "Identity": "x",
}
FUNCTIONS = {
    "Conv1d": "conv1d",
    "Conv2d": "conv2d",
    "ConvTranspose2d": "conv_transpose2d",
    "MaxPool1d": "max_pool1d",
    "AvgPool1d": "avg_pool1d",
    "MaxPool2d": "max_pool2d",
    "AvgPool2d": "avg_pool2d",
    "AdaptiveAvgPool2d": "adaptive_avg_pool2d",
    "Softplus": "softplus",
    "ReLU6": "relu6",
    "Hardtanh": "hardtanh",
    "Hardswish": "hardswish",
    "Hardsigmoid": "hardsigmoid",
    "GroupNorm": "group_norm",
    "PReLU": "prelu",
}


RECURRENT = ("LSTM", "GRU", "RNN")  # functions of the script
NO_ARGUMENTS = ("bias", "num_parameters")  # of constructors, not of the functions


def variable(name: str) -> str:
    """The variable of a parameter: `conv1.weight` is conv1_weight."""
    return name.replace(".", "_")


def parameter_names(row: StackRow) -> list[str]:
    """The parameters of a layer in the order in which PyTorch lists them."""
    return [f"{row.name}.{name}" for name, _ in _module(row).named_parameters()]


def drawn(row: StackRow) -> Iterator[tuple[str, str]]:
    """Each parameter of a layer with the code that draws it, in the order in which PyTorch draws."""
    module = _module(row)
    names = {id(tensor): name for name, tensor in module.named_parameters()}
    for part in children_first(module):
        for name, tensor in part.named_parameters(recurse=False):
            yield f"{row.name}.{names[id(tensor)]}", _draw(part, name, tensor)


def _module(row: StackRow) -> nn.Module:
    """The layer without numbers; of a block, whose layers have rows of their own, and of no parameters nothing."""
    if row.layer.branches or not row.parameters:
        return nn.Module()
    with torch.device("meta"):
        return kind_of(row.layer.kind).build(**constructor(row))


def _draw(module: nn.Module, name: str, tensor: Tensor) -> str:
    """Write how PyTorch draws one parameter of a module."""
    shape = ", ".join(map(str, tensor.shape))
    if isinstance(module, nn.PReLU):
        return f"torch.full(({shape},), {module.init}, requires_grad=True)"
    if name == "in_proj_weight":
        return f"xavier({shape})"
    if isinstance(module, nn.Embedding):
        return f"torch.randn({shape}, requires_grad=True)"
    if isinstance(module, nn.RNNBase):
        return f"uniform({shape}, fan_in={module.hidden_size})"
    if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
        draw = f"uniform({shape}, fan_in={module.weight[0].numel()})"
        is_of_attention = isinstance(module, NonDynamicallyQuantizableLinear)  # which draws its offset for nothing
        return f"torch.zeros_like({draw}, requires_grad=True)" if is_of_attention and name == "bias" else draw
    return f"torch.{'ones' if name == 'weight' else 'zeros'}({shape}, requires_grad=True)"


def computed(row: StackRow) -> list[str]:
    """The values that x takes, one after the other."""
    kind = row.layer.kind
    weights = {variable(name.removeprefix(f"{row.name}.")): variable(name) for name, _ in drawn(row)}
    given = constructor(row)
    if kind == "TransformerEncoderLayer":
        return _encoded(given, weights)
    if kind in RECURRENT:
        return _recurred(kind.lower(), given, list(weights.values()))
    if kind == "GroupNorm":
        scale = ", ".join(weights.values() or ("None", "None"))
        return [f"F.group_norm(x, {given['num_groups']}, {scale}, {given['eps']!r})"]
    if "Norm" in kind:
        axes = tuple(range(-len(given["normalized_shape"]), 0)) if kind == "LayerNorm" else (0, 2, 3)[: len(row.takes)]
        axes = (2, 3) if kind == "InstanceNorm2d" else axes
        return _normalised(axes, given["eps"], weights, len(row.takes) if kind != "LayerNorm" else 1)
    by_position, by_name = written_arguments(row)
    if kind in FUNCTIONS:
        first = list(weights.values()) or list(map(content_text, by_position))
        extra = [f"{name}={content_text(content)}" for name, content in by_name.items() if name not in NO_ARGUMENTS]
        return [f"F.{FUNCTIONS[kind]}({', '.join(['x', *first, *extra])})"]
    if kind == "Upsample" and "mode" in given:
        return [f"F.interpolate(x, {', '.join(f'{name}={content_text(content)}' for name, content in given.items())})"]
    if kind in ("ZeroPad2d", "ReflectionPad2d") and isinstance(given["padding"], int):
        given["padding"] = f"({given['padding']},) * 4"
    if kind == "Reshape":
        given["shape"] = ", ".join(map(str, by_position))
    offset = f" + {weights['bias']}" if kind == "Linear" and "bias" in weights else ""
    return [FROM_SCRATCH[kind].format(**(given | weights)) + offset]


def _encoded(given: dict[str, Any], weights: dict[str, str]) -> list[str]:
    """Attention and two matrix products, each added to its input; what is normalised is that input, or the sum."""
    norms = [f"F.layer_norm(x, ({given['d_model']},), {{{n}_weight}}, {{{n}_bias}})" for n in ("norm1", "norm2")]
    first, second = norms if given["norm_first"] else ("x", "x")
    activation = f"F.{given.get('activation', 'relu')}"
    attended = f"x + attention({first}, {given['nhead']}, {_ATTENTION.format('self_attn_')})"
    inner = f"{activation}({second} @ {{linear1_weight}}.T + {{linear1_bias}})"
    fed = f"x + {inner} @ {{linear2_weight}}.T + {{linear2_bias}}"
    lines = [attended, fed] if given["norm_first"] else [attended, norms[0], fed, norms[1]]
    return [line.format(**weights) for line in lines]


def _recurred(function: str, given: dict[str, Any], weights: list[str]) -> list[str]:
    """A line for each layer; the second direction reads from the end, and is turned round again."""
    calls = [", ".join(weights[start : start + 4]) for start in range(0, len(weights), 4)]
    if not given["bidirectional"]:
        return [f"{function}(x, {call})" for call in calls]
    both = zip(calls[::2], calls[1::2], strict=True)
    return [f"torch.cat([{function}(x, {one}), {function}(x.flip(1), {two}).flip(1)], 2)" for one, two in both]


def _normalised(axes: tuple[int, ...], eps: float, weights: dict[str, str], axes_of_one: int) -> list[str]:
    """To mean 0 and deviation 1 over some axes, then scaled; the features of a picture are its axis 1."""
    centred = f"x - x.mean({axes}, keepdim=True)"
    scaled = f"x / (x.var({axes}, correction=0, keepdim=True) + {eps!r}) ** 0.5"
    if not weights:
        return [centred, scaled]
    view = "" if axes_of_one == 1 else f".view({', '.join(['-1', *'1' * (axes_of_one - 1)])})"
    return [centred, scaled, f"x * {weights['weight']}{view} + {weights['bias']}{view}"]
