"""The processes that carry the runs of a database."""

from __future__ import annotations

from contextlib import suppress

import psutil

from playground.runs.tables import without_secrets


def processes(url: str) -> list[psutil.Process]:
    """The host of a database and its workers; forks have the same command line, even when the host is gone."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if without_secrets(url) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
