"""The chain rule at one value, written out: per path a product of numbers, or a vector-Jacobian product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playground.explain.broadcasting import summed_axes, summed_from
from playground.explain.contributions import Arrival
from playground.explain.derivation_lines import DerivationLine, matrix, number, paths, plus
from playground.explain.derivatives.agreement import ROUNDINGS, precision
from playground.explain.element.products import products as element_products
from playground.explain.formulas import Formulas, group
from playground.explain.latex import latex_escape, latex_group, latex_name, latex_number
from playground.explain.numbers import brief, format_number, norm_text, shape_text, subscript
from playground.trace.array import Array
from playground.trace.records import BackwardNode, Contribution, Step

SHOWN_PATHS = 12


class ChainRule:
    """Writes what arrived at the values of one trace as sums of products; `seeded`: value -> the seed of a pass."""

    def __init__(self, formulas: Formulas, seeded: Mapping[int, Array]) -> None:
        self.trace = formulas.trace
        self.names = formulas.names
        self.seeded = seeded
        self._formulas = formulas

    def scalar(self, value: int, adjoint: Array, parts: tuple[Arrival, ...]) -> list[DerivationLine]:
        """Write one product per outgoing path."""
        bar, plain_bar = self.names.latex_bar(value), self.names.bar(value)
        seed = self.seeded.get(value)
        lead = None if seed is None else (number(seed), brief(seed))
        terms = [] if lead is None else [_Term(lead, lead, lead, lead[1])]
        shown, others = parts[:SHOWN_PATHS], parts[SHOWN_PATHS:]
        inner = [self._is_inner(*arrival) for arrival in shown]
        marks = [str(sum(inner[:place]) + 1) if sum(inner) > 1 else "" for place in range(len(shown))]
        terms += [self._term(value, *arrival, mark) for arrival, mark in zip(shown, marks, strict=True)]
        if others:
            terms.append(_rest(others))
        note = " ".join(dict.fromkeys(filter(None, [term.note for term in terms])))
        columns = {
            "Chain rule" + paths(parts): [term.chain for term in terms],
            "Local derivatives": [term.factors for term in terms],
            "Numbers": [term.numbers for term in terms],
        }
        is_changed = self._is_changed(value, adjoint, parts)
        left, plain_left = ("", "") if is_changed else (f"{bar} = ", f"{plain_bar} = ")
        is_symbolic = lead is None and not others
        lines: list[DerivationLine] = []
        for title, column in columns.items():
            latex, plain = plus([pair[0] for pair in column]), plus([pair[1] for pair in column])
            said = "" if lines else note
            symbols = is_symbolic and not lines
            lines.append(DerivationLine(title, left + latex, plain_left + plain, said, symbols))
        shares = [term.share for term in terms]
        total = plus([latex_number(share) for share in shares])
        if is_changed:
            return [*lines, self._replaced(value, adjoint)]
        result_line = f"{bar} = {total}" + (f" = {number(adjoint)}" if len(shares) > 1 else "")
        plain_total = f"{plain_bar} = {plus(shares)}" + (f" = {brief(adjoint)}" if len(shares) > 1 else "")
        return [*lines, DerivationLine("Sum" if len(shares) > 1 else "Result", result_line, plain_total)]

    def _term(self, value: int, step: Step, part: Contribution, mark: str) -> _Term:
        """One path: the adjoint that came along it, times the local derivative."""
        written = self._formulas.local(step, part)
        adjoint = self._formulas.adjoint(step) if written is None else written.adjoint
        up, plain_up = adjoint.latex, adjoint.text
        symbol, plain = self.names.latex(value), self.names.show(value)
        note = ""
        if adjoint.value is None:
            (up, plain_up), (result, plain_result) = _marked("g", mark), _marked("r", mark)
            note = self._inside(step, plain_up, plain_result)
        else:
            result, plain_result = self.names.latex(adjoint.value), self.names.show(adjoint.value)
        share = brief(part.data)
        factor = self._formulas.factor(step, part)
        count = "·" if factor is None else format_number(factor)
        derivative = rf"\frac{{\partial {result}}}{{\partial {symbol}}}"
        chain = (rf"{up} \cdot {derivative}", f"{plain_up} · ∂{plain_result}/∂{plain}")
        if written is not None and not written.is_product:
            factors = (rf"{up} \cdot {latex_group(written.latex)}", f"{plain_up} · {group(written.text)}")
        elif factor is not None:
            factors = (rf"{up} \cdot {latex_group(latex_number(count))}", f"{plain_up} · {group(count)}")
        elif written is not None and not mark:
            factors = (written.latex, written.text)
        else:
            factors = chain
        numbers = (latex_number(share), share)
        if factor is not None and isinstance(adjoint.content, Array):
            incoming = brief(adjoint.content)
            numbers = (
                rf"{latex_group(latex_number(incoming))} \cdot {latex_group(latex_number(count))}",
                f"{incoming} × {group(count)}",
            )
        return _Term(chain, factors, numbers, share, note)

    def _is_inner(self, step: Step, part: Contribution) -> bool:
        written = self._formulas.local(step, part)
        return (self._formulas.adjoint(step) if written is None else written.adjoint).value is None

    def _inside(self, step: Step, adjoint: str, result: str) -> str:
        """The meaning of letters for what has no name of its own, inside a call that PyTorch makes of several nodes."""
        node = self._node(step)
        call = "" if node.op is None else f" inside {self.trace.ops[node.op].name}"
        return f"{adjoint} is the adjoint that came to {node.name}{call}, {result} the result of that node."

    def tensor(self, value: int, adjoint: Array, parts: tuple[Arrival, ...]) -> list[DerivationLine]:
        """Write one vector-Jacobian product per outgoing path, then one element in numbers."""
        bar, plain_bar = self.names.latex_bar(value), self.names.bar(value)
        seed = self.seeded.get(value)
        terms, plain_terms = ([], []) if seed is None else ([number(seed)], [brief(seed)])
        lines: list[DerivationLine] = []
        for step, part in parts[:SHOWN_PATHS]:
            node = self._node(step)
            term, plain_term = self._product(value, step, part)
            terms.append(term)
            plain_terms.append(plain_term)
            incoming = step.incoming[0] if step.incoming else None
            came = "" if incoming is None else f"from {shape_text(incoming.shape)} "
            reduced = ""
            if (stretched := summed_from(part)) is not None:
                axes = summed_axes(stretched, part.data.shape)
                reduced = f", summed over {axes} from {shape_text(stretched)}"
            note = f"{came}to {shape_text(part.data.shape)}{reduced}, norm {norm_text(part.data)}"
            whole = matrix(part.data)
            written = f" = {brief(part.data)}" if whole else ""
            title = f"Vector–Jacobian product of {node.name}"
            lines.append(DerivationLine(title, f"{term} = {whole}" if whole else term, f"{plain_term}{written}", note))
        if len(parts) > SHOWN_PATHS:
            terms.append(r"\dots")
            plain_terms.append("…")
        chain = DerivationLine(
            "Chain rule" + paths(parts), f"{bar} = {plus(terms)}", f"{plain_bar} = {plus(plain_terms)}"
        )
        if self._is_changed(value, adjoint, parts):
            summed_up = DerivationLine("What came" + paths(parts), plus(terms), plus(plain_terms))
            return [summed_up, *lines, self._replaced(value, adjoint)]
        total = matrix(adjoint) if len(terms) > 1 else ""
        summed = [DerivationLine("Sum", f"{bar} = {total}", f"{plain_bar} = {brief(adjoint)}")] if total else []
        return [chain, *lines, *summed, *self._element(value, adjoint, parts)]

    def _is_changed(self, value: int, adjoint: Array, parts: tuple[Arrival, ...]) -> bool:
        """Tell whether the adjoint is not the sum of what came, as where a hook replaced it."""
        seed = self.seeded.get(value)
        arrays = [*([] if seed is None else [seed]), *(part.data for _, part in parts)]
        if adjoint.flat is None or any(array.flat is None or array.shape != adjoint.shape for array in arrays):
            return False
        rounding = ROUNDINGS * precision(adjoint.dtype)
        columns = zip(adjoint.flat, *(array.flat or () for array in arrays), strict=True)
        return any(abs(total - sum(came)) > rounding * sum(map(abs, came)) for total, *came in columns)

    def _replaced(self, value: int, adjoint: Array) -> DerivationLine:
        bar, plain_bar = self.names.latex_bar(value), self.names.bar(value)
        title, note = "After a hook", "A hook of the run put this in the place of the sum (torch.Tensor.register_hook)."
        if any(one.kind == "shared_gradient" for one in self.trace.notes):
            title, note = (
                "In shared memory",
                "The memory of a gradient was added to while it was still on its way.",
            )
        return DerivationLine(title, f"{bar} = {number(adjoint)}", f"{plain_bar} = {brief(adjoint)}", note)

    def _element(self, value: int, adjoint: Array, parts: tuple[Arrival, ...]) -> list[DerivationLine]:
        """The element of the largest magnitude, as products where the kind of node is known, and summed."""
        if adjoint.flat is None or not adjoint.flat or any(part.data.flat is None for _, part in parts):
            return []
        place = max(range(len(adjoint.flat)), key=lambda i: abs(adjoint.flat[i]) if adjoint.flat else 0)
        seed = self.seeded.get(value)
        arrays = [*([seed] if seed is not None else []), *(part.data for _, part in parts)]
        if any(array.shape != adjoint.shape for array in arrays):
            return []
        index = tuple(_unravel(place, adjoint.shape))
        shares = [format_number(seed.flat[place])] if seed is not None and seed.flat is not None else []
        products = list(shares)
        for step, part in parts[:SHOWN_PATHS]:
            share = format_number(part.data.flat[place]) if part.data.flat is not None else "·"
            pairs = element_products(self.trace, step, part, index)
            shares.append(share)
            products += (
                [f"{group(format_number(a))} × {group(format_number(b))}" for a, b in pairs] if pairs else [share]
            )
        if len(parts) > SHOWN_PATHS:
            rest = format_number(sum(part.data.flat[place] for _, part in parts[SHOWN_PATHS:] if part.data.flat))
            shares.append(rest)
            products.append(rest)
        total = format_number(adjoint.flat[place])
        sums = dict.fromkeys([" + ".join(products) if products != shares else plus(shares), total])
        at = ", ".join(map(str, index))
        latex = " = ".join(latex_number(text).replace(" × ", r" \cdot ") for text in sums)
        left = self.names.latex_bar(value) + (rf"\left[{at}\right]" if index else "")
        plain = self.names.bar(value) + (f"[{at}]" if index else "")
        return [DerivationLine("Its largest element", f"{left} = {latex}", f"{plain} = {' = '.join(sums)}")]

    def _product(self, value: int, step: Step, part: Contribution) -> tuple[str, str]:
        """Write one path's vector-Jacobian product, by the rule of its node where there is one that holds."""
        written = self._formulas.local(step, part)
        plain = self._formulas.product(step, part)
        if written is None:
            adjoint = self._formulas.adjoint(step)
            derivative = rf"\frac{{\partial {self._result(step)}}}{{\partial {self.names.latex(value)}}}"
            formula = rf"\left({derivative}\right)^{{\top}} {adjoint.latex}"
        elif written.is_product:
            formula = written.latex
        elif written.latex in ("1", "-1"):
            formula = written.latex[:-1] + written.adjoint.latex
        else:
            formula = rf"{written.adjoint.latex} \odot {latex_group(written.latex)}"
        if summed_from(part) is not None:
            return rf"\textstyle\sum {formula}", f"sum({plain})"
        return formula, plain

    def _node(self, step: Step) -> BackwardNode:
        return self.trace.nodes[step.node or 0]

    def _result(self, step: Step) -> str:
        """The result of a node in LaTeX: its value, or the node's own name where it has none."""
        value = self._formulas.adjoint(step).value
        return rf"\text{{{latex_escape(self._node(step).name)}}}" if value is None else self.names.latex(value)


@dataclass(frozen=True, slots=True)
class _Term:
    """One path of a chain rule in LaTeX and plain: symbols, local derivative, numbers; and what it amounts to."""

    chain: tuple[str, str]
    factors: tuple[str, str]
    numbers: tuple[str, str]
    share: str
    note: str = ""


def _rest(parts: tuple[Arrival, ...]) -> _Term:
    """The paths that are too many to be written out, in one number."""
    total = format_number(sum(part.data.item() for _, part in parts))
    dots, note = (r"\dots", "…"), f"… stands for {len(parts)} more paths, which add up to {total}."
    return _Term(dots, dots, (latex_number(total), total), total, note)


def _marked(letter: str, mark: str) -> tuple[str, str]:
    """A letter with its number in LaTeX and plain."""
    return latex_name(letter + mark), subscript(letter + mark)


def _unravel(place: int, shape: tuple[int, ...]) -> list[int]:
    index = []
    for length in reversed(shape):
        index.append(place % length)
        place //= length
    return index[::-1]
