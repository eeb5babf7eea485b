"""The syntax tree of a program, in small frozen records.

Spans do not take part in comparison: two texts that say the same have equal trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import EllipsisType

from playground.errors import Span

Plain = bool | int | float | str | EllipsisType | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, True, False, None, `...` or a quoted word; `text` is its normal spelling."""

    text: str
    value: Plain = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A value by its name."""

    id: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class NamedConstant:
    """A number or dtype that the language knows: `pi`, `torch.inf`, `torch.float64`."""

    name: str  # without its prefix
    written: str = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x`, `+x`, `~x`."""

    operator: str
    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, `@`, `&`, `|` and comparisons."""

    operator: str
    left: Expression
    right: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A tuple `(a, b)` or a list `[a, b]`."""

    kind: str  # 'tuple' or 'list'
    items: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step` inside an index; None where nothing was written."""

    start: Expression | None
    stop: Expression | None
    step: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Index:
    """`x[index]`."""

    operand: Expression
    index: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`x.T`, `x.shape`, `x.grad`."""

    operand: Expression
    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class CallArgument:
    """One argument of a call; `name` is '' where it is given by position."""

    name: str
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`sin(x)`, `torch.sin(x)`, `x.sum(dim=1)`."""

    home: (
        str  # '' as typed without a prefix, 'torch', 'F', 'autograd', 'linalg', 'special', 'fft'; 'Tensor' for a method
    )
    name: str
    receiver: Expression | None
    arguments: tuple[CallArgument, ...]
    span: Span = field(compare=False)
    name_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Logic:
    """`a and b`, `not a`, `a is b`, `a not in b` and the like: of plain values, lists, or tensors of one element."""

    how: str
    operands: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then if test else other`."""

    test: Expression
    then: Expression
    other: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Generator:
    """`for targets in iterable if condition` inside a comprehension."""

    targets: tuple[Name, ...]
    unpack: bool
    iterable: Expression
    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """`[element for ...]`, or `(element for ...)` as the argument of a call."""

    kind: str  # 'list' or 'generator'
    element: Expression
    generators: tuple[Generator, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a `def` or `lambda`; `default` is None where a value has to be given."""

    name: str
    default: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Lambda:
    """`lambda x: x * x`."""

    parameters: tuple[Parameter, ...]
    body: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class CallOwn:
    """A call of a function that the text defines."""

    function: Expression
    arguments: tuple[CallArgument, ...]
    span: Span = field(compare=False)


Expression = (
    Literal
    | Name
    | NamedConstant
    | Unary
    | Binary
    | Sequence
    | Slice
    | Index
    | Attribute
    | Call
    | Logic
    | Conditional
    | Comprehension
    | Lambda
    | CallOwn
)


@dataclass(frozen=True, slots=True)
class Assign:
    """`y = ...` or `a, b = ...`."""

    targets: tuple[Name, ...]
    unpack: bool  # the left side is a tuple, even of one name
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class State:
    """`x = 3` where `x` is a leaf: the value of the leaf, as the text itself says it."""

    target: Name
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Augmented:
    """`y += ...`: in place on a tensor, as in PyTorch."""

    target: Name
    operator: str  # '+' for '+='
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Evaluate:
    """An expression on a line of its own."""

    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class For:
    """`for i in range(3):` or `for w, b in (...):`."""

    targets: tuple[Name, ...]
    unpack: bool
    iterable: Expression
    body: tuple[Statement, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class GradMode:
    """`with torch.no_grad():` or `with torch.enable_grad():`."""

    enabled: bool
    body: tuple[Statement, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class If:
    """`if test:` with its `else:`; `elif` is an `if` in it."""

    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Leave:
    """`break` or `continue`."""

    how: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Define:
    """`def name(parameters):`."""

    target: Name
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Return:
    """`return value`, the last thing that a call of a `def` does."""

    value: Expression | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class SetItem:
    """`x[index] = value`, `x[index] += value`: in place, as in PyTorch."""

    target: Index
    operator: str  # '' for '=', '+' for '+='
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class SetData:
    """`x.data = value`, `x.data -= value`: into the memory of `x`, unseen by autograd."""

    target: Expression  # `x`
    operator: str
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class ClearGrad:
    """`x.grad = None`."""

    target: Expression  # `x`
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Append:
    """`items.append(value)`, `items.extend(value)`."""

    target: Name
    value: Expression
    span: Span = field(compare=False)
    how: str = "append"


@dataclass(frozen=True, slots=True)
class Seed:
    """`torch.manual_seed(value)`."""

    value: Expression
    span: Span = field(compare=False)


Statement = (
    Assign
    | State
    | Augmented
    | Evaluate
    | For
    | GradMode
    | If
    | Leave
    | Define
    | Return
    | SetItem
    | SetData
    | ClearGrad
    | Append
    | Seed
)


@dataclass(frozen=True, slots=True)
class Stated:
    """What a text itself says of a leaf: `x = 3`, `x = torch.tensor([1.0, 2.0], requires_grad=True)`."""

    value: str  # as it is written: '3', '[1.0, 2.0]'
    span: Span = field(compare=False)  # where the value stands
    dtype: str = "float32"
    requires_grad: bool = True


@dataclass(frozen=True, slots=True)
class FreeName:
    """A name that becomes a leaf: the text never gives it a value before it is used, or gives it a literal."""

    name: str
    spans: tuple[Span, ...] = field(compare=False)
    stated: Stated | None = field(default=None, compare=False)
