"""Why is this gradient this number? The chain rule for any value: symbols, numbers, sum, and checks beside it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from playground.trace.array import Array
from playground.trace.broadcasting import summed_axes, summed_from
from playground.trace.latex import latex_escape, latex_number
from playground.trace.narrate import Narrator
from playground.trace.numbers import BRIEF, brief, format_number, norm_text, shape_text
from playground.trace.records import BackwardNode, Contribution, DifferenceCheck, Step, SumCheck, Value
from playground.trace.trace import Trace
from playground.views import elements
from playground.views.timeline import contributions

Line = dict[str, str]  # title, latex, text, and a note in words where there is one
Part = tuple[Step, Contribution]
SHOWN_PATHS = 12


class Explainer:
    """Derivations for the values of one trace; what arrived where is worked out once."""

    def __init__(self, trace: Trace, narrator: Narrator | None = None) -> None:
        self.trace = trace
        self.narrator = narrator or Narrator(trace)
        self.names = self.narrator.names
        self.arrived = contributions(trace)
        self._written: dict[int, dict[str, Any]] = {}
        self.seeded = {root: seed for p in trace.passes for root, seed in zip(p.roots, p.seeds, strict=False)}

    def why(self, value: int) -> dict[str, Any]:
        """`{lines: [{title, latex, text}], check: [[label, text]]}` for the gradient of one value."""
        if value not in self._written:
            self._written[value] = {"lines": self.lines(value), "check": self.check(value)}
        return self._written[value]

    def lines(self, value: int) -> list[Line]:
        """The derivation, line by line."""
        record = self.trace.values[value]
        if record.adjoint is None:
            return [self._without_gradient(record)]
        parts = self.arrived.get(value, [])[:SHOWN_PATHS]
        if value in self.seeded and not parts:
            return [self._seed(value, record.adjoint)]
        if not parts:
            plain = f"{self.names.bar(value)} = {brief(record.adjoint)}"
            note = f"{self.names.show(value)} got its gradient from outside this recording."
            return [_line("Gradient", f"{self.names.latex_bar(value)} = {_number(record.adjoint)}", plain, note)]
        if record.data.numel == 1 and all(self._is_scalar(step, part) for step, part in parts):
            return self._scalar(value, record.adjoint, parts)
        return self._tensor(value, record.adjoint, parts)

    def check(self, value: int) -> list[list[str]]:
        """PyTorch's number, the finite difference and their gap; contributions against the gradient."""
        rows = []
        check = self._differences.get(value)
        if check is not None:
            where = _where(check, self.trace.values[value])
            rows.append([f"PyTorch{where}", format_number(check.gradient, 7)])
            if check.note:
                rows.append(["finite difference", check.note])
            else:
                rows.append([f"finite difference{where}", format_number(check.difference, 7)])
                rows.append(["gap", format_number(check.gap, 2)])
        total = self._sums.get(value)
        if total is not None:
            rows.append(["contributions summed, minus the gradient", format_number(total.gap, 2)])
        return rows

    @cached_property
    def _differences(self) -> dict[int, DifferenceCheck]:
        found: dict[int, DifferenceCheck] = {}
        for check in self.trace.checks:
            found.setdefault(check.value, check)
        return found

    @cached_property
    def _sums(self) -> dict[int, SumCheck]:
        return {check.value: check for check in self.trace.sums}

    def _without_gradient(self, value: Value) -> Line:
        name, bar = self.names.show(value.id), self.names.latex_bar(value.id)
        nothing, plainly = rf"{bar} = \text{{None}}", f"{self.names.bar(value.id)} = None"
        if not self.trace.passes:
            return _line("No gradient yet", nothing, plainly, "No backward pass has run: every gradient is None.")
        if value.requires_grad:
            zero = rf"\frac{{\partial {self._output()}}}{{\partial {self.names.latex(value.id)}}} = 0"
            note = f"The output does not depend on {name}: its derivative is 0, and PyTorch leaves the gradient None."
            return _line("No path", zero, plainly, note)
        if not value.dtype.startswith(("float", "bfloat", "complex")):
            why = f"{name} holds {value.dtype}: only floating-point tensors have gradients"
        elif value.kind == "constant":
            why = f"{name} is a constant: its derivative is 0 and PyTorch does not compute it"
        elif value.is_leaf and value.op is None:
            why = f"{name} was made with requires_grad=False: PyTorch treats it as a constant"
        else:
            why = f"{name} is outside autograd: nothing it was made from requires a gradient, or it was detached"
        return _line("No gradient", nothing, plainly, why + ".")

    def _seed(self, value: int, adjoint: Array) -> Line:
        name, bar = self.names.show(value), self.names.latex_bar(value)
        if adjoint.numel == 1 and adjoint.flat is not None and adjoint.flat[0] == 1:
            symbol = self.names.latex(value)
            latex = rf"{bar} = \frac{{\partial {symbol}}}{{\partial {symbol}}} = 1"
            plain = f"{self.names.bar(value)} = d{name}/d{name} = 1"
            return _line("The seed", latex, plain, f"The backward pass starts at {name}.")
        plain = f"{self.names.bar(value)} = {brief(adjoint)}"
        return _line(
            "The seed", f"{bar} = {_number(adjoint)}", plain, f"The backward pass starts at {name}, with this seed."
        )

    def _is_scalar(self, step: Step, part: Contribution) -> bool:
        incoming = step.incoming[0] if step.incoming else None
        return part.local is not None and part.local.numel == 1 and incoming is not None and incoming.numel == 1

    def _scalar(self, value: int, adjoint: Array, parts: list[Part]) -> list[Line]:
        """One product per outgoing path."""
        bar, symbol = self.names.latex_bar(value), self.names.latex(value)
        plain_bar, plain = self.names.bar(value), self.names.show(value)
        seed = self.seeded.get(value)
        lead = ([_number(seed)], [brief(seed)]) if seed is not None else ([], [])
        chain = (list(lead[0]), list(lead[1]))
        local = (list(lead[0]), list(lead[1]))
        numbers = (list(lead[0]), list(lead[1]))
        for step, part in parts:
            node = self._node(step)
            up, plain_up = self._upstream(node)
            result, plain_result = self._result(node)
            incoming, factor = self._factors(step, part)
            chain[0].append(rf"{up} \cdot \frac{{\partial {result}}}{{\partial {symbol}}}")
            chain[1].append(f"{plain_up} · ∂{plain_result}/∂{plain}")
            formula, plain_formula = self._local(node, part, factor)
            local[0].append(rf"{up} \cdot {_group(formula)}")
            local[1].append(f"{plain_up} · {_group(plain_formula)}")
            numbers[0].append(rf"{latex_number(incoming)} \cdot {_group(latex_number(factor))}")
            numbers[1].append(f"{incoming} × {_group(factor)}")
        shares = [*lead[1], *(brief(part.data) for _, part in parts)]
        total = _plus([latex_number(share) for share in shares])
        result_line = f"{bar} = {total}" + (f" = {_number(adjoint)}" if len(shares) > 1 else "")
        plain_total = f"{plain_bar} = {_plus(shares)}" + (f" = {brief(adjoint)}" if len(shares) > 1 else "")
        return [
            _line("Chain rule" + _paths(parts), f"{bar} = {_plus(chain[0])}", f"{plain_bar} = {_plus(chain[1])}"),
            _line("Local derivatives", f"{bar} = {_plus(local[0])}", f"{plain_bar} = {_plus(local[1])}"),
            _line("Numbers", f"{bar} = {_plus(numbers[0])}", f"{plain_bar} = {_plus(numbers[1])}"),
            _line("Sum" if len(shares) > 1 else "Result", result_line, plain_total),
        ]

    def _tensor(self, value: int, adjoint: Array, parts: list[Part]) -> list[Line]:
        """One vector-Jacobian product per outgoing path, then one element in numbers."""
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
            whole = _matrix(part.data)
            number = f" = {brief(part.data)}" if whole else ""
            title = f"Vector–Jacobian product of {node.name}"
            lines.append(_line(title, f"{term} = {whole}" if whole else term, f"{plain_term}{number}", note))
        chain = _line("Chain rule" + _paths(parts), f"{bar} = {_plus(terms)}", f"{plain_bar} = {_plus(plain_terms)}")
        total = _matrix(adjoint) if len(parts) > 1 else ""
        summed = [_line("Sum", f"{bar} = {total}", f"{plain_bar} = {brief(adjoint)}")] if total else []
        return [chain, *lines, *summed, *self._element(value, adjoint, parts)]

    def _element(self, value: int, adjoint: Array, parts: list[Part]) -> list[Line]:
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
            pairs = elements.products(self.trace, step, part, index)
            shares.append(share)
            products += (
                [f"{_group(format_number(a))} × {_group(format_number(b))}" for a, b in pairs] if pairs else [share]
            )
        total = format_number(adjoint.flat[place])
        sums = dict.fromkeys([" + ".join(products) if products != shares else _plus(shares), total])
        at = ", ".join(map(str, index))
        latex = " = ".join(latex_number(text).replace(" × ", r" \cdot ") for text in sums)
        left = rf"{self.names.latex_bar(value)}\left[{at}\right]"
        return [
            _line("Its largest element", f"{left} = {latex}", f"{self.names.bar(value)}[{at}] = {' = '.join(sums)}")
        ]

    def _factors(self, step: Step, part: Contribution) -> tuple[str, str]:
        """The two numbers of a product: the adjoint of the call's result and the local derivative of the whole call."""
        incoming, local = step.incoming[0], part.local
        above = self.narrator.formulas.upstream(self._node(step))
        result = None if above is None else self.trace.values[above].adjoint
        inside = above not in self._node(step).outputs  # a composite call: what it did as a whole
        if inside and result is not None and result.numel == 1 and result.item() != 0:
            return brief(result), format_number(part.data.item() / result.item())
        return "·" if incoming is None else brief(incoming), "·" if local is None else brief(local)

    def _product(self, value: int, node: BackwardNode, part: Contribution) -> tuple[str, str]:
        """One path's vector-Jacobian product, by the rule of its node where there is one."""
        up, _ = self._upstream(node)
        formula, plain = (
            self.narrator.formulas.local(node, part.edge, latex=True),
            self.narrator.formulas.product(node, part.edge),
        )
        if not formula:
            result, _ = self._result(node)
            formula = rf"\left(\frac{{\partial {result}}}{{\partial {self.names.latex(value)}}}\right)^{{\top}} {up}"
        elif formula in ("1", "-1"):
            formula = formula[:-1] + up
        elif not self.narrator.formulas.is_product(node, part.edge):
            formula = rf"{up} \odot {_group(formula)}"
        if summed_from(part) is not None:
            return rf"\textstyle\sum {formula}", f"sum({plain})"
        return formula, plain

    def _node(self, step: Step) -> BackwardNode:
        return self.trace.nodes[step.node or 0]

    def _upstream(self, node: BackwardNode) -> tuple[str, str]:
        """The adjoint that came in: LaTeX and plain."""
        value = self.narrator.formulas.upstream(node)
        return ("g", "g") if value is None else (self.names.latex_bar(value), self.names.bar(value))

    def _result(self, node: BackwardNode) -> tuple[str, str]:
        value = self.narrator.formulas.upstream(node)
        if value is None:
            return rf"\text{{{latex_escape(node.name)}}}", node.name
        return self.names.latex(value), self.names.show(value)

    def _local(self, node: BackwardNode, part: Contribution, number: str) -> tuple[str, str]:
        """The local derivative in symbols, or as a number where the tables have no formula."""
        plain = self.narrator.formulas.local(node, part.edge)
        if plain and not self.narrator.formulas.is_product(node, part.edge):
            return self.narrator.formulas.local(node, part.edge, latex=True), plain
        return latex_number(number), number

    def _output(self) -> str:
        roots = self.trace.passes[-1].roots if self.trace.passes else self.trace.outputs
        return self.names.latex(roots[0]) if roots else "f"


