"""Build a pasted class's module: layers made by PyTorch's own constructors, counted before anything is allocated."""

from __future__ import annotations

import inspect
import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from playground.computing.device import CPU
from playground.errors import PlaygroundError
from playground.language.evaluate.arithmetic import bounded
from playground.language.function import Value
from playground.language.limits import spell
from playground.language.syntax.tree import Assign
from playground.layers.catalogue.kind import Kind
from playground.layers.catalogue.table import kind_of
from playground.layers.limits import LIMITS
from playground.layers.pasted.constructors import Origin, Origins, arguments, constructed, rule_arguments
from playground.layers.pasted.expressions import CONTAINERS
from playground.layers.pasted.interpreter import PastedRun, bound, check_name, interpret_forward
from playground.layers.pasted.pasted_module import OwnFunction, PastedCalls, PastedModule, Surroundings, what
from playground.layers.pasted.tree import Constant, Initialise, Make, Method, PastedClass, PastedFunction, PastedSource
from playground.layers.stack.build import draw

LARGEST_INITIAL = 1e6  # of a number that weights are drawn with
LARGEST_ORTHOGONAL = 1024  # of the shorter side of a matrix: it is factorised
Made = nn.Module | nn.Parameter | Tensor | float


def build_pasted(source: PastedSource, arguments: Mapping[str, Value] | None = None, rng_seed: int = 0) -> PastedModule:
    """The module of the last class; `arguments` are those of its `__init__` by name.

    The same seed gives the weights that `torch.manual_seed(rng_seed)` and the same class in Python give.
    """
    return build_with_origins(source, arguments, rng_seed)[0]


def build_with_origins(
    source: PastedSource, arguments: Mapping[str, Value] | None = None, rng_seed: int = 0
) -> tuple[PastedModule, Origins]:
    """The same, with the place in the text that every layer comes from."""
    return _Builder(source, torch.Generator().manual_seed(rng_seed)).whole(dict(arguments or {}))


class _Builder:
    def __init__(self, source: PastedSource, generator: torch.Generator) -> None:
        self.source, self.generator = source, generator
        self.classes = {one.name: one for one in source.classes}
        self.around = Surroundings(source.text, generator, {**self.classes})
        self.calls = PastedCalls(self.around)
        self.origins = Origins(source.text)
        self.parameters = self.layers = 0

    def whole(self, arguments: dict[str, Value]) -> tuple[PastedModule, Origins]:
        definition, entry = self.source.module, self.source.entry
        given = {name: _plain(name, value) for name, value in arguments.items()}
        try:
            beside: list[Constant | PastedFunction] = [*self.source.constants, *self.source.functions]
            for one in sorted(beside, key=lambda one: one.span.start):
                if isinstance(one, Constant):
                    self.constant(one)
                else:
                    self.function(one)
            if entry is None or given:
                made = self.calls.at(definition.span, self.module, definition, [], given)
            else:
                made = PastedRun(self.calls, {}, self.make).evaluator.evaluate(entry.value)
        except RecursionError:
            hint = "give inner parts names on lines of their own"
            self.calls.refuse("this is nested too deeply", definition.span, hint)
        if not isinstance(made, PastedModule):
            hint = f"let it return {definition.name}(...)"
            self.calls.refuse(
                f"this gives {what(made)}, not a module", definition.span if entry is None else entry.span, hint
            )
        self.origins.guard()
        return made, self.origins

    def function(self, function: PastedFunction) -> None:
        """Gives a function beside the classes its defaults, which are what they are where it stands."""
        evaluator = PastedRun(self.calls, {}).evaluator
        method = function.making or function.running
        parameters = () if method is None else method.parameters
        given = {one.name: evaluator.evaluate(one.default) for one in parameters if one.default is not None}
        self.around.names[function.name] = OwnFunction(function.making, function.running, defaults=given)

    def constant(self, constant: Constant) -> None:
        """Gives the names beside the classes their values."""
        run = PastedRun(self.calls, {}, self.make)
        run.execute((Assign(constant.targets, constant.unpack, constant.value, constant.span),))
        for name, value in run.values.items():
            if isinstance(value, Tensor | nn.Module):
                hint = "make it in __init__, where it is part of the module"
                self.calls.refuse(f"`{name}` is {what(value)} outside of the classes", constant.span, hint)
            self.around.names[name] = value

    def make(self, node: Make | Initialise, positional: list[Value], named: dict[str, Value]) -> Made:
        """The value of one `Make` or `Initialise`; PlaygroundError without a place."""
        if isinstance(node, Initialise):
            return _initialise(node.name, positional, named, self.generator)
        if node.name == "Parameter" and not node.is_pasted:
            return self.parameter(positional, named)
        self.layers += 1
        if self.layers > LIMITS.layers:
            raise PlaygroundError(f"more than {LIMITS.layers} layers", hint=f"the limit is {LIMITS.layers} layers")
        if node.is_pasted:
            made: nn.Module = self.module(self.classes[node.name], positional, named)
        elif node.name in CONTAINERS:
            made = self.container(node.name, positional, named)
            self.origins.in_sequence |= set(made.children()) if node.name == "Sequential" else set()
        else:
            made = self.layer(node, kind_of(node.name), positional, named)
        self.origins.of.setdefault(made, Origin(node))
        self.origins.times[node.span] += 1
        if max(name.count(".") for name, _ in made.named_modules()) > LIMITS.depth:
            raise PlaygroundError(f"layers nested more than {LIMITS.depth} deep", hint=f"the limit is {LIMITS.depth}")
        return made

    def module(self, definition: PastedClass, positional: list[Value], named: dict[str, Value]) -> PastedModule:
        """A class of the text: its `__init__`, line by line."""
        module = PastedModule(definition, self.around, interpret_forward)
        init = definition.find("__init__", in_init=True) or Method("__init__", (), (), definition.span)
        values = bound(self.calls, init, positional, named, definition.name)
        with self.calls.method(definition.name, definition.span):
            PastedRun(self.calls, {"self": module} | values, self.make).result_of(init)
        return module

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
        """`nn.ModuleList([...])`, `nn.ModuleDict({...})` and `nn.Sequential(...)`."""
        is_ordered = name == "Sequential" and len(positional) == 1 and isinstance(positional[0], OrderedDict)
        is_one = is_ordered or name != "Sequential"
        given = (positional[0] if positional else ()) if is_one else tuple(positional)
        modules = tuple(given.values()) if isinstance(given, dict) else given
        if named or (is_one and len(positional) > 1) or not isinstance(modules, tuple):
            raise PlaygroundError(f"nn.{name} takes layers", hint="nn.ModuleList([a, b]), nn.Sequential(a, b)")
        other = next((part for part in modules if not isinstance(part, nn.Module)), None)
        if other is not None:
            hint = "nn.Sequential(*layers) takes a list apart" if isinstance(other, tuple) else "make them with nn. ..."
            hint = "OrderedDict([...]) has names for layers" if isinstance(other, dict) else hint
            raise PlaygroundError(f"nn.{name} holds layers, not {what(other)}", hint=hint)
        if isinstance(given, dict):
            made = nn.ModuleDict() if name == "ModuleDict" else nn.Sequential()
            for word, layer in given.items():
                check_name(made, word)
                made.add_module(word, layer)
            return made
        if name == "ModuleDict":
            return nn.ModuleDict()
        return nn.ModuleList(modules) if name == "ModuleList" else nn.Sequential(*modules)

    def layer(self, node: Make, kind: Kind, positional: list[Value], named: dict[str, Value]) -> nn.Module:
        """A kind of the catalogue, with PyTorch's arguments in PyTorch's order."""
        if kind.branches:
            if named or len(positional) < kind.branches or not all(isinstance(p, nn.Module) for p in positional):
                raise PlaygroundError(f"{kind.name} takes layers", hint=f"for instance {kind.example}")
            return kind.build(*positional)
        given = arguments(kind, positional, named)
        origin = Origin(node, kind, rule_arguments(kind, given))
        self.origins.check(origin)
        with torch.device("meta"):
            layer = constructed(kind, given)
        self.count(sum(parameter.numel() for parameter in layer.parameters()))
        layer.to_empty(device=CPU)
        draw(layer, self.generator)
        self.origins.of[layer] = origin
        return layer

    def count(self, parameters: int) -> None:
        self.parameters += parameters
        if self.parameters > LIMITS.parameters:
            hint = f"the limit is {spell(LIMITS.parameters)} parameters"
            raise PlaygroundError(f"this brings the module to {spell(self.parameters)} parameters", hint=hint)


