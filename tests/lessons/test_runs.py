"""The gallery of the train page: every example can be trained, and what the lectures report can be read off a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from playground.data.datasets import DATASETS
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.lessons.gallery import Preset, PresetGroup
from playground.lessons.lecun_1998 import TABLE
from playground.lessons.presets import STACKS
from playground.lessons.reported import METRICS, Reported
from playground.lessons.runs import RUNS, reported
from playground.runs.limits import LIMITS
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.model import model_of
from playground.training.records import TrainRecord
from playground.ui.shared.hand_over import from_stack

ROWS = {row.name: row for row in DATASETS}


@pytest.mark.parametrize("entry", RUNS.presets, ids=lambda entry: entry.id)
def test_every_net_fits_its_data(entry: Preset[TrainConfig]) -> None:
    row = ROWS[entry.document.data]
    assert model_of(entry.document, row.input_shape, len(row.classes))


@pytest.mark.parametrize("entry", RUNS.presets, ids=lambda entry: entry.id)
def test_what_is_reported_is_read_off_the_records(entry: Preset[TrainConfig]) -> None:
    config = entry.document
    for figure in reported(config):
        assert figure.metric in METRICS and figure.when and figure.shown(figure.value)
        assert bool(figure.epochs) != bool(figure.steps) and figure.epochs <= config.epochs
        step = figure.steps or figure.epochs * -(-ROWS[config.data].train_size // config.batch)
        per_epoch = ROWS[config.data].train_size / config.batch
        epoch = float(figure.epochs) or step / per_epoch
        record = TrainRecord(step, epoch, 2.5, 0.75, 0.1, 1.0, 1.0, test_loss=0.5, test_accuracy=0.875)
        wanted = {"test accuracy": 0.875, "test error": 0.125, "training error": 0.25, "training loss": 2.5}
        assert figure.of([record]) == wanted[figure.metric]
        assert figure.of([replace(record, step=step + 1, epoch=record.epoch + 0.5)]) is None


def test_the_reported_steps_are_recorded() -> None:
    small = replace(RUNS.preset("L4.6a").document, data="digits", batch=2, steps=350, normalise=False)
    learner = Learner(small, data_of(small))
    records = list(train(small, data_of(small), learner=learner))
    for figure in reported(RUNS.preset("L4.6a").document):
        if figure.steps:
            assert figure.of(records) is not None


def test_settings_that_no_lecture_speaks_of_have_no_figures() -> None:
    assert reported(replace(RUNS.preset("L1.1").document, batch=65)) == ()
    assert Reported("test error", 0.1, epochs=3).shown(None) == ""


def test_every_system_of_the_lectures_that_is_trained_has_an_example() -> None:
    found = {entry.lecture for entry in RUNS.presets} | {group.id for group in RUNS.groups}
    assert found >= {"L0.9", "L1.1", "L1.3", "L2.1", "L2.2", "L2.3", "L2.4", "L2.5", "L3.1", "L4.1", "L4.4", "L4.6"}
    assert max(Counter(entry.id for entry in RUNS.presets).values()) == 1
    assert max(Counter(entry.document for entry in RUNS.presets).values()) == 1


@pytest.mark.parametrize("entry", STACKS.presets, ids=lambda entry: entry.id)
def test_train_this_keeps_the_data_and_the_optimizer_of_a_lecture(entry: Preset[StackDocument]) -> None:
    """An example of the layers page becomes the lecture's own run on the train page, where there is one."""
    document, config = entry.document, from_stack(entry.document)
    assert config.data == document.trains_on
    assert (config.optimizer, config.learning_rate, config.batch) == (
        document.optimizer, document.learning_rate, document.batch,
    )  # fmt: skip
    runs = [run for run in RUNS.presets if entry.lecture and run.document.text == document.text]
    if runs:
        assert config in [run.document for run in runs]
    else:
        assert entry.id in ("L1.2", "L0.6") or not entry.lecture  # which no run of the gallery has


def test_an_edited_example_keeps_its_data_and_optimizer() -> None:
    document = replace(STACKS.preset("L1.2").document, batch=32)
    config = from_stack(document)
    assert (config.data, config.optimizer, config.learning_rate) == ("MNIST", "Adam", 0.003)


def test_a_hidden_layer_solves_xor_and_a_linear_map_does_not() -> None:
    linear, hidden = ([*train(one, data_of(one))] for one in (RUNS.preset(id).document for id in ("L4.1a", "L4.1b")))
    assert max(record.test_accuracy or 0.0 for record in linear) <= 0.75
    assert hidden[-1].test_accuracy == 1.0


def test_the_table_of_1998_has_the_twelve_rows_of_the_lecture() -> None:
    assert sorted(100 * row.error for row in TABLE if row.in_lecture) == pytest.approx(
        [1.6, 2.45, 2.5, 2.95, 3.05, 3.6, 3.8, 4.5, 4.7, 7.6, 8.4, 12.0]
    )
    assert len({row.title for row in TABLE}) == len(TABLE)


def test_the_net_that_cannot_learn_is_mended_in_four_stages() -> None:
    stages = [entry for entry in RUNS.presets if entry.lecture == "L0.9"]
    assert [entry.id for entry in stages] == ["L0.9a", "L0.9b", "L0.9c", "L0.9d"]
    assert [entry.document.text for entry in stages] == [STACKS.preset(entry.id).document.text for entry in stages]
    assert len({replace(entry.document, text="ReLU") for entry in stages}) == 1  # the net alone makes the difference
    told = [net_of(StackDocument(entry.document.text)).cautions() for entry in stages]
    warnings = [[one.message for one in found if one.level == "warning"] for found in told]
    assert warnings == [["784 outputs for 10 classes"], ["100 outputs for 10 classes"], [], []]


@pytest.mark.parametrize("group", RUNS.groups, ids=lambda group: group.id)
def test_a_group_can_be_compared_and_started_by_one_visitor(group: PresetGroup[TrainConfig]) -> None:
    configs = [entry.document for entry in group.presets]
    assert 1 < len(configs) <= LIMITS.unfinished
    assert len({(config.rng_seed, config.batch, config.epochs, config.data) for config in configs}) == 1
