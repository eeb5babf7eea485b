"""Records of one element of a tensor, opened to its arithmetic: plain data, nothing alive in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Index = tuple[int, ...]
Pattern = tuple[tuple[str, ...], ...]  # how the indices of the terms run: (('i', '7'), ('i', '12'))

# How far a sum in float64 may be from what was computed in the tensor's own precision, relative to its largest parts.
TOLERANCES = {"float64": 1e-9, "float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}


@dataclass(frozen=True, slots=True)
class Place:
    """One element of one value."""

    value: int
    index: Index


@dataclass(frozen=True, slots=True)
class GradientTerm:
    """One product of the chain rule: the adjoint of a result's element, times how that element depends on ours."""

    place: Place  # the element of the call's result
    adjoint: float
    derivative: float
    partner: Place | None  # of a product: the element that the derivative is

    @property
    def product(self) -> float:
        """The product that this term adds to the gradient."""
        return self.adjoint * self.derivative


@dataclass(frozen=True, slots=True)
class ElementUse:
    """One use of the value by a call, and what comes back from it."""

    op: int
    path: str
    total: float
    terms: tuple[GradientTerm, ...] = ()  # the largest ones, by size
    count: int = 0  # of all terms: elements of the result that depend on ours
    zeros: int = 0  # of them, those that add nothing because the adjoint that arrives is 0
    rest: float = 0.0  # the sum of those that are not in `terms`
    pattern: Pattern = ()  # of the result's index and, where there is one, the partner's
    obstacle: str = ""  # why this share is not split into terms; `total` is the recorded one then


@dataclass(frozen=True, slots=True)
class ElementGradient:
    """One element of a gradient as a sum over everything that used it."""

    place: Place
    recorded: float  # by PyTorch, in the last backward pass that reached the value
    uses: tuple[ElementUse, ...]
    root: int  # the value that this pass started from
    seed: float | None  # where the pass started from this very value
    accumulated: float | None  # a leaf's `.grad`, summed over all passes
    scale: float  # the size of the parts that are summed
    dtype: str

    @property
    def total(self) -> float:
        """The sum over all uses, and the seed."""
        return sum((use.total for use in self.uses), start=self.seed or 0.0)

    @property
    def agrees(self) -> bool:
        """Tell whether the total is the recorded number, up to rounding."""
        return is_close(self.total, self.recorded, self.scale, self.dtype)


@dataclass(frozen=True, slots=True)
class ValueTerm:
    """One part of a value: an element of an input, times a factor, or with its local derivative."""

    place: Place
    value: float
    factor: float
    partner: Place | None  # of a product: the element that the factor is


@dataclass(frozen=True, slots=True)
class ElementValue:
    """One element of a value as it was computed.

    `kind`: 'given' (a leaf or constant), 'products' (a sum of products of two inputs), 'sum' (each input times a
    constant), 'function' (anything else: `terms` hold the inputs that it depends on, and local derivatives as
    `factor`), 'unknown' (`obstacle` says why).
    """

    place: Place
    kind: Literal["given", "products", "sum", "function", "unknown"]
    recorded: float
    op: int | None = None
    terms: tuple[ValueTerm, ...] = ()  # the largest ones, by size
    count: int = 0
    rest: float = 0.0  # the sum of the products that are not in `terms`
    constant: float = 0.0  # what is added to the sum: a bias, a number
    bias: Place | None = None  # the element that this constant is
    pattern: Pattern = ()
    obstacle: str = ""

    @property
    def total(self) -> float:
        """The whole sum, of kinds 'products' and 'sum'."""
        return math.fsum([*(term.value * term.factor for term in self.terms), self.rest, self.constant])


def is_close(total: float, recorded: float, scale: float, dtype: str) -> bool:
    """Tell whether two numbers are the same up to the rounding of this dtype; `scale`: the size of what was summed."""
    if not (math.isfinite(total) and math.isfinite(recorded)):
        return repr(total) == repr(recorded)
    return abs(total - recorded) <= TOLERANCES.get(dtype, 0.0) * max(scale, abs(recorded)) + 1e-30
