"""A host program for tests: jobs of counted work, no PyTorch."""

from __future__ import annotations

import gc
import os
import socket
import sys
import time

from playground.computing.host import run_host
from playground.computing.messages import Message
from playground.errors import PlaygroundError, Repair, Span


def count(given: Message) -> Message:
    """Compute for so many seconds of CPU time."""
    begin = time.process_time()
    while time.process_time() - begin < given["seconds"]:
        pass
    return {"counted": given["seconds"], "pid": os.getpid()}


def hold(given: Message) -> Message:
    """Take so many megabytes, and keep them for `kept` of them."""
    KEPT.append(bytearray(given["megabytes"] * 1_000_000))
    if not given.get("keep"):
        KEPT.clear()
    return {"pid": os.getpid()}


def refuse(given: Message) -> Message:
    raise PlaygroundError("no", hint="yes", span=Span(1, 2), repair=Repair("mend", "good"), text=given["text"])


def leave(_: Message) -> Message:
    os._exit(3)


def collector(_: Message) -> Message:
    """How often this process looks for garbage, and how much of what was there before is out of its sight."""
    return {"thresholds": list(gc.get_threshold()), "frozen": gc.get_freeze_count()}


KEPT: list[bytearray] = []
JOBS = {"count": count, "hold": hold, "refuse": refuse, "leave": leave, "collector": collector}

if __name__ == "__main__":
    run_host(socket.socket(fileno=int(sys.argv[1])), JOBS)
