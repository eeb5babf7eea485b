"""Old runs are let go of, and the oldest where all together keep too much; what waits or runs is never touched."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import func, select, update

from playground.errors import PlaygroundError
from playground.runs import housekeeping
from playground.runs.housekeeping import DAY, MEGABYTE
from playground.runs.limits import ServerLimits
from playground.runs.run import Status
from playground.runs.store import Store
from playground.runs.tables import CHECKPOINTS, RECORDS, RUNS
from playground.training.config import TrainConfig
from playground.training.records import TrainRecord

RECORD = TrainRecord(1, 0.1, 1.0, 0.5, 0.05, 0.0, 0.0)


def trained(store: Store, status: Status, days: float, size: int = 1000) -> str:
    """A run that came to this state so many days ago, with a record and a checkpoint of this size."""
    run = store.submit(TrainConfig()).id
    store.claim("w")
    store.report(run, "w", [RECORD])
    store.save_checkpoint(run, "w", 1, b"x" * size)
    if status != "running":
        store.release(run, "w", status)
    then = time.time() - days * DAY
    with store.engine.begin() as connection:
        changed = {"created": then} | ({"finished": then} if status in ("finished", "stopped", "failed") else {})
        connection.execute(update(RUNS).where(RUNS.c.id == run).values(**changed))
    return run


def rows(store: Store, run: str) -> list[int]:
    """How many rows each table has of it."""
    with store.engine.begin() as connection:
        columns = (RUNS.c.id, RECORDS.c.run, CHECKPOINTS.c.run)
        return [connection.scalar(select(func.count()).where(column == run)) or 0 for column in columns]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(housekeeping, "LIMITS", ServerLimits(days=10, megabytes=0))
    return monkeypatch


@pytest.mark.parametrize("status", ["finished", "stopped", "failed", "paused"])
def test_a_run_at_rest_goes_when_it_is_too_old(store: Store, limits: pytest.MonkeyPatch, status: Status) -> None:
    old, young = trained(store, status, 10.5), trained(store, status, 9.5)
    assert store.tidy() == 1
    assert (rows(store, old), rows(store, young)) == ([0, 0, 0], [1, 1, 1])
    with pytest.raises(PlaygroundError, match="there is no run") as caught:
        store.run(old)
    assert "too old" in caught.value.hint
    assert store.tidy() == 0


def test_what_runs_or_waits_stays_however_old(store: Store, limits: pytest.MonkeyPatch) -> None:
    running = trained(store, "running", 1000)
    waiting = store.submit(TrainConfig()).id
    with store.engine.begin() as connection:
        connection.execute(update(RUNS).where(RUNS.c.id == waiting).values(created=0.0))
    limits.setattr(housekeeping, "LIMITS", ServerLimits(days=1, megabytes=1))
    assert store.tidy() == 0
    assert (rows(store, running), rows(store, waiting)) == ([1, 1, 1], [1, 0, 0])


def test_the_oldest_go_where_all_keep_too_much(store: Store, limits: pytest.MonkeyPatch) -> None:
    ages = [3.0, 5.0, 1.0, 4.0, 2.0]
    by_age = dict(zip(ages, [trained(store, "finished", age, MEGABYTE) for age in ages], strict=True))
    limits.setattr(housekeeping, "LIMITS", ServerLimits(days=0, megabytes=3))
    assert store.tidy() == 2
    assert {age for age, run in by_age.items() if rows(store, run)[0]} == {1.0, 2.0, 3.0}
    assert store.tidy() == 0


def test_without_a_limit_everything_stays(store: Store, limits: pytest.MonkeyPatch) -> None:
    run = trained(store, "finished", 10_000)
    limits.setattr(housekeeping, "LIMITS", ServerLimits(days=0, megabytes=0))
    assert store.tidy() == 0 and rows(store, run) == [1, 1, 1]
