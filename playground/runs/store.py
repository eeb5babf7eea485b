"""`Store`: runs, their records and checkpoints in a database. Pages ask here, workers write here."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, select, update

from playground.errors import PlaygroundError
from playground.runs.admission import check_length, check_room
from playground.runs.database import Database
from playground.runs.housekeeping import tidy
from playground.runs.limits import LIMITS
from playground.runs.recovery import take_back
from playground.runs.rows import record_of, record_text, run_of
from playground.runs.run import ENDED, Orders, Run, Status
from playground.runs.tables import CHECKPOINTS, RECORDS, RUNS, now, take_turns
from playground.training.config import TrainConfig
from playground.training.records import TrainRecord

MAY_BE = "it may be kept in another database, or be too old to be kept"
CHECKPOINTS_KEPT = 2  # of a run that goes on: the newest, and the one before in case that one is damaged


class Store(Database):
    """The runs of one database. Every method is one transaction; PlaygroundError where the database refuses."""

    # The owner's side ----------------------------------------------------------------------------------------------

    def submit(self, config: TrainConfig, *, owner: str = "", title: str = "") -> Run:
        """Put a run into the queue. PlaygroundError where the owner, or everyone, has too many there."""
        run = secrets.token_hex(6)
        with self._transaction() as connection:
            take_turns(connection)
            row = {
                "id": run,
                "place": select(func.coalesce(func.max(RUNS.c.place), 0) + 1).scalar_subquery(),
                "config": json.dumps(config.fields(), allow_nan=False),
                "title": title,
                "owner": owner,
                "status": "queued",
                "created": time.time(),
            }
            connection.execute(insert(RUNS).values(row))
            check_room(connection, run)
        return self.run(run)

    def run(self, run: str) -> Run:
        """The run with this id. PlaygroundError where there is none."""
        with self._transaction() as connection:
            row = connection.execute(select(RUNS).where(RUNS.c.id == run)).one_or_none()
        if row is None:
            raise PlaygroundError(f"there is no run {run[:24]!r}", hint=MAY_BE)
        return run_of(row)

    def runs(self, *, owner: str | None = None, ids: Sequence[str] = (), limit: int = 100) -> list[Run]:
        """The newest runs of an owner, or those with these ids."""
        query = select(RUNS).order_by(RUNS.c.place.desc()).limit(limit)
        if owner is not None:
            query = query.where(RUNS.c.owner == owner)
        if ids:
            query = query.where(RUNS.c.id.in_(ids))
        with self._transaction() as connection:
            return [run_of(row) for row in connection.execute(query)]

    def records(self, run: str, after: int = -1) -> list[TrainRecord]:
        """The records of a run beyond a step, in order."""
        query = select(RECORDS.c.body).where(RECORDS.c.run == run, RECORDS.c.step > after).order_by(RECORDS.c.step)
        with self._transaction() as connection:
            return [record_of(body) for body in connection.scalars(query)]

    def steps(self, run: str, after: int = -1) -> list[int]:
        """The steps beyond this one that have a record, in order."""
        query = select(RECORDS.c.step).where(RECORDS.c.run == run, RECORDS.c.step > after).order_by(RECORDS.c.step)
        with self._transaction() as connection:
            return list(connection.scalars(query))

    def ahead(self, run: str) -> int:
        """Count the runs that are taken before this one."""
        place = select(RUNS.c.place).where(RUNS.c.id == run).scalar_subquery()
        with self._transaction() as connection:
            query = select(func.count()).select_from(RUNS).where(RUNS.c.status == "queued", RUNS.c.place < place)
            return connection.scalar(query) or 0

    def pause(self, run: str) -> None:
        """Ask for a pause; a run that waits is paused at once."""
        self._change(run, ("running", "queued"), wanted="pause", status=_unless_running("paused", "running"))

    def resume(self, run: str) -> None:
        """Put a paused run back into the queue, or take back a pause or stop that was asked for. PlaygroundError: as
        for `submit`."""
        with self._transaction() as connection:
            take_turns(connection)
            self._put_back(connection, run, ("paused",))
        self._change(run, ("running",), wanted="run")

    def retry(self, run: str) -> None:
        """Put a run that failed or was stopped back into the queue: it goes on from its last checkpoint.
        PlaygroundError: as for `submit`."""
        with self._transaction() as connection:
            take_turns(connection)
            self._put_back(connection, run, ("failed", "stopped"))

    def stop(self, run: str) -> None:
        """Ask for the end; a run that waits or pauses ends at once."""
        status, finished = _unless_running("stopped", "running"), _unless_running(time.time(), None)
        self._change(run, ("running", "queued", "paused"), wanted="stop", status=status, finished=finished)

    def set_learning_rate(self, run: str, rate: float) -> None:
        """Change the learning rate from the next step on. PlaygroundError where a config could not hold it."""
        TrainConfig(learning_rate=float(rate))
        self._change(run, ("queued", "running", "paused", *ENDED), learning_rate=float(rate))

    def rename(self, run: str, title: str) -> None:
        """Give a run a name; '' takes it back."""
        with self._transaction() as connection:
            connection.execute(update(RUNS).where(RUNS.c.id == run).values(title=title))

    def one_epoch_more(self, run: str) -> None:
        """Ask for one epoch more; a run that has ended well goes back into the queue. PlaygroundError: as for `submit`,
        and where the run would be longer than any may be."""
        which = (RUNS.c.id == run) & (RUNS.c.status != "failed")
        with self._transaction() as connection:
            take_turns(connection)
            longer = update(RUNS).where(which).values(more_epochs=RUNS.c.more_epochs + 1)
            if connection.execute(longer).rowcount:
                check_length(connection, run)
                self._put_back(connection, run, ("finished", "stopped"))

    def _put_back(self, connection: Connection, run: str, when: Sequence[str]) -> None:
        """Into the queue, where there is room; dead workers are counted anew."""
        back = update(RUNS).where(RUNS.c.id == run, RUNS.c.status.in_(when))
        values = back.values(wanted="run", status="queued", reason="", finished=None, attempt=0)
        if connection.execute(values).rowcount:
            check_room(connection, run)

    def _change(self, run: str, when: Sequence[str], **changes: Any) -> None:
        with self._transaction() as connection:
            connection.execute(update(RUNS).where(RUNS.c.id == run, RUNS.c.status.in_(when)).values(**changes))

    # The worker's side ---------------------------------------------------------------------------------------------

    def claim(self, worker: str) -> Run | None:
        """Take the first run of the queue; None where nothing waits. No run is ever taken by two."""
        with self._transaction() as connection:
            waiting = select(RUNS.c.id).where(RUNS.c.status == "queued").order_by(RUNS.c.place).limit(1)
            found = connection.scalar(waiting)
            if found is None:
                return None
            taken = connection.execute(
                update(RUNS)
                .where(RUNS.c.id == found, RUNS.c.status == "queued")  # still: another may have been faster
                .values(
                    status="running",
                    worker=worker,
                    heartbeat=now(connection),
                    attempt=RUNS.c.attempt + 1,
                    threads=func.coalesce(RUNS.c.threads, LIMITS.threads),
                )
            )
            if taken.rowcount != 1:
                return None
        return self.run(found)

    def report(self, run: str, worker: str, records: Sequence[TrainRecord] = (), **changes: Any) -> Orders | None:
        """Write records and changes, and say that the worker lives; None where the run is no longer this worker's."""
        with self._transaction() as connection:
            mine = update(RUNS).where(RUNS.c.id == run, RUNS.c.worker == worker, RUNS.c.status == "running")
            if connection.execute(mine.values(heartbeat=now(connection), **changes)).rowcount != 1:
                return None
            if records:
                newest = connection.scalar(select(func.max(RECORDS.c.step)).where(RECORDS.c.run == run)) or 0
                rows = [
                    {"run": run, "step": record.step, "body": record_text(record)}
                    for record in records
                    if record.step > newest  # after a resume the steps since the checkpoint come once more
                ]
                if rows:
                    connection.execute(insert(RECORDS), rows)
            return _orders(connection, run, worker)

    def orders(self, run: str, worker: str) -> Orders | None:
        """What the owner wants by now; None where the run is no longer this worker's."""
        with self._transaction() as connection:
            return _orders(connection, run, worker)

    def release(self, run: str, worker: str, status: Status, reason: str = "", *, epochs: int = 0) -> None:
        """The worker is done with the run, of which it knew of so many epochs more: were more asked for at the last
        moment, a finished run goes back into the queue."""
        ended = time.time() if status in ENDED else None
        mine = update(RUNS).where(RUNS.c.id == run, RUNS.c.worker == worker, RUNS.c.status == "running")
        with self._transaction() as connection:
            if status == "finished":
                connection.execute(
                    mine.where(RUNS.c.more_epochs > epochs).values(status="queued", worker="", attempt=0)
                )
            is_mine = connection.execute(mine.values(status=status, reason=reason, finished=ended, worker="")).rowcount
            if is_mine and ended is not None:
                _keep_checkpoints(connection, run, 1)

    def save_checkpoint(self, run: str, worker: str, step: int, content: bytes) -> None:
        """Keep a checkpoint with its digest, and let go of older ones."""
        with self._transaction() as connection:
            if connection.scalar(select(RUNS.c.worker).where(RUNS.c.id == run)) != worker:
                return
            here = (CHECKPOINTS.c.run == run) & (CHECKPOINTS.c.step == step)
            connection.execute(delete(CHECKPOINTS).where(here))
            connection.execute(insert(CHECKPOINTS).values(run=run, step=step, digest=_digest(content), content=content))
            _keep_checkpoints(connection, run, CHECKPOINTS_KEPT)

    def checkpoint(self, run: str) -> bytes | None:
        """The newest checkpoint that is whole; None where there is none."""
        query = select(CHECKPOINTS).where(CHECKPOINTS.c.run == run).order_by(CHECKPOINTS.c.step.desc())
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return next((bytes(row.content) for row in rows if _digest(bytes(row.content)) == row.digest), None)

    # The host's side -----------------------------------------------------------------------------------------------

    def lost(self, worker: str, reason: str) -> None:
        """A worker died: its run goes back into the queue, ends or pauses where its owner had asked for that, or has
        failed where too many died."""
        with self._transaction() as connection:
            take_back(connection, RUNS.c.worker == worker, reason)

    def take_back_silent(self) -> None:
        """The same for all workers that have given no sign of life for too long."""
        with self._transaction() as connection:
            silent = RUNS.c.heartbeat < now(connection) - LIMITS.silence
            take_back(connection, silent, "the worker gave no sign of life")

    def tidy(self) -> int:
        """Delete runs at rest that are too old or too many; how many those were."""
        with self._transaction() as connection:
            take_turns(connection)
            return tidy(connection)

    def running(self, machine: str) -> int:
        """Count the runs that go on under workers whose names begin so."""
        mine = RUNS.c.worker.startswith(machine, autoescape=True)
        query = select(func.count()).select_from(RUNS).where(RUNS.c.status == "running", mine)
        with self._transaction() as connection:
            return connection.scalar(query) or 0

    def is_busy(self) -> bool:
        """Tell whether any run waits or runs."""
        query = select(func.count()).select_from(RUNS).where(RUNS.c.status.in_(("queued", "running")))
        with self._transaction() as connection:
            return bool(connection.scalar(query))


def _orders(connection: Connection, run: str, worker: str) -> Orders | None:
    mine = (RUNS.c.id == run) & (RUNS.c.worker == worker) & (RUNS.c.status == "running")
    query = select(RUNS.c.wanted, RUNS.c.learning_rate, RUNS.c.more_epochs).where(mine)
    row = connection.execute(query).one_or_none()
    return None if row is None else Orders(row.wanted, row.learning_rate, row.more_epochs)


def _keep_checkpoints(connection: Connection, run: str, count: int) -> None:
    """Let go of all but the newest."""
    newest = select(CHECKPOINTS.c.step).where(CHECKPOINTS.c.run == run).order_by(CHECKPOINTS.c.step.desc())
    kept = list(connection.scalars(newest.limit(count)))
    connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.run == run, CHECKPOINTS.c.step.not_in(kept)))


def _unless_running(there: Any, running: Any) -> Any:
    """Write an order there and then, unless a worker has to be told first. In one statement, so that no run
    slips through between its states."""
    return case((RUNS.c.status == "running", running), else_=there)


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=32).hexdigest()
