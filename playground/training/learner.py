"""`Learner`: a model in training, with all that decides its next step; a checkpoint holds it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import repeat
from time import perf_counter

import torch
from torch import Tensor, nn

from playground.computing.device import CPU, placed
from playground.data.dataset import Data, Examples
from playground.layers.catalogue.losses import loss_of
from playground.layers.listing import NetSize
from playground.layers.run.record_batch import target_of
from playground.training.config import TrainConfig
from playground.training.last_batch import check_last_batch
from playground.training.limits import LIMITS
from playground.training.model import document_of, dropout_generator, model_of
from playground.training.optimizers import optimizer_of, scale_rate, schedule_of
from playground.training.size import evaluated_at_once, size_of

LONG = 20_000_000_000  # multiplications from one record to the next, at most: about a second of one core
TIMES_FORWARD = 3  # a step, with its backward pass


class Learner:
    """The net, its optimizer and schedule, the data on their device, and how far the run is.

    While a run goes on, `change_rate` and `add_epochs` change what it was set to do.
    """

    def __init__(self, config: TrainConfig, data: Data, device: torch.device = CPU) -> None:
        self.config = config
        self.device = device
        self.classes = data.classes
        self.label_scale = data.label_scale
        shape, classes = data.input_shape, len(data.classes)
        self.model: nn.Module = model_of(config, shape, classes).to(self.device)
        self.document = document_of(config, shape, classes)
        self.size = size_of(self.document)
        check_last_batch(self.document, config.batch, len(data.train.labels), config.steps)
        self.criterion = loss_of(config.loss).build()
        self.train_set, self.test_set = self._on_device(data.train), self._on_device(data.test)
        self.steps_per_epoch = math.ceil(len(self.train_set.labels) / config.batch)
        self.steps = self.planned = config.steps or config.epochs * self.steps_per_epoch
        self.record_every = steps_between_records(config, self.planned, self.size)
        self.parameters = list(self.model.parameters())
        self.optimizer = optimizer_of(config, self.parameters)
        self.schedule = schedule_of(config, self.optimizer, self.steps_per_epoch, self.planned)
        self.generator = torch.Generator().manual_seed(config.rng_seed)  # of the order
        self.epoch_began_with = self.generator.get_state()
        self.dropout = dropout_generator(self.model)
        self.step = 0
        self.seconds = 0.0  # of training, up to the last record
        self.going_since: float | None = None  # by `perf_counter`, since then; None while whoever trains it looks at it
        self.rate_set: float | None = None  # by `change_rate`
        self.epochs_added = 0  # by `add_epochs`

    def _on_device(self, examples: Examples) -> Examples:
        return Examples(examples.x.to(self.device), examples.labels.to(self.device))

    @property
    def predicts_numbers(self) -> bool:
        """Tell whether the labels are numbers to predict, not classes."""
        return not self.classes

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def change_rate(self, rate: float) -> None:
        """Go on with this learning rate; what the schedule still holds changes in proportion."""
        scale_rate(self.optimizer, self.schedule, rate / self.learning_rate)
        self.rate_set = rate

    @property
    def seconds_so_far(self) -> float:
        """Seconds of training, those since the last record among them."""
        since = self.going_since
        return self.seconds + (0.0 if since is None else perf_counter() - since)

    def add_epochs(self, count: int) -> None:
        """Go on for so many epochs more, at the rate where the schedule ends."""
        self.steps += count * self.steps_per_epoch
        self.epochs_added += count

    @property
    def epoch(self) -> float:
        """The number of times that the training set has been gone through."""
        return self.step / self.steps_per_epoch

    @property
    def outputs(self) -> int:
        """The number of outputs for one example."""
        with torch.no_grad():
            return int(self.predict(self.test_set.x[:1]).shape[1])

    def batches(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """The batches left of this epoch, in its order: examples, targets of the loss, labels."""
        self.epoch_began_with = self.generator.get_state()
        x, labels = self.train_set.x, self.train_set.labels
        done = self.step % self.steps_per_epoch * self.config.batch
        order = None
        if self.config.shuffle:
            order = torch.randperm(len(labels), generator=self.generator).to(self.device)
        loss, outputs = loss_of(self.config.loss), self.outputs
        for start in range(done, len(labels), self.config.batch):
            here = slice(start, start + self.config.batch)
            if order is None:
                batch, right = x[here], labels[here]
            else:  # batch by batch: the whole set in a new order at once would take as much memory again, and longer
                batch, right = x.index_select(0, order[here]), labels.index_select(0, order[here])
            yield batch, target_of(loss, right, outputs), right

    def zero_grad(self) -> None:
        """Forget the gradients, as `optimizer.zero_grad()` does; with that a small net's step takes 3 % longer
        (https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html has it this way)."""
        for parameter in self.parameters:
            parameter.grad = None

    @property
    def is_watched(self) -> bool:
        """Tell whether the next step is measured: before it begins, it is known to be recorded, or may be."""
        return self.is_due(self.step + 1)

    def is_due(self, step: int) -> bool:
        """Tell whether this step is recorded: the first, every few, the last of an epoch and of the run."""
        return step == 1 or step % self.record_every == 0 or step % self.steps_per_epoch == 0 or step == self.steps

    def parts(self, x: Tensor) -> Iterator[Tensor]:
        """The examples on the learner's device, as many at once as there is room for."""
        at_once = evaluated_at_once(self.size)
        for start in range(0, max(len(x), 1), at_once):
            yield x[start : start + at_once].to(self.device)

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """The net's outputs as in use: dropout rests, batch norm takes its running statistics."""
        was_training = self.model.training
        self.model.eval()
        with placed(self.device):
            out = torch.cat([self.model(part) for part in self.parts(x)])
        self.model.train(was_training)
        return out

    @torch.no_grad()
    def evaluate(self, examples: Examples) -> tuple[float, float]:
        """The loss over all examples, and the part of them that is classified right, or how far predicted numbers are
        off in the mean."""
        output = self.predict(examples.x)
        target = target_of(loss_of(self.config.loss), examples.labels, output.shape[1])
        return float(self.criterion(output, target)), self._score(output, examples.labels)

    def _score(self, output: Tensor, labels: Tensor) -> float:
        if self.predicts_numbers:
            return float((output[:, 0] - labels).abs().mean()) * self.label_scale[1]
        return float((output.argmax(1) == labels).float().mean())


