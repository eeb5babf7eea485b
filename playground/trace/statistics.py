"""A tensor in a few numbers, however long it is: statistics, and a picture of block means."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

THUMBNAIL_SIDE = 16
MANY = 65_536  # elements above which summaries are made in blocks
BLOCK = 4_096


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


def statistics(tensor: Tensor) -> Statistics:
    """Extremes, mean and norm of the finite elements, counts of the others."""
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


def thumbnail(tensor: Tensor) -> tuple[tuple[float, ...], ...]:
    """Block means, at most 16 x 16, of the last two axes (first index of the others), to 4 digits."""
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


def widened(tensor: Tensor) -> Tensor:
    """Half precision as single, for which every operation is defined; everything else as it is."""
    wider = {torch.float16: torch.float32, torch.bfloat16: torch.float32, torch.complex32: torch.complex64}
    return tensor.to(wider.get(tensor.dtype, tensor.dtype))
