"""What runs may cost a shared server; each limit can be set by the environment: `PLAYGROUND_RUNS_AT_ONCE=1`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults suit two cores and a class."""

    at_once: int = 2  # workers on this machine
    threads: int = 1  # of one worker; fixed, because sums in another order give other bits
    unfinished: int = 6  # runs of one owner that wait, run or pause
    queue: int = 300  # waiting runs of everyone
    seconds: int = 3600  # of training in one run
    attempts: int = 3  # a run whose worker died is taken up again so often
    silence: float = 10.0  # seconds without a sign of life after which a worker counts as dead
    idle: int = 3600  # seconds without work after which the host ends

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Limits:
        """The defaults, overridden by `PLAYGROUND_RUNS_<NAME>`.

        >>> Limits.of({"PLAYGROUND_RUNS_SECONDS": "60"}).seconds
        60
        """
        given = {field.name: environment.get(f"PLAYGROUND_RUNS_{field.name.upper()}") for field in fields(cls)}
        numbers: dict[str, Any] = {name: json.loads(text) for name, text in given.items() if text is not None}
        return cls(**numbers)


LIMITS = Limits.of(os.environ)
