"""Time again what was disturbed: a virtual machine's host takes its processors away now and then."""

from __future__ import annotations

from collections.abc import Callable

import psutil

STOLEN = 0.02  # of the processors' time
TRIES = 3

Seconds = dict[str, float]


def undisturbed(
    timed: Callable[[], Seconds], stolen: Callable[[], tuple[float, float]] | None = None
) -> tuple[Seconds, int]:
    """What `timed` returns, of the try from which the host took least; and how many tries that was.

    There is another one, at most `TRIES` in all, where it took more than `STOLEN`. `stolen`: seconds of processor time
    that the host has taken since the machine began, and all of its time; other systems than Linux do not know.
    """
    clock = stolen or _stolen
    shares: list[float] = []
    tries: list[Seconds] = []
    while len(tries) < TRIES and not any(share <= STOLEN for share in shares):
        taken, passed = clock()
        tries.append(timed())
        taken_then, passed_then = clock()
        shares.append((taken_then - taken) / max(passed_then - passed, 1e-9))
    return tries[shares.index(min(shares))], len(tries)


def _stolen() -> tuple[float, float]:
    times = psutil.cpu_times()
    return getattr(times, "steal", 0.0), sum(times)


__all__ = ["STOLEN", "TRIES", "Seconds", "undisturbed"]
