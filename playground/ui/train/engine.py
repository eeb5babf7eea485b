"""The one store and engine of this process: pages ask them; runs themselves live in processes of their own."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from functools import cache
from time import monotonic

from playground.runs.engine import LocalEngine, RunEngine
from playground.runs.run import Run
from playground.runs.store import Store
from playground.runs.tables import database_url

_one_at_a_time = threading.Lock()  # of two pages that are the first at once, one begins
POLL_EVERY = 2.0  # seconds between two polls of whether a host lives, however many pages are open


def engine() -> RunEngine:
    """The engine of the database that is configured; its host is started with the first page that asks, so that it is
    warm when somebody wants to train. PlaygroundError where the database refuses."""
    return _watched(database_url()).engine


def keep_going(runs: Iterable[Run]) -> None:
    """Start a host where one of these runs waits or trains without: it may have been killed since."""
    if any(run.status in ("queued", "running") for run in runs):
        _watched(database_url()).poll()


class _WatchedEngine:
    """An engine, and when it was last asked for its host."""

    def __init__(self, made: RunEngine) -> None:
        self.engine = made
        self._polled = -math.inf
        self.poll()

    def poll(self) -> None:
        """Start a host where none lives, but do not poll too often. Two pages may poll at once: no harm is done."""
        if monotonic() - self._polled >= POLL_EVERY:
            self._polled = monotonic()
            self.engine.ensure()


def _watched(url: str) -> _WatchedEngine:
    with _one_at_a_time:
        return _made(url)


@cache  # asked at every poll: Streamlit's own takes a third of a millisecond
def _made(url: str) -> _WatchedEngine:
    return _WatchedEngine(LocalEngine(Store(url)))
