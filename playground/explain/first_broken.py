"""The first NaN or infinity that a backward pass itself makes: in which step, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import Tensor

from playground.explain.formulas import Formulas
from playground.recorder.replay import as_float64
from playground.trace.array import DTYPES, Array
from playground.trace.non_finite.first import has_nan, is_finite
from playground.trace.non_finite.reasons import limit_of
from playground.trace.records import Contribution, Step


def first_broken(steps: Iterable[Step]) -> int | None:
    """The first backward step whose adjoint is finite and whose contributions are not."""
    for step in steps:
        if step.kind == "node" and not all(is_finite(part.data) for part in step.contributions):
            finite = all(array is None or is_finite(array) for array in step.incoming)
            return step.index if finite else None
    return None


def broken_sentence(formulas: Formulas, step: Step) -> str:
    """Say what a step made, and why, as far as its product is that of the adjoint and a local derivative."""
    broken = [part for part in step.contributions if not is_finite(part.data)]
    part = next((part for part in broken if has_nan(part.data)), broken[0])
    what = "NaN" if has_nan(part.data) else "infinity"
    reason = _reason(formulas, step, part, what)
    return f"Here is the first {what} of the backward pass{': ' if reason else ''}{reason}."


def _reason(formulas: Formulas, step: Step, part: Contribution, what: str) -> str:
    """By the adjoint and the local derivative at the first place where their product is not finite."""
    adjoint, local = formulas.adjoint(step).content, formulas.local_numbers(step, part)
    if not isinstance(adjoint, Array) or local is None:
        return ""
    arrived = as_float64(adjoint.dense())
    product = arrived * local
    if product.is_complex():
        return ""
    places = _places(product.to(DTYPES[part.data.dtype]), what)
    if places.numel() == 0:  # several such products are summed
        return ""
    number, derivative = (float(t.expand(product.shape).reshape(-1)[places[0]]) for t in (arrived, local))
    if math.isnan(derivative):
        return "the local derivative has no value there"
    if math.isinf(derivative):
        return "0 × ∞ has no value" if number == 0 else "the local derivative comes out as infinity there"
    return f"the product overflows, it lies beyond {limit_of(part.data.dtype)}"


def _places(product: Tensor, what: str) -> Tensor:
    found = product.isnan() if what == "NaN" else product.isinf()
    return found.reshape(-1).nonzero()
