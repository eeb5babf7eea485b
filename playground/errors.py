"""The one exception a user may see, and the place in the text that it points at."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of *characters* (not bytes) in a text: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The marked part of `text`."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Repair:
    """A one-click cure: a label for the button and the whole text after the repair.

    `is_guess`: what was meant is a guess, which a person confirms; it is never made along with another repair.
    """

    label: str
    text: str
    is_guess: bool = field(default=False, repr=False)


class PlaygroundError(Exception):
    """An error for a person: what happened, where exactly, what is allowed, how to mend it.

    `message` says what happened; `hint` says what is allowed or expected; `span` marks the place in `text`;
    `repair` holds the mended text where one is known.

    >>> error = PlaygroundError("unknown name `sine`", span=Span(4, 8), hint="did you mean `sin`?", text="f = sine(x)")
    >>> print(error.marked())
    line 1, column 5: unknown name `sine`
        f = sine(x)
            ^^^^
    did you mean `sin`?
    """

    def __init__(
        self,
        message: str,
        *,
        span: Span | None = None,
        hint: str = "",
        repair: Repair | None = None,
        text: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint
        self.repair = repair
        self.text = text

    def position(self) -> tuple[int, int] | None:
        """Line and column of the mark, both counted from 1; None where nothing is marked."""
        if self.span is None or self.text is None:
            return None
        before = self.text[: self.span.start]
        return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1

    def _render_traceback_(self) -> list[str]:
        """The lines that a notebook shows in place of a traceback (IPython asks every exception for them)."""
        return [f"PlaygroundError: {self.marked()}".encode(errors="replace").decode()]

    def marked(self) -> str:
        """The whole error as plain text, with the marked line and carets under the marked characters."""
        place = self.position()
        if place is None or self.span is None or self.text is None:
            return "\n".join(filter(None, [self.message, self.hint]))
        line_number, column = place
        line = (self.text.split("\n") or [""])[line_number - 1]
        width = max(1, min(self.span.end - self.span.start, len(line) - column + 1))
        lines = [
            f"line {line_number}, column {column}: {self.message}",
            f"    {line}",
            " " * (4 + column - 1) + "^" * width,
            self.hint,
        ]
        return "\n".join(filter(None, lines))
