"""`Turns`: threads compute one after the other, in the order in which they came; who only waited for something goes on.

Python runs one thread at a time anyway, and every small call of PyTorch gives the interpreter's lock away: threads that
compute at once do not get more done, but spend half their time on fetching that lock back.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONGEST = 1.0  # seconds: whoever computes for longer is waited for no more


class _Place:
    """One thread's place in the line."""

    def __init__(self, has_waited: bool) -> None:
        self.has_waited = has_waited  # it has had a turn, which it gave up while it waited for something
        self.called = threading.Event()
        self.since = 0.0  # when it was called


class Turns:
    """A line of threads, of which the first computes.

    Nobody is held up by one that takes long: when its turn has lasted `longest` seconds, the next is called, and the
    two compute at once, as threads do that take no turns.
    """

    def __init__(self, longest: float = LONGEST, clock: Callable[[], float] = time.monotonic) -> None:
        self.longest = longest
        self._clock = clock
        self._lock = threading.Lock()
        self._line: deque[_Place] = deque()
        self._own = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it in the block; a turn within a turn is the same one."""
        if self._mine() is not None:
            yield
            return
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let others compute in the block, while this thread waits for something; then its turn goes on, before those
        that have not had theirs."""
        if self._mine() is None:
            yield
            return
        self._leave()
        try:
            yield
        finally:
            self._enter(has_waited=True)

    def waiting(self) -> int:
        """The number of threads that wait for a turn."""
        with self._lock:
            return max(0, len(self._line) - 1)

    def _mine(self) -> _Place | None:
        place: _Place | None = getattr(self._own, "place", None)
        return place

    def _enter(self, has_waited: bool = False) -> None:
        place = self._own.place = _Place(has_waited)
        with self._lock:
            later = (at for at, other in enumerate(self._line) if at and has_waited and not other.has_waited)
            self._line.insert(next(later, len(self._line)), place)
            if len(self._line) == 1:
                self._call()
        while not place.called.wait(self.longest):
            self._pass_over()

    def _leave(self) -> None:
        place, self._own.place = self._own.place, None
        with self._lock:
            if self._line and self._line[0] is place:  # it is not where it was passed over
                self._line.popleft()
                self._call()

    def _call(self) -> None:
        if self._line:
            self._line[0].since = self._clock()
            self._line[0].called.set()

    def _pass_over(self) -> None:
        """Call the next where the first has had its turn for too long."""
        with self._lock:
            if self._line and self._clock() - self._line[0].since > self.longest:
                self._line.popleft()
                self._call()


COMPUTING = Turns()  # of the threads of this process
