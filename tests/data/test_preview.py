"""What is shown of the data before training is what the tensors hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.data.dataset import Data, Examples
from playground.data.datasets import load
from playground.data.preview import class_balance, example_grid, one_batch
from playground.data.split import hold_out, prepare
from playground.errors import PlaygroundError


def test_the_balance_of_every_class() -> None:
    data = load("digits")
    balance = class_balance(data)
    assert tuple(row.name for row in balance) == data.classes
    for label, row in enumerate(balance):
        assert row.train == int((data.train.labels == label).sum())
        assert row.test == int((data.test.labels == label).sum())


def test_a_class_without_examples_is_counted_too() -> None:
    part = Examples(torch.zeros(2, 3), torch.tensor([2, 2]))
    assert [(row.train, row.test) for row in class_balance(Data("", part, part, ("a", "b", "c")))] == [
        (0, 0),
        (0, 0),
        (2, 2),
    ]


@pytest.mark.parametrize("normalise", [False, True])
def test_the_grid_holds_pictures_of_each_class(normalise: bool) -> None:
    plain = load("digits")
    grid = example_grid(prepare(plain, normalise=normalise), 5, part="test", rng_seed=1)
    assert grid.shape == (10, 5, 28, 28, 1) and grid.dtype == np.uint8
    pictures = (plain.test.x * 255).round().byte().permute(0, 2, 3, 1).numpy()
    for label in range(10):
        of_class = {picture.tobytes() for picture in pictures[(plain.test.labels == label).numpy()]}
        shown = [picture.tobytes() for picture in grid[label]]
        assert set(shown) <= of_class and len(set(shown)) == 5
    assert not np.array_equal(grid, example_grid(plain, 5, part="test", rng_seed=2))
    assert np.array_equal(grid, example_grid(plain, 5, part="test", rng_seed=1))


def test_colours_and_a_class_with_few_examples() -> None:
    x = torch.zeros(5, 3, 2, 2)
    x[:, 0] = 1
    grid = example_grid(hold_out(x, torch.tensor([0, 0, 1, 1, 1]), ("a", "b")), 2)
    assert grid[1, 1, 0, 0].tolist() == [255, 0, 0]
    assert not grid[0, 1].any()  # one training example only


def test_a_table_has_no_grid_but_a_batch() -> None:
    table = hold_out(torch.rand(20, 3, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 2, ("a", "b"))
    with pytest.raises(PlaygroundError, match="table of numbers"):
        example_grid(table)
    batch = one_batch(table, 8)
    assert [(axis.name, axis.size) for axis in batch.x_axes] == [("examples", 8), ("features", 3)]


def test_a_batch_is_drawn_from_the_seed_and_its_axes_have_its_sizes() -> None:
    data = load("digits")
    batch, again, other = (one_batch(data, 16, rng_seed=seed) for seed in (0, 0, 1))
    assert torch.equal(batch.x, again.x) and not torch.equal(batch.labels, other.labels)
    assert tuple(axis.size for axis in batch.x_axes) == tuple(batch.x.shape)
    assert tuple(axis.size for axis in batch.label_axes) == tuple(batch.labels.shape)
    whole = one_batch(data, 10_000)
    assert whole.x_axes[0].size == len(data.train)
