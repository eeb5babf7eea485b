"""The next step of a run, opened from the store: it is the one that comes, and the run does not notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from playground.errors import PlaygroundError
from playground.runs.run import Run, Status
from playground.runs.store import Store
from playground.runs.worker import work
from playground.training.checkpoint import checkpoint
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.records import TrainRecord
from playground.ui.train.frozen_step import FrozenStep, frozen_step, learner_of, recorded_step
from playground.views.graph.unfolding import Unfolding

CONFIG = TrainConfig(
    "Flatten Linear(12) ReLU Dropout(0.5) Sequential(Linear(11) ReLU) Linear(10)",
    train_size=200,
    test_size=50,
    batch=20,
    epochs=2,
    learning_rate=0.05,
    momentum=0.9,
    record_every=1,
)
STEPS = 7  # until the checkpoint: in the middle of an epoch


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'runs.db'}")
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def whole() -> list[TrainRecord]:
    return list(train(CONFIG, data_of(CONFIG)))


def worked(store: Store) -> Run:
    run = store.claim("worker")
    assert run is not None
    work(store, run)
    return store.run(run.id)


def interrupted(store: Store, config: TrainConfig, status: Status, *, ahead: int = 0) -> Run:
    """A run whose worker kept a checkpoint after so many steps, and ended `ahead` records later."""
    store.submit(config)
    run = store.claim("worker")
    assert run is not None
    learner = Learner(config, data_of(config))
    steps = train(config, data_of(config), learner=learner)
    records = list(islice(steps, STEPS))
    store.save_checkpoint(run.id, "worker", learner.step, checkpoint(learner))
    records += islice(steps, ahead)
    store.report(run.id, "worker", records, step=records[-1].step, steps=learner.steps)
    store.release(run.id, "worker", status, "the loss is NaN" if status == "failed" else "")
    return store.run(run.id)


def loss_of(store: Store, step: FrozenStep) -> float:
    return recorded_step(store, step.run, step.key, step.number).recorded.loss


def curve(records: list[TrainRecord]) -> list[tuple[int, float, float]]:
    return [(record.step, record.loss, record.learning_rate) for record in records]


@pytest.mark.parametrize("status", ["paused", "stopped"])
def test_the_very_batch_that_comes_next_and_the_run_goes_on_the_same(
    store: Store, whole: list[TrainRecord], status: Status
) -> None:
    run = interrupted(store, CONFIG, status)
    step = frozen_step(store, run.id)
    assert step.title.startswith(f"Step {STEPS + 1} of run digits")
    loss = loss_of(store, step)
    assert loss == whole[STEPS].loss
    assert frozen_step(store, run.id, Unfolding()).drawn == step.drawn
    store.resume(run.id) if status == "paused" else store.retry(run.id)
    assert worked(store).status == "finished"
    assert curve(store.records(run.id)) == curve(whole)


def test_modules_open(store: Store) -> None:
    run = interrupted(store, CONFIG, "paused")
    closed = frozen_step(store, run.id)
    opened = frozen_step(store, run.id, Unfolding.of(["-linear1"]), closed.key)
    assert opened.key == closed.key
    assert opened.drawn.scene != closed.drawn.scene


def test_any_step_soon_after_the_pause_opens_and_the_run_stays_where_it_is(
    store: Store, whole: list[TrainRecord]
) -> None:
    run = interrupted(store, CONFIG, "paused")
    kept = store.checkpoint(run.id)
    step = frozen_step(store, run.id)
    for number in (STEPS + 5, STEPS + 6, STEPS + 2, len(whole)):  # on, the next batch, back, the run's last
        later = frozen_step(store, run.id, key=step.key, number=number)
        assert later.title.startswith(f"Step {number} of run digits") and later.title.endswith("batch that comes then")
        assert loss_of(store, later) == whole[number - 1].loss
    assert loss_of(store, frozen_step(store, run.id, key=step.key)) == whole[STEPS].loss
    beyond = frozen_step(store, run.id, key=step.key, number=len(whole) + 1)
    assert beyond.title.endswith(": the batch that would come then")
    for number in (STEPS, STEPS + 501):
        with pytest.raises(PlaygroundError, match=f"step {number} cannot be opened") as refused:
            frozen_step(store, run.id, key=step.key, number=number)
        assert refused.value.hint == "from where the run stands, steps 8 to 507 can be opened"
    assert (store.run(run.id), store.checkpoint(run.id)) == (run, kept)


def test_a_run_that_goes_on_has_no_next_step_that_would_stay(store: Store) -> None:
    run = interrupted(store, CONFIG, "paused")
    step = frozen_step(store, run.id)
    store.resume(run.id)
    assert frozen_step(store, run.id, Unfolding.of([]), step.key).drawn == step.drawn  # it is still kept
    with pytest.raises(PlaygroundError, match="queued"):
        frozen_step(store, run.id)
    worked(store)
    other = interrupted(store, replace(CONFIG, rng_seed=1), "paused")
    frozen_step(store, other.id)
    with pytest.raises(PlaygroundError, match="gone on"):
        frozen_step(store, run.id, Unfolding.of([]), step.key)


def test_a_finished_run_opens_the_first_batch_of_an_epoch_more(store: Store) -> None:
    store.submit(CONFIG)
    run = worked(store)
    step = frozen_step(store, run.id)
    assert step.title.startswith(f"Step {run.steps + 1} of run")
    loss = loss_of(store, step)
    store.one_epoch_more(run.id)
    worked(store)
    assert store.records(run.id, after=run.steps)[0].loss == loss


def test_a_rate_that_was_set_while_it_was_paused_is_that_of_the_step(store: Store) -> None:
    run = interrupted(store, CONFIG, "paused")
    store.set_learning_rate(run.id, 0.25)
    assert learner_of(store.run(run.id), store.checkpoint(run.id)).learning_rate == 0.25


def test_a_run_that_never_began_opens_its_first_step(store: Store, whole: list[TrainRecord]) -> None:
    run = store.submit(CONFIG)
    store.pause(run.id)
    step = frozen_step(store, run.id)
    assert step.title.startswith("Step 1 of run")
    assert loss_of(store, step) == whole[0].loss


def test_a_failed_run_that_is_tried_again_keeps_one_curve(store: Store, whole: list[TrainRecord]) -> None:
    run = interrupted(store, CONFIG, "failed", ahead=5)
    store.retry(run.id)
    assert worked(store).status == "finished"
    assert curve(store.records(run.id)) == curve(whole)
