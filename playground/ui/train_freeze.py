"""A run's next step as the stepper draws it: the newest checkpoint, restored, and recorded in a run of its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from playground.errors import PlaygroundError
from playground.layers.module_notes import module_notes
from playground.runs.run import Orders, Run
from playground.runs.store import Store
from playground.runs.worker import follow
from playground.training.checkpoint import restore
from playground.training.chosen import data_of
from playground.training.freeze import Frozen, freeze
from playground.training.learner import Learner
from playground.ui.stack_frames import Drawn, drawn_trace
from playground.ui.train_words import run_name
from playground.views.opening import UNTOUCHED, Opening

OPENS = ("paused", "stopped", "finished")  # a run that goes on has no next step that would stay the next


@dataclass(frozen=True, slots=True)
class FrozenStep:
    """A step as text: what a session keeps of it. `key`: of the checkpoint, and of what was asked for since."""

    run: str
    key: str
    title: str
    notes: tuple[str, ...]
    opening: Opening
    drawn: Drawn


class _Recorded(NamedTuple):
    key: str
    frozen: Frozen


_last: list[_Recorded] = []  # at most one, for everyone, because tensors are large: others are recorded again
_working = threading.Lock()  # one at a time: a prepared data set may take hundreds of megabytes


def frozen_step(store: Store, run: str, opening: Opening = UNTOUCHED, key: str = "") -> FrozenStep:
    """The step that this run does next, with these modules open; the run does not notice.

    `key`: of a step that was opened before. PlaygroundError where the run has gone on since, or goes on now.
    """
    found = store.run(run)
    recorded = _recorded(store, found, key)
    frozen = recorded.frozen
    notes = module_notes(frozen.recorded, frozen.examples)
    drawn = drawn_trace(frozen.recorded.trace, "forward", opening, notes)
    return FrozenStep(run, recorded.key, _title(found, frozen), (*frozen.notes, *_notes(found)), opening, drawn)


def recorded_step(store: Store, step: FrozenStep) -> Frozen:
    """What the picture of an opened step was made of. PlaygroundError as for `frozen_step`."""
    return _recorded(store, store.run(step.run), step.key).frozen


def _recorded(store: Store, run: Run, wanted: str) -> _Recorded:
    with _working:
        if _last and wanted == _last[0].key:
            return _last[0]
        if not wanted and run.status not in OPENS:
            raise PlaygroundError(f"the run is {run.status}", hint="a step can be opened once the run is paused")
        kept = store.checkpoint(run.id)
        key = _key(store, run, kept)
        if wanted and key != wanted:
            raise PlaygroundError("the run has gone on since", hint="close this step, and open its next one")
        if not _last or key != _last[0].key:
            _last.clear()  # before the next takes as much again
            _last.append(_Recorded(key, freeze(learner_of(run, kept))))
        return _last[0]


def learner_of(run: Run, kept: bytes | None) -> Learner:
    """A learner where the run stands: at this checkpoint, or at its beginning, with what the owner set since."""
    learner = Learner(run.config, data_of(run.config))
    if kept is not None:
        restore(learner, kept)
    follow(learner, Orders(run.wanted, run.learning_rate, run.more_epochs))
    return learner


def _key(store: Store, run: Run, kept: bytes | None) -> str:
    digest = blake2b(kept or b"", digest_size=16).hexdigest()
    return f"{store.url} {run.id} {digest} {run.learning_rate} {run.more_epochs}"


def _title(run: Run, frozen: Frozen) -> str:
    has_ended = run.status == "finished"
    what = "the batch that would come next" if has_ended else "the very batch that comes next"
    return f"Step {frozen.step:,} of run {run_name(run)}: {what}"


def _notes(run: Run) -> tuple[str, ...]:
    is_elsewhere = run.device not in ("", "cpu")
    return (f"The run is on {run.device}, this step on the CPU: last digits may differ.",) if is_elsewhere else ()


__all__ = ["OPENS", "FrozenStep", "frozen_step", "learner_of", "recorded_step"]
