"""Arithmetic of each step in one line of numbers: `v₃ = sin(5) = −0.9589`, `x̄₁ += v̄₂ × x2 = 1 × 5 = 5`."""

from __future__ import annotations

from functools import cached_property

from playground.explain.broadcasting import summed_axes, summed_from
from playground.explain.contributions import Arrival
from playground.explain.derivatives.agreement import agree, precision
from playground.explain.formulas import Formulas, group
from playground.explain.numbers import BRIEF, brief, format_number, listed, norm_text, shape_text
from playground.explain.running_sums import RunningSums
from playground.trace.array import Array
from playground.trace.json_numbers import Scalar
from playground.trace.records import BackwardNode, Contribution, Op, Step, Value


class Arithmetic:
    """Writes the numbers of one trace's steps."""

    def __init__(self, formulas: Formulas, sums: RunningSums) -> None:
        self.trace = formulas.trace
        self.names = formulas.names
        self._formulas = formulas
        self._sums = sums

    def of_seed(self, step: Step) -> str:
        """The first adjoints: `f̄ = 1`."""
        started = self.trace.passes[step.backward_pass or 0]
        pairs = zip(started.roots, started.seeds, strict=False)
        return " ; ".join(f"{self.names.bar(root)} = {brief(seed)}" for root, seed in pairs)

    def of_node(self, node: BackwardNode, step: Step) -> str:
        """Every share that a backward node sends."""
        return " ; ".join(self._contribution(node, step, place) for place in range(len(step.contributions)))

    def _contribution(self, node: BackwardNode, step: Step, place: int) -> str:
        """Write one edge's share: `x̄₁ += v̄₂ × x2 = 1 × 5 = 5`, and what the sum is now where it is not the first."""
        part = step.contributions[place]
        edge = node.edges[part.edge]
        name = f"to {self.names.target(node, part)}:" if edge.value is None else f"{self.names.bar(edge.value)} +="
        text = f"{name} {self._share(step, part)}"
        before = self._sums.arrived_before.get((step.index, place))
        if before is None or edge.value is None:
            return text
        earlier, total = before
        added = f"{brief(earlier)} + {group(brief(part.data))} = " if part.data.numel == 1 else ""
        return f"{text}, so {self.names.bar(edge.value)} = {added}{brief(total)}"

    def _share(self, step: Step, part: Contribution) -> str:
        """The product on one edge, in symbols and in numbers."""
        written = self._formulas.local(step, part, call=False)
        adjoint = self._formulas.adjoint(step)
        factor = self._formulas.node_factor(step, part)
        if factor is not None and isinstance(adjoint.content, Array):
            factors = f"{brief(adjoint.content)} × {group(format_number(factor))} = {brief(part.data)}"
            if written is None:
                return factors
            product = written.text if written.is_product else f"{adjoint.text} × {group(written.text)}"
            return f"{product} = {factors}"
        product = self._formulas.product(step, part, call=False)
        if (wide := summed_from(part)) is not None:
            product = f"sum({product}) over {summed_axes(wide, part.data.shape)}"
        if part.data.numel <= BRIEF and part.data.is_exact:
            return f"{product} = {brief(part.data)}"
        return f"{product}, shape {shape_text(part.data.shape)}, norm {norm_text(part.data)}"

    def of_op(self, op: Op) -> str:
        """Write one call in numbers, or its shapes; with its tangent where there is one."""
        outputs = [self.trace.values[output] for output in op.outputs]
        if len(outputs) == 1 and outputs[0].data.numel == 1:
            line = f"{self.names.show(outputs[0].id)} = {self.names.numbers(op)} = {brief(outputs[0].data)}"
            return line if outputs[0].tangent is None else f"{line} ; {self._tangent(op, outputs[0])}"
        shapes = [shape_text(self.trace.values[argument.value].shape) for argument in op.inputs]
        flow = f"{listed(shapes)} → " if shapes else ""
        results = ", ".join(f"{self.names.show(value.id)} = {brief(value.data)}" for value in outputs)
        tangents = [f"{self.names.dot(v.id)} = {brief(v.tangent)}" for v in outputs if v.tangent is not None]
        return " ; ".join([f"{flow}{results}", *tangents])

    def _tangent(self, op: Op, output: Value) -> str:
        """The Jacobian-vector product of a call on numbers: `v̇₂ = x2 × ẋ₁ + x1 × ẋ₂ = 5 × 1 + 2 × 0 = 5`."""
        symbols, numbers = [], []
        total: Scalar = 0.0
        complete = output.tangent is not None
        for argument in op.inputs:
            tangent = self.trace.values[argument.value].tangent
            if tangent is None:
                continue
            found = self._locals.get((op.id, argument.path))
            local = None if found is None else found[1].local
            if found is None or local is None or tangent.numel != 1:
                complete = False
                break
            written = self._formulas.local(*found, call=False)
            formula = _number(local) if written is None or written.is_product else written.text
            symbols.append(f"{group(formula)} × {self.names.dot(argument.value)}")
            numbers.append(f"{group(_number(local))} × {group(brief(tangent))}")
            total += local.item() * tangent.item()
        result = "" if output.tangent is None else brief(output.tangent)
        given = None if output.tangent is None else output.tangent.item()
        if not complete or given is None or not agree(total, given, precision(output.dtype)):
            symbols, numbers = [], []
        parts = [self.names.dot(output.id), " + ".join(symbols), " + ".join(numbers), result]
        return " = ".join(filter(None, parts))

    def of_gradient(self, step: Step) -> str:
        """`x.grad` before and after."""
        name = f"{self.names.leaf(step)}.grad"
        before = "None" if step.grad_before is None else brief(step.grad_before)
        after = "None" if step.grad_after is None else brief(step.grad_after)
        incoming = step.incoming[0] if step.incoming else None
        if step.kind == "accumulate" and step.grad_before is not None and incoming is not None:
            if incoming.numel == 1:
                return f"{name}: {before} + {group(brief(incoming))} = {after}"
            return f"{name} += {brief(incoming)}, so {name} = {after}"
        return f"{name}: {before} → {after}"

    @cached_property
    def _locals(self) -> dict[tuple[int, str], Arrival]:
        """The contributions of calls that made one node: (op, argument path) -> step and contribution."""
        found = {}
        for step in self.trace.steps:
            if step.kind != "node" or step.node is None:
                continue
            for part in step.contributions:
                use = self.trace.nodes[step.node].edges[part.edge].use
                is_known = part.local is not None and part.local.numel == 1
                if use is not None and is_known and self.trace.ops[use[0]].nodes == (step.node,):
                    found[use] = (step, part)
        return found


def _number(array: Array) -> str:
    return "·" if array.flat is None else format_number(array.flat[0])
