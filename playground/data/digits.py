"""scikit-learn's bundled digits, enlarged to MNIST's size: real data that needs no network and no file."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SIDE = 28
_SMALL, _BRIGHTEST = 8, 16  # pixels of a side as they are bundled, and the number of a white one


@lru_cache(maxsize=1)
def digits() -> tuple[Tensor, Tensor]:
    """Return all 1,797 pictures (N, 1, 28, 28) float32 within [0, 1] and their labels (N,) int64. Do not write to them.

    8 x 8 pixels of 0 to 16, enlarged bilinearly (UCI Optical Recognition of Handwritten Digits, Alpaydin & Kaynak).
    """
    rows = torch.from_numpy(np.loadtxt(_bundled(), delimiter=",", dtype=np.float32))  # 64 pixels and the label
    images = rows[:, :-1].reshape(-1, 1, _SMALL, _SMALL) / _BRIGHTEST
    large = torch.nn.functional.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return large.clamp(0, 1), rows[:, -1].to(torch.int64)


def _bundled() -> Path:
    """The file that `sklearn.datasets.load_digits` reads: to import scikit-learn for it takes seconds."""
    found = find_spec("sklearn")
    assert found is not None and found.submodule_search_locations, "scikit-learn is one of our requirements"
    return Path(found.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"


def digit_batch(size: int, rng_seed: int) -> tuple[Tensor, Tensor]:
    """A batch of digits in an order drawn from the seed.

    >>> x, labels = digit_batch(5, 0)
    >>> x.shape, labels.shape
    (torch.Size([5, 1, 28, 28]), torch.Size([5]))
    """
    images, labels = digits()
    chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(rng_seed))[:size]
    return images[chosen], labels[chosen]
