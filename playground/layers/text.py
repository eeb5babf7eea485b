"""The stack as text, both ways: `Conv2d(10, 7) ReLU Flatten Linear(10)`, or pasted `nn.Sequential(...)` code.

A name with `nn.` before it is PyTorch's, and takes PyTorch's arguments, in-sizes included; a bare one is ours, and has
none: they are inferred. `in_features=784` pins one. The text is read by a small scanner; nothing in it is executed.
"""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from torch import nn

from playground.errors import PlaygroundError, Repair, Span
from playground.layers.catalogue import find, nearest
from playground.layers.kind import Argument, Kind
from playground.layers.limits import LIMITS
from playground.layers.modules import Bias
from playground.layers.spec import Content, Layers, LayerSpec

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<space>\s+)
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    |(?P<arrow>->|→|>>)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_WORDS: dict[str, Content] = {"True": True, "False": False}
_HARMLESS = {"inplace", "device", "dtype"}  # PyTorch's arguments that do not change a number here
_ONLY = {"dim": (1, -1), "start_dim": (1,), "end_dim": (-1,)}  # PyTorch's arguments that mean here what they say
_BLOCK = "Sequential"
_SEPARATORS = {",", ";"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    span: Span


def to_text(layers: Layers) -> str:
    """The canonical text of a stack.

    >>> to_text(parse_stack("Conv2d(10,kernel_size = 7)->ReLU()  Flatten, Linear(10, bias=False)"))
    'Conv2d(10, 7) ReLU Flatten Linear(10, bias=False)'
    """
    return " ".join(map(layer_text, layers))


def layer_text(layer: LayerSpec) -> str:
    """One layer: its first argument and those without a default by position, others by name where they differ."""
    kind = find(layer.kind)
    if kind is None:
        raise KeyError(layer.kind)
    if kind.branches:
        return f"{kind.name}({', '.join(map(to_text, layer.branches))})"
    given = dict(layer.args)
    parts = []
    for place, argument in enumerate(kind.arguments):
        if argument.name not in given:
            continue
        written = content_text(given[argument.name])
        if argument.kind == "shape":
            parts.append(written.strip("(,)"))
        elif argument.default is None or (place == 0 and given[argument.name] != argument.default):
            parts.append(written)
        elif given[argument.name] != argument.default:
            parts.append(f"{argument.name}={written}")
    parts += [f"{name}={size}" for name, size in layer.pins]
    return kind.name + (f"({', '.join(parts)})" if parts else "")


def content_text(content: Any) -> str:
    """An argument as it is written.

    >>> content_text((3, 5)), content_text(0.5), content_text(True)
    ('(3, 5)', '0.5', 'True')
    """
    return repr(content)


def parse_stack(text: str) -> Layers:
    """The layers that a text names. PlaygroundError marks the first place that is not understood.

    >>> [layer.kind for layer in parse_stack("nn.Sequential(nn.Linear(784, 10), nn.ReLU())")]
    ['Linear', 'ReLU']
    """
    if len(text) > LIMITS.text_length:
        refuse(
            f"a text of {len(text):,} characters",
            Span(0, len(text)),
            text,
            f"the limit is {LIMITS.text_length:,} characters",
        )
    return _Reader(text).whole()


def refuse(message: str, span: Span, text: str, hint: str = "", repair: Repair | None = None) -> NoReturn:
    """The one error of this module."""
    raise PlaygroundError(message, span=span, hint=hint, repair=repair, text=text)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [
            _Token(match.lastgroup or "other", match.group(), Span(*match.span()))
            for match in _TOKEN.finditer(text)
            if match.lastgroup not in ("space", "comment")
        ]
        self.place = 0
        self.depth = 0  # of blocks
        self.brackets = 0  # of blocks and of nn.Sequential

    def whole(self) -> Layers:
        script = next((place for place in range(len(self.tokens)) if self.assigns(place)), None)
        if script is not None:  # pasted: of it, `net = nn.Sequential(...)` alone
            self.place = script + 2
            layers = self.layer()
        else:
            if len(self.tokens) > 2 and self.tokens[0].kind == "name" and self.tokens[1].text == "=":
                self.place = 2  # `layer = nn.Linear(784, 10)`
            layers = self.sequence(",;")
        token = self.peek()
        if script is not None and token is not None:
            gap = self.text[self.tokens[self.place - 1].span.end : token.span.start]
            if "\n" in gap:  # the script goes on
                return layers
        if token is not None:
            refuse(f"`{token.text}` is not understood here", token.span, self.text, "layers stand one after the other")
        return layers

    def assigns(self, place: int) -> bool:
        """Whether `net = nn.Sequential(` stands here."""
        texts = [token.text for token in self.tokens[place : place + 4]]
        return len(texts) == 4 and texts[1] == "=" and texts[2].rpartition(".")[2] == _BLOCK and texts[3] == "("

    def sequence(self, separators: str) -> Layers:
        """Layers up to a closing bracket, a comma that separates branches, or the end."""
        layers: list[LayerSpec] = []
        while (token := self.peek()) is not None and token.text != ")":
            if token.text in _SEPARATORS or token.kind == "arrow":
                if token.text not in separators and token.kind != "arrow":
                    break
                self.place += 1
                continue
            layers += self.layer()
        return tuple(layers)

    def layer(self) -> Layers:
        """One layer; a nested nn.Sequential gives what is in it."""
        token = self.next("the name of a layer, for instance ReLU")
        if token.kind != "name":
            hint = "write a layer, for instance Linear(10)"
            refuse(f"`{token.text}` is not the name of a layer", token.span, self.text, hint)
        prefix, _, name = token.text.rpartition(".")
        if prefix not in ("", "nn", "torch.nn"):
            refuse(f"`{prefix}` is unknown", token.span, self.text, "write nn.Linear(...) or Linear(...)")
        if name == _BLOCK:
            return self.block(token, "sequential")[0]
        kind = find(name)
        if kind is None:
            near = nearest(name)
            hint = f"did you mean {near.name}?" if near else "the catalogue lists every layer"
            repair = self.replaced(token.span, near.name, f"write {near.name}") if near else None
            refuse(f"unknown layer `{name}`", token.span, self.text, hint, repair)
        if kind.branches:
            return (self.composite(kind, token),)
        arguments = self.arguments() if self.peek_is("(") else []
        return (_Arguments(self.text, kind, token, bool(prefix)).layer(arguments),)

    def composite(self, kind: Kind, token: _Token) -> LayerSpec:
        branches = self.block(token, "residual" if kind.name == "Residual" else "parallel")
        if len(branches) < kind.branches or any(not branch for branch in branches):
            many = "a sub-stack" if kind.branches == 1 else "at least two sub-stacks, with a comma between"
            refuse(f"{kind.name} takes {many}", token.span, self.text, f"for instance {kind.example}")
        return LayerSpec(kind.name, branches=tuple(branches))

    def block(self, token: _Token, what: str) -> list[Layers]:
        """What stands in the brackets of a block: one sub-stack, or with commas between several."""
        self.depth += what != "sequential"  # code has Residual(nn.Sequential(...)): one block, two brackets
        self.brackets += 1
        if self.depth > LIMITS.depth or self.brackets > 2 * LIMITS.depth + 1:
            refuse(f"nested more than {LIMITS.depth} deep", token.span, self.text, f"the limit is {LIMITS.depth}")
        if not self.peek_is("("):
            refuse(
                f"{token.text} has no layers", token.span, self.text, "write them in brackets: Residual(Linear(4) ReLU)"
            )
        opening = self.next("(")
        branches = [self.sequence("" if what == "parallel" else ",;")]
        while self.peek_is(","):
            self.place += 1
            if not self.peek_is(")"):
                branches.append(self.sequence(""))
        self.close(opening)
        self.depth -= what != "sequential"
        self.brackets -= 1
        return branches

    def arguments(self) -> list[tuple[_Token | None, Any, Span]]:
        """(name or None, content, place) of each argument."""
        opening = self.next("(")
        found: list[tuple[_Token | None, Any, Span]] = []
        while not self.peek_is(")") and self.peek() is not None:
            name = None
            token = self.peek()
            if token is not None and token.kind == "name" and self.peek_is("=", 1):
                name = token
                self.place += 2
            start = self.peek()
            content = self.content()
            end = self.tokens[self.place - 1].span.end
            found.append((name, content, Span((start or opening).span.start, end)))
            if self.peek_is(","):
                self.place += 1
            elif not self.peek_is(")") and (here := self.peek()) is not None:
                refuse("a comma is missing", here.span, self.text, "arguments are separated by commas")
        self.close(opening)
        return found

    def content(self) -> Any:
        token = self.next("a number")
        if token.kind == "number":
            return _number(token.text)
        if token.text in _WORDS:
            return _WORDS[token.text]
        if token.text in ("(", "["):
            numbers = []
            while not self.peek_is(")") and not self.peek_is("]"):
                part = self.next("a number")
                if part.kind != "number":
                    refuse("a size is made of whole numbers", part.span, self.text, "for instance (3, 5)")
                numbers.append(_number(part.text))
                if self.peek_is(","):
                    self.place += 1
            self.place += 1
            return tuple(numbers)
        refuse(f"`{token.text}` is not a number", token.span, self.text, "write a number, True, False or a size (3, 5)")

    def close(self, opening: _Token) -> None:
        if self.peek_is(")"):
            self.place += 1
            return
        token = self.peek()
        if token is not None:
            refuse(
                f"`{token.text}` is not expected here", token.span, self.text, "a closing bracket is missing before it"
            )
        repair = Repair("close the bracket", self.text.rstrip() + ")")
        refuse("this bracket is not closed", opening.span, self.text, "write ) at the end", repair)

    def peek(self, ahead: int = 0) -> _Token | None:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def peek_is(self, text: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token is not None and token.text == text

    def next(self, expected: str) -> _Token:
        token = self.peek()
        if token is None:
            end = len(self.text)
            refuse("the text ends too early", Span(max(end - 1, 0), end), self.text, f"expected {expected}")
        self.place += 1
        return token

    def replaced(self, span: Span, by: str, label: str) -> Repair:
        return Repair(label, self.text[: span.start] + by + self.text[span.end :])


class _Arguments:
    """Turns the written arguments of one layer into a spec."""

    def __init__(self, text: str, kind: Kind, token: _Token, pytorch: bool) -> None:
        self.text, self.kind, self.token = text, kind, token
        own = kind.build is Bias  # which the exported code calls with its size, without `nn.`
        self.order = torch_signature(kind.build) if pytorch or own else [a.name for a in kind.arguments]

    def layer(self, arguments: list[tuple[_Token | None, Any, Span]]) -> LayerSpec:
        kind = self.kind
        args: dict[str, Content] = {}
        pins: dict[str, int] = {}
        shape = next((a for a in kind.arguments if a.kind == "shape"), None)
        if shape is not None:
            numbers = [
                c for _, content, _ in arguments for c in (content if isinstance(content, tuple) else (content,))
            ]
            arguments = [(None, tuple(numbers), self.token.span)] if arguments else []
        for position, (name_token, content, span) in enumerate(arguments):
            if name_token is None and position >= len(self.order):
                hint = f"{kind.name} takes {_listed(self.order)}" if self.order else f"{kind.name} takes nothing"
                refuse(f"{kind.name} has no argument number {position + 1}", span, self.text, hint)
            name = self.order[position] if name_token is None else name_token.text
            place = span if name_token is None else Span(name_token.span.start, span.end)
            if name in args or name in pins:
                refuse(f"{name} is given twice", place, self.text)
            if name in kind.pins or (name in _fixed(kind) and name not in {a.name for a in kind.arguments}):
                self.fixed(name, content, place, pins)
                if name == "normalized_shape" and isinstance(content, tuple):
                    args["dims"] = self.checked(kind.arguments[0], len(content), span)
                continue
            argument = kind.argument(name)
            if argument is None:
                if name in _HARMLESS:
                    continue
                self.unknown(name, place)
            args[name] = self.checked(argument, content, span)
        missing = [a for a in kind.arguments if a.default is None and a.name not in args]
        if missing:
            hint = f"{missing[0].meaning}: for instance {kind.example}"
            refuse(f"{kind.name} needs {missing[0].name}", self.token.span, self.text, hint)
        ordered = tuple((a.name, args[a.name]) for a in kind.arguments if a.name in args and args[a.name] != a.default)
        return LayerSpec(kind.name, ordered, pins=tuple(pins.items()))

    def fixed(self, name: str, content: Any, place: Span, pins: dict[str, int]) -> None:
        """An in-size: it is pinned; one that only our own modules have (`features`, `dim`) follows from the shape."""
        if name in self.kind.pins:
            if type(content) is not int or content < 1:
                refuse(f"{name} is a whole number, at least 1", place, self.text)
            pins[name] = content
        elif content not in _ONLY.get(name, (content,)):
            refuse(f"{name} = {content} is not supported", place, self.text, f"{name} = {_ONLY[name][0]} here")

    def unknown(self, name: str, place: Span) -> NoReturn:
        known = [a.name for a in self.kind.arguments]
        hint = f"it takes {_listed([*known, *self.kind.pins])}" if known or self.kind.pins else "it takes nothing"
        refuse(f"{self.kind.name} has no argument {name} here", place, self.text, hint)

    def checked(self, argument: Argument, content: Any, span: Span) -> Content:
        problem = problem_of(argument, content)
        if problem:
            refuse(f"{argument.name} of {self.kind.name} is {problem}", span, self.text, argument.meaning)
        if isinstance(content, tuple) and argument.kind == "size" and content[0] == content[1]:
            return int(content[0])
        return float(content) if argument.kind == "float" else content


def problem_of(argument: Argument, content: Any) -> str:
    """What is wrong with the content of an argument, '' if nothing is.

    >>> problem_of(Argument("stride", "int", 1, "how far"), 0)
    'a whole number from 1 to 4,096, not 0'
    """
    low, high = argument.minimum, argument.maximum
    within = f"from {low:,.6g} to {high:,.6g}" if high < 10**9 else f"of at least {low:,.6g}"

    def fits(number: Any, kinds: tuple[type, ...]) -> bool:
        return type(number) in kinds and math.isfinite(number) and low <= number <= high

    if argument.kind == "bool":
        return "" if type(content) is bool else f"True or False, not {content}"
    if argument.kind == "float":
        return "" if fits(content, (int, float)) else f"a number {within}, not {content}"
    if argument.kind == "int":
        return "" if fits(content, (int,)) else f"a whole number {within}, not {content}"
    parts = content if isinstance(content, tuple) else (content,)
    if argument.kind == "size":
        good = len(parts) in ((2,) if isinstance(content, tuple) else (1,)) and all(
            fits(part, (int,)) for part in parts
        )
        return "" if good else f"one or two whole numbers {within}, not {content}"
    good = 0 < len(parts) <= 4 and all(type(part) is int and (part == -1 or 1 <= part <= high) for part in parts)
    return "" if good else f"one to four sizes, −1 for what is left, not {content}"


def unpinned(layers: Layers) -> Layers:
    """The same layers with every in-size left to be inferred."""
    return tuple(
        replace(layer, pins=(), branches=tuple(unpinned(branch) for branch in layer.branches)) for layer in layers
    )


def torch_signature(build: type[nn.Module]) -> list[str]:
    """The constructor's arguments in PyTorch's order."""
    return [name for name in inspect.signature(build).parameters if name != "self"]


def _fixed(kind: Kind) -> set[str]:
    return {name for name in torch_signature(kind.build) if name in ("features", "normalized_shape", *_ONLY)}


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d{1,12}", text) else float(text)


def _listed(names: list[str]) -> str:
    return ", ".join(names)


__all__ = ["content_text", "layer_text", "parse_stack", "problem_of", "to_text", "torch_signature", "unpinned"]
