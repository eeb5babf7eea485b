"""From own code to a module: layers made by PyTorch's own constructors, counted before anything is allocated."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.language.arithmetic import bounded
from playground.language.function import Cost, Value
from playground.language.limits import spell
from playground.layers.build import draw
from playground.layers.catalogue import kind_of
from playground.layers.kind import Kind, Misfit, problem_of
from playground.layers.limits import LIMITS
from playground.layers.own_run import OwnCalls, OwnModule, OwnRun, running, what
from playground.layers.own_syntax import CONTAINERS
from playground.layers.own_tree import Make, Method, OwnClass, OwnSource

LARGEST = 65_536  # of an in-size
IN_SIZES = ("in_features", "in_channels", "num_features", "features", "normalized_shape")
HARMLESS = ("inplace",)  # it changes memory, and no number


def build_own(source: OwnSource, arguments: Mapping[str, Value] | None = None, rng_seed: int = 0) -> OwnModule:
    """The module of the last class; `arguments` are those of its `__init__` by name.

    The same seed gives the weights that `torch.manual_seed(rng_seed)` and the same class in Python give.
    """
    return _Builder(source, torch.Generator().manual_seed(rng_seed)).whole(dict(arguments or {}))


class _Builder:
    def __init__(self, source: OwnSource, generator: torch.Generator) -> None:
        self.source, self.generator = source, generator
        self.classes = {own.name: own for own in source.classes}
        self.calls = OwnCalls(source.text, generator)
        self.parameters = self.layers = 0

    def whole(self, arguments: dict[str, Value]) -> OwnModule:
        own = self.source.module
        given = {name: _plain(name, value) for name, value in arguments.items()}
        made = self.calls.at(own.span, self.own, own, [], given)
        assert isinstance(made, OwnModule)
        return made

    def make(self, node: Make, positional: list[Value], named: dict[str, Value]) -> nn.Module | nn.Parameter:
        """The value of one `Make`; PlaygroundError without a place."""
        if node.name == "Parameter" and not node.is_own:
            return self.parameter(positional, named)
        self.layers += 1
        if self.layers > LIMITS.layers:
            raise PlaygroundError(f"more than {LIMITS.layers} layers", hint=f"the limit is {LIMITS.layers} layers")
        if node.is_own:
            made: nn.Module = self.own(self.classes[node.name], positional, named)
        elif node.name in CONTAINERS:
            made = self.container(node.name, positional, named)
        else:
            made = self.layer(kind_of(node.name), positional, named)
        if max(name.count(".") for name, _ in made.named_modules()) > LIMITS.depth:
            raise PlaygroundError(f"layers nested more than {LIMITS.depth} deep", hint=f"the limit is {LIMITS.depth}")
        return made

    def own(self, own: OwnClass, positional: list[Value], named: dict[str, Value]) -> OwnModule:
        """A class of the text: its `__init__`, line by line."""
        module = OwnModule(own, self.source.text, self.generator)
        values = self.bound(own, own.init, positional, named)
        OwnRun(self.calls, {"self": module} | values, self.make).execute(own.init.body)
        return module

    def bound(self, own: OwnClass, init: Method, positional: list[Value], named: dict[str, Value]) -> dict[str, Value]:
        names = [parameter.name for parameter in init.parameters]
        takes = f"{own.name}({', '.join(names)})"
        if len(positional) > len(names):
            raise PlaygroundError(f"`{own.name}` takes {len(names)} arguments, here are {len(positional)}", hint=takes)
        values = dict(zip(names, positional, strict=False))
        for name, value in named.items():
            if name not in names or name in values:
                problem = "is given twice" if name in values else f"is no argument of `{own.name}`"
                raise PlaygroundError(f"`{name}` {problem}", hint=takes)
            values[name] = value
        defaults = OwnRun(self.calls, {}).evaluator
        for parameter in init.parameters:
            if parameter.name not in values:
                if parameter.default is None:
                    hint = f"give it beside the text, or a default: def __init__(self, {parameter.name}=10):"
                    raise PlaygroundError(f"`{own.name}` needs `{parameter.name}`", span=parameter.span, hint=hint)
                values[parameter.name] = defaults.evaluate(parameter.default)
        return values

    def parameter(self, positional: list[Value], named: dict[str, Value]) -> nn.Parameter:
        """`nn.Parameter(data, requires_grad=True)`; the data was charged to the budget when it was computed."""
        given = dict(zip(("data", "requires_grad"), positional, strict=False)) | named
        data, wanted = given.pop("data", None), given.pop("requires_grad", True)
        if not isinstance(data, Tensor) or len(positional) > 2 or given or not isinstance(wanted, bool):
            raise PlaygroundError("nn.Parameter takes one tensor", hint="for instance nn.Parameter(torch.zeros(10))")
        if not data.is_floating_point():
            raise PlaygroundError("only floating-point numbers have gradients", hint="write 0.0 instead of 0")
        self.count(data.numel())
        return nn.Parameter(data.detach(), requires_grad=wanted)

    def container(self, name: str, positional: list[Value], named: dict[str, Value]) -> nn.Module:
        """`nn.ModuleList([...])` and `nn.Sequential(...)`."""
        is_list = name == "ModuleList"
        modules = (positional[0] if positional else ()) if is_list else tuple(positional)
        if named or (is_list and len(positional) > 1) or not isinstance(modules, tuple):
            raise PlaygroundError(f"nn.{name} takes layers", hint="nn.ModuleList([a, b]), nn.Sequential(a, b)")
        other = next((part for part in modules if not isinstance(part, nn.Module)), None)
        if other is not None:
            hint = "nn.Sequential(*layers) takes a list apart" if isinstance(other, tuple) else ""
            raise PlaygroundError(f"nn.{name} holds layers, not {what(other)}", hint=hint)
        return nn.ModuleList(modules) if is_list else nn.Sequential(*modules)

    def layer(self, kind: Kind, positional: list[Value], named: dict[str, Value]) -> nn.Module:
        """A kind of the catalogue, with PyTorch's arguments in PyTorch's order."""
        if kind.branches:
            if named or len(positional) < kind.branches or not all(isinstance(p, nn.Module) for p in positional):
                raise PlaygroundError(f"{kind.name} takes layers", hint=f"for instance {kind.example}")
            return kind.build(*positional)
        given = _arguments(kind, positional, named)
        with torch.device("meta"):
            layer = kind.build(*given.get("shape", ()), **{n: v for n, v in given.items() if n != "shape"})
        self.count(sum(parameter.numel() for parameter in layer.parameters()))
        layer.to_empty(device="cpu")
        draw(layer, self.generator)
        layer.register_forward_pre_hook(partial(_charge, kind, _given(kind, given)))
        return layer

    def count(self, parameters: int) -> None:
        self.parameters += parameters
        if self.parameters > LIMITS.parameters:
            hint = f"the limit is {spell(LIMITS.parameters)} parameters"
            raise PlaygroundError(f"this brings the module to {spell(self.parameters)} parameters", hint=hint)


def _arguments(kind: Kind, positional: list[Value], named: dict[str, Value]) -> dict[str, Any]:
    """The arguments of a constructor by name, each checked; PlaygroundError without a place."""
    signature = inspect.signature(kind.build).parameters
    names = [name for name in signature if name != "self"]
    allowed = [n for n in names if n in (*IN_SIZES, *HARMLESS, "dim") or kind.argument(n) is not None]
    hint = f"{kind.name}({', '.join(allowed)})"
    if kind.argument("shape") is not None:
        positional = [tuple(positional)]
    if len(positional) > len(names):
        raise PlaygroundError(f"{kind.name} takes {len(names)} arguments", hint=hint)
    given = dict(zip(names, positional, strict=False))
    for name in named:
        if name in given:
            raise PlaygroundError(f"{name} is given twice", hint=hint)
    given |= named
    for name, value in given.items():
        argument = kind.argument(name)
        if name not in allowed:
            raise PlaygroundError(f"{kind.name} has no argument {name} here", hint=hint)
        problem = problem_of(argument, value) if argument is not None else _size_problem(name, value)
        if problem:
            raise PlaygroundError(f"{name} of {kind.name} is {problem}", hint=hint)
    for name in allowed:
        if name not in given and (signature[name].default is inspect.Parameter.empty or name == "dim"):
            raise PlaygroundError(f"{kind.name} needs {name}", hint=hint)
    return given


def _size_problem(name: str, value: Value) -> str:
    """What is wrong with an in-size or an axis, '' if nothing is."""
    if name in HARMLESS:
        return "" if isinstance(value, bool) else f"True or False, not {what(value)}"
    if name == "dim":
        return "" if type(value) is int and -8 <= value < 8 else f"an axis, for instance 1, not {what(value)}"
    sizes = value if isinstance(value, tuple) and name == "normalized_shape" and 0 < len(value) <= 3 else (value,)
    good = all(type(size) is int and 1 <= size <= LARGEST for size in sizes)
    return "" if good else f"a whole number from 1 to {LARGEST:,}"


def _given(kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the shape rule of this kind wants: every argument, and the in-sizes."""
    shape = given.get("normalized_shape")
    dims = {} if shape is None else {"dims": len(shape) if isinstance(shape, tuple) else 1}
    return {argument.name: argument.default for argument in kind.arguments} | dict(given) | dims


