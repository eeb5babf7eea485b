"""A pasted class as an `nn.Module`: what it keeps, and the calls of one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from playground.errors import PlaygroundError, Span
from playground.language.bounds.budget import Budget
from playground.language.evaluate.arithmetic import describe
from playground.language.evaluate.torch_calls import MOST_HELD, TorchCalls
from playground.language.function import Value
from playground.language.limits import LIMITS, spell
from playground.language.syntax.program import Program
from playground.layers.limits import LIMITS as LAYERS
from playground.layers.pasted.tree import Apply, KindName, Method, PastedClass

# A batch is larger than what an expression computes with; operations and lines are as many as there.
PASTED_LIMITS = replace(
    LIMITS, elements=8 * LIMITS.elements, total_bytes=4 * LIMITS.total_bytes, work=10 * LIMITS.work
)  # fmt: skip
Inputs = tuple[Value, ...]  # of `forward`: a module of the text may be given anything by another
Interpret = Callable[["PastedModule", "PastedCalls", Inputs, dict[str, Value]], Tensor | tuple[Tensor, ...]]
running: ContextVar[PastedCalls | None] = ContextVar("running", default=None)
CALLS = 20  # methods that call each other, one inside the other


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the classes of one text share: the text, its random numbers, and the names that stand beside them."""

    text: str
    generator: torch.Generator
    names: dict[str, Value] = field(default_factory=dict)  # classes, functions, constants


@dataclass(frozen=True, slots=True, eq=False)
class OwnFunction:
    """A function of the text as a value, with the names it was made among. What makes layers and what runs are read
    apart; one of them may be missing."""

    making: Method | None
    running: Method | None
    values: Mapping[str, Value] = field(default_factory=dict)
    defaults: Mapping[str, Value] = field(default_factory=dict)  # those that are computed where it is defined


class PastedCalls(TorchCalls):
    """The calls of one forward pass, or of one construction: modules inside share the budget of the outermost."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__(Program(around.text, (), ()), 0)
        self.budget = Budget(PASTED_LIMITS)
        self._generator = around.generator
        self.names = around.names
        self.inside = self.steps = 0  # how many methods are under way; how many steps recurrent layers took
        self.applied: tuple[nn.Module, Apply] | None = None  # the layer that was called last, and where

    def nested(self, value: Value, span: Span) -> Value:
        """A tuple, list or dictionary, unless it holds too much: dictionaries count as what is in them."""
        waiting, count = [(value, 0)], 0
        while waiting:
            item, level = waiting.pop()
            inside = tuple(item.values()) if isinstance(item, dict) else item
            if isinstance(inside, tuple | list):
                count += 1 + len(inside)
                if level >= LIMITS.dimensions or count > MOST_HELD * LIMITS.items:
                    self.refuse("tuples, lists and dictionaries nested too deeply, or too many", span, "hold less")
                waiting += [(part, level + 1) for part in inside if isinstance(part, tuple | list | dict)]
        return value

    def count_steps(self, steps: int) -> None:
        """Refuses recurrent layers that take too many steps in all; PlaygroundError without a place."""
        self.steps += steps
        if self.steps > LAYERS.steps:
            hint = f"the limit is {spell(LAYERS.steps)} steps"
            raise PlaygroundError(f"recurrent layers take {spell(self.steps)} steps, one after the other", hint=hint)

    @contextmanager
    def method(self, name: str, span: Span) -> Iterator[None]:
        """Refuses a method that calls itself without end."""
        if self.inside >= CALLS:
            self.refuse(
                f"`{name}` is called more than {CALLS} deep", span, f"the limit is {CALLS} methods in each other"
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


class PastedModule(nn.Module):
    """A class of the text as a module. What is neither parameter nor module (sizes, tensors, lists) is in `_plain`."""

    def __init__(self, definition: PastedClass, around: Surroundings, interpret: Interpret) -> None:
        super().__init__()
        self._definition, self._around, self._interpret = definition, around, interpret
        self._plain: dict[str, Value] = {}
        self.alone: set[str] = set()  # `self.name` of lists that have no other name

    @property
    def definition(self) -> PastedClass:
        """The class of the text."""
        return self._definition

    def _get_name(self) -> str:
        return self._definition.name

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> PastedModule:
        """Moves the tensors, too, that the class keeps without registering them: `self.mask = torch.ones(3)`."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._plain = pytree.tree_map_only(Tensor, fn, self._plain)
        return self

    def keep(self, name: str, value: Value) -> None:
        """`self.name = value`; PlaygroundError without a place where the name is taken."""
        if name in FIXED:
            raise PlaygroundError(f"`self.{name}` has a fixed meaning in nn.Module", hint="take another name")
        check_outside(self, value)
        places: tuple[dict[str, Any], ...] = (self._parameters, self._buffers, self._modules, self._plain)
        before = next((place for place in places if name in place), None)
        if before is not None and before is not self._place(value):
            raise PlaygroundError(f"`self.{name}` is two different things", hint="take another name")
        if isinstance(value, nn.Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, nn.Module):
            self.add_module(name, value)
        else:
            self._plain[name] = value

    def _place(self, value: Value) -> dict[str, Any]:
        if isinstance(value, nn.Parameter):
            return self._parameters
        return self._modules if isinstance(value, nn.Module) else self._plain

    def keep_buffer(self, name: str, value: Value) -> None:
        """`self.register_buffer(name, value)`."""
        if name in FIXED or name in (*self._parameters, *self._modules, *self._plain, *self._buffers):
            raise PlaygroundError(f"`self.{name}` is taken", hint="take another name")
        if not isinstance(value, Tensor):
            raise PlaygroundError(f"a buffer is a tensor, not {describe(value)}", hint="torch.zeros(3), for instance")
        self.register_buffer(name, value.detach())

    def find(self, name: str) -> tuple[Value, bool]:
        """`self.name`, and whether there is one."""
        for place in (self._parameters, self._buffers, self._modules, self._plain):
            if name in place:
                return place[name], True
        return self._definition.constant(name)

    def forward(self, *inputs: Value, **named: Value) -> Tensor | tuple[Tensor, ...]:
        """The class's `forward`, line by line; PlaygroundError with the place for anything that goes wrong."""
        outer = running.get()
        calls = outer or PastedCalls(self._around)
        token = running.set(calls)
        try:
            return self._interpret(self, calls, inputs, named)
        except RecursionError:
            hint = "give inner parts names on lines of their own"
            calls.refuse("this is nested too deeply", self._definition.span, hint)
        finally:
            running.reset(token)


