"""Numbers and nested lists as tensors, with the dtype that PyTorch gives them in a fresh process."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.language.function import Value


def flat(value: Value) -> list[Value]:
    """Return all items of nested lists."""
    return [part for item in value for part in flat(item)] if isinstance(value, list | tuple) else [value]


def depth(value: Value) -> int:
    """Count the levels of lists."""
    return 1 + max((depth(item) for item in value), default=0) if isinstance(value, list | tuple) else 0


def is_numeric(value: Value) -> bool:
    """Tell whether all items are plain numbers."""
    return all(isinstance(part, int | float) for part in flat(value))


def dtype_of(value: Value) -> torch.dtype:
    """float32 if any number has a point (or there is none), else int64, else bool.

    >>> dtype_of([1, 2.5]), dtype_of([True, 3])
    (torch.float32, torch.int64)
    """
    kinds = {_kind(part) for part in flat(value)}
    return torch.float32 if float in kinds or not kinds else torch.int64 if int in kinds else torch.bool


def _kind(value: Value) -> type:
    if isinstance(value, Tensor):
        return float if value.is_floating_point() else bool if value.dtype == torch.bool else int
    return type(value)


def plain_tensor(numbers: Value, dtype: torch.dtype | None = None) -> Tensor:
    """A number or nested lists of numbers as a tensor."""
    return torch.tensor(numbers, dtype=dtype or dtype_of(numbers))


def shape_in(value: Value) -> tuple[int, ...] | None:
    """The shape of the tensor that nested lists make; None where they make none.

    >>> shape_in([[1, 2], [3, 4]]), shape_in([[1, 2], [3]])
    ((2, 2), None)
    """
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if not isinstance(value, list | tuple):
        return () if isinstance(value, int | float) else None
    inside = {shape_in(item) for item in value}
    first = next(iter(inside), ())
    return None if len(inside) > 1 or first is None else (len(value), *first)


def as_one(value: object) -> object:
    """Nested lists of tensors and numbers as one tensor; anything else as it is."""
    if not isinstance(value, list):
        return value
    is_plain = not any(isinstance(item, list | tuple | torch.Tensor) for item in value)
    return torch.tensor(value) if is_plain else torch.stack([torch.as_tensor(as_one(item)) for item in value])
