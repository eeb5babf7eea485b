"""What is said beside the settings: data that is not here, what a lecture reports, what own data needs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from playground.errors import PlaygroundError
from playground.lessons.runs import reported
from playground.training import own_store
from playground.training.archives import is_here
from playground.training.config import TrainConfig
from playground.training.datasets import DATASETS, DatasetRow
from playground.training.own_store import OwnRow
from playground.ui.train_check import check

_ROWS = {row.name: row for row in DATASETS}
_LAST_LINEAR = re.compile(r"Linear\(\d+\)(?=(?:\s+LogSoftmax(?:\(\))?)?\s*$)")
DIGITS = "Use the bundled digits"


def notes(config: TrainConfig) -> list[dict[str, Any]]:
    """Each `{text, label, fields}`: a button with the label sets these fields; no button where the label is empty."""
    found = []
    if (row := missing(config.data)) is not None:
        found.append(_note(f"{not_here(row)} The bundled digits need no network.", DIGITS, digits_fields()))
    if config.data.startswith("own-"):
        found += _own_notes(config)
    figures = [f"{one.metric} {one.shown(one.value)} {one.when}" for one in reported(config)]
    if figures:
        found.append(_note(f"The lecture reports: {'; '.join(figures)}."))
    return found


def missing(name: str) -> DatasetRow | None:
    """The data set of that name, where its files would have to be downloaded."""
    row = _ROWS.get(name)
    return row if row is not None and row.needs_download and not is_here(name) else None


def not_here(row: DatasetRow) -> str:
    """What is said of such a data set."""
    return f"{row.title} is not on this computer: a run downloads it once ({row.download_bytes / 1e6:.0f} MB)."


def digits_fields() -> dict[str, Any]:
    """The settings that change from another data set to the bundled digits; there are fewer of those."""
    return {"data": "digits", "train_size": "0", "test_size": "0"}


def with_digits(config: TrainConfig) -> TrainConfig:
    """The same settings with the bundled digits.

    >>> with_digits(TrainConfig(data="MNIST", train_size=10_000, epochs=5)).changed()
    {'epochs': 5}
    """
    return replace(config, data="digits", train_size=0, test_size=0)


def own_row(name: str) -> OwnRow | None:
    """What is known of own data; None where it is not on this computer."""
    try:
        return own_store.describe(name)
    except PlaygroundError:
        return None


def _own_notes(config: TrainConfig) -> list[dict[str, Any]]:
    row = own_row(config.data)
    if row is None:
        text = f"{config.data} is not on this computer. Choose the same file under “Own data”, or take the digits."
        return [_note(text, DIGITS, digits_fields())]
    found = []
    if len(row.input_shape) == 1 and not config.normalise:
        text = "A table's columns are in units of their own, and large ones drown small ones."
        found.append(_note(text, "Normalise", {"normalise": True}))
    rows = [layer["gives"] for layer in check(config)["rows"] if layer["gives"]]
    count = len(row.classes)
    if rows and rows[-1] != f"(N, {count})" and _LAST_LINEAR.search(config.text):
        text = f"The net gives {rows[-1]} for {count} classes."
        mended = _LAST_LINEAR.sub(f"Linear({count})", config.text)
        found.append(_note(text, f"End with Linear({count})", {"text": mended}))
    return found


def _note(text: str, label: str = "", fields: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"text": text, "label": label, "fields": fields or {}}


__all__ = ["digits_fields", "missing", "not_here", "notes", "own_row", "with_digits"]
