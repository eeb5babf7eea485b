"""One element of a value written out: a sum of its terms, or a function and its local derivatives."""

from __future__ import annotations

from playground.explain.element.element_texts import ElementNames, ElementPart, counted, group, joined, others, part
from playground.explain.element.records import ElementValue
from playground.explain.numbers import format_number


class ValueWriter:
    """Writes out how elements of one trace were computed."""

    def __init__(self, elements: ElementNames) -> None:
        self.elements = elements

    def part(self, found: ElementValue) -> ElementPart:
        """The computation of the element."""
        title = "Its value"
        if found.kind == "given":
            return part(title, note=f"{self.elements.names.show(found.place.value)} was given: no call computed it.")
        if found.kind == "unknown" or found.op is None:
            return part(title, note=f"The call cannot be opened: {found.obstacle}.")
        return self._function(found, title) if found.kind == "function" else self._sum(found, title)

    def _sum(self, found: ElementValue, title: str) -> ElementPart:
        left, result = self.elements.place(found.place), format_number(found.recorded)
        is_plain = all(term.factor == 1 and term.partner is None for term in found.terms)
        if is_plain and found.count == 1 and not found.constant:
            only = self.elements.place(found.terms[0].place)
            return part(title, f"{left} = {only}", f"= {result}", note="The call hands this element on as it is.")
        rows, products = [], []
        for term in found.terms:
            factor = format_number(term.factor)
            products.append(format_number(term.value) + ("" if is_plain else f" · {group(factor)}"))
            cells = [self.elements.number(term.place, term.value)]
            if not is_plain:
                cells.append(factor if term.partner is None else self.elements.number(term.partner, term.factor))
            rows.append([*cells, format_number(term.value * term.factor)])
        width = 1 if is_plain else 2
        added = format_number(found.constant) if found.constant or found.bias else ""
        rows += others(found.count - len(found.terms), found.rest, width)
        if added:
            what = "a constant" if found.bias is None else self.elements.place(found.bias)
            rows.append([what, *[""] * (width - 1), added])
        rows.append(["sum", *[""] * (width - 1), format_number(found.total)])
        heads = ["element", "adds"] if is_plain else ["factor", "factor", "product"]
        formula = f"{left} = {self._right_side(found, is_plain)}"
        return part(
            title, formula, f"= {joined(products, found.count, added)} = {result}", heads, rows, counted(found.count)
        )

    def _right_side(self, found: ElementValue, is_plain: bool) -> str:
        added = ""
        if found.constant or found.bias:
            added = f" + {format_number(found.constant) if found.bias is None else self.elements.place(found.bias)}"
        if not found.terms:
            return added.removeprefix(" + ") or "0"
        first = found.terms[0]
        several = "Σ " if found.count > 1 else ""
        if found.count > 1 and not found.pattern:
            called = self.elements.names.expression(self.elements.trace.ops[found.op or 0])
            return f"Σ {'elements' if is_plain else 'element · factor'} of {called}{added}"
        index = found.pattern[0] if found.pattern else tuple(map(str, first.place.index))
        text = several + self.elements.indexed(first.place.value, index)
        if first.partner is not None:
            other = found.pattern[1] if found.pattern else tuple(map(str, first.partner.index))
            text += f" · {self.elements.indexed(first.partner.value, other)}"
        elif not is_plain:
            factors = {term.factor for term in found.terms}
            text += f" · {group(format_number(first.factor))}" if len(factors) == 1 else " · factor"
        return text + added

    def _function(self, found: ElementValue, title: str) -> ElementPart:
        op = self.elements.trace.ops[found.op or 0]
        left, result = self.elements.place(found.place), format_number(found.recorded)
        index = f"[{', '.join(map(str, found.place.index))}]" if found.place.index else ""
        formula, numbers = f"{left} = {self._expression(op.id, index)}", f"= {result}"
        if found.count == 1 and len(op.inputs) == 1:
            term = found.terms[0]
            if self.elements.names.expression(op) == f"{op.name}({self.elements.names.show(term.place.value)})":
                formula = f"{left} = {op.name}({self.elements.place(term.place)})"
                numbers = f"= {op.name}({format_number(term.value)}) = {result}"
        if not found.terms:
            return part(
                title, formula, numbers, note="No input moves it here: its local derivatives are 0, or it has none."
            )
        rows = [[self.elements.number(term.place, term.value), format_number(term.factor)] for term in found.terms]
        note = "The local derivative says how fast it changes with that element."
        if found.count > len(found.terms):
            note = f"It depends on {found.count:,} elements; these move it most. {note}"
        return part(title, formula, numbers, ["depends on", "local derivative"], rows, note)

    def _expression(self, op: int, index: str) -> str:
        text = self.elements.names.expression(self.elements.trace.ops[op])
        return f"({text}){index}" if index and not text.endswith(")") else text + index
