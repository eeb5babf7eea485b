"""The first call that made a NaN or an infinity, and why: log of a negative number, 0/0, overflow."""

from __future__ import annotations

import math

import torch

from playground.trace.array import DTYPES, Array
from playground.trace.records import Note, Op, Value

_OVERFLOWING = frozenset({"exp", "exp2", "expm1", "pow", "mul", "square", "matmul", "sum", "cosh", "sinh", "prod"})
_DIVISIONS = frozenset({"div", "truediv", "rdiv", "rtruediv", "reciprocal"})


def first_non_finite(values: tuple[Value, ...], ops: tuple[Op, ...]) -> Note | None:
    """A note on the first op with a NaN or infinity in its outputs and none in its inputs; None if all is finite."""
    for op in ops:
        broken = [values[index] for index in op.outputs if not is_finite(values[index].data)]
        if not broken:
            continue
        inputs = [values[argument.value].data for argument in op.inputs]
        if not all(is_finite(data) for data in inputs):
            continue
        what = "NaN" if has_nan(broken[0].data) else "infinity"
        return Note("non_finite", f"{op.name} made the first {what}: {_reason(op, inputs, what)}", broken[0].id, op.id)
    return None


def is_finite(data: Array) -> bool:
    """Tell whether no element is NaN or infinite."""
    if not data.dtype.startswith(("float", "bfloat", "complex")):
        return True
    statistics = data.statistics
    return statistics.nans == 0 and statistics.infinities == 0


def has_nan(data: Array) -> bool:
    """Tell whether any element is NaN."""
    return data.statistics.nans > 0


def _reason(op: Op, inputs: list[Array], what: str) -> str:
    lowest = min((data.statistics.minimum for data in inputs if data.statistics.minimum is not None), default=math.nan)
    numbers = [number for constant in op.constants if (number := _number(constant.text)) is not None]
    has_zero = any(data.statistics.zeros > 0 for data in inputs) or 0.0 in numbers
    if any(math.isinf(number) for number in numbers) and what == "infinity":
        return "infinity is what it was given"
    if op.name.startswith("log"):
        return "the logarithm of a negative number is not real" if lowest < 0 else "the logarithm of 0 is -infinity"
    if op.name in ("pow", "rpow") and what == "infinity" and has_zero:
        return "0 to a negative power is a division by 0"
    if op.name in ("rsqrt", "atanh", "arctanh") and what == "infinity":
        return "it grows beyond every limit there"
    if op.name == "sqrt" or (op.name == "pow" and what == "NaN"):
        return "a root of a negative number is not real"
    if op.name in ("asin", "acos", "arcsin", "arccos"):
        return "it is defined between -1 and 1 only"
    if op.name in _DIVISIONS and has_zero:
        return "0 / 0 has no value" if what == "NaN" else "something was divided by 0"
    if op.name in _OVERFLOWING or what == "infinity":
        largest = torch.finfo(DTYPES[inputs[0].dtype]).max if inputs and _is_real(inputs[0]) else None
        limit = "" if largest is None else f" of {largest:.3g}, the largest {inputs[0].dtype}"
        return f"the result overflows: it lies beyond the limit{limit}"
    return "it is not defined for these inputs"


def _number(text: str) -> float | None:
    """The number that a plain argument is."""
    try:
        return float(text)
    except ValueError:
        return None


def _is_real(data: Array) -> bool:
    return data.dtype.startswith(("float", "bfloat"))
