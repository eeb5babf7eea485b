"""Each step of a trace in words: a title, one sentence, one line of numbers."""

from __future__ import annotations

from functools import cached_property

from playground.trace import derivatives
from playground.trace.array import Array
from playground.trace.names import Names
from playground.trace.numbers import MINUS, brief, format_number, norm_text, shape_text
from playground.trace.records import BackwardNode, Contribution, Op, Saved, Step, Value
from playground.trace.trace import Trace

_SAVED_LETTERS = {"self": "a", "other": "b", "mat1": "a", "mat2": "b", "vec": "b", "exponent": "b"}


class Narrator:
    """Says what each step of one trace did; the names are worked out once."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.names = Names(trace)

    def title(self, step: Step) -> str:
        """A few words: `v₃ = sin(x2)`, `SinBackward0`, `x1.grad`."""
        if step.kind == "op" and step.op is not None:
            return self.equation(self.trace.ops[step.op])
        if step.kind == "seed":
            return " and ".join(f"{self.names.bar(root)}" for root in self._roots(step)) + " is the seed"
        if step.kind in ("accumulate", "zero_grad"):
            return f"{self._leaf(step)}.grad"
        return self.trace.nodes[step.node].name if step.node is not None else step.kind

    def sentence(self, step: Step) -> str:
        """One sentence that says what happened."""
        if step.kind == "op" and step.op is not None:
            return self._op_sentence(self.trace.ops[step.op])
        if step.kind == "seed":
            return self._seed_sentence(step)
        if step.kind == "zero_grad":
            return f"The gradient kept in {self._leaf(step)}.grad is cleared."
        if step.node is None:
            return ""
        node = self.trace.nodes[step.node]
        if step.kind == "accumulate":
            incoming = "the gradient that arrived" if node.leaf is None else self.names.bar(node.leaf)
            verb = "stores" if step.grad_before is None else "adds"
            place = "in" if step.grad_before is None else "to"
            return f"{node.name} {verb} {incoming} {place} {self._leaf(step)}.grad."
        return self._node_sentence(node, step)

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
        return " ; ".join(self.contribution(node, step, part) for part in step.contributions)

    def equation(self, op: Op) -> str:
        """The call with its results: `v₃ = sin(x2)`."""
        results = ", ".join(self.names.show(output) for output in op.outputs)
        expression = self.names.expression(op)
        return f"{results} = {expression}" if results else expression

    def upstream(self, node: BackwardNode) -> int | None:
        """The value whose adjoint a node turns into others; inside a composite call, the result of that call."""
        found = next((output for output in node.outputs if output is not None), None)
        if found is None and node.op is not None and node.leaf is None:
            found = next(iter(self.trace.ops[node.op].outputs), None)
        return found

    def local(self, node: BackwardNode, edge: int, *, latex: bool = False, call: bool = True) -> str:
        """The formula of one edge's local derivative, or of its whole product; '' where the tables have none.

        With `call`, a composite call counts as one step; without, each of its nodes stands for itself.
        """
        use = node.edges[edge].use
        op = None if use is None else self.trace.ops[use[0]]
        if use is not None and op is not None and (call or op.nodes == (node.id,)):
            whole = derivatives.call_rule(op, use[1])
            if whole is not None:
                return derivatives.fill(whole[latex], self._call_symbols(op, latex))
        row = derivatives.rule(node.name)
        formulas = row.latex if latex else row.text
        number = node.edges[edge].number
        return derivatives.fill(formulas[number], self._symbols(node, latex)) if number < len(formulas) else ""

    def is_product(self, node: BackwardNode, edge: int) -> bool:
        """Whether `local` is the whole vector-Jacobian product, not a factor of the incoming adjoint."""
        use = node.edges[edge].use
        whole = derivatives.call_rule(self.trace.ops[use[0]], use[1]) if use is not None else None
        texts = derivatives.rule(node.name).text
        number = node.edges[edge].number
        return "@g" in (whole[0] if whole else texts[number] if number < len(texts) else "")

    def product(self, node: BackwardNode, edge: int) -> str:
        """One edge's vector-Jacobian product in symbols: `v̄₂ × x2`, `xᵀ @ v̄₁`."""
        formula = self.local(node, edge)
        value = self.upstream(node)
        adjoint = "g" if value is None else self.names.bar(value)
        if not formula:
            arrived = [self.names.bar(output) for output in node.outputs if output is not None]
            return f"{node.name}({', '.join(arrived or [adjoint])})"
        if self.is_product(node, edge):
            return formula
        return (
            adjoint
            if formula == "1"
            else MINUS + adjoint
            if formula == MINUS + "1"
            else f"{adjoint} × {group(formula)}"
        )

    def _call_symbols(self, op: Op, latex: bool) -> dict[str, str]:
        """What the letters stand for in the formula of a whole call."""
        write, write_bar = (self.names.latex, self.names.latex_bar) if latex else (self.names.show, self.names.bar)
        operands = self.names.operands(op, write)
        paths = sorted(filter(str.isdigit, operands), key=int)
        found = {letter: operands[path] for letter, path in zip("abc", paths, strict=False)}
        if "b" in found:
            found["p"] = derivatives.less_one(found["b"])
        return found | {"y": write(op.outputs[0]), "g": write_bar(op.outputs[0])} if op.outputs else found

    def _symbols(self, node: BackwardNode, latex: bool = False) -> dict[str, str]:
        """What the letters stand for in the rule of a node."""
        write, write_bar = (self.names.latex, self.names.latex_bar) if latex else (self.names.show, self.names.bar)
        letters = derivatives.rule(node.name).letters
        found: dict[str, str] = {}
        for letter, edge in zip(letters, node.edges, strict=False):
            if edge.value is not None:
                found[letter] = write(edge.value)
            elif edge.node is not None and self.trace.nodes[edge.node].name.startswith("TBackward"):
                inner = self.trace.nodes[edge.node].edges[0].value
                if inner is not None:
                    found[letter] = write(inner) + (r"^{\top}" if latex else "ᵀ")
        op = None if node.op is None else self.trace.ops[node.op]
        if op is not None and op.nodes == (node.id,):
            operands = self.names.operands(op, write)
            for letter, path in zip(letters, sorted(filter(str.isdigit, operands), key=int), strict=False):
                found[letter] = operands[path]
        for saved in node.saved:
            letter = _SAVED_LETTERS.get(saved.name, "")
            if letter and saved.value is not None:
                found.setdefault(letter, write(saved.value))
            elif letter and saved.data is None and saved.text:
                found.setdefault(letter, saved.text)
            elif letter and saved.data is not None and saved.data.numel == 1:
                found.setdefault(letter, brief(saved.data))
        if "b" in found:
            found["p"] = derivatives.less_one(found["b"])
        result = next((output for output in node.outputs if output is not None), None)
        return found | ({"g": "g"} if result is None else {"y": write(result), "g": write_bar(result)})

    def contribution(self, node: BackwardNode, step: Step, part: Contribution) -> str:
        """One edge's share: `x̄₁ += v̄₂ × x2 = 1 × 5 = 5`."""
        target = node.edges[part.edge].value
        name = "onward" if target is None else f"{self.names.bar(target)} +="
        formula = self.local(node, part.edge, call=False)
        incoming = step.incoming[0] if step.incoming else None
        if part.local is not None and part.local.numel == 1 and incoming is not None and incoming.numel == 1:
            result = node.outputs[0] if node.outputs else None
            adjoint = "g" if result is None else self.names.bar(result)
            factors = f"{_number(incoming)} × {group(_number(part.local))} = {brief(part.data)}"
            return f"{name} {adjoint} × {group(formula)} = {factors}" if formula else f"{name} {factors}"
        if part.data.numel <= 6 and part.data.is_exact:
            text = f"{name} {self.product(node, part.edge)} = {brief(part.data)}"
        else:
            size = f"shape {shape_text(part.data.shape)}, norm {norm_text(part.data)}"
            text = f"{name} {self.product(node, part.edge)}, {size}"
        if (stretched := summed_from(part)) is not None:
            axes = f"{shape_text(stretched)} to {shape_text(part.data.shape)}"
            text += f", summed over the broadcast axes from {axes}"
        return text

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
                lines.append(f"{saved.name} = {saved.text}")
        return lines

    def _op_sentence(self, op: Op) -> str:
        text = self.names.plain(op.outputs[0]) if op.outputs else "nothing"
        text = f"{', '.join(self.names.show(output) for output in op.outputs) or text} = {self.names.expression(op)}"
        if op.in_place:
            text += " overwrites its first argument"
        nodes = [self.trace.nodes[node] for node in op.nodes]
        if not nodes:
            outside = "" if op.grad_enabled else " (gradients are off here)"
            return f"{text}; nothing is recorded for the backward pass{outside}."
        kept = [self.names.show(saved.value) for node in nodes for saved in node.saved if saved.value is not None]
        keeps = f", which saves {_listed(dict.fromkeys(kept))}" if kept else ""
        return f"{text}; PyTorch records {_listed([node.name for node in nodes])}{keeps}."

    def _op_arithmetic(self, op: Op) -> str:
        outputs = [self.trace.values[output] for output in op.outputs]
        if len(outputs) == 1 and outputs[0].data.numel == 1:
            line = f"{self.names.show(outputs[0].id)} = {self.names.numbers(op)} = {brief(outputs[0].data)}"
            return line if outputs[0].tangent is None else f"{line} ; {self._tangent(op, outputs[0])}"
        shapes = [shape_text(self.trace.values[argument.value].shape) for argument in op.inputs]
        flow = f"{_listed(shapes)} → " if shapes else ""
        results = ", ".join(f"{self.names.show(value.id)} = {brief(value.data)}" for value in outputs)
        return f"{flow}{results}"

    def _tangent(self, op: Op, output: Value) -> str:
        """The Jacobian-vector product of a call on numbers: `v̇₂ = x2 × ẋ₁ + x1 × ẋ₂ = 5 × 1 + 2 × 0 = 5`."""
        symbols, numbers = [], []
        for argument in op.inputs:
            tangent = self.trace.values[argument.value].tangent
            found = self._locals.get((op.id, argument.path))
            if tangent is None or found is None:
                continue
            node, position, local = found
            formula = self.local(self.trace.nodes[node], position, call=False) or _number(local)
            symbols.append(f"{group(formula)} × {self.names.dot(argument.value)}")
            numbers.append(f"{group(_number(local))} × {group(brief(tangent))}")
        result = "" if output.tangent is None else brief(output.tangent)
        parts = [self.names.dot(output.id), " + ".join(symbols), " + ".join(numbers), result]
        return " = ".join(filter(None, parts))

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

    def _seed_sentence(self, step: Step) -> str:
        roots = self._roots(step)
        again = f" (pass {step.backward_pass + 1})" if step.backward_pass else ""
        names = _listed([self.names.show(root) for root in roots])
        if all(self.trace.values[root].data.numel == 1 for root in roots):
            return f"The backward pass{again} starts at {names}: its derivative with respect to itself is 1."
        return f"The backward pass{again} starts at {names} with a seed of the same shape."

    def _node_sentence(self, node: BackwardNode, step: Step) -> str:
        phrase = derivatives.fill(derivatives.rule(node.name).phrase, self._symbols(node))
        arrived = [self.names.bar(output) for output in node.outputs if output is not None] or ["what it received"]
        values = [node.edges[part.edge].value for part in step.contributions]
        targets = _listed(dict.fromkeys("the next node" if v is None else self.names.show(v) for v in values))
        kept = [self.names.show(saved.value) for saved in node.saved if saved.value is not None]
        uses = f" It uses the saved {_listed(dict.fromkeys(kept))}." if kept else ""
        made = "" if step.op is None else f" It is recorded in turn: {self.equation(self.trace.ops[step.op])}."
        return f"{node.name} sends {_listed(arrived)} to {targets or 'nothing'}, {phrase}.{uses}{made}"

    def _grad_arithmetic(self, step: Step) -> str:
        name = f"{self._leaf(step)}.grad"
        before = "None" if step.grad_before is None else brief(step.grad_before)
        after = "None" if step.grad_after is None else brief(step.grad_after)
        incoming = step.incoming[0] if step.incoming else None
        if step.kind == "accumulate" and step.grad_before is not None and incoming is not None:
            if incoming.numel == 1:
                return f"{name}: {before} + {brief(incoming)} = {after}"
            return f"{name} += {brief(incoming)}"
        return f"{name}: {before} → {after}"

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


