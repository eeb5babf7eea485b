"""Each step of a trace in words: a title, one sentence or two, one line of numbers."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from playground.trace import derivatives
from playground.trace.array import Array
from playground.trace.formulas import Formulas, group
from playground.trace.names import Names
from playground.trace.non_finite import has_nan, is_finite
from playground.trace.numbers import BRIEF, brief, format_number, norm_text, shape_text, summed_axes
from playground.trace.records import BackwardNode, Contribution, Op, Saved, Step, Value
from playground.trace.trace import Trace

LISTED_NODES = 4  # a call that made more of them names the first and the last
_REDUCTIONS = {"0": "none", "1": "mean", "2": "sum"}


class Narrator:
    """Says what each step of one trace did; the names are worked out once."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.names = Names(trace)
        self.formulas = Formulas(trace, self.names)

    # Titles ------------------------------------------------------------------------------------------------------

    def title(self, step: Step) -> str:
        """A few words: `v₃ = sin(x2)`, `SinBackward0`, `x1.grad`."""
        if step.kind == "op" and step.op is not None:
            return self.equation(self.trace.ops[step.op])
        if step.kind == "seed":
            return " and ".join(f"{self.names.bar(root)}" for root in self._roots(step)) + " is the seed"
        if step.kind in ("accumulate", "zero_grad"):
            return f"{self._leaf(step)}.grad"
        return self.trace.nodes[step.node].name if step.node is not None else step.kind

    def equation(self, op: Op) -> str:
        """The call with its results: `v₃ = sin(x2)`."""
        results = ", ".join(self.names.show(output) for output in op.outputs)
        expression = self.names.expression(op)
        return f"{results} = {expression}" if results else expression

    # Sentences ---------------------------------------------------------------------------------------------------

    def sentence(self, step: Step) -> str:
        """What happened, in a sentence or a few."""
        if step.kind == "op" and step.op is not None:
            return self._op_sentence(self.trace.ops[step.op])
        if step.kind == "seed":
            return self._seed_sentence(step)
        if step.kind == "zero_grad":
            return f"{self._leaf(step)}.grad is cleared: the next backward pass starts afresh instead of adding to it."
        if step.node is None:
            return ""
        node = self.trace.nodes[step.node]
        if step.kind == "accumulate":
            incoming = "the gradient that arrived" if node.leaf is None else self.names.bar(node.leaf)
            if step.grad_before is None:
                return f"{node.name} stores {incoming} in {self._leaf(step)}.grad."
            what = f"{node.name} adds {incoming} to what {self._leaf(step)}.grad already holds"
            return f"{what}: gradients add up until they are cleared."
        return self._node_sentence(node, step)

    def _op_sentence(self, op: Op) -> str:
        text = self.equation(op)
        if op.name == "accumulate":
            return f"Two contributions to one gradient are added, as an op that can be differentiated in turn: {text}."
        if op.in_place and op.inputs:
            text += f", in place: it overwrites {self.names.show(op.inputs[0].value)}"
        nodes = [self.trace.nodes[node] for node in op.nodes]
        kept = {saved.value for node in nodes for saved in node.saved if saved.value is not None}
        keeps = f", which saves {_listed([self.names.show(value) for value in sorted(kept)])}" if kept else ""
        recorded = f"PyTorch records {_many([node.name for node in nodes])}{keeps}"
        sentence = f"{text}; {recorded if nodes else self._nothing_recorded(op)}."
        return sentence + self._tangent_sentence(op) + self._first_non_finite(op)

    def _nothing_recorded(self, op: Op) -> str:
        outputs = [self.trace.values[output] for output in op.outputs]
        reason = ""
        if not op.grad_enabled:
            reason = " (gradients are off here)"
        elif op.name == "detach":
            reason = " (detach cuts the graph here)"
        elif not any(self.trace.values[argument.value].requires_grad for argument in op.inputs):
            reason = " (no input requires a gradient)"
        elif outputs and not any(_is_real(value.data) for value in outputs):
            reason = f" ({outputs[0].dtype} values have no gradient)"
        return f"nothing is recorded for the backward pass{reason}"

    def _tangent_sentence(self, op: Op) -> str:
        """Forward mode: what the tangent is, and at the output what it means."""
        output = next((self.trace.values[o] for o in op.outputs if self.trace.values[o].tangent is not None), None)
        if output is None:
            return ""
        moving = [v for v in self.trace.values if v.op is None and v.tangent is not None and _is_one(v.tangent)]
        dot, name = self.names.dot(output.id), self.names.show(output.id)
        if output.id in self.trace.outputs and len(moving) == 1 and output.data.numel == moving[0].data.numel == 1:
            leaf = self.names.show(moving[0].id)
            return f" Only {leaf} moves, so its tangent {dot} is the derivative of {name} with respect to {leaf}."
        return f" Its tangent {dot} is computed along with it, from the tangents that come in."

    def _first_non_finite(self, op: Op) -> str:
        notes = [note for note in self.trace.notes if note.kind == "non_finite" and note.op == op.id]
        if not notes:
            return ""
        what, _, reason = notes[0].message.partition("the first ")[2].partition(": ")
        return f" Here is the first {what}: {reason.replace(': ', ', ')}."

    def _seed_sentence(self, step: Step) -> str:
        roots, number = self._roots(step), step.backward_pass or 0
        names = _listed([self.names.show(root) for root in roots])
        scalars = all(self.trace.values[root].data.numel == 1 for root in roots)
        start = "its derivative with respect to itself is 1" if scalars else "its seed has the same shape"
        if number == 0:
            long = any(self.names.bar(value.id).startswith("∂") for value in self.trace.values)
            marks = "A bar, or ∂ before a longer name, marks" if long else "A bar marks"
            meaning = f"{marks} an adjoint: the derivative of {names} with respect to that value."
            return f"The backward pass starts at {names}: {start}. {meaning}"
        of = self._first_derivative(roots, number)
        if of:
            return f"Pass {number + 1} starts at {names}, {of}: differentiated again, it gives the second derivative."
        return f"backward() is called again. Pass {number + 1} starts at {names}: {start}."

    def _first_derivative(self, roots: tuple[int, ...], number: int) -> str:
        """What a pass starts from, if it is a gradient that an earlier pass computed."""
        before = self.trace.passes[number - 1]
        op = self.trace.values[roots[0]].op
        made = op is not None and self.trace.ops[op].qualname.startswith("torch.autograd.")
        if not made or not before.create_graph or len(roots) != 1:
            return ""
        gradient = self.trace.values[roots[0]].data
        leaves = [
            leaf
            for (at, leaf), total in self._totals_of_leaves.items()
            if at == before.id and total.shape == gradient.shape and total.flat == gradient.flat
        ]
        of = _listed([self.names.show(root) for root in before.roots])
        by = f" with respect to {self.names.show(leaves[0])}" if len(leaves) == 1 else ""
        return f"the gradient of {of}{by} from pass {number}"

    def _node_sentence(self, node: BackwardNode, step: Step) -> str:
        row = derivatives.rule(node.name)
        phrase = row.phrase
        if len(step.contributions) == 1:
            place = node.edges[step.contributions[0].edge].number
            phrase = row.each[place] if place < len(row.each) else phrase
        phrase = derivatives.fill(phrase, self.formulas.symbols(node))
        arrived = [self.names.bar(output) for output in node.outputs if output is not None] or ["what it received, g,"]
        counts = Counter(self._target(node, part) for part in step.contributions)
        targets = _listed([f"{name} (twice)" if count == 2 else name for name, count in counts.items()])
        kept = {saved.value for saved in node.saved if saved.value is not None}
        uses = f" It uses the saved {_listed([self.names.show(value) for value in sorted(kept)])}." if kept else ""
        made = "" if step.op is None else f" create_graph records it in turn: {self.equation(self.trace.ops[step.op])}."
        sentence = f"{node.name} sends {_listed(arrived)} to {targets or 'nothing'}, {phrase}.{uses}{made}"
        return sentence + self._stretched(node, step) + self._fan_out(node, step) + self._first_nan(node, step)

    def _target(self, node: BackwardNode, part: Contribution) -> str:
        edge = node.edges[part.edge]
        if edge.value is not None:
            return self.names.show(edge.value)
        return "the next node" if edge.node is None else self.trace.nodes[edge.node].name

    def _stretched(self, node: BackwardNode, step: Step) -> str:
        """Broadcasting: the engine sums over the axes that the forward pass stretched."""
        said = []
        for part in step.contributions:
            if (wide := summed_from(part)) is not None and not node.name.startswith("Expand"):
                small = shape_text(part.data.shape)
                axes = summed_axes(wide, part.data.shape)
                stretched = f" {self._target(node, part)} was stretched from {small} to {shape_text(wide)}"
                said.append(f"{stretched}, so its contribution is summed over {axes}.")
        return "".join(dict.fromkeys(said))

    def _fan_out(self, node: BackwardNode, step: Step) -> str:
        later = [
            node.edges[part.edge].value
            for place, part in enumerate(step.contributions)
            if (step.index, place) in self._arrived_before
        ]
        names = _listed(list(dict.fromkeys(self.names.show(value) for value in later if value is not None)))
        verb = "are" if " and " in names else "is"
        return f" {names} {verb} used more than once: the contributions add up." if names else ""

    def _first_nan(self, node: BackwardNode, step: Step) -> str:
        """The first NaN or infinity that the backward pass itself makes."""
        if step.index != self._first_broken:
            return ""
        broken = [part.data for part in step.contributions if not is_finite(part.data)]
        what = "NaN" if any(map(has_nan, broken)) else "infinity"
        kept = [
            saved.data or self.trace.values[saved.value or 0].data for saved in node.saved if saved.data or saved.value
        ]
        zero_times_infinity = (
            what == "NaN"
            and any(array is not None and array.statistics.zeros for array in step.incoming)
            and any(array.statistics.infinities for array in kept)
        )
        reason = ": 0 × ∞ has no value" if zero_times_infinity else ""
        return f" Here is the first {what} of the backward pass{reason}."

    @cached_property
    def _first_broken(self) -> int | None:
        """The first backward step whose adjoint is finite and whose contributions are not."""
        for step in self.trace.steps:
            if step.kind == "node" and not all(is_finite(part.data) for part in step.contributions):
                finite = all(array is None or is_finite(array) for array in step.incoming)
                return step.index if finite else None
        return None

    # Arithmetic --------------------------------------------------------------------------------------------------

    def arithmetic(self, step: Step) -> str:
        """One line with the numbers."""
        if step.kind == "op" and step.op is not None:
            return self._op_arithmetic(self.trace.ops[step.op])
        if step.kind == "seed":
            seeds = self.trace.passes[step.backward_pass or 0].seeds
            pairs = zip(self._roots(step), seeds, strict=False)
            return " ; ".join(f"{self.names.bar(root)} = {brief(seed)}" for root, seed in pairs)
        if step.kind in ("accumulate", "zero_grad"):
            return self._grad_arithmetic(step)
        if step.node is None:
            return ""
        node = self.trace.nodes[step.node]
        return " ; ".join(self.contribution(node, step, place) for place in range(len(step.contributions)))

    def contribution(self, node: BackwardNode, step: Step, place: int) -> str:
        """One edge's share: `x̄₁ += v̄₂ × x2 = 1 × 5 = 5`, and what the sum is now where it is not the first."""
        part = step.contributions[place]
        edge = node.edges[part.edge]
        name = f"to {self._target(node, part)}:" if edge.value is None else f"{self.names.bar(edge.value)} +="
        text = f"{name} {self._share(node, step, part)}"
        before = self._arrived_before.get((step.index, place))
        if before is None or edge.value is None:
            return text
        earlier, total = before
        added = f"{brief(earlier)} + {group(brief(part.data))} = " if part.data.numel == 1 else ""
        return f"{text}, so {self.names.bar(edge.value)} = {added}{brief(total)}"

    def _share(self, node: BackwardNode, step: Step, part: Contribution) -> str:
        """The product on one edge, in symbols and in numbers."""
        formula = self.formulas.local(node, part.edge, call=False)
        incoming = step.incoming[0] if step.incoming else None
        if part.local is not None and part.local.numel == 1 and incoming is not None and incoming.numel == 1:
            result = node.outputs[0] if node.outputs else None
            adjoint = "g" if result is None else self.names.bar(result)
            factors = f"{_number(incoming)} × {group(_number(part.local))} = {brief(part.data)}"
            return f"{adjoint} × {group(formula)} = {factors}" if formula else factors
        product = self.formulas.product(node, part.edge)
        if (wide := summed_from(part)) is not None:
            product = f"sum({product}) over {summed_axes(wide, part.data.shape)}"
        if part.data.numel <= BRIEF and part.data.is_exact:
            return f"{product} = {brief(part.data)}"
        return f"{product}, shape {shape_text(part.data.shape)}, norm {norm_text(part.data)}"

    def number(self, array: Array) -> str:
        """The number of an array of one element, else its shape and range."""
        return brief(array)

    def saved(self, node: BackwardNode) -> list[str]:
        """What a backward node kept: `other = x2`, `dim = 1`."""
        lines = []
        for saved in node.saved:
            if saved.value is not None:
                lines.append(f"{saved.name} = {self.names.show(saved.value)}")
            elif saved.data is not None:
                lines.append(f"{saved.name} = {brief(saved.data)}")
            elif saved.text and saved.text != "None" and not _is_bookkeeping(saved):
                text = _REDUCTIONS.get(saved.text, saved.text) if saved.name == "reduction" else saved.text
                lines.append(f"{saved.name} = {text}")
        return lines

    def _op_arithmetic(self, op: Op) -> str:
        outputs = [self.trace.values[output] for output in op.outputs]
        if len(outputs) == 1 and outputs[0].data.numel == 1:
            line = f"{self.names.show(outputs[0].id)} = {self.names.numbers(op)} = {brief(outputs[0].data)}"
            return line if outputs[0].tangent is None else f"{line} ; {self._tangent(op, outputs[0])}"
        shapes = [shape_text(self.trace.values[argument.value].shape) for argument in op.inputs]
        flow = f"{_listed(shapes)} → " if shapes else ""
        results = ", ".join(f"{self.names.show(value.id)} = {brief(value.data)}" for value in outputs)
        tangents = [f"{self.names.dot(v.id)} = {brief(v.tangent)}" for v in outputs if v.tangent is not None]
        return " ; ".join([f"{flow}{results}", *tangents])

    def _tangent(self, op: Op, output: Value) -> str:
        """The Jacobian-vector product of a call on numbers: `v̇₂ = x2 × ẋ₁ + x1 × ẋ₂ = 5 × 1 + 2 × 0 = 5`."""
        symbols, numbers = [], []
        for argument in op.inputs:
            tangent = self.trace.values[argument.value].tangent
            found = self._locals.get((op.id, argument.path))
            if tangent is None or found is None:
                continue
            node, position, local = found
            formula = self.formulas.local(self.trace.nodes[node], position, call=False) or _number(local)
            symbols.append(f"{group(formula)} × {self.names.dot(argument.value)}")
            numbers.append(f"{group(_number(local))} × {group(brief(tangent))}")
        result = "" if output.tangent is None else brief(output.tangent)
        parts = [self.names.dot(output.id), " + ".join(symbols), " + ".join(numbers), result]
        return " = ".join(filter(None, parts))

    def _grad_arithmetic(self, step: Step) -> str:
        name = f"{self._leaf(step)}.grad"
        before = "None" if step.grad_before is None else brief(step.grad_before)
        after = "None" if step.grad_after is None else brief(step.grad_after)
        incoming = step.incoming[0] if step.incoming else None
        if step.kind == "accumulate" and step.grad_before is not None and incoming is not None:
            if incoming.numel == 1:
                return f"{name}: {before} + {group(brief(incoming))} = {after}"
            return f"{name} += {brief(incoming)}, so {name} = {after}"
        return f"{name}: {before} → {after}"

    # What is worked out once ---------------------------------------------------------------------------------------

    @cached_property
    def _locals(self) -> dict[tuple[int, str], tuple[int, int, Array]]:
        """The local derivatives of calls that made one node: (op, argument path) -> node, edge and number."""
        found = {}
        for step in self.trace.steps:
            if step.kind != "node" or step.node is None:
                continue
            for part in step.contributions:
                use = self.trace.nodes[step.node].edges[part.edge].use
                if use is not None and part.local is not None and self.trace.ops[use[0]].nodes == (step.node,):
                    found[use] = (step.node, part.edge, part.local)
        return found

    @cached_property
    def _sums(self) -> tuple[dict[tuple[int, int], tuple[Array, Array]], dict[tuple[int, int], Array]]:
        """(step, place) -> the sum before and after, where a value had got a share before; (pass, leaf) -> the sum."""
        second: dict[tuple[int, int], tuple[Array, Array]] = {}
        totals: dict[tuple[int, int], Array] = {}
        for step in self.trace.steps:
            if step.kind != "node" or step.node is None:
                continue
            for place, part in enumerate(step.contributions):
                value = self.trace.nodes[step.node].edges[part.edge].value
                if value is None or part.data.numel > BRIEF:
                    continue
                key = (step.backward_pass or 0, value)
                total = part.data
                if (before := totals.get(key)) is not None and before.shape == part.data.shape:
                    total = Array(before.tensor() + part.data.tensor())
                    second[step.index, place] = (before, total)
                totals[key] = total
        return second, {key: total for key, total in totals.items() if self.trace.values[key[1]].op is None}

    @property
    def _arrived_before(self) -> dict[tuple[int, int], tuple[Array, Array]]:
        return self._sums[0]

    @property
    def _totals_of_leaves(self) -> dict[tuple[int, int], Array]:
        return self._sums[1]

    def _roots(self, step: Step) -> tuple[int, ...]:
        return self.trace.passes[step.backward_pass or 0].roots

    def _leaf(self, step: Step) -> str:
        leaf = None if step.node is None else self.trace.nodes[step.node].leaf
        return "leaf" if leaf is None else self.names.show(leaf)


