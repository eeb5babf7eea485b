"""How many students train at once, each with a run of its own; and how many follow one run, the teacher's.

Every session is a websocket client that opens the train page, presses Train or opens the teacher's link, polls its
run as often as the page asks for, and changes a setting every few seconds. Two runs go on at a time, the others wait in
the queue. All of it stands on one machine. A poll is counted when it is answered, a change from sending it to "script
finished".

    python -m benchmarks.watching                        # the tables
    python -m benchmarks.watching --sessions 100
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import quote

import psutil
from streamlit.proto.ClientState_pb2 import ClientState
from websockets.exceptions import WebSocketException

from benchmarks.connection import Connection, Desk, LoadError, connected
from benchmarks.load import percentile
from benchmarks.server import scratch_runs, serve

COMPONENT = "train"
STATE = "edit"
OWN = "v=1&text=" + quote("Flatten Linear(100) ReLU Linear(10)") + "&epochs=200&batch=20"  # some seconds each
LONG = "v=1&text=" + quote("Flatten Linear(1000) ReLU Linear(1000) ReLU Linear(10)") + "&epochs=200&batch=20"  # minutes
PERIOD = 5.0  # seconds between two changes of one session


class TrainPage(Connection):
    """An open train page: the settings, the runs, and the fragment that polls them."""

    def __init__(self, socket: Any, query: str, desk: Desk) -> None:
        super().__init__(socket)
        self.query = query
        self.desk = desk
        self.widgets: dict[str, str] = {}  # by part of the page
        self.frames: dict[str, dict[str, Any]] = {}
        self.states: dict[str, str] = {}  # a browser sends them all, each time
        self.fragment, self._seconds = "", 0.0

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(url: str, query: str) -> AsyncIterator[TrainPage]:
        async with connected(url) as socket:
            page = TrainPage(socket, query, Desk(url))
            await page.rerun(ClientState(page_name="train"))
            if page.widgets.keys() != {"setup", "runs"}:
                raise LoadError("the page does not show its two components")
            with contextlib.closing(page.desk):
                yield page

    def mounted(self, name: str, widget: str, fragment: str, frame: dict[str, Any]) -> None:
        if name == COMPONENT:
            self.widgets[frame["part"]], self.frames[frame["part"]] = widget, frame

    def again(self, fragment: str, seconds: float) -> None:
        self.fragment, self._seconds = fragment, seconds

    @property
    def seconds(self) -> float:
        """Until the next poll; 0: nothing goes on."""
        runs = self.frames["runs"]
        return float(runs["every"] or 0.0) if runs["direct"] else self._seconds

    async def rerun(self, state: ClientState) -> float:
        state.query_string = self.query
        for widget, content in self.states.items():
            state.widget_states.widgets.add(id=widget, json_value=content)
        if not state.fragment_id:
            self._seconds = 0.0  # until the page asks for polls again
        return await super().rerun(state)

    async def poll(self) -> None:
        """As the browser does when the time has come."""
        runs = self.frames["runs"]
        if not runs["direct"]:
            await self.rerun(ClientState(fragment_id=self.fragment, is_auto_rerun=True))
            return
        edit = {"sequence": runs["sequence"], "owner": runs["owner"], "do": "poll", "number": time.monotonic()}
        self.frames["runs"] = frame = await self.desk.answer(runs["direct"], edit)
        if frame["page_due"]:  # something outside of the part is
            self.states[self.widgets["runs"]] = json.dumps({STATE: {**edit, "number": time.monotonic()}})
            await self.rerun(ClientState())

    async def edit(self, sequence: int, do: str = "", **fields: str) -> float:
        """Change settings, maybe to train with them; the seconds until it is answered."""
        owner = self.frames["setup"]["owner"]
        content = {"sequence": sequence, "owner": owner, "do": do, "fields": fields}
        self.states[self.widgets["setup"]] = json.dumps({STATE: content})
        took = await self.rerun(ClientState())
        setup = self.frames["setup"]
        if setup["sequence"] != sequence or setup["said"]:
            raise LoadError(f"the answer is to edit {setup['sequence']}, not to {sequence}; {setup['said']}")
        return took


@dataclass(slots=True)
class Level:
    """What was seen at one number of sessions."""

    sessions: int
    measured: float  # seconds
    edits: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)  # seconds between two of one page
    errors: Counter[str] = field(default_factory=Counter)
    server: float = 0.0  # of a core


async def student(url: str, number: int, level: Level, starts: float, ends: float, shared: str) -> None:
    """Open the page before `starts`, train or follow the shared run, and change settings, until `ends`."""
    rng = random.Random(number)
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(rng.uniform(0, 0.7) * (starts - clock()))
    try:
        async with TrainPage.open(url, f"v=1&run={shared}" if shared else OWN) as page:
            await page.edit(1, "" if shared else "train", rng_seed=str(number))
            sequence, polled, change = 1, clock(), max(starts, clock()) + rng.uniform(0, PERIOD)
            while clock() < ends:
                due = min(change, polled + page.seconds if page.seconds else ends, ends)
                await asyncio.sleep(due - clock())
                if due == change:
                    sequence += 1
                    level.edits.append(await page.edit(sequence, learning_rate=str(rng.randint(1, 999) / 1000)))
                    change += PERIOD
                elif due < ends:
                    await page.poll()
                    if polled > starts:
                        level.polls.append(clock() - polled)
                    polled = clock()
    except (LoadError, OSError, TimeoutError, WebSocketException) as error:
        level.errors[f"{type(error).__name__}: {error}"] += 1


async def teacher(url: str) -> str:
    """Start a long run and wait until it goes on; its name."""
    async with TrainPage.open(url, LONG) as page:
        await page.edit(1, "train")
        while True:
            [run] = page.frames["runs"]["runs"]
            if run["step"]:
                return str(run["id"])
            await asyncio.sleep(page.seconds)
            await page.poll()


async def measure(url: str, pid: int, sessions: int, seconds: float, *, is_shared: bool = False) -> Level:
    """What `sessions` students at once see in `seconds` seconds, counted once all have had time to open their pages."""
    shared = await teacher(url)  # the first page imports PyTorch, and starts the host
    level = Level(sessions, seconds)
    clock, server = asyncio.get_running_loop().time, psutil.Process(pid)
    starts = clock() + 3 + 0.15 * sessions
    followed = shared if is_shared else ""
    ends = starts + seconds

    async def watch() -> None:
        await asyncio.sleep(starts - clock())
        before = sum(server.cpu_times()[:2])
        await asyncio.sleep(ends - clock())
        level.server = (sum(server.cpu_times()[:2]) - before) / seconds

    await asyncio.gather(watch(), *(student(url, number, level, starts, ends, followed) for number in range(sessions)))
    return level


HEADER = (
    "| sessions | server, % of a core | polls a second | between two polls of a page, median / p95 s "
    "| change of a setting, median / p95 ms | errors |\n|---:|---:|---:|---:|---:|---:|"
)


def row(level: Level) -> str:
    """A line of the table."""
    polls, edits = level.polls or [float("nan")], [1000 * took for took in level.edits] or [float("nan")]
    return (
        f"| {level.sessions} | {100 * level.server:.0f} | {len(level.polls) / level.measured:.1f} "
        f"| {median(polls):.2f} / {percentile(polls, 95):.2f} | {median(edits):.0f} / {percentile(edits, 95):.0f} "
        f"| {level.errors.total()} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 where any session saw an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watching", description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 25, 50, 100], help="numbers of sessions")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured seconds for each number")
    given = parser.parse_args(arguments)
    print(f"One server process, {os.cpu_count()} cores, a change every {PERIOD:g} s, {given.seconds:g} s a row.")
    failed = Counter[str]()
    for is_shared, what in ((False, "Each trains a net of its own, beside a long run"), (True, "All follow one run")):
        print(f"\n{what}:\n\n{HEADER}", flush=True)
        for sessions in given.sessions:
            with scratch_runs() as runs, serve(PLAYGROUND_DB=runs) as server:
                level = asyncio.run(measure(server.url, server.pid, sessions, given.seconds, is_shared=is_shared))
            print(row(level), flush=True)
            failed += level.errors
    for message, times in failed.most_common(5):
        print(f"{times} x {message}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
