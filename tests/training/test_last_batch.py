"""A last batch of one example beside batch norm is told before the run, with a size that works."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from playground.errors import PlaygroundError
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.loop import train
from playground.ui.train.net_check import check

NORMED = "Flatten Linear(4) BatchNorm1d ReLU Linear(10)"
PASTED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(784, 4)
        self.norm = nn.BatchNorm1d(4)
        self.last = nn.Linear(4, 10)

    def forward(self, x):
        return self.last(F.relu(self.norm(self.first(x.flatten(1)))))
"""
ALONE = TrainConfig(NORMED, train_size=65, test_size=20, batch=64, epochs=1, record_every=1)


@pytest.mark.parametrize("text", [NORMED, PASTED], ids=["stack", "class"])
@pytest.mark.parametrize(
    ("size", "batch", "words"),
    [
        (65, 64, "in batches of 64 the last of 65 examples comes alone: of one example batch norm has no spread"),
        (81, 16, "in batches of 16 the last of 81 examples comes alone: of one example batch norm has no spread"),
        (20, 1, "in batches of one example batch norm has no spread to divide by"),
    ],
)
def test_it_is_told_before_the_run_with_a_size_that_works(text: str, size: int, batch: int, words: str) -> None:
    config = replace(ALONE, text=text, train_size=size, batch=batch)
    with pytest.raises(PlaygroundError) as refused:
        next(train(config, data_of(config)))
    assert words in refused.value.message
    shown = check(config)["problem"]
    assert shown is not None and (shown["message"], shown["hint"]) == (refused.value.message, refused.value.hint)
    better = replace(config, batch=int(re.findall(r"batches of (\d+)", refused.value.hint)[0]))
    assert check(better)["problem"] is None
    assert list(train(better, data_of(better)))[-1].test_loss is not None


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(replace(ALONE, train_size=64), id="a whole batch"),
        pytest.param(replace(ALONE, train_size=66), id="two are left"),
        pytest.param(replace(ALONE, steps=1), id="the run stops before"),
        pytest.param(replace(ALONE, text="Flatten Linear(10)"), id="no batch norm"),
        pytest.param(replace(ALONE, text="Conv2d(2, 5) BatchNorm2d ReLU Flatten Linear(10)"), id="many pixels of one"),
    ],
)
def test_what_can_be_trained_is_not_refused(config: TrainConfig) -> None:
    assert check(config)["problem"] is None
    assert list(train(config, data_of(config)))
