"""Several runs by one click: a lecture's group of examples, the folds of a cross-validation, the same on other data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from playground.errors import PlaygroundError
from playground.runs.engine import RunEngine
from playground.runs.limits import LIMITS
from playground.runs.run import Run
from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.ui.train.frame_data import FoldsData
from playground.ui.train.net_check import check
from playground.ui.train.notes import with_digits

MOST_LOOKED_AT = 100  # runs of one owner among which folds are looked for


def submit_all(engine: RunEngine, wanted: Iterable[tuple[TrainConfig, str]], owner: str) -> tuple[list[str], str]:
    """Put runs with these settings and titles into the queue, as many as are allowed: their ids, and why not all."""
    chosen, started = list(wanted), list[str]()
    for config, title in chosen:
        try:
            started.append(engine.submit(config, owner=owner, title=title).id)
        except PlaygroundError as error:
            return started, f"{len(started)} of {len(chosen)} were started: {error.message}. {error.hint}."
    return started, ""


def folds_of(store: Store, config: TrainConfig, owner: str) -> list[Run]:
    """The owner's newest run of each fold with these settings, by the number of the fold."""
    newest: dict[int, Run] = {}
    for run in store.runs(owner=owner, limit=MOST_LOOKED_AT) if owner else []:
        if replace(run.config, fold=0) == replace(config, fold=0):
            newest.setdefault(run.config.fold, run)
    return [newest[fold] for fold in sorted(newest)]


def train_folds(engine: RunEngine, config: TrainConfig, owner: str) -> tuple[list[str], str]:
    """A run for each fold that has none, or one that failed or was stopped: all folds' ids, and why not all run."""
    there = {run.config.fold: run.id for run in folds_of(engine.store, config, owner) if _counts(run)}
    absent = [fold for fold in range(config.folds) if fold not in there]
    if not absent:
        return list(there.values()), f"All {config.folds} folds have been trained with these settings."
    wanted = [(replace(config, fold=fold), fold_title(fold, config.folds)) for fold in absent]
    started, problem = submit_all(engine, wanted, owner)
    there |= dict(zip(absent, started, strict=False))
    ids = [there[fold] for fold in sorted(there)]
    return ids, f"{problem} Press again for the rest when some have ended." if problem else ""


def on_digits(engine: RunEngine, shown: Iterable[Run], owner: str) -> tuple[list[str], str]:
    """In place of each shown run of this owner whose data could not be had, one with the bundled digits."""
    ids: list[str] = []
    for run in shown:
        started, problem = [run.id], ""
        if run.owner == owner and takes_digits(run):
            title = f"{run.title}, digits" if run.title else ""
            started, problem = submit_all(engine, [(with_digits(run.config), title)], owner)
        if problem:
            return [*ids, run.id], problem
        ids += started
    return ids, ""


def takes_digits(run: Run) -> bool:
    """Tell whether a run failed for want of its data, and its net fits the bundled digits."""
    is_wanted = run.status == "failed" and run.config.data != "digits" and "bundled digits" in run.reason
    return is_wanted and check(with_digits(run.config))["problem"] is None


def fold_title(fold: int, folds: int) -> str:
    """Name the run of a fold.

    >>> fold_title(0, 5)
    'fold 0 of 5 held out'
    """
    return f"fold {fold} of {folds} held out"


def folds_note(config: TrainConfig) -> FoldsData | None:
    """The button that trains all folds; None where there are none."""
    if config.folds < 2:
        return None
    note = "One run per fold, all with the same seed. "
    if config.folds > LIMITS.unfinished:
        note += f"At most {LIMITS.unfinished} runs of yours go on at once: press again for the rest."
    else:
        note += f"They count towards the {LIMITS.unfinished} runs that you may have at once."
    return {"label": f"Train all {config.folds} folds", "note": note}


def _counts(run: Run) -> bool:
    return run.status not in ("failed", "stopped")
