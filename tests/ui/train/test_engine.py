"""An open page that only polls: a host that was killed together with its worker is replaced, and the run goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from playground.runs.engine import LocalEngine
from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.ui.train import engine
from tests.runs.processes import PATIENCE, kill, until

PAGE = """
from playground.ui.train.page import train_page
train_page()
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setenv("PLAYGROUND_DB", url)
    monkeypatch.setenv("PLAYGROUND_RUNS_SILENCE", "4")  # seconds for which a worker that says nothing counts as alive
    yield Store(url)
    kill(url)


@pytest.mark.slow
def test_a_run_whose_host_and_worker_were_killed_goes_on_where_a_page_shows_it(store: Store) -> None:
    run = LocalEngine(store).submit(TrainConfig(epochs=200, batch=10, record_every=5))
    page = AppTest.from_string(PAGE, default_timeout=250)
    page.query_params["run"] = run.id
    page.run()
    until(lambda: store.run(run.id).step > 0, "the first record")
    kill(store.url)
    assert store.run(run.id).attempt == 1 and store.run(run.id).status == "running"
    at, end = store.run(run.id).step, time.monotonic() + PATIENCE
    while store.run(run.id).step <= at or store.run(run.id).attempt < 2:
        assert time.monotonic() < end, "nobody took the run up again"
        assert not page.run().exception  # as the fragment that polls
        time.sleep(0.2)  # between two polls


def test_looks_are_rare_however_many_pages_poll(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, polls = [0.0], list[float]()
    monkeypatch.setattr(LocalEngine, "ensure", lambda _: polls.append(clock[0]))
    monkeypatch.setattr(engine, "monotonic", lambda: clock[0])
    run = store.submit(TrainConfig())
    assert engine.engine() is engine.engine()
    for clock[0] in (0.5, 1.9, 2.0, 2.1, 3.9, 4.0):
        engine.keep_going([run])
    assert polls == [0.0, 2.0, 4.0]
    store.stop(run.id)
    clock[0] = 9.0
    engine.keep_going([store.run(run.id)])
    assert polls == [0.0, 2.0, 4.0]
