"""A run of the store as it is exported: its records, and the weights of its newest checkpoint."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load

from playground.errors import PlaygroundError
from playground.runs.result import result_of
from playground.runs.store import Store
from playground.runs.worker import work
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.learner import Learner
from playground.training.loop import train

CONFIG = TrainConfig("Flatten Linear(10)", train_size=100, test_size=20, batch=20, epochs=2, device="cpu")


def test_a_finished_run_is_exported_whole(store: Store) -> None:
    submitted = store.submit(CONFIG, title="Mine")
    before = result_of(store, submitted.id)
    assert (before.records, before.weights, before.title) == ((), None, "Mine")
    claimed = store.claim("me")
    assert claimed is not None
    work(store, claimed)
    learner = Learner(CONFIG, data_of(CONFIG))
    expected = [record.loss for record in train(CONFIG, data_of(CONFIG), learner=learner)]
    result = result_of(store, submitted.id)
    assert [record.loss for record in result.records] == expected
    assert result.weights is not None
    for name, weight in load(result.weights).items():
        assert torch.equal(weight, learner.model.state_dict()[name])


def test_an_unknown_run(store: Store) -> None:
    with pytest.raises(PlaygroundError, match="there is no run"):
        result_of(store, "none")
