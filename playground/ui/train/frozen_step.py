"""A run's next step, or one soon after it, as the stepper draws it: a copy of the run goes there from its newest
checkpoint, and what it does then is recorded."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from playground.computing.device import described, here
from playground.computing.turns import COMPUTING
from playground.errors import PlaygroundError
from playground.layers.run.module_notes import module_notes
from playground.runs.run import Orders, Run
from playground.runs.store import Store
from playground.runs.worker import follow
from playground.training.checkpoint import checkpoint, restore
from playground.training.examples import data_of
from playground.training.freeze import Frozen, advance, freeze, steps_ahead
from playground.training.learner import Learner
from playground.ui.shared.drawn import Drawn
from playground.ui.train.names import run_name
from playground.views.graph.unfolding import UNTOUCHED, Unfolding

OPENS = ("paused", "stopped", "finished")  # a run that goes on has no next step that would stay the next


@dataclass(frozen=True, slots=True)
class FrozenStep:
    """A step as text: what a session keeps of it. `key`: of the checkpoint, and of what was asked for since."""

    run: str
    key: str
    number: int  # of the step, from 1
    title: str
    notes: tuple[str, ...]
    unfolding: Unfolding
    drawn: Drawn


class _Recorded(NamedTuple):
    key: str
    steps: range  # that can be opened from the checkpoint
    begin: bytes  # a checkpoint of the copy at the step
    frozen: Frozen

    def holds(self, number: int) -> bool:
        """Tell whether it is this step; 0: the next one of the run."""
        return self.frozen.step == (number or self.steps[0])


_last: list[_Recorded] = []  # at most one, for everyone, because tensors are large: others are recorded again
_working = threading.Lock()  # one at a time: a prepared data set may take hundreds of megabytes


def frozen_step(store: Store, run: str, unfolding: Unfolding = UNTOUCHED, key: str = "", number: int = 0) -> FrozenStep:
    """A step that this run comes to, 0 for its next one, with these modules open; the run does not notice.

    `key`: of a step that was opened before. PlaygroundError where the run has gone on since, or goes on now, and where
    the step is behind it or too far ahead.
    """
    found = store.run(run)
    recorded = _recorded(store, found, key, number)
    frozen = recorded.frozen
    notes = module_notes(frozen.recorded, frozen.examples)
    with COMPUTING.turn():
        drawn = Drawn.of(frozen.recorded.trace, "forward", unfolding, notes)
    title = _title(found, frozen.step, recorded.steps[0])
    return FrozenStep(run, recorded.key, frozen.step, title, (*frozen.notes, *_notes(found)), unfolding, drawn)


def recorded_step(store: Store, run: str, key: str, number: int) -> Frozen:
    """Return what the picture of an opened step was made of. PlaygroundError as for `frozen_step`."""
    return _recorded(store, store.run(run), key, number).frozen


def _recorded(store: Store, run: Run, wanted: str, number: int) -> _Recorded:
    with _working:
        if _last and wanted == _last[0].key and _last[0].holds(number):
            return _last[0]
        if not wanted and run.status not in OPENS:
            raise PlaygroundError(f"the run is {run.status}", hint="a step can be opened once the run is paused")
        kept = store.checkpoint(run.id)
        key = _key(store, run, kept)
        if wanted and key != wanted:
            raise PlaygroundError("the run has gone on since", hint="close this step, and open its next one")
        if not _last or key != _last[0].key or not _last[0].holds(number):
            learner, steps = _learner_at(run, key, kept, number)
            _last.clear()  # before the next takes as much again
            _last.append(_Recorded(key, steps, checkpoint(learner), freeze(learner)))
        return _last[0]


def _learner_at(run: Run, key: str, kept: bytes | None, number: int) -> tuple[Learner, range]:
    """A learner whose next step is this one, and the steps that it may be; from the step opened last if that is before.

    PlaygroundError: it is none of them.
    """
    if _last and _last[0].key == key and _last[0].frozen.step < number:
        learner, steps = learner_of(run, _last[0].begin), _last[0].steps
    else:
        learner = learner_of(run, kept)
        steps = steps_ahead(learner)
    if (number or steps[0]) not in steps:
        hint = f"from where the run stands, steps {steps[0]:,} to {steps[-1]:,} can be opened"
        raise PlaygroundError(f"step {number:,} cannot be opened", hint=hint)
    advance(learner, number or steps[0])
    return learner, steps


def learner_of(run: Run, kept: bytes | None) -> Learner:
    """A learner where the run stands: at this checkpoint, or at its beginning, with what the owner set since."""
    learner = Learner(run.config, data_of(run.config), here())
    if kept is not None:
        restore(learner, kept)
    follow(learner, Orders(run.wanted, run.learning_rate, run.more_epochs))
    return learner


def _key(store: Store, run: Run, kept: bytes | None) -> str:
    digest = blake2b(kept or b"", digest_size=16).hexdigest()
    return f"{store.url} {run.id} {digest} {run.learning_rate} {run.more_epochs}"


def _title(run: Run, number: int, following: int) -> str:
    is_beyond = run.status == "finished" or 0 < run.steps < number
    what = "the batch that would come" if is_beyond else "the very batch that comes"
    return f"Step {number:,} of run {run_name(run)}: {what} {'next' if number == following else 'then'}"


def _notes(run: Run) -> tuple[str, ...]:
    is_elsewhere = run.device not in ("", str(here()))
    where = f"The run is on {described(run.device)}, this step on {described(str(here()))}: last digits may differ."
    return (where,) if is_elsewhere else ()
