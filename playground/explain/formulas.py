"""The product on each edge of the backward graph, written with the names of one trace: `v̄₂ × x2`, `xᵀ @ v̄₁`.

A formula is written only where it holds: it is evaluated from the recorded numbers and the adjoint that came in, and
compared with what PyTorch sent along that very edge in that very step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from playground.explain.derivatives.agreement import agree, conjugated, holds, numbers, one_number, precision
from playground.explain.derivatives.calls import CALLS, second
from playground.explain.derivatives.derivative import Derivative, Formula
from playground.explain.derivatives.recorded import Operand, constant
from playground.explain.derivatives.symbols import Symbols
from playground.explain.derivatives.table import GENERIC, row
from playground.explain.latex import latex_number, latex_text
from playground.explain.names import DisplayNames
from playground.explain.numbers import MINUS, format_number
from playground.trace.array import Array
from playground.trace.json_numbers import Scalar
from playground.trace.records import BackwardNode, Contribution, Edge, Op, Saved, Step
from playground.trace.trace import Trace

_SAVED_LETTERS = {"self": "a", "other": "b", "mat1": "a", "mat2": "b", "vec": "b", "exponent": "b", "result": "y"}


@dataclass(frozen=True, slots=True)
class Written:
    """A formula that holds for what one edge carried in one step, with the names and numbers of the trace."""

    text: str
    latex: str
    is_product: bool  # the whole product; else a factor of the adjoint
    of_call: bool  # it tells what the call did as a whole, not one of the nodes that PyTorch made for it
    adjoint: Operand  # what it takes: the adjoint that came to the node, or to the result of the call
    factor: complex | None = None  # a local derivative of a call as a whole, where it is one number


class Formulas:
    """The rows of the table of derivatives that hold for the steps of one trace, filled in."""

    def __init__(self, trace: Trace, names: DisplayNames) -> None:
        self.trace = trace
        self.names = names
        self._written: dict[tuple[int, int, bool], Written | None] = {}
        self._held: dict[tuple[int, int, int], bool] = {}
        self._symbols: dict[tuple[int, int], Symbols] = {}
        self._adjoints: dict[int, Operand] = {}
        self._factors: dict[tuple[int, int], Scalar | None] = {}

    def local(self, step: Step, part: Contribution, *, call: bool = True) -> Written | None:
        """The formula of one edge's local derivative, or of its whole product; None where none in the tables holds.

        With `call`, a composite call counts as one step; without, each of its nodes stands for itself.
        """
        op = self._call(step, part, call)
        key = step.index, part.edge, op is not None
        if key not in self._written:
            whole = None if op is None else self._of_call(op, step, part)
            self._written[key] = whole or self._of_node(step, part)
        return self._written[key]

    def product(self, step: Step, part: Contribution, *, call: bool = True) -> str:
        """Write one edge's vector-Jacobian product in symbols: `v̄₂ × x2`, `xᵀ @ v̄₁`."""
        written = self.local(step, part, call=call)
        if written is None:
            return self.function(step)
        return written.text if written.is_product else times(written.adjoint.text, written.text)

    def factor(self, step: Step, part: Contribution) -> Scalar | None:
        """The number that an adjoint is multiplied by: of the call as a whole where its formula is written, else of
        the node; None where there is none, or where the product is not what PyTorch sent."""
        written = self.local(step, part)
        if written is None or not written.of_call:
            return self.node_factor(step, part)
        return _checked(written.adjoint, written.factor, part)

    def node_factor(self, step: Step, part: Contribution) -> Scalar | None:
        """The number that the adjoint of a node is multiplied by, None where there is none that gives the product."""
        key = step.index, part.edge
        if key not in self._factors:
            local = part.local
            number = None if local is None or local.numel != 1 else local.item()
            self._factors[key] = _checked(self.adjoint(step), number, part)
        return self._factors[key]

    def local_numbers(self, step: Step, part: Contribution) -> Tensor | None:
        """The local derivative that the adjoint of a node is multiplied by; None where it is unknown, or no factor."""
        formulas, number = self.derivative(step).formulas, self.node(step).edges[part.edge].number
        symbols = self._node_symbols(step, part)
        arrays = [operand.content for operand in symbols.operands.values() if isinstance(operand.content, Array)]
        if number >= len(formulas) or formulas[number].is_product or not all(array.is_exact for array in arrays):
            return None
        return numbers(formulas[number], symbols.recorded)

    def function(self, step: Step) -> str:
        """A node as a function of what came to it: `DetBackward0(v̄₁)`."""
        node = self.node(step)
        arrived = self.arrived(step)
        return f"{node.name}({', '.join(arrived or [self.adjoint(step).text])})"

    def arrived(self, step: Step) -> list[str]:
        """The adjoints that came to a node, by the results that have names; not every result need have been used."""
        came = zip(self.node(step).outputs, step.incoming, strict=False)
        return [self.names.bar(output) for output, adjoint in came if output is not None and adjoint is not None]

    def derivative(self, step: Step) -> Derivative:
        """The row whose words are so for all that a node sent in a step."""
        node = self.node(step)
        for place, derivative in enumerate(row(node.name)):
            if self._fits(derivative, node) and all(self._holds(step, part, place) for part in step.contributions):
                return derivative
        return GENERIC

    def words(self, step: Step, phrase: str) -> str:
        """A phrase of the table with the settings of a node."""
        parts = step.contributions
        return self._node_symbols(step, parts[0]).words(phrase) if parts else phrase

    def adjoint(self, step: Step) -> Operand:
        """The adjoint that came to a node, under the name of the value that it belongs to; `g` where there is none."""
        if step.index not in self._adjoints:
            self._adjoints[step.index] = self._adjoint(step)
        return self._adjoints[step.index]

    def _adjoint(self, step: Step) -> Operand:
        node = self.node(step)
        places = [place for place, array in enumerate(step.incoming) if array is not None]
        place = next((place for place in places if place < len(node.outputs) and node.outputs[place] is not None), None)
        value = None if place is None else node.outputs[place]
        if value is None:
            return Operand("g", "g", step.incoming[places[0]] if places else None)
        return Operand(self.names.bar(value), self.names.latex_bar(value), step.incoming[place or 0], value)

    def node(self, step: Step) -> BackwardNode:
        """The node that a step ran."""
        return self.trace.nodes[step.node or 0]

    def _of_node(self, step: Step, part: Contribution) -> Written | None:
        """By the row of the node itself."""
        node = self.node(step)
        number = node.edges[part.edge].number
        for place, derivative in enumerate(row(node.name)):
            if number >= len(derivative.formulas) or not self._fits(derivative, node):
                continue
            if self._holds(step, part, place):
                formula = derivative.formulas[number]
                found = self._filled(formula, self._node_symbols(step, part))
                if found is not None:
                    return Written(*found, formula.is_product, False, self.adjoint(step))
        return self._complex(step, part)

    def _complex(self, step: Step, part: Contribution) -> Written | None:
        """A local derivative of complex numbers, conjugated, as PyTorch's gradients have it."""
        node = self.node(step)
        number = node.edges[part.edge].number
        arrays = [*step.incoming, part.data]
        if not any(array is not None and array.dtype.startswith("complex") for array in arrays):
            return None
        to_real = not part.data.dtype.startswith("complex")
        symbols = self._node_symbols(step, part)
        for derivative in row(node.name):
            if number >= len(derivative.formulas) or not self._fits(derivative, node):
                continue
            if derivative.formulas[number].is_product:
                continue
            formula = conjugated(derivative.formulas[number], to_real=to_real)
            found = self._filled(formula, symbols)
            if found is not None and holds(formula, symbols.recorded, part):
                return Written(*found, formula.is_product, False, self.adjoint(step))
        return None

    def _call(self, step: Step, part: Contribution, call: bool) -> Op | None:
        """The call that an edge belongs to, where the tables may tell of it as a whole."""
        node = self.node(step)
        use = node.edges[part.edge].use
        op = None if use is None else self.trace.ops[use[0]]
        if op is None or op.in_place or len(op.outputs) != 1 or not (call or op.nodes == (node.id,)):
            return None
        return op if op.first_backward is not None or op.name in CALLS else None

    def _of_call(self, op: Op, step: Step, part: Contribution) -> Written | None:
        """By what a call did as a whole."""
        node = self.node(step)
        use = node.edges[part.edge].use
        alone = op.nodes == (node.id,)
        formulas, symbols = self._call_formulas(op, use[1] if use else "", step, part, alone)
        if symbols.operands["g"].content is None:  # this pass did not reach the result of the call
            return None
        for formula in formulas:
            found = self._filled(formula, symbols)
            if found is not None and holds(formula, symbols.recorded, part) is not False:
                factor = None if formula.is_product or alone else one_number(formula, symbols.recorded)
                return Written(*found, formula.is_product, not alone, symbols.operands["g"], factor)
        return None

    def _call_formulas(
        self, op: Op, path: str, step: Step, part: Contribution, alone: bool
    ) -> tuple[tuple[Formula, ...], Symbols]:
        """The formulas for one argument of a call, and its symbols."""
        adjoint = self.adjoint(step) if alone else self._arrived(op.outputs[0], step.backward_pass)
        if op.first_backward is not None:
            return self._second_formulas(op, path, part, adjoint)
        operands = self._arguments(op) | {"g": adjoint, "y": self._operand(op.outputs[0])}
        settings = {constant.path: constant.text for constant in op.constants}
        return CALLS.get(op.name, {}).get(path, ()), Symbols(operands, {}, settings, part.data.shape)

    def _second_formulas(
        self, op: Op, path: str, part: Contribution, adjoint: Operand
    ) -> tuple[tuple[Formula, ...], Symbols]:
        """The formulas of a backward node that ran as a call, with create_graph: by its adjoint, or its argument."""
        first = self.trace.nodes[op.first_backward or 0]
        operands = self._operands(first) | {"g": adjoint}
        symbols = Symbols(operands, {}, {}, part.data.shape)
        value = {argument.path: argument.value for argument in op.inputs}[path]
        name = first.name.rstrip("0123456789")
        if path == "0":
            rows = [found.formulas[0] for found in row(first.name) if found.formulas and self._fits(found, first)]
            return tuple(formula for formula in rows if not formula.is_product), symbols
        argument = operands.get("a")
        if argument is None or argument.value != value or len(first.edges) == 0:
            return (), symbols
        operands["h"] = self._operand(op.inputs[0].value)
        return second(name), Symbols(operands, {}, {}, part.data.shape)

    def _arrived(self, value: int, number: int | None) -> Operand:
        """The adjoint of a value in one pass."""
        record = self.trace.values[value]
        step = None if record.node is None or number is None else self._ran.get((number, record.node))
        content = None if step is None or record.output_nr >= len(step.incoming) else step.incoming[record.output_nr]
        return Operand(self.names.bar(value), self.names.latex_bar(value), content, value)

    @cached_property
    def _ran(self) -> dict[tuple[int, int], Step]:
        """(pass, node) -> the step in which it ran."""
        return {
            (step.backward_pass, step.node): step
            for step in self.trace.steps
            if step.node is not None and step.backward_pass is not None
        }

    def _holds(self, step: Step, part: Contribution, place: int) -> bool:
        """Tell whether one of the derivatives in a node's row gives what an edge carried."""
        key = step.index, part.edge, place
        if key not in self._held:
            self._held[key] = self._compare(step, part, row(self.node(step).name)[place])
        return self._held[key]

    def _compare(self, step: Step, part: Contribution, derivative: Derivative) -> bool:
        number = self.node(step).edges[part.edge].number
        if number >= len(derivative.formulas):
            return not derivative.formulas
        recorded = self._node_symbols(step, part).recorded
        recorded.is_kept = True
        found = holds(derivative.formulas[number], recorded, part)
        # A document keeps no more than a summary of large arrays, and what is read back from it is told the same.
        known = found is not None and recorded.is_kept and part.data.is_exact
        return found is not False and (known or not derivative.by_numbers)

    def _fits(self, derivative: Derivative, node: BackwardNode) -> bool:
        """Tell whether a node has the settings that a row is for."""
        settings = _settings(node)
        for name, wanted in derivative.settings:
            found = settings.get(name)
            if wanted == "*" or wanted == "":
                if (found is None) is not (wanted == ""):
                    return False
            elif found is not None and constant(found) != constant(wanted):
                return False
        return True

    def _filled(self, formula: Formula, symbols: Symbols) -> tuple[str, str] | None:
        text = symbols.write(formula)
        return (text, symbols.write(formula, latex=True)) if text else None

    def _node_symbols(self, step: Step, part: Contribution) -> Symbols:
        key = step.index, part.edge
        known = self._symbols.get(key)
        if known is None:
            node = self.node(step)
            operands = self._operands(node) | {"g": self.adjoint(step)}
            saved = {s.name: self._kept(s) for s in node.saved if not s.text}
            known = self._symbols[key] = Symbols(operands, saved, _settings(node), part.data.shape)
        return known

    def _operands(self, node: BackwardNode) -> dict[str, Operand]:
        """The arguments that the letters stand for in the rule of a node, and its result."""
        letters = next((derivative.letters for derivative in row(node.name)), "abc")
        found: dict[str, Operand] = {}
        for letter, edge in zip(letters, node.edges, strict=False):
            if (operand := self._at(edge)) is not None:
                found[letter] = operand
        op = None if node.op is None else self.trace.ops[node.op]
        if op is not None and op.nodes == (node.id,) and op.first_backward is None:
            arguments = self._arguments(op)
            for letter, path in zip(letters, sorted(filter(str.isdigit, arguments), key=int), strict=False):
                found[letter] = arguments[path]
        for saved in node.saved:
            letter = _SAVED_LETTERS.get(saved.name, "")
            if letter and letter not in found and (saved.value is not None or saved.data is not None or saved.text):
                found[letter] = self._kept(saved)
        result = next((output for output in node.outputs if output is not None), None)
        return found if result is None else found | {"y": self._operand(result)}

    def _at(self, edge: Edge) -> Operand | None:
        """The value at the far end of an edge, or what was transposed there."""
        if edge.value is not None:
            return self._operand(edge.value)
        if edge.node is not None and self.trace.nodes[edge.node].name.startswith("TBackward"):
            inner = self.trace.nodes[edge.node].edges[0].value
            if inner is not None and len(self.trace.values[inner].shape) == 2:
                found = self._operand(inner)
                return Operand(found.text + "ᵀ", found.latex + r"^{\top}", found.content, is_transposed=True)
        return None

    def _arguments(self, op: Op) -> dict[str, Operand]:
        """The arguments of a call: by letter in their order, and by path."""
        values = {argument.path: argument.value for argument in op.inputs}
        texts = self.names.operands(op, self.names.show)
        found: dict[str, Operand] = {}
        for path, text in texts.items():
            if path in values:
                found[path] = self._operand(values[path])
            else:
                number = constant(text)
                is_number = isinstance(number, int | float | complex)
                shown = _constant_text(number) if is_number else text
                written = latex_number(shown) if is_number else latex_text(text)
                found[path] = Operand(shown, written, number if is_number else None)
        places = sorted(filter(str.isdigit, found), key=int)
        return found | {letter: found[path] for letter, path in zip("abc", places, strict=False)}

    def _operand(self, value: int) -> Operand:
        data = self.trace.values[value].data
        return Operand(self.names.show(value), self.names.latex(value), data, value)

    def _kept(self, saved: Saved) -> Operand:
        """Something that a node saved: a value, a tensor without a name (written as its number, if it is one)."""
        if saved.value is not None:
            return self._operand(saved.value)
        if saved.data is not None:
            is_number = saved.data.numel == 1 and len(saved.data.shape) < 2  # a matrix is none
            number = _constant_text(saved.data.item()) if is_number else ""
            return Operand(number, latex_number(number), saved.data)
        number = constant(saved.text)
        is_number = isinstance(number, int | float | complex)
        text = _constant_text(number) if is_number else saved.text
        return Operand(text, latex_number(text), number if is_number else None)


