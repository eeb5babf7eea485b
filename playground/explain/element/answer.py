"""One element opened to its arithmetic, in words, formulas and tables of terms: plain data for page or notebook."""

from __future__ import annotations

from typing import Any

from playground.errors import PlaygroundError
from playground.explain.element.backward import element_gradient
from playground.explain.element.element_texts import ElementNames, ElementPart, counted, group, joined, others, part
from playground.explain.element.forward import element_value
from playground.explain.element.records import ElementGradient, ElementUse
from playground.explain.element.value import ValueWriter
from playground.explain.known import KnownFrom
from playground.explain.numbers import format_number
from playground.trace.trace import Trace

PRECISE = 7  # digits of numbers that are compared


def element_answer(trace: Trace, value: int, index: tuple[int, ...]) -> dict[str, Any]:
    """`{title, number, since, parts: [{title, formula, numbers, heads, rows, note}], check: [[label, text]]}` for one
    element.

    The first part is how the element was computed, then one for each use that sends it a gradient. `since`: the
    positions of the stepper from which on its value and its gradient are known. Raises PlaygroundError for a wrong
    index, and for a trace that was read from a document.
    """
    found = element_value(trace, value, index)
    elements = ElementNames(trace)
    parts: list[ElementPart] = [ValueWriter(elements).part(found)]
    check: list[list[str]] = []
    known = KnownFrom(trace)
    since = [known.value(value)] * 2
    try:
        gradient = element_gradient(trace, found.place.value, index)
    except PlaygroundError as error:
        parts.append(part("Its gradient", note=f"{error.message[:1].upper()}{error.message[1:]}."))
    else:
        parts += _GradientWriter(elements).parts(gradient)
        check = _check(gradient)
        since[1] = known.adjoint(found.place.value)
    return {
        "title": elements.place(found.place),
        "number": format_number(found.recorded),
        "since": since,
        "parts": parts,
        "check": check,
    }


class _GradientWriter:
    def __init__(self, elements: ElementNames) -> None:
        self.elements = elements

    def parts(self, found: ElementGradient) -> list[ElementPart]:
        """Return a part per use, and one for the seed; no terms where they do not add up to the recorded number."""
        above = f"∂{self._root(found)}"
        below = f"∂{self.elements.place(found.place)}"
        if not found.agrees:
            note = "The terms found by repeating the calls do not add up to the recorded gradient, so none are shown."
            return [part("Its gradient", f"{above}/{below}", f"= {format_number(found.recorded)}", note=note)]
        parts = []
        if found.seed is not None:
            number = f"= {format_number(found.seed)}"
            parts.append(
                part("Its gradient: the seed", f"{above}/{below}", number, note="The backward pass starts here.")
            )
        several = len(found.uses) > 1 or found.seed is not None
        for position, use in enumerate(found.uses, 1):
            title = f"Its gradient: use {position} of {len(found.uses)}" if several else "Its gradient"
            parts.append(self._use(found, use, title, above, below))
        if not parts:
            parts.append(
                part("Its gradient", f"{above}/{below}", "= 0", note="Nothing that used it sends it a gradient.")
            )
        return parts

    def _root(self, found: ElementGradient) -> str:
        root = self.elements.trace.values[found.root]
        return self.elements.names.show(root.id) if root.data.numel == 1 else "L"

    def _use(self, found: ElementGradient, use: ElementUse, title: str, above: str, below: str) -> ElementPart:
        op = self.elements.trace.ops[use.op]
        made = ", ".join(dict.fromkeys(self.elements.names.show(term.place.value) for term in use.terms))
        through = f"{title}, through {op.name}" + (f", which made {made}" if made else "")
        if use.obstacle:
            number = f"= {format_number(use.total)}"
            return part(
                through, f"{above}/{below}", number, note=f"Recorded, but not split into terms: {use.obstacle}."
            )
        if not use.terms:
            return part(through, f"{above}/{below}", "= 0", note="The local derivatives are all 0 here.")
        rows, products = [], []
        for term in use.terms:
            local = f"∂{self.elements.place(term.place)}/{below} = {format_number(term.derivative)}"
            if term.partner is not None:
                local = self.elements.number(term.partner, term.derivative)
            adjoint = f"{above}/∂{self.elements.number(term.place, term.adjoint)}"
            rows.append([adjoint, local, format_number(term.product)])
            products.append(f"{format_number(term.adjoint)} · {group(format_number(term.derivative))}")
        rows += others(use.count - len(use.terms), use.rest, 2)
        rows.append(["sum", "", format_number(use.total)])
        note = counted(use.count)
        if use.zeros:
            note += f" {use.zeros:,} of them are 0, because the adjoint that arrives there is 0."
        numbers = f"= {joined(products, use.count)} = {format_number(use.total)}"
        heads = ["adjoint", "local derivative", "product"]
        return part(through, f"{above}/{below} = {self._chain(use, above, below)}", numbers, heads, rows, note)

    def _chain(self, use: ElementUse, above: str, below: str) -> str:
        first = use.terms[0]
        several = "Σ " if use.count > 1 else ""
        if use.count > 1 and not use.pattern:
            return "Σ adjoint · local derivative"
        index = use.pattern[0] if use.pattern else tuple(map(str, first.place.index))
        result = self.elements.indexed(first.place.value, index)
        text = f"{several}{above}/∂{result} · "
        if first.partner is None:
            return text + f"∂{result}/{below}"
        other = use.pattern[1] if use.pattern else tuple(map(str, first.partner.index))
        return text + self.elements.indexed(first.partner.value, other)


def _check(found: ElementGradient) -> list[list[str]]:
    rows = []
    if found.agrees:
        rows.append(["everything summed", format_number(found.total, PRECISE)])
    rows.append(["PyTorch's gradient", format_number(found.recorded, PRECISE)])
    if found.agrees:
        rows.append(["gap", format_number(abs(found.total - found.recorded), 2)])
    if found.accumulated is not None and found.accumulated != found.recorded:
        rows.append([".grad, summed over all passes", format_number(found.accumulated, PRECISE)])
    return rows
