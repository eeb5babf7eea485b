"""Limits on the cost of one run; settings are checked against them before anything is allocated.

Each limit can be set by the environment: `PLAYGROUND_TRAINING_EPOCHS=20`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from playground.environment import from_environment


@dataclass(frozen=True, slots=True)
class TrainingLimits:
    """The limits of a run."""

    epochs: int = 200
    steps: int = 200_000
    batch: int = 4096  # examples
    parameters: int = 20_000_000
    outputs: int = 500_000_000  # numbers that all layers give for the examples of one step: 2 GB
    records: int = 2_000  # of one run; the loop records less often where there would be more


LIMITS = from_environment(TrainingLimits, "PLAYGROUND_TRAINING", os.environ)
