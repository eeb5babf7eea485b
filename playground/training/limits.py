"""What one run may cost at most; settings are checked against it before anything is allocated.

Each limit can be set by the environment: `PLAYGROUND_TRAINING_EPOCHS=20`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a run."""

    epochs: int = 200
    steps: int = 200_000
    batch: int = 4096  # examples
    parameters: int = 20_000_000
    records: int = 2_000  # of one run; the loop records less often where there would be more

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Limits:
        """The defaults, overridden by `PLAYGROUND_TRAINING_<NAME>`.

        >>> Limits.of({"PLAYGROUND_TRAINING_EPOCHS": "5"}).epochs
        5
        """
        given = {field.name: environment.get(f"PLAYGROUND_TRAINING_{field.name.upper()}") for field in fields(cls)}
        return cls(**{name: int(text) for name, text in given.items() if text is not None})


LIMITS = Limits.of(os.environ)
