"""`train`: the training loop, as a generator of records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from time import perf_counter

import torch
from torch import Tensor

from playground.computing.device import CPU, placed
from playground.data.dataset import Data
from playground.errors import PlaygroundError
from playground.training.config import TrainConfig
from playground.training.learner import Learner
from playground.training.probe import Probe, first_not_finite
from playground.training.records import TrainRecord


def train(
    config: TrainConfig, data: Data, device: torch.device = CPU, learner: Learner | None = None
) -> Iterator[TrainRecord]:
    """Train a net, and yield a record every few steps; the time between two calls of `next` is not counted.

    `data`: as `playground.data.split.prepare` gives it. `learner`: one to go on with, from a checkpoint. Raises
    PlaygroundError where the net does not fit the data, where the loss is no longer finite, and in place of the last
    record where the test loss or a weight is not: a run that ends has a net that can be used.
    """
    learner = learner or Learner(config, data, device)
    window, probe = Window(learner), Probe(learner.model)
    while learner.step < learner.steps:
        for x, target, labels in learner.batches():
            is_watched = learner.is_watched
            with placed(learner.device):
                with probe if is_watched else nullcontext():
                    output = learner.model(x)
                loss = learner.criterion(output, target)
            window.add(loss, output, labels)
            if not math.isfinite(window.losses[-1]):
                problem = f"the loss is {_named(window.losses[-1])} in step {learner.step + 1}"
                raise diverged(learner, problem, [x])
            learner.zero_grad()
            loss.backward()
            if is_watched:
                probe.see_gradients()
            if config.clip:
                torch.nn.utils.clip_grad_norm_(learner.model.parameters(), config.clip)
            learner.optimizer.step()
            learner.step += 1
            if learner.schedule is not None and learner.step < learner.planned:
                learner.schedule.step()
            if is_watched and learner.is_due(learner.step):
                record = window.record(probe)
                if learner.step >= learner.steps:
                    check_end(learner, record)
                yield record
                window = Window(learner)
            if learner.step >= learner.steps:
                break


class Window:
    """Losses, outputs and labels since the last record. Sums wait until it ends: a step costs no more than it must."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.losses: list[float] = []
        self.outputs: list[Tensor] = []
        self.labels: list[Tensor] = []
        self.rate = learner.learning_rate
        self.started = learner.going_since = perf_counter()

    def add(self, loss: Tensor, output: Tensor, labels: Tensor) -> None:
        """Add one batch, before its step."""
        self.losses.append(loss.item())
        self.outputs.append(output.detach())
        self.labels.append(labels)

    def record(self, probe: Probe) -> TrainRecord:
        """Sum up all batches of the window, and what the last step did."""
        learner, layers = self.learner, probe.layers()
        sizes = [len(labels) for labels in self.labels]
        count = sum(sizes)
        loss = sum(value * size for value, size in zip(self.losses, sizes, strict=True)) / count
        accuracy, error = self._score(count)
        seconds = perf_counter() - self.started
        tested: tuple[float, float] | tuple[None, None] = (None, None)
        if learner.step % learner.steps_per_epoch == 0 or learner.step >= learner.steps:
            tested = learner.evaluate(learner.test_set)
        learner.going_since = None
        learner.seconds += perf_counter() - self.started
        return TrainRecord(
            step=learner.step,
            epoch=learner.epoch,
            loss=loss,
            accuracy=accuracy,
            learning_rate=self.rate,
            seconds=learner.seconds,
            samples_per_second=count / seconds,
            layers=layers,
            test_loss=tested[0],
            test_accuracy=None if learner.predicts_numbers else tested[1],
            error=error,
            test_error=tested[1] if learner.predicts_numbers else None,
        )

    def _score(self, count: int) -> tuple[float | None, float | None]:
        """The part that was classified right, or how far predicted numbers were off in the mean."""
        if not self.learner.predicts_numbers:
            return int((torch.cat(self.outputs).argmax(1) == torch.cat(self.labels)).sum()) / count, None
        pairs = zip(self.outputs, self.labels, strict=True)
        off = sum((output[:, 0] - labels).abs().sum().item() for output, labels in pairs)
        return None, off / count * self.learner.label_scale[1]


def check_end(learner: Learner, last: TrainRecord) -> None:
    """No batch comes after the last step that would show what it did; PlaygroundError as for a loss in training."""
    model = learner.model
    if last.test_loss is not None and not math.isfinite(last.test_loss):
        problem = f"the test loss is {_named(last.test_loss)}"
    elif not all(torch.isfinite(parameter).all() for parameter in model.parameters()):
        problem = "the weights are not finite"
    else:
        return
    model.eval()  # as it was tested
    raise diverged(learner, f"{problem} after step {learner.step}", learner.parts(learner.test_set.x))


def diverged(learner: Learner, problem: str, parts: Iterable[Tensor]) -> PlaygroundError:
    """The error for numbers that are no longer finite, with the layer where that begins for these examples."""
    where = first_not_finite(learner.model, parts)
    rate = learner.rate_set or learner.config.learning_rate  # what can be set; a schedule's last rates are tiny
    return PlaygroundError(
        f"{problem}; first not finite: {where}",
        hint=f"a smaller learning rate than {rate:g}, or clipping the gradient, keeps it finite",
    )


def _named(loss: float) -> str:
    return "NaN" if math.isnan(loss) else "infinite"
