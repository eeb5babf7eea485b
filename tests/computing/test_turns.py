"""Threads take turns in the order in which they came, and one that takes long is passed over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from playground.computing.turns import Turns

PATIENCE = 30.0


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.001)


def test_threads_compute_one_at_a_time_in_the_order_in_which_they_came() -> None:
    turns, order, at_once, most = Turns(longest=PATIENCE), [], 0, 0

    def work(number: int) -> None:
        nonlocal at_once, most
        with turns.turn():
            at_once += 1
            most = max(most, at_once)
            order.append(number)
            time.sleep(0.001)  # gives the interpreter to any other thread that is not kept from it
            at_once -= 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    with turns.turn():
        for number, thread in enumerate(threads):
            thread.start()
            until(lambda wanted=number + 1: turns.waiting() == wanted)
        assert order == []
    for thread in threads:
        thread.join(PATIENCE)
    assert order == list(range(20))
    assert most == 1


def test_a_turn_within_a_turn_is_the_same_one() -> None:
    turns = Turns(longest=PATIENCE)
    with turns.turn(), turns.turn():
        assert turns.waiting() == 0
    with turns.turn():
        pass  # it was given back once, and whole


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns(longest=PATIENCE)
    with pytest.raises(ZeroDivisionError), turns.turn():
        raise ZeroDivisionError
    done = threading.Thread(target=lambda: turns.turn().__enter__())
    done.start()
    done.join(PATIENCE)
    assert not done.is_alive()


def test_who_waits_for_something_else_lets_others_compute() -> None:
    turns, seen = Turns(longest=PATIENCE), []

    def other() -> None:
        with turns.turn():
            seen.append("other")

    thread = threading.Thread(target=other)
    with turns.turn():
        thread.start()
        until(lambda: turns.waiting() == 1)
        with turns.aside():
            thread.join(PATIENCE)
            assert seen == ["other"]
        thread = threading.Thread(target=other)
        thread.start()
        until(lambda: turns.waiting() == 1)
        assert seen == ["other"]  # the turn is this thread's again
    thread.join(PATIENCE)
    assert seen == ["other", "other"]


def test_without_a_turn_there_is_none_to_give_away() -> None:
    turns = Turns(longest=PATIENCE)
    with turns.aside():
        pass
    with turns.turn():
        assert turns.waiting() == 0


def test_one_that_takes_long_is_passed_over_and_keeps_nobody_out_afterwards() -> None:
    now = 0.0
    turns, seen, may_end = Turns(longest=0.01, clock=lambda: now), [], threading.Event()

    def short(number: int) -> None:
        with turns.turn():
            seen.append(number)
            if number == 1:
                may_end.wait(PATIENCE)

    with turns.turn():
        first = threading.Thread(target=short, args=(1,))
        first.start()
        until(lambda: turns.waiting() == 1)
        assert seen == []  # by the clock no time has passed
        now = 1.0
        until(lambda: seen == [1])
        second = threading.Thread(target=short, args=(2,))
        second.start()
        until(lambda: turns.waiting() == 1)
    assert seen == [1]  # the end of the turn that was passed over is not the end of the first one's
    may_end.set()
    for thread in (first, second):
        thread.join(PATIENCE)
    assert seen == [1, 2]
    assert turns.waiting() == 0


def test_who_has_waited_for_something_else_goes_on_before_those_who_have_not_begun() -> None:
    turns, order, go = Turns(longest=PATIENCE), [], {name: threading.Event() for name in "abcd"}
    aside = {name: threading.Event() for name in "ab"}

    def work(name: str) -> None:
        with turns.turn():
            if name in aside:
                with turns.aside():
                    aside[name].set()
                    go[name].wait(PATIENCE)
            order.append(name)
            if name not in aside:
                go[name].wait(PATIENCE)

    threads = {name: threading.Thread(target=work, args=(name,)) for name in "abcd"}
    for name in "ab":  # both have begun, and wait for something
        threads[name].start()
        assert aside[name].wait(PATIENCE)
    threads["c"].start()
    until(lambda: order == ["c"])
    threads["d"].start()
    until(lambda: turns.waiting() == 1)
    for waiting, name in enumerate("ab", 2):  # c computes, d waits, and these come back
        go[name].set()
        until(lambda wanted=waiting: turns.waiting() == wanted)
    go["d"].set()
    go["c"].set()
    for thread in threads.values():
        thread.join(PATIENCE)
    assert order == ["c", "a", "b", "d"]
