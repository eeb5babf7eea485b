"""The run of a first visit: trained once, nobody's, and gone on with by everybody as their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from playground.errors import PlaygroundError
from playground.runs.engine import LocalEngine
from playground.runs.limits import LIMITS
from playground.runs.run import Run
from playground.runs.store import Store
from playground.runs.worker import work
from playground.training.config import TrainConfig
from playground.ui.train.opening_run import NOBODY, PRESET, opening_run
from playground.ui.train.session import TrainSession


class Queue(LocalEngine):
    """An engine whose runs wait."""

    def ensure(self) -> None:
        pass


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(Store(f"sqlite:///{tmp_path / 'runs.db'}"))
    yield made
    made.store.engine.dispose()


def worked(engine: Queue) -> Run:
    run = engine.store.claim("a worker")
    assert run is not None
    work(engine.store, run)
    return engine.store.run(run.id)


def visit(engine: Queue, run: str) -> TrainSession:
    return TrainSession.opened({"run": [run]}, engine, PRESET.document)


def act(session: TrainSession, engine: Queue, what: str, run: str, owner: str = "") -> None:
    session.take_action({"sequence": 1, "owner": owner or session.owner, "do": what, "run": run}, engine)


def test_it_is_trained_once_and_found_by_everybody(engine: Queue) -> None:
    [first] = opening_run(engine)
    assert opening_run(engine) == [first]
    ended = worked(engine)
    assert (ended.id, ended.status, ended.config, ended.owner) == (first, "finished", PRESET.document, NOBODY)
    assert opening_run(engine) == [first] and len(engine.store.runs()) == 1
    engine.submit(replace(PRESET.document, epochs=1), owner=NOBODY)  # of another version
    assert opening_run(engine) == [first]


def test_a_page_does_without_where_it_failed_or_the_queue_is_full(
    engine: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Run:
        raise PlaygroundError("300 runs are waiting")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "submit", refuse)
        assert opening_run(engine) == []
    [run] = opening_run(engine)
    engine.store.claim("a worker")
    engine.store.release(run, "a worker", "failed", "no memory")
    assert opening_run(engine) == [] and len(engine.store.runs()) == 1 and LIMITS.queue


def test_nobody_controls_it_and_everybody_goes_on_with_it(engine: Queue) -> None:
    [run] = opening_run(engine)
    before = worked(engine), engine.store.records(run)
    session = visit(engine, run)
    [shown] = session.runs_frame(engine)["runs"]
    assert not shown["mine"] and shown["can"] == ["epoch", "open"]
    for what in ("stop", "name", "retry", "rate"):
        act(session, engine, what, run, NOBODY)
    assert engine.store.run(run) == before[0]
    act(session, engine, "epoch", run)
    [own] = session.runs.ids
    assert own != run and session.typed.config == replace(PRESET.document, epochs=PRESET.document.epochs + 1)
    assert engine.store.run(own).owner == session.owner
    ended = worked(engine)
    assert ended.id == own and ended.step > before[0].step
    losses = {record.step: record.loss for record in engine.store.records(own)}
    tested = [record for record in before[1] if record.test_loss is not None]
    again = {record.step: record.test_loss for record in engine.store.records(own)}
    assert [again[record.step] for record in tested] == [record.test_loss for record in tested] and losses
    assert engine.store.run(run) == before[0], "the example stays"


def test_other_settings_are_no_change_of_it(engine: Queue) -> None:
    [run] = opening_run(engine)
    session = visit(engine, run)
    session.open(TrainConfig("Flatten Linear(10)"))
    assert session.runs_frame(engine)["stale"] == []
