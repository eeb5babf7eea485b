"""Training on another device than the CPU: the same numbers, and checkpoints that go from one to the other."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch

from playground.computing.device import CPU
from playground.data.dataset import Data
from playground.lessons.runs import RUNS
from playground.training.checkpoint import checkpoint, restore
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.freeze import freeze
from playground.training.learner import Learner, samples
from playground.training.loop import train
from playground.training.optimizers import OPTIMIZERS, OptimizerRow
from playground.training.records import TrainRecord
from tests.lazy import LAZY

STEPS = 8
MLP = TrainConfig(
    "Flatten Linear(12) ReLU Linear(10)", train_size=100, test_size=30, batch=20, learning_rate=0.01, record_every=1
)
CONVOLUTION = replace(MLP, text="Conv2d(3, 3) ReLU MaxPool2d(2) Flatten Linear(10)")
DROPOUT = replace(MLP, text="Flatten Linear(12) ReLU Dropout(0.5) Linear(10)")


@pytest.fixture(scope="module")
def data() -> Data:
    return data_of(MLP)


def numbers(records: list[TrainRecord]) -> list[float]:
    """What a run tells; a device may add up in another order, so the last digit of a float32 may differ."""
    told = [(one.step, one.loss, one.accuracy, one.test_loss, one.test_accuracy) for one in records]
    return [-1.0 if number is None else number for row in told for number in row]


def norms(records: list[TrainRecord]) -> list[float]:
    """What is said of the layers; a device may add up a norm in another order."""
    layers = [layer for record in records for layer in record.layers]
    told = [(one.gradient_norm, one.weight_norm, one.update_ratio, one.zeros, one.dead) for one in layers]
    return [-1.0 if number is None else number for numbers in told for number in numbers]


def steps(config: TrainConfig, data: Data, device: torch.device) -> tuple[Learner, list[TrainRecord]]:
    learner = Learner(config, data, device)
    return learner, list(islice(train(config, data, device, learner), STEPS))


def weights_of(learner: Learner) -> list[torch.Tensor]:
    return [parameter.detach().cpu() for parameter in learner.parameters]


def assert_same(there: Learner, here: Learner, atol: float = 1e-7) -> None:
    assert {parameter.device.type for parameter in there.parameters} == {"lazy"}
    for one, other in zip(weights_of(there), weights_of(here), strict=True):
        assert torch.allclose(one, other, rtol=1e-6, atol=atol)


MOMENTA = [(row, momentum) for row in OPTIMIZERS for momentum in (0.0, 0.9) if not momentum or "momentum" in row.takes]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "momentum"),
    [
        pytest.param(row, momentum, id=f"{row.name}-{momentum}", marks=[pytest.mark.slow] * (row.name != "Adam"))
        for row, momentum in MOMENTA
    ],
)
def test_every_optimizer_takes_the_same_steps(data: Data, row: OptimizerRow, momentum: float) -> None:
    config = replace(MLP, optimizer=row.name, momentum=momentum)
    there, told = steps(config, data, LAZY)
    here, expected = steps(config, data, CPU)
    divides = row.name != "SGD"  # by the root of squares that may be tiny: the last digit grows
    assert numbers(told) == pytest.approx(numbers(expected), rel=1e-5 if divides else 1e-6)
    assert norms(told) == pytest.approx(norms(expected), rel=1e-3 if divides else 1e-5)
    assert_same(there, here, 1e-4 if divides else 1e-7)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(CONVOLUTION, id="convolution"),
        pytest.param(DROPOUT, id="dropout", marks=pytest.mark.slow),
        pytest.param(replace(MLP, loss="MSELoss", clip=0.5), id="clipped squares", marks=pytest.mark.slow),
        pytest.param(replace(MLP, schedule="cosine", shuffle=False), id="cosine", marks=pytest.mark.slow),
        pytest.param(replace(MLP, initial="Kaiming normal"), id="initial weights", marks=pytest.mark.slow),
    ],
)
def test_every_kind_of_net_takes_the_same_steps(data: Data, config: TrainConfig) -> None:
    there, told = steps(config, data, LAZY)
    here, expected = steps(config, data, CPU)
    assert numbers(told) == pytest.approx(numbers(expected), rel=1e-6)
    assert norms(told) == pytest.approx(norms(expected), rel=1e-5)
    assert_same(there, here)
    assert torch.allclose(torch.tensor(samples(there, 4)), torch.tensor(samples(here, 4)), atol=1e-4)
    assert there.evaluate(there.test_set) == pytest.approx(here.evaluate(here.test_set), rel=1e-6)


def two_steps(config: TrainConfig) -> TrainConfig:
    few: dict[str, Any] = {} if config.data == "XOR" else {"train_size": 40, "test_size": 20}
    return replace(config, **few, batch=10, steps=2, record_every=1, epochs=1, folds=0)


OF_PRESETS = {two_steps(preset.document): preset.id for preset in RUNS.presets}  # some differ only in their length


@pytest.mark.slow
@pytest.mark.parametrize("config", OF_PRESETS, ids=OF_PRESETS.values())
def test_every_preset_takes_the_same_steps(config: TrainConfig) -> None:
    here_data = data_of(config)
    there, told = steps(config, here_data, LAZY)
    here, expected = steps(config, here_data, CPU)
    if "BatchNorm" in config.text:  # a bias before it has no slope, only rounding, of which Adam makes whole steps; and
        assert [one.loss for one in told] == pytest.approx([one.loss for one in expected], rel=1e-4)
        return  # running statistics PyTorch's `lazy` does not keep, so that it tests otherwise
    assert numbers(told) == pytest.approx(numbers(expected), rel=1e-5)
    assert_same(there, here, 1e-4)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(DROPOUT, id="dropout", marks=pytest.mark.slow),
        pytest.param(replace(MLP, optimizer="Adam"), id="Adam"),
    ],
)
@pytest.mark.parametrize(
    ("first", "second"),
    [(LAZY, CPU), *(pytest.param(*two, marks=pytest.mark.slow) for two in ((CPU, LAZY), (LAZY, LAZY)))],
)
def test_a_checkpoint_goes_from_one_device_to_the_other(
    data: Data, config: TrainConfig, first: torch.device, second: torch.device
) -> None:
    begun, _ = steps(config, data, first)
    kept = checkpoint(begun)
    going_on = Learner(config, data, second)
    restore(going_on, kept)
    told = list(islice(train(config, data, second, going_on), STEPS))
    whole = Learner(config, data)
    expected = list(islice(train(config, data, learner=whole), 2 * STEPS))[STEPS:]
    assert numbers(told) == pytest.approx(numbers(expected), rel=1e-6)
    assert checkpoint(going_on) != kept


@pytest.mark.slow
def test_a_step_is_opened_there_as_on_the_cpu(data: Data) -> None:
    there, _ = steps(DROPOUT, data, LAZY)
    here, _ = steps(DROPOUT, data, CPU)
    opened, expected = freeze(there), freeze(here)
    assert opened.recorded.loss == pytest.approx(expected.recorded.loss, rel=1e-6)
    for value, other in zip(opened.recorded.trace.values, expected.recorded.trace.values, strict=True):
        assert (value.name, value.shape, value.kind) == (other.name, other.shape, other.kind)
        assert torch.allclose(value.data.tensor().cpu(), other.data.tensor(), rtol=1e-6, atol=1e-7)
    assert next(there.batches())[0].device.type == "lazy"
