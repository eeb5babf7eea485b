"""How often Python looks for garbage in a process that makes pictures."""

from __future__ import annotations

import gc

# A picture makes 50,000 objects that stay until it is done, one of 10,000 boxes a million. With Python's own 700,
# looking through them again and again took a quarter to a half of the time that large pictures take.
YOUNG, MIDDLE, OLD = 20_000, 20, 20
OF_A_JOB = 1_000_000  # young objects, in a process that makes one picture at a time and is not kept once it has grown


def settle(young: int = YOUNG) -> None:
    """Leave out of sight what is alive now, and look less often from now on. Call it once all is warm."""
    gc.set_threshold(young, MIDDLE, OLD)
    gc.collect()
    gc.freeze()
