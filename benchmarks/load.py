"""How many students one server process carries: sessions that edit the expression every two seconds.

Every session is a client that speaks the page's own protocol, all in one process beside the server, so both share the
machine. An edit is timed from sending it to its whole answer: posted, as a browser does it, where the page says that it
answers directly, else through the websocket, to "script finished". The knee is the first number of sessions whose
median is more than twice that of one session alone.

    python -m benchmarks.load                            # the table
    python -m benchmarks.load --sessions 50 --seconds 300
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from streamlit.proto.ClientState_pb2 import ClientState
from websockets.exceptions import WebSocketException

from benchmarks.connection import MOST_SESSIONS, PATIENCE, Connection, Desk, LoadError, connected
from benchmarks.server import ROOT, serve

MOST_SECONDS = 600.0
MOST_OF_LOG = 6_000  # characters of the server's log that are shown where a session failed
LEAST = 3  # edits of every session, also where opening the page took longer than the measured seconds


Edit = dict[str, Any]


# What is particular to the page: its component, what a student changes next, and when an answer is wrong.

COMPONENT = "stepper"
STATE = "edit"
FUNCTIONS = ("sin", "cos", "tanh", "exp", "sigmoid", "atan", "relu", "softplus")
TERMS = ("+ {}(x1)", "- {}(x1*x2)", "+ {}(x2)*x1", "* {}(x2)")
MOST_TERMS = 4


def next_edit(data: Mapping[str, Any], sequence: int, rng: random.Random) -> Edit:
    """The next state of the component: the last document that the server understood, with a text not sent before.

    L0.4 with another number and function and up to four terms more: hundreds of graphs of different shapes.
    """
    document = data.get("document") or {}
    terms = [rng.choice(TERMS).format(rng.choice(FUNCTIONS)) for _ in range(rng.randint(0, MOST_TERMS))]
    text = f"f = log(x1) + {rng.randint(100, 999) / 100}*x1*x2 - {rng.choice(FUNCTIONS)}(x2)"
    have = (data.get("picture") or {}).get("key")
    return {**document, "sequence": sequence, "text": " ".join([text, *terms]), "have": have}


def complaint(data: Mapping[str, Any], edit: Edit) -> str | None:
    """What is wrong with the answer to `edit`; None where it is right."""
    if data.get("error"):
        return f"the page refused the text: {data['error']}"
    if data.get("sequence") != edit["sequence"]:
        return f"the answer is to edit {data.get('sequence')}, not to {edit['sequence']}"
    return None


# The page.


class Session(Connection):
    """An open expressions page."""

    widget = fragment = ""
    frame: Mapping[str, Any] = {}
    direct: Mapping[str, Any] | None = None
    desk: Desk

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(url: str) -> AsyncIterator[Session]:
        async with connected(url) as socket:
            session = Session(socket)
            await session.rerun(ClientState())
            if not session.widget:
                raise LoadError(f"the page shows no component named {COMPONENT}")
            session.direct = session.frame.get("direct")
            session.desk = Desk(url)
            with contextlib.closing(session.desk):
                yield session

    async def edit(self, edit: Edit) -> float:
        """Send an edit; the seconds until its answer is there."""
        if self.direct is not None:
            start = time.perf_counter()
            self.frame = await self.desk.answer(self.direct, edit)
            return time.perf_counter() - start
        state = ClientState(fragment_id=self.fragment)
        state.widget_states.widgets.add(id=self.widget, json_value=json.dumps({STATE: edit}))
        return await self.rerun(state)

    def mounted(self, name: str, widget: str, fragment: str, frame: dict[str, Any]) -> None:
        if name == COMPONENT:
            self.widget, self.fragment, self.frame = widget, fragment, frame


# The measurement.


@dataclass(slots=True)
class Level:
    """What was seen at one number of sessions."""

    sessions: int
    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else float("nan")

    def p95(self) -> float:
        return percentile(self.seconds, 95)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` per cent of `values` do not exceed.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 50)
    2.0
    """
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def knee(levels: Iterable[Level]) -> Level | None:
    """The first level whose median is more than twice that of the first."""
    first, *others = levels
    return next((level for level in others if level.median() > 2 * first.median()), None)


