"""The net of a run's settings looked at before it is trained: its layers, their shapes, what does not fit."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from playground.data.datasets import DATASETS
from playground.data.uploads import store
from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.stack.problems import Problem
from playground.training.config import TrainConfig
from playground.training.size import check_size, size_of
from playground.ui.layers.pasted_rows import own_rows
from playground.ui.layers.rows import row_data, totals_data
from playground.ui.shared.error_data import error_data, repair_data

_KEPT = 128
_ROWS = {row.name: row for row in DATASETS}


def check(config: TrainConfig) -> dict[str, Any]:
    """`{input, rows: [{text, gives, parameters}], parameters, problem, classes}`.

    `problem`: null, or what is wrong with the text as `{message, hint, start, end, repairs: [{label, text}]}`;
    `classes`: the names of own data's.
    """
    if not config.data.startswith("own-"):
        row = _ROWS[config.data]
        return _check(config.text, row.input_shape, len(row.classes), config.loss, config.batch) | {"classes": []}
    try:
        own = store.describe(config.data)
    except PlaygroundError as error:
        return {"input": "", "rows": [], "parameters": None, "problem": _told(error), "classes": []}
    return _check(config.text, own.input_shape, len(own.classes), config.loss, config.batch) | {
        "classes": list(own.classes)
    }


@lru_cache(maxsize=_KEPT)
def _check(text: str, input_shape: tuple[int, ...], classes: int, loss: str, batch: int) -> dict[str, Any]:
    document = StackDocument(text, input_shape, loss, classes, data="random")
    found: dict[str, Any] = {"input": str(input_shape), "rows": [], "parameters": None, "problem": None}
    try:
        if document.is_own:
            rows, totals = own_rows(document)
        else:
            analysis = document.analysis()
            rows, totals = row_data(analysis, 1), totals_data(analysis, 1)
            if analysis.problem is not None:
                found["problem"] = _problem(analysis.problem)
    except PlaygroundError as error:
        return found | {"problem": _told(error)}
    shown = [{"text": _at(row), "gives": _each(row), "parameters": row.get("parameters")} for row in rows]
    if found["problem"] is None:
        try:
            check_size(size_of(document), batch, text)
        except PlaygroundError as error:
            found["problem"] = _told(error)
    return found | {"rows": shown, "parameters": totals["parameters"]}


def _at(row: dict[str, Any]) -> str:
    return "  " * (len(row["path"]) // 2) + str(row["text"])


def _each(row: dict[str, Any]) -> str:
    """The shape of a batch that a layer gives, N examples of it."""
    given = row.get("gives")
    return "" if given is None else str(given).replace("(1,", "(N,", 1).replace("(1)", "(N)")


def _problem(problem: Problem) -> dict[str, Any]:
    repairs = [repair_data(repair) for repair in problem.repairs]
    return {"message": problem.message, "hint": problem.hint, "start": None, "end": None, "repairs": repairs}


def _told(error: PlaygroundError) -> dict[str, Any]:
    told = error_data(error)
    repair = told.pop("repair")
    return told | {"repairs": [] if repair is None else [repair]}


__all__ = ["check"]
