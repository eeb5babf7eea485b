"""The route by which edits are answered directly (docs/stepper.md): one POST, bounded before anything reads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from playground.errors import PlaygroundError
from playground.texts import plain_data
from playground.ui.shared.direct import DESK, PATH, Answering
from playground.ui.start.first_page import base_path
from playground.unforeseen import tried

MOST_AT_ONCE = 200  # answers, each in a thread, most of which wait for their turn
MOST_BYTES = 200_000  # of one edit: a text and its leaves, at most 5,000 characters each, 40 of them
UNPACKED = {"content-encoding": "identity", "cache-control": "no-store"}  # to pack it takes as long as to make it

_answering = set[str]()  # tickets; only the event loop changes it


def direct_route() -> Route:
    """The route, below the path that the app is served at."""
    path = f"{base_path()}/{PATH}"
    DESK.open(path)
    return Route(path, _answer, methods=["POST"])


async def _answer(request: Request) -> Response:
    """The frame; 413 for what is too long, 400 for no edit, 404 for a ticket that is none, 429 while an edit of this
    session is being answered, 503 while too many are, 500 where it went wrong. A browser then asks through the socket.
    """
    body = await _body(request)
    if body is None:
        return _refusal("this edit is too long", 413)
    try:
        sent = plain_data(orjson.loads(body))
        ticket, edit = sent["ticket"], sent["edit"]
    except (ValueError, TypeError, KeyError):
        return _refusal("this is no edit", 400)
    session = DESK.session(ticket) if isinstance(ticket, str) else None
    if session is None:
        return _refusal("there is no such session here", 404)
    if not isinstance(edit, dict):
        return _refusal("this is no edit", 400)
    if ticket in _answering:
        return _refusal("an edit of this session is being answered", 429)
    if len(_answering) >= MOST_AT_ONCE:
        return _refusal("too many edits are being answered", 503)
    _answering.add(ticket)
    try:
        frame = await to_thread.run_sync(_tried, session, edit, limiter=_threads())
    finally:
        _answering.discard(ticket)
    if isinstance(frame, PlaygroundError):
        return _refusal(frame.message, 500)
    return Response(orjson.dumps(frame), media_type="application/json", headers=UNPACKED)


def _tried(session: Answering, edit: Mapping[str, Any]) -> Mapping[str, Any] | PlaygroundError:
    return tried(lambda: session.answer(edit))


@cache  # made where the server's event loop runs
def _threads() -> CapacityLimiter:
    """The threads for answers: others serve files, so that neither wait for the other."""
    return CapacityLimiter(MOST_AT_ONCE)


async def _body(request: Request) -> bytes | None:
    """What was posted; None once it is too long, whatever its header says."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _refusal(message: str, status: int) -> Response:
    return JSONResponse({"message": message}, status_code=status)
