"""Jobs in warm processes: answered as data, ended at their limits, and never more at once than there are places."""

from __future__ import annotations

import gc
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from playground.computing.garbage import MIDDLE, OF_A_JOB, OLD
from playground.computing.limits import ComputingLimits
from playground.computing.processes import Processes
from playground.errors import PlaygroundError, Repair, Span

PATIENCE = 60.0
Start = Callable[..., Processes]


@pytest.fixture
def started() -> Iterator[Start]:
    """Start processes with these limits; they are ended after the test."""
    all_of_them = []

    def start(**limits: float) -> Processes:
        processes = Processes(ComputingLimits(**limits))  # type: ignore[arg-type]
        all_of_them.append(processes)
        processes.start("tests.computing.jobs")
        return processes

    yield start
    for processes in all_of_them:
        processes.stop()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def test_a_job_is_answered_in_another_process_which_is_used_again(started: Start) -> None:
    processes = started(processes=1)
    assert processes.is_on
    answers = [processes.compute("count", {"seconds": 0.0}) for _ in range(3)]
    assert processes.is_ready
    assert {answer["counted"] for answer in answers} == {0.0}
    assert len({answer["pid"] for answer in answers}) == 1
    assert answers[0]["pid"] != os.getpid()


def test_garbage_is_looked_for_less_often_there_than_by_python_itself(started: Start) -> None:
    before = gc.get_threshold()
    found = started(processes=1).compute("collector", {})
    assert found["thresholds"] == [OF_A_JOB, MIDDLE, OLD] and found["frozen"] > 1_000
    assert gc.get_threshold() == before, "not here"


def test_an_error_comes_back_whole_and_the_process_stays(started: Start) -> None:
    processes = started(processes=1)
    first = processes.compute("count", {"seconds": 0.0})["pid"]
    with pytest.raises(PlaygroundError) as caught:
        processes.compute("refuse", {"text": "Ω bad"})
    error = caught.value
    assert (error.message, error.hint, error.text) == ("no", "yes", "Ω bad")
    assert (error.span, error.repair) == (Span(1, 2), Repair("mend", "good"))
    assert processes.compute("count", {"seconds": 0.0})["pid"] == first


def test_a_job_that_computes_too_long_is_ended_with_one_sentence_and_the_next_is_answered(started: Start) -> None:
    processes = started(processes=1, seconds=0.2)
    first = processes.compute("count", {"seconds": 0.01})["pid"]
    with pytest.raises(PlaygroundError, match=r"took more than 0\.2 seconds to compute, the limit") as caught:
        processes.compute("count", {"seconds": PATIENCE})
    assert "smaller" in caught.value.hint
    until(lambda: not is_alive(first))
    for _ in range(5):  # the clock begins anew with every job
        assert processes.compute("count", {"seconds": 0.1})["counted"] == 0.1


def test_a_job_that_takes_too_much_memory_is_refused(started: Start) -> None:
    processes = started(processes=1, megabytes=50)
    with pytest.raises(PlaygroundError, match="more memory than one picture may, 50 MB"):
        processes.compute("hold", {"megabytes": 100})
    assert processes.compute("hold", {"megabytes": 10})["pid"]


def test_memory_comes_back(started: Start) -> None:
    processes = started(processes=1)
    first = processes.compute("hold", {"megabytes": 250, "keep": True})["pid"]
    until(lambda: not is_alive(first))
    assert processes.compute("hold", {"megabytes": 1})["pid"] != first


def test_only_so_many_jobs_are_computed_at_once(started: Start) -> None:
    processes = started(processes=2)
    seen: set[int] = set()

    def ask() -> None:
        seen.add(processes.compute("count", {"seconds": 0.05})["pid"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert 1 <= len(seen) <= 2


def test_who_waits_too_long_for_a_place_is_told(started: Start) -> None:
    processes = started(processes=1, waiting=0.05)
    processes.compute("count", {"seconds": 0.0})
    with processes._places, pytest.raises(PlaygroundError, match="others' large pictures"):
        processes.compute("count", {"seconds": 0.0})
    assert processes.compute("count", {"seconds": 0.0})["counted"] == 0.0


def test_a_process_that_ended_by_itself_or_a_lost_host_is_replaced(started: Start) -> None:
    processes = started(processes=1)
    with pytest.raises(PlaygroundError, match="has ended"):
        processes.compute("leave", {})
    first = processes.compute("count", {"seconds": 0.0})["pid"]
    host = processes._host
    assert host is not None
    host.kill()
    host.wait(PATIENCE)
    os.kill(first, 9)
    until(lambda: not is_alive(first))
    assert processes.compute("count", {"seconds": 0.0})["pid"] != first


def test_nothing_stays_when_the_server_ends(started: Start) -> None:
    processes = started(processes=2)
    worker = processes.compute("count", {"seconds": 0.0})["pid"]
    host = processes._host
    assert host is not None
    processes.stop()
    host.wait(PATIENCE)
    until(lambda: not is_alive(worker))


def test_without_processes_there_are_none(started: Start) -> None:
    processes = started(processes=0)
    assert not processes.is_on
    assert not processes.is_ready
    assert processes._host is None


def test_a_limit_is_of_the_time_that_a_job_computes(started: Start) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    processes = started(processes=1, seconds=0.5)
    assert processes.compute("count", {"seconds": 0.3})["counted"] == 0.3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 0.3  # not this process computed
