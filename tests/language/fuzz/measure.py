"""Run many documents in processes of their own, and say which took too much or ended in another error than ours.

`python -m tests.language.fuzz.measure FIRST COUNT` runs the seeds from FIRST on, `CHUNK` documents each, and prints a
line of JSON for every one that fails. A document that ends its process, or holds it, is one that fails.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.export.script import to_python
from playground.trace.trace import Trace
from playground.views.stepper.picture import picture
from tests.language.fuzz.cases import Cases

SECONDS, BYTES = 0.5, 100_000_000  # of CPU time and of memory, what one text may take
HELD = 20.0  # seconds of CPU time after which a process is given up
CHUNK = 2_000
SHOWN = 8  # every so many-th trace is looked at in all forms, too
NOTED = re.compile(r"nobody foresaw")


@dataclass(frozen=True, slots=True)
class Failure:
    """One document and what was wrong with it."""

    seed: int
    number: int
    problem: str
    seconds: float
    bytes: int
    document: Document

    def line(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))


def failures(seed: int, count: int = CHUNK) -> Iterator[Failure]:
    """Those among the documents of a seed that took too much, raised something else, or ended their process."""
    ours, first = multiprocessing.get_context("fork"), 0
    while first < count:
        here, there = ours.Pipe(duplex=False)
        worker = ours.Process(target=_work, args=(seed, first, count, there))
        worker.start()
        there.close()
        number = first
        try:
            while True:
                said = here.recv()
                if isinstance(said, Failure):
                    yield said
                else:
                    number = said
        except EOFError:
            pass
        worker.join()
        if worker.exitcode != 0:  # it has ended in this one
            yield Failure(seed, number, f"ended with {worker.exitcode}", HELD, 0, document_of(seed, number))
        first = number + 1


def document_of(seed: int, number: int) -> Document:
    """One document again."""
    cases = Cases(seed)
    for _ in range(number):
        cases.document()
    return cases.document()


def _work(seed: int, first: int, count: int, there: Connection) -> None:
    cases = Cases(seed)
    for number in range(count):
        document = cases.document()
        if number < first:
            continue
        there.send(number)
        signal.setitimer(signal.ITIMER_PROF, HELD)
        failure = failure_of(document, seed, number)
        if failure is not None:
            there.send(failure)
        if number % 200 == 0:
            gc.collect()
    there.close()
    os._exit(0)


def failure_of(document: Document, seed: int = 0, number: int = 0) -> Failure | None:
    """What is wrong with this one; a second try where it was dear, as the first of a kind loads what PyTorch needs."""
    problem, seconds, grown = measured(document.run)
    if not problem and (seconds >= SECONDS or grown >= BYTES):
        problem, *again = measured(document.run)
        seconds, grown = min(seconds, again[0]), min(grown, again[1])
    if not problem and seconds >= SECONDS:
        problem = "too slow"
    if not problem and grown >= BYTES:
        problem = "too large"
    if not problem and number % SHOWN == 0:
        problem, *_ = measured(lambda: shown(document))
    return Failure(seed, number, problem, seconds, grown, document) if problem else None


def measured(work: Callable[[], object]) -> tuple[str, float, int]:
    """What was raised that is not ours, or is badly said; the CPU time it took and the memory it grew by."""
    problem = ""
    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")  # the peak is counted from here on
    before, started = resident("VmRSS"), time.process_time()
    try:
        work()
    except PlaygroundError as error:
        problem = badly_said(error)
    except Exception as error:
        problem = "".join(traceback.format_exception(error)[-3:])
    return problem, time.process_time() - started, resident("VmHWM") - before


def badly_said(error: PlaygroundError) -> str:
    """What is wrong with an error of ours."""
    if NOTED.search(error.message):
        return "".join(traceback.format_exception(error))
    if not 3 < len(error.message) < 400:
        return f"a message of {len(error.message)} characters: {error.message[:500]}"
    if (
        error.span is not None
        and error.text is not None
        and not 0 <= error.span.start <= error.span.end <= len(error.text)
    ):
        return f"placed outside: {error.message}"
    return "" if error.marked() else "without a mark"


def shown(document: Document) -> None:
    """Everything that a page shows of a document that runs."""
    trace = document.run()
    Trace.from_json(trace.to_json())
    assert trace.checks is not None
    picture(trace, document.graph)
    to_python(document.program(), {leaf.name: leaf for leaf in document.used_leaves()})


def resident(field: str) -> int:
    """A size of this process in bytes."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(first: int, count: int) -> None:
    """Print the failures of so many documents."""
    torch.set_num_threads(1)
    for seed in range(first, first + -(-count // CHUNK)):
        for failure in failures(seed, min(CHUNK, count)):
            _say(failure.line())
        _say(json.dumps({"done": seed}))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
