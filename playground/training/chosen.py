"""From a run's settings to the examples that it trains and tests on."""

from __future__ import annotations

from collections.abc import Callable

from playground.training.config import TrainConfig
from playground.training.data import Data
from playground.training.datasets import load
from playground.training.split import prepare


def data_of(config: TrainConfig, on_progress: Callable[[str, int, int], None] | None = None) -> Data:
    """The chosen data set, loaded and cut as the settings say; PlaygroundError where it cannot be had.

    >>> data_of(TrainConfig(train_size=100)).train.x.shape
    torch.Size([100, 1, 28, 28])
    """
    return prepare(
        load(config.data, on_progress=on_progress),
        train_size=config.train_size,
        test_size=config.test_size,
        folds=config.folds,
        fold=config.fold,
        normalise=config.normalise,
        rng_seed=config.rng_seed,
    )


__all__ = ["data_of"]
