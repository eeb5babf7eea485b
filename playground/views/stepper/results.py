"""What a text gives in the end: its outputs, and the gradient of each leaf, in sight whatever the step."""

from __future__ import annotations

from typing import Literal

from playground.explain.names import DisplayNames
from playground.explain.numbers import brief
from playground.trace.array import Array
from playground.trace.records import Value
from playground.trace.trace import Trace
from playground.views.stepper.picture_data import ResultData

MOST = 24  # that are shown


def results(trace: Trace, names: DisplayNames) -> list[ResultData]:
    """The outputs in their order, then the gradients of the leaves; none for a net, whose page says what it gives.

    A gradient is written `∂f/∂x` after one pass from one number, which is what `.grad` holds then; else `x.grad`. With
    tangents, those of the outputs.
    """
    if not trace.text or any(op.module for op in trace.ops):
        return []
    outputs = [trace.values[output] for output in dict.fromkeys(trace.outputs)]
    found = [_result(value, _shown(trace, names, value), "primal", value.data) for value in outputs]
    found += [_result(one, names.dot(one.id), "tangent", one.tangent) for one in outputs if one.tangent is not None]
    if trace.passes:
        root = _only_root(trace)
        for leaf in trace.values:
            if leaf.is_leaf and leaf.requires_grad:
                name = names.show(leaf.id)
                term = (
                    f"{name}.grad"
                    if root is None or leaf.grad is None
                    else f"∂{_shown(trace, names, trace.values[root])}/∂{name}"
                )
                found.append(_result(leaf, term, "grad", leaf.grad))
    return found[:MOST]


def _result(value: Value, term: str, of: Literal["primal", "tangent", "grad"], array: Array | None) -> ResultData:
    key = f"value-{value.id}" if value.op is None else f"op-{value.op}"
    return {"key": key, "term": term, "of": of, "text": "None" if array is None else brief(array)}


def _shown(trace: Trace, names: DisplayNames, value: Value) -> str:
    """The user's name for it where it is the last that has it: the `y` that a loop ends with, not one before."""
    last = max(other.id for other in trace.values if other.label == value.label)
    return names.show(value.id) if last != value.id or value.label == value.name else value.label


def _only_root(trace: Trace) -> int | None:
    """The number that the gradients are of; None where `.grad` holds something else at the end, or of several."""
    [first, *more] = trace.passes
    if more or len(first.roots) != 1 or trace.values[first.roots[0]].data.numel != 1:
        return None
    changed = any(step.changes or step.update is not None or step.kind == "zero_grad" for step in trace.steps)
    return None if changed else first.roots[0]
