"""`train`: the loop of every textbook, as a generator of records."""

from __future__ import annotations

import math
from collections.abc import Iterator
from time import perf_counter

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.training.config import TrainConfig
from playground.training.data import Data
from playground.training.learner import Learner
from playground.training.probe import Probe, first_not_finite
from playground.training.records import TrainRecord


def train(
    config: TrainConfig, data: Data, device: str = "cpu", learner: Learner | None = None
) -> Iterator[TrainRecord]:
    """Train a net, and yield a record every few steps; the time between two calls of `next` is not counted.

    `data`: as `playground.training.split.prepare` gives it. `learner`: one to go on with, from a checkpoint. Raises
    PlaygroundError where the net does not fit the data, and where the loss is no longer finite.
    """
    learner = learner or Learner(config, data, device)
    window = Window(learner)
    while learner.step < learner.steps:
        for x, target, labels in learner.batches():
            probe = Probe(learner.model) if learner.is_due else None
            output = learner.model(x)
            loss = learner.criterion(output, target)
            window.add(loss, output, labels)
            if not math.isfinite(window.losses[-1]):
                raise diverged(learner, x, window.losses[-1])
            learner.optimizer.zero_grad()
            loss.backward()
            if config.clip:
                torch.nn.utils.clip_grad_norm_(learner.model.parameters(), config.clip)
            learner.optimizer.step()
            learner.step += 1
            if learner.schedule is not None and learner.step < learner.planned:
                learner.schedule.step()
            if probe is not None:
                yield window.record(probe)
                window = Window(learner)
            if learner.step >= learner.steps:
                break


class Window:
    """What happened since the last record. Sums wait until it ends: a step costs no more than it must."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.losses: list[float] = []
        self.outputs: list[Tensor] = []
        self.labels: list[Tensor] = []
        self.rate = learner.learning_rate
        self.started = perf_counter()

    def add(self, loss: Tensor, output: Tensor, labels: Tensor) -> None:
        """One batch, before its step."""
        self.losses.append(loss.item())
        self.outputs.append(output.detach())
        self.labels.append(labels)

    def record(self, probe: Probe) -> TrainRecord:
        """All batches of the window, and what the last step did."""
        learner, layers = self.learner, probe.layers()
        sizes = [len(labels) for labels in self.labels]
        count = sum(sizes)
        loss = sum(value * size for value, size in zip(self.losses, sizes, strict=True)) / count
        right = int((torch.cat(self.outputs).argmax(1) == torch.cat(self.labels)).sum())
        seconds = perf_counter() - self.started
        tested: tuple[float, float] | tuple[None, None] = (None, None)
        if learner.step % learner.steps_per_epoch == 0 or learner.step >= learner.steps:
            tested = learner.evaluate(learner.test_set)
        learner.seconds += perf_counter() - self.started
        return TrainRecord(
            step=learner.step,
            epoch=learner.epoch,
            loss=loss,
            accuracy=right / count,
            learning_rate=self.rate,
            seconds=learner.seconds,
            samples_per_second=count / seconds,
            layers=layers,
            test_loss=tested[0],
            test_accuracy=tested[1],
        )


def diverged(learner: Learner, x: Tensor, loss: float) -> PlaygroundError:
    """What to say when the loss is no longer finite: the step, and the layer where it began."""
    where = first_not_finite(learner.model, x)
    what = "NaN" if math.isnan(loss) else "infinite"
    return PlaygroundError(
        f"the loss is {what} in step {learner.step + 1}; first not finite: {where}",
        hint=f"a smaller learning rate than {learner.learning_rate:g}, or clipping the gradient, keeps it finite",
    )


__all__ = ["train"]
