"""`RunEngine`: carries runs out. `LocalEngine` has a host on this machine; a cluster's has the same methods."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Protocol

from playground.runs.lock import HostLock
from playground.runs.run import Run
from playground.runs.store import Store
from playground.runs.tables import without_secrets
from playground.training.config import TrainConfig


class RunEngine(Protocol):
    """Takes runs and carries them out somewhere; what becomes of them stands in the store."""

    store: Store

    def submit(self, config: TrainConfig, *, owner: str = "", title: str = "") -> Run:
        """Have a run carried out."""

    def cancel(self, run: str) -> None:
        """End a run early."""

    def ensure(self) -> None:
        """Start what carries runs out, where it is not there."""


class LocalEngine:
    """Runs on this machine, by a host that is a program of its own (`playground.runs.host`)."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._started: subprocess.Popen[bytes] | None = None

    def submit(self, config: TrainConfig, *, owner: str = "", title: str = "") -> Run:
        """Put a run into the queue, and see to it that a host takes it."""
        run = self.store.submit(config, owner=owner, title=title)
        self.ensure()
        return run

    def cancel(self, run: str) -> None:
        """Ask the run to stop."""
        self.store.stop(run)

    def ensure(self) -> None:
        """Start a host where none lives. It is left alone afterwards: runs outlive this process."""
        with self._lock:
            if self._started is not None and self._started.poll() is None:
                return  # ours lives, or is about to
            lock = HostLock(self.store.url)
            if lock.is_held():
                return
            with lock.path.with_suffix(".log").open("wb") as log:  # what a host that cannot start has to say
                self._started = subprocess.Popen(
                    [sys.executable, "-m", "playground.runs.host", without_secrets(self.store.url)],
                    env={**os.environ, "PLAYGROUND_DB": self.store.url},  # an argument could be read by everybody
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            threading.Thread(target=self._started.wait, name="host", daemon=True).start()  # takes note of its end
