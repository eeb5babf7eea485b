"""A worker in this process: a full disk, a database that goes away, a run that another worker has taken."""

from __future__ import annotations

import itertools
import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load
from sqlalchemy import event, select, update

from playground.errors import PlaygroundError
from playground.runs import reporter, worker
from playground.runs.limits import ServerLimits
from playground.runs.run import Run
from playground.runs.store import Store
from playground.runs.tables import RECORDS, RUNS
from playground.runs.worker import work
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.learner import Learner, samples
from playground.training.loop import train
from playground.training.records import TrainRecord
from tests.runs.retold import assert_whole, planned, retold, told

CONFIG = TrainConfig(epochs=4)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


def claimed(url: str, config: TrainConfig = CONFIG) -> tuple[Store, Run]:
    store = Store(url)
    store.submit(config)
    run = store.claim("a")
    assert run is not None
    return store, run


class Refusing(Store):
    """A store whose disk is full while `is_full` is set: SQLite itself refuses, by the size that a file may have."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_full = threading.Event()
        self.refused = threading.Event()

        @event.listens_for(self.engine, "begin")
        def limit(connection: Any) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            most = pages if self.is_full.is_set() else 1_000_000
            connection.exec_driver_sql(f"PRAGMA max_page_count={most}")

    def report(self, *given: Any, **changes: Any) -> Any:
        return self._telling(lambda: super(Refusing, self).report(*given, **changes))

    def save_checkpoint(self, *given: Any) -> None:
        self._telling(lambda: super(Refusing, self).save_checkpoint(*given))

    def _telling(self, write: Callable[[], Any]) -> Any:
        try:
            return write()
        except PlaygroundError as error:
            assert "disk is full" in error.message
            self.refused.set()
            raise


def test_a_full_disk_loses_no_record(url: str) -> None:
    _, run = claimed(url)
    store = Refusing(url)
    store.is_full.set()
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    assert store.refused.wait(60)
    store.is_full.clear()
    thread.join(60)
    assert store.run(run.id).status == "finished"
    assert_whole(CONFIG, store.records(run.id))
    assert store.checkpoint(run.id) is not None


def test_a_worker_gives_up_without_hope(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, run = claimed(url)
    monkeypatch.setattr(reporter, "PATIENCE", 0.5)
    store = Refusing(url)
    store.is_full.set()
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert Store(url).run(run.id).status == "running"  # until its silence is noticed


class WithoutRoom(Store):
    """A store whose disk has room for rows, and for no checkpoint."""

    def save_checkpoint(self, *given: Any) -> None:
        with self._transaction() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        try:
            super().save_checkpoint(*given)
        finally:
            with self._transaction() as connection:
                connection.exec_driver_sql("PRAGMA max_page_count=1000000")


def test_a_disk_without_room_for_a_checkpoint_is_the_reason(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(CONFIG, text="Flatten Linear(1000) ReLU Linear(10)")
    _, run = claimed(url, config)
    monkeypatch.setattr(reporter, "PATIENCE", 0.5)
    monkeypatch.setattr(reporter, "EVERY", 1000.0)  # its thread may take the connection that has no room
    monkeypatch.setattr(reporter, "HEARD_WITHIN", 1000.0)
    work(WithoutRoom(url), run)
    failed = Store(url).run(run.id)
    assert failed.status == "failed" and "the runs' database refuses" in failed.reason
    assert "disk is full" in failed.reason and "Lost" not in failed.reason
    assert Store(url).records(run.id)[-1].step == failed.steps  # what was told is kept


def test_a_run_that_another_worker_has_ends_without_a_word(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, run = claimed(url)
    said = list[object]()
    monkeypatch.setattr(worker, "_train", lambda *_: (_ for _ in ()).throw(reporter.Lost))
    monkeypatch.setattr(reporter.Reporter, "release", lambda *given: said.append(given))
    work(store, run)
    assert not said and store.run(run.id).status == "running"


@pytest.mark.parametrize("hog", [lambda *_: torch.empty(1 << 60, dtype=torch.uint8), lambda *_: bytearray(1 << 62)])
def test_a_lack_of_memory_is_named(url: str, monkeypatch: pytest.MonkeyPatch, hog: Callable[..., object]) -> None:
    store, run = claimed(url)
    monkeypatch.setattr(worker, "data_of", hog)
    work(store, run)
    assert (store.run(run.id).status, store.run(run.id).reason) == ("failed", worker.NO_MEMORY)


def test_a_worker_whose_run_was_taken_ends_without_a_word(url: str) -> None:
    store, run = claimed(url, TrainConfig(epochs=200, batch=10))
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    while not store.records(run.id):
        assert thread.is_alive()
    store.lost("a", "the worker was silent")
    assert store.claim("b") is not None
    thread.join(60)
    assert not thread.is_alive()
    taken = store.run(run.id)
    assert (taken.status, taken.worker) == ("running", "b")


def test_what_cannot_be_trained_fails_with_the_reason(url: str) -> None:
    for changes, reason in {
        "Linear(3) Flatten Linaer(10)": "Linaer",
        "Flatten": "nothing to learn",
        "Flatten Linear(3)": "3 outputs for 10 classes",
    }.items():
        store, run = claimed(url, TrainConfig(changes))
        work(store, run)
        failed = store.run(run.id)
        assert failed.status == "failed" and reason in failed.reason


def test_the_limit_of_seconds_stops_a_run(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LIMITS", ServerLimits(seconds=0))
    store, run = claimed(url)
    work(store, run)
    assert store.run(run.id).status == "stopped" and "the limit" in store.run(run.id).reason


SLOW = TrainConfig("Flatten Linear(1500) ReLU Linear(1500) ReLU Linear(10)", batch=1, epochs=1, record_every=10_000)


def assert_ended_early(store: Store, run: Run) -> None:
    """Between two planned records; what was trained until then is what any loop trains."""
    ended, records = store.run(run.id), store.records(run.id)
    learner = Learner(SLOW, data_of(SLOW))
    assert ended.status == "stopped" and 1 < ended.step == records[-1].step < learner.steps_per_epoch
    assert told(records) == told(retold(SLOW, records))
    learner.steps = ended.step
    list(train(SLOW, data_of(SLOW), learner=learner))
    kept = load(store.checkpoint(run.id) or b"")
    assert all(torch.equal(kept[f"model.{name}"], weight) for name, weight in learner.model.state_dict().items())


def test_a_stop_is_heard_between_two_records(url: str) -> None:
    store, run = claimed(url, SLOW)
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    while not store.records(run.id):
        assert thread.is_alive()
    store.stop(run.id)
    thread.join(60)
    assert_ended_early(store, run)


def test_the_limit_of_seconds_is_heard_between_two_records(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LIMITS", ServerLimits(seconds=1))
    store, run = claimed(url, SLOW)
    work(store, run)
    assert_ended_early(store, run)
    assert store.run(run.id).seconds > 1


def until(condition: Callable[[], bool], thread: threading.Thread) -> None:
    """Wait for what a worker does, as long as it is at work."""
    while not condition():
        assert thread.is_alive()
        time.sleep(0.005)


def test_points_come_early_and_then_by_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "OFTEN", 0.05)
    store, run = claimed(url, SLOW)
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    until(lambda: len(store.records(run.id)) > 12, thread)
    store.stop(run.id)
    thread.join(60)
    records = store.records(run.id)
    steps = [record.step for record in records]
    assert [step for step in steps if step.bit_count() == 1] == [2**n for n in range(steps[-1].bit_length())]
    waits = [after.seconds - before.seconds for before, after in itertools.pairwise(records)]
    longest = max(1 / record.samples_per_second for record in records)  # of a step, of which each batch is one example
    assert max(waits) < 0.05 + 20 * longest, "a step is begun before it is known how long it takes"
    assert len(steps) > steps[-1].bit_length() + 1, "and not only after powers of two"
    assert_ended_early(store, run)


def test_a_run_that_goes_on_for_long_is_recorded_less_often(url: str) -> None:
    store, run = claimed(url, SLOW)
    learner = worker.Heeding(run, data_of(SLOW), torch.device("cpu"), reporter.Reporter(store, run), store)
    learner.step = 1000
    for seconds, wait in ((0.0, 0.5), (19.0, 0.5), (100.0, 2.5), (3000.0, 75.0)):
        for since, is_due in ((0.9 * wait, False), (1.1 * wait, True)):
            learner.seconds = seconds - since
            learner.going_since = time.perf_counter() - since
            assert learner.is_due(learner.step + 1) == is_due, (seconds, since)


def test_slow_steps_are_measured_so_that_an_order_waits_for_one_alone(url: str) -> None:
    store, run = claimed(url, SLOW)
    heard = reporter.Reporter(store, run)
    learner = worker.Heeding(run, data_of(SLOW), torch.device("cpu"), heard, store)
    learner.step = 1000
    for seconds, is_watched in ((0.9 * worker.SLOW * 1000, False), (1.1 * worker.SLOW * 1000, True)):
        learner.seconds = seconds
        assert learner.is_watched == is_watched and not learner.is_due(1000)
    heard.orders = replace(heard.orders, wanted="pause")
    assert learner.is_due(1000), "the step that has just ended"


def test_a_record_does_not_wait_for_a_report_without_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, run = claimed(url)
    data = data_of(CONFIG)
    learner = Learner(CONFIG, data)
    first, second = islice(train(CONFIG, data, learner=learner), 2)
    reports = reporter.Reporter(store, run)  # its thread is not begun: it is asked here when it would write
    reports.add(first, learner)
    assert store.steps(run.id) == [1] and not reports.is_time(time.monotonic())
    later = time.monotonic() + reporter.EVERY
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert reports.is_time(later), "how far it is"
    reports.keep(learner.step, b"")
    assert not reports.is_time(later)
    reports.add(second, learner)
    assert reports.is_time(later)


def test_how_far_a_run_is_is_told_between_two_records(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "OFTEN", 1000.0)
    monkeypatch.setattr(reporter, "EVERY", 0.01)
    store, run = claimed(url, SLOW)
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    seen = list[Run]()

    def is_between() -> bool:
        now = store.run(run.id)
        if now.step > 20 and now.step.bit_count() > 1:
            seen.append(now)
        return len({one.step for one in seen}) > 2

    until(is_between, thread)
    store.stop(run.id)
    thread.join(60)
    assert [one.seconds for one in seen] == sorted(one.seconds for one in seen) and seen[0].seconds > 0
    last = store.records(run.id)[-1]
    assert (store.run(run.id).step, store.run(run.id).seconds) == (last.step, last.seconds)


@pytest.mark.parametrize("order", [Store.pause, Store.stop])
def test_an_order_is_heard_within_a_third_of_a_second(
    url: str, monkeypatch: pytest.MonkeyPatch, order: Callable[[Store, str], None]
) -> None:
    """In a run whose next point is far away, and whose worker has just reported."""
    for module, name in ((worker, "OFTEN"), (reporter, "EVERY")):
        monkeypatch.setattr(module, name, 1000.0)
    store, run = claimed(url, SLOW)
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    until(lambda: bool(store.records(run.id)), thread)
    told_at = time.monotonic()
    order(store, run.id)
    thread.join(60)
    last = store.records(run.id)[-1]
    assert store.run(run.id).status in ("paused", "stopped") and store.run(run.id).step == last.step
    kept = load(store.checkpoint(run.id) or b"")
    assert kept and last.step < 10_000
    assert time.monotonic() - told_at < 10 * reporter.HEARD_WITHIN, "a busy machine has three times as long"


def test_a_new_rate_is_taken_within_a_moment_and_at_a_point(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "OFTEN", 1000.0)
    store, run = claimed(url, SLOW)
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    until(lambda: bool(store.records(run.id)), thread)
    store.set_learning_rate(run.id, 0.01)
    until(lambda: store.checkpoint(run.id) is not None, thread)  # it is kept at once
    until(lambda: store.records(run.id)[-1].learning_rate == 0.01, thread)  # points are planned: the next one tells it
    store.stop(run.id)
    thread.join(60)
    rates = [record.learning_rate for record in store.records(run.id)]
    assert rates == [0.1] * rates.count(0.1) + [0.01] * rates.count(0.01) and set(rates) == {0.1, 0.01}


@pytest.mark.slow
def test_who_goes_on_records_again_what_was_recorded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker dies after points that only time asked for; the one after it begins at an older checkpoint."""
    config = replace(SLOW, batch=20)
    monkeypatch.setattr(worker, "OFTEN", 0.02)
    store, run = claimed(url, config)
    thread = threading.Thread(target=work, args=(store, run))
    thread.start()
    until(lambda: len(store.records(run.id)) > 10, thread)
    store.lost("a", "the worker ended")  # without a checkpoint
    thread.join(60)
    before = store.records(run.id)
    assert not store.checkpoint(run.id) and not {record.step for record in before} <= planned(config)
    again = store.claim("b")
    assert again is not None
    monkeypatch.setattr(worker, "OFTEN", 0.03)
    work(store, again)
    after = store.records(run.id)
    assert store.run(run.id).status == "finished" and told(after[: len(before)]) == told(before)
    assert_whole(config, after)


