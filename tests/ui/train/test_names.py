"""Names of runs: short, and of what differs between them."""

from __future__ import annotations

from typing import Any

import pytest

from playground.errors import PlaygroundError
from playground.training.config import TrainConfig
from playground.ui.train.names import LONGEST, LONGEST_GIVEN, given_name, listed_names, names, run_name
from tests.ui.train.made import run

NET = "Flatten Linear(100) ReLU Linear(10)"
PASTED = "class Net(nn.Module):\n    def forward(self, x):\n        return x"


def called(*changes: dict[str, Any]) -> list[str]:
    """The names of runs with these settings beside each other."""
    runs = [run(id=str(number), config=TrainConfig(**{"text": NET, **one})) for number, one in enumerate(changes)]
    return list(names(runs).values())


def test_a_run_by_itself_is_called_by_its_data_and_its_net() -> None:
    assert run_name(run(title="Mine")) == "Mine"
    assert run_name(run(config=TrainConfig("Flatten\nLinear(10)"))) == "digits · Flatten Linear(10)"
    long = run_name(run(config=TrainConfig("Flatten " + "Linear(10) " * 20)))
    assert len(long) == LONGEST and long.endswith("…")
    assert run_name(run(config=TrainConfig(PASTED))) == "digits · a class of its own"
    assert called({}) == [f"digits · {NET}"]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"learning_rate": 0.1}, {"learning_rate": 1e-3}, ["lr 0.1", "lr 0.001"]),
        ({}, {"text": NET.replace("ReLU", "Tanh")}, ["ReLU", "Tanh"]),
        ({}, {"text": "Flatten Linear(10)"}, ["Linear(100) ReLU", "Flatten Linear(10)"]),
        ({}, {"text": f"Flatten Residual({NET[8:19]}) Linear(10)"}, ["Linear(100) ReLU", "Residual(Linear(100))"]),
        ({}, {"text": PASTED}, [f"{NET[:23]}…", "a class of its own"]),
        ({"optimizer": "Adam"}, {}, ["Adam", "SGD"]),
        ({"data": "MNIST"}, {"data": "KMNIST"}, ["MNIST", "KMNIST"]),
        ({"train_size": 1000}, {}, ["1,000 examples", "all examples"]),
        ({"epochs": 1, "batch": 20}, {"epochs": 2}, ["batch 20, 1 epoch", "batch 100, 2 epochs"]),
        ({"normalise": True}, {}, ["normalised", "not normalised"]),
        ({"clip": 0.5}, {}, ["clip the gradient at 0.5", "clip the gradient at 0"]),
        ({"rng_seed": 7}, {}, ["seed 7", "seed 0"]),
        (
            {"learning_rate": 0.2, "batch": 5, "epochs": 9, "rng_seed": 4, "clip": 1.0},
            {},
            ["lr 0.2, batch 5, 9 epochs", "lr 0.1, batch 100, 3 epochs"],
        ),
        ({}, {}, [f"digits · {NET}"] * 2),
    ],
)
def test_runs_beside_each_other_are_called_by_what_differs(
    one: dict[str, Any], other: dict[str, Any], said: list[str]
) -> None:
    assert called(one, other) == said


def test_each_setting_has_a_name_that_tells_it_apart() -> None:
    other: dict[str, Any] = {
        "text": "Flatten Linear(10)", "data": "MNIST", "loss": "MSELoss", "optimizer": "Adam", "schedule": "cosine",
        "initial": "zeros", "device": "cpu", "folds": 5, "momentum": 0.9, "decay": 0.5, "learning_rate": 1.0,
    }  # fmt: skip
    for name, content in TrainConfig().fields().items():
        if name in ("nesterov", "fold"):
            continue  # these need another setting beside them
        changed = other[name] if name in other else not content if isinstance(content, bool) else content + 1
        first, second = called({}, {name: changed})
        assert first and second and first != second and max(len(first), len(second)) <= 24, name


def test_a_name_that_was_given_stays() -> None:
    runs = [run(id="a", title="the long one"), run(id="b", config=TrainConfig(epochs=5)), run(id="c")]
    assert names(runs) == {"a": "the long one", "b": "5 epochs", "c": "3 epochs"}


def test_a_list_tells_apart_what_would_be_called_the_same() -> None:
    runs = [
        run(id="a"),
        run(id="b", config=TrainConfig(learning_rate=0.01)),
        run(id="c", config=TrainConfig(data="MNIST", epochs=9)),
        run(id="d", title="mine"),
        run(id="e", title="mine", config=TrainConfig(epochs=7)),
    ]
    net = TrainConfig().text
    assert listed_names(runs) == {
        "a": f"digits · {net}, lr 0.1",
        "b": f"digits · {net}, lr 0.01",
        "c": f"MNIST · {net}",
        "d": "mine",
        "e": "mine",
    }


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" my  best\n run ", "my best run"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),  # escaped where it is shown
        ("a\u202eb\x00c\u200b", "abc"),  # what turns the text around, or is not seen
        ("x" * LONGEST_GIVEN, "x" * LONGEST_GIVEN),
        ("   ", ""),
    ],
)
def test_a_name_is_one_line_of_what_can_be_seen(typed: str, name: str) -> None:
    assert given_name(typed) == name


@pytest.mark.parametrize("typed", [None, 7, ["a"], {"a": 1}, "x" * (LONGEST_GIVEN + 1), "x" * 10**6])
def test_what_is_no_name_is_refused_in_words(typed: Any) -> None:
    with pytest.raises(PlaygroundError, match="a name") as caught:
        given_name(typed)
    assert len(caught.value.message) < 100
