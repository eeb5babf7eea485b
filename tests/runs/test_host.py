"""Real hosts and workers: a run to its end, orders on the way, and what happens when processes are killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch
from sqlalchemy import delete, func, select, update

from playground.runs.engine import LocalEngine
from playground.runs.host import address_of
from playground.runs.lock import HostLock
from playground.runs.reporter import SAMPLES
from playground.runs.run import Run
from playground.runs.store import Store
from playground.runs.tables import CHECKPOINTS, RECORDS
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.loop import train
from tests.runs.processes import local_engine, processes, until, workers
from tests.runs.retold import Retelling, assert_whole, retold, told

LONG = TrainConfig(epochs=200, batch=10, record_every=5)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    """A password may be among the options of an address: here is one."""
    yield from local_engine(f"sqlite:///{tmp_path_factory.mktemp('standing') / 'runs.db'}?timeout=7.5")


@pytest.fixture
def engine(standing: LocalEngine) -> Iterator[LocalEngine]:
    """Without a run, and with a host that stands from test to test: one takes seconds to start."""
    yield standing
    for run in standing.store.runs():
        if not run.has_ended:
            standing.cancel(run.id)
    until(lambda: not standing.store.is_busy() and not workers(standing.store.url), "the end of what a test left")


@pytest.fixture
def own_host(tmp_path: Path) -> Iterator[LocalEngine]:
    yield from local_engine(f"sqlite:///{tmp_path / 'runs.db'}")


@pytest.fixture
def either(url: str, request: pytest.FixtureRequest) -> Iterator[LocalEngine]:
    """On SQLite, and on PostgreSQL where the tests have one."""
    if url.startswith("sqlite"):
        yield request.getfixturevalue("engine")
    else:
        yield from local_engine(url)


@pytest.fixture
def own_either(url: str) -> Iterator[LocalEngine]:
    yield from local_engine(url)


def status(engine: LocalEngine, run: Run) -> str:
    return engine.store.run(run.id).status


def found(engine: LocalEngine, run: Run) -> list[tuple[int, float]]:
    return told(engine.store.records(run.id))


def test_a_run_to_its_end(either: LocalEngine) -> None:
    config = TrainConfig(epochs=2)
    run = either.submit(config)
    until(lambda: either.store.run(run.id).has_ended, "the end")
    ended = either.store.run(run.id)
    assert (ended.status, ended.reason, ended.step) == ("finished", "", ended.steps)
    assert_whole(config, either.store.records(run.id))
    assert len(ended.samples) == 10 and all(abs(sum(row) - 1) < 0.01 for row in ended.samples)
    assert either.store.checkpoint(run.id) is not None


@pytest.mark.slow  # the one above counts the samples, a walk in a browser sees them
def test_samples_change_while_a_run_trains(either: LocalEngine) -> None:
    run = either.submit(LONG)
    seen = list[tuple[tuple[float, ...], ...]]()

    def is_seen_twice() -> bool:
        now = either.store.run(run.id)
        if now.status == "running" and now.samples and now.samples not in seen:
            seen.append(now.samples)
        return len(seen) == 2

    until(is_seen_twice, "other probabilities of a run that goes on")
    assert [len(samples) for samples in seen] == [SAMPLES, SAMPLES]
    assert all(abs(sum(row) - 1) < 0.01 for samples in seen for row in samples)


def test_pause_resume_one_epoch_more_and_stop(engine: LocalEngine) -> None:
    run = engine.submit(LONG)
    until(lambda: engine.store.run(run.id).step > 0, "the first record")
    engine.store.pause(run.id)
    until(lambda: status(engine, run) == "paused", "the pause")
    at = engine.store.run(run.id).step
    assert engine.store.records(run.id)[-1].step == at
    engine.store.resume(run.id)
    until(lambda: engine.store.run(run.id).step > at, "a step after the pause")
    engine.store.set_learning_rate(run.id, 0.01)
    until(lambda: engine.store.records(run.id)[-1].learning_rate == 0.01, "the new rate")
    engine.cancel(run.id)
    until(lambda: status(engine, run) == "stopped", "the stop")
    steps = [record.step for record in engine.store.records(run.id)]
    assert steps == sorted(set(steps))
    short = engine.submit(TrainConfig(epochs=1))
    until(lambda: status(engine, short) == "finished", "the end")
    engine.store.one_epoch_more(short.id)
    until(lambda: status(engine, short) == "finished", "the second end")
    assert engine.store.records(short.id)[-1].epoch == 2.0
    learner = Retelling(short.config, (record.step for record in engine.store.records(short.id)))
    once = told(train(short.config, data_of(short.config), learner=learner))
    learner.add_epochs(1)
    again = told(train(short.config, data_of(short.config), learner=learner))
    assert found(engine, short) == once + again


@pytest.mark.slow  # the one below kills a worker, too, and compares every record
def test_a_killed_worker_is_replaced_and_nothing_is_lost(either: LocalEngine) -> None:
    config = replace(LONG, epochs=30)
    run = either.submit(config)
    until(lambda: either.store.run(run.id).step > 20, "some steps")
    before = found(either, run)
    for process in workers(either.store.url):
        process.send_signal(signal.SIGKILL)
    until(lambda: either.store.run(run.id).attempt == 2, "another worker")
    until(lambda: status(either, run) == "finished", "the end")
    assert found(either, run)[: len(before)] == before
    assert_whole(config, either.store.records(run.id))


@pytest.mark.slow
def test_a_killed_worker_is_replaced_within_five_seconds(engine: LocalEngine) -> None:
    run = engine.submit(LONG)
    until(lambda: engine.store.run(run.id).step > 20, "some steps")
    for process in workers(engine.store.url):
        process.kill()
    killed = time.monotonic()
    until(lambda: engine.store.run(run.id).attempt == 2, "another worker")
    assert time.monotonic() - killed < 5


@pytest.mark.parametrize(
    "order, ends", [(Store.stop, "stopped"), pytest.param(Store.pause, "paused", marks=pytest.mark.slow)]
)
def test_an_order_outlives_the_worker_that_did_not_hear_it(
    engine: LocalEngine, order: Callable[[Store, str], None], ends: str
) -> None:
    run = engine.submit(LONG)
    until(lambda: engine.store.run(run.id).step > 0, "the first record")
    worker = workers(engine.store.url)[0]
    worker.suspend()
    order(engine.store, run.id)
    worker.kill()
    until(lambda: status(engine, run) != "running", "the host's notice")
    assert (status(engine, run), engine.store.run(run.id).attempt) == (ends, 1)
    assert engine.store.run(run.id).reason == "the worker ended (SIGKILL)"


def test_a_killed_workers_run_goes_on_from_its_last_checkpoint(
    own_either: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_RUNS_CHECKPOINT", "0.05")
    run = own_either.submit(config := replace(LONG, epochs=30, record_every=20))
    until(lambda: own_either.store.checkpoint(run.id) is not None, "a checkpoint on the way")
    url = own_either.store.url
    worker, host = workers(url)[0], min(processes(url), key=lambda one: one.create_time())
    host.suspend()  # while the database is looked at, nobody takes the run up
    worker.kill()
    until(lambda: worker.status() == psutil.STATUS_ZOMBIE, "the worker's end")
    before = own_either.store.records(run.id)
    with own_either.store.engine.begin() as connection:
        kept = connection.scalar(select(func.max(CHECKPOINTS.c.step)).where(CHECKPOINTS.c.run == run.id)) or 0
        connection.execute(delete(RECORDS))  # what the next worker trains it has to tell from its first step on
    host.resume()
    until(lambda: status(own_either, run) == "finished", "the end")
    assert own_either.store.run(run.id).attempt == 2
    after = own_either.store.records(run.id)
    assert 0 < kept < after[0].step
    assert_whole(config, [record for record in before if record.step <= kept] + after)


@pytest.mark.slow
def test_a_new_rate_holds_from_the_same_step_whoever_dies(own_either: LocalEngine) -> None:
    store = own_either.store
    run = store.submit(config := replace(LONG, epochs=40))
    store.set_learning_rate(run.id, 0.02)  # while it waits
    own_either.ensure()
    until(lambda: store.run(run.id).step > 20, "some steps")
    workers(store.url)[0].kill()
    until(lambda: store.run(run.id).attempt == 2, "another worker")
    store.set_learning_rate(run.id, 0.01)
    until(lambda: store.records(run.id)[-1].learning_rate == 0.01, "the new rate")
    at = store.run(run.id).step
    until(lambda: store.run(run.id).step > at, "steps with it")
    worker, host = workers(store.url)[0], min(processes(store.url), key=lambda one: one.create_time())
    host.suspend()  # nobody takes the run up
    worker.kill()
    until(lambda: worker.status() == psutil.STATUS_ZOMBIE, "the worker's end")
    before = store.records(run.id)
    store.set_learning_rate(run.id, 0.03)
    host.resume()
    until(lambda: status(own_either, run) == "finished", "the end")
    changed = max(record.step for record in before if record.learning_rate == 0.02)
    assert 0 < changed < before[-1].step and store.run(run.id).attempt == 3
    records = store.records(run.id)
    learner = Retelling(config, (record.step for record in records))
    learner.change_rate(0.02)
    whole = []
    for record in train(config, data_of(config), learner=learner):
        whole.append((record.step, record.loss, record.learning_rate))
        if rate := {changed: 0.01, before[-1].step: 0.03}.get(record.step):
            learner.change_rate(rate)
    assert [(record.step, record.loss, record.learning_rate) for record in records] == whole


@pytest.mark.slow  # tests/ui/train/test_engine.py kills a host, too, and its worker with it
def test_a_killed_host_is_replaced_and_its_workers_go_on(own_host: LocalEngine) -> None:
    run = own_host.submit(replace(LONG, epochs=60))
    until(lambda: own_host.store.run(run.id).step > 0, "the first record")
    host = min(processes(own_host.store.url), key=lambda process: process.create_time())
    host.kill()
    at = own_host.store.run(run.id).step
    until(lambda: own_host.store.run(run.id).step > at + 20, "steps without a host")
    assert own_host.store.run(run.id).attempt == 1
    until(lambda: not HostLock(own_host.store.url).is_held(), "the host's end")
    after = LocalEngine(own_host.store)  # as a page server that was started anew
    other = after.submit(TrainConfig(epochs=1))
    until(lambda: status(own_host, other) == "finished", "a run of the new host")
    until(lambda: status(own_host, run) == "finished", "the end of the old run")
    assert own_host.store.run(run.id).attempt == 1


@pytest.mark.slow
def test_a_damaged_checkpoint_costs_steps_but_not_the_run(engine: LocalEngine) -> None:
    run = engine.submit(replace(LONG, epochs=20))
    until(lambda: engine.store.run(run.id).step > 0, "the first record")
    engine.store.pause(run.id)
    until(lambda: status(engine, run) == "paused", "the pause")
    with engine.store.engine.begin() as connection:
        connection.execute(update(CHECKPOINTS).values(content=b"damaged"))
    engine.store.resume(run.id)
    until(lambda: status(engine, run) == "finished", "the end")
    assert_whole(run.config, engine.store.records(run.id))


@pytest.mark.slow
def test_a_locked_database_only_delays(engine: LocalEngine) -> None:
    config = replace(LONG, epochs=40)
    run = engine.submit(config)
    until(lambda: engine.store.run(run.id).step > 0, "the first record")
    other = sqlite3.connect(engine.store.url.removeprefix("sqlite:///").partition("?")[0])
    other.execute("BEGIN EXCLUSIVE")
    time.sleep(0.5)  # the time that the lock is held is what is tested
    other.rollback()
    other.close()
    until(lambda: status(engine, run) == "finished", "the end")
    assert_whole(config, engine.store.records(run.id))


def test_a_loss_that_is_not_finite_is_told(engine: LocalEngine) -> None:
    run = engine.submit(TrainConfig(learning_rate=1000.0, loss="MSELoss"))
    until(lambda: engine.store.run(run.id).has_ended, "the end")
    failed = engine.store.run(run.id)
    assert failed.status == "failed" and "in step" in failed.reason and "first not finite" in failed.reason


def test_no_more_than_two_at_once(engine: LocalEngine) -> None:
    runs = [engine.submit(LONG) for _ in range(4)]
    until(lambda: [status(engine, run) for run in runs].count("running") == 2, "two runs")
    assert [status(engine, run) for run in runs] == ["running", "running", "queued", "queued"]
    assert [engine.store.ahead(run.id) for run in runs[2:]] == [0, 1]
    until(lambda: len(workers(engine.store.url)) == 2, "two processes")
    engine.cancel(runs[0].id)
    until(lambda: status(engine, runs[2]) == "running", "the next")


@pytest.mark.slow
def test_only_one_host_works_on_a_database(own_host: LocalEngine) -> None:
    others = [LocalEngine(own_host.store) for _ in range(3)]
    for other in others:
        other.ensure()
    run = own_host.submit(TrainConfig(epochs=1))
    until(lambda: status(own_host, run) == "finished", "the end")
    until(lambda: len(processes(own_host.store.url)) == 1, "one host")
    assert os.getpid() not in [process.pid for process in processes(own_host.store.url)]


def test_nobody_reads_a_password_where_processes_are_listed(engine: LocalEngine) -> None:
    run = engine.submit(LONG)
    until(lambda: engine.store.run(run.id).step > 0, "the first record")
    found = processes(engine.store.url)
    assert [process.environ()["PLAYGROUND_DB"] for process in found] == [engine.store.url] * 2
    assert [[part for part in process.cmdline() if "timeout" in part] for process in found] == [[], []]


@pytest.mark.parametrize(
    "given, meant",
    [
        ((), "postgresql://me:secret@server/runs"),
        (("postgresql://me:***@server/runs",), "postgresql://me:secret@server/runs"),
        (("postgresql://you:***@server/runs",), "postgresql://you:***@server/runs"),
        (("sqlite:///runs.db",), "sqlite:///runs.db"),
    ],
)
def test_the_database_that_a_host_serves(given: tuple[str, ...], meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_DB", "postgresql://me:secret@server/runs")
    assert address_of(*given) == meant


@pytest.mark.slow
def test_a_run_with_two_threads_is_a_loop_with_two_threads(
    own_host: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_RUNS_THREADS", "2")
    run = own_host.submit(config := TrainConfig("Flatten Linear(600) ReLU Linear(600) ReLU Linear(10)", epochs=2))
    until(lambda: own_host.store.run(run.id).has_ended, "the end")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert_whole(config, records := own_host.store.records(run.id))
    finally:
        torch.set_num_threads(before)
    assert own_host.store.run(run.id).threads == 2
    if told(records) == told(retold(config, records)):
        pytest.skip("on this machine one thread gives the same bits: what the worker had cannot be told from them")
