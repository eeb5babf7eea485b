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
    """A learner whose next step is recorded where the run is to end: its loop is heard in every step, and not only
    where a record is due anyway. What it trains stays the same."""

    def __init__(self, run: Run, data: Data, device: torch.device, reporter: Reporter) -> None:
        super().__init__(run.config, data, device)
        self._reporter = reporter
        self.recorded = time.monotonic()  # when the loop went on after the last record

    @property
    def is_due(self) -> bool:
        """Tell whether the next step is recorded. A pause waits: after it the run goes on as if there had been none."""
        is_late = self.seconds + time.monotonic() - self.recorded > LIMITS.seconds
        return super().is_due or is_late or self._reporter.is_lost or self._reporter.orders.wanted == "stop"


def _train(store: Store, run: Run, reporter: Reporter) -> tuple[Status, str]:
    """Train, and return how the run ended and why."""
    config = run.config
    data = data_of(config, reporter.progress)
    device = device_of(config.device)
    learner = Heeding(run, data, device, reporter)
    kept = store.checkpoint(run.id)
    if kept is not None:
        restore(learner, kept)
    reporter.began(learner)
    told = max([run.step, *(record.step for record in store.records(run.id, after=run.step))])
    ended: tuple[Status, str] = ("finished", "")
    saved = time.monotonic()
    heed(learner, reporter, told)
    for record in train(config, data, device, learner):
        reporter.add(record, learner)
        heed(learner, reporter, told)
        if reporter.orders.wanted != "run" and learner.step < learner.steps:
            ended = ("paused" if reporter.orders.wanted == "pause" else "stopped", "")
            break
        if learner.seconds > LIMITS.seconds and learner.step < learner.steps:
            ended = ("stopped", f"after {LIMITS.seconds} seconds of training, the limit of this server")
            break
        if time.monotonic() - saved > LIMITS.checkpoint:
            reporter.keep(learner.step, checkpoint(learner))
            saved = time.monotonic()
        learner.recorded = time.monotonic()
    reporter.keep(learner.step, checkpoint(learner))
    return ended


def heed(learner: Learner, reporter: Reporter, told: int) -> None:
    """Follow the orders, and keep a new learning rate at once: who goes on from here has it from the very same step.

    told: the last step that an earlier worker has recorded. Until there the run is made again as it was, and a rate
    that no record has seen waits.
    """
    orders, rate = reporter.orders, learner.rate_set
    follow(learner, orders if learner.step >= told else replace(orders, learning_rate=rate))
    if learner.rate_set != rate:
        reporter.keep(learner.step, checkpoint(learner))


def follow(learner: Learner, orders: Orders) -> None:
    """Do what the owner asked for since."""
    if orders.learning_rate is not None and orders.learning_rate != learner.rate_set:
        learner.change_rate(orders.learning_rate)
    if orders.more_epochs > learner.epochs_added:
        learner.add_epochs(orders.more_epochs - learner.epochs_added)
