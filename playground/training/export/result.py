"""`RunResult`: the settings, records and weights of a run; written as CSV, JSON, a script or events for TensorBoard."""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from safetensors.torch import load, save

from playground.data.datasets import load as load_data
from playground.trace.json_numbers import encode
from playground.training.config import TrainConfig
from playground.training.export.script import training_script
from playground.training.records import LayerRecord, TrainRecord

FORMAT = "playground-run-1"
_OF_LAYERS = tuple(field.name for field in fields(LayerRecord) if field.name != "name")
_PLAIN = tuple(field.name for field in fields(TrainRecord) if field.name != "layers")


@dataclass(frozen=True, slots=True)
class RunResult:
    """Settings, records and weights of a run, ended or not. `weights`: a safetensors file; None before there are some.

    `more_epochs`: trained beyond the settings. `threads`: of the run; 0: unknown. `created`: seconds since 1970.
    """

    config: TrainConfig
    records: tuple[TrainRecord, ...]
    weights: bytes | None = None
    more_epochs: int = 0
    threads: int = 0
    title: str = ""
    created: float = 0.0

    @property
    def name(self) -> str:
        """The title, or the data and the optimizer."""
        return self.title or f"{self.config.data}, {self.config.optimizer}"


def table_of(records: Sequence[TrainRecord]) -> list[dict[str, Any]]:
    """Return a row per record, the layers' numbers under names of their own; None where there is no number.

    >>> layer = LayerRecord("linear1", gradient_norm=0.5)
    >>> row = table_of([TrainRecord(1, 0.1, 2.3, 0.1, 0.1, 0.0, 0.0, (layer,))])[0]
    >>> row["loss"], row["linear1.gradient_norm"], "linear1.dead" in row
    (2.3, 0.5, False)
    """
    found = {
        f"{layer.name}.{name}": (layer.name, name)
        for record in records
        for layer in record.layers
        for name in _OF_LAYERS
        if getattr(layer, name) is not None
    }
    rows = []
    for record in records:
        layers = {layer.name: layer for layer in record.layers}
        row = {name: getattr(record, name) for name in _PLAIN}
        row |= {key: getattr(layers.get(layer), name, None) for key, (layer, name) in found.items()}
        rows.append(row)
    return rows


def to_csv(result: RunResult) -> str:
    """Write the records as CSV: one row a record, every number to its last digit."""
    rows = table_of(result.records)
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]) if rows else list(_PLAIN), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def to_json(result: RunResult) -> str:
    """Write settings, records and versions as JSON; numbers that are not finite as texts: "NaN", "Infinity"."""
    document = {
        "format": FORMAT,
        "title": result.title,
        "config": result.config.fields(),
        "more_epochs": result.more_epochs,
        "records": [_finite(record.to_json()) for record in result.records],
        "versions": versions(),
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def to_script(result: RunResult) -> str:
    """Write a PyTorch script that prints the numbers of the records so far; before the first, of all to come."""
    return training_script(result.config, result.records, more_epochs=result.more_epochs, threads=result.threads)


def to_events(result: RunResult) -> bytes:
    """Write the file that TensorBoard reads: every number under a tag, by step; the settings as a text.

    An event a record, where tensorboardX's `SummaryWriter` makes one a number: a tenth of the time, half the bytes.
    """
    from tensorboardX import RecordWriter
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.summary_pb2 import Summary
    from tensorboardX.summary import text

    settings = "\n".join(f"    {name}: {content!r}" for name, content in result.config.fields().items())
    events = [Event(wall_time=result.created, file_version="brain.Event:2")]
    events.append(Event(wall_time=result.created, step=0, summary=text("settings", settings)))
    for row in table_of(result.records):
        step, seconds = row.pop("step"), row["seconds"]
        values = [
            Summary.Value(tag=_tag(name), simple_value=number) for name, number in row.items() if number is not None
        ]
        events.append(Event(wall_time=result.created + seconds, step=step, summary=Summary(value=values)))
    with TemporaryDirectory() as folder:
        file = Path(folder, "events")
        writer = RecordWriter(str(file))
        for event in events:
            writer.write(event.SerializeToString())
        writer.close()
        return file.read_bytes()


def weights_in(checkpoint: bytes) -> bytes:
    """The weights alone of a checkpoint, as a safetensors file with the names of the net's `state_dict`."""
    kept = {name.removeprefix("model."): part for name, part in load(checkpoint).items() if name.startswith("model.")}
    return save(kept)


def upload_of(result: RunResult) -> bytes:
    """Write the upload that the run was trained on, as the script reads it. PlaygroundError where it is gone."""
    data = load_data(result.config.data)
    parts = {"train": data.train, "test": data.test}
    tensors = {f"{part}_x": examples.x.contiguous() for part, examples in parts.items()}
    return save(tensors | {f"{part}_labels": examples.labels.contiguous() for part, examples in parts.items()})


def versions() -> dict[str, str]:
    """The versions of Python, the system and the packages that compute."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in ("playground", "torch", "torchvision", "numpy", "scikit-learn"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a folder that is not installed
            found[package] = "unknown"
    return found


def _tag(name: str) -> str:
    """TensorBoard groups tags by what stands before a slash."""
    layer, dot, number = name.rpartition(".")
    return f"{number}/{layer}" if dot else name


def _finite(content: Any) -> Any:
    """JSON knows no NaN: what is not finite becomes a text."""
    if isinstance(content, dict):
        return {key: _finite(part) for key, part in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(part) for part in content]
    return encode(content)
