"""The script of a run, alone in a process of its own, prints the numbers of the run's records to the last digit."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from playground.data.dataset import Data
from playground.data.uploads import store
from playground.errors import PlaygroundError
from playground.training.checkpoint import weights
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.export.dimensions import dimensions_of
from playground.training.export.script import _FILLS, _SCHEDULES, changed_rates, training_script
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.model import WEIGHT_INITS
from playground.training.optimizers import OPTIMIZERS, SCHEDULES, optimizer_of, schedule_of
from playground.training.records import TrainRecord
from tests.runs.retold import Retelling
from tests.sampled import sampled
from tests.training.export.scripts import lines_of, printed

PASTED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 5, stride=3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(256, 10)

    def forward(self, x):
        x = torch.relu(self.norm(self.convolution(x)))
        return self.out(self.drop(x.flatten(1)))
"""
BLOCKS = (
    "Conv2d(3, 5, stride=2) BatchNorm2d ReLU Residual(Conv2d(3, 3, padding=1) Dropout(0.3)) "
    "Parallel(Conv2d(2, 1), MaxPool2d(3, stride=1, padding=1)) Flatten Linear(10)"
)
SMALL = {"train_size": 230, "test_size": 60, "batch": 50, "epochs": 2, "device": "cpu", "record_every": 1}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {"train_size": 0, "test_size": 0, "batch": 100, "record_every": 0},
    "blocks": {"text": BLOCKS, "optimizer": "Adam", "learning_rate": 0.01, "schedule": "one-cycle", "normalise": True},
    "pasted class": {"text": PASTED, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "clip": 0.5},
    "rows": {"loss": "MSELoss", "optimizer": "RMSprop", "learning_rate": 0.001, "momentum": 0.5, "schedule": "cosine"},
    "folds": {"folds": 3, "fold": 1, "rng_seed": 5, "schedule": "step", "decay": 0.5, "initial": "Kaiming normal"},
    "steps": {"steps": 7, "shuffle": False, "optimizer": "AdamW", "record_every": 3, "initial": "normal 0.01"},
    "device": {"device": "auto", "epochs": 1, "optimizer": "Adagrad", "initial": "zeros", "text": "Flatten Linear(10)"},
}


def config(**changes: Any) -> TrainConfig:
    return TrainConfig.from_fields({**SMALL, **changes})