def derivation(trace: Trace) -> str:
    """The whole computation in LaTeX: the forward trace, then the chain rule for each value in the engine's order."""
    explainer = Explainer(trace)
    names = explainer.names
    forward = []
    for op in trace.ops:
        for output in op.outputs[:1]:
            data = trace.values[output].data
            number = f" = {_number(data)}" if data.numel == 1 else ""
            forward.append(f"{names.latex(output)} &= {names.latex_expression(op)}{number}")
    reverse = []
    for value in _by_arrival(trace, explainer):
        start = names.latex_bar(value)
        for line in explainer.lines(value):
            left, equals, right = line["latex"].partition(" = ")
            if equals and left == names.latex_bar(value):
                reverse.append(f"{start} &= {right}")
                start = ""
    parts = [r"% needs \usepackage{amsmath}", *_aligned(forward), *_aligned(reverse)]
    return "\n".join(parts) + "\n"


def _aligned(rows: list[str]) -> list[str]:
    if not rows:
        return []
    return [r"\begin{align*}", *(f"  {row} \\\\" for row in rows[:-1]), f"  {rows[-1]}", r"\end{align*}"]


def _by_arrival(trace: Trace, explainer: Explainer) -> list[int]:
    """Values with a gradient: the roots, then in the order in which their gradient was complete."""
    order = [root for p in trace.passes[-1:] for root in p.roots]
    last = {value: parts[-1][0].index for value, parts in explainer.arrived.items() if parts}
    return order + [value for value in sorted(last, key=lambda v: (last[v], v)) if value not in order]


