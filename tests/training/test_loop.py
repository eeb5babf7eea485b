"""Training gives the numbers of the loop that everyone writes, exactly; going on from a checkpoint changes nothing."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from playground.data.dataset import Data, Examples
from playground.errors import PlaygroundError
from playground.training import optimizers
from playground.training.checkpoint import checkpoint, restore, weights
from playground.training.config import TrainConfig
from playground.training.learner import LONG, TIMES_FORWARD, Learner, steps_between_records
from playground.training.limits import LIMITS
from playground.training.loop import train
from playground.training.size import NetSize

TEXT = "Flatten Linear(8) ReLU Linear(3)"
OPTIMIZERS: dict[str, tuple[dict[str, Any], Any]] = {
    "SGD": ({}, lambda p: torch.optim.SGD(p, lr=0.05)),
    "SGD, momentum": (
        {"momentum": 0.9, "weight_decay": 0.01},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
    ),
    "SGD, Nesterov": (
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    ),
    "Adam": ({"weight_decay": 0.01}, lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.01)),
    "AdamW": ({"weight_decay": 0.1}, lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1)),
    "RMSprop": ({"weight_decay": 0.01}, lambda p: torch.optim.RMSprop(p, lr=0.05, weight_decay=0.01)),
    "RMSprop, momentum": ({"momentum": 0.5}, lambda p: torch.optim.RMSprop(p, lr=0.05, momentum=0.5)),
    "Adagrad": ({"weight_decay": 0.01}, lambda p: torch.optim.Adagrad(p, lr=0.05, weight_decay=0.01)),
}
SCHEDULES = {
    "constant": lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0),
    "step": lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 12, 0.5),
    "cosine": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 24),
    "one-cycle": lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, 24, cycle_momentum=False),
}


def plain_losses(data: Data, optimizer_of: Any, schedule_of: Any, clip: float = 0.0) -> tuple[list[float], nn.Module]:
    """24 steps as a tutorial writes them."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = optimizer_of(model.parameters())
    schedule = schedule_of(optimizer)
    generator = torch.Generator().manual_seed(0)
    criterion = nn.CrossEntropyLoss()
    losses = []
    for _ in range(2):
        order = torch.randperm(len(data.train.x), generator=generator)
        for chosen in torch.split(order, 20):
            loss = criterion(model(data.train.x[chosen]), data.train.labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    return losses, model


def config(**changes: Any) -> TrainConfig:
    return TrainConfig(TEXT, **{"batch": 20, "epochs": 2, "learning_rate": 0.05, "record_every": 1, **changes})


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_and_schedule_as_plain_pytorch(small_data: Data, name: str, schedule: str) -> None:
    changes, plain = OPTIMIZERS[name]
    chosen = config(optimizer=name.partition(",")[0], schedule=schedule, decay=0.5, **changes)
    learner = Learner(chosen, small_data)
    losses, model = plain_losses(small_data, plain, SCHEDULES[schedule])
    assert [record.loss for record in train(chosen, small_data, learner=learner)] == losses
    for ours, theirs in zip(learner.model.parameters(), model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_every_optimizer_and_schedule_is_tested() -> None:
    assert {name.partition(",")[0] for name in OPTIMIZERS} == {row.name for row in optimizers.OPTIMIZERS}
    assert set(SCHEDULES) == {row.name for row in optimizers.SCHEDULES}


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_of_a_very_short_run(small_data: Data, schedule: str, steps: int) -> None:
    rates = [record.learning_rate for record in train(config(schedule=schedule, steps=steps), small_data)]
    assert len(rates) == steps and all(0 < rate <= 0.05 for rate in rates)


def test_clipping_as_plain_pytorch(small_data: Data) -> None:
    losses, _ = plain_losses(small_data, lambda p: torch.optim.SGD(p, lr=0.05), SCHEDULES["constant"], clip=0.1)
    assert [record.loss for record in train(config(clip=0.1), small_data)] == losses


@pytest.mark.parametrize("stop", [1, 5, 12, 13, 23])
@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "Adam"},
        {"momentum": 0.9, "schedule": "one-cycle"},
        {
            "optimizer": "RMSprop",
            "schedule": "cosine",
            "text": "Flatten Linear(9) BatchNorm1d ReLU Dropout(0.4) Linear(3)",
        },
        {"schedule": "step", "decay": 0.5, "shuffle": False},
    ],
)
def test_a_checkpoint_changes_nothing(small_data: Data, stop: int, changes: dict[str, Any]) -> None:
    chosen = TrainConfig(**{**config().fields(), **changes})
    straight = Learner(chosen, small_data)
    expected = [record.loss for record in train(chosen, small_data, learner=straight)]
    first = Learner(chosen, small_data)
    before = [record.loss for record in itertools.islice(train(chosen, small_data, learner=first), stop)]
    between = Learner(chosen, small_data)
    restore(between, checkpoint(first))
    second = Learner(chosen, small_data)
    restore(second, checkpoint(between))  # a checkpoint of what was only just restored
    after = [record.loss for record in train(chosen, small_data, learner=second)]
    assert before + after == expected
    assert weights(second) == weights(straight)


