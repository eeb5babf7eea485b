"""What may enter the queue: by whatever way, with two tabs at once, and how long a run may become."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from playground.errors import PlaygroundError
from playground.runs import admission
from playground.runs.limits import ServerLimits
from playground.runs.run import Run, Status
from playground.runs.store import Store
from playground.runs.tables import RUNS
from playground.training.config import TrainConfig
from playground.training.limits import LIMITS as OF_ONE

CONFIG = TrainConfig(epochs=2)
FULL = "of your runs are not finished"
Ask = Callable[[Store, str], None]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> ServerLimits:
    made = ServerLimits(unfinished=2, queue=5)
    monkeypatch.setattr(admission, "LIMITS", made)
    return made


def ended(store: Store, status: Status, owner: str = "me") -> Run:
    run = store.submit(CONFIG, owner=owner)
    claimed = store.claim("worker")
    assert claimed is not None and claimed.id == run.id
    store.release(run.id, "worker", status)
    return store.run(run.id)


def test_the_queue_has_an_end_for_everyone(store: Store, limits: ServerLimits) -> None:
    runs = [store.submit(CONFIG, owner=f"owner {number}") for number in range(limits.queue)]
    with pytest.raises(PlaygroundError, match="5 runs are waiting"):
        store.submit(CONFIG, owner="one more")
    assert len(store.runs()) == limits.queue
    store.stop(runs[0].id)
    store.submit(CONFIG, owner="one more")


@pytest.mark.parametrize(
    "ask, status", [(Store.retry, "failed"), (Store.retry, "stopped"), (Store.one_epoch_more, "finished")]
)
def test_a_run_that_comes_back_counts_as_any_other(
    store: Store, limits: ServerLimits, ask: Ask, status: Status
) -> None:
    run = ended(store, status)
    others = [store.submit(CONFIG, owner="me") for _ in range(limits.unfinished)]
    with pytest.raises(PlaygroundError, match=FULL):
        ask(store, run.id)
    assert store.run(run.id) == run
    store.stop(others[0].id)
    ask(store, run.id)
    assert store.run(run.id).status == "queued"


def test_a_full_queue_takes_nothing_back(store: Store, limits: ServerLimits) -> None:
    failed, paused = ended(store, "failed"), ended(store, "paused")
    for number in range(limits.queue):
        store.submit(CONFIG, owner=f"owner {number}")
    for ask, run in ((Store.retry, failed), (Store.resume, paused)):
        with pytest.raises(PlaygroundError, match="runs are waiting"):
            ask(store, run.id)
        assert store.run(run.id) == run


def submit(url: str, owner: str, refused: list[str]) -> None:
    """As a tab does whose page another process serves."""
    store = Store(url)
    try:
        store.submit(CONFIG, owner=owner)
    except PlaygroundError as error:
        refused.append(error.message)
    store.engine.dispose()


def test_tabs_at_once_start_no_more_than_is_allowed(store: Store, limits: ServerLimits) -> None:
    for owner in "abcde":
        refused: list[str] = []
        tabs = [threading.Thread(target=submit, args=(store.url, owner, refused)) for _ in range(8)]
        for tab in tabs:
            tab.start()
        for tab in tabs:
            tab.join()
        assert len(store.runs(owner=owner)) == limits.unfinished
        assert len(refused) == 6 and all(FULL in message for message in refused)
        for run in store.runs(owner=owner):
            store.stop(run.id)
    with store.engine.begin() as connection:
        places = list(connection.scalars(select(RUNS.c.place)))
    assert len(places) == len(set(places)) == 5 * limits.unfinished


def test_no_run_becomes_longer_than_settings_could_make_it(store: Store) -> None:
    run = store.submit(replace(CONFIG, epochs=OF_ONE.epochs - 2))
    for _ in range(2):
        store.one_epoch_more(run.id)
    with pytest.raises(PlaygroundError, match=f"more than {OF_ONE.epochs} epochs"):
        store.one_epoch_more(run.id)
    assert store.run(run.id).more_epochs == 2


def test_nor_in_steps(store: Store) -> None:
    run = store.submit(replace(CONFIG, steps=OF_ONE.steps - 10))
    store.one_epoch_more(run.id)
    with store.engine.begin() as connection:  # as its worker says then
        connection.execute(update(RUNS).values(steps=OF_ONE.steps + 8))
    with pytest.raises(PlaygroundError, match="more than 200,000 steps"):
        store.one_epoch_more(run.id)
    assert store.run(run.id).more_epochs == 1
