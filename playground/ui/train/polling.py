"""The intervals at which pages poll their runs: as short as they need, longer where all pages poll too often."""

from __future__ import annotations

import math
from threading import Lock
from time import monotonic

PER_SECOND = 25.0  # polls of all pages: 10 ms each, a quarter of the core that the pages share
FORGOTTEN = 30.0  # seconds after its last poll a page is counted no longer: it was closed


class Intervals:
    """The intervals that pages want; where all together poll too often, all poll less often, in proportion.

    >>> intervals = Intervals(per_second=40)
    >>> [intervals.seconds(page, 0.5) for page in (1, 2)]
    [0.5, 0.5]
    >>> [intervals.seconds(page, 0.5) for page in range(80)][-1]
    2.0
    """

    def __init__(self, per_second: float = PER_SECOND) -> None:
        self._per_second = per_second
        self._wanted: dict[int, tuple[float, float]] = {}  # by page: when it polled, seconds between two polls
        self._lock = Lock()

    def seconds(self, page: int, wanted: float | None) -> float | None:
        """Seconds between two polls of this page, which wants so many; None where nothing goes on."""
        now = monotonic()
        with self._lock:
            self._wanted.pop(page, None)
            if wanted is None:
                return None
            self._wanted[page] = now, wanted
            for gone in [one for one, (polled, _) in self._wanted.items() if now - polled > FORGOTTEN]:
                del self._wanted[gone]
            total = math.fsum(1 / seconds for _, seconds in self._wanted.values())
        return wanted * max(1.0, total / self._per_second)


def differs(every: float | None, now: float | None) -> bool:
    """Tell whether a page that polls every so many seconds has to be told another number; not for every small change.

    >>> differs(0.5, 0.6), differs(0.5, 0.2), differs(None, 0.5), differs(None, None)
    (False, True, True, False)
    """
    if every is None or now is None:
        return every is not now
    return not every / 1.5 <= now <= every * 1.5


INTERVALS = Intervals()  # of all pages of this process
