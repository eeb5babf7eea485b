"""The words and signs of a stack's text, read one after the other; the text is scanned, and never executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from playground.errors import PlaygroundError, Repair, Span

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<space>\s+)
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    |(?P<word>"[A-Za-z_]*"|'[A-Za-z_]*')
    |(?P<arrow>->|→|>>)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class StackToken:
    """One word, number or sign in its place."""

    kind: str  # 'number', 'name', 'word' in quotation marks, 'arrow' or 'other'
    text: str
    span: Span


def refuse(message: str, span: Span, text: str, hint: str = "", repair: Repair | None = None) -> NoReturn:
    """Raise the error that marks a place of the text."""
    raise PlaygroundError(message, span=span, hint=hint, repair=repair, text=text)


class Tokens:
    """The tokens of a text and the place that reading has come to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [
            StackToken(match.lastgroup or "other", match.group(), Span(*match.span()))
            for match in _TOKEN.finditer(text)
            if match.lastgroup not in ("space", "comment")
        ]
        self.place = 0

    def peek(self, ahead: int = 0) -> StackToken | None:
        """The token here, or `ahead` of it; None after the end."""
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def peek_is(self, text: str, ahead: int = 0) -> bool:
        """Tell whether this stands here, or `ahead`."""
        token = self.peek(ahead)
        return token is not None and token.text == text

    def next(self, expected: str) -> StackToken:
        """The token here, which is then read; `expected` is what the error says at the end of the text."""
        token = self.peek()
        if token is None:
            end = len(self.text)
            refuse("the text ends too early", Span(max(end - 1, 0), end), self.text, f"expected {expected}")
        self.place += 1
        return token

    def close(self, opening: StackToken) -> None:
        """Read the closing bracket that belongs to `opening`."""
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

    def replaced(self, span: Span, by: str, label: str) -> Repair:
        """The repair that writes something else in one place."""
        return Repair(label, self.text[: span.start] + by + self.text[span.end :])
