"""The notes beside the settings: what PyTorch accepts in silence, data that is not here, what a lecture reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from playground.data.archives import is_here
from playground.data.datasets import DATASETS, DatasetRow
from playground.data.uploads import store
from playground.data.uploads.store import UploadRow, is_upload
from playground.errors import PlaygroundError
from playground.layers.catalogue.losses import loss_of
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.run.warnings import Caution
from playground.lessons.runs import reported
from playground.training.config import TrainConfig
from playground.ui.train.frame_data import NoteData
from playground.unforeseen import tried

_ROWS = {row.name: row for row in DATASETS}
_KEPT = 128
DIGITS = "Use the bundled digits"


def notes(config: TrainConfig) -> list[NoteData]:
    """The notes, each with its buttons."""
    found = []
    if (row := missing(config.data)) is not None:
        found.append(_note(f"{not_here(row)} The bundled digits need no network.", (DIGITS, digits_fields())))
    if is_upload(config.data):
        found += _upload_notes(config)
    cautions = tried(lambda: _cautions_of(config))
    found += [] if isinstance(cautions, PlaygroundError) else [_caution_note(caution) for caution in cautions]
    if config.data == "XOR" and not config.folds:
        found.append(_note("XOR has four points in all: the net is tested on those that it is trained on."))
    figures = [f"{one.metric} {one.shown(one.value)} {one.when}" for one in reported(config)]
    if figures:
        found.append(_note(f"The lecture reports: {'; '.join(figures)}."))
    return found


def missing(name: str) -> DatasetRow | None:
    """The data set of that name, where its files would have to be downloaded."""
    row = _ROWS.get(name)
    return row if row is not None and row.needs_download and not is_here(name) else None


def not_here(row: DatasetRow) -> str:
    """The sentence about such a data set."""
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


def upload_row(name: str) -> UploadRow | None:
    """The row of an upload; None where it is not on this computer."""
    try:
        return store.describe(name)
    except PlaygroundError:
        return None


def _upload_notes(config: TrainConfig) -> list[NoteData]:
    row = upload_row(config.data)
    if row is None:
        text = f"{config.data} is not on this computer. Choose the same file under “Own data”, or take the digits."
        return [_note(text, (DIGITS, digits_fields()))]
    found = []
    if not row.classes and not loss_of(config.loss).takes_numbers:
        text = f"{config.loss} compares classes, and here a number is to be predicted."
        found.append(_note(text, ("Use MSELoss", {"loss": "MSELoss"})))
    if len(row.input_shape) == 1 and not config.normalise:
        text = "A table's columns are in units of their own, and large ones drown small ones."
        text += "" if row.classes else " So is what is to be predicted."
        found.append(_note(text, ("Normalise", {"normalise": True})))
    return found


def _cautions_of(config: TrainConfig) -> Sequence[Caution]:
    """The cautions about this net with this data; none where the data is not known here."""
    row = upload_row(config.data) if is_upload(config.data) else _ROWS[config.data]
    return () if row is None else _cautions(config.text, row.input_shape, config.loss, len(row.classes))


@lru_cache(maxsize=_KEPT)
def _cautions(text: str, input_shape: tuple[int, ...], loss: str, classes: int) -> Sequence[Caution]:
    return net_of(StackDocument(text, input_shape, loss, classes, data="random")).cautions()


def _caution_note(caution: Caution) -> NoteData:
    cures = [(_begun(cure.label), {"text": cure.text, "loss": cure.loss}) for cure in caution.repairs]
    return _note(f"{_begun(caution.message)}. {caution.reason}", *cures)


def _begun(words: str) -> str:
    """The words with a capital letter."""
    return words[:1].upper() + words[1:]


def _note(text: str, *cures: tuple[str, dict[str, Any]]) -> NoteData:
    return {"text": text, "cures": [{"label": label, "fields": fields} for label, fields in cures]}
