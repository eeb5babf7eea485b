"""scikit-learn's bundled digits, enlarged to MNIST's size: real data that needs no network and no file."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

SIDE = 28


@lru_cache(maxsize=1)
def digits() -> tuple[Tensor, Tensor]:
    """Return all 1,797 pictures (N, 1, 28, 28) float32 within [0, 1] and their labels (N,) int64. Do not write to them.

    8 x 8 pixels of 0 to 16, enlarged bilinearly (UCI Optical Recognition of Handwritten Digits, Alpaydin & Kaynak).
    """
    from sklearn.datasets import load_digits  # takes seconds, and most programs that import us need no digits

    bunch = load_digits()
    images = torch.tensor(bunch.images, dtype=torch.float32)[:, None] / 16
    large = torch.nn.functional.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return large.clamp(0, 1), torch.tensor(bunch.target, dtype=torch.int64)


def digit_batch(size: int, rng_seed: int) -> tuple[Tensor, Tensor]:
    """A batch of digits in an order drawn from the seed.

    >>> x, labels = digit_batch(5, 0)
    >>> x.shape, labels.shape
    (torch.Size([5, 1, 28, 28]), torch.Size([5]))
    """
    images, labels = digits()
    chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(rng_seed))[:size]
    return images[chosen], labels[chosen]
