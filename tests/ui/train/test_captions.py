"""What is said of a run, a row for each case: its place in the queue, what it does, the time left."""

from __future__ import annotations

from typing import Any

import pytest

from playground.training.config import TrainConfig
from playground.training.records import TrainRecord
from playground.ui.train.captions import duration, rate_said, sentence, state, time_left
from tests.ui.train.made import run

DEAD = "the worker died: it goes on from here"


@pytest.mark.parametrize(
    ("changes", "ahead", "said"),
    [
        pytest.param({}, 0, "waits: next in the queue", id="next"),
        pytest.param({}, 1, "waits: 1 run ahead in the queue", id="one-ahead"),
        pytest.param({}, 2, "waits: 2 runs ahead in the queue", id="two-ahead"),
        pytest.param({"reason": DEAD}, 0, f"waits: next in the queue ({DEAD})", id="next-again"),
        pytest.param({"reason": DEAD}, 3, f"waits: 3 runs ahead in the queue ({DEAD})", id="ahead-again"),
        pytest.param({"status": "running"}, 0, "starts …", id="starts"),
        pytest.param({"status": "running", "reason": "downloads x 7 %"}, 0, "downloads x 7 %", id="downloads"),
        pytest.param({"status": "running", "step": 1}, 0, "trains", id="trains"),
        pytest.param({"status": "running", "step": 1, "wanted": "pause"}, 0, "pausing …", id="pausing"),
        pytest.param({"status": "running", "step": 1, "wanted": "stop"}, 0, "stopping …", id="stopping"),
        pytest.param(
            {"status": "running", "reason": "downloads x 7 %", "wanted": "stop"}, 0, "stopping …", id="stops-download"
        ),
        pytest.param({"status": "paused", "wanted": "pause"}, 0, "paused", id="paused"),
        pytest.param({"status": "finished"}, 0, "finished", id="finished"),
        pytest.param({"status": "stopped", "wanted": "stop"}, 0, "stopped", id="stopped"),
        pytest.param({"status": "stopped", "reason": "after 9 seconds"}, 0, "stopped: after 9 seconds", id="limit"),
        pytest.param({"status": "failed", "reason": "no memory"}, 0, "failed: no memory", id="failed"),
    ],
)
def test_what_a_run_does_now(changes: dict[str, Any], ahead: int, said: str) -> None:
    assert state(run(**changes), ahead) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"status": "queued"}, "", id="waits"),
        pytest.param({"status": "queued", "step": 10, "steps": 40, "seconds": 5.0}, "", id="waits-again"),
        pytest.param({"status": "running"}, "", id="starts"),
        pytest.param({"status": "running", "steps": 40}, "", id="no-step-yet"),
        pytest.param({"status": "running", "step": 10, "steps": 40, "seconds": 5.0}, "about 15 s left", id="seconds"),
        pytest.param({"status": "running", "step": 39, "steps": 40, "seconds": 0.4}, "about 1 s left", id="last-step"),
        pytest.param(
            {"status": "running", "step": 10, "steps": 40, "seconds": 25.0}, "about 1 min 15 s left", id="minutes"
        ),
        pytest.param(
            {"status": "running", "step": 10, "steps": 20, "seconds": 3960.0}, "about 1 h 6 min left", id="hours"
        ),
        pytest.param({"status": "paused", "step": 10, "steps": 40, "seconds": 5.0}, "about 15 s left", id="paused"),
        pytest.param({"status": "running", "step": 40, "steps": 40, "seconds": 20.0}, "", id="at-the-end"),
        pytest.param({"status": "running", "step": 41, "steps": 40, "seconds": 20.0}, "", id="beyond-the-end"),
        pytest.param({"status": "finished", "step": 40, "steps": 40, "seconds": 20.0}, "", id="finished"),
        pytest.param({"status": "stopped", "step": 10, "steps": 40, "seconds": 5.0}, "", id="stopped"),
        pytest.param({"status": "failed", "step": 10, "steps": 40, "seconds": 5.0}, "", id="failed"),
    ],
)
def test_how_long_a_run_will_go_on(changes: dict[str, Any], said: str) -> None:
    assert time_left(run(**changes)) == said


@pytest.mark.parametrize(
    ("changes", "latest", "said"),
    [
        pytest.param({}, None, "", id="nobody-asked"),
        pytest.param({"learning_rate": 0.01}, None, "set to 0.01, from the next step on", id="before-the-first-step"),
        pytest.param({"learning_rate": 0.01}, 0.1, "set to 0.01, from the next step on", id="not-met-yet"),
        pytest.param({"learning_rate": 0.01}, 0.01, "set to 0.01", id="met"),
        pytest.param(
            {"learning_rate": 0.01, "config": TrainConfig(schedule="cosine")}, 0.004, "set to 0.01", id="schedule"
        ),
        pytest.param({"learning_rate": 0.01, "status": "stopped"}, 0.1, "set to 0.01", id="no-next-step"),
    ],
)
def test_a_rate_that_was_set_gives_a_sign(changes: dict[str, Any], latest: float | None, said: str) -> None:
    record = None if latest is None else TrainRecord(5, 0.5, 1.0, 0.5, latest, 1.0, 10.0)
    assert rate_said(run(**{"status": "running", **changes}), record) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "1 s"), (1.5, "2 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599.4, "59 min 59 s"), (3599.6, "1 h 0 min")],
)
def test_a_duration_is_rounded_before_it_is_split(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_sentence_begins_with_the_name() -> None:
    assert sentence(run(), "Mine", None, None) == "Mine: no numbers yet."
