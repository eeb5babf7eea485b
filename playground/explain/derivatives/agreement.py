"""The comparison of a formula with what PyTorch computed: the same numbers, up to rounding."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from playground.explain.broadcasting import summed_from
from playground.explain.derivatives.derivative import Formula
from playground.explain.derivatives.recorded import Recorded, Summarised
from playground.trace.array import DTYPES
from playground.trace.records import Contribution

EXACT = 65_536  # elements that are compared one by one; above that every `STRIDE`th
STRIDE = 61  # a prime, so that it meets every row and column
ROUNDINGS = 64  # a few operations, each rounded in the dtype of the recording
COARSE_ROUNDINGS = 4  # in half precision, where PyTorch rounds the result alone
_FAILURES = (RuntimeError, LookupError, TypeError, ValueError, ArithmeticError)


@lru_cache(maxsize=64)
def precision(dtype: str) -> float:
    """The gap between 1 and the next number of a dtype; 0 for whole numbers."""
    found = DTYPES[dtype]
    return torch.finfo(found).eps if found.is_floating_point or found.is_complex else 0.0


def holds(formula: Formula, recorded: Recorded, part: Contribution) -> bool | None:
    """Tell whether a formula gives a step's contribution, element by element; None if only shapes are known, and fit.

    Of more than `EXACT` elements a fixed selection is compared, and a product is not computed again: whether these
    hold depends on settings, since no formula whose truth depends on the numbers is written for large tensors.
    """
    try:
        if part.data.numel == 1 and recorded.is_scalar():
            return _holds_once(formula, recorded, part) or _holds_everywhere(formula, recorded, part)
        if part.data.numel > EXACT:
            recorded = recorded.selected(part.data, STRIDE)
            if formula.is_product:
                raise Summarised("too many to compute a product again")
        return _holds_everywhere(formula, recorded, part)
    except Summarised:
        return _fits(formula, recorded, part)
    except _FAILURES:
        return False


def _fits(formula: Formula, recorded: Recorded, part: Contribution) -> bool | None:
    """False where a formula gives another shape than that of the contribution; None: by the shapes it may hold."""
    try:
        return None if _product(formula, recorded.without_numbers(), part) is not None else False
    except _FAILURES:  # it depends on the numbers
        return None


def _holds_once(formula: Formula, recorded: Recorded, part: Contribution) -> bool:
    """Compare one number with one number."""
    value = formula.value(recorded)
    if isinstance(value, Tensor):
        if value.numel() != 1:
            return False
        value = value.item()
    sent = part.data.item()
    product = value if formula.is_product else recorded.adjoint() * value
    if isinstance(product, complex) and not isinstance(sent, complex):
        return False
    eps = precision(part.data.dtype)
    return eps != 0 and agree(product, sent, eps)


def _holds_everywhere(formula: Formula, recorded: Recorded, part: Contribution) -> bool:
    found, expected = _product(formula, recorded, part), recorded.expected(part.data)
    if found is None or (found.is_complex() and not expected.is_complex()):
        return False
    eps = precision(part.data.dtype)
    if not eps:
        return False
    wide = expected.to(found.dtype)
    if torch.equal(found, wide):
        return True
    error = torch.where(found.isfinite(), (found - wide).abs(), math.inf)  # else ∞ is within ∞ of anything
    limit = (found.abs() + wide.abs()) * (eps * _roundings(eps)) + torch.finfo(expected.dtype).tiny
    same = (error <= limit) & error.isfinite()
    if _all(same):
        return True
    same |= _identical(found, wide, expected)
    if _all(same):
        return True
    wider = limit + ROUNDINGS * _rounding(formula, recorded, part, found, eps)
    return _all(same | ((error <= wider) & error.isfinite()))


def _roundings(eps: float) -> int:
    return ROUNDINGS if eps < 1e-6 else COARSE_ROUNDINGS


def agree(product: complex, total: complex, eps: float) -> bool:
    """Tell whether two numbers are the same up to rounding; NaN is the same as NaN."""
    if product == total or (product != product and total != total):
        return True
    gap = abs(product - total)
    return gap < math.inf and gap <= _roundings(eps) * eps * (abs(product) + abs(total)) + 1e-37


def numbers(formula: Formula, recorded: Recorded) -> Tensor | None:
    """The local derivative that a formula gives, in double precision; None where it cannot be evaluated."""
    try:
        value = formula.value(recorded)
    except _FAILURES:
        return None
    if isinstance(value, Tensor):
        return value
    return torch.tensor(value, dtype=torch.complex128 if isinstance(value, complex) else torch.float64)


def one_number(formula: Formula, recorded: Recorded) -> complex | None:
    """The local derivative that a formula gives, where it is one number."""
    value = numbers(formula, recorded)
    return value.item() if value is not None and value.numel() == 1 else None


def conjugated(formula: Formula, *, to_real: bool) -> Formula:
    """A local derivative as PyTorch has it for complex numbers: conjugated, its real part for a real argument."""

    def conjugate(recorded: Recorded) -> Tensor:
        return torch.as_tensor(formula.value(recorded)).conj()

    if not to_real:
        return Formula(f"conj({formula.text})", rf"\overline{{{formula.latex}}}", conjugate)
    return Formula(
        f"Re(@g · conj({formula.text}))",
        rf"\operatorname{{Re}}\left(@g \, \overline{{{formula.latex}}}\right)",
        lambda recorded: (recorded.g * conjugate(recorded)).real,
    )


def _product(formula: Formula, recorded: Recorded, part: Contribution) -> Tensor | None:
    """The contribution that a formula gives, in the recorded shape; None where it has another shape."""
    value = formula.value(recorded)
    product = value if formula.is_product else recorded.g * value
    found = product if isinstance(product, Tensor) else torch.tensor(product)
    shape = recorded.shape(part.data)
    if tuple(found.shape) == shape:
        return found
    if summed_from(part) is not None and found.dim() >= len(shape):
        return found.sum_to_size(shape)
    try:
        return found.expand(shape)
    except RuntimeError:
        return None


def _rounding(formula: Formula, recorded: Recorded, part: Contribution, found: Tensor, eps: float) -> Tensor:
    """How much of a gap rounding explains: what the formula gives in lower precision, on the very same numbers.

    A gap that cancellation makes is seen here, and none that a tie or a limit makes: these stay what they are. A sum
    of products may by accident be exact at one element, so there the largest gap of all counts.
    """
    coarse = recorded.again()
    try:
        again = _product(formula, coarse, part)
    except _FAILURES:
        again = None
    if again is None:
        return torch.zeros(())
    gap = (again.to(found.dtype) - found).abs()
    gap = torch.where(gap.isfinite(), gap, 0)
    scale = min(1.0, eps / torch.finfo(again.dtype).eps) if again.is_floating_point() or again.is_complex() else 0.0
    if formula.is_product and gap.numel():
        gap = gap.max()
    return gap * scale


def _identical(found: Tensor, wide: Tensor, expected: Tensor) -> Tensor:
    """Equal, infinities and NaN too, or equal once rounded to the recorded dtype."""
    rounded = found.to(expected.dtype).to(found.dtype)
    return (rounded == wide) | (found.isnan() & wide.isnan())


def _all(mask: Tensor) -> bool:
    return bool(mask.all())
