"""The first call that made a NaN or an infinity."""

from __future__ import annotations

from cmath import isfinite

from playground.trace.array import Array
from playground.trace.non_finite.broken import Broken
from playground.trace.non_finite.reasons import reason
from playground.trace.records import Note, Op, Value

FEW = 100  # elements that are looked at one by one: statistics take longer


def first_non_finite(values: tuple[Value, ...], ops: tuple[Op, ...]) -> Note | None:
    """A note on the first op that made a NaN or an infinity out of numbers, or a NaN out of infinities that were given.

    None if all is finite, or was so when it came.
    """
    for op in ops:
        broken = next((values[index] for index in op.outputs if not is_finite(values[index].data)), None)
        if broken is None:
            continue
        inputs = {argument.path: values[argument.value].data for argument in op.inputs}
        what = "NaN" if has_nan(broken.data) else "infinity"
        if any(map(has_nan, inputs.values())) or (what == "infinity" and not all(map(is_finite, inputs.values()))):
            continue
        why = reason(Broken(op, what, inputs, broken.data))
        return Note("non_finite", f"{op.name} made the first {what}: {why}", broken.id, op.id)
    return None


def is_finite(data: Array) -> bool:
    """Tell whether no element is NaN or infinite."""
    if not data.dtype.startswith(("float", "bfloat", "complex")):
        return True
    if data.numel <= FEW and data.flat is not None:
        return all(map(isfinite, data.flat))
    statistics = data.statistics
    return statistics.nans == 0 and statistics.infinities == 0


def has_nan(data: Array) -> bool:
    """Tell whether any element is NaN."""
    return data.statistics.nans > 0
