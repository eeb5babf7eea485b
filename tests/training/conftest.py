"""A small data set made from a seed: clouds of points, one for each class."""

from __future__ import annotations

import pytest
import torch

from playground.data.dataset import Data, Examples


def clouds(count: int, seed: int, shape: tuple[int, ...] = (1, 6, 6), classes: int = 3) -> Examples:
    """Examples around one centre for each class."""
    centres = torch.rand(classes, *shape, generator=torch.Generator().manual_seed(7))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (count,), generator=generator)
    x = centres[labels] + 0.3 * torch.randn(count, *shape, generator=generator)
    return Examples(x.clamp(0, 1), labels)


@pytest.fixture(scope="session")
def small_data() -> Data:
    """230 examples to train on, so that the last batch is a short one, and 60 to test with."""
    return Data("clouds", clouds(230, 0), clouds(60, 1), ("a", "b", "c"))
