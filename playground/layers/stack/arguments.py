"""The written arguments of one layer as a `LayerSpec`: ours by our names, those of `nn.` in PyTorch's order."""

from __future__ import annotations

from typing import Any, NoReturn

from playground.errors import Repair, Span
from playground.layers.catalogue.kind import Fixed, Kind, LayerArgument, constructor_arguments, problem_of
from playground.layers.catalogue.modules import Bias
from playground.layers.catalogue.spec import Content, LayerSpec
from playground.layers.stack.tokens import StackToken, refuse

_HARMLESS = {"inplace", "device", "dtype"}  # PyTorch's arguments that do not change a number here
_ONLY = {"dim": (1, -1), "start_dim": (1,), "end_dim": (-1,)}  # PyTorch's arguments that mean here what they say

Written = tuple[StackToken | None, Any, Span]  # an argument: its name if one stands there, its content, its place


class ArgumentReader:
    """Turns the written arguments of one layer into a spec; `pytorch` if `nn.` stands before its name."""

    def __init__(self, text: str, kind: Kind, token: StackToken, pytorch: bool) -> None:
        self.text, self.kind, self.token = text, kind, token
        is_ours = kind.build is Bias  # which the exported code calls with its size, without `nn.`
        self.pytorch = pytorch
        self.order = list(constructor_arguments(kind)) if pytorch or is_ours else [a.name for a in kind.arguments]

    def layer(self, arguments: list[Written]) -> LayerSpec:
        """The spec; PlaygroundError marks the argument that does not fit."""
        kind = self.kind
        args: dict[str, Content] = {}
        pins: dict[str, int] = {}
        shape = next((a for a in kind.arguments if a.kind == "shape"), None)
        if shape is not None:
            numbers = [
                c for _, content, _ in arguments for c in (content if isinstance(content, tuple) else (content,))
            ]
            arguments = [(None, tuple(numbers), self.token.span)] if arguments else []
        settled: set[str] = set()  # of those that have one content here
        for position, (name_token, content, span) in enumerate(arguments):
            if name_token is None and position >= len(self.order):
                hint = f"{kind.name} takes {_listed(self.order)}" if self.order else f"{kind.name} takes nothing"
                refuse(f"{kind.name} has no argument number {position + 1}", span, self.text, hint)
            name = self.order[position] if name_token is None else name_token.text
            place = span if name_token is None else Span(name_token.span.start, span.end)
            if name in args or name in pins or name in settled:
                refuse(f"{name} is given twice", place, self.text)
            if name in kind.pins or (name in _fixed(kind) and name not in {a.name for a in kind.arguments}):
                self.fixed(name, content, place, pins)
                if name == "normalized_shape" and isinstance(content, tuple):
                    args["dims"] = self.checked(kind.arguments[0], len(content), span)
                continue
            only = next((one for one in kind.fixed if one.name == name), None)
            if only is not None:
                if content != only.content:
                    self.refuse_other(only, span, span, str(only.content))
                settled.add(name)
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
        for one in kind.fixed if self.pytorch else ():
            if one.name not in settled and constructor_arguments(kind)[one.name].default != one.content:
                end = arguments[-1][2].end
                self.refuse_other(one, self.token.span, Span(end, end), f", {one.name}={one.content}")
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

    def refuse_other(self, one: Fixed, marked: Span, place: Span, text: str) -> NoReturn:
        """Refuse what is written, or PyTorch's default, for an argument that has one content here."""
        wanted = f"{one.name}={one.content}"
        repair = Repair(f"write {wanted}", self.text[: place.start] + text + self.text[place.end :])
        refuse(f"{self.kind.name} has {wanted} here", marked, self.text, one.reason, repair)

    def unknown(self, name: str, place: Span) -> NoReturn:
        known = [a.name for a in self.kind.arguments]
        hint = f"it takes {_listed([*known, *self.kind.pins])}" if known or self.kind.pins else "it takes nothing"
        refuse(f"{self.kind.name} has no argument {name} here", place, self.text, hint)

    def checked(self, argument: LayerArgument, content: Any, span: Span) -> Content:
        problem = problem_of(argument, content)
        if problem:
            refuse(f"{argument.name} of {self.kind.name} is {problem}", span, self.text, argument.meaning)
        if isinstance(content, tuple) and argument.kind == "size" and content[0] == content[1]:
            return int(content[0])
        return float(content) if argument.kind == "float" else content


def _fixed(kind: Kind) -> set[str]:
    return {name for name in constructor_arguments(kind) if name in ("features", "normalized_shape", *_ONLY)}


def _listed(names: list[str]) -> str:
    return ", ".join(names)
