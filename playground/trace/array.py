"""`Array`: the numbers of one tensor as immutable plain data, exact up to a limit, summarised beyond it."""

from __future__ import annotations

import math
import os
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from playground.trace.json_numbers import Nested, Scalar, all_finite, decode, decode_all, encode, flatten, nest, require
from playground.trace.statistics import Statistics, statistics, thumbnail

EXACT_ELEMENTS = int(os.environ.get("PLAYGROUND_EXACT_ELEMENTS", "1024"))
DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in vars(torch).values() if isinstance(dtype, torch.dtype)}


class Array:
    """An immutable array: `shape`, `dtype`, and either every element or statistics and a thumbnail.

    Made from a detached tensor, it reads the numbers only when they are asked for: recording stays cheap.
    The tensor must not be written to afterwards; a write is noticed (by its version counter) and raises RuntimeError.
    `version`: the counter when the numbers were right, if that was earlier.

    >>> a = Array(torch.tensor([[1.0, 2.0]]))
    >>> a.shape, a.dtype, a.tolist()
    ((1, 2), 'float32', [[1.0, 2.0]])
    """

    __slots__ = ("_flat", "_statistics", "_tensor", "_thumbnail", "_version", "dtype", "shape")

    def __init__(self, tensor: Tensor, version: int | None = None) -> None:
        self.shape: tuple[int, ...] = tuple(tensor.shape)
        self.dtype: str = _dtype_name(tensor.dtype)
        self._version: int = version_of(tensor) if version is None else version
        if not tensor.is_cpu:  # a device that is asked for single numbers waits each time
            self._require_unwritten(tensor)
            tensor = tensor.detach().cpu()
            self._version = version_of(tensor)
        self._tensor: Tensor | None = tensor.detach() if tensor.requires_grad else tensor
        self._flat: tuple[Scalar, ...] | None = None
        self._statistics: Statistics | None = None
        self._thumbnail: tuple[tuple[float, ...], ...] | None = None

    @property
    def numel(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def is_exact(self) -> bool:
        """Tell whether every element is kept (at most `EXACT_ELEMENTS`); otherwise only the summary is."""
        return self._flat is not None or (self._tensor is not None and self.numel <= EXACT_ELEMENTS)

    @property
    def flat(self) -> tuple[Scalar, ...] | None:
        """Every element in row-major order, or None where there are too many to keep."""
        if self._flat is None and self.is_exact:
            self._flat = tuple(self._dense().reshape(-1).tolist())
        return self._flat

    @property
    def statistics(self) -> Statistics:
        """Extremes, mean, norm and counts; of all elements, however many."""
        if self._statistics is None:
            self._statistics = statistics(self._dense())
        return self._statistics

    @property
    def thumbnail(self) -> tuple[tuple[float, ...], ...]:
        """A picture of at most 16 x 16 block means of the last two axes (first index of the others), to 4 digits."""
        if self._thumbnail is None:
            self._thumbnail = thumbnail(self._dense())
        return self._thumbnail

    def tolist(self) -> Nested:
        """A number (0-d) or nested lists of numbers, as `Tensor.tolist()`; None where there are too many to keep."""
        if not self.shape or self._tensor is None:
            flat = self.flat
            return None if flat is None else nest(list(flat), self.shape) if self.shape else flat[0]
        return self._dense().tolist() if self.is_exact else None

    def item(self) -> Scalar:
        """The one element; ValueError if there is not exactly one."""
        if self.flat is None or len(self.flat) != 1:
            raise ValueError(f"an array of shape {self.shape} has no single element")
        return self.flat[0]

    def tensor(self) -> Tensor:
        """The numbers as a new tensor; ValueError where they were too many to keep."""
        if self._tensor is not None:
            return self._dense().clone()
        if self._flat is None:
            raise ValueError(f"an array of shape {self.shape} keeps only its summary")
        return torch.tensor(self._flat, dtype=DTYPES[self.dtype]).reshape(self.shape)

    def dense(self) -> Tensor:
        """The numbers as a tensor that shares memory with the record: to be read, never written to."""
        return self._dense()

    def _dense(self) -> Tensor:
        tensor = self._tensor
        if tensor is None:  # read back from JSON: rebuild from the exact elements
            return self.tensor()
        self._require_unwritten(tensor)
        if tensor.layout is not torch.strided:
            tensor = tensor.to_dense()
        if tensor._is_zerotensor():  # a gradient of zeros that PyTorch never allocated
            return torch.zeros(tensor.shape, dtype=tensor.dtype)
        return tensor.resolve_conj().resolve_neg()

    def _require_unwritten(self, tensor: Tensor) -> None:
        if version_of(tensor) != self._version:
            raise RuntimeError("a recorded tensor was written to after the recording; clone it first")

    def to_json(self) -> dict[str, Any]:
        """`shape`, `dtype`, and `data` (exact, nested lists) or `summary` (statistics and thumbnail)."""
        document: dict[str, Any] = {"shape": list(self.shape), "dtype": self.dtype, "data": self.encoded()}
        if not self.is_exact:
            document["summary"] = {
                **{key: encode(number) for key, number in asdict(self.statistics).items()},
                "thumbnail": [list(row) if all_finite(row) else encode(list(row)) for row in self.thumbnail],
            }
        return document

    def encoded(self) -> Nested:
        """`tolist()` as JSON can hold it; None where there are too many elements."""
        if self.flat is None:
            return None
        nested = self.tolist()
        return nested if not self.dtype.startswith("complex") and all_finite(self.flat) else encode(nested)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Array:
        """The inverse of `to_json`, exact."""
        array = cls.__new__(cls)
        array.shape = tuple(document["shape"])
        array.dtype = document["dtype"]
        array._tensor, array._version = None, 0
        array._flat = array._statistics = array._thumbnail = None
        require(all(type(length) is int and length >= 0 for length in array.shape), "a shape holds sizes")
        require(array.dtype in DTYPES, f"no such dtype: {array.dtype}")
        summary = document.get("summary")
        if summary is None:
            array._flat = decode_all(flatten(document["data"], len(array.shape)), array.dtype.startswith("complex"))
            require(len(array._flat) == array.numel, f"{len(array._flat)} elements do not fill {array.shape}")
        else:
            fields = {key: decode(number) for key, number in summary.items() if key != "thumbnail"}
            require({type(number) for number in fields.values()} <= {int, float, type(None)}, "statistics are numbers")
            array._statistics = Statistics(**fields)
            array._thumbnail = tuple(decode_all(row) for row in summary["thumbnail"])
        return array

    def __eq__(self, other: object) -> bool:
        """Same shape, dtype and numbers; NaN equals NaN, and 0.0 differs from -0.0."""
        return self is other or (isinstance(other, Array) and self._key() == other._key())

    def _key(self) -> tuple[Any, ...]:
        flat = self.flat
        return self.shape, self.dtype, repr(flat), repr((self.statistics, self.thumbnail)) if flat is None else ""

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"Array({self.tolist() if self.is_exact else self.statistics}, shape={self.shape}, dtype={self.dtype!r})"


def version_of(tensor: Tensor) -> int:
    """The number of writes to a tensor; inference tensors do not count."""
    try:
        return tensor._version
    except RuntimeError:
        return 0


@lru_cache(maxsize=64)
def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
