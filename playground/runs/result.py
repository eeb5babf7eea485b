"""Read a run out of the store as a `RunResult`, at any time."""

from __future__ import annotations

from playground.runs.store import Store
from playground.training.export.result import RunResult, weights_in


def result_of(store: Store, run: str) -> RunResult:
    """The run with its records and the weights of its newest whole checkpoint. PlaygroundError: there is none."""
    found = store.run(run)
    kept = store.checkpoint(run)
    return RunResult(
        found.config,
        tuple(store.records(run)),
        None if kept is None else weights_in(kept),
        more_epochs=found.more_epochs,
        threads=found.threads or 0,
        title=found.title,
        created=found.created,
    )
