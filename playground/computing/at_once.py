"""`at_once`: two pieces of work at the same time where this process may be forked, one after the other elsewhere."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NoReturn, TypeVar

T = TypeVar("T")

_MAY_FORK: ContextVar[bool] = ContextVar("may_fork", default=False)


@contextmanager
def may_fork() -> Iterator[None]:
    """In the block this process may be forked, which has one thread and has woken no accelerator."""
    token = _MAY_FORK.set(True)
    try:
        yield
    finally:
        _MAY_FORK.reset(token)


def at_once(here: Callable[[], T], there: Callable[[], bytes]) -> tuple[T, bytes]:
    """What both give; `there` may run in a fork, which leaves nothing behind but its bytes.

    A fork may compute for as long as this process still may. Where it fails, for whatever reason, its work is done
    here, and fails here if it must.
    """
    if not _MAY_FORK.get():
        return here(), there()
    left = signal.getitimer(signal.ITIMER_PROF)[0]
    reading, writing = os.pipe()
    child = fork()
    if child == 0:
        os.close(reading)
        _write(writing, there, left)
    os.close(writing)
    try:
        with open(reading, "rb") as pipe:
            found = here()
            told = pipe.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    _, status = os.waitpid(child, 0)
    return found, told if status == 0 else there()


def fork() -> int:
    """As `os.fork`, of a process with one thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about forks of processes with threads: there are none
        return os.fork()


def _write(writing: int, work: Callable[[], bytes], seconds: float) -> NoReturn:
    code = 1
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # a fork inherits none
        with open(writing, "wb") as pipe:
            pipe.write(work())
        code = 0
    finally:
        os._exit(code)
