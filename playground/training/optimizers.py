"""The optimizers and the learning rate schedules that a run can use: one row each.

A schedule changes the learning rate and nothing else. PyTorch's one-cycle would move momentum or beta1 along, over what
the user set, and refuses optimizers that have neither (Adagrad): `cycle_momentum=False` leaves them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from playground.training.config import TrainConfig


@dataclass(frozen=True, slots=True)
class OptimizerRow:
    """One optimizer of `torch.optim`. `takes`: the settings that it has besides learning rate and weight decay."""

    name: str
    build: Callable[..., torch.optim.Optimizer]
    takes: tuple[str, ...]
    meaning: str


OPTIMIZERS: tuple[OptimizerRow, ...] = (
    OptimizerRow("SGD", torch.optim.SGD, ("momentum", "nesterov"), "Against the gradient, as far as the rate says."),
    OptimizerRow("Adam", torch.optim.Adam, (), "Each weight with a rate of its own, from its gradients so far."),
    OptimizerRow("AdamW", torch.optim.AdamW, (), "Adam with weight decay that does not pass through the gradient."),
    OptimizerRow("RMSprop", torch.optim.RMSprop, ("momentum",), "Divided by the size of the latest gradients."),
    OptimizerRow("Adagrad", torch.optim.Adagrad, (), "Divided by the size of all gradients so far."),
)
_OPTIMIZERS = {row.name: row for row in OPTIMIZERS}


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One schedule. `build`: of optimizer, settings, steps of an epoch and of the run; None for a constant rate."""

    name: str
    build: Callable[[torch.optim.Optimizer, TrainConfig, int, int], LRScheduler] | None
    meaning: str


SCHEDULES: tuple[ScheduleRow, ...] = (
    ScheduleRow("constant", None, "The same rate from the first step to the last."),
    ScheduleRow(
        "step",
        lambda optimizer, config, epoch, _: StepLR(
            optimizer, step_size=config.decay_epochs * epoch, gamma=config.decay
        ),
        "Times the decay every few epochs.",
    ),
    ScheduleRow(
        "cosine",
        lambda optimizer, config, _, run: CosineAnnealingLR(optimizer, T_max=run),
        "Down to zero along half a cosine.",
    ),
    ScheduleRow(
        "one-cycle",
        lambda optimizer, config, _, run: OneCycleLR(
            optimizer, max_lr=config.learning_rate, total_steps=run, cycle_momentum=False
        ),
        "Up from a 25th of the rate, then down to almost nothing (Smith & Topin, 2018).",
    ),
)
_SCHEDULES = {row.name: row for row in SCHEDULES}
_RATES = ("lr", "initial_lr", "max_lr", "min_lr")


def optimizer_of(config: TrainConfig, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """PyTorch's optimizer with these settings."""
    row = _OPTIMIZERS[config.optimizer]
    settings: dict[str, Any] = {name: getattr(config, name) for name in row.takes}
    return row.build(parameters, lr=config.learning_rate, weight_decay=config.weight_decay, **settings)


def schedule_of(config: TrainConfig, optimizer: torch.optim.Optimizer, epoch: int, run: int) -> LRScheduler | None:
    """PyTorch's schedule, moved on once a step; `epoch` and `run`: their numbers of steps. None: a constant rate."""
    row = _SCHEDULES[config.schedule]
    return None if row.build is None else row.build(optimizer, config, epoch, max(run, 1))


def scale_rate(optimizer: torch.optim.Optimizer, schedule: LRScheduler | None, factor: float) -> None:
    """Multiply the rate, now and for the rest of the schedule."""
    for group in optimizer.param_groups:
        group.update({name: group[name] * factor for name in _RATES if name in group})
    if schedule is not None:
        schedule.base_lrs = [rate * factor for rate in schedule.base_lrs]
