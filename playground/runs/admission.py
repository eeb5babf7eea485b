"""Limits on what enters the queue. A run is written first, then counted with all others; a refusal rolls it back."""

from __future__ import annotations

import json

from sqlalchemy import Connection, func, select

from playground.errors import PlaygroundError
from playground.runs.limits import LIMITS
from playground.runs.run import ENDED
from playground.runs.tables import RUNS
from playground.training.config import TrainConfig
from playground.training.limits import LIMITS as OF_ONE


def check_room(connection: Connection, run: str) -> None:
    """PlaygroundError where the owner of a run that has just entered the queue, or everyone, has too many there."""
    counts = select(func.count()).select_from(RUNS)
    owner = connection.scalar(select(RUNS.c.owner).where(RUNS.c.id == run))
    mine = connection.scalar(counts.where(RUNS.c.owner == owner, RUNS.c.status.not_in(ENDED))) or 0
    if owner and mine > LIMITS.unfinished:
        hint = f"at most {LIMITS.unfinished} at once: stop one, or wait until one ends"
        raise PlaygroundError(f"{mine - 1} of your runs are not finished", hint=hint)
    if (connection.scalar(counts.where(RUNS.c.status == "queued")) or 0) > LIMITS.queue:
        raise PlaygroundError(f"{LIMITS.queue} runs are waiting", hint="try again when some have ended")


def check_length(connection: Connection, run: str) -> None:
    """PlaygroundError where more epochs have been asked for than settings could have asked for."""
    row = connection.execute(select(RUNS).where(RUNS.c.id == run)).one()
    config = TrainConfig.from_fields(json.loads(row.config))
    epochs = row.more_epochs + (0 if config.steps else config.epochs)
    if epochs > OF_ONE.epochs or (config.steps and row.steps >= OF_ONE.steps):
        most = f"{OF_ONE.steps:,} steps" if config.steps and row.steps >= OF_ONE.steps else f"{OF_ONE.epochs} epochs"
        raise PlaygroundError(f"no run may take more than {most}", hint="its settings could not have asked for more")
