"""Captions of a run: its state, the time left, the latest numbers in a sentence."""

from __future__ import annotations

import math

from playground.explain.numbers import format_number
from playground.runs.run import Run
from playground.training.records import TrainRecord


def state(run: Run, ahead: int = 0) -> str:
    """The state of the run in a few words."""
    if run.status == "queued":
        place = "next in the queue" if ahead == 0 else f"{ahead} run{'s' if ahead > 1 else ''} ahead in the queue"
        return f"waits: {place}" + (f" ({run.reason})" if run.reason else "")
    if run.status == "running":
        if run.wanted != "run":
            return "pausing …" if run.wanted == "pause" else "stopping …"
        return run.reason or ("trains" if run.step else "starts …")
    if run.status == "failed":
        return f"failed: {run.reason}"
    return run.status + (f": {run.reason}" if run.reason else "")


def time_left(run: Run) -> str:
    """The time that a run has left, estimated by its speed so far; '' where nothing can be said.

    Seconds of training: what it waits or pauses is not known beforehand.
    """
    if run.status not in ("running", "paused") or not run.step or run.steps <= run.step:
        return ""
    return f"about {duration((run.steps - run.step) * run.seconds / run.step)} left"


def rate_said(run: Run, latest: TrainRecord | None) -> str:
    """The sign that a new learning rate was taken; '' where none was asked for."""
    if run.learning_rate is None:
        return ""
    is_met = latest is not None and math.isclose(latest.learning_rate, run.learning_rate)
    waits = "" if is_met or run.config.schedule != "constant" or run.has_ended else ", from the next step on"
    return f"set to {run.learning_rate:g}{waits}"


def duration(seconds: float) -> str:
    """A duration in words, rounded.

    >>> duration(0.4), duration(75), duration(4000)
    ('1 s', '1 min 15 s', '1 h 6 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def sentence(run: Run, name: str, latest: TrainRecord | None, tested: TrainRecord | None) -> str:
    """The latest numbers as one reads them out; `tested`: the last record with a test."""
    if latest is None:
        return f"{name}: no numbers yet."
    parts = [f"training loss {format_number(latest.loss, 3)}"]
    parts.append(f"training {score(latest.accuracy, latest.error)}")
    if tested is not None:
        parts.append(f"test {score(tested.test_accuracy, tested.test_error)}")
    where = f"step {latest.step:,}" + (f" of {run.steps:,}" if run.steps else "")
    return f"{name}, {where}, epoch {latest.epoch:.1f}: {', '.join(parts)}."


def score(accuracy: float | None, error: float | None) -> str:
    """The part that is classified right, or how far predicted numbers are off.

    >>> score(0.5, None), score(None, 3.14159)
    ('accuracy 50.0 %', 'error 3.14')
    """
    return f"accuracy {100 * accuracy:.1f} %" if accuracy is not None else f"error {format_number(error or 0.0, 3)}"