def _is_bookkeeping(saved: Saved) -> bool:
    """Shapes and factors of 1 that a node keeps, of no interest to a reader."""
    return "_sym_" in saved.name or (saved.name in ("alpha", "beta") and saved.text == "1")


def _number(array: Array) -> str:
    return "·" if array.flat is None else format_number(array.flat[0])


def summed_from(part: Contribution) -> tuple[int, ...] | None:
    """The shape before the engine summed over broadcast axes; None where it did not."""
    before, after = part.reduced_from, part.data.shape
    if before is None or before == after or len(after) > len(before):
        return None
    fits = all(n in (1, m) for n, m in zip(reversed(after), reversed(before), strict=False))
    return before if fits else None


def group(formula: str) -> str:
    """A formula as a factor: in parentheses if it is a sum or negative.

    >>> group("1 − y²"), group("−1"), group("[x > 0]"), group("cos(x2)")
    ('(1 − y²)', '(−1)', '[x > 0]', 'cos(x2)')
    """
    closed = formula.startswith("[") and formula.find("]") == len(formula) - 1
    return f"({formula})" if (" " in formula and not closed) or formula.startswith(("-", MINUS)) else formula


def _listed(words: list[str] | dict[str, None]) -> str:
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


__all__ = ["Narrator", "arithmetic", "group", "sentence", "summed_from", "title"]
