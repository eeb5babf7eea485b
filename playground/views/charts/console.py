"""Console output of a run: the training error by 100 batches, the test error at the end of an epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence

from playground.training.learner import rounded
from playground.training.records import TrainRecord

EVERY = 100  # batches of one line
HEADINGS = ("epoch", "batch", "train loss", "train error %", "test error %", "seconds")
Line = tuple[int, int, float, float, float | None, float]  # as in HEADINGS


class Console:
    """Lines that grow with the records. A line is the mean over its batches, each as it was met.

    In an epoch of fewer than twice `EVERY` batches a line is a fifth of it, rounded down to 1, 2 or 5 times a power of
    ten. `train_size` examples, where known, let the last and smaller batch of an epoch count for what it holds.
    """

    def __init__(self, batch: int, train_size: int | None = None) -> None:
        self.lines: list[Line] = []
        self._batch, self._size = batch, train_size
        self._step = 0
        self._loss = self._wrong = self._count = 0.0

    def add(self, records: Sequence[TrainRecord]) -> int:
        """Take records that follow those before; the number of lines that were there already."""
        before = len(self.lines)
        for record in records:
            self._add(record)
        return before

    def _add(self, record: TrainRecord) -> None:
        per_epoch = max(1, round(record.step / record.epoch))
        every = EVERY if per_epoch >= 2 * EVERY else rounded(per_epoch / 5)
        count = self._examples(record.step, per_epoch) - self._examples(self._step, per_epoch)
        self._loss += record.loss * count
        self._wrong += (1 - record.accuracy) * count
        self._count += count
        is_end = record.step % per_epoch == 0 or record.test_accuracy is not None
        epoch = math.ceil(record.step / per_epoch)
        batch = record.step - (epoch - 1) * per_epoch
        has_passed = batch // every > (batch - (record.step - self._step)) // every
        self._step = record.step
        if (has_passed or is_end) and self._count:
            test = None if record.test_accuracy is None else 100 * (1 - record.test_accuracy)
            means = (self._loss / self._count, 100 * self._wrong / self._count)
            self.lines.append((epoch, batch, *means, test, record.seconds))
            self._loss = self._wrong = self._count = 0.0

    def _examples(self, step: int, per_epoch: int) -> float:
        """Count the examples that have been met after a step."""
        if self._size is None or math.ceil(self._size / self._batch) != per_epoch:
            return step * self._batch
        return step // per_epoch * self._size + step % per_epoch * self._batch
