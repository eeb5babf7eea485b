"""The tables below the runs: what counts of a run that ended inside an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.runs.run import Run
from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.training.records import TrainRecord
from playground.ui.train.followed_run import Followed
from playground.ui.train.tables import last_test, tables

CONFIG = TrainConfig("Flatten Linear(10)", data="MNIST", epochs=5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'runs.db'}")
    yield made
    made.engine.dispose()


def stopped(store: Store, accuracies: dict[int, float | None]) -> Run:
    """A run with a record after each of these steps, tested or not."""
    store.submit(CONFIG, owner="me")
    run = store.claim("worker")
    assert run is not None
    records = [
        TrainRecord(step, step / 600, 1.0, 0.5, 0.1, 0.0, 0.0, test_loss=accuracy, test_accuracy=accuracy)
        for step, accuracy in accuracies.items()
    ]
    store.report(run.id, "worker", records, step=records[-1].step, steps=3000)
    store.release(run.id, "worker", "stopped")
    return store.run(run.id)


@pytest.mark.parametrize(
    ("accuracies", "last"),
    [
        pytest.param({600: 0.9, 1200: 0.93}, 0.93, id="at-the-end-of-an-epoch"),
        pytest.param({600: 0.9, 1200: 0.93, 1210: None, 1215: None}, 0.93, id="inside-an-epoch"),
        pytest.param({1: None, 10: None}, None, id="never-tested"),
    ],
)
def test_the_last_test_counts(store: Store, accuracies: dict[int, float | None], last: float | None) -> None:
    run = stopped(store, accuracies)
    found = last_test(store, run)
    assert (None if found is None else found.test_accuracy) == last
    other = stopped(store, {1: None})
    (lecun,) = tables(store, [Followed(other)], "A", "me")
    own = [row["cells"][1] for row in lecun["rows"] if row["kind"] == "own"]
    assert own == ([] if last is None else [f"{100 * (1 - last):.3g} %"])