def steps_between_records(config: TrainConfig, planned: int, size: NetSize) -> int:
    """The number in the settings, or a round one that gives 100 to 250 records, and more where steps are long; of a
    very long run no more than allowed.

    >>> small, large = NetSize((10,), 7850, 794, 7840), NetSize((10,), 7850, 794, 100_000_000)
    >>> [steps_between_records(TrainConfig(batch=100), 6000, size) for size in (small, large)]
    [50, 3]
    >>> steps_between_records(TrainConfig(record_every=20), 6000, small)
    20
    """
    least = math.ceil(planned / LIMITS.records)
    if config.record_every:
        return max(least, config.record_every)
    long = LONG / (TIMES_FORWARD * max(size.multiplications, 1) * config.batch)
    return max(least, rounded(min(planned / 100, long)))


def rounded(number: float) -> int:
    """1, 2 or 5 times a power of ten, at most `number`; at least 1.

    >>> [rounded(number) for number in (0.3, 4.5, 37, 999)]
    [1, 2, 20, 500]
    """
    if number < 1:
        return 1
    power = 10 ** math.floor(math.log10(number))
    return int(next(digit * power for digit, least in zip((5, 2, 1), repeat(power)) if digit * least <= number))


def probabilities(output: Tensor, loss: str) -> Tensor:
    """Class probabilities within [0, 1] from outputs (N, classes), by the loss that they are trained with."""
    wants = loss_of(loss).wants
    if loss == "BCEWithLogitsLoss":
        return torch.sigmoid(output)
    if wants == "logits":
        return torch.softmax(output, 1)
    return output.exp().clamp(0, 1) if wants == "log-probabilities" else output.clamp(0, 1)


def samples(learner: Learner, count: int) -> list[list[float]]:
    """The probabilities of the classes for the first test examples, to four digits; or the one number that is
    predicted, in the unit of the data."""
    output = learner.predict(learner.test_set.x[:count])
    if learner.predicts_numbers:
        mean, deviation = learner.label_scale
        return [[float(f"{mean + deviation * row[0]:.6g}")] for row in output.tolist()]
    output = output[:, : len(learner.classes)]
    return [[round(p, 4) for p in row] for row in probabilities(output, learner.config.loss).tolist()]
