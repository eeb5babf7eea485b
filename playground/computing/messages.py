"""JSON over a socket, and errors as JSON: nothing that is read here can be more than plain data."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from playground.errors import PlaygroundError, Repair, Span

_LENGTH = struct.Struct("!Q")
Message = dict[str, Any]


def send(connection: socket.socket, message: Message) -> None:
    """Send one message."""
    data = json.dumps(message, separators=(",", ":")).encode()
    connection.sendall(_LENGTH.pack(len(data)) + data)


def receive(connection: socket.socket) -> Message | None:
    """Receive one message; None where the other side has closed."""
    head = _exactly(connection, _LENGTH.size)
    data = None if head is None else _exactly(connection, _LENGTH.unpack(head)[0])
    if data is None:
        return None
    message: Message = json.loads(data)
    return message


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    parts = []
    while count:
        part = connection.recv(min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def error_message(error: PlaygroundError) -> Message:
    """An error as plain data."""
    return {
        "message": error.message,
        "hint": error.hint,
        "span": None if error.span is None else [error.span.start, error.span.end],
        "repair": None if error.repair is None else [error.repair.label, error.repair.text],
        "text": error.text,
    }


def error_of(message: Message) -> PlaygroundError:
    """The error that `error_message` wrote."""
    span, repair = message["span"], message["repair"]
    return PlaygroundError(
        message["message"],
        hint=message["hint"],
        span=None if span is None else Span(*span),
        repair=None if repair is None else Repair(*repair),
        text=message["text"],
    )
