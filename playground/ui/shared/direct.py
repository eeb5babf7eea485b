"""Edits that are answered directly: the browser posts one, with its session's ticket, and has the next frame.

A run of the page's script does the same through Streamlit's socket, and costs the server a third more and the browser
twice the time. Where nobody serves the route (another launcher, a proxy that knows only the socket) that way is taken.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import wraps
from threading import Lock, RLock
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from weakref import WeakValueDictionary

from playground.ui.shared.frame_data import DirectData

PATH = "direct-edit"
P = ParamSpec("P")
T = TypeVar("T")


class Held(Protocol):
    """What the page's script and a direct answer may want at once."""

    held: RLock


H = TypeVar("H", bound=Held)


def alone(method: Callable[Concatenate[H, P], T]) -> Callable[Concatenate[H, P], T]:
    """A method in which one thread at a time is, of all such methods of an object."""

    @wraps(method)
    def inside(self: H, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.held:
            return method(self, *args, **kwargs)

    return inside


class Answering(Protocol):
    """A session that can answer an edit by itself, in any thread."""

    def answer(self, edit: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take the edit and return the frame of now, as data of JSON."""


class Desk:
    """The sessions of this process by their tickets, as long as they last. A ticket cannot be guessed."""

    def __init__(self) -> None:
        self._sessions = WeakValueDictionary[str, Answering]()
        self._lock = Lock()
        self._path = ""

    def open(self, path: str) -> None:
        """Have browsers post to this path from now on."""
        self._path = path

    def ticket(self, session: Answering) -> str:
        """A new ticket for a session."""
        ticket = secrets.token_urlsafe(16)
        with self._lock:
            self._sessions[ticket] = session
        return ticket

    def session(self, ticket: str) -> Answering | None:
        """The session with this ticket; None: it has ended, or never was one of this process."""
        with self._lock:
            return self._sessions.get(ticket)

    @property
    def is_open(self) -> bool:
        """Tell whether somebody would answer."""
        return bool(self._path)

    def data(self, ticket: str) -> DirectData | None:
        """Where the browser is to post the edits of this session; None where nobody would answer."""
        return {"path": self._path, "ticket": ticket} if self._path else None


DESK = Desk()
