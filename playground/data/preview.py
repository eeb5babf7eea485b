"""Preview of data before training: examples of each class counted and shown, and the axes of a batch by name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from playground.data.dataset import Data, Examples
from playground.data.split import stratified_order
from playground.errors import PlaygroundError

Part = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Numbers of training and test examples of one class."""

    name: str
    train: int
    test: int


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a tensor: what it counts, and how much of it there is."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One batch, with the axes of `x` and of `labels` by name."""

    x: Tensor
    labels: Tensor
    x_axes: tuple[Axis, ...]
    label_axes: tuple[Axis, ...]


def class_balance(data: Data) -> tuple[ClassCount, ...]:
    """The number of training and of test examples of each class, in the order of the classes."""
    train, test = (
        torch.bincount(part.labels, minlength=len(data.classes)).tolist() for part in (data.train, data.test)
    )
    return tuple(ClassCount(*row) for row in zip(data.classes, train, test, strict=True))


def number_spread(data: Data, most: int = 10) -> tuple[ClassCount, ...]:
    """How many numbers to predict lie within each of `most` ranges of one width, from the least to the greatest; the
    numbers as they were read."""
    mean, deviation = data.label_scale
    parts = [mean + deviation * part.labels.double().numpy() for part in (data.train, data.test)]
    edges = np.histogram_bin_edges(np.concatenate(parts), most)
    counts = [np.histogram(part, edges)[0].tolist() for part in parts]
    names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
    return tuple(ClassCount(*row) for row in zip(names, *counts, strict=True))


def pixels(x: Tensor) -> NDArray[np.uint8]:
    """A picture (C, H, W) within [0, 1] as bytes (height, width, channels), as small as it is."""
    return (x.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def example_grid(data: Data, per_class: int = 8, *, part: Part = "train", rng_seed: int = 0) -> NDArray[np.uint8]:
    """Pictures drawn by the seed, (classes, per_class, height, width, channels) as uint8, one row for each class.

    Normalised pixels are brought back to what they were. Where a class has fewer examples, the rest of its row is 0.
    Raises PlaygroundError for a table, which has no pictures.
    """
    if not data.is_pictures:
        raise PlaygroundError(f"{data.name} is a table of numbers", hint="Only pictures can be shown in a grid.")
    examples = _part(data, part)
    channels, height, width = data.input_shape
    grid = np.zeros((len(data.classes), per_class, height, width, channels), dtype=np.uint8)
    order = stratified_order(examples.labels, rng_seed)
    for label in range(len(data.classes)):
        chosen = order[examples.labels[order] == label][:per_class]
        pixels = (_as_read(examples.x[chosen], data) * 255).round().clamp(0, 255).to(torch.uint8)
        grid[label, : len(chosen)] = pixels.permute(0, 2, 3, 1).numpy()
    return grid


def one_batch(data: Data, size: int, *, rng_seed: int = 0) -> Batch:
    """`size` training examples (or all, where there are fewer) in an order drawn from the seed, the axes named.

    >>> from playground.data.datasets import load
    >>> batch = one_batch(load("digits"), 32)
    >>> [f"{axis.name} {axis.size}" for axis in batch.x_axes]
    ['examples 32', 'channels 1', 'rows 28', 'columns 28']
    """
    order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(rng_seed))[:size]
    chosen = data.train.at(order)
    names = ("examples", "channels", "rows", "columns") if data.is_pictures else ("examples", "features")
    x_axes = tuple(Axis(name, length) for name, length in zip(names, chosen.x.shape, strict=True))
    return Batch(chosen.x, chosen.labels, x_axes, x_axes[:1])


def _part(data: Data, part: Part) -> Examples:
    return data.train if part == "train" else data.test


def _as_read(x: Tensor, data: Data) -> Tensor:
    if data.normalisation is None:
        return x
    mean, deviation = (torch.tensor(row).view(1, -1, 1, 1) for row in data.normalisation)
    return x * deviation + mean
