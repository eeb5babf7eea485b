"""The check of a run's net before it is trained: its layers, their shapes, what does not fit."""

from __future__ import annotations

from functools import lru_cache

from playground.data.datasets import DATASETS
from playground.data.uploads import store
from playground.errors import PlaygroundError
from playground.layers.catalogue.shape_rules import text as shape_text
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.run.settings import check_output
from playground.layers.stack.problems import Problem
from playground.training.config import TrainConfig
from playground.training.last_batch import check_last_batch
from playground.training.size import check_size, size_of
from playground.ui.shared.frame_data import error_data, repair_data
from playground.ui.train.frame_data import NetCheckData, NetLayerData, NetProblemData
from playground.unforeseen import tried

_KEPT = 128
_ROWS = {row.name: row for row in DATASETS}


def check(config: TrainConfig) -> NetCheckData:
    """The check of the net with these settings, without its data."""
    checked = tried(lambda: _check_with_data(config))
    if isinstance(checked, PlaygroundError):
        return {"input": "", "rows": [], "parameters": None, "problem": _told(checked), "classes": []}
    return checked


def _check_with_data(config: TrainConfig) -> NetCheckData:
    is_upload = store.is_upload(config.data)
    row = store.describe(config.data) if is_upload else _ROWS[config.data]
    examples = 0 if config.folds else config.train_size or row.train_size  # a fold's size depends on the labels
    batches = config.batch, examples, config.steps
    found = _check(config.text, row.input_shape, len(row.classes), config.loss, batches)
    return found | {"classes": list(row.classes)} if is_upload else found


@lru_cache(maxsize=_KEPT)
def _check(
    text: str, input_shape: tuple[int, ...], classes: int, loss: str, batches: tuple[int, int, int]
) -> NetCheckData:
    """`batches`: their size, the examples of an epoch (0: not known), the steps of the run."""
    document = StackDocument(text, input_shape, loss, classes, data="random")
    found: NetCheckData = {"input": str(input_shape), "rows": [], "parameters": None, "problem": None, "classes": []}
    try:
        listing = net_of(document).listing
    except PlaygroundError as error:
        return found | {"problem": _told(error)}
    batched = str(listing.ran_with or "N")
    shown: list[NetLayerData] = [
        {
            "text": "  " * (len(row.path) // 2) + row.text,
            "gives": "" if row.gives is None else shape_text(row.gives).replace("N", batched, 1),
            "parameters": row.parameters if row.name else None,
        }
        for row in listing.rows
    ]
    if listing.problem is not None:
        found["problem"] = _problem(listing.problem)
    else:
        try:
            size = size_of(document)
            check_output(size.output, document)
            check_size(size, batches[0], text)
            check_last_batch(document, *batches)
        except PlaygroundError as error:
            found["problem"] = _told(error)
    return found | {"rows": shown, "parameters": listing.parameters}


def _problem(problem: Problem) -> NetProblemData:
    repairs = [repair_data(repair) for repair in problem.repairs]
    return {"message": problem.message, "hint": problem.hint, "start": None, "end": None, "repairs": repairs}


def _told(error: PlaygroundError) -> NetProblemData:
    told = error_data(error)
    return {
        "message": told["message"],
        "hint": told["hint"],
        "start": told["start"],
        "end": told["end"],
        "repairs": [] if told["repair"] is None else [told["repair"]],
    }
