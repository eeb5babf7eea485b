"""Sentences on the steps of the engine: the seed, each backward node, each gradient stored or cleared."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from playground.explain.broadcasting import summed_axes, summed_from
from playground.explain.derivatives.table import GENERIC
from playground.explain.first_broken import broken_sentence, first_broken
from playground.explain.formulas import Formulas
from playground.explain.numbers import listed, shape_text
from playground.explain.running_sums import RunningSums
from playground.trace.records import BackwardNode, Step


class BackwardSentences:
    """Writes the sentences of one trace's backward passes."""

    def __init__(self, formulas: Formulas, sums: RunningSums) -> None:
        self.trace = formulas.trace
        self.names = formulas.names
        self._formulas = formulas
        self._sums = sums

    def of_seed(self, step: Step) -> str:
        """The start of a pass, and the meaning of a bar."""
        number = step.backward_pass or 0
        roots = self.trace.passes[number].roots
        names = listed([self.names.show(root) for root in roots])
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
        """The root of a pass in words where it is a gradient that an earlier pass computed, else ''."""
        before = self.trace.passes[number - 1]
        op = self.trace.values[roots[0]].op
        made = op is not None and self.trace.ops[op].qualname.startswith("torch.autograd.")
        if not made or not before.create_graph or len(roots) != 1:
            return ""
        gradient = self.trace.values[roots[0]].data
        leaves = [
            leaf
            for (at, leaf), total in self._sums.of_leaves.items()
            if at == before.id and total.shape == gradient.shape and total.flat == gradient.flat
        ]
        of = listed([self.names.show(root) for root in before.roots])
        by = f" with respect to {self.names.show(leaves[0])}" if len(leaves) == 1 else ""
        return f"the gradient of {of}{by} from pass {number}"

    def of_cleared(self, step: Step) -> str:
        """`x.grad` is set back to None, or to a tensor by hand."""
        name = f"{self.names.leaf(step)}.grad"
        if step.grad_after is not None:
            return f"{name} is set by hand: the next backward pass adds to what it is set to."
        return f"{name} is cleared: the next backward pass starts afresh instead of adding to it."

    def of_accumulation(self, node: BackwardNode, step: Step) -> str:
        """A gradient that arrived at a leaf is stored in its `.grad`, or added to it."""
        incoming = "the gradient that arrived" if node.leaf is None else self.names.bar(node.leaf)
        if step.grad_before is None:
            return f"{_begun(incoming)} is stored in {self.names.leaf(step)}.grad. {node.name} does this."
        what = f"{_begun(incoming)} is added to what {self.names.leaf(step)}.grad already holds"
        return f"{what}: gradients add up until they are cleared. {node.name} does this.{self._one_memory(step)}"

    def _one_memory(self, step: Step) -> str:
        """The sentence on what changes with a `.grad`, because it looks at the same memory; else ''."""
        show = self.names.show
        changed = [f"{show(c.value)}.grad" if c.of == "grad" else show(c.value) for c in step.changes]
        if not changed:
            return ""
        name, others = f"{self.names.leaf(step)}.grad", listed(changed)
        verb, it = ("changes", "it looks") if len(changed) == 1 else ("change", "they look")
        return f" {others} {verb} with {name}, as {it} at one memory: PyTorch stored the first gradient without a copy."

    def of_node(self, node: BackwardNode, step: Step) -> str:
        """A backward node: what it received, where it sends a product, by which rule, from which saved tensors."""
        arrived = self._formulas.arrived(step) or ["what arrived, g,"]
        kept = {saved.value for saved in node.saved if saved.value is not None}
        uses = f", with the saved {listed([self.names.show(value) for value in sorted(kept)])}" if kept else ""
        made = (
            ""
            if step.op is None
            else f" create_graph records it in turn: {self.names.equation(self.trace.ops[step.op])}."
        )
        sent = self._sent(node, step)
        goes = "goes" if len(arrived) == 1 else "go"
        sentence = f"{_begun(listed(arrived))} {goes} {sent or 'no further'}. {node.name} does this{uses}.{made}"
        return sentence + self._stretched(node, step) + self._fan_out(node, step) + self._first_nan(step)

    def _sent(self, node: BackwardNode, step: Step) -> str:
        """Where it goes, and by which rule: `to a and b, each times the other factor`."""
        row = self._formulas.derivative(step)
        targets = [self.names.target(node, part) for part in step.contributions]
        places = [node.edges[part.edge].number for part in step.contributions]
        if not targets:
            return ""
        if len(places) < len(row.each) and all(place < len(row.each) for place in places):  # not all that it tells of
            phrases = [self._formulas.words(step, row.each[place]) or GENERIC.phrase for place in places]
            return ", and ".join(f"to {name}, {phrase}" for name, phrase in zip(targets, phrases, strict=True))
        phrase = self._formulas.words(step, row.phrase) or GENERIC.phrase
        counts = Counter(targets)
        return f"to {listed([f'{name} (twice)' if count == 2 else name for name, count in counts.items()])}, {phrase}"

    def _stretched(self, node: BackwardNode, step: Step) -> str:
        """Broadcasting: the engine sums over the axes that the forward pass stretched."""
        said = []
        for part in step.contributions:
            if (wide := summed_from(part)) is not None and not node.name.startswith("Expand"):
                small = shape_text(part.data.shape)
                axes = summed_axes(wide, part.data.shape)
                stretched = f" {self.names.target(node, part)} was stretched from {small} to {shape_text(wide)}"
                said.append(f"{stretched}, so its contribution is summed over {axes}.")
        return "".join(dict.fromkeys(said))

    def _fan_out(self, node: BackwardNode, step: Step) -> str:
        later = [
            node.edges[part.edge].value
            for place, part in enumerate(step.contributions)
            if (step.index, place) in self._sums.arrived_before
        ]
        names = listed(list(dict.fromkeys(self.names.show(value) for value in later if value is not None)))
        verb = "are" if " and " in names else "is"
        return f" {names} {verb} used more than once: the contributions add up." if names else ""

    def _first_nan(self, step: Step) -> str:
        """The first NaN or infinity that the backward pass itself makes."""
        return f" {broken_sentence(self._formulas, step)}" if step.index == self._first_broken else ""

    @cached_property
    def _first_broken(self) -> int | None:
        return first_broken(self.trace.steps)


def _begun(text: str) -> str:
    """The beginning of a sentence: words with a capital, names as they are."""
    return text[0].upper() + text[1:] if text.startswith(("what ", "the ")) else text