def _gain(given: dict[str, Value], hint: str) -> float:
    """`nn.init.calculate_gain("relu")`."""
    try:
        gain = nn.init.calculate_gain(**given)
    except (TypeError, ValueError):
        raise PlaygroundError("`nn.init.calculate_gain` does not know this", hint=hint) from None
    return float(gain)


def _initialise(name: str, positional: list[Value], named: dict[str, Value], generator: Any) -> Tensor | float:
    """Calls `nn.init.<name>` on a parameter, in place; PlaygroundError without a place where it does not fit."""
    function = getattr(nn.init, name)  # one of `INITIALISERS`
    names = [known for known in inspect.signature(function).parameters if known != "generator"]
    hint = f"nn.init.{name}({', '.join(names)})"
    given = dict(zip(names, positional, strict=False))
    wrong = next((word for word in named if word not in names or word in given), None)
    if len(positional) > len(names) or wrong is not None:
        raise PlaygroundError(f"`nn.init.{name}` does not take these arguments", hint=hint)
    given |= named
    if name == "calculate_gain":
        return _gain(given, hint)
    target = given.pop("tensor", None)
    if not isinstance(target, Tensor):
        raise PlaygroundError(f"`nn.init.{name}` fills a tensor, not {what(target)}", hint=hint)
    if name == "orthogonal_" and target.dim() > 1 and min(len(target), target[:1].numel()) > LARGEST_ORTHOGONAL:
        message = f"an orthogonal matrix of {tuple(target.shape)} takes too long"
        raise PlaygroundError(message, hint=f"the limit is {LARGEST_ORTHOGONAL:,} rows or columns")
    if target.requires_grad and not isinstance(target, nn.Parameter):
        raise PlaygroundError(f"`nn.init.{name}` fills a parameter, not what is computed", hint=hint)
    for word, value in given.items():
        is_number = isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST_INITIAL
        if not is_number and not isinstance(value, str):
            message = f"`{word}` of nn.init.{name} is {what(value)}"
            raise PlaygroundError(message, hint=f"a number of at most {LARGEST_INITIAL:,.0f}, or a quoted word")
    if "generator" in inspect.signature(function).parameters:
        given["generator"] = generator
    filled: Tensor = function(target, **given)
    return filled


def _plain(name: str, value: Value) -> Value:
    """An argument from beside the text: numbers, and tuples of them."""
    if isinstance(value, list | tuple) and len(value) <= LIMITS.layers:
        return tuple(_plain(name, part) for part in value)
    if not isinstance(value, int | float):
        raise PlaygroundError(f"`{name}` is {what(value)}", hint="write a number, or a tuple of numbers")
    return bounded(value)
