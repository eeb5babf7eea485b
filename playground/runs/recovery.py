"""Take back runs whose workers have died: the host notices, and another worker goes on from the checkpoint."""

from __future__ import annotations

import time

from sqlalchemy import ColumnElement, Connection, update

from playground.runs.limits import LIMITS
from playground.runs.tables import RUNS


def take_back(connection: Connection, which: ColumnElement[bool], reason: str) -> None:
    """Take back those that ran: what their owners asked for is done; others go on until too many workers died."""
    running = update(RUNS).where(which, RUNS.c.status == "running")
    stopped, paused = (running.where(RUNS.c.wanted == wanted) for wanted in ("stop", "pause"))
    failed = running.where(RUNS.c.attempt >= LIMITS.attempts)
    ended = {"finished": time.time(), "worker": ""}
    connection.execute(stopped.values(status="stopped", reason=reason, **ended))
    connection.execute(paused.values(status="paused", reason=reason, worker=""))
    connection.execute(failed.values(status="failed", reason=f"{reason}, {LIMITS.attempts} times", **ended))
    connection.execute(running.values(status="queued", reason=f"{reason}: it goes on from here", worker=""))