def test_a_damaged_checkpoint_is_named(small_data: Data) -> None:
    learner = Learner(config(), small_data)
    content = checkpoint(learner)
    for damaged in (b"", content[:-9], b"\0" * 40, content[: len(content) // 2], weights(learner)):
        with pytest.raises(PlaygroundError, match="damaged"):
            restore(Learner(config(), small_data), damaged)
    other = Learner(TrainConfig("Flatten Linear(3)", batch=20), small_data)
    with pytest.raises(PlaygroundError, match="another net"):
        restore(other, content)


def test_records_are_means_of_what_was_met(small_data: Data) -> None:
    each = list(train(config(), small_data))
    few = list(train(config(record_every=5), small_data))
    assert [record.step for record in few] == [1, 5, 10, 12, 15, 20, 24]
    assert few[1].loss == pytest.approx(sum(record.loss for record in each[1:5]) / 4, rel=1e-12)
    assert few[1].accuracy == pytest.approx(sum(record.accuracy for record in each[1:5]) / 4)
    assert [record.step for record in few if record.test_loss is not None] == [12, 24]
    assert all(0 <= record.accuracy <= 1 for record in each)


@given(st.integers(1, LIMITS.steps), st.integers(1, 10**9), st.integers(1, 4096))
def test_curves_have_points_enough_and_not_too_many(planned: int, multiplications: int, batch: int) -> None:
    every = steps_between_records(TrainConfig(batch=batch), planned, NetSize((10,), 1, 1, multiplications))
    records = planned / every
    assert records >= min(planned, 100) and records <= LIMITS.records
    if every > 1 and records < LIMITS.records / 2:  # where there is room for more
        assert every * batch * TIMES_FORWARD * multiplications <= LONG
    if planned * batch * TIMES_FORWARD * multiplications <= 100 * LONG:
        assert records <= 250


def test_facts_of_the_layers(small_data: Data) -> None:
    chosen = config(steps=1)
    fresh = Learner(chosen, small_data)
    before = {name: parameter.detach().clone() for name, parameter in fresh.model.named_parameters()}
    (record,) = train(chosen, small_data, learner=fresh)
    layers = {layer.name: layer for layer in record.layers}
    assert list(layers) == ["linear1", "relu1", "linear2"]
    after = dict(fresh.model.named_parameters())
    for name in ("linear1", "linear2"):
        keys = [key for key in before if key.startswith(name)]
        gradient = torch.cat([after[key].grad.flatten() for key in keys if after[key].grad is not None]).norm()  # type: ignore[union-attr]
        moved = torch.cat([(after[key].detach() - before[key]).flatten() for key in keys]).norm()
        size = torch.cat([after[key].detach().flatten() for key in keys]).norm()
        assert layers[name].gradient_norm == pytest.approx(float(gradient), rel=1e-5)
        assert layers[name].update_ratio == pytest.approx(float(moved / size), rel=1e-4)
    assert layers["relu1"].dead is not None


def test_the_rate_changes_while_it_runs(small_data: Data) -> None:
    learner = Learner(config(), small_data)
    run = train(config(), small_data, learner=learner)
    next(run)
    learner.change_rate(0.5)
    assert next(run).learning_rate == 0.5
    cosine = config(schedule="cosine")
    learner = Learner(cosine, small_data)
    run = train(cosine, small_data, learner=learner)
    next(run)
    learner.change_rate(10 * learner.learning_rate)
    plain = [record.learning_rate for record in train(cosine, small_data)]
    assert [record.learning_rate for record in run] == pytest.approx([10 * rate for rate in plain[1:]])


def test_one_epoch_more(small_data: Data) -> None:
    for schedule in SCHEDULES:
        learner = Learner(config(schedule=schedule), small_data)
        run = train(learner.config, small_data, learner=learner)
        for record in run:
            if record.step == 24:
                learner.add_epochs(1)
        assert record.step == 36 and record.test_accuracy is not None


def test_a_loss_that_is_not_finite_stops_the_run(small_data: Data) -> None:
    with pytest.raises(PlaygroundError, match=r"the loss is (NaN|infinite) in step \d+; first not finite: "):
        list(train(config(learning_rate=1000.0, loss="MSELoss"), small_data))
    learner = Learner(config(), small_data)
    run = train(config(), small_data, learner=learner)
    next(run)
    with torch.no_grad():
        learner.model.get_parameter("linear2.weight")[0, 0] = float("nan")
    with pytest.raises(PlaygroundError, match=r"the loss is NaN in step 2; first not finite: linear2\.weight"):
        next(run)
    learner = Learner(config(), small_data)
    with torch.no_grad():
        learner.model.get_parameter("linear1.weight").fill_(3e38)
    with pytest.raises(PlaygroundError, match=r"step 1; first not finite: the output of linear1"):
        next(train(config(), small_data, learner=learner))


def test_a_run_never_ends_with_what_is_not_finite(small_data: Data) -> None:
    ended, said = set(), ""
    for steps in range(1, 12):
        chosen = config(learning_rate=1000.0, loss="MSELoss", steps=steps)
        learner = Learner(chosen, small_data)
        try:
            *_, last = train(chosen, small_data, learner=learner)
        except PlaygroundError as error:
            assert error.hint is not None and "a smaller learning rate than 1000," in error.hint
            said = said or error.message
            continue
        assert not said, "one step fewer was too many already"
        ended.add(steps)
        assert last.test_loss is not None and math.isfinite(last.test_loss)
        assert all(torch.isfinite(parameter).all() for parameter in learner.model.parameters())
    assert ended == set(range(1, max(ended) + 1))
    assert re.fullmatch(rf"the test loss is (NaN|infinite) after step {max(ended) + 1}; first not finite: .*", said)


def test_a_step_that_is_watched_may_become_due_while_it_goes_on(small_data: Data) -> None:
    """Its record says the same as one that was planned; a step that nobody wants has none."""

    class Asked(Learner):
        @property
        def is_watched(self) -> bool:
            return True

        def is_due(self, step: int) -> bool:
            return step == self.step and step % 3 == 0  # known after the step alone

    config = TrainConfig(epochs=3, batch=20)
    learner = Asked(config, small_data)
    asked = list(train(config, small_data, learner=learner))
    plan = replace(config, record_every=3)
    planned = [record for record in train(plan, small_data) if record.step % 3 == 0]
    assert len(asked) > 2 and [one.step for one in asked] == [one.step for one in planned]
    assert [one.layers for one in asked] == [one.layers for one in planned]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_last_step_is_looked_at(small_data: Data, schedule: str) -> None:
    chosen = config(schedule=schedule, optimizer="Adam")
    for end in (24, 36):  # of the run as set, and with one epoch more
        learner = Learner(chosen, small_data)
        set_after(learner, end, "linear2.weight", float("nan"))
        met = []
        with pytest.raises(PlaygroundError) as caught:
            for record in train(chosen, small_data, learner=learner):
                met.append(record.step)
                if end == 36 and record.step == 24:
                    learner.add_epochs(1)
        assert met == list(range(1, end))
        assert caught.value.message == f"the test loss is NaN after step {end}; first not finite: linear2.weight"
        assert caught.value.hint is not None and "a smaller learning rate than 0.05," in caught.value.hint


def test_a_weight_that_no_loss_shows_is_looked_at(small_data: Data) -> None:
    learner = Learner(config(steps=3), small_data)
    set_after(learner, 3, "linear1.bias", -float("inf"))  # ReLU makes a 0 of it
    with pytest.raises(
        PlaygroundError, match=r"the weights are not finite after step 3; first not finite: linear1\.bias"
    ):
        list(train(learner.config, small_data, learner=learner))
    pasted = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    pasted += "        self.used = nn.Linear(36, 3)\n        self.idle = nn.Linear(2, 2)\n"
    pasted += "    def forward(self, x):\n        return self.used(x.flatten(1))\n"
    learner = Learner(TrainConfig(pasted, batch=20, steps=3), small_data)
    set_after(learner, 3, "idle.weight", float("nan"))
    with pytest.raises(PlaygroundError, match=r"after step 3; first not finite: idle\.weight"):
        list(train(learner.config, small_data, learner=learner))


def test_where_it_began_is_looked_for_in_all_test_examples(small_data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.training.size.EVALUATED_AT_ONCE", 20)
    x = torch.zeros(41, 1, 6, 6)
    x[40] = 3e38  # alone in its part: batch norm would refuse it in training
    data = replace(small_data, test=Examples(x, torch.zeros(41, dtype=torch.int64)))
    chosen = replace(config(steps=1), text="Flatten Linear(8) BatchNorm1d Linear(3)")
    with pytest.raises(PlaygroundError, match=r"first not finite: the output of (linear|batchnorm)"):
        list(train(chosen, data))


def set_after(learner: Learner, step: int, name: str, number: float) -> None:
    """What a step too far leaves behind."""

    def overwrite(*_: object) -> None:
        if learner.step + 1 == step:
            with torch.no_grad():
                learner.model.get_parameter(name).fill_(number)

    learner.optimizer.register_step_post_hook(overwrite)


def test_each_loss_and_each_start(small_data: Data) -> None:
    for loss in ("CrossEntropyLoss", "NLLLoss", "MSELoss", "L1Loss", "BCEWithLogitsLoss"):
        text = TEXT + (" LogSoftmax" if loss == "NLLLoss" else "")
        *_, last = train(TrainConfig(text, loss=loss, batch=20, epochs=8, learning_rate=0.2), small_data)
        assert last.test_accuracy is not None and last.test_accuracy > 0.6, loss
    for initial in ("PyTorch", "Xavier uniform", "Xavier normal", "Kaiming uniform", "Kaiming normal", "normal 0.01"):
        *_, last = train(config(initial=initial, learning_rate=0.3, epochs=8), small_data)
        assert last.test_accuracy is not None and last.test_accuracy > 0.8, initial


def test_what_cannot_be_trained_is_refused(small_data: Data) -> None:
    for text, message in {
        "Flatten": "nothing to learn|36 outputs",
        "Linear(3)": "for every batch",
        "Flatten Linear(2)": "2 outputs for 3 classes",
        "Flatten Linear(3, in_features=5)": "5",
        "Flatten Linaer(3)": "Linaer",
    }.items():
        with pytest.raises(PlaygroundError, match=message):
            next(train(TrainConfig(text), small_data))
