"""The host: a program of its own, warm with PyTorch, that forks a worker for every run of the queue.

`python -m playground.runs.host [URL]`, else for the database of `PLAYGROUND_DB`. It is no part of the page server: runs
go on when that ends. A fork takes a tenth of a second to its first step, a fresh Python process three seconds. Only one
host works on one database and machine.
"""

from __future__ import annotations

import gc
import os
import secrets
import signal
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import torch

from playground.data.archives import is_here
from playground.errors import PlaygroundError
from playground.runs.limits import LIMITS
from playground.runs.lock import HostLock
from playground.runs.store import Store
from playground.runs.tables import database_url, without_secrets
from playground.runs.worker import work
from playground.training.config import TrainConfig
from playground.training.examples import data_of, whole_data_of
from playground.training.loop import train

POLL_EVERY = 0.1  # seconds between two polls of the queue: about a hundredth of a core while nothing waits
SWEEP_EVERY = 2.0  # seconds between two sweeps for workers that are silent
TIDY_EVERY = 600.0  # seconds between two looks for runs that are too old or too many
NICE = 10  # pages are answered first
SHARED = ("MNIST", "Fashion-MNIST", "KMNIST")  # read within a second; a worker may not be silent for long


def main(*given: str) -> None:
    """Serve one database until nothing has happened for long."""
    url = address_of(*given)
    lock = HostLock(url)
    if lock.acquire():
        warm()
        Host(Store(url), lock).serve()


def address_of(given: str = "") -> str:
    """The database that is meant: the one given, which `PLAYGROUND_DB` may complete with its password, or that one."""
    named = database_url()
    return named if given in ("", without_secrets(named)) else given


def warm() -> None:
    """Import and run once all that a first step needs, in one thread, and put it out of the collector's sight."""
    torch.set_num_threads(1)  # a fork of a process with threads would hang
    config = TrainConfig(train_size=100, test_size=20, steps=2)
    for one in (config, replace(config, optimizer="Adam", folds=2)):
        list(train(one, data_of(one)))
    share(TrainConfig(data=SHARED[0], normalise=True))
    gc.collect()
    gc.freeze()


def share(config: TrainConfig) -> None:
    """Read and normalise a data set whose files are here: every worker forked from now on has it at once."""
    with suppress(PlaygroundError):  # the worker says what is wrong
        if config.data in SHARED and is_here(config.data):
            whole_data_of(config)


class Host:
    """Its workers by process id, each with the token under which it has claimed a run."""

    def __init__(self, store: Store, lock: HostLock) -> None:
        self.store, self.lock = store, lock
        self.machine = f"{os.uname().nodename[:40]}-"
        self.name = f"{self.machine}{secrets.token_hex(4)}"
        self.workers: dict[int, str] = {}
        self.orphans = 0  # workers of a host before this one, which go on
        self.is_wanted = True

    def serve(self) -> None:
        """Fork workers, collect them, and take back what dead ones held."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        swept, tidied, busy = 0.0, -TIDY_EVERY, time.monotonic()
        while self.is_wanted and time.monotonic() - busy < LIMITS.idle:
            now = time.monotonic()
            with suppress(PlaygroundError):  # a database that refuses may be back soon
                self._collect()
                if now - swept > SWEEP_EVERY:
                    self.store.take_back_silent()
                    self.orphans = self.store.running(self.machine) - len(self.workers)
                    swept = now
                    busy = now if self.store.is_busy() else busy
                if now - tidied > TIDY_EVERY:
                    self.store.tidy()
                    tidied = now
                while len(self.workers) + max(self.orphans, 0) < LIMITS.at_once and self._start():
                    busy = now
            time.sleep(POLL_EVERY)

    def _start(self) -> bool:
        """Fork a worker for the next run, if one waits."""
        token = f"{self.name}-{secrets.token_hex(4)}"
        run = self.store.claim(token)
        if run is None:
            return False
        share(run.config)
        self.store.engine.dispose()  # no connection may be shared with a fork

        def job() -> None:
            self.lock.close()
            torch.set_num_threads(run.threads or LIMITS.threads)
            work(Store(self.store.url), run)

        child = in_fork(job)
        self.workers[child] = token
        return True

    def _collect(self) -> None:
        """Workers that have ended; one that was killed gives its run back."""
        while self.workers:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            token = self.workers.pop(child, "")
            code = os.waitstatus_to_exitcode(status)
            name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
            if token:
                self.store.lost(token, f"the worker ended ({name})")  # nothing is lost where it had released its run

    def _end(self, *_: object) -> None:
        self.is_wanted = False


def in_fork(job: Callable[[], None]) -> int:
    """The process id of a copy of this process that does the job and ends; it outlives this one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about forks of processes with threads: there are none
        child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        os.nice(NICE)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        job()
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
