"""`CallSite`: one call in a text, with what is needed to say why PyTorch refuses it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.errors import PlaygroundError, Repair, Span
from playground.language.evaluate.arithmetic import describe
from playground.language.function import Function, Value
from playground.language.syntax.program import Program

Explained = tuple[str, str, Repair | None]  # message, hint, repair


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call in a text: what is called, on what, and where the call and its operands stand."""

    name: str
    program: Program
    span: Span
    operands: tuple[Value, ...]
    places: tuple[Span, ...]
    function: Function | None = None

    def written(self, number: int) -> str:
        """The text of one operand."""
        return self.places[number].of(self.program.text) if number < len(self.places) else "the value"

    def error(
        self, message: str, hint: str = "", repair: Repair | None = None, span: Span | None = None
    ) -> PlaygroundError:
        """The one error for this call."""
        return PlaygroundError(message, span=span or self.span, hint=hint, repair=repair, text=self.program.text)

    def replace(self, span: Span, new: str, label: str) -> Repair:
        """The repair that writes `new` in place of what stands at `span`."""
        text = self.program.text
        return Repair(label, text[: span.start] + new + text[span.end :])

    def tensors(self) -> list[tuple[str, Tensor]]:
        """The operands that are tensors, with their text."""
        return [(self.written(i), value) for i, value in enumerate(self.operands) if isinstance(value, Tensor)]

    def check(self) -> None:
        """Refuse what PyTorch would let pass, or refuse in words that do not help: PlaygroundError."""
        for number, value in enumerate(self.operands):
            written, place = self.written(number), self.places[number] if number < len(self.places) else self.span
            if value is None and (self.function is None or number == 0):
                hint = "a gradient is there after a line with .backward()" if ".grad" in written else ""
                raise self.error(f"`{written}` is None", hint, span=place)
            if self.function is None and not isinstance(value, Tensor | int | float):
                kind = describe(value)
                hint = "call it, with what it takes in brackets" if kind == "a function" else ""
                raise self.error(f"`{self.name}` does not work on {kind}", hint, span=place)
        if self.name == "**" and isinstance(self.operands[1], Tensor) and self.operands[1].dtype == torch.bool:
            new = f"({self.written(1)}).float()"
            raise self.error(
                "an exponent of True and False has no gradient",
                f"write {new}",
                self.replace(self._bracketed(1), new, f"write {new}"),
            )

    def _bracketed(self, number: int) -> Span:
        """The operand with the brackets around it, if it stands in brackets."""
        text, span = self.program.text, self.places[number]
        before, after = text[: span.start].rstrip(), text[span.end :]
        if before.endswith("(") and after.lstrip().startswith(")"):
            return Span(len(before) - 1, span.end + after.index(")") + 1)
        return span
