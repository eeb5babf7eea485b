"""The records of a class beside those of the language: what only a class with `__init__` and `forward` can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.errors import Span
from playground.language.syntax.tree import CallArgument, Index, Name

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
    """`*layers` among arguments; `**options` stands there as an argument with the name `**`."""

    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """`self.layer(x)`, `self.layers[0](x)`, `block(64, stride=2)`: of a layer, a function or a class."""

    layer: Node
    arguments: tuple[CallArgument, ...]
    span: Span

    @property
    def inputs(self) -> tuple[Node, ...]:
        """What is given by position."""
        return tuple(argument.value for argument in self.arguments if not argument.name)


@dataclass(frozen=True, slots=True)
class KindName:
    """`nn.ReLU` where it is not called: the kind of layer itself, a value that may be kept and called later."""

    name: str  # without `nn.`
    span: Span


@dataclass(frozen=True, slots=True)
class MethodName:
    """`self.draw` where it is not called."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Lambda:
    """`lambda x: x[:, ::2]`."""

    method: Method
    span: Span


@dataclass(frozen=True, slots=True)
class Define:
    """A function within a method."""

    method: Method
    span: Span


@dataclass(frozen=True, slots=True)
class Raise:
    """`raise ValueError(...)`: the text itself refuses what it was given."""

    message: str  # '' where it is put together
    span: Span


@dataclass(frozen=True, slots=True)
class While:
    """`while test:`, in `__init__` only."""

    test: Node
    body: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ForEach:
    """`self.apply(function)`: of every module in it, what is inside first."""

    owner: Node  # None: `self`
    function: Node
    span: Span


@dataclass(frozen=True, slots=True)
class AddModule:
    """`self.features.add_module("conv1", layer)`, `setattr(self, "conv1", layer)`."""

    owner: Node  # None: `self`
    name: Node
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Has:
    """`hasattr(self, "shortcut")`, and with `is_get` `getattr(self, "layer1")`."""

    owner: Node  # None: `self`
    name: Node
    is_get: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Words:
    """`"block{}".format(i)`, `f"block{i}"`, `"block%d" % i`: the pieces, one value between each two."""

    pieces: tuple[str, ...]
    values: tuple[Node, ...]
    span: Span
    whole: tuple[int, ...] = ()  # which of the values `%d` writes


@dataclass(frozen=True, slots=True)
class KindOf:
    """`m.__class__.__name__`."""

    value: Node
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
    """`layers.append(value)`, `self.layers.append(value)`; `many`: `layers.extend(values)`."""

    name: str
    on_self: bool
    value: Node
    span: Span
    many: bool = False


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
class SetPart:
    """`pe[:, 0::2] = torch.sin(angles)`, in `__init__` only."""

    part: Index
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
    """`{"name": layer}`, the argument of nn.ModuleDict, and `{"widths": [16, 32]}`."""

    items: tuple[tuple[Any, Node], ...]  # under words, or whole numbers
    span: Span
    ordered: bool = False  # an OrderedDict, which nn.Sequential takes


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
    by_name: bool = False  # behind `*`: it is never given by its place


@dataclass(frozen=True, slots=True)
class Method:
    """One method without `self`, or a function; `rest` and `more` are the names behind `*` and `**`."""

    name: str
    parameters: tuple[MethodParameter, ...]
    body: tuple[Node, ...]
    span: Span
    rest: str = ""
    more: str = ""

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
    constants: tuple[tuple[str, Any], ...] = ()  # `expansion = 4`: the values themselves

    def find(self, name: str, in_init: bool = False) -> Method | None:
        """The method of this name, of this class or of the nearest base class that has it."""
        found = next((method for method in (self.makers if in_init else self.methods) if method.name == name), None)
        return found if found is not None or self.base is None else self.base.find(name, in_init)

    @property
    def names(self) -> frozenset[str]:
        """The names of all methods."""
        names = frozenset(method.name for method in (*self.makers, *self.methods))
        return names if self.base is None else names | self.base.names

    def constant(self, name: str) -> tuple[Any, bool]:
        """`BasicBlock.expansion`, of this class or of one above it, and whether there is one."""
        own = dict(self.constants)
        if name in own:
            return own[name], True
        return (None, False) if self.base is None else self.base.constant(name)

    @property
    def forward(self) -> Method:
        """The forward pass; the reader refuses a class without one."""
        found = self.find("forward")
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class PastedFunction:
    """A function beside the classes, as `__init__` may call it (it makes layers) and as `forward` may."""

    name: str
    making: Method | None
    running: Method | None
    span: Span


@dataclass(frozen=True, slots=True)
class Constant:
    """`WIDTHS = [16, 32]` beside the classes."""

    targets: tuple[Name, ...]
    unpack: bool
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """How the module is made: `ResNet(Block, [2, 2])`, as a line of the text, or a function of it, says."""

    value: Node
    text: str  # as Python
    span: Span


@dataclass(frozen=True, slots=True)
class PastedSource:
    """A text that was understood: its classes, of which the last is the module, and what they use.

    `left_out` are the edits that take out what means nothing here: imports, annotations, and what trains the module.
    `entry` is None where the module is made without arguments. `unused` says what of the text it does not use.
    """

    text: str
    classes: tuple[PastedClass, ...]
    left_out: tuple[Edit, ...] = ()
    functions: tuple[PastedFunction, ...] = ()
    constants: tuple[Constant, ...] = ()
    entry: Entry | None = None
    unused: str = ""

    @property
    def module(self) -> PastedClass:
        """The class that is built."""
        return self.classes[-1]

    @property
    def made(self) -> str:
        """The module as a line of Python makes it."""
        return f"{self.module.name}()" if self.entry is None else self.entry.text

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what goes into `forward`."""
        return self.module.forward.required
