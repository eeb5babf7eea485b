"""The tables below the runs: what each has reached, the folds with their mean, LeCun's with one's own runs in it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import lru_cache

from playground.explain.numbers import format_number
from playground.lessons.lecun_1998 import SOURCE, TABLE
from playground.lessons.reported import METRICS
from playground.lessons.runs import RUNS, reported
from playground.runs.run import Run
from playground.runs.store import Store
from playground.training.records import TrainRecord
from playground.ui.train.followed_run import Followed
from playground.ui.train.frame_data import FigureData, RunTableData, TableRowData
from playground.ui.train.names import listed_names, names
from playground.ui.train.run_groups import folds_of

RANKED = 40  # newest runs of a visitor that are looked at for LeCun's table
LECUN = "L4.4"


def figures(followed: Followed) -> list[FigureData]:
    """Each figure that a lecture reports of such a run, in words."""
    found: list[FigureData] = []
    for figure in reported(followed.run.config):
        yours = followed.figures.get(figure)
        latest = followed.tested if figure.metric.startswith("test") else followed.latest
        if yours is not None:
            own = f"yours {figure.shown(yours)}"
        elif latest is not None:
            own = f"yours {figure.shown(METRICS[figure.metric](latest))} so far (epoch {latest.epoch:.1f})"
        else:
            own = "yours: not yet"
        found.append({"lecture": f"{figure.metric} {figure.when}: lecture {figure.shown(figure.value)}", "yours": own})
    return found


def tables(store: Store, shown: Sequence[Followed], letters: str, owner: str) -> list[RunTableData]:
    """The tables: runs beside each other or the folds, and LeCun's for runs on MNIST."""
    if not shown:
        return []
    found = []
    if shown[0].run.config.folds > 1:
        found.append(_folds(store, shown))
    elif len(shown) > 1:
        found.append(_together(shown, letters))
    if shown[0].run.config.data == "MNIST" and (lecun := _lecun(store, shown, owner)):
        found.append(lecun)
    return found


def _together(shown: Sequence[Followed], letters: str) -> RunTableData:
    given = [reported(followed.run.config)[-1:] for followed in shown]
    rows: list[TableRowData] = []
    called = names([followed.run for followed in shown])
    for letter, followed, figure in zip(letters, shown, given, strict=False):
        count = followed.run.parameters
        cells = [f"{letter} {called[followed.run.id]}", *_reached(followed), f"{count:,}" if count else ""]
        if any(given):
            cells += [f"{one.metric} {one.shown(one.value)} {one.when}" for one in figure] or [""]
        rows.append({"kind": "own", "cells": cells})
    score = _heading([followed.tested for followed in shown])
    head = ["run", score, "epochs", "parameters", *(["lecture reports"] if any(given) else [])]
    return _table("results", "What each has reached", head, rows)


def _reached(followed: Followed) -> list[str]:
    tested = followed.tested
    return ["", ""] if tested is None else [_scored(tested), f"{tested.epoch:.3g}"]


def _folds(store: Store, shown: Sequence[Followed]) -> RunTableData:
    first = shown[0].run
    here = {followed.run.id: followed.tested for followed in shown}
    rows, finished = list[TableRowData](), list[TrainRecord]()
    for run in folds_of(store, first.config, first.owner) or [first]:
        tested = here.get(run.id) or last_test(store, run)
        if run.status == "finished" and tested is not None:
            finished.append(tested)
        rows.append({"kind": "own", "cells": [str(run.config.fold), run.status, _scored(tested)]})
    if finished:
        scores = [_score(record) for record in finished]
        written = _written(statistics.mean(scores), finished[0])
        if len(scores) > 1:
            spread = _written(statistics.stdev(scores), finished[0])
            written = f"{written} ± {spread}"
        label = f"mean{' ± deviation' if len(scores) > 1 else ''}"
        rows.append({"kind": "sum", "cells": [label, f"{len(finished)} of {first.config.folds} finished", written]})
    note = "Each fold is tested on the part that the others are trained on; the deviation divides by n − 1."
    return _table("folds", "Cross-validation", ["fold held out", "state", _heading(finished)], rows, note)


def _lecun(store: Store, shown: Sequence[Followed], owner: str) -> RunTableData | None:
    """Rank all MNIST runs that are shown or the visitor's own, tested on all 10,000, among the methods of 1998."""
    reached = {f.run.id: (f.run, f.tested.test_accuracy) for f in shown if f.tested is not None}
    for run in store.runs(owner=owner, limit=RANKED) if owner else []:
        if run.id not in reached and run.config.data == "MNIST" and run.has_ended:
            last = last_test(store, run)
            reached[run.id] = (run, None if last is None else last.test_accuracy)
    called = listed_names([run for run, _ in reached.values()])
    own = [
        (1 - accuracy, called[run.id])
        for run, accuracy in reached.values()
        if accuracy is not None and (run.config.data, run.config.folds, run.config.test_size) == ("MNIST", 0, 0)
    ]
    methods = [(row.error, row.title, row.source, "reported") for row in TABLE]
    ranked = sorted(methods + [(error, name, "measured here", "own") for error, name in own])
    rows: list[TableRowData] = [
        {"kind": "own" if kind == "own" else "reported", "cells": [str(rank), f"{100 * error:.3g} %", title, source]}
        for rank, (error, title, source, kind) in enumerate(ranked, 1)
    ]
    group = next(group for group in RUNS.groups if group.id == LECUN)
    is_lesson = any(f.run.config in [preset.document for preset in group.presets] for f in shown)
    note = f"Test errors on MNIST. Rows of 1998 are as reported, not measured here: {SOURCE}. "
    note += "What they did to the pictures is not done here; a run ranks with the rows that say nothing of it."
    head = ["rank", "test error", "method", "source"]
    return _table("lecun", "LeCun's table of 1998, with your runs", head, rows, note, is_open=is_lesson)


def last_test(store: Store, run: Run) -> TrainRecord | None:
    """The last record of an ended run with a test, perhaps inside an epoch; None where it was never tested."""
    return _last_test(store, run.id, run.step) if run.has_ended else None


@lru_cache(maxsize=1024)
def _last_test(store: Store, run: str, step: int) -> TrainRecord | None:
    for after in (step - 1, -1):  # most runs end with a test: the last record alone says it
        tested = [record for record in store.records(run, after=after) if record.test_loss is not None]
        if tested:
            return tested[-1]
    return None


def _heading(tested: Sequence[TrainRecord | None]) -> str:
    """What a column of scores holds: of numbers to predict, how far they are off."""
    here = [record for record in tested if record is not None]
    return "test error" if here and all(record.test_error is not None for record in here) else "test accuracy"


def _scored(tested: TrainRecord | None) -> str:
    return "" if tested is None else _written(_score(tested), tested)


def _score(tested: TrainRecord) -> float:
    score = tested.test_accuracy if tested.test_error is None else tested.test_error
    return math.nan if score is None else score


def _written(score: float, tested: TrainRecord) -> str:
    """A score as this record has it: a part in percent, or an error in the unit of the data."""
    return f"{100 * score:.2f} %" if tested.test_error is None else format_number(score, 4)


def _table(
    id: str, caption: str, head: list[str], rows: list[TableRowData], note: str = "", *, is_open: bool = True
) -> RunTableData:
    return {"id": id, "caption": caption, "head": head, "rows": rows, "note": note, "open": is_open}
