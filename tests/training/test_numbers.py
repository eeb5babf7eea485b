"""Numbers to predict instead of classes: the data, the loss, the score, the script, and what the page says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from torch import Tensor

from playground.data.dataset import Data
from playground.data.preview import number_spread
from playground.data.uploads import store
from playground.data.uploads.table import from_table
from playground.errors import PlaygroundError
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.export.result import RunResult, to_csv, upload_of
from playground.training.export.script import training_script
from playground.training.fitted import fitted
from playground.training.freeze import freeze
from playground.training.learner import Learner, samples
from playground.training.loop import train
from playground.ui.train.captions import score
from playground.ui.train.net_check import check
from playground.ui.train.notes import notes
from playground.ui.train.preview import preview_html
from tests.training.export.scripts import lines_of, printed


def diabetes() -> bytes:
    """442 patients: ten measurements, and how far the disease went in a year (B. Efron et al., 2004)."""
    table = load_diabetes(as_frame=True, scaled=False).frame
    return bytes(table.to_csv(index=False).encode())


@pytest.fixture(scope="module")
def data() -> Data:
    return from_table(diabetes(), file_name="diabetes.csv")


def linear(data: Data, **settings: Any) -> TrainConfig:
    chosen = {"text": "Linear(1)", "loss": "MSELoss", "learning_rate": 0.05, "batch": 50, "epochs": 40} | settings
    return TrainConfig.from_fields({"data": data.name, "normalise": True, **chosen})


def mean_error(found: np.ndarray, wanted: Tensor) -> float:
    return float(np.abs(found - wanted.numpy()).mean())


def test_a_column_of_quantities_is_predicted(data: Data) -> None:
    table = load_diabetes(scaled=False)
    assert data.classes == () and data.train.labels.dtype == torch.float32
    assert sorted(torch.cat([data.train.labels, data.test.labels]).tolist()) == sorted(table.target.tolist())
    assert (len(data.train), len(data.test)) == (354, 88)
    assert "Its numbers are predicted: they are no classes." in store.describe(data.name).told.said


def test_a_linear_net_comes_to_least_squares(data: Data) -> None:
    """The independent way: scikit-learn's ordinary least squares on the same examples."""
    config = linear(data, learning_rate=0.01, epochs=200)
    learner = Learner(config, data_of(config))
    *_, last = train(config, data_of(config), learner=learner)
    best = LinearRegression().fit(data.train.x.numpy(), data.train.labels.numpy())
    errors = [mean_error(best.predict(part.x.numpy()), part.labels) for part in (data.train, data.test)]
    found = [learner.evaluate(part)[1] for part in (learner.train_set, learner.test_set)]
    assert found == pytest.approx(errors, rel=0.02) and last.test_error == found[1]
    assert last.accuracy is None and last.test_accuracy is None


def test_the_error_has_the_unit_of_the_data(data: Data) -> None:
    config = linear(data, epochs=1)
    learner = Learner(config, data_of(config))
    *_, last = train(config, data_of(config), learner=learner)
    mean, deviation = data.train.labels.double().mean(), data.train.labels.double().std(correction=0)
    x = (data.test.x - data.train.x.mean(0)) / data.train.x.std(0, correction=0)
    predicted = (learner.model(x).detach()[:, 0] * deviation + mean).numpy()
    assert last.test_error == pytest.approx(mean_error(predicted, data.test.labels), rel=1e-5)
    assert [row[0] for row in samples(learner, 10)] == pytest.approx(predicted[:10].tolist(), rel=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="normalised"),
        pytest.param({"normalise": False, "learning_rate": 1e-6, "loss": "L1Loss"}, id="as it is"),
        pytest.param({"train_size": 99, "test_size": 31, "text": "Linear(8) ReLU Dropout(0.2) Linear(1)"}, id="a part"),
        pytest.param({"folds": 4, "fold": 2, "optimizer": "Adam"}, id="folds"),
        pytest.param({"steps": 11, "record_every": 3}, id="steps"),
    ],
)
def test_the_script_prints_the_same_numbers(data: Data, changes: dict[str, Any], tmp_path: Path) -> None:
    config = linear(data, **{"epochs": 3, "record_every": 1, "device": "cpu", **changes})
    records = list(train(config, data_of(config)))
    (tmp_path / f"{data.name}.safetensors").write_bytes(upload_of(RunResult(config, ())))
    assert printed(training_script(config, threads=1), tmp_path) == lines_of(records)
    assert to_csv(RunResult(config, tuple(records))).count("\n") == len(records) + 1