def _charge(kind: Kind, given: Mapping[str, Any], layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Before a layer computes: whether its input fits, and whether the budget of the pass allows its output."""
    calls = running.get()
    if calls is None:
        return
    batch, *shape = inputs[0].shape if inputs[0].dim() > 1 else (1, *inputs[0].shape)
    try:
        rule = kind.rule(tuple(shape), given)
        if given.get("features", shape[-1:] and shape[-1]) != (shape[-1:] and shape[-1]):
            raise Misfit(f"features = {given['features']}", str(shape[-1]))
    except Misfit as misfit:
        message = f"{kind.name} expects {misfit.expected}, and got {misfit.got}"
        raise PlaygroundError(message, hint="the sizes of a layer are those of what comes in") from None
    elements, work = batch * math.prod(rule.shape), 2 * batch * rule.multiplications
    unfolded = given.get("in_channels" if kind.name == "ConvTranspose2d" else "out_channels")  # a convolution's windows
    scratch = rule.multiplications // unfolded if unfolded else 0
    calls.budget.charge(Cost(elements, work + elements, len(rule.shape) + 1, scratch))


def _plain(name: str, value: Value) -> Value:
    """An argument from beside the text: numbers, and tuples of them."""
    if isinstance(value, list | tuple) and len(value) <= LIMITS.layers:
        return tuple(_plain(name, part) for part in value)
    if not isinstance(value, int | float):
        raise PlaygroundError(f"`{name}` is {what(value)}", hint="write a number, or a tuple of numbers")
    return bounded(value)


__all__ = ["build_own"]
