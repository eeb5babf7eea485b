"""Why a call made a NaN or an infinity: from the numbers that it computed the first such element from.

A sentence says no more than is certain. Finite numbers whose sum, product or exponential is infinite can only have
overflowed; a logarithm or a quotient is asked what it was given at that element. Where the elements are not kept, all
that the function could have met is said; and where nothing is known of it, only that its inputs are finite.
"""

from __future__ import annotations

import cmath
import math
import re

import torch

from playground.trace.array import DTYPES
from playground.trace.non_finite.broken import Broken
from playground.trace.non_finite.calls import NO_NUMBERS, reason_of_call
from playground.trace.non_finite.functions import (
    BY_STEPS,
    FUNCTIONS,
    IN_ONE_STEP,
    PUTS_NUMBERS,
    UNKNOWN,
    Case,
    plain_name,
)

_WITH_INFINITY = {
    **dict.fromkeys(("add", "sub"), "∞ − ∞ has no value"),
    "mul": "0 × ∞ has no value",
    "div": "∞ / ∞ has no value",
}
_NON_FINITE = re.compile(r"\b(nan|inf)\b")


def reason(broken: Broken) -> str:
    """Say why, in words that end a sentence."""
    name = plain_name(broken.op.name)
    rules = (_given, _of_infinity, _converted, reason_of_call, _of_elements)
    return next(filter(None, (rule(broken, name) for rule in rules)), "") or _no_inputs(broken)


def _given(broken: Broken, name: str) -> str:
    """NaN or infinity is among the arguments that are no tensors."""
    texts = [constant.text for constant in broken.op.constants if constant.text[:1] not in "'\""]
    found = {word for text in texts for word in _NON_FINITE.findall(text)}
    if not found:
        return ""
    if broken.what == "NaN" and name == "mul" and "nan" not in found:
        return "0 × ∞ has no value"
    kind = "NaN" if "nan" in found else "infinity"
    if name in PUTS_NUMBERS and kind == broken.what:
        return f"{kind} is what it was given"
    return f"one of the numbers that it was given is {kind}"


def _of_infinity(broken: Broken, name: str) -> str:
    """Infinity is among the elements that it was given: not every computation with it has a value."""
    numbers = broken.numbers if name in FUNCTIONS or name in _WITH_INFINITY else []  # the place tells of these alone
    if numbers and not any(map(cmath.isinf, numbers)):
        return ""
    if not any(array.statistics.infinities for array in broken.inputs.values()):
        return ""
    if numbers and name in _WITH_INFINITY and not broken.is_complex:
        return _WITH_INFINITY[name]
    return "one of the numbers that it was given is infinity, and not all that is computed with it has a value"


def _converted(broken: Broken, name: str) -> str:
    """A single number among the operands is infinity, or 0, in the dtype of the result."""
    if name not in FUNCTIONS and name not in ("add", "sub", "mul"):
        return ""
    dtype = broken.result.dtype.replace("complex64", "float32").replace("complex128", "float64")
    for number in broken.scalars:
        held = 0.0 if isinstance(number, complex) else torch.tensor(float(number), dtype=DTYPES[dtype]).item()
        if math.isinf(held):
            return f"{dtype} holds {number:g} as infinity: it lies beyond {limit_of(dtype)}"
        if held == 0 and number != 0 and not isinstance(number, complex):
            return f"{dtype} holds {number:g} as 0: it is too small"
    return ""


def _of_elements(broken: Broken, name: str) -> str:
    """By the numbers at the place; by all that a function could have met where they are not known."""
    function = FUNCTIONS.get(name)
    overflow = _overflow(broken, name)
    if function is None:
        return overflow
    if len(broken.numbers) >= function.operands:
        return next((case.sentence for case in function.cases if case.is_met(broken.numbers)), overflow)
    if broken.is_complex:
        return ""
    possible = [*_sentences(function.cases, broken.what), *filter(None, [overflow])]
    return ", or ".join(possible)


def _sentences(cases: tuple[Case, ...], what: str) -> list[str]:
    return list(dict.fromkeys(case.sentence for case in cases if case.what == what))


def _overflow(broken: Broken, name: str) -> str:
    """For what is made of sums, products, powers and exponentials: finite, of finite numbers, unless too large."""
    if name not in IN_ONE_STEP | BY_STEPS or (broken.is_complex and name in FUNCTIONS):
        return ""
    limit = limit_of(broken.result.dtype)
    at_once = name in IN_ONE_STEP and not broken.is_complex and not broken.text("alpha")
    if broken.what == "NaN":
        way = f"a number on the way to it overflows, beyond {limit}, and what is computed with infinity has no value"
        return "" if at_once else way
    if at_once:
        return f"the result overflows: it lies beyond {limit}"
    return f"it overflows: the result, or a number on the way to it, lies beyond {limit}"


def limit_of(dtype: str) -> str:
    """The number beyond which a dtype, or each part of a complex one, holds infinity.

    >>> limit_of("float16"), limit_of("complex64")
    ('the limit of 65504, the largest float16', 'the limit of 3.4e+38, the largest float32')
    """
    real = DTYPES[dtype].to_real()
    largest = torch.finfo(real).max
    number = f"{largest:g}" if largest < 1e6 else f"{largest:.3g}"
    return f"the limit of {number}, the largest {str(real).removeprefix('torch.')}"


def _no_inputs(broken: Broken) -> str:
    arrays = broken.inputs.values()
    return NO_NUMBERS if arrays and not any(array.numel for array in arrays) else UNKNOWN
