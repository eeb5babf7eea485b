"""Exports of a run: they hold its numbers to the last digit, and are read back by what they are meant for."""

from __future__ import annotations

import csv
import io
import json
import struct
from dataclasses import replace
from importlib.metadata import version

import pytest
import torch
from safetensors.torch import load
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from playground.data.dataset import Data
from playground.data.uploads import store
from playground.training.checkpoint import checkpoint, weights
from playground.training.config import TrainConfig
from playground.training.export.result import RunResult, to_csv, to_events, to_json, upload_of, weights_in
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.records import TrainRecord

CONFIG = TrainConfig("Flatten Linear(8) ReLU Linear(3)", batch=20, epochs=2, record_every=1)


@pytest.fixture(scope="module")
def learner(small_data: Data) -> Learner:
    return Learner(CONFIG, small_data)


@pytest.fixture(scope="module")
def result(small_data: Data, learner: Learner) -> RunResult:
    records = tuple(train(CONFIG, small_data, learner=learner))
    return RunResult(CONFIG, records, weights_in(checkpoint(learner)), title="Clouds", created=1.7e9)


def test_csv_has_a_row_for_each_record(result: RunResult) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(result))))
    assert len(rows) == len(result.records)
    for row, record in zip(rows, result.records, strict=True):
        assert (float(row["loss"]), int(row["step"])) == (record.loss, record.step)
        assert row["test_loss"] == ("" if record.test_loss is None else repr(record.test_loss))
        for layer in record.layers:
            for name in ("gradient_norm", "weight_norm", "update_ratio", "zeros", "dead"):
                number = getattr(layer, name)
                assert row.get(f"{layer.name}.{name}", "") == ("" if number is None else repr(number))
    assert to_csv(replace(result, records=())).startswith("step,epoch,loss,")


def test_json_gives_settings_and_records_back(result: RunResult) -> None:
    document = json.loads(to_json(result))
    assert TrainConfig.from_fields(document["config"]) == CONFIG
    assert tuple(map(TrainRecord.from_json, document["records"])) == result.records
    assert document["versions"]["torch"] == version("torch")
    bad = replace(result.records[0], loss=float("inf"))
    assert json.loads(to_json(replace(result, records=(bad,))))["records"][0]["loss"] == "Infinity"


def test_weights_are_the_nets(result: RunResult, learner: Learner) -> None:
    assert result.weights is not None
    found, expected = load(result.weights), learner.model.state_dict()
    assert set(found) == set(expected) == set(load(weights(learner)))
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_events_are_read_back(result: RunResult) -> None:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    content, events = to_events(result), []
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        body = content[12 : 12 + length]
        checks = struct.unpack("<I", content[8:12]) + struct.unpack("<I", content[12 + length : 16 + length])
        assert checks == (masked_crc32c(content[:8]), masked_crc32c(body))
        events.append(Event.FromString(body))
        content = content[16 + length :]
    assert events[0].file_version == "brain.Event:2"
    assert "batch: 20" in events[1].summary.value[0].tensor.string_val[0].decode()
    for event, record in zip(events[2:], result.records, strict=True):
        values = {value.tag: value.simple_value for value in event.summary.value}
        assert (event.step, event.wall_time) == (record.step, 1.7e9 + record.seconds)
        assert values["loss"] == pytest.approx(record.loss, rel=1e-6)
        assert values["weight_norm/linear1"] == pytest.approx(record.layers[0].weight_norm, rel=1e-6)
        assert ("test_loss" in values) == (record.test_loss is not None)


def test_tensorboard_itself_reads_them(result: RunResult, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("events")
    (folder / "events.out.tfevents.0.playground").write_bytes(to_events(result))
    read = EventAccumulator(str(folder)).Reload()
    assert [event.step for event in read.Scalars("loss")] == [record.step for record in result.records]


def test_an_upload_is_exported_with_its_run(
    result: RunResult, small_data: Data, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    kept = store.keep(small_data)
    found = load(upload_of(replace(result, config=replace(CONFIG, data=kept.name))))
    assert torch.equal(found["train_x"], kept.train.x) and torch.equal(found["test_labels"], kept.test.labels)
