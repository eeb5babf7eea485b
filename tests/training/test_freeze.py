"""A frozen step is the step that the run takes next, and freezing it changes nothing of what follows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch

from playground.data.dataset import Data
from playground.errors import PlaygroundError
from playground.layers import limits
from playground.layers.catalogue.losses import loss_of
from playground.layers.run.record_batch import target_of
from playground.training import checkpoint as checkpoints
from playground.training import freeze as freezing
from playground.training.checkpoint import checkpoint, restore, weights
from playground.training.config import TrainConfig
from playground.training.freeze import advance, freeze, next_batch, steps_ahead
from playground.training.learner import Learner
from playground.training.loop import train

TEXT = "Flatten Linear(8) ReLU Linear(3)"
DROPPING = "Flatten Linear(9) BatchNorm1d ReLU Dropout(0.4) Linear(3)"
PASTED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(36, 8)
        self.second = nn.Linear(8, 3)

    def forward(self, x):
        return self.second(torch.relu(self.first(x.flatten(1))))
"""
CHANGES: list[dict[str, Any]] = [
    {},
    {"optimizer": "Adam", "text": DROPPING, "schedule": "cosine"},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "clip": 0.05},
    {"optimizer": "RMSprop", "momentum": 0.5, "shuffle": False, "loss": "MSELoss"},
    {"optimizer": "AdamW", "clip": 0.1, "text": PASTED},
]


def config(**changes: Any) -> TrainConfig:
    settings = {"text": TEXT, "batch": 20, "epochs": 2, "learning_rate": 0.05, "record_every": 1, **changes}
    return TrainConfig.from_fields(settings)


@pytest.mark.parametrize("stop", [1, 5, 12, 13])
@pytest.mark.parametrize("changes", CHANGES)
def test_the_frozen_step_is_the_next_and_nothing_changes(small_data: Data, stop: int, changes: dict[str, Any]) -> None:
    chosen = config(**changes)
    straight = Learner(chosen, small_data)
    losses = [record.loss for record in train(chosen, small_data, learner=straight)]
    live = Learner(chosen, small_data)
    run = train(chosen, small_data, learner=live)
    list(itertools.islice(run, stop))
    restored = Learner(chosen, small_data)
    restore(restored, checkpoint(live))
    for learner in (live, restored):
        frozen = freeze(learner)
        assert (frozen.step, frozen.examples) == (stop + 1, frozen.batch)
        assert frozen.recorded.loss == losses[stop]
    assert [record.loss for record in run] == losses[stop:]
    assert weights(live) == weights(straight)
    assert [record.loss for record in train(chosen, small_data, learner=restored)] == losses[stop:]
    assert weights(restored) == weights(straight)


def restored(chosen: TrainConfig, data: Data, content: bytes) -> Learner:
    learner = Learner(chosen, data)
    restore(learner, content)
    return learner


@pytest.mark.slow
@pytest.mark.parametrize("step", [5, 6, 12, 13, 24])
@pytest.mark.parametrize("changes", CHANGES)
def test_any_step_after_a_pause_can_be_frozen(small_data: Data, step: int, changes: dict[str, Any]) -> None:
    chosen = config(**changes)
    straight = Learner(chosen, small_data)
    run = train(chosen, small_data, learner=straight)
    list(itertools.islice(run, 4))
    paused = checkpoint(straight)
    list(itertools.islice(run, step - 5))
    learner = restored(replace(chosen, record_every=100), small_data, paused)
    advance(learner, step)
    assert weights(learner) == weights(straight)
    for ours, theirs in zip(next_batch(learner), next_batch(straight), strict=True):
        assert torch.equal(ours, theirs)
    frozen = freeze(learner)
    assert (frozen.step, learner.steps) == (step, straight.steps)
    assert frozen.recorded.loss == next(run).loss
    at_once, in_two = restored(chosen, small_data, paused), restored(chosen, small_data, checkpoint(learner))
    for one in (at_once, in_two):
        advance(one, step + 3)
    assert weights(at_once) == weights(in_two)
    assert freeze(at_once).recorded.loss == freeze(in_two).recorded.loss


