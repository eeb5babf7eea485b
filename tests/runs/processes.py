"""The processes that carry out the runs of a database: found, waited for, killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil

from playground.runs.engine import LocalEngine
from playground.runs.store import Store
from playground.runs.tables import without_secrets

PATIENCE = 200.0  # seconds that a slow machine may need


def processes(url: str) -> list[psutil.Process]:
    """The host of a database and its workers; forks have the same command line, even when the host is gone."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if without_secrets(url) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, as long as a slow machine may need."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited {PATIENCE} s for {what}"
        time.sleep(0.02)


def workers(url: str) -> list[psutil.Process]:
    """Without the host, which is the oldest."""
    return sorted(processes(url), key=lambda process: process.create_time())[1:]


def kill(url: str) -> None:
    """End the host of a database and its workers at once."""
    for process in processes(url):
        with suppress(psutil.Error):
            process.kill()


def local_engine(url: str) -> Iterator[LocalEngine]:
    """An engine of this database, whose processes are killed at the end."""
    made = LocalEngine(Store(url))
    yield made
    made.store.engine.dispose()
    kill(url)
