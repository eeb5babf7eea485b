"""The chain rule at one value, written out: per path a product of numbers, or a vector-Jacobian product."""

from __future__ import annotations

from collections.abc import Mapping

from playground.explain.broadcasting import summed_axes, summed_from
from playground.explain.contributions import Arrival
from playground.explain.derivation_lines import DerivationLine, group, matrix, number, paths, plus
from playground.explain.element.products import products as element_products
from playground.explain.formulas import Formulas
from playground.explain.latex import latex_escape, latex_number
from playground.explain.numbers import brief, format_number, norm_text, shape_text
from playground.trace.array import Array
from playground.trace.records import BackwardNode, Contribution, Step


class ChainRule:
    """Writes what arrived at the values of one trace as sums of products; `seeded`: value -> the seed of a pass."""

    def __init__(self, formulas: Formulas, seeded: Mapping[int, Array]) -> None:
        self.trace = formulas.trace
        self.names = formulas.names
        self.seeded = seeded
        self._formulas = formulas

    def scalar(self, value: int, adjoint: Array, parts: tuple[Arrival, ...]) -> list[DerivationLine]:
        """Write one product per outgoing path."""
        bar, symbol = self.names.latex_bar(value), self.names.latex(value)
        plain_bar, plain = self.names.bar(value), self.names.show(value)
        seed = self.seeded.get(value)
        lead = ([number(seed)], [brief(seed)]) if seed is not None else ([], [])
        chain = (list(lead[0]), list(lead[1]))
        factors = (list(lead[0]), list(lead[1]))
        numbers = (list(lead[0]), list(lead[1]))
        for step, part in parts:
            node = self._node(step)
            up, plain_up = self._upstream(node)
            result, plain_result = self._result(node)
            incoming, factor = self._factors(step, part)
            chain[0].append(rf"{up} \cdot \frac{{\partial {result}}}{{\partial {symbol}}}")
            chain[1].append(f"{plain_up} · ∂{plain_result}/∂{plain}")
            formula, plain_formula = self._local(node, part, factor)
            factors[0].append(rf"{up} \cdot {group(formula)}")
            factors[1].append(f"{plain_up} · {group(plain_formula)}")
            numbers[0].append(rf"{latex_number(incoming)} \cdot {group(latex_number(factor))}")
            numbers[1].append(f"{incoming} × {group(factor)}")
        shares = [*lead[1], *(brief(part.data) for _, part in parts)]
        total = plus([latex_number(share) for share in shares])
        result_line = f"{bar} = {total}" + (f" = {number(adjoint)}" if len(shares) > 1 else "")
        plain_total = f"{plain_bar} = {plus(shares)}" + (f" = {brief(adjoint)}" if len(shares) > 1 else "")
        return [
            DerivationLine("Chain rule" + paths(parts), f"{bar} = {plus(chain[0])}", f"{plain_bar} = {plus(chain[1])}"),
            DerivationLine("Local derivatives", f"{bar} = {plus(factors[0])}", f"{plain_bar} = {plus(factors[1])}"),
            DerivationLine("Numbers", f"{bar} = {plus(numbers[0])}", f"{plain_bar} = {plus(numbers[1])}"),
            DerivationLine("Sum" if len(shares) > 1 else "Result", result_line, plain_total),
        ]

    def tensor(self, value: int, adjoint: Array, parts: tuple[Arrival, ...]) -> list[DerivationLine]:
        """Write one vector-Jacobian product per outgoing path, then one element in numbers."""
        bar, plain_bar = self.names.latex_bar(value), self.names.bar(value)
        terms, plain_terms, lines = [], [], []
        for step, part in parts:
            node = self._node(step)
            term, plain_term = self._product(value, node, part)
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
        chain = DerivationLine(
            "Chain rule" + paths(parts), f"{bar} = {plus(terms)}", f"{plain_bar} = {plus(plain_terms)}"
        )
        total = matrix(adjoint) if len(parts) > 1 else ""
        summed = [DerivationLine("Sum", f"{bar} = {total}", f"{plain_bar} = {brief(adjoint)}")] if total else []
        return [chain, *lines, *summed, *self._element(value, adjoint, parts)]

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
        for step, part in parts:
            share = format_number(part.data.flat[place]) if part.data.flat is not None else "·"
            pairs = element_products(self.trace, step, part, index)
            shares.append(share)
            products += (
                [f"{group(format_number(a))} × {group(format_number(b))}" for a, b in pairs] if pairs else [share]
            )
        total = format_number(adjoint.flat[place])
        sums = dict.fromkeys([" + ".join(products) if products != shares else plus(shares), total])
        at = ", ".join(map(str, index))
        latex = " = ".join(latex_number(text).replace(" × ", r" \cdot ") for text in sums)
        left = rf"{self.names.latex_bar(value)}\left[{at}\right]"
        return [
            DerivationLine(
                "Its largest element", f"{left} = {latex}", f"{self.names.bar(value)}[{at}] = {' = '.join(sums)}"
            )
        ]

    def _factors(self, step: Step, part: Contribution) -> tuple[str, str]:
        """The two numbers of a product: the adjoint of the call's result and the local derivative of the whole call."""
        incoming, local = step.incoming[0], part.local
        above = self._formulas.upstream(self._node(step))
        result = None if above is None else self.trace.values[above].adjoint
        inside = above not in self._node(step).outputs  # a composite call: what it did as a whole
        if inside and result is not None and result.numel == 1 and result.item() != 0:
            return brief(result), format_number(part.data.item() / result.item())
        return "·" if incoming is None else brief(incoming), "·" if local is None else brief(local)

    def _product(self, value: int, node: BackwardNode, part: Contribution) -> tuple[str, str]:
        """Write one path's vector-Jacobian product, by the rule of its node where there is one."""
        up, _ = self._upstream(node)
        formula, plain = (
            self._formulas.local(node, part.edge, latex=True),
            self._formulas.product(node, part.edge),
        )
        if not formula:
            result, _ = self._result(node)
            formula = rf"\left(\frac{{\partial {result}}}{{\partial {self.names.latex(value)}}}\right)^{{\top}} {up}"
        elif formula in ("1", "-1"):
            formula = formula[:-1] + up
        elif not self._formulas.is_product(node, part.edge):
            formula = rf"{up} \odot {group(formula)}"
        if summed_from(part) is not None:
            return rf"\textstyle\sum {formula}", f"sum({plain})"
        return formula, plain

    def _node(self, step: Step) -> BackwardNode:
        return self.trace.nodes[step.node or 0]

    def _upstream(self, node: BackwardNode) -> tuple[str, str]:
        """The adjoint that came in: LaTeX and plain."""
        value = self._formulas.upstream(node)
        return ("g", "g") if value is None else (self.names.latex_bar(value), self.names.bar(value))

    def _result(self, node: BackwardNode) -> tuple[str, str]:
        value = self._formulas.upstream(node)
        if value is None:
            return rf"\text{{{latex_escape(node.name)}}}", node.name
        return self.names.latex(value), self.names.show(value)

    def _local(self, node: BackwardNode, part: Contribution, number: str) -> tuple[str, str]:
        """The local derivative in symbols, or as a number where the tables have no formula."""
        plain = self._formulas.local(node, part.edge)
        if plain and not self._formulas.is_product(node, part.edge):
            return self._formulas.local(node, part.edge, latex=True), plain
        return latex_number(number), number


def _unravel(place: int, shape: tuple[int, ...]) -> list[int]:
    index = []
    for length in reversed(shape):
        index.append(place % length)
        place //= length
    return index[::-1]
