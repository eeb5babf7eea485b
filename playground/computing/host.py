"""`run_host`: a program of its own, warm, that forks a process for every connection that it is handed.

A fork of a warm process computes after a hundredth of a second; a fresh Python takes seconds to load PyTorch. The host
keeps one thread, and does nothing but fork and collect.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

from playground.computing.at_once import fork
from playground.computing.garbage import OF_A_JOB, settle
from playground.computing.messages import send
from playground.computing.worker import Job, Jobs, serve

NICE = 10  # pages are answered first
COLLECT_EVERY = 0.05  # seconds between two looks for processes that have ended
READY = b"r"


def run_host(
    control: socket.socket, jobs: Mapping[str, Job], ready: Callable[[Mapping[str, Job]], Jobs] = Jobs
) -> None:
    """Fork for whoever asks over `control`, until that is closed. Call it when everything is warm.

    `ready`: makes the jobs ready in each fork, with what must not be there before it.
    """
    settle(OF_A_JOB)  # forks share what is there now
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which closes `control`
    control.sendall(READY)
    connections: dict[int, socket.socket] = {}
    while True:
        _collect(connections)
        if not select.select([control], [], [], COLLECT_EVERY if connections else None)[0]:
            continue
        data, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not data:
            return
        connection = socket.socket(fileno=descriptors[0])
        connections[_forked(control, connections, connection, jobs, ready)] = connection


def _forked(
    control: socket.socket,
    others: Mapping[int, socket.socket],
    connection: socket.socket,
    jobs: Mapping[str, Job],
    ready: Callable[[Mapping[str, Job]], Jobs],
) -> int:
    child = fork()
    if child:
        return child
    code = 1
    try:
        control.close()
        for other in others.values():
            other.close()
        serve(connection, ready(jobs))
        code = 0
    finally:
        os._exit(code)


def _collect(connections: dict[int, socket.socket]) -> None:
    """Say on the connection of a process that has ended how it did, and close it."""
    while connections:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        connection = connections.pop(child)
        code = os.waitstatus_to_exitcode(status)
        with connection, suppress(OSError):
            connection.settimeout(1.0)
            send(connection, {"ended": signal.Signals(-code).name if code < 0 else f"exit status {code}"})
