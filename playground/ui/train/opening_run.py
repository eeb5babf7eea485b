"""The run that a first visit finds: a little one, really trained on this machine, once for a database, and nobody's."""

from __future__ import annotations

import threading

from playground.errors import PlaygroundError
from playground.lessons.runs import RUNS
from playground.runs.engine import RunEngine
from playground.runs.run import Run

NOBODY = "nobody"  # its owner; too short for a token, so that nobody can say to be it
PRESET = RUNS.presets[0]  # what the form holds on a first visit
LOOKED_AT = 20
_one_at_a_time = threading.Lock()  # of two first visits at once, one trains it


def opening_run(engine: RunEngine) -> list[str]:
    """Its id, trained by the host from now on where there is none yet; [] where it cannot be had."""
    try:
        with _one_at_a_time:
            kept = [run for run in engine.store.runs(owner=NOBODY, limit=LOOKED_AT) if run.config == PRESET.document]
            if not kept:
                return [engine.submit(PRESET.document, owner=NOBODY, title=PRESET.title).id]
    except PlaygroundError:  # others wait in the queue: the page does without
        return []
    return [run.id for run in kept if run.status not in ("failed", "stopped")][:1]


def is_opening(run: Run) -> bool:
    """Tell whether a run is nobody's, and may be gone on with by everybody, as a run of their own."""
    return run.owner == NOBODY
