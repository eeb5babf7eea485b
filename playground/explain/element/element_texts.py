"""Texts that both halves of an opened element share: names of elements, rows of terms, sums in a line."""

from __future__ import annotations

from typing import Any

from playground.explain.element.records import Place
from playground.explain.names import DisplayNames
from playground.explain.numbers import MINUS, format_number
from playground.trace.trace import Trace

ElementPart = dict[str, Any]  # title, formula, numbers, heads, rows, note
WRITTEN = 3  # products written out in the line of numbers


class ElementNames:
    """The elements of one trace's values, by name."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.names = DisplayNames(trace)

    def place(self, place: Place) -> str:
        """`v7[3, 12]`; a single number has no index."""
        return self.indexed(place.value, tuple(map(str, place.index)))

    def indexed(self, value: int, index: tuple[str, ...]) -> str:
        """The same with letters in the index: `v7[i, 12]`."""
        name = self.names.show(value)
        return f"{name}[{', '.join(index)}]" if index else name

    def number(self, place: Place, number: float) -> str:
        """`v7[3, 12] = 0.25`."""
        return f"{self.place(place)} = {format_number(number)}"


def part(
    title: str,
    formula: str = "",
    numbers: str = "",
    heads: list[str] | None = None,
    rows: list[list[str]] | None = None,
    note: str = "",
) -> ElementPart:
    return {
        "title": title, "formula": formula, "numbers": numbers, "heads": heads or [], "rows": rows or [], "note": note,
    }  # fmt: skip


def others(count: int, rest: float, width: int) -> list[list[str]]:
    """The row for the terms that are not shown one by one."""
    if not count:
        return []
    what = "the other term" if count == 1 else f"the other {count:,} terms"
    return [[what, *[""] * (width - 1), format_number(rest)]]


def counted(count: int) -> str:
    """The number of terms, where there are several."""
    return "" if count == 1 else f"{count:,} terms, the largest first."


def joined(products: list[str], count: int, constant: str = "") -> str:
    """The first few products of a sum, dots for the others, and what is added to them.

    >>> joined(["0.5 · 2", "−0.25 · 1", "0.1 · 1"], 5, "3")
    '0.5 · 2 − 0.25 · 1 + 0.1 · 1 + … + 3'
    """
    shown = products[:WRITTEN]
    pieces = [*shown, *["…"] * (count > len(shown)), *[constant] * bool(constant)]
    return " + ".join(pieces).replace(f"+ {MINUS}", f"{MINUS} ") or "0"


def group(number: str) -> str:
    """A negative number in parentheses, as a second factor."""
    return f"({number})" if number.startswith(MINUS) else number
