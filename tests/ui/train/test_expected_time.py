"""How long a run would take is said before it begins: measured once for a net, in words, and never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from playground.data.datasets import DATASETS
from playground.errors import PlaygroundError
from playground.training.config import TrainConfig
from playground.training.pace import seconds_per_step
from playground.ui.start.jobs import JOBS
from playground.ui.train import expected_time
from playground.ui.train.expected_time import expected, steps_said

CONFIG = TrainConfig("Flatten Linear(30) ReLU Linear(10)", batch=100, epochs=2, data="MNIST")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a process was asked, which says that a step takes 40 ms."""
    given = list[dict[str, Any]]()

    def in_process(job: str, what: dict[str, Any]) -> dict[str, Any]:
        assert job in JOBS
        given.append(what)
        return {"seconds": 0.04}

    monkeypatch.setattr(expected_time, "has_process", lambda: True)
    monkeypatch.setattr(expected_time, "in_process", in_process)
    expected_time._paces.clear()
    yield given
    expected_time._paces.clear()


def test_steps_and_time_are_said_and_a_net_is_timed_once(asked: list[dict[str, Any]]) -> None:
    assert expected(CONFIG) == "1,200 steps, about 51 s here"  # with two tests of 100 batches, a third of a step each
    assert expected(replace(CONFIG, epochs=4)) == "2,400 steps, about 1 min 41 s here"
    assert expected(replace(CONFIG, learning_rate=0.5, rng_seed=7, steps=10)) == "10 steps, about 2 s here"
    assert len(asked) == 1 and asked[0]["input_shape"] == [1, 28, 28] and asked[0]["classes"] == 10
    expected(replace(CONFIG, batch=50))
    expected(replace(CONFIG, text="Flatten Linear(10)"))
    assert len(asked) == 3


def test_what_is_remembered_is_bounded(asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expected_time, "KEPT", 3)
    for batch in range(10, 16):
        expected(replace(CONFIG, batch=batch))
    assert len(expected_time._paces) == 3
    expected(replace(CONFIG, batch=15))
    assert len(asked) == 6
    expected(replace(CONFIG, batch=10))
    assert len(asked) == 7


def test_a_net_that_does_not_fit_is_not_timed(asked: list[dict[str, Any]]) -> None:
    assert expected(replace(CONFIG, text="Flatten Linear(50) Conv2d(4, 3)")) == "" and not asked


def test_a_net_whose_single_step_takes_seconds_is_not_timed(asked: list[dict[str, Any]]) -> None:
    assert expected(replace(CONFIG, text="Flatten Linear(4000) Linear(4000) Linear(10)", batch=4096)) == "30 steps"
    assert not asked


def test_without_a_measurement_the_steps_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expected_time, "has_process", lambda: False)
    assert expected(CONFIG) == steps_said(CONFIG) == "1,200 steps"
    assert steps_said(replace(CONFIG, steps=1)) == "1 step"

    def refused(*_: object) -> dict[str, Any]:
        raise PlaygroundError("this took more than 10 seconds")

    expected_time._paces.clear()
    monkeypatch.setattr(expected_time, "has_process", lambda: True)
    monkeypatch.setattr(expected_time, "in_process", refused)
    assert expected(CONFIG) == "1,200 steps"
    expected_time._paces.clear()


def test_the_job_measures_the_net_that_is_asked_for() -> None:
    row = next(row for row in DATASETS if row.name == "digits")
    given = {"config": CONFIG.fields(), "input_shape": list(row.input_shape), "classes": 10, "threads": 1}
    found = JOBS["training-pace"](given)["seconds"]
    assert 0 < found < 20 * seconds_per_step(CONFIG, row.input_shape, 10)


def test_folds_train_on_the_rest() -> None:
    assert steps_said(replace(CONFIG, folds=5, epochs=1)) == "480 steps"
