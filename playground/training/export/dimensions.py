"""`Dimensions`: the sizes of a run that its script writes out, as far as possible without its data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from playground.data.datasets import DATASETS, load
from playground.layers.catalogue.spec import Shape
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.learner import steps_between_records
from playground.training.model import document_of
from playground.training.size import size_of


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes that follow from settings alone. `whole_train`, `whole_test`: examples before any subset is taken."""

    input_shape: Shape
    classes: int
    whole_train: int
    whole_test: int
    steps_per_epoch: int
    planned: int  # steps of the run
    record_every: int


def dimensions_of(config: TrainConfig) -> Dimensions:
    """The sizes that a `Learner` with these settings has. PlaygroundError where the data cannot be had, or the net
    does not fit it.

    Only uploads and folds, whose sizes depend on the labels, are read for it.

    >>> dimensions = dimensions_of(TrainConfig(data="MNIST", epochs=2))
    >>> dimensions.input_shape, dimensions.planned, dimensions.record_every
    ((1, 28, 28), 1200, 10)
    """
    row = next((row for row in DATASETS if row.name == config.data), None)
    if row is not None:
        shape: Shape = row.input_shape
        classes, whole = len(row.classes), (row.train_size, row.test_size)
    else:
        data = load(config.data)
        shape, classes, whole = data.input_shape, len(data.classes), (len(data.train), len(data.test))
    size = len(data_of(config).train) if config.folds else config.train_size or whole[0]
    steps_per_epoch = math.ceil(size / config.batch)
    planned = config.steps or config.epochs * steps_per_epoch
    every = steps_between_records(config, planned, size_of(document_of(config, shape, classes)))
    return Dimensions(shape, classes, *whole, steps_per_epoch, planned, every)
