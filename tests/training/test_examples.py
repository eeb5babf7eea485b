"""What a run trains on: the same whether it is normalised for this run or was for one before it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from playground.data.datasets import load
from playground.data.split import prepare
from playground.training.config import TrainConfig
from playground.training.examples import data_of, whole_data_of

WHOLE = TrainConfig(normalise=True)


@pytest.mark.parametrize(
    "config",
    [
        WHOLE,
        replace(WHOLE, normalise=False),
        replace(WHOLE, test_size=50),
        replace(WHOLE, train_size=200, rng_seed=3),
        replace(WHOLE, folds=4, fold=2),
    ],
)
def test_the_data_are_cut_and_normalised_as_the_settings_say(config: TrainConfig) -> None:
    found = data_of(config)
    wanted = prepare(
        load("digits"),
        train_size=config.train_size,
        test_size=config.test_size,
        folds=config.folds,
        fold=config.fold,
        normalise=config.normalise,
        rng_seed=config.rng_seed,
    )
    assert found.normalisation == wanted.normalisation
    for one, other in ((found.train, wanted.train), (found.test, wanted.test)):
        assert torch.equal(one.x, other.x)
        assert torch.equal(one.labels, other.labels)


def test_runs_on_all_examples_share_them() -> None:
    assert data_of(WHOLE).train.x is data_of(replace(WHOLE, rng_seed=7, test_size=20)).train.x
    assert whole_data_of(WHOLE) is whole_data_of(replace(WHOLE, epochs=9))


@pytest.mark.parametrize("config", [replace(WHOLE, train_size=200), replace(WHOLE, folds=4)])
def test_a_part_is_normalised_by_itself(config: TrainConfig) -> None:
    assert whole_data_of(config) is load("digits")
    assert data_of(config).normalisation != whole_data_of(WHOLE).normalisation
