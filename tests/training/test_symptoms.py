"""What is said of runs that do not learn, each really trained here; of runs that learn, nothing."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from playground.errors import PlaygroundError
from playground.lessons.runs import RUNS
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.loop import train
from playground.training.records import LayerRecord, TrainRecord
from playground.training.symptoms import LEAST_EXAMPLES, Course, Symptom

NET = "Flatten Linear(100) ReLU Linear(10)"
DEEP = f"Flatten {'Linear(30) Sigmoid ' * 6}Linear(10)"
SHORT = TrainConfig(NET, batch=20, epochs=4)


def course_of(config: TrainConfig) -> tuple[Course, bool]:
    """All records of a run, and whether it ended with what is not finite."""
    data = data_of(config)
    course = Course(config, len(data.classes))
    try:
        for record in train(config, data):
            course.add([record])
    except PlaygroundError:
        return course, True
    return course, False


def symptom_of(**changes: Any) -> Symptom | None:
    config = replace(SHORT, **changes)
    course, has_diverged = course_of(config)
    return course.symptom(config.learning_rate, has_diverged=has_diverged)


GUESSES = r"In steps \d+ to 288 (\d\.\d|1[0-3]\.\d) % are right, and guessing gives 10 %: "


@pytest.mark.parametrize(
    ("changes", "said", "label", "cure"),
    [
        pytest.param(
            {"learning_rate": 10.0},
            rf"{GUESSES}(9\d.*|100) % of the units of relu1 are 0 for the whole batch, and pass no gradient\.",
            "Train again with lr 1",
            {"learning_rate": 1.0},
            id="dead-units",
        ),
        pytest.param(
            {"initial": "zeros"},
            rf"{GUESSES}all weights of a layer began at 0, and change alike\.",
            "Train again with PyTorch's first weights",
            {"initial": "PyTorch"},
            id="all-alike",
        ),
        pytest.param(
            {"text": DEEP},
            rf"{GUESSES}the gradient of linear7 has the norm [\d.]+, and that of linear1 .*e−05, for Sigmoid passes .*",
            "Train again with ReLU in place of Sigmoid",
            {"text": DEEP.replace("Sigmoid", "ReLU")},
            id="saturated",
        ),
        pytest.param(
            {"text": NET.replace("ReLU", "Tanh"), "optimizer": "Adam", "learning_rate": 30.0},
            r"In steps .* guessing gives 10 %: a step changes the weights of linear\d by .* %, which is too much\.|"
            r"The loss was .* in step 1 and .* by step 288: it has grown, because the steps are too long\.",
            "Train again with lr 3",
            {"learning_rate": 3.0},
            id="steps-too-long",
        ),
        pytest.param(
            {"learning_rate": 1e-6},
            r"The loss was 2\.\d+ in step 1 and 2\.\d+ by step 288: a step changes the weights of linear\d "
            r"by [\d.]+e−05 % of their size, which is little\.|In steps .*, which is little\.",
            "Train again with lr 1e-05",
            {"learning_rate": 1e-5},
            id="steps-too-short",
        ),
        pytest.param(
            {"loss": "MSELoss", "learning_rate": 1000.0},
            r"The loss was 0\.\d+ in step 1 and .*e\+\d+ by step \d+, then it was no number: the steps are too long\.",
            "Train again with lr 100",
            {"learning_rate": 100.0},
            id="no-number",
        ),
    ],
)
def test_a_run_that_does_not_learn_says_why(
    changes: dict[str, Any], said: str, label: str, cure: dict[str, Any]
) -> None:
    found = symptom_of(**changes)
    assert found is not None and re.fullmatch(said, found.text), found
    assert (found.label, dict(found.changes)) == (label, cure)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"learning_rate": 0.001},  # slow
        {"loss": "MSELoss", "learning_rate": 1.0},
        {"optimizer": "Adam", "learning_rate": 0.002},
        {"schedule": "cosine"},  # whose last steps change nothing
        {"text": "Flatten Linear(30) Sigmoid Linear(10)"},
        {"batch": 1, "epochs": 1, "train_size": 300, "learning_rate": 0.01},  # where many a unit is 0
    ],
)
def test_of_a_run_that_learns_nothing_is_said(changes: dict[str, Any]) -> None:
    assert symptom_of(**changes) is None


def test_the_examples_that_learn_get_no_warning() -> None:
    for preset in RUNS.presets[:2]:
        config = preset.document
        data = data_of(config)
        course = Course(config, len(data.classes))
        for record in islice(train(config, data), 100):
            course.add([record])
            assert course.symptom(config.learning_rate) is None, (preset.id, record.step)


@pytest.mark.parametrize(
    ("cure", "changes"),
    [({"learning_rate": 1.0}, {"learning_rate": 0.1}), ({"text": DEEP.replace("Sigmoid", "ReLU")}, {"text": DEEP})],
)
def test_what_is_offered_is_another_setting(cure: dict[str, Any], changes: dict[str, Any]) -> None:
    config = replace(SHORT, **changes)
    assert replace(config, **cure) != config


def record(step: int, loss: float = 2.3, accuracy: float | None = 0.1, **layer: float) -> TrainRecord:
    layers = (LayerRecord("linear1", **{"update_ratio": 0.001, **layer}),)
    return TrainRecord(step, step / 100, loss, accuracy, 0.1, 1.0, 100.0, layers)


def told(records: list[TrainRecord], classes: int = 10, **changes: Any) -> str:
    course = Course(replace(SHORT, **changes), classes)
    course.add(records)
    found = course.symptom(0.1)
    return "" if found is None else found.text


def test_nothing_is_said_before_there_is_enough_to_say_it_of() -> None:
    guessing = [record(step) for step in range(10, 400, 10)]
    assert told(guessing[:9]) == ""  # 90 steps
    few = LEAST_EXAMPLES // 20 // 10  # records of as many examples, at 20 a step, half of which count
    assert told(guessing[: 2 * few - 1]) == "" and "guessing" in told(guessing[: 2 * few + 1])
    assert told(guessing, classes=0) == "", "numbers are not guessed among classes"
    assert told([]) == ""


def test_chance_is_that_of_so_many_classes_within_what_chance_allows() -> None:
    def at(accuracy: float, classes: int) -> str:
        return told([record(step, accuracy=accuracy) for step in range(10, 800, 10)], classes)

    assert "guessing gives 33.3 %" in at(1 / 3, 3) and "guessing gives 50 %" in at(0.5, 2)
    assert at(0.2, 10) == "" and at(0.45, 3) == "" and at(0.115, 10) != ""


def test_a_loss_that_grows_is_told_with_its_numbers() -> None:
    grown = [record(step, loss=0.5 + step / 50, accuracy=None) for step in range(10, 400, 10)]
    assert told(grown, classes=0) == (
        "The loss was 0.7 in step 10 and 8.3 by step 390: it has grown, because the steps are too long."
    )


def test_a_run_without_any_record_that_diverged_has_a_cure() -> None:
    found = Course(SHORT, 10).symptom(0.1, has_diverged=True)
    assert found is not None and found.changes == {"learning_rate": 0.01} and math.isclose(0.1, SHORT.learning_rate)


def test_only_the_second_half_of_the_steps_counts() -> None:
    forgot = [record(step, accuracy=0.1 if step > 250 else 0.9) for step in (*range(1, 100), *range(100, 501, 50))]
    assert told(forgot).startswith("In steps 251 to 500 10.0 % are right, and guessing gives 10 %")
    assert told([replace(one, accuracy=1.0 - (one.accuracy or 0.0)) for one in forgot]) == ""
