"""The records of own code beside those of the language: what only a class with `__init__` and `forward` can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.errors import Span
from playground.language.tree import Argument, Name

Node = Any  # an expression or a statement: of the language, or one of these


@dataclass(frozen=True, slots=True)
class Make:
    """`nn.Linear(3, 4)`, `nn.Parameter(...)`, `nn.ModuleList([...])`, or an earlier class: `Bias(5)`."""

    name: str  # without `nn.`
    is_own: bool
    arguments: tuple[Argument, ...]
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Spread:
    """`*layers` among the arguments of a `Make`."""

    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """`self.layer(x)`, `self.layers[0](x)`, `layer(x)`."""

    layer: Node
    inputs: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Each:
    """`[element for a, b in items]`: a tuple, so that it may hold layers."""

    element: Node
    targets: tuple[Name, ...]
    unpack: bool
    items: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Items:
    """What a loop runs over: one thing, or `zip(...)` or `enumerate(...)` of some."""

    how: str  # '', 'zip' or 'enumerate'
    parts: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Keep:
    """`self.name = value`."""

    name: str
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Append:
    """`layers.append(value)`, `self.layers.append(value)`."""

    name: str
    on_self: bool
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a method; `default` is an expression, None where it has to be given."""

    name: str
    default: Node | None
    span: Span


@dataclass(frozen=True, slots=True)
class Method:
    """`__init__` or `forward`, without `self` and without `super().__init__()`."""

    parameters: tuple[Parameter, ...]
    body: tuple[Node, ...]
    result: Node | None  # of `return`


@dataclass(frozen=True, slots=True)
class OwnClass:
    """One class; `span` marks its name."""

    name: str
    init: Method
    forward: Method
    span: Span


@dataclass(frozen=True, slots=True)
class OwnSource:
    """A text that was understood: its classes, of which the last is the module."""

    text: str
    classes: tuple[OwnClass, ...]

    @property
    def module(self) -> OwnClass:
        """The class that is built."""
        return self.classes[-1]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what goes into `forward`."""
        return tuple(parameter.name for parameter in self.module.forward.parameters)
