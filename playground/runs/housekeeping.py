"""Let go of old runs: nothing else would ever delete one, and each keeps its weights."""

from __future__ import annotations

import time

from sqlalchemy import Connection, delete, func, select

from playground.runs.limits import LIMITS
from playground.runs.run import ENDED
from playground.runs.tables import CHECKPOINTS, RECORDS, RUNS

DAY = 86_400.0  # seconds
MEGABYTE = 1_000_000
AT_ONCE = 200  # runs deleted in one transaction, so that nobody waits for long
_AT_REST = RUNS.c.status.in_((*ENDED, "paused"))
_LAST = func.coalesce(RUNS.c.finished, RUNS.c.created)  # a paused run has not finished


def tidy(connection: Connection) -> int:
    """Delete runs at rest that are too old, then the oldest while all together keep too much; how many those were."""
    gone = _delete(connection, _too_old(connection)) if LIMITS.days else 0
    return gone + (_delete(connection, _too_many(connection)) if LIMITS.megabytes else 0)


def _too_old(connection: Connection) -> list[str]:
    old = select(RUNS.c.id).where(_AT_REST, time.time() - LIMITS.days * DAY > _LAST).order_by(_LAST)
    return list(connection.scalars(old.limit(AT_ONCE)))


def _too_many(connection: Connection) -> list[str]:
    size = func.sum(func.length(CHECKPOINTS.c.content)).label("size")
    kept = select(CHECKPOINTS.c.run, size).group_by(CHECKPOINTS.c.run).subquery()
    total = connection.scalar(select(func.sum(kept.c.size))) or 0
    oldest = select(RUNS.c.id, kept.c.size).join(kept, kept.c.run == RUNS.c.id).where(_AT_REST).order_by(_LAST)
    ids = []
    for run, length in connection.execute(oldest.limit(AT_ONCE)):
        if total <= LIMITS.megabytes * MEGABYTE:
            break
        ids.append(run)
        total -= length
    return ids


def _delete(connection: Connection, ids: list[str]) -> int:
    for column in (RECORDS.c.run, CHECKPOINTS.c.run, RUNS.c.id):
        connection.execute(delete(column.table).where(column.in_(ids)))
    return len(ids)
