"""`Data`: a data set of training and test examples; `Examples`: inputs with what is to be said of them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Inputs `x` and one label each, in one order: a class, or a number.

    `x` is (N, C, H, W) or (N, F), float32: pixels within [0, 1], the columns of a table in their own units, until
    `split.prepare` normalises them. `labels` is (N,): int64, each an index into `Data.classes`; or float32, the numbers
    that are to be predicted. Do not write to them: they are shared between runs.
    """

    x: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, positions: Tensor) -> Examples:
        """The examples at these positions (int64), in their order, copied."""
        return Examples(self.x[positions], self.labels[positions])


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A data set: training examples, test examples and the names of the classes, () where numbers are predicted.

    `normalisation` holds the means and the standard deviations, one of each per channel (or per column of a table),
    that `x` was normalised with; None where `x` is as it was read. `label_scale`: the mean and the deviation that
    numbers to predict were normalised with.
    """

    name: str
    train: Examples
    test: Examples
    classes: tuple[str, ...]
    normalisation: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    label_scale: tuple[float, float] = (0.0, 1.0)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example: (channels, height, width), or (features,)."""
        return tuple(self.train.x.shape[1:])

    @property
    def is_pictures(self) -> bool:
        """Tell whether one example is a picture (channels, height, width), not a row of a table."""
        return len(self.input_shape) == 3
