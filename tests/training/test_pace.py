"""How long a step takes is measured on the net itself, and a run's time follows from it."""

from __future__ import annotations

from time import perf_counter

import pytest

from playground.errors import PlaygroundError
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.loop import train
from playground.training.pace import LONG_ENOUGH, TIMED, seconds_of, seconds_per_step, steps_of

NET = "Flatten Linear(300) ReLU Linear(10)"


def test_a_step_takes_about_as_long_as_in_a_run() -> None:
    config = TrainConfig(NET, batch=20, epochs=1, record_every=1000)
    found = seconds_per_step(config, (1, 28, 28), 10)
    *_, last = train(config, data_of(config))
    ran = last.seconds / last.step
    assert ran / 10 < found < 10 * ran, "a busy machine gives one of them less of its time"


def test_a_larger_net_takes_longer() -> None:
    small, large = (
        min(seconds_per_step(TrainConfig(text, batch=100), (1, 28, 28), 10) for _ in range(3))
        for text in ("Flatten Linear(10)", "Flatten Linear(2000) ReLU Linear(2000) ReLU Linear(10)")
    )
    assert large > 5 * small


def test_measuring_is_bounded() -> None:
    began = perf_counter()
    found = seconds_per_step(TrainConfig("Flatten Linear(3000) Linear(3000) Linear(10)", batch=500), (3, 32, 32), 10)
    assert perf_counter() - began < LONG_ENOUGH + 2 * found + 5 and found * TIMED > LONG_ENOUGH


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "MSELoss", "learning_rate": 1000.0},
        {"optimizer": "Adam", "schedule": "one-cycle", "folds": 3, "fold": 2},
        {"batch": 4096},
        {"text": "Flatten Linear(30) BatchNorm1d Dropout(0.5) Linear(10)", "steps": 1},
        {"normalise": True, "clip": 0.5, "shuffle": False},
    ],
)
def test_whatever_the_settings_a_step_is_timed(changes: dict[str, object]) -> None:
    assert 0 < seconds_per_step(TrainConfig(**{"text": NET, **changes}), (1, 28, 28), 10) < 10  # type: ignore[arg-type]


def test_numbers_to_predict_and_rows_of_a_table() -> None:
    assert seconds_per_step(TrainConfig("Linear(5) ReLU Linear(1)", loss="MSELoss"), (4,), 0) > 0


def test_a_net_that_does_not_fit_is_named() -> None:
    with pytest.raises(PlaygroundError, match="Conv2d"):
        seconds_per_step(TrainConfig("Flatten Conv2d(4, 3)"), (1, 28, 28), 10)


def test_the_time_of_a_run_is_that_of_its_steps_and_its_tests() -> None:
    config = TrainConfig(batch=100, epochs=2)
    assert steps_of(config, 60_000) == 1200
    assert seconds_of(config, 60_000, 0, 0.01) == pytest.approx(12)
    assert seconds_of(config, 60_000, 30_000, 0.01) == pytest.approx(14)  # two tests of 300 batches, a third of a step
    assert seconds_of(TrainConfig(batch=100, steps=50), 60_000, 0, 0.01) == pytest.approx(0.5)
