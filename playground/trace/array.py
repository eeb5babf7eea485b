"""`Array`: the numbers of one tensor as immutable plain data, exact up to a limit, summarised beyond it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from playground.trace.memory import version_of

EXACT_ELEMENTS = int(os.environ.get("PLAYGROUND_EXACT_ELEMENTS", "1024"))
THUMBNAIL_SIDE = 16
DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in vars(torch).values() if isinstance(dtype, torch.dtype)}
MANY = 65_536  # elements above which summaries are made in blocks
BLOCK = 4_096

Scalar = bool | int | float | complex
Nested = Any  # a Scalar, or a list of Nested: the shape is data, which the type system cannot say


@dataclass(frozen=True, slots=True)
class Statistics:
    """A tensor in a line: extremes, mean and 2-norm over the finite elements, counts of the others.

    Computed in float64, long float32 tensors from float32 sums of blocks; complex tensors by absolute value.
    `minimum` to `norm` are None if no element is finite.
    """

    minimum: float | None
    maximum: float | None
    mean: float | None
    norm: float | None
    zeros: int
    nans: int
    infinities: int


class Array:
    """An immutable array: `shape`, `dtype`, and either every element or statistics and a thumbnail.

    Made from a detached tensor, it reads the numbers only when they are asked for: recording stays cheap.
    The tensor must not be written to afterwards; a write is noticed (by its version counter) and raises RuntimeError.

    >>> a = Array(torch.tensor([[1.0, 2.0]]))
    >>> a.shape, a.dtype, a.tolist()
    ((1, 2), 'float32', [[1.0, 2.0]])
    """

    __slots__ = ("_flat", "_statistics", "_tensor", "_thumbnail", "_version", "dtype", "shape")

    def __init__(self, tensor: Tensor) -> None:
        self.shape: tuple[int, ...] = tuple(tensor.shape)
        self.dtype: str = _dtype_name(tensor.dtype)
        self._tensor: Tensor | None = tensor.detach() if tensor.requires_grad else tensor
        self._version: int = version_of(tensor)
        self._flat: tuple[Scalar, ...] | None = None
        self._statistics: Statistics | None = None
        self._thumbnail: tuple[tuple[float, ...], ...] | None = None

    @property
    def numel(self) -> int:
        """How many elements there are."""
        return math.prod(self.shape)

    @property
    def is_exact(self) -> bool:
        """Whether every element is kept (at most `EXACT_ELEMENTS`); otherwise only the summary is."""
        return self.numel <= EXACT_ELEMENTS if self._tensor is not None else self._flat is not None

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
            self._statistics = _statistics(self._dense())
        return self._statistics

    @property
    def thumbnail(self) -> tuple[tuple[float, ...], ...]:
        """A picture of at most 16 x 16 block means of the last two axes (first index of the others), to 4 digits."""
        if self._thumbnail is None:
            self._thumbnail = _thumbnail(self._dense())
        return self._thumbnail

    def tolist(self) -> Nested:
        """A number (0-d) or nested lists of numbers, as `Tensor.tolist()`; None where there are too many to keep."""
        flat = self.flat
        if flat is None:
            return None
        return nest(list(flat), self.shape) if self.shape else flat[0]

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

    def _dense(self) -> Tensor:
        tensor = self._tensor
        if tensor is None:  # read back from JSON: rebuild from the exact elements
            return self.tensor()
        if version_of(tensor) != self._version:
            raise RuntimeError("a recorded tensor was written to after the recording; clone it first")
        if tensor.layout is not torch.strided:
            tensor = tensor.to_dense()
        if tensor._is_zerotensor():  # a gradient of zeros that PyTorch never allocated
            return torch.zeros(tensor.shape, dtype=tensor.dtype)
        return tensor.resolve_conj().resolve_neg()

    def to_json(self) -> dict[str, Any]:
        """`shape`, `dtype`, and `data` (exact, nested lists) or `summary` (statistics and thumbnail)."""
        document: dict[str, Any] = {"shape": list(self.shape), "dtype": self.dtype, "data": self.encoded()}
        if not self.is_exact:
            document["summary"] = {
                **{key: encode(number) for key, number in asdict(self.statistics).items()},
                "thumbnail": [list(row) if _all_finite(row) else encode(list(row)) for row in self.thumbnail],
            }
        return document

    def encoded(self) -> Nested:
        """`tolist()` as JSON can hold it; None where there are too many elements."""
        if self.flat is None:
            return None
        nested = self.tolist()
        return nested if not self.dtype.startswith("complex") and _all_finite(self.flat) else encode(nested)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Array:
        """The inverse of `to_json`, exact."""
        array = cls.__new__(cls)
        array.shape = tuple(document["shape"])
        array.dtype = document["dtype"]
        array._tensor, array._version = None, 0
        array._flat = array._statistics = array._thumbnail = None
        _require(all(type(length) is int and length >= 0 for length in array.shape), "a shape holds sizes")
        _require(array.dtype in DTYPES, f"no such dtype: {array.dtype}")
        summary = document.get("summary")
        if summary is None:
            array._flat = _decoded(flatten(document["data"], len(array.shape)), array.dtype.startswith("complex"))
            _require(len(array._flat) == array.numel, f"{len(array._flat)} elements do not fill {array.shape}")
        else:
            fields = {key: decode(number) for key, number in summary.items() if key != "thumbnail"}
            _require({type(number) for number in fields.values()} <= {int, float, type(None)}, "statistics are numbers")
            array._statistics = Statistics(**fields)
            array._thumbnail = tuple(_decoded(row) for row in summary["thumbnail"])
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


def _decoded(elements: list[Any], complex_: bool = False) -> tuple[Any, ...]:
    numbers = tuple(elements if _all_numbers(elements) and not complex_ else [decode(e, complex_) for e in elements])
    _require(_all_numbers(numbers), "an array holds numbers")
    return numbers


def _all_numbers(elements: Iterable[Any]) -> bool:
    return set(map(type, elements)) <= {int, float, bool, complex}


def _require(fact: bool, message: str) -> None:
    if not fact:
        raise ValueError(message)


def decode(value: Any, complex_: bool = False) -> Any:
    """The inverse of `encode` for one number."""
    if complex_:
        return complex(decode(value[0]), decode(value[1]))
    return float(value) if isinstance(value, str) else value


@lru_cache(maxsize=64)
def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _all_finite(numbers: Iterable[Any]) -> bool:
    return all(map(math.isfinite, numbers))


def _statistics(tensor: Tensor) -> Statistics:
    numbers = widened(tensor.abs() if tensor.is_complex() else tensor)
    zeros = numbers.numel() - int(torch.count_nonzero(numbers))
    if not numbers.is_floating_point():
        numbers = numbers.to(torch.float64)
    nans = infinities = 0
    if numbers.numel() and not all(map(math.isfinite, map(float, numbers.aminmax()))):
        nans, infinities = int(numbers.isnan().sum()), int(numbers.isinf().sum())
        numbers = numbers[torch.isfinite(numbers)]
    if numbers.numel() == 0:
        return Statistics(None, None, None, None, zeros, nans, infinities)
    low, high = map(float, numbers.aminmax())
    total, norm = _sum_and_norm(numbers, max(-low, high))
    return Statistics(low, high, total / numbers.numel(), norm, zeros, nans, infinities)


def _sum_and_norm(numbers: Tensor, largest: float) -> tuple[float, float]:
    """In float64. Long float32 arrays are summed in blocks first, which is twenty times as fast."""
    if numbers.dtype is torch.float32 and numbers.numel() > MANY and 1e-15 < largest < 1e15:
        whole = numbers.reshape(-1)
        blocks = whole[: whole.numel() // BLOCK * BLOCK].view(-1, BLOCK)
        rest = whole[blocks.numel() :]
        sums = torch.cat([blocks.sum(1), rest])
        norms = torch.cat([torch.linalg.vector_norm(blocks, dim=1), rest])
    else:
        sums = norms = numbers
    return float(sums.sum(dtype=torch.float64)), float(torch.linalg.vector_norm(norms, dtype=torch.float64))


def widened(tensor: Tensor) -> Tensor:
    """Half precision as single, for which every operation is defined; everything else as it is."""
    wider = {torch.float16: torch.float32, torch.bfloat16: torch.float32, torch.complex32: torch.complex64}
    return tensor.to(wider.get(tensor.dtype, tensor.dtype))


def _thumbnail(tensor: Tensor) -> tuple[tuple[float, ...], ...]:
    if tensor.numel() == 0:
        return ()
    numbers = tensor.abs() if tensor.is_complex() else tensor
    while numbers.dim() > 2:
        numbers = numbers[0]
    picture = widened(numbers).reshape(*([1] * (2 - numbers.dim())), *numbers.shape)
    if picture.numel() > MANY and picture.is_floating_point():
        picture = torch.stack([part.mean(0) for part in _bins(picture)])
        picture = torch.stack([part.mean(0) for part in _bins(picture.T)]).T
    picture = picture.to(torch.float64)[None, None]
    side = [min(THUMBNAIL_SIDE, length) for length in picture.shape[2:]]
    pooled = torch.nn.functional.adaptive_avg_pool2d(picture, (side[0], side[1]))
    means = pooled.flatten().tolist()
    rounded = [float(text) for text in (("%.4g " * len(means)) % tuple(means)).split()]
    return tuple(tuple(rounded[start : start + side[1]]) for start in range(0, len(rounded), side[1]))


def _bins(rows: Tensor) -> list[Tensor]:
    """The same overlapping bins of rows as adaptive pooling takes, which is slow for large pictures."""
    count = len(rows)
    side = min(THUMBNAIL_SIDE, count)
    return [rows[index * count // side : -(-(index + 1) * count // side)] for index in range(side)]


__all__ = [
    "EXACT_ELEMENTS",
    "Array",
    "Nested",
    "Scalar",
    "Statistics",
    "decode",
    "encode",
    "flatten",
    "nest",
]
