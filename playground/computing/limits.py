"""Limits on what is computed in processes of their own.

Each limit can be set by the environment: `PLAYGROUND_COMPUTING_SECONDS=5`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from playground.environment import from_environment


@dataclass(frozen=True, slots=True)
class ComputingLimits:
    """The limits of one job, and how many are computed at once."""

    processes: int = 2  # at once, for everyone; 0: everything is computed by the threads of the page server
    seconds: float = 10.0  # of CPU time
    megabytes: int = 1_000  # more than the process has when it begins
    waiting: float = 60.0  # seconds that a job waits for a process


LIMITS = from_environment(ComputingLimits, "PLAYGROUND_COMPUTING", os.environ)
