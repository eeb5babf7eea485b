"""Two pieces of work at once: the same as one after the other, whatever becomes of the fork."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from playground.computing.at_once import at_once, may_fork


def who() -> bytes:
    return str(os.getpid()).encode()


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_without_leave_both_are_done_here() -> None:
    assert at_once(os.getpid, who) == (os.getpid(), who())


def test_the_second_is_done_in_a_fork_and_nothing_of_it_stays() -> None:
    changed: list[int] = []

    def work() -> bytes:
        changed.append(1)
        return who()

    with may_fork():
        here, there = at_once(os.getpid, work)
    assert here == os.getpid() != int(there)
    assert changed == []
    assert at_once(os.getpid, who) == (os.getpid(), who()), "the leave ends with the block"


def test_both_are_at_work_at_the_same_time() -> None:
    reading, writing = os.pipe()

    def waits() -> bytes:  # for what the other writes
        return os.read(reading, 5)

    with may_fork():
        assert at_once(lambda: os.write(writing, b"hello"), waits) == (5, b"hello")
    os.close(reading)
    os.close(writing)


def test_more_than_a_pipe_holds_comes_whole() -> None:
    with may_fork():
        assert at_once(lambda: None, lambda: b"x" * 5_000_000) == (None, b"x" * 5_000_000)


def fails_elsewhere(how: Callable[[], object]) -> Callable[[], bytes]:
    parent = os.getpid()

    def work() -> bytes:
        if os.getpid() != parent:
            how()
        return who()

    return work


@pytest.mark.parametrize(
    "how",
    [lambda: 1 / 0, lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os._exit(3)],
    ids=["an error", "killed", "ended"],
)
def test_what_a_fork_fails_to_do_is_done_here(how: Callable[[], object]) -> None:
    with may_fork():
        assert at_once(os.getpid, fails_elsewhere(how)) == (os.getpid(), who())


def test_an_error_of_the_second_is_raised_here() -> None:
    with may_fork(), pytest.raises(ZeroDivisionError):
        at_once(os.getpid, lambda: b"%d" % (1 // 0))


def test_an_error_of_the_first_ends_the_fork() -> None:
    reading, writing = os.pipe()

    def fails() -> None:
        os.read(reading, 1)  # the fork is at work
        raise ZeroDivisionError

    def endless() -> bytes:
        os.write(writing, b"x")
        while True:
            time.sleep(60)

    with may_fork(), pytest.raises(ZeroDivisionError):
        at_once(fails, endless)
    os.close(reading)
    os.close(writing)


def test_a_fork_may_compute_for_no_longer_than_this_process_may() -> None:
    def endless() -> None:
        while True:
            pass

    before = signal.signal(signal.SIGPROF, signal.SIG_DFL)
    started = time.monotonic()
    signal.setitimer(signal.ITIMER_PROF, 1)  # of CPU time, which this process uses none of while it waits
    try:
        with may_fork():
            assert at_once(lambda: None, fails_elsewhere(endless))[1] == who()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    assert time.monotonic() - started >= 1
