"""The examples of a run, as its settings say: loaded, cut and normalised."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache

from playground.data.dataset import Data
from playground.data.datasets import load
from playground.data.split import prepare
from playground.training.config import TrainConfig

_normalising = threading.Lock()


def data_of(config: TrainConfig, on_progress: Callable[[str, int, int], None] | None = None) -> Data:
    """The chosen data set, loaded and cut as the settings say; PlaygroundError where it cannot be had.

    >>> data_of(TrainConfig(train_size=100)).train.x.shape
    torch.Size([100, 1, 28, 28])
    """
    return prepare(
        whole_data_of(config, on_progress),
        train_size=config.train_size,
        test_size=config.test_size,
        folds=config.folds,
        fold=config.fold,
        normalise=config.normalise,
        rng_seed=config.rng_seed,
    )


def whole_data_of(config: TrainConfig, on_progress: Callable[[str, int, int], None] | None = None) -> Data:
    """The chosen data set before a subset or fold is cut from it, normalised already where that is the same for all
    runs: where they train on the whole of it. The same object again; PlaygroundError where it cannot be had."""
    data = load(config.data, on_progress=on_progress)
    if not config.normalise or config.train_size or config.folds:
        return data
    with _normalising:  # one at a time, for each takes hundreds of megabytes
        return _normalised(data)


@lru_cache(maxsize=1)
def _normalised(data: Data) -> Data:
    return prepare(data, normalise=True)