def title(trace: Trace, step: Step) -> str:
    """A few words for one step; `Narrator` says many."""
    return Narrator(trace).title(step)


def sentence(trace: Trace, step: Step) -> str:
    """One sentence for one step."""
    return Narrator(trace).sentence(step)


def arithmetic(trace: Trace, step: Step) -> str:
    """One line of numbers for one step."""
    return Narrator(trace).arithmetic(step)


def summed_from(part: Contribution) -> tuple[int, ...] | None:
    """The shape before the engine summed over broadcast axes; None where it did not."""
    before, after = part.reduced_from, part.data.shape
    if before is None or before == after or len(after) > len(before):
        return None
    fits = all(n in (1, m) for n, m in zip(reversed(after), reversed(before), strict=False))
    return before if fits else None


def _is_bookkeeping(saved: Saved) -> bool:
    """Shapes, factors of 1 and other defaults that a node keeps, of no interest to a reader."""
    usual = {"alpha": "1", "beta": "1", "ignore_index": "-100", "keepdim": "False"}
    return "_sym_" in saved.name or usual.get(saved.name) == saved.text


def _is_real(array: Array) -> bool:
    return array.dtype.startswith(("float", "bfloat", "complex"))


def _is_one(array: Array) -> bool:
    return array.numel == 1 and array.item() == 1


def _number(array: Array) -> str:
    return "·" if array.flat is None else format_number(array.flat[0])


def _many(names: list[str]) -> str:
    """A list of nodes, the same ones counted, the middle of a long one left out."""
    counted = [name if count == 1 else f"{name} ({count} of them)" for name, count in Counter(names).items()]
    if len(counted) > LISTED_NODES:
        return f"{len(names)} nodes, {names[0]} to {names[-1]}"
    return _listed(counted)


def _listed(words: list[str]) -> str:
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last


__all__ = ["Narrator", "arithmetic", "group", "sentence", "summed_from", "title"]
