"""What the others notice while one visitor sends the dearest texts that the limits let through.

Two sessions of one server: one edits the expression, the other sends dear text after dear text, each as soon as the one
before is answered. Beside the usual time of an edit stands the time meanwhile, and the memory of the server with all
its processes before, meanwhile and afterwards.

    python -m benchmarks.neighbours
    python -m benchmarks.neighbours --edits 60 --only products
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from benchmarks.load import Session, complaint, next_edit
from benchmarks.server import Server, serve

MOST = 2.0  # times its usual time that an edit may take meanwhile
USUAL_AGAIN = 1.25  # times the memory before, to which it comes back
SETTLED = 30.0  # seconds in which it does
PAUSE = 0.2  # seconds between two edits

# By what is dear about them; {} makes every text another one. Each comes near a limit of its own.
DEAR = {
    "products": "a = ones(800, 800) * {}\nfor i in range(4):\n    a = a @ a / 800\ny = a.sum() * x1",
    "operations": "y = x1 * {}\nfor i in range(450):\n    y = sin(y)",
    "memory": "y = x1 * {}\nfor i in range(6):\n    y = y + ones(1000, 1000)\ny = y.mean()",
    "second-order": "a = ones(200) * {} * x1\ng, = grad(cumprod(a, 0).sum(), x1, create_graph=True)\ny = g * g",
    "series": "y = x1\nfor i in range(4):\n    y = y + special.gammainc(ones(500000), ones(500000) * {}).mean()",
}


@dataclass(frozen=True, slots=True)
class Noticed:
    """Seconds of the neighbour's edits, and megabytes of the server."""

    usual: list[float]
    meanwhile: list[float]
    dear: int  # texts that were answered meanwhile
    before: float
    most: float
    after: float

    def times(self) -> float:
        return statistics.median(self.meanwhile) / statistics.median(self.usual)


def memory(server: Server) -> float:
    """Megabytes of the server and of all its processes that no other process shares."""
    parent = psutil.Process(server.pid)
    total = 0.0
    for process in (parent, *parent.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total / 1e6


async def edits(session: Session, count: int, first: int) -> list[float]:
    """The seconds of so many edits, one after the other."""
    rng, seconds = random.Random(first), []
    for number in range(first, first + count):
        edit = next_edit(session.frame, number, rng)
        seconds.append(await session.edit(edit))
        if wrong := complaint(session.frame, edit):
            raise AssertionError(wrong)
        await asyncio.sleep(PAUSE)
    return seconds


async def send(session: Session, text: str, numbers: Sequence[int], sent: list[float]) -> None:
    """Send a dear text again and again, with another number in it each time."""
    for number in numbers:
        document = session.frame.get("document") or {}
        await session.edit({**document, "sequence": number, "text": text.format(1 + number / 1e4), "have": None})
        sent.append(time.monotonic())


async def measure(server: Server, text: str, count: int) -> Noticed:
    """What one visitor notices of another who sends `text`."""
    async with Session.open(server.url) as quiet, Session.open(server.url) as loud:
        await send(loud, text, [1], [])  # its process is there, and so is what it loads
        await edits(quiet, 5, 1)
        before = most = memory(server)
        usual = await edits(quiet, count, 100)
        sent: list[float] = []
        sending = asyncio.create_task(send(loud, text, range(2, 100_000), sent))
        meanwhile: list[float] = []
        while not sending.done() and (len(meanwhile) < count or not sent):
            meanwhile += await edits(quiet, 1, 1_000 + len(meanwhile))
            most = max(most, memory(server))
        if sending.done():
            sending.result()
        sending.cancel()
    return Noticed(usual, meanwhile, len(sent), before, most, await _settled(server, before))


async def _settled(server: Server, before: float) -> float:
    """The memory when it has come back, or when it should have."""
    end = time.monotonic() + SETTLED
    while (after := memory(server)) > USUAL_AGAIN * before and time.monotonic() < end:
        await asyncio.sleep(0.5)
    return after


HEADER = (
    f"{'dear by':<14}{'usual ms':>10}{'meanwhile ms':>14}{'times':>8}{'dear texts':>12}{'MB before':>11}"
    f"{'most':>7}{'after':>7}"
)


def row(kind: str, noticed: Noticed) -> str:
    return (
        f"{kind:<14}{statistics.median(noticed.usual) * 1e3:>10.1f}{statistics.median(noticed.meanwhile) * 1e3:>14.1f}"
        f"{noticed.times():>8.2f}{noticed.dear:>12}{noticed.before:>11.0f}{noticed.most:>7.0f}{noticed.after:>7.0f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 where an edit took more than twice its usual time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbours", description=__doc__.split("\n")[0])
    parser.add_argument("--edits", type=int, default=20, help="edits of which the median is taken")
    parser.add_argument("--only", choices=DEAR, help="one kind of dear text")
    given = parser.parse_args(arguments)
    kinds = [given.only] if given.only else list(DEAR)
    print(HEADER)
    worst = 0.0
    with serve() as server:
        for kind in kinds:
            noticed = asyncio.run(measure(server, DEAR[kind], given.edits))
            print(row(kind, noticed), flush=True)
            worst = max(worst, noticed.times())
    print(f"an edit takes at most {worst:.2f} times its usual time; the limit is {MOST:g}")
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(main())
