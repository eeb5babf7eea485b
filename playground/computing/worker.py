"""The side of a process that computes: it answers one job after the other, each within limits of its own."""

from __future__ import annotations

import resource
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from playground.computing.at_once import may_fork
from playground.computing.messages import Message, error_message, receive, send
from playground.errors import PlaygroundError
from playground.unforeseen import unforeseen

Job = Callable[[Message], Message]
MEGABYTE = 1_000_000
MOST_KEPT = 200 * MEGABYTE  # a process that has grown by more is not used again: so its memory comes back
SMALLER = "make it smaller: fewer lines, elements, layers or examples"
ALLOCATORS_SAY = ("can't allocate memory", "not enough memory", "out of memory")  # PyTorch's, by system and device


@dataclass(frozen=True, slots=True)
class Jobs:
    """What a process can do; one that stays on the CPU can be forked, and a limit on its addresses is one on its
    memory."""

    by_name: Mapping[str, Job]
    is_on_cpu: bool = True


def serve(connection: socket.socket, jobs: Jobs) -> None:
    """Answer what comes over the connection, until the other side closes it or this process has grown."""
    began = used()
    while (asked := receive(connection)) is not None:
        answer = _answer(jobs, asked)
        answer["is_last"] = used() - began > MOST_KEPT
        send(connection, answer)
        if answer["is_last"]:
            return


def _answer(jobs: Jobs, asked: Message) -> Message:
    too_much = PlaygroundError(f"this takes more memory than one picture may, {asked['megabytes']:,} MB", hint=SMALLER)
    try:
        room = asked["megabytes"] * MEGABYTE if jobs.is_on_cpu else None
        with limited(asked["seconds"], room), may_fork() if jobs.is_on_cpu else nullcontext():
            return {"answer": jobs.by_name[asked["job"]](asked["given"])}
    except PlaygroundError as error:
        if lacks_memory(f"{error.message} {error.__cause__}"):
            error = too_much
        return {"error": error_message(error)}
    except Exception as error:
        if isinstance(error, MemoryError) or lacks_memory(str(error)):
            return {"error": error_message(too_much)}
        return {"error": error_message(unforeseen(error))}


def lacks_memory(said: str) -> bool:
    """Tell whether an allocator has said this; PyTorch has no error of its own for it on the CPU."""
    return any(words in said.lower() for words in ALLOCATORS_SAY)


@contextmanager
def limited(seconds: float, room: int | None) -> Iterator[None]:
    """End this process when it has computed for so long in the block; more memory than this is refused to it, if any
    is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends the process, in the middle of a call too
    with suppress(ValueError, OSError):  # a system may know no such limit
        if room is not None:
            resource.setrlimit(resource.RLIMIT_AS, (_addresses() + room, hard))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def used() -> int:
    """Bytes of memory that this process has now; 0 where the system does not tell."""
    return _pages()[1] * resource.getpagesize()


def _addresses() -> int:
    pages = _pages()[0]
    if not pages:
        raise OSError("the size of this process is not known")
    return pages * resource.getpagesize()


def _pages() -> tuple[int, int]:
    with suppress(OSError, ValueError):
        size, resident, *_ = map(int, Path("/proc/self/statm").read_text().split())
        return size, resident
    return 0, 0
