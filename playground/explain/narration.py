"""Each step of a trace in words: a title, one sentence or two, one line of numbers."""

from __future__ import annotations

from playground.explain import update_sentences
from playground.explain.arithmetic import Arithmetic
from playground.explain.backward_sentences import BackwardSentences
from playground.explain.formulas import Formulas
from playground.explain.forward_sentences import ForwardSentences
from playground.explain.names import Names
from playground.explain.numbers import brief
from playground.explain.running_sums import RunningSums
from playground.trace.array import Array
from playground.trace.records import BackwardNode, Saved, Step
from playground.trace.trace import Trace

_REDUCTIONS = {"0": "none", "1": "mean", "2": "sum"}


class Narrator:
    """Says what each step of one trace did; the names are worked out once."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.names = Names(trace)
        self.formulas = Formulas(trace, self.names)
        sums = RunningSums(trace)
        self._forward = ForwardSentences(trace, self.names)
        self._backward = BackwardSentences(trace, self.names, self.formulas, sums)
        self._arithmetic = Arithmetic(trace, self.names, self.formulas, sums)

    def title(self, step: Step) -> str:
        """A few words: `v₃ = sin(x2)`, `SinBackward0`, `x1.grad`."""
        if step.kind == "op" and step.op is not None:
            return self.names.equation(self.trace.ops[step.op])
        if step.kind == "seed":
            roots = self.trace.passes[step.backward_pass or 0].roots
            return " and ".join(self.names.bar(root) for root in roots) + " is the seed"
        if step.kind in ("accumulate", "zero_grad"):
            return f"{self.names.leaf(step)}.grad"
        if step.update is not None:
            return update_sentences.title(self.names, step.update)
        return self.trace.nodes[step.node].name if step.node is not None else step.kind

    def sentence(self, step: Step) -> str:
        """What happened, in a sentence or a few."""
        if step.kind == "op" and step.op is not None:
            return self._forward.of_op(self.trace.ops[step.op])
        if step.kind == "seed":
            return self._backward.of_seed(step)
        if step.kind == "zero_grad":
            return self._backward.of_cleared(step)
        if step.update is not None:
            return update_sentences.sentence(self.names, step.update, self.trace.ops)
        if step.node is None:
            return ""
        node = self.trace.nodes[step.node]
        if step.kind == "accumulate":
            return self._backward.of_accumulation(node, step)
        return self._backward.of_node(node, step)

    def arithmetic(self, step: Step) -> str:
        """One line with the numbers."""
        if step.kind == "op" and step.op is not None:
            return self._arithmetic.of_op(self.trace.ops[step.op])
        if step.kind == "seed":
            return self._arithmetic.of_seed(step)
        if step.kind in ("accumulate", "zero_grad"):
            return self._arithmetic.of_gradient(step)
        if step.update is not None:
            return update_sentences.arithmetic(self.names, step.update)
        return "" if step.node is None else self._arithmetic.of_node(self.trace.nodes[step.node], step)

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


def _is_bookkeeping(saved: Saved) -> bool:
    """Shapes, factors of 1 and other defaults that a node keeps, of no interest to a reader."""
    usual = {"alpha": "1", "beta": "1", "ignore_index": "-100", "keepdim": "False"}
    return "_sym_" in saved.name or usual.get(saved.name) == saved.text


__all__ = ["Narrator"]