def _line(title: str, latex: str, text: str, note: str = "") -> Line:
    return {"title": title, "latex": latex, "text": text} | ({"note": note} if note else {})


def _paths(parts: list[Part]) -> str:
    return "" if len(parts) == 1 else f", {len(parts)} paths"


def _plus(terms: list[str]) -> str:
    """A sum; a negative term brings its own sign.

    >>> _plus(["5", "−0.5"])
    '5 − 0.5'
    """
    text = terms[0] if terms else "0"
    for term in terms[1:]:
        if term.startswith(("-", "−")):
            text += f" {term[0]} {term[1:]}"
        else:
            text += f" + {term}"
    return text


def _group(formula: str) -> str:
    """A formula as a factor: sums and negative ones in parentheses."""
    if formula.startswith(("-", "−")):
        return f"({formula})"
    one = formula.startswith(("\\frac", "\\cos", "\\tfrac", "\\textstyle", "["))
    return f"({formula})" if " " in formula and not one else formula


def _matrix(array: Array) -> str:
    """A small vector or matrix in LaTeX, a vector as a row; '' for anything else."""
    if not 1 <= len(array.shape) <= 2 or not 0 < array.numel <= BRIEF or not array.is_exact:
        return ""
    flat = [latex_number(format_number(x)) for x in array.flat or ()]
    columns = array.shape[-1]
    rows = r" \\ ".join(" & ".join(flat[start : start + columns]) for start in range(0, len(flat), columns))
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _number(array: Array) -> str:
    return latex_number(brief(array)) if array.numel <= BRIEF else rf"\text{{{brief(array)}}}"


def _where(check: DifferenceCheck, value: Value) -> str:
    if not value.shape:
        return ""
    return " along a random direction" if check.index is None else f" at {list(check.index)}"


def _unravel(place: int, shape: tuple[int, ...]) -> list[int]:
    index = []
    for length in reversed(shape):
        index.append(place % length)
        place //= length
    return index[::-1]


__all__ = ["Explainer", "derivation"]