@dataclass(frozen=True, slots=True)
class Window:
    """When a level is measured, in the event loop's time: pages open before `begins`, edits count until `ends`."""

    opens: float
    begins: float
    ends: float
    period: float


async def student(url: str, number: int, level: Level, window: Window) -> None:
    """Open the page, edit it every period until the end; a page that failed is opened again after a period."""
    rng = random.Random(number)
    clock = asyncio.get_running_loop().time
    sequence = tries = 0
    await asyncio.sleep(rng.uniform(window.opens, window.begins) - clock())
    while clock() < window.ends or (sequence < LEAST and tries < LEAST):
        tries += 1
        try:
            async with Session.open(url) as session:
                data = session.frame
                while (due := clock()) < window.ends or sequence < LEAST:
                    sequence += 1
                    edit = next_edit(data, sequence, rng)
                    took = await session.edit(edit)
                    if due >= window.begins:
                        level.seconds.append(took)
                    data = session.frame
                    if wrong := complaint(data, edit):
                        raise LoadError(wrong)
                    await asyncio.sleep(due + window.period - clock())
        except (LoadError, OSError, TimeoutError, HTTPException, WebSocketException) as error:
            level.errors[f"{type(error).__name__}: {error}"] += 1
            await asyncio.sleep(window.period)


async def measure(url: str, sessions: int, seconds: float, period: float) -> Level:
    """What `sessions` students at once see in `seconds` seconds, counted once all have had time to open the page."""
    level = Level(sessions)
    now = asyncio.get_running_loop().time()
    begins = now + period + 0.15 * sessions
    window = Window(now, begins, begins + seconds, period)
    async with asyncio.timeout(window.ends - now + 3 * PATIENCE):
        await asyncio.gather(*(student(url, number, level, window) for number in range(sessions)))
    return level


HEADER = f"{'sessions':>8} {'edits':>7} {'median ms':>10} {'p95 ms':>8} {'errors':>7}"


def row(level: Level) -> str:
    return (
        f"{level.sessions:>8} {len(level.seconds):>7} {level.median() * 1000:>10.1f} {level.p95() * 1000:>8.1f}"
        f" {level.errors.total():>7}"
    )


def conclusion(levels: Sequence[Level]) -> str:
    """The knee in one sentence."""
    found = knee(levels)
    one = f"{levels[0].sessions} session{'s' if levels[0].sessions > 1 else ''}"
    if found is None:
        return f"knee: none up to {levels[-1].sessions} sessions (no median above twice that of {one})"
    times = found.median() / levels[0].median()
    return f"knee: {found.sessions} sessions (their median is {times:.1f} times that of {one})"


def run(app: Path, counts: Sequence[int], seconds: float, period: float) -> list[Level]:
    """Serve `app`, measure every number of sessions in turn and print the table."""
    levels = []
    print(f"one edit every {period:g} s per session, {seconds:g} s per row, one server process, {os.cpu_count()} cores")
    print(HEADER, flush=True)
    with serve(app) as server:
        asyncio.run(measure(server.url, 1, 3 * period, period))  # the first page imports PyTorch
        for count in counts:
            levels.append(asyncio.run(measure(server.url, count, seconds, period)))
            print(row(levels[-1]), flush=True)
        if any(level.errors for level in levels):
            print(server.log()[-MOST_OF_LOG:], file=sys.stderr)
    print(conclusion(levels))
    for message, times in sum((level.errors for level in levels), Counter[str]()).most_common(5):
        print(f"{times} x {message}")
    return levels


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 where any session saw an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 25, 50, 75, 100], help="numbers of sessions")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured seconds for each number")
    parser.add_argument("--period", type=float, default=2.0, help="seconds between two edits of one session")
    parser.add_argument("--app", type=Path, default=ROOT / "app.py", help="the script to serve")
    given = parser.parse_args(arguments)
    if not all(1 <= count <= MOST_SESSIONS for count in given.sessions):
        parser.error(f"sessions: 1 to {MOST_SESSIONS}")
    if not 0 < given.seconds <= MOST_SECONDS or given.period < 0.05:
        parser.error(f"seconds: up to {MOST_SECONDS:g}; period: at least 0.05")
    levels = run(given.app, given.sessions, given.seconds, given.period)
    return int(any(level.errors for level in levels))


if __name__ == "__main__":
    sys.exit(main())
