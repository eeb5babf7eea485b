"""The four points of exclusive or: the smallest data that no line separates."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.data.dataset import Data, Examples

POINTS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
LABELS = (0, 1, 1, 0)  # 1 where exactly one of both numbers is 1


def xor() -> Data:
    """The four points, to train on and, as there are no others, to test on."""
    points = Examples(*xor_batch(len(LABELS)))
    return Data("XOR", points, points, ("0", "1"))


def xor_batch(size: int) -> tuple[Tensor, Tensor]:
    """So many points (size, 2) and labels (size,), one after the other, then from the start again.

    >>> xor_batch(5)[1].tolist()
    [0, 1, 1, 0, 0]
    """
    chosen = torch.arange(size) % len(LABELS)
    return torch.tensor(POINTS)[chosen], torch.tensor(LABELS)[chosen]
