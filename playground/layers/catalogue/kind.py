"""`Kind`: one row of the catalogue, and how an argument is described."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from torch import nn

from playground.layers.catalogue.fresh import Fresh
from playground.layers.catalogue.spec import Content, LayerSpec, Shape

Given = Mapping[str, Any]  # every argument of a layer by name, defaults filled in
# "sides": of a picture, left, right, top and bottom; "word": one of its `words`
ArgumentKind = Literal["int", "float", "bool", "size", "sides", "shape", "word"]
# Statistics are those of each example by itself, or those of the whole batch, which are kept once. Its own are the
# numbers that a rule counts as `kept`; unknown is what lies in a workspace of a library, whose size it does not tell.
Saves = Literal[
    "", "input", "output", "mask", "input and positions", "input and statistics", "input and statistics of the batch",
    "input and its own", "indices", "unknown",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayerArgument:
    """One argument: a whole number, a number, a switch, a size (one number, or height and width), the sides of a
    picture (one number, or four), or a shape; `words` may stand in its place."""

    name: str
    kind: ArgumentKind
    default: Content | None  # None: it has to be given
    meaning: str
    minimum: float = 1
    maximum: float = 4096
    words: tuple[str, ...] = ()


class Fixed(NamedTuple):
    """An argument of PyTorch's constructor that has one content here, and why."""

    name: str
    content: Content
    reason: str


@dataclass(frozen=True, slots=True)
class Mend:
    """A cure that a shape rule knows: `insert` a layer before this one, `take` another kind with the same arguments,
    `set` arguments of it, `unpin` it, or move it to be the `first`."""

    label: str
    insert: LayerSpec | None = None
    set: tuple[tuple[str, Content], ...] = ()
    unpin: str = ""
    take: str = ""
    first: bool = False


class Misfit(Exception):
    """A layer that cannot take what comes in: what it expects, what it got, how to mend it."""

    def __init__(self, expected: str, got: str, mends: tuple[Mend, ...] = ()) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected, self.got, self.mends = expected, got, mends


@dataclass(frozen=True, slots=True)
class LayerRule:
    """The effect of a layer on the shape of one example, and its costs.

    `formula` is filled in with the numbers: `floor((28 + 2·0 − 7)/1 + 1) = 22`. `multiplications` are counted as in
    `torch.utils.flop_counter`: those of matrix products and convolutions, for one example.
    """

    shape: Shape
    formula: str = ""
    parameters: int = 0
    parameters_formula: str = ""
    multiplications: int = 0
    kept: int = 0  # numbers of its own that it keeps for the backward pass, for one example; of an LSTM an estimate
    steps: int = 0  # that wait for each other, however many examples there are

    @property
    def made(self) -> int:
        """Count the numbers that it makes of one example: its outputs, and those of its own that it keeps."""
        return math.prod(self.shape) + self.kept


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of layer. `rule` is given the shape of one example and raises Misfit where it does not fit.

    `build` is PyTorch's class, or one of ours where PyTorch has none; `signature` gives its constructor's arguments in
    PyTorch's order, by name, from the shape that comes in. The same call is the module on the page and the line of the
    exported code.
    """

    name: str
    family: str
    meaning: str
    formula: str  # the shape rule in symbols
    parameters: str  # the number of parameters in symbols
    build: type[nn.Module]
    rule: Callable[[Shape, Given], LayerRule]
    arguments: tuple[LayerArgument, ...] = ()
    signature: Callable[[Shape, Given], dict[str, Any]] = field(default=lambda shape, given: {})
    pins: tuple[str, ...] = ()  # in-sizes that PyTorch wants and that are inferred here
    saves: Saves = ""  # of what it keeps for the backward pass
    example: str = ""
    example_shape: Shape = (4,)
    takes_indices: bool = False  # whole numbers, which name rows
    branches: int = 0  # how many sub-stacks it takes at least
    original: type[nn.Module] | None = None  # PyTorch's class, where `build` hands on one of its several results
    call: str = ""  # how a class calls that one: `x, _ = {}(x)`
    fixed: tuple[Fixed, ...] = ()
    fresh: Fresh | None = None  # the arguments of one that is added; None: as in the example

    def given(self, layer: LayerSpec) -> dict[str, Any]:
        """Every argument of a layer by name, defaults filled in."""
        return {argument.name: argument.default for argument in self.arguments} | dict(layer.args)

    def argument(self, name: str) -> LayerArgument | None:
        """The argument of this name."""
        return next((argument for argument in self.arguments if argument.name == name), None)


def constructor_arguments(kind: Kind) -> dict[str, inspect.Parameter]:
    """The arguments of PyTorch's constructor by name, in its order."""
    original = kind.original or kind.build
    if not issubclass(original, nn.RNNBase):
        return dict(inspect.signature(original).parameters)
    hidden = dict(inspect.signature(nn.RNNBase).parameters)  # its subclasses take *args
    del hidden["mode"]
    return hidden


def pair(size: Any) -> tuple[int, int]:
    """A size as height and width."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


_LONG = {"size": 2, "sides": 4}  # so many numbers stand there where it is not one for all


def problem_of(argument: LayerArgument, content: Any) -> str:
    """Say what is wrong with the content of an argument, '' if nothing is.

    >>> problem_of(LayerArgument("stride", "int", 1, "how far"), 0)
    'a whole number from 1 to 4,096, not 0'
    """
    low, high = argument.minimum, argument.maximum
    within = f"from {low:,.6g} to {high:,.6g}" if high < 10**9 else f"of at least {low:,.6g}"

    def fits(number: Any, kinds: tuple[type, ...]) -> bool:
        return type(number) in kinds and math.isfinite(number) and low <= number <= high

    if isinstance(content, str) or argument.kind == "word":
        return "" if content in argument.words else f"{_allowed(argument, within)}, not {content}"
    if argument.kind == "bool":
        return "" if type(content) is bool else f"True or False, not {content}"
    if argument.kind == "float":
        return "" if fits(content, (int, float)) else f"{_allowed(argument, within)}, not {content}"
    if argument.kind == "int":
        return "" if fits(content, (int,)) else f"{_allowed(argument, within)}, not {content}"
    parts = content if isinstance(content, tuple) else (content,)
    if argument.kind in _LONG:
        good = not isinstance(content, tuple) or len(content) == _LONG[argument.kind]
        good = good and all(fits(part, (int,)) for part in parts)
        return "" if good else f"{_allowed(argument, within)}, not {content}"
    good = 0 < len(parts) <= 4 and all(type(part) is int and (part == -1 or 1 <= part <= high) for part in parts)
    return "" if good else f"{_allowed(argument, within)}, not {content}"


def _allowed(argument: LayerArgument, within: str) -> str:
    """Say what an argument may be; `within` are its bounds in words.

    >>> _allowed(LayerArgument("padding", "size", 0, "zeros", words=("same", "valid")), "from 0 to 64")
    'one or two whole numbers from 0 to 64, "same" or "valid"'
    """
    numbers = {
        "bool": "True or False",
        "float": f"a number {within}",
        "int": f"a whole number {within}",
        "size": f"one or two whole numbers {within}",
        "sides": f"one or four whole numbers {within}",
        "shape": "one to four sizes, −1 for what is left",
    }
    choices = [*filter(None, [numbers.get(argument.kind)]), *(f'"{word}"' for word in argument.words)]
    return " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))
