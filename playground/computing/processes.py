"""`Processes`: the side that asks. Jobs go to a few warm processes, which are ended where a job takes too long."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

from playground.computing.limits import LIMITS, ComputingLimits
from playground.computing.messages import Message, error_of, receive, send
from playground.computing.turns import COMPUTING
from playground.computing.worker import SMALLER
from playground.errors import PlaygroundError

PATIENCE = 12.0  # times the limit of CPU time, after which a process is given up that does not even compute
START = 120.0  # seconds that a host may take to load everything
BUSY = "others' large pictures are being computed"
NEVER = "try again in a minute"


class NotNow(PlaygroundError):
    """What was asked may well be answered the next time: nothing is wrong with it that is known."""


class Processes:
    """Warm processes of a host program, each of which computes one job at a time.

    A job is a name and plain data, and so is its answer. Nothing is started before `start`.
    """

    def __init__(self, limits: ComputingLimits = LIMITS) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(max(1, limits.processes))
        self._idle: list[socket.socket] = []
        self._program = ""
        self._host: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_ready = False

    def start(self, program: str) -> None:
        """Start the host, a module that is run with the number of its control socket."""
        with self._lock:
            self._program = program
            if self.limits.processes > 0:
                self._start()

    def stop(self) -> None:
        """End the host and its processes, when they have answered."""
        with self._lock:
            self._program = ""
            self._close()

    @property
    def is_on(self) -> bool:
        """Tell whether there are processes, or will be when the host has loaded everything."""
        return self._program != "" and self.limits.processes > 0

    @property
    def is_ready(self) -> bool:
        """Tell whether a job would begin at once."""
        with self._lock:
            return self.is_on and self._wait(0.0)

    def compute(self, job: str, given: Message) -> Message:
        """The answer to a job. PlaygroundError: the job's own, or it took too much time or memory."""
        with COMPUTING.aside():
            if not self._places.acquire(timeout=self.limits.waiting):
                raise NotNow(BUSY, hint=NEVER)
            try:
                return self._compute(job, given)
            finally:
                self._places.release()

    def _compute(self, job: str, given: Message) -> Message:
        connection = self._connection()
        limits = self.limits
        asked = {"job": job, "given": given, "seconds": limits.seconds, "megabytes": limits.megabytes}
        try:
            send(connection, asked)
            said = receive(connection)
        except OSError:  # it has ended, or it does not even compute
            said = None
        if said is None or "ended" in said or said["is_last"]:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        if said is None or "ended" in said:
            raise self._ended("" if said is None else said["ended"])
        if "error" in said:
            raise error_of(said["error"])
        answer: Message = said["answer"]
        return answer

    def _ended(self, how: str) -> PlaygroundError:
        if how == "SIGPROF":
            return PlaygroundError(
                f"this took more than {self.limits.seconds:g} seconds to compute, the limit for one picture",
                hint=SMALLER,
            )
        return NotNow(f"the process that computed this has ended{f' ({how})' * bool(how)}", hint=SMALLER)

    def _connection(self) -> socket.socket:
        """A connection to a process that waits, else to a new one."""
        end, has_started = time.monotonic() + START, False
        while time.monotonic() < end:
            with self._lock:
                if (connection := self._waiting()) is not None:
                    return connection
                if self._host is None or self._host.poll() is not None:
                    if has_started:
                        break  # it ended at once
                    self._start()
                    has_started = True
                if self._wait(0.05) and self._control is not None:
                    return self._forked(self._control)
        raise NotNow("the processes for large pictures do not start", hint=NEVER)

    def _waiting(self) -> socket.socket | None:
        """A connection to a process that has nothing to do."""
        while self._idle:
            connection = self._idle.pop()
            if not _has_ended(connection):
                connection.settimeout(PATIENCE * self.limits.seconds)
                return connection
            connection.close()
        return None

    def _forked(self, control: socket.socket) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE * self.limits.seconds)
        with theirs:
            socket.send_fds(control, [b"f"], [theirs.fileno()])
        return ours

    def _start(self) -> None:
        self._close()
        ours, theirs = socket.socketpair()
        with theirs:
            self._host = subprocess.Popen(
                [sys.executable, "-m", self._program, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PLAYGROUND_COMPUTING_PROCESSES": "0"},  # what computes there asks nobody else
                start_new_session=True,
            )
        threading.Thread(target=self._host.wait, name="computing", daemon=True).start()  # takes note of its end
        self._control, self._is_ready = ours, False

    def _wait(self, seconds: float) -> bool:
        """Tell whether the host has said that it is ready, within so many seconds."""
        if not self._is_ready and self._control is not None:
            with suppress(OSError):
                self._control.settimeout(seconds)
                self._is_ready = self._control.recv(1) != b""
                self._control.settimeout(None)
        return self._is_ready

    def _close(self) -> None:
        for connection in (*self._idle, self._control):
            if connection is not None:
                connection.close()
        self._idle, self._control, self._is_ready = [], None, False


def _has_ended(connection: socket.socket) -> bool:
    """Tell whether a process that waits has ended: then there is something to read, or its end."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


PROCESSES = Processes()  # of this page server
