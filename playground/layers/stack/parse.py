"""The text of a stack, read: `Conv2d(10, 7) ReLU Flatten Linear(10)`, or pasted `nn.Sequential(...)` code.

A name with `nn.` before it is PyTorch's, and takes PyTorch's arguments, in-sizes included; a bare one is ours, and has
none: they are inferred. `in_features=784` pins one. The text is read by a small scanner; nothing in it is executed.
"""

from __future__ import annotations

import re
from typing import Any

from playground.errors import Span
from playground.layers.catalogue.kind import Kind
from playground.layers.catalogue.spec import Content, Layers, LayerSpec
from playground.layers.catalogue.table import KINDS, find, nearest
from playground.layers.limits import LIMITS
from playground.layers.stack.arguments import ArgumentReader, Written
from playground.layers.stack.tokens import StackToken, Tokens, refuse

_WORDS: dict[str, Content] = {word: word for kind in KINDS for argument in kind.arguments for word in argument.words}
_WORDS |= {"True": True, "False": False}
_BLOCK = "Sequential"
_SEPARATORS = {",", ";"}


def parse_stack(text: str) -> Layers:
    """The layers that a text names. PlaygroundError marks the first place that is not understood.

    >>> [layer.kind for layer in parse_stack("nn.Sequential(nn.Linear(784, 10), nn.ReLU())")]
    ['Linear', 'ReLU']
    """
    if len(text) > LIMITS.stack_length:
        refuse(
            f"a text of {len(text):,} characters",
            Span(0, len(text)),
            text,
            f"the limit is {LIMITS.stack_length:,} characters",
        )
    return _StackReader(text).whole()


class _StackReader(Tokens):
    def __init__(self, text: str) -> None:
        super().__init__(text)
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
        """Tell whether `net = nn.Sequential(` stands here."""
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
        """Read one layer; a nested nn.Sequential gives what is in it."""
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
        return (ArgumentReader(self.text, kind, token, bool(prefix)).layer(arguments),)

    def composite(self, kind: Kind, token: StackToken) -> LayerSpec:
        branches = self.block(token, "residual" if kind.name == "Residual" else "parallel")
        if len(branches) < kind.branches or any(not branch for branch in branches):
            many = "a sub-stack" if kind.branches == 1 else "at least two sub-stacks, with a comma between"
            refuse(f"{kind.name} takes {many}", token.span, self.text, f"for instance {kind.example}")
        return LayerSpec(kind.name, branches=tuple(branches))

    def block(self, token: StackToken, what: str) -> list[Layers]:
        """Read what stands in the brackets of a block: one sub-stack, or with commas between several."""
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

    def arguments(self) -> list[Written]:
        """(name or None, content, place) of each argument."""
        opening = self.next("(")
        found: list[Written] = []
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
        if token.kind == "word":
            return token.text[1:-1]
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


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d{1,12}", text) else float(text)
