"""Texts of the steps of a trace: a title, one sentence or two, one line of numbers."""

from __future__ import annotations

from dataclasses import dataclass

from playground.explain import update_sentences
from playground.explain.arithmetic import Arithmetic
from playground.explain.backward_sentences import BackwardSentences
from playground.explain.formulas import Formulas
from playground.explain.forward_sentences import ForwardSentences
from playground.explain.numbers import brief
from playground.explain.running_sums import RunningSums
from playground.trace.records import Step

LISTED_LEAVES = 6  # before the first step


@dataclass(frozen=True, slots=True)
class StepText:
    """One step in words and in numbers."""

    title: str  # a few words: `v₃ = sin(x2)`, `SinBackward0`, `x1.grad`
    sentence: str  # what happened, in a sentence or a few
    arithmetic: str  # one line with the numbers
    saved: tuple[str, ...] = ()  # what it stored for the backward pass, or took from it


class Narrator:
    """Writes the texts of one trace's steps."""

    def __init__(self, formulas: Formulas) -> None:
        self.trace = formulas.trace
        self.names = formulas.names
        sums = RunningSums(self.trace)
        self._forward = ForwardSentences(self.trace, self.names)
        self._backward = BackwardSentences(formulas, sums)
        self._arithmetic = Arithmetic(formulas, sums)

    def start(self) -> StepText:
        """The state before the first step: only leaves have values."""
        names = self.names
        leaves = [value for value in self.trace.values if value.op is None and value.kind in ("input", "parameter")]
        listed = leaves[:LISTED_LEAVES]
        known = ", ".join(names.show(value.id) for value in listed) + (", …" if len(leaves) > len(listed) else "")
        numbers = [f"{names.show(value.id)} = {brief(value.data)}" for value in listed]
        between = ", " if all(value.data.numel == 1 for value in listed) else " ; "
        tangents = [(v.id, v.tangent) for v in leaves if v.tangent is not None and v.data.numel == 1]
        moving = [f"{names.dot(leaf)} = {brief(tangent)}" for leaf, tangent in tangents[:LISTED_LEAVES]]
        sentence = f"Only the leaves have values: {known}." if leaves else "Nothing has run."
        if any(value.requires_grad for value in leaves) and self.trace.passes:
            sentence += " Their .grad is None until the backward pass has reached them."
        if moving:
            sentence += " In forward mode each carries a tangent, too: 1 for a leaf that moves, 0 for one that rests."
        arithmetic = " ; ".join(filter(None, [between.join(numbers), ", ".join(moving)]))
        return StepText("Before the first step", sentence, arithmetic)

    def step(self, step: Step) -> StepText:
        """The texts of one step."""
        if step.kind == "op" and step.op is not None:
            op = self.trace.ops[step.op]
            return StepText(
                self.names.equation(op), self._forward.of_op(op), self._arithmetic.of_op(op), self._saved(op.nodes)
            )
        if step.kind == "seed":
            roots = self.trace.passes[step.backward_pass or 0].roots
            title = " and ".join(self.names.bar(root) for root in roots) + " is the seed"
            return StepText(title, self._backward.of_seed(step), self._arithmetic.of_seed(step))
        if step.update is not None:
            return StepText(
                update_sentences.title(self.names, step.update),
                update_sentences.sentence(self.names, step.update, self.trace.ops),
                update_sentences.arithmetic(self.names, step.update),
            )
        if step.kind == "zero_grad":
            title = f"{self.names.leaf(step)}.grad"
            return StepText(title, self._backward.of_cleared(step), self._arithmetic.of_gradient(step))
        if step.node is None:
            return StepText(step.kind, "", "")
        node = self.trace.nodes[step.node]
        if step.kind == "accumulate":
            title = f"{self.names.leaf(step)}.grad"
            return StepText(title, self._backward.of_accumulation(node, step), self._arithmetic.of_gradient(step))
        said = self._backward.of_node(node, step), self._arithmetic.of_node(node, step)
        return StepText(node.name, *said, self._saved((node.id,)))

    def _saved(self, nodes: tuple[int, ...]) -> tuple[str, ...]:
        kept = [self.trace.nodes[number] for number in nodes]
        return tuple(f"{node.name}: {text}" for node in kept for text in self.names.saved(node))
