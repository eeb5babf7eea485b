"""What one worker process does with the run that it has claimed: train, report, keep checkpoints, and end."""

from __future__ import annotations

import time

from playground.errors import PlaygroundError
from playground.runs.limits import LIMITS
from playground.runs.reporter import Reporter
from playground.runs.run import Orders, Run, Status
from playground.runs.store import Store
from playground.training.checkpoint import checkpoint, restore
from playground.training.chosen import data_of
from playground.training.device import device_of
from playground.training.learner import Learner
from playground.training.loop import train


def work(store: Store, run: Run) -> None:
    """Train a run from where it is to its end, its pause or its stop; the store hears how it went, whatever happens."""
    with Reporter(store, run) as reporter:
        try:
            status, reason = _train(store, run, reporter)
        except PlaygroundError as error:
            status, reason = "failed", error.message + (f"; {error.hint}" if error.hint else "")
        except MemoryError:
            status, reason = "failed", "there was not enough memory; a smaller batch or net needs less"
        except Exception as error:  # whatever it is, the owner has to hear of it
            status, reason = "failed", f"{type(error).__name__}: {str(error)[:300]}"
        reporter.release(status, reason)


def _train(store: Store, run: Run, reporter: Reporter) -> tuple[Status, str]:
    """How the run ended, and why."""
    config = run.config
    data = data_of(config, reporter.progress)
    device = device_of(config.device)
    learner = Learner(config, data, device)
    kept = store.checkpoint(run.id)
    if kept is not None:
        restore(learner, kept)
    reporter.began(learner)
    ended: tuple[Status, str] = ("finished", "")
    saved = time.monotonic()
    follow(learner, reporter.orders)
    for record in train(config, data, device, learner):
        reporter.add(record, learner)
        follow(learner, reporter.orders)
        if reporter.orders.wanted != "run" and learner.step < learner.steps:
            ended = ("paused" if reporter.orders.wanted == "pause" else "stopped", "")
            break
        if learner.seconds > LIMITS.seconds:
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


__all__ = ["follow", "work"]