@pytest.mark.parametrize("normalise", [False, True])
def test_the_next_step_can_be_opened(data: Data, normalise: bool) -> None:
    config = linear(data, normalise=normalise, learning_rate=1e-6)
    learner = Learner(config, data_of(config))
    frozen = freeze(learner)
    first = next(train(replace(config, record_every=1), data_of(config)))
    assert frozen.recorded.loss == pytest.approx(first.loss, rel=1e-6) and frozen.recorded.accuracy is None


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        (
            {"loss": "CrossEntropyLoss"},
            "CrossEntropyLoss compares classes, and here a number",
            "take MSELoss or L1Loss",
        ),
        ({"loss": "BCEWithLogitsLoss"}, "BCEWithLogitsLoss compares classes", "take MSELoss or L1Loss"),
        ({"text": "Linear(3)"}, "3 outputs for one number to predict", "end with Linear(1)"),
    ],
)
def test_what_does_not_fit_is_told_before_the_run(data: Data, changes: dict[str, str], message: str, hint: str) -> None:
    config = linear(data, **changes)
    with pytest.raises(PlaygroundError) as refused:
        Learner(config, data_of(config))
    assert message in refused.value.message and hint in refused.value.hint
    shown = check(config)["problem"]
    assert shown is not None and (shown["message"], shown["hint"]) == (refused.value.message, refused.value.hint)
    mends = [
        {key: str(value) for key, value in cure["fields"].items()} for note in notes(config) for cure in note["cures"]
    ]
    assert any(check(replace(config, **one))["problem"] is None for one in mends if set(one) <= {"loss", "text"})


def test_the_net_is_fitted_to_the_data(data: Data) -> None:
    config = fitted(TrainConfig(data=data.name), data.input_shape, 0)
    assert config.changed() == {
        "text": "Flatten Linear(100) ReLU Linear(1)",
        "data": data.name,
        "normalise": True,
        "loss": "MSELoss",
    }
    assert check(config)["problem"] is None


def test_the_page_shows_how_the_numbers_spread(data: Data) -> None:
    config = linear(data)
    spread = number_spread(data_of(config))
    targets = load_diabetes(scaled=False).target
    assert sum(row.train + row.test for row in spread) == len(targets)
    counts, _ = np.histogram(targets, 10)
    assert [row.train + row.test for row in spread] == counts.tolist()
    shown = preview_html(data_of(config), config)
    assert "number to predict" in shown and spread[0].name in shown
    assert score(None, 41.25) == "error 41.25"


@pytest.mark.parametrize(
    ("labels", "is_predicted"),
    [
        pytest.param([0, 1, 1, 0] * 10, False, id="two classes"),
        pytest.param(list(range(10)) * 4, False, id="digits"),
        pytest.param(list(range(47)) * 3, False, id="a numbering of many classes"),
        pytest.param([3, 4, 5, 6, 7, 8] * 8, False, id="marks"),
        pytest.param(["a", "b"] * 20, False, id="words"),
        pytest.param([True, False] * 20, False, id="truths"),
        pytest.param([0.5 * n for n in range(40)], True, id="measured"),
        pytest.param([18 + n % 37 for n in range(120)], True, id="ages"),
        pytest.param([250_000, 310_000, 199_000, 250_000, 420_000], True, id="prices of a few houses"),
    ],
)
def test_what_is_predicted_is_found_by_the_values(labels: list[Any], is_predicted: bool) -> None:
    text = "a,label\n" + "".join(f"{n / 7},{label}\n" for n, label in enumerate(labels))
    assert (from_table(text.encode()).classes == ()) == is_predicted
    assert from_table(text.encode(), predict="classes" if not is_predicted else "numbers").classes is not None


def test_what_is_predicted_can_be_chosen() -> None:
    marks = ("a,mark\n" + "".join(f"{n / 7},{3 + n % 4}\n" for n in range(40))).encode()
    assert from_table(marks).classes == ("3", "4", "5", "6")
    assert from_table(marks, predict="numbers").classes == ()
    with pytest.raises(PlaygroundError, match="predict: 'prices' is unknown"):
        from_table(marks, predict="prices")  # type: ignore[arg-type]
    with pytest.raises(PlaygroundError, match="line 2, column 2 \\(`kind`\\): 'x' is not a number"):
        from_table(b"a,kind\n1,x\n2,y\n3,x\n4,y\n", predict="numbers")
