"""Carry out one claimed run in a worker process: train, report, keep checkpoints, and end."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from playground.computing.device import device_of, needed
from playground.computing.worker import lacks_memory
from playground.data.dataset import Data
from playground.errors import PlaygroundError
from playground.runs.limits import LIMITS
from playground.runs.reporter import Lost, Reporter
from playground.runs.run import Orders, Run, Status
from playground.runs.store import Store
from playground.training.checkpoint import checkpoint, restore
from playground.training.examples import data_of
from playground.training.learner import Learner
from playground.training.loop import train

OFTEN = 0.5  # seconds between two records of a run that has just begun, at most: its curve is seen to move
SLOW = 0.1  # seconds of a step, from which on to measure each costs little beside it
SELDOM = 40  # later a fortieth of its time: from 20 s on less often, some 250 such records in an hour
NO_MEMORY = "there was not enough memory; a smaller batch or net needs less"


def work(store: Store, run: Run) -> None:
    """Train a run from where it is to its end, its pause or its stop; the store hears how it went, whatever happens."""
    with Reporter(store, run) as reporter:
        try:
            status, reason = _train(store, run, reporter)
        except PlaygroundError as error:
            status, reason = "failed", error.message + (f"; {error.hint}" if error.hint else "")
        except Lost:
            raise
        except Exception as error:  # whatever it is, the owner has to hear of it
            status, reason = (
                "failed",
                no_memory(error) or f"{type(error).__name__}: {str(error)[:300]}",
            )
        reporter.release(status, reason)


def no_memory(error: Exception) -> str:
    """Why the run has ended, where Python or PyTorch could allocate no more; '' of any other error."""
    if not isinstance(error, MemoryError) and not lacks_memory(str(error)):
        return ""
    wanted = needed(str(error))
    return NO_MEMORY + (f" ({wanted})" if wanted else "")


class Heeding(Learner):
    """A learner that a page follows and its owner commands. Beside the steps that its settings plan it records some at
    its beginning, one after every while, and one where somebody wants something: what it trains stays the same.

    An earlier worker may have recorded steps that this one trains once more; they are recorded again, or the point
    after the last of them would be a mean over other steps than it says.
    """

    def __init__(self, run: Run, data: Data, device: torch.device, reporter: Reporter, store: Store) -> None:
        super().__init__(run.config, data, device)
        self._reporter = reporter
        kept = store.checkpoint(run.id)
        if kept is not None:
            restore(self, kept)
        self.told = frozenset(store.steps(run.id, after=self.step))
        self._told_until = max(self.told, default=self.step)

    @property
    def is_watched(self) -> bool:
        """Tell whether the next step is measured. Of steps that take long each is: whether it is recorded, because its
        time has come or its owner wants something, is known when it has ended."""
        return super().is_watched or self.seconds_so_far > SLOW * self.step

    def is_due(self, step: int) -> bool:
        """Tell whether this step is recorded, the next one or the one that has just ended."""
        seconds = self.seconds_so_far
        is_early = step < self.record_every and step.bit_count() == 1  # 1, 2, 4, 8, ...
        is_long_ago = seconds - self.seconds > max(OFTEN, seconds / SELDOM)
        is_asked = seconds > LIMITS.seconds or self._reporter.is_lost or not self.has_heeded
        return super().is_due(step) or is_early or is_long_ago or is_asked or step in self.told

    @property
    def orders(self) -> Orders:
        """What the owner wants. Until the last step that an earlier worker has recorded, the run is made again as it
        was, and a rate that no record has seen waits."""
        orders = self._reporter.orders
        return orders if self.step >= self._told_until else replace(orders, learning_rate=self.rate_set)

    @property
    def has_heeded(self) -> bool:
        """Tell whether the owner has what they want."""
        orders = self.orders
        has_rate = orders.learning_rate in (None, self.rate_set)
        return orders.wanted == "run" and has_rate and orders.more_epochs <= self.epochs_added

    def heed(self) -> None:
        """Follow the orders, and keep a new learning rate at once: who goes on from here has it from the same step."""
        rate = self.rate_set
        follow(self, self.orders)
        if self.rate_set != rate:
            self._reporter.keep(self.step, checkpoint(self))


def _train(store: Store, run: Run, reporter: Reporter) -> tuple[Status, str]:
    """Train, and return how the run ended and why."""
    config = run.config
    data = data_of(config, reporter.progress)
    device = device_of(config.device)
    learner = Heeding(run, data, device, reporter, store)
    reporter.began(learner)
    ended: tuple[Status, str] = ("finished", "")
    saved = time.monotonic()
    learner.heed()
    for record in train(config, data, device, learner):
        reporter.add(record, learner)
        learner.heed()
        if reporter.orders.wanted != "run" and learner.step < learner.steps:
            ended = ("paused" if reporter.orders.wanted == "pause" else "stopped", "")
            break
        if learner.seconds > LIMITS.seconds and learner.step < learner.steps:
            ended = ("stopped", f"after {LIMITS.seconds} seconds of training, the limit of this server")
            break
        if time.monotonic() - saved > LIMITS.checkpoint:
            reporter.keep(learner.step, checkpoint(learner))
            saved = time.monotonic()
    reporter.keep(learner.step, checkpoint(learner))
    return ended


def follow(learner: Learner, orders: Orders) -> None:
    """Do what the owner asked for since."""
    if orders.learning_rate is not None and orders.learning_rate != learner.rate_set:
        learner.change_rate(orders.learning_rate)
    if orders.more_epochs > learner.epochs_added:
        learner.add_epochs(orders.more_epochs - learner.epochs_added)