@pytest.mark.parametrize("net", [CONFIG.text, "Flatten Linear(50) Linear(50) Linear(50) Linear(10)"])
def test_a_run_that_diverges_leaves_only_what_a_browser_can_read(
    url: str, monkeypatch: pytest.MonkeyPatch, net: str
) -> None:
    """After the update of a recorded step numbers are not finite: of the layers with one net, of samples with one."""
    config = TrainConfig(net, learning_rate=1000.0, loss="MSELoss", record_every=1)
    monkeypatch.setattr(reporter, "SAMPLES_EVERY", 0.0)
    store, run = claimed(url, config)
    work(store, run)
    assert "first not finite" in store.run(run.id).reason
    records, learner = list[TrainRecord](), Learner(config, data_of(config))
    with pytest.raises(PlaygroundError):
        records += train(config, data_of(config), learner=learner)  # all until it raises
    has_samples = all(map(math.isfinite, chain(*samples(learner, reporter.SAMPLES))))
    assert ("Infinity" in json.dumps(records[-1].to_json())) == has_samples
    with store.engine.begin() as connection:
        texts = [*connection.scalars(select(RUNS.c.samples)), *connection.scalars(select(RECORDS.c.body))]
    assert len(texts) == 1 + len(records)
    for text in texts:
        json.loads(text, parse_constant=pytest.fail)  # what JSON does not know: NaN, Infinity
    assert [repr(found.layers) for found in store.records(run.id)] == [repr(record.layers) for record in records]
    assert bool(store.run(run.id).samples) == has_samples == (net == CONFIG.text)


def test_samples_of_older_rows_that_no_browser_can_read_are_left_out(url: str) -> None:
    store, run = claimed(url)
    with store.engine.begin() as connection:
        connection.execute(update(RUNS).values(samples="[[NaN, NaN], [0.5, 0.5]]"))
    assert store.run(run.id).samples == ()
