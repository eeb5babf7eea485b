"""Nested lists of numbers, exactly as JSON can hold them: NaN, infinities and complex numbers included."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

Scalar = bool | int | float | complex
Nested = Any  # a Scalar, or a list of Nested: the shape is data, which the type system cannot say


def nest(flat: list[Any], shape: tuple[int, ...]) -> Nested:
    """Row-major elements as nested lists of `shape`.

    >>> nest([1, 2, 3, 4], (2, 2))
    [[1, 2], [3, 4]]
    """
    if not shape:
        return flat[0]
    step = math.prod(shape[1:])
    return [nest(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def flatten(nested: Nested, dimensions: int) -> list[Any]:
    """The inverse of `nest`: `dimensions` levels of lists, row-major."""
    rows = [nested]
    for _ in range(dimensions):
        rows = [element for row in rows for element in row]
    return rows


def encode(value: Nested) -> Nested:
    """JSON has no NaN, inf or complex: they become the strings 'NaN', 'Infinity', '-Infinity' and pairs [re, im]."""
    if isinstance(value, list):
        return [encode(element) for element in value]
    if isinstance(value, complex):
        return [encode(value.real), encode(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def decode(value: Any, complex_: bool = False) -> Any:
    """The inverse of `encode` for one number."""
    if complex_:
        return complex(decode(value[0]), decode(value[1]))
    return float(value) if isinstance(value, str) else value


def decode_all(elements: list[Any], complex_: bool = False) -> tuple[Any, ...]:
    """The inverse of `encode` for a list of numbers; ValueError for anything else."""
    numbers = tuple(elements if _all_numbers(elements) and not complex_ else [decode(e, complex_) for e in elements])
    require(_all_numbers(numbers), "an array holds numbers")
    return numbers


def _all_numbers(elements: Iterable[Any]) -> bool:
    return set(map(type, elements)) <= {int, float, bool, complex}


def all_finite(numbers: Iterable[Any]) -> bool:
    """Tell whether none is NaN or infinite."""
    return all(map(math.isfinite, numbers))


def require(fact: bool, message: str) -> None:
    """ValueError with this message unless the fact holds."""
    if not fact:
        raise ValueError(message)
