"""How fast a net trains here: a few steps of it, timed, before anybody waits for all of them."""

from __future__ import annotations

import math
from dataclasses import replace
from time import perf_counter

import torch

from playground.computing.device import CPU
from playground.data.dataset import Data, Examples
from playground.layers.catalogue.spec import Shape
from playground.training.config import SETTINGS, TrainConfig
from playground.training.learner import TIMES_FORWARD, Learner
from playground.training.loop import train

WARM = 2  # steps that are not counted: the first ones allocate
TIMED = 20  # steps that are, at most
LONG_ENOUGH = 0.4  # seconds, after which no other step is begun


def seconds_per_step(config: TrainConfig, input_shape: Shape, classes: int, device: torch.device = CPU) -> float:
    """The time of one step with these settings, measured on noise: it does not depend on what the examples show.

    `classes`: 0 where numbers are predicted. PlaygroundError where the net does not fit the data.
    """
    steps = WARM + TIMED
    count = config.batch * steps
    noise = torch.rand(1, *input_shape, generator=torch.Generator().manual_seed(0)).expand(count, *input_shape)
    labels = torch.arange(count) % classes if classes else torch.zeros(count)
    data = Data("noise", Examples(noise, labels), Examples(noise[:1], labels[:1]), tuple(map(str, range(classes))))
    calm = replace(config, learning_rate=SETTINGS["learning_rate"].least, schedule="constant")
    timed = replace(calm, steps=steps, folds=0, fold=0, train_size=0, test_size=0, record_every=steps)
    learner = Learner(timed, data, device)
    ended = [perf_counter()]  # the beginning, and the end of each step

    def note(*_: object) -> None:
        ended.append(perf_counter())
        if ended[-1] - ended[0] > LONG_ENOUGH:
            learner.steps = learner.step + 1  # this one was the last

    learner.optimizer.register_step_post_hook(note)
    list(train(timed, data, device, learner))
    counted = ended[WARM:] if len(ended) > WARM + 1 else ended
    return (counted[-1] - counted[0]) / (len(counted) - 1)


def seconds_of(config: TrainConfig, train_size: int, test_size: int, per_step: float) -> float:
    """The time of a whole run where a step takes so long: its steps, and a test at the end of each epoch."""
    steps = steps_of(config, train_size)
    per_epoch = math.ceil(train_size / config.batch)
    tests = math.ceil(steps / per_epoch) * test_size / config.batch
    return per_step * (steps + tests / TIMES_FORWARD)


def steps_of(config: TrainConfig, train_size: int) -> int:
    """The number of steps that a run takes with so many examples."""
    return config.steps or config.epochs * math.ceil(train_size / config.batch)
