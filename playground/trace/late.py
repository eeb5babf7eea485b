"""`Late`: something that is made when it is first asked for, once, whichever thread asks."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Late(Generic[T]):
    """What `make` returns: called when somebody asks first, and let go then, with all that it holds.

    >>> greeting = Late(lambda: print("made") or "hello")
    >>> greeting() + greeting()
    made
    'hellohello'
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Callable[[], T] | None = make
        self._lock = Lock()
        self._made: T

    def __call__(self) -> T:
        with self._lock:
            if self._make is not None:
                self._made, self._make = self._make(), None
            return self._made