def printed_by_a_new_python(code: str, folder: Path) -> list[str]:
    (folder / "run.py").write_text(code, encoding="utf-8")
    hidden = {key: content for key, content in os.environ.items() if not key.startswith(("PYTHON", "PLAYGROUND"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "run.py"],
        cwd=folder,
        env=hidden | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", sampled(CONFIGS, 3))
def test_the_script_prints_the_numbers_of_the_records(tmp_path: Path, name: str) -> None:
    chosen = config(**CONFIGS[name])
    learner = Learner(chosen, data_of(chosen))
    records = list(train(chosen, data_of(chosen), learner=learner))
    code = training_script(chosen, threads=1)
    assert [line for line in code.splitlines() if len(line) > 120 and "class" not in line] == []
    ending = (
        "\nfrom safetensors.torch import load_file, save_file"
        "\nnames = list(net.state_dict())"
        '\nfor name, kept in load_file("weights.safetensors").items():'
        "\n    assert torch.equal(kept, net.state_dict()[name]), name"
        '\nprint(len(names), "tensors")\n'
    )
    (tmp_path / "weights.safetensors").write_bytes(weights(learner))
    run = printed_by_a_new_python if name == "blocks" else printed
    *lines, last = run(code + ending, tmp_path)
    assert lines == lines_of(records)
    assert last == f"{len(learner.model.state_dict())} tensors"


def test_what_was_changed_while_the_run_went_on(tmp_path: Path) -> None:
    chosen = config(schedule="cosine", momentum=0.5)
    learner = Learner(chosen, data_of(chosen))
    run = train(chosen, data_of(chosen), learner=learner)
    records = list(itertools.islice(run, 3))
    learner.change_rate(0.02)
    records += itertools.islice(run, 4)
    learner.change_rate(0.3)
    learner.add_epochs(1)
    records += run
    rates = changed_rates(chosen, records)
    assert rates == {3: 0.02, 7: 0.3}
    assert changed_rates(chosen, list(train(chosen, data_of(chosen)))) == {}
    assert printed(training_script(chosen, records, more_epochs=1, threads=1), tmp_path) == lines_of(records)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_records_of_a_finished_run_change_nothing_in_its_script(name: str) -> None:
    chosen = config(**CONFIGS[name])
    records = list(train(chosen, data_of(chosen)))
    assert training_script(chosen, records, threads=1) == training_script(chosen, threads=1)


@pytest.mark.parametrize("asked_at", [3, 7])
def test_an_epoch_more_is_asked_for_before_the_planned_end_or_there(tmp_path: Path, asked_at: int) -> None:
    """The planned end lies inside an epoch: a run that has heard of the epoch by then has no record there."""
    chosen = config(steps=7, record_every=3)
    learner, records = Learner(chosen, data_of(chosen)), list[TrainRecord]()
    for record in train(chosen, data_of(chosen), learner=learner):
        records.append(record)
        if record.step == asked_at:
            learner.add_epochs(1)
    assert (7 in [record.step for record in records]) == (asked_at == 7) and records[-1].step == 12
    assert printed(training_script(chosen, records, more_epochs=1, threads=1), tmp_path) == lines_of(records)


def test_points_that_nobody_planned(tmp_path: Path) -> None:
    """As a run has them that was followed, paused and spoken to."""
    chosen = config(batch=2, epochs=1, record_every=50)
    steps = {1, *range(3, 100, 2), 50, 100, 115}
    records = list(train(chosen, data_of(chosen), learner=Retelling(chosen, steps)))
    code = training_script(chosen, records, threads=1)
    assert max(len(line) for line in code.splitlines() if line.startswith(("points", "    "))) <= 120
    assert [record.step for record in records] == sorted(steps) and len(steps) > 50
    assert printed(code, tmp_path) == lines_of(records)
    assert "points" not in training_script(chosen, list(train(chosen, data_of(chosen))), threads=1)


def test_an_upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_data: Data) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    name = store.keep(small_data).name
    chosen = config(data=name, text="Flatten Linear(3)", train_size=0, test_size=30)
    code = training_script(chosen, threads=1)
    from safetensors.torch import save_file

    data = store.load(name)
    parts = {"train_x": data.train.x, "train_labels": data.train.labels}
    save_file(parts | {"test_x": data.test.x, "test_labels": data.test.labels}, tmp_path / f"{name}.safetensors")
    assert printed(code, tmp_path) == lines_of(list(train(chosen, data_of(chosen))))


@pytest.mark.parametrize("schedule", [row.name for row in SCHEDULES])
@pytest.mark.parametrize("optimizer", [row.name for row in OPTIMIZERS])
def test_the_script_moves_the_weights_as_the_run_does(optimizer: str, schedule: str) -> None:
    changes = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "decay": 0.5, "steps": 9, "decay_epochs": 1}
    chosen = config(optimizer=optimizer, schedule=schedule, **changes)
    moved: dict[str, list[Any]] = {}
    for whose in ("run", "script"):
        net = torch.nn.Linear(3, 1)
        torch.nn.init.ones_(net.weight)
        names: dict[str, Any] = {"torch": torch, "net": net, "schedule": None}
        if whose == "run":
            names["optimizer"] = optimizer_of(chosen, net.parameters())
            names["schedule"] = schedule_of(chosen, names["optimizer"], 5, 9)
        else:
            lines = re.findall(r"^(?:optimizer|schedule) = .*$", training_script(chosen), re.MULTILINE)
            exec("\n".join(lines), names)  # noqa: S102  # our own lines, as the script has them
        moved[whose] = []
        for step in range(9):
            net.weight.grad = torch.tensor([[1.0, -2.0, step]])
            names["optimizer"].step()
            if names["schedule"] is not None:
                names["schedule"].step()
            (group,) = names["optimizer"].param_groups
            settings = {key: content for key, content in group.items() if key != "params"}
            moved[whose].append((settings, net.weight.tolist()))
            assert (group.get("momentum", 0.9), group.get("betas", (0.9, 0.999))) == (0.9, (0.9, 0.999))
    assert moved["script"] == moved["run"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MNIST", "Fashion-MNIST", "KMNIST", "CIFAR-10"])
def test_data_sets_of_torchvision(tmp_path: Path, data_folder: Path, name: str) -> None:
    chosen = config(data=name, normalise=True, train_size=2000, epochs=1)
    try:
        data = data_of(chosen)
    except PlaygroundError as error:
        pytest.skip(error.message)
    code = training_script(chosen, threads=1, folder=str(data_folder))
    assert printed(code, tmp_path) == lines_of(list(train(chosen, data)))


@pytest.mark.parametrize("name", CONFIGS)
def test_the_plan_is_that_of_the_learner(name: str) -> None:
    chosen = config(**CONFIGS[name])
    learner, dimensions = Learner(chosen, data_of(chosen)), dimensions_of(chosen)
    assert (dimensions.planned, dimensions.steps_per_epoch) == (learner.planned, learner.steps_per_epoch)
    assert dimensions.record_every == learner.record_every
    assert (dimensions.input_shape, dimensions.classes) == (tuple(learner.train_set.x.shape[1:]), len(learner.classes))


def test_every_start_and_schedule_has_its_line() -> None:
    assert set(_FILLS) | {"PyTorch"} == set(WEIGHT_INITS)
    assert set(_SCHEDULES) == {row.name for row in SCHEDULES}
    module = torch.nn.Linear(20, 30)
    for name, line in _FILLS.items():
        fill = WEIGHT_INITS[name]
        assert fill is not None
        expected = fill(torch.empty(30, 20), generator=torch.Generator().manual_seed(1))
        names = {"nn": torch.nn, "module": module, "generator": torch.Generator().manual_seed(1)}
        exec(line, names)  # noqa: S102  # our own line, as the script has it
        assert torch.equal(module.weight, expected)


def test_a_run_that_cannot_be_has_no_script() -> None:
    with pytest.raises(PlaygroundError, match=re.escape("Linaer")):
        training_script(config(text="Flatten Linaer(3)"))
