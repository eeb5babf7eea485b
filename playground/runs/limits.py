"""Limits on what runs cost a shared server; each can be set by the environment: `PLAYGROUND_RUNS_AT_ONCE=1`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from playground.environment import from_environment


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Limits of all runs together, and of each owner's. The defaults suit two cores and a class."""

    at_once: int = 2  # workers on this machine
    threads: int = max(1, (os.cpu_count() or 1) // 2)  # of one worker; a run keeps those it began with
    unfinished: int = 6  # runs of one owner that wait, run or pause
    queue: int = 300  # waiting runs of everyone
    seconds: int = 3600  # of training in one run
    checkpoint: float = 10.0  # seconds between two: what a killed worker's run loses at most
    attempts: int = 3  # workers of one run that may die in a row, the first one counted: then it has failed
    silence: float = 10.0  # seconds without a sign of life after which a worker counts as dead
    idle: int = 3600  # seconds without work after which the host ends
    days: int = 180  # for which a run is kept that has ended or pauses; 0: for ever
    megabytes: int = 4_000  # of all runs' checkpoints together: the oldest runs go first; 0: as many as there are


LIMITS = from_environment(ServerLimits, "PLAYGROUND_RUNS", os.environ)
