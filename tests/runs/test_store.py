"""The queue: order, claims, limits, states; records and checkpoints; a database that refuses."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import QueuePool, create_engine, update

from playground.errors import PlaygroundError
from playground.runs import store as of_store
from playground.runs.limits import LIMITS, ServerLimits
from playground.runs.result import result_of
from playground.runs.store import CHECKPOINTS_KEPT, Store
from playground.runs.tables import CHECKPOINTS, RUNS
from playground.training.config import TrainConfig
from playground.training.records import LayerRecord, TrainRecord

RECORD = TrainRecord(1, 0.1, 2.3, 0.1, 0.05, 0.2, 900.0, (LayerRecord("linear1", 0.5, 3.0, 0.01),))
CONFIG = TrainConfig(epochs=2)


def record(step: int) -> TrainRecord:
    return TrainRecord(step, step / 10, 1 / step, 0.5, 0.05, 0.0, 0.0)


def test_runs_are_taken_in_order(store: Store) -> None:
    first, second = (store.submit(CONFIG, title=title) for title in ("first", "second"))
    assert (first.status, store.ahead(first.id), store.ahead(second.id)) == ("queued", 0, 1)
    taken = store.claim("a")
    assert taken is not None and (taken.id, taken.status, taken.worker) == (first.id, "running", "a")
    assert taken.config == CONFIG
    assert store.ahead(second.id) == 0
    assert (store.claim("b") or first).id == second.id
    assert store.claim("c") is None


def test_no_run_is_taken_by_two(store: Store) -> None:
    """Twelve claimants for thirty runs, all at once."""
    ids = {store.submit(CONFIG).id for _ in range(30)}
    taken: list[str] = []

    def claim(name: int) -> None:
        other = Store(store.url)
        for number in range(60):
            run = other.claim(f"{name}-{number}")
            if run is not None:
                taken.append(run.id)
        other.engine.dispose()

    threads = [threading.Thread(target=claim, args=(name,)) for name in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 30 and set(taken) == ids


def test_records_come_back_once_and_in_order(store: Store) -> None:
    run = store.submit(CONFIG)
    store.claim("a")
    assert store.report(run.id, "a", [RECORD, record(2), record(3)], step=3) is not None
    store.report(run.id, "a", [record(2), record(3), record(4)])  # after a resume some steps come again
    assert [found.step for found in store.records(run.id)] == [1, 2, 3, 4]
    assert store.records(run.id)[0] == RECORD
    assert [found.step for found in store.records(run.id, after=2)] == [3, 4]
    assert store.run(run.id).step == 3


def test_a_worker_that_lost_its_run_writes_nothing(store: Store) -> None:
    run = store.submit(CONFIG)
    store.claim("a")
    store.lost("a", "the worker ended (SIGKILL)")
    assert store.run(run.id).status == "queued"
    assert store.report(run.id, "a", [RECORD]) is None
    store.save_checkpoint(run.id, "a", 1, b"old")
    store.release(run.id, "a", "finished")
    again = store.claim("b")
    assert again is not None and again.attempt == 2
    assert store.records(run.id) == [] and store.checkpoint(run.id) is None
    assert store.run(run.id).status == "running"


def test_a_run_whose_worker_dies_again_and_again_has_failed(store: Store) -> None:
    run = store.submit(CONFIG)
    for attempt in range(LIMITS.attempts):
        assert store.claim(str(attempt)) is not None
        store.lost(str(attempt), "the worker ended (SIGKILL)")
    failed = store.run(run.id)
    assert failed.status == "failed" and "SIGKILL" in failed.reason and failed.finished is not None
    store.retry(run.id)
    assert store.run(run.id).status == "queued"


@pytest.mark.parametrize("order, status", [(Store.stop, "stopped"), (Store.pause, "paused")])
@pytest.mark.parametrize("is_silent", [False, True])
def test_what_was_asked_of_a_worker_that_died_is_done(
    store: Store, order: Callable[[Store, str], None], status: str, is_silent: bool
) -> None:
    run = store.submit(CONFIG)
    store.claim("a")
    order(store, run.id)
    assert store.run(run.id).status == "running"  # the worker has to be told first
    if is_silent:
        with store.engine.begin() as connection:
            connection.execute(update(RUNS).values(heartbeat=0.0))
        store.take_back_silent()
    else:
        store.lost("a", "the worker ended (SIGKILL)")
    found = store.run(run.id)
    assert (found.status, found.worker, found.finished is not None) == (status, "", status == "stopped")
    assert found.reason.startswith("the worker") and store.claim("b") is None
    (store.retry if status == "stopped" else store.resume)(run.id)
    again = store.claim("b")
    assert again is not None and (again.wanted, again.finished, again.reason) == ("run", None, "")


def test_a_stop_that_comes_while_a_run_is_claimed_reaches_its_worker(store: Store) -> None:
    run = store.submit(CONFIG)
    with store.engine.begin() as connection:  # the host of another machine polled the queue before
        connection.execute(update(RUNS).values(wanted="stop"))
    taken = store.claim("a")
    assert taken is not None and (taken.id, taken.wanted) == (run.id, "stop")


def test_pauses_are_no_dead_workers(store: Store) -> None:
    run = store.submit(CONFIG)
    for number in range(LIMITS.attempts + 1):
        assert store.claim(f"in order {number}") is not None
        store.pause(run.id)
        store.release(run.id, f"in order {number}", "paused")
        store.resume(run.id)
    store.claim("one epoch more")
    store.one_epoch_more(run.id)
    store.release(run.id, "one epoch more", "finished", epochs=0)
    for number in range(LIMITS.attempts):
        assert store.run(run.id).status == "queued"
        taken = store.claim(f"dies {number}")
        assert taken is not None and taken.attempt == number + 1
        store.lost(f"dies {number}", "the worker ended (SIGKILL)")
    assert store.run(run.id).status == "failed"
    assert store.run(run.id).reason == f"the worker ended (SIGKILL), {LIMITS.attempts} times"


def test_silence_is_noticed(store: Store) -> None:
    run = store.submit(CONFIG)
    store.claim("a")
    store.take_back_silent()
    assert store.run(run.id).status == "running"
    with store.engine.begin() as connection:
        connection.execute(update(RUNS).values(heartbeat=RUNS.c.heartbeat - LIMITS.silence - 1))
    store.take_back_silent()
    assert store.run(run.id).status == "queued"


def test_machines_of_one_database_may_differ_in_their_clocks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.engine.dialect.name == "sqlite":
        pytest.skip("a file is on one machine, whose clock all processes share")
    true = time.time
    run = store.submit(CONFIG)
    for ahead in (0.0, -3600.0):  # the clock of the machine that trains
        monkeypatch.setattr(time, "time", lambda ahead=ahead: true() + ahead)
        store.claim("a")
        store.report(run.id, "a", step=1)
        monkeypatch.setattr(time, "time", lambda ahead=ahead: true() + ahead + 3600)
        store.take_back_silent()
        assert store.run(run.id).status == "running"
        with store.engine.begin() as connection:
            connection.execute(update(RUNS).values(heartbeat=RUNS.c.heartbeat - LIMITS.silence - 1))
        monkeypatch.setattr(time, "time", lambda ahead=ahead: true() + ahead - 3600)
        store.take_back_silent()
        assert store.run(run.id).status == "queued"


def test_orders_reach_the_worker(store: Store) -> None:
    run = store.submit(CONFIG)
    store.claim("a")
    store.pause(run.id)
    store.set_learning_rate(run.id, 0.25)
    store.one_epoch_more(run.id)
    orders = store.report(run.id, "a")
    assert orders is not None and (orders.wanted, orders.learning_rate, orders.more_epochs) == ("pause", 0.25, 1)
    store.release(run.id, "a", "paused")
    store.resume(run.id)
    assert store.run(run.id).status == "queued"
    store.stop(run.id)
    assert store.run(run.id).status == "stopped"
    with pytest.raises(PlaygroundError, match="learning_rate"):
        store.set_learning_rate(run.id, float("nan"))


def test_an_epoch_asked_for_at_the_last_moment_is_not_lost(store: Store) -> None:
    run = store.submit(CONFIG)
    store.claim("a")
    store.one_epoch_more(run.id)
    store.release(run.id, "a", "finished", epochs=0)
    assert store.run(run.id).status == "queued"
    store.claim("b")
    store.release(run.id, "b", "finished", epochs=1)
    assert store.run(run.id).status == "finished"


def test_the_newest_whole_checkpoint_is_used(store: Store) -> None:
    run = store.submit(CONFIG)
    store.claim("a")
    for step in (1, 2, 3, 4):
        store.save_checkpoint(run.id, "a", step, b"content %d" % step)
    assert store.checkpoint(run.id) == b"content 4"
    with store.engine.begin() as connection:
        rows = connection.execute(CHECKPOINTS.select()).all()
        assert len(rows) == CHECKPOINTS_KEPT
        connection.execute(update(CHECKPOINTS).where(CHECKPOINTS.c.step == 4).values(content=b"damaged"))
    assert store.checkpoint(run.id) == b"content 3"


def test_too_many_are_refused(store: Store) -> None:
    for _ in range(LIMITS.unfinished):
        store.submit(CONFIG, owner="me")
    with pytest.raises(PlaygroundError, match="of your runs are not finished"):
        store.submit(CONFIG, owner="me")
    store.submit(CONFIG, owner="you")
    assert {run.owner for run in store.runs(owner="me")} == {"me"}


def test_hostile_ids_are_only_text(store: Store) -> None:
    run = store.submit(CONFIG, title="<script>'; DROP TABLE runs; --", owner="o'; --")
    for hostile in ("' OR 1=1 --", run.id + "' --", "", "%", "../../etc"):
        with pytest.raises(PlaygroundError, match="there is no run"):
            store.run(hostile)
        assert store.records(hostile) == []
    assert store.run(run.id).title == "<script>'; DROP TABLE runs; --"


def test_a_database_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    run = Store(f"sqlite:///{path}").submit(CONFIG)
    locked = Store(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert locked.run(run.id).config == CONFIG
    with pytest.raises(PlaygroundError, match="refuses: attempt to write a readonly database"):
        locked.submit(CONFIG)
    with pytest.raises(PlaygroundError, match="the runs' database refuses"):
        Store(f"sqlite:///{path / 'below'}")
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all" * 100)
    with pytest.raises(PlaygroundError, match="file is not a database"):
        Store(f"sqlite:///{other}")


def read_only(url: str) -> Store:
    if url.startswith("sqlite"):
        return Store(f"sqlite:///file:{url.removeprefix('sqlite:///')}?mode=ro&uri=true")
    return Store(f"{url}?options=-cdefault_transaction_read_only%3Don")


@pytest.mark.parametrize("is_open", [True, False])  # elsewhere, for writing
def test_a_database_that_can_only_be_read_is_read(store: Store, is_open: bool) -> None:
    run = store.submit(CONFIG, owner="me", title="Mine")
    store.claim("a")
    store.report(run.id, "a", [RECORD, record(2)], step=2, samples="[[0.25, 0.75]]")
    store.save_checkpoint(run.id, "a", 2, b"content")
    waiting = store.submit(CONFIG, owner="me")
    if not is_open:
        store.engine.dispose()
    only = read_only(store.url)
    found = only.run(run.id)
    assert (found.title, found.status, found.step, found.samples) == ("Mine", "running", 2, ((0.25, 0.75),))
    assert [one.id for one in only.runs(owner="me")] == [waiting.id, run.id] and only.runs(ids=[run.id]) == [found]
    assert only.records(run.id) == [RECORD, record(2)] and only.records(run.id, after=1) == [record(2)]
    assert only.checkpoint(run.id) == b"content"
    assert (only.ahead(waiting.id), only.running(""), only.is_busy()) == (0, 1, True)
    writes: list[Callable[[], object]] = [
        *(partial(order, only, run.id) for order in (Store.pause, Store.stop, Store.resume, Store.retry)),
        partial(only.one_epoch_more, run.id),
        partial(only.set_learning_rate, run.id, 0.1),
        partial(only.claim, "b"),
        partial(only.report, run.id, "a"),
        partial(only.save_checkpoint, run.id, "a", 3, b"content"),
        partial(only.release, run.id, "a", "finished"),
        partial(only.lost, "a", "the worker ended (SIGKILL)"),
        only.take_back_silent,
    ]
    for write in writes:
        with pytest.raises(PlaygroundError, match=r"the runs' database refuses: .*read-?only"):
            write()
    only.engine.dispose()
    assert store.run(run.id) == found


def test_stores_that_open_an_empty_database_at_once_do_not_fail(url: str) -> None:
    start, failed = threading.Barrier(8), list[PlaygroundError]()

    def make() -> None:
        start.wait()
        try:
            Store(url).engine.dispose()
        except PlaygroundError as error:
            failed.append(error)

    openers = [threading.Thread(target=make) for _ in range(8)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert not failed


def test_a_new_file_that_another_is_about_to_write_to_is_waited_for(tmp_path: Path) -> None:
    # SQLite refuses to turn its write-ahead log on there, at once and whatever its time limit is
    path = tmp_path / "new.db"
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"), closing(sqlite3.connect(path, timeout=60)) as other:
        other.execute("PRAGMA journal_mode=WAL")
    end = threading.Timer(0.2, writer.execute, ["COMMIT"])
    end.start()
    store = Store(f"sqlite:///{path}")
    end.join()
    writer.close()
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_database_without_a_free_connection_is_named(store: Store) -> None:
    store.engine.dispose()
    store.engine = create_engine(store.url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.1)
    with store.engine.connect(), pytest.raises(PlaygroundError, match="the runs' database refuses: QueuePool limit"):
        store.runs()
    assert store.runs() == []


@pytest.mark.parametrize(
    "address", ["nonsense", "nosuch://host/runs", "mysql+nosuch://host/runs", "sqlite+nosuch:///x"]
)
def test_an_address_that_cannot_be_used_is_named(address: str) -> None:
    with pytest.raises(PlaygroundError, match="the runs' database refuses"):
        Store(address)


def test_a_run_keeps_the_threads_that_it_began_with(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.submit(CONFIG)
    assert run.threads is None
    for threads in (3, 5):
        monkeypatch.setattr(of_store, "LIMITS", ServerLimits(threads=threads))
        taken = store.claim("a")
        assert taken is not None and taken.threads == 3
        assert result_of(store, run.id).threads == 3
        store.lost("a", "the worker ended (SIGKILL)")


def test_a_database_from_before_opens(store: Store) -> None:
    """Runs of before the number of threads was kept."""
    run = store.submit(CONFIG)
    store.claim("a")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE runs DROP COLUMN threads")
    later = Store(store.url)
    assert later.run(run.id).threads is None and result_of(later, run.id).threads == 0
    later.lost("a", "the worker ended (SIGKILL)")
    taken = later.claim("b")
    assert taken is not None and taken.threads == LIMITS.threads
    later.engine.dispose()