def _constant_text(number: Scalar) -> str:
    """A number as a factor: one of two parts stands in brackets."""
    text = format_number(number, 7)
    return f"({text})" if isinstance(number, complex) else text


def _settings(node: BackwardNode) -> dict[str, str]:
    return {saved.name: saved.text for saved in node.saved if saved.text and saved.text != "None"}


def _checked(adjoint: Operand, factor: Scalar | None, part: Contribution) -> Scalar | None:
    """A factor, where it gives the contribution."""
    array = adjoint.content
    if factor is None or not isinstance(array, Array) or array.numel != 1 or part.data.numel != 1:
        return None
    return factor if agree(array.item() * factor, part.data.item(), precision(part.data.dtype)) else None


def group(formula: str) -> str:
    """A formula as a factor: in parentheses if it is a sum, a product of several words or negative.

    >>> group("1 − y²"), group("−1"), group("[x > 0]"), group("where(x > 1, 1, cos(x))"), group("(x − 1)")
    ('(1 − y²)', '(−1)', '[x > 0]', 'where(x > 1, 1, cos(x))', '(x − 1)')
    """
    closed = formula.startswith("[") and formula.find("]") == len(formula) - 1
    is_open = " " in formula and not closed and not _is_call(formula)
    return f"({formula})" if is_open or formula.startswith(("-", MINUS)) else formula


def _is_call(formula: str) -> bool:
    """Tell whether a formula is one call or stands in parentheses already: `where(x > 0, 1, x)`, `(a − b)`."""
    name = formula.find("(")
    if name < 0 or not (name == 0 or formula[:name].isidentifier()) or not formula.endswith(")"):
        return False
    depth = 0
    for place, character in enumerate(formula):
        depth += (character == "(") - (character == ")")
        if depth == 0 and place > name:
            return place == len(formula) - 1
    return False


def times(adjoint: str, local: str) -> str:
    """An adjoint times a local derivative; a factor of 1 or −1 is not written.

    >>> times("v̄₁", "−1"), times("v̄₁", "2·x"), times("v̄₁", "1 + x")
    ('−v̄₁', 'v̄₁ × 2·x', 'v̄₁ × (1 + x)')
    """
    if local in ("1", MINUS + "1"):
        return local[:-1] + adjoint
    return f"{adjoint} × {group(local)}"
