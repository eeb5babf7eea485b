"""`Run`: one row of the store, with the states that a run goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playground.training.config import TrainConfig

Status = Literal["queued", "running", "paused", "finished", "stopped", "failed"]
ENDED: tuple[Status, ...] = ("finished", "stopped", "failed")
Wanted = Literal["run", "pause", "stop"]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the store knows it, its records apart. Times are seconds since 1970."""

    id: str
    config: TrainConfig
    title: str
    owner: str
    status: Status
    reason: str  # why it failed, or what it waits for
    wanted: Wanted
    created: float
    finished: float | None
    step: int
    steps: int  # at which it will end; 0 until a worker knows
    seconds: float
    parameters: int
    device: str
    worker: str
    attempt: int
    learning_rate: float | None  # what the user set since the run began
    more_epochs: int  # asked for beyond the settings
    threads: int | None  # of its workers, all of them, because sums in another order give other bits; None: unknown
    share: float | None  # of the download that it waits for, 0 to 1; None: of none, or of one of unknown length
    samples: tuple[tuple[float, ...], ...]  # probabilities of the classes, for the first test examples

    @property
    def has_ended(self) -> bool:
        """Tell whether no worker will take it up again unless somebody asks."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Orders:
    """The owner's orders for a run that is going on."""

    wanted: Wanted
    learning_rate: float | None
    more_epochs: int