_OWN = (
    "alone",
    "keep",
    "keep_buffer",
    "find",
    "definition",
    "_definition",
    "_around",
    "_interpret",
    "_plain",
    "_place",
)
_OF_MODULES = frozenset(dir(nn.Module()))
FIXED = _OF_MODULES | frozenset(_OWN)


def what(value: Value) -> str:
    """Name the kind of value it is, in the user's words."""
    kinds = ((nn.Module, "a layer"), (PastedClass, "a class"), (KindName, "a kind of layer"), (dict, "a dictionary"))
    return next((name for kind, name in kinds if isinstance(value, kind)), None) or describe(value)


def kept(module: nn.Module, name: str) -> tuple[Value, bool]:
    """Return what a module keeps under this name, and whether it keeps something there."""
    if isinstance(module, PastedModule):
        return module.find(name)
    places: tuple[dict[str, Any], ...] = (module._parameters, module._buffers, module._modules)
    found = next((place for place in places if name in place), None)
    return (None, False) if found is None else (found[name], True)


def has(module: nn.Module, name: str) -> bool:
    """Tell whether Python finds something under this name that `kept` does not: methods, and the sizes of a layer."""
    if isinstance(module, PastedModule):
        return name in module.definition.names or name in _OF_MODULES
    return hasattr(module, name)


def check_outside(owner: nn.Module, *values: Value) -> None:
    """PlaygroundError where a layer would hold itself: what runs through its layers would never end."""
    for value in values:
        if isinstance(value, nn.Module) and any(part is owner for part in value.modules()):
            raise PlaygroundError("a layer cannot hold itself", hint="add another layer")


def kinds_of(module: nn.Module) -> set[str]:
    """The names of the classes that a module belongs to."""
    names = {kind.__name__.removeprefix("Seeded") for kind in type(module).__mro__}
    definition = module.definition if isinstance(module, PastedModule) else None
    while definition is not None:
        names.add(definition.name)
        definition = definition.base
    return names
