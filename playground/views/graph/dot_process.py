"""Graphviz, in a process of its own whose CPU time is limited; only so many of them run at once."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from functools import lru_cache
from pathlib import Path

from playground.computing.turns import COMPUTING
from playground.errors import PlaygroundError

SECONDS = float(os.environ.get("PLAYGROUND_LAYOUT_SECONDS", "5"))
AT_ONCE = int(os.environ.get("PLAYGROUND_LAYOUTS_AT_ONCE", str(os.cpu_count() or 1)))
LARGE = 20_000  # characters of DOT; a smaller graph is laid out in a tenth of a second
PATIENCE = 30.0  # times the limit of CPU time, after which a process that does not even compute is given up
CURE = "install the Python package graphviz-pure, or Graphviz so that `dot` is on the PATH"
_LIMITED = 'ulimit -t "$0" && exec "$@"'  # counts the time that it computes: how busy others are does not matter
_ENDED_BY_LIMIT = (-signal.SIGXCPU, -signal.SIGKILL)
_NOT_FOUND = (126, 127)  # exit statuses of a shell

# What is quick never waits for what is slow: large graphs have their own places, and leave one core to the others.
_small_places = threading.Semaphore(AT_ONCE)
_large_places = threading.Semaphore(max(1, AT_ONCE // 2))


class TookTooLong(Exception):
    """Graphviz computed for as long as it may, and was ended."""


@lru_cache(maxsize=1)
def binary() -> str:
    """Graphviz: `PLAYGROUND_DOT`, else graphviz-pure of this environment, else `dot` on the PATH."""
    given = os.environ.get("PLAYGROUND_DOT")
    if given:
        return given
    folders = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    for folder in folders:
        found = shutil.which("graphviz-pure", path=str(folder))
        if found:
            return found
    found = shutil.which("graphviz-pure") or shutil.which("dot")
    if not found:
        raise PlaygroundError("the graph cannot be drawn: no Graphviz was found", hint=CURE)
    return found


def laid_out(dot: str) -> bytes:
    """The JSON of a graph's layout. TookTooLong after `SECONDS` of CPU time; PlaygroundError without Graphviz."""
    program = binary()
    command = ["/bin/sh", "-c", _LIMITED, str(max(1, math.ceil(SECONDS))), program, "-Tjson0"]
    with COMPUTING.aside(), _large_places if len(dot) > LARGE else _small_places:
        try:
            done = subprocess.run(
                command, input=dot.encode(), capture_output=True, timeout=PATIENCE * SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise TookTooLong from error
    if done.returncode in _ENDED_BY_LIMIT:
        raise TookTooLong
    if done.returncode in _NOT_FOUND:
        raise PlaygroundError(f"the graph cannot be drawn: {program} is missing", hint=CURE)
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise PlaygroundError(f"the graph could not be laid out: {said[-1]}", hint=CURE)
    return done.stdout
