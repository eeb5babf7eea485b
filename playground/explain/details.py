"""Details of each thing of a trace that a reader may point at: values, ops, backward nodes, edges, seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from playground.explain.broadcasting import summed_from
from playground.explain.contributions import Arrival, Use, seeds
from playground.explain.formulas import Formulas
from playground.explain.forward_sentences import overwritten
from playground.explain.known import KnownFrom
from playground.explain.numbers import brief, format_number, listed, range_text, shape_text, subscript
from playground.trace.array import Array
from playground.trace.records import BackwardNode, BackwardPass, Contribution, Op, Step, Value

LISTED_TENSORS = 8  # inputs and outputs of one op
LISTED_SAVED = 6  # of one node, where its op is told of


class DetailLine(NamedTuple):
    """One fact; `since`: the position of the stepper from which on it is known."""

    label: str
    text: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Details:
    """The facts about one thing of a trace, under its name."""

    title: str
    lines: tuple[DetailLine, ...]


class DetailWriter:
    """Writes the details of one trace."""

    def __init__(
        self,
        formulas: Formulas,
        arrived: Mapping[int, tuple[Arrival, ...]],
        returned: Mapping[Use, tuple[int, int]],
    ) -> None:
        self.trace = formulas.trace
        self.names = formulas.names
        self.formulas = formulas
        self.known = KnownFrom(formulas.trace)
        self.arrived = arrived
        self.returned = returned

    def value(self, value: Value) -> Details:
        """Describe one tensor: what it is, its numbers and its gradient."""
        name, known = self.names.show(value.id), self.known.value(value.id)
        lines = [DetailLine("kind", value.kind), DetailLine("primal", brief(value.data), known)]
        if value.id in self.trace.updates:
            after = self.trace.updates[value.id].after
            lines.append(DetailLine("after the step", brief(after), self.known.update(value.id)))
        lines += [DetailLine("shape", shape_text(value.shape))] * bool(value.shape)
        lines += [DetailLine("dtype", value.dtype), DetailLine("requires_grad", str(value.requires_grad))]
        lines += [DetailLine("called", value.name)] * (value.name != self.names.plain(value.id))
        if value.version:
            lines.append(DetailLine("version", f"{value.version}: an in-place op wrote to this tensor", known))
        if value.was_modified:
            what = "a later in-place op changed it; this is what it held before"
            lines.append(DetailLine("overwritten", what, self._overwritten.get(value.id, known)))
        if value.alias_of is not None:
            lines.append(DetailLine("same tensor as", self.names.show(value.alias_of), known))
        if value.shape:
            lines += _statistics(value.data, known)
        if value.tangent is not None:
            lines.append(DetailLine("tangent", brief(value.tangent), known))
        if value.adjoint is not None:
            label = "gradient" if value.is_leaf else "adjoint"
            lines.append(DetailLine(label, brief(value.adjoint), self.known.adjoint(value.id)))
        if value.is_leaf and value.requires_grad:
            grad = "None" if value.grad is None else brief(value.grad)
            lines.append(DetailLine(".grad at the end", grad, self.known.grad(value.id)))
        op = None if value.op is None else self.trace.ops[value.op]
        title = self.names.equation(op) if op is not None and len(op.outputs) == 1 else name
        return Details(title, tuple(lines))

    def op(self, op: Op) -> Details:
        """Describe one call: what it took, what it recorded for the backward pass."""
        since = self.known.op(op.id)
        lines = [DetailLine("function", op.qualname)]
        lines += [DetailLine("module", ".".join(op.module))] * bool(op.module)
        lines += [self._equals("input", argument.value) for argument in op.inputs[:LISTED_TENSORS]]
        lines += [self._equals("output", output) for output in op.outputs[:LISTED_TENSORS]]
        for number in op.nodes:
            node = self.trace.nodes[number]
            saved = self.names.saved(node)[:LISTED_SAVED]
            lines.append(DetailLine("records", node.name + (f", saving {', '.join(saved)}" if saved else ""), since))
        if not op.nodes:
            lines.append(DetailLine("records", "nothing for the backward pass", since))
        if op.in_place:
            written = listed([self.names.show(value) for value in overwritten(self.trace, op)])
            lines.append(DetailLine("in place", f"its result overwrites {written}", since))
        if op.first_backward is not None:
            maker = self.trace.nodes[op.first_backward].name
            lines.append(DetailLine("made by", f"{maker}, while it ran with create_graph=True", since))
        return Details(self.names.equation(op), tuple(lines))

    def node(self, node: BackwardNode) -> Details:
        """Describe one backward node: what it saved, and what it hands on."""
        recorded = 0 if node.op is None else self.known.op(node.op)
        lines = []
        if node.leaf is not None:
            lines.append(DetailLine("adds to", f"{self.names.show(node.leaf)}.grad"))
        elif node.op is None:
            lines.append(DetailLine("recorded", "outside: the op that made it was not seen"))
        lines += [DetailLine("saved", text, recorded) for text in self.names.saved(node)]
        for position, edge in enumerate(node.edges):
            if edge.node is None:
                continue
            target = self.trace.nodes[edge.node].name if edge.value is None else self.names.show(edge.value)
            arrival = self._parts.get((node.id, position))
            if arrival is None:
                lines.append(DetailLine(f"to {target}", "vector–Jacobian product"))
            else:
                product = f"{self._formula(*arrival)} = {brief(arrival[1].data)}"
                lines.append(DetailLine(f"to {target}", product, self.known.node(node.id)))
        return Details(node.name, tuple(lines))

    def use(self, op: Op, position: int) -> Details:
        """A forward edge: the value it carries, and the gradient that came back along it."""
        argument = op.inputs[position]
        carried = brief(self.trace.values[argument.value].data)
        lines = [
            DetailLine("carries", carried, self.known.value(argument.value)),
            DetailLine("argument", argument.path),
        ]
        back = self.returned.get((op.id, argument.path))
        if back is not None:
            lines += self._carried(*back)
        return Details(f"{self.names.show(argument.value)} → {op.name}", tuple(lines))

    def edge(self, node: BackwardNode, position: int) -> Details:
        """A backward edge: its vector-Jacobian product."""
        edge = node.edges[position]
        following = "" if edge.node is None else self.trace.nodes[edge.node].name
        target = following if edge.value is None else self.names.bar(edge.value)
        return Details(f"{node.name} → {target}", tuple(self._carried(node.id, position)))

    def seed(self, started: BackwardPass, position: int) -> Details:
        """The seed of a backward pass at one of its roots."""
        title = f"seed → {self.names.bar(started.roots[position])}"
        carried = DetailLine("carries", brief(started.seeds[position]), self.known.seed(started.id))
        return Details(title, (carried,))

    def origin(self, value: Value) -> str:
        """The origin of a value: `log(x1)`, or the kind of a leaf.

        Inputs have the number that evaluation traces give them: the last of them is v₀.
        """
        if value.op is not None:
            return self.names.expression(self.trace.ops[value.op])
        if value.kind != "input":
            return value.kind
        number = self._inputs.index(value.id) + 1 - len(self._inputs)
        return f"v{'₋' if number else ''}{subscript(f'v{-number}')[1:]} (input)"

    def products(self, value: int) -> str:
        """The sum that a gradient is, in symbols: `v̄₂ × x2 + v̄₁ × 1/x1`."""
        terms = ["seed"] if value in self._roots else []
        for step, part in self.arrived.get(value, []):
            product = self.formulas.product(step, part)
            terms.append(product if summed_from(part) is None else f"sum({product})")
        return " + ".join(terms)

    def _formula(self, step: Step, part: Contribution) -> str:
        """What an edge carried, in symbols: a product is more than its local derivative where an axis is summed."""
        written = self.formulas.local(step, part)
        if written is None:
            return "vector–Jacobian product"
        product = self.formulas.product(step, part)
        return product if summed_from(part) is None else f"sum({product})"

    @cached_property
    def _parts(self) -> dict[tuple[int, int], Arrival]:
        """Backward edge -> its last contribution, and the step that made it."""
        nodes = [(step.node, step) for step in self.trace.steps if step.kind == "node" and step.node is not None]
        return {(node, part.edge): (step, part) for node, step in nodes for part in step.contributions}

    @cached_property
    def _inputs(self) -> list[int]:
        return [value.id for value in self.trace.values if value.kind == "input"]

    @cached_property
    def _roots(self) -> Mapping[int, Array]:
        return seeds(self.trace, self.arrived)

    @cached_property
    def _overwritten(self) -> dict[int, int]:
        """Value -> the position from which on an in-place op has changed its tensor."""
        writers = [op for op in self.trace.ops if op.in_place]
        return {value: self.known.op(op.id) for op in writers for value in overwritten(self.trace, op)}

    def _equals(self, label: str, value: int) -> DetailLine:
        text = f"{self.names.show(value)} = {brief(self.trace.values[value].data)}"
        return DetailLine(label, text, self.known.value(value))

    def _carried(self, node: int, position: int) -> list[DetailLine]:
        lines: list[DetailLine] = []
        arrival = self._parts.get((node, position))
        if arrival is None:
            return lines
        step, part = arrival
        since = self.known.node(node)
        written = self.formulas.local(step, part)
        factor = self.formulas.factor(step, part)
        if written is not None and (factor is None or written.is_product):
            lines.append(DetailLine("product", self._formula(step, part), since))
        elif written is not None and factor is not None:
            lines.append(DetailLine("local derivative", f"{written.text} = {format_number(factor)}", since))
        lines.append(DetailLine("contribution", brief(part.data), since))
        if (stretched := summed_from(part)) is not None:
            summed = f"{shape_text(stretched)} to {shape_text(part.data.shape)}, over the broadcast axes"
            lines.append(DetailLine("summed", summed, since))
        return lines


def _statistics(array: Array, since: int) -> list[DetailLine]:
    found = array.statistics
    lines = [DetailLine("range", range_text(array, 4), since)]
    if found.mean is not None and found.norm is not None:
        lines += [
            DetailLine("mean", format_number(found.mean), since),
            DetailLine("norm", format_number(found.norm), since),
        ]
    return lines + [DetailLine("zeros", f"{found.zeros} of {array.numel}", since)] * bool(found.zeros)
