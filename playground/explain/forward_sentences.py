"""Sentences on a call: its result, the nodes that PyTorch records for the backward pass, its tangent."""

from __future__ import annotations

from collections import Counter

from playground.explain.names import DisplayNames
from playground.explain.numbers import listed
from playground.trace.array import Array
from playground.trace.records import Op
from playground.trace.trace import Trace

_RENORMALISES = "shortens the rows that it looks up, where they are longer than max_norm, in"
LISTED_NODES = 4  # a call that made more of them names the first and the last


class ForwardSentences:
    """Writes the sentences of one trace's calls."""

    def __init__(self, trace: Trace, names: DisplayNames) -> None:
        self.trace = trace
        self.names = names

    def of_op(self, op: Op) -> str:
        """Describe one call: `v₃ = sin(x2); PyTorch records SinBackward0, which saves x2.`"""
        text = self.names.equation(op)
        if op.name == "accumulate":
            return f"Two contributions to one gradient are added, as an op that can be differentiated in turn: {text}."
        if op.in_place and op.inputs:
            what = listed([self.names.show(value) for value in overwritten(self.trace, op)])
            text += f", in place: it {_RENORMALISES if op.name == 'embedding' else 'overwrites'} {what}"
        nodes = [self.trace.nodes[node] for node in op.nodes]
        kept = {saved.value for node in nodes for saved in node.saved if saved.value is not None}
        keeps = f", which saves {listed([self.names.show(value) for value in sorted(kept)])}" if kept else ""
        recorded = f"PyTorch records {_counted([node.name for node in nodes])}{keeps}"
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
        elif op.in_place and any(value.requires_grad for value in outputs):
            return "what PyTorch records for the memory that it shares is not seen here"
        return f"nothing is recorded for the backward pass{reason}"

    def _tangent_sentence(self, op: Op) -> str:
        """The tangent in forward mode, and its meaning at the output."""
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


def overwritten(trace: Trace, op: Op) -> list[int]:
    """The arguments of an in-place call that it writes to: those of which it makes a newer version."""
    results = {(trace.values[output].shape, trace.values[output].version) for output in op.outputs}
    is_method = op.name == "setitem" or op.name.endswith("_")  # writes to its first argument; others may be views of it
    values = [trace.values[argument.value] for argument in op.inputs if argument.path == "0" or not is_method]
    found = [value.id for value in values if value.was_modified and (value.shape, value.version + 1) in results]
    return list(dict.fromkeys(found)) or [op.inputs[0].value]


def _is_real(array: Array) -> bool:
    return array.dtype.startswith(("float", "bfloat", "complex"))


def _is_one(array: Array) -> bool:
    return array.numel == 1 and array.item() == 1


def _counted(names: list[str]) -> str:
    """A list of nodes, the same ones counted, the middle of a long one left out."""
    counted = [name if count == 1 else f"{name} ({count} of them)" for name, count in Counter(names).items()]
    if len(counted) > LISTED_NODES:
        return f"{len(names)} nodes, {names[0]} to {names[-1]}"
    return listed(counted)
