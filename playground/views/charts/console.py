"""Console output of a run: the training error by 100 batches, the test error at the end of an epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence

from playground.training.learner import rounded
from playground.training.records import TrainRecord

EVERY = 100  # batches of one line
HEADINGS = ("epoch", "batch", "train loss", "train error %", "test error %", "seconds")  # of a run that classifies
NUMBER_HEADINGS = tuple(heading.removesuffix(" %") for heading in HEADINGS)  # of one that predicts numbers
Line = tuple[int, int, float, float, float | None, float]


def headings_of(record: TrainRecord) -> tuple[str, ...]:
    """What the columns of a line are."""
    return HEADINGS if record.error is None else NUMBER_HEADINGS


class Console:
    """Lines that grow with the records. A line is the mean over its batches, each as it was met.

    In an epoch of fewer than twice `EVERY` batches a line is a fifth of it, rounded down to 1, 2 or 5 times a power of
    ten. `train_size` examples, where known, let the last and smaller batch of an epoch count for what it holds.
    """

    def __init__(self, batch: int, train_size: int | None = None) -> None:
        self.lines: list[Line] = []
        self._batch, self._size = batch, train_size
        self.headings: tuple[str, ...] = HEADINGS
        self._step = 0
        self._loss = self._wrong = self._count = 0.0

    def add(self, records: Sequence[TrainRecord]) -> int:
        """Take records that follow those before; the number of lines that were there already."""
        before = len(self.lines)
        for record in records:
            self.headings = headings_of(record)
            self._add(record)
        return before

    def _add(self, record: TrainRecord) -> None:
        per_epoch = max(1, round(record.step / record.epoch))
        every = EVERY if per_epoch >= 2 * EVERY else rounded(per_epoch / 5)
        count = self._examples(record.step, per_epoch) - self._examples(self._step, per_epoch)
        self._loss += record.loss * count
        self._wrong += _error(record.accuracy, record.error) * count
        self._count += count
        is_end = record.step % per_epoch == 0 or record.test_loss is not None
        epoch = math.ceil(record.step / per_epoch)
        batch = record.step - (epoch - 1) * per_epoch
        has_passed = batch // every > (batch - (record.step - self._step)) // every
        self._step = record.step
        if (has_passed or is_end) and self._count:
            test = None if record.test_loss is None else _error(record.test_accuracy, record.test_error)
            means = (self._loss / self._count, self._wrong / self._count)
            self.lines.append((epoch, batch, *means, test, record.seconds))
            self._loss = self._wrong = self._count = 0.0

    def _examples(self, step: int, per_epoch: int) -> float:
        """Count the examples that have been met after a step."""
        if self._size is None or math.ceil(self._size / self._batch) != per_epoch:
            return step * self._batch
        return step // per_epoch * self._size + step % per_epoch * self._batch


def _error(accuracy: float | None, error: float | None) -> float:
    """The part that is wrong in percent, or how far predicted numbers are off."""
    if accuracy is not None:
        return 100 * (1 - accuracy)
    return math.nan if error is None else error