def test_the_way_to_a_later_step_is_bounded(small_data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = Learner(config(), small_data)
    assert steps_ahead(learner) == range(1, 501)
    assert steps_ahead(Learner(config(record_every=2000), small_data))[-1] == 2000  # up to the next record
    monkeypatch.setattr(freezing, "MOST_SECONDS", 0.0)
    advance(learner, 1)  # it stands there
    with pytest.raises(PlaygroundError, match="step 20 is too far: 0 seconds of training reach step 0") as refused:
        advance(learner, 20)
    assert refused.value.hint == "open step 1 first, and go on from there"
    assert (learner.steps, len(learner.test_set)) == (24, 60)


@pytest.mark.parametrize("changes", CHANGES)
def test_the_recorded_step_moves_the_weights_as_the_run(small_data: Data, changes: dict[str, Any]) -> None:
    chosen = config(**changes)
    learner = Learner(chosen, small_data)
    run = train(chosen, small_data, learner=learner)
    list(itertools.islice(run, 5))
    frozen = freeze(learner)
    next(run)
    assert frozen.recorded.step is not None
    prefix = "net." if "class" in chosen.text else ""
    after = {f"{prefix}{name}": parameter for name, parameter in learner.model.named_parameters()}
    assert {step.name for step in frozen.recorded.step.parameters} == set(after)
    for step in frozen.recorded.step.parameters:
        assert torch.equal(step.after.tensor(), after[step.name])
        gradient = after[step.name].grad
        assert gradient is not None and torch.equal(step.gradient.tensor(), gradient)
    assert frozen.recorded.step.learning_rate == pytest.approx(0.05, rel=0.2)
    assert any("clipped" in note for note in frozen.notes) == (chosen.clip > 0)


def test_a_large_batch_is_shown_in_part(small_data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.layers.net.stack_net.LIMITS", limits.LayerLimits(batch=7))
    learner = Learner(config(), small_data)
    frozen = freeze(learner)
    assert (frozen.examples, frozen.batch) == (7, 20)
    assert frozen.notes == ("The first 7 of the batch's 20 examples.",)
    x, labels = freezing.next_batch(learner)
    expected = torch.nn.functional.cross_entropy(learner.model(x[:7]), labels[:7])
    assert frozen.recorded.loss == expected.item()


def test_rows_of_labels_are_made_where_the_labels_are() -> None:
    rows = target_of(loss_of("MSELoss"), torch.zeros(4, dtype=torch.int64, device="meta"), 3)
    assert rows.device.type == "meta" and rows.shape == (4, 3)


def test_no_value_of_a_step_is_memory_that_nobody_wrote(small_data: Data) -> None:
    learner = Learner(config(text=DROPPING), small_data)
    made = [value for value in freeze(learner).recorded.trace.values if value.shape == (20, 9)]
    assert any(value.data.statistics.zeros == 20 * 9 for value in made)  # what dropout draws into


def test_the_optimizers_state_is_listed_in_one_order(small_data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """safetensors gives a file's tensors in another order in each process."""
    chosen = config(optimizer="AdamW")
    learner = Learner(chosen, small_data)
    list(itertools.islice(train(chosen, small_data, learner=learner), 2))
    content, load = checkpoint(learner), checkpoints.load
    orders = []
    for turn in (iter, reversed):
        monkeypatch.setattr(checkpoints, "load", lambda given, turn=turn: dict(turn(list(load(given).items()))))
        memories = restored(chosen, small_data, content).optimizer.state.values()
        orders.append([list(memory) for memory in memories])
    assert orders[0] == orders[1] and orders[0][0] == ["exp_avg", "exp_avg_sq", "step"]
