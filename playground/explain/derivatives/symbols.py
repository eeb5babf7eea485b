"""The symbols of one step's formulas: names of values where there are names, numbers where there are none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from playground.explain.derivatives.derivative import Formula, fill, less_one, tokens
from playground.explain.derivatives.recorded import Operand, Recorded, Unknown, axes_of, constant
from playground.explain.latex import latex_number, latex_text
from playground.explain.numbers import MINUS, format_number
from playground.trace.array import Array

_DIGITS = 7  # of a setting


class Symbols:
    """What the letters of a formula stand for at one step: how they are written, and their numbers."""

    def __init__(
        self,
        operands: Mapping[str, Operand],
        saved: Mapping[str, Operand],
        settings: Mapping[str, str],
        like: tuple[int, ...],
    ) -> None:
        self.operands, self.saved, self.settings = operands, saved, settings
        self.like = like  # the shape of the contribution
        adjoint = operands.get("g")
        self.recorded = Recorded(
            operands,
            adjoint.content if adjoint is not None and isinstance(adjoint.content, Array) else None,
            {name: operand.content for name, operand in saved.items() if isinstance(operand.content, Array)},
            settings,
            like,
        )

    def write(self, formula: Formula, *, latex: bool = False) -> str:
        """The formula with names and numbers; '' where one of them is not known."""
        if not formula.is_written:
            return ""
        template = formula.latex if latex else formula.text
        known = {token: text for token in tokens(template) if (text := self._text(token, latex)) is not None}
        return fill(template, known)

    def words(self, phrase: str) -> str:
        """A phrase with names and numbers."""
        return fill(phrase, {token: text for token in tokens(phrase) if (text := self._text(token, False)) is not None})

    def _text(self, token: str, latex: bool) -> str | None:
        operand = self.operands.get(token) or self.saved.get(token)
        if operand is not None:
            shown = operand.latex if latex else operand.text
            is_negative = shown.startswith(("-", MINUS)) and operand.value is None
            return (f"({shown})" if is_negative else shown) or None
        computed = _COMPUTED.get(token)
        if computed is not None:
            try:
                return computed(self, latex)
            except Unknown:
                return None
        text = self.settings.get(token)
        return None if text is None else _setting(text, latex)

    def operand(self, letter: str, latex: bool) -> str:
        """How a letter is written."""
        found = self.operands.get(letter)
        if found is None or not found.text:
            raise Unknown(letter)
        return found.latex if latex else found.text

    def spread(self, letter: str, latex: bool) -> str:
        """A result as an index puts the axes back that a reduction took away: `v̄₁[:, None]`."""
        text = self.operand(letter, latex)
        if "dim" not in self.settings or self.settings.get("keepdim") == "True" or not self.like:
            return text
        axes = axes_of(constant(self.settings["dim"]), len(self.like))
        return text + _index(axes, len(self.like), latex)

    def number(self, letter: str) -> float:
        """The number that a letter is."""
        found = self.operands.get(letter)
        content = None if found is None else found.content
        if isinstance(content, Array) and content.numel == 1:
            content = content.item()
        if content is None or isinstance(content, Array | complex):
            raise Unknown(letter)
        return float(content)

    @property
    def class_axis(self) -> int:
        """The axis of classes in scores: the second, or the only one."""
        return 1 if len(self.like) > 1 else 0

    def kept(self) -> int:
        """How many targets are not ignored."""
        ignored = constant(self.settings.get("ignore_index", "-100"))
        return int((self.recorded.b != ignored).sum())


def _setting(text: str, latex: bool) -> str:
    found = constant(text)
    if isinstance(found, int | float) and not isinstance(found, bool):
        number = format_number(found, _DIGITS)
        return latex_number(number) if latex else number
    return latex_text(text) if latex else text.strip("'\"")


def _index(axes: tuple[int, ...], rank: int, latex: bool) -> str:
    """An index that puts axes of length 1 in; nothing where they stand in front, as broadcasting puts them there."""
    while 0 in axes:
        axes = tuple(axis - 1 for axis in axes if axis)
        rank -= 1
    if not axes:
        return ""
    inside = ", ".join("None" if axis in axes else ":" for axis in range(rank))
    return rf"\left[{inside.replace('None', chr(92) + 'mathrm{None}')}\right]" if latex else f"[{inside}]"


def _by_class(symbols: Symbols, latex: bool) -> str:
    return symbols.operand("g", latex) + _index((symbols.class_axis,), len(symbols.like), latex)


def _along(symbols: Symbols, latex: bool) -> str:
    if "dim" not in symbols.settings:
        return ""
    return f", dim={constant(symbols.settings['dim'])}, keepdim=True"


def _freedom(symbols: Symbols, latex: bool) -> str:
    return _number(symbols.recorded.count() - float(symbols.recorded.setting("correction", 1)), latex)


def _targets(symbols: Symbols, latex: bool) -> str:
    return str(math.prod(symbols.like) // max(symbols.like[symbols.class_axis], 1)) if symbols.like else "1"


def _number(number: float, latex: bool) -> str:
    text = format_number(number, _DIGITS)
    return latex_number(text) if latex else text


_COMPUTED: dict[str, Callable[[Symbols, bool], str]] = {
    "p": lambda symbols, latex: less_one(symbols.operand("b", latex), latex=latex),
    "s": lambda symbols, latex: symbols.spread("g", latex),
    "z": lambda symbols, latex: symbols.spread("y", latex),
    "along": _along,
    "n": lambda symbols, latex: str(symbols.recorded.count()),
    "freedom": _freedom,
    "by_class": _by_class,
    "rows": lambda symbols, latex: _index((symbols.class_axis,), len(symbols.like), latex),
    "targets": _targets,
    "kept": lambda symbols, latex: str(symbols.kept()),
    "classes": lambda symbols, latex: str(symbols.class_axis),
    "count": lambda symbols, latex: str(symbols.like[symbols.class_axis]) if symbols.like else "1",
    "falling": lambda symbols, latex: _number(symbols.number("b") * (symbols.number("b") - 1), latex),
    "twoless": lambda symbols, latex: f"{symbols.number('b') - 2:g}",
}
