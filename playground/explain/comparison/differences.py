"""How far two values are apart: in their numbers, and in their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from playground.explain.numbers import format_number, shape_text
from playground.trace.array import Array
from playground.trace.records import Value
from playground.trace.statistics import widened

Of = Literal["primal", "tangent", "adjoint", "grad"]


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two arrays of one shape are apart, over all elements; infinite where one of two numbers is not finite."""

    absolute: float  # the largest |a − b|
    relative: float  # the largest |a − b| / max(|a|, |b|)

    @classmethod
    def between(cls, one: Array, other: Array) -> Gap | None:
        """The gap, computed in float64; None where every number is the same, NaN and NaN included.

        ValueError: the shapes differ, or there are too many elements in a trace that was read from JSON.
        """
        if one.shape != other.shape:
            raise ValueError(f"{one.shape} and {other.shape}")
        first, second = one.dense(), other.dense()
        a, b = _wide(first), _wide(second)
        is_whole = not any(one.is_floating_point() or one.is_complex() for one in (first, second))
        same = first == second if is_whole else (a == b) | (a.isnan() & b.isnan())
        if bool(same.all()):
            return None
        apart = (a - b).abs()[~same]
        return cls(_largest(apart), _largest(apart / torch.maximum(a.abs(), b.abs())[~same]))


@dataclass(frozen=True, slots=True)
class Difference:
    """One pair of values that differ in their primal, their tangent or their gradient."""

    left: int  # position in the first trace's `values`
    right: int
    of: Of
    before: Array | None  # None: the first trace has none
    after: Array | None
    gap: Gap | None  # None: it cannot be said in a number

    @property
    def text(self) -> str:
        """The gap in few words: `apart by 1.2e−07, relative 3e−08`."""
        if self.before is None or self.after is None:
            return "only before" if self.after is None else "only now"
        if self.before.shape != self.after.shape:
            return f"shapes {shape_text(self.before.shape)} and {shape_text(self.after.shape)}"
        if self.gap is None:
            return "too large to compare"
        absolute, relative = format_number(self.gap.absolute, 2), format_number(self.gap.relative, 2)
        return f"apart by {absolute}, relative {relative}"


def differences(one: Value, other: Value, of: Of) -> Iterator[Difference]:
    """The difference of two values in one of these, if there is one."""
    before, after = _array(one, of), _array(other, of)
    if before is None and after is None:
        return
    try:
        gap = None if before is None or after is None else Gap.between(before, after)
        is_same = before is not None and after is not None and gap is None
    except ValueError:
        gap, is_same = None, before == after
    if not is_same:
        yield Difference(one.id, other.id, of, before, after, gap)


def _array(value: Value, of: Of) -> Array | None:
    return {"primal": value.data, "tangent": value.tangent, "adjoint": value.adjoint, "grad": value.grad}[of]


def _wide(tensor: Tensor) -> Tensor:
    """The same numbers in double precision."""
    return widened(tensor).to(torch.complex128 if tensor.is_complex() else torch.float64)


def _largest(numbers: Tensor) -> float:
    return float(numbers.nan_to_num(nan=torch.inf, posinf=torch.inf).max())
