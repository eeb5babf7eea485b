"""The records of a class beside those of the language: what only a class with `__init__` and `forward` can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.errors import Span
from playground.language.syntax.tree import CallArgument, Name

Node = Any  # an expression or a statement: of the language, or one of these
Edit = tuple[int, int, str]  # of a text: characters from, to, and what stands there instead


@dataclass(frozen=True, slots=True)
class Make:
    """`nn.Linear(3, 4)`, `nn.Parameter(...)`, `nn.ModuleList([...])`, or an earlier class: `Bias(5)`."""

    name: str  # without `nn.`
    is_pasted: bool
    arguments: tuple[CallArgument, ...]
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Spread:
    """`*layers` among the arguments of a `Make`."""

    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """`self.layer(x)`, `self.layers[0](x)`, `layer(x)`; attention takes keywords, too."""

    layer: Node
    inputs: tuple[Node, ...]
    named: tuple[CallArgument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Unnested:
    """What stands on the right of `out, (h, c) = ...`: its parts in one row. `parts`: how many names each has, 0 where
    it is one alone."""

    value: Node
    parts: tuple[int, ...]
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
class LoopItems:
    """The items of a loop: one thing, or `zip(...)` or `enumerate(...)` of some."""

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
class KeepIn:
    """`self.decoder.weight = self.encoder.weight`: a parameter that two layers share."""

    owner: Node
    name: str
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Register:
    """`self.register_buffer("name", value)`: a tensor that is no parameter."""

    name: str
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Initialise:
    """`nn.init.xavier_uniform_(self.layer.weight)`."""

    name: str  # 'xavier_uniform_'
    arguments: tuple[CallArgument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Invoke:
    """`self.encode(x)`, or from a base class `super().forward(x)`; `owner` is that base class."""

    name: str
    owner: PastedClass | None
    arguments: tuple[CallArgument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Parts:
    """`self.layers.items()`, `self.modules()`: what a module holds."""

    owner: Node  # None: `self`
    how: str
    span: Span


@dataclass(frozen=True, slots=True)
class Dictionary:
    """`{"name": layer}`, the argument of nn.ModuleDict."""

    items: tuple[tuple[str, Node], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Logic:
    """`a and b`, `a or b`, `not a`, `a is None`: of numbers and switches, never of tensors."""

    how: str  # 'and', 'or', 'not', 'is None' or 'is not None'
    operands: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class IsKind:
    """`isinstance(layer, nn.Linear)`."""

    value: Node
    names: tuple[str, ...]  # without `nn.`
    span: Span


@dataclass(frozen=True, slots=True)
class Choose:
    """`a if test else b`."""

    test: Node
    yes: Node
    no: Node
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """`if test:` with its `else:`; `elif` is an `if` in it."""

    test: Node
    body: tuple[Node, ...]
    orelse: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MethodParameter:
    """One argument of a method; `default` is an expression, None where it has to be given."""

    name: str
    default: Node | None
    span: Span


@dataclass(frozen=True, slots=True)
class Method:
    """One method without `self`."""

    name: str
    parameters: tuple[MethodParameter, ...]
    body: tuple[Node, ...]
    result: Node | None  # of `return`
    span: Span

    @property
    def required(self) -> tuple[str, ...]:
        """The names that have no default."""
        return tuple(parameter.name for parameter in self.parameters if parameter.default is None)


@dataclass(frozen=True, slots=True)
class PastedClass:
    """One class; `span` marks its name. What `__init__` runs may make layers, what `forward` runs may not."""

    name: str
    base: PastedClass | None
    makers: tuple[Method, ...]  # `__init__` and what it calls
    methods: tuple[Method, ...]  # `forward` and what it calls
    span: Span

    def find(self, name: str, in_init: bool = False) -> Method | None:
        """The method of this name, of this class or of the nearest base class that has it."""
        found = next((method for method in (self.makers if in_init else self.methods) if method.name == name), None)
        return found if found is not None or self.base is None else self.base.find(name, in_init)

    @property
    def names(self) -> frozenset[str]:
        """The names of all methods."""
        names = frozenset(method.name for method in (*self.makers, *self.methods))
        return names if self.base is None else names | self.base.names

    @property
    def forward(self) -> Method:
        """The forward pass; the reader refuses a class without one."""
        found = self.find("forward")
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class PastedSource:
    """A text that was understood: its classes, of which the last is the module.

    `left_out` are the edits that take out what means nothing here: imports and annotations.
    """

    text: str
    classes: tuple[PastedClass, ...]
    left_out: tuple[Edit, ...] = ()

    @property
    def module(self) -> PastedClass:
        """The class that is built."""
        return self.classes[-1]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what goes into `forward`."""
        return self.module.forward.required
