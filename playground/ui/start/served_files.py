"""The files that a browser asks for before a page stands, each compressed once and then answered from memory.

A first visit asks for some seventy files of Streamlit and for sixty modules of ours. Streamlit reads a file from the
disk each time and sends its scripts, 3 MB, as they are.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.frontend import FRONTEND
from playground.frontend.bundle import newest, script
from playground.ui.start.rewriting import rewrite

_STATIC = re.compile(r"/static/(?:js|css|media)/[\w.-]+")
_ENTRY = re.compile(r"/_stcore/bidi-components/playground\.\w+/((\w+)/\2\.js)")  # a component is called as its folder
_PACKED = ("text/", "application/javascript", "application/json", "image/svg")  # the rest is compressed as it is


@dataclass(frozen=True)
class _Kept:
    headers: list[tuple[bytes, bytes]]
    body: bytes
    newest: int


class ServedFiles:
    """Middleware that keeps what never changes, and answers for the module by which a component begins with all that it
    imports.

    What is kept is bounded by the folders that it is from. Served without it, the page is the same, but later.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[tuple[str, bool], _Kept] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path, asked = scope["path"], Headers(scope=scope)
        entry = _end(_ENTRY, path)
        if not (entry or _end(_STATIC, path)) or scope["method"] != "GET" or _is_for_one(asked):
            return await self._app(scope, receive, send)
        packs = "gzip" in asked.get("accept-encoding", "")
        changed = newest(FRONTEND) if entry else 0
        kept = self._kept.get((path, packs))
        if kept and kept.newest == changed:
            await send({"type": "http.response.start", "status": 200, "headers": kept.headers})
            return await send({"type": "http.response.body", "body": kept.body})

        async def keep(body: bytes, headers: MutableHeaders) -> bytes:
            if entry:
                body = script(FRONTEND, entry[1]).encode()
            if packs and headers["content-type"].startswith(_PACKED):
                body = await to_thread.run_sync(gzip.compress, body)
                headers["content-encoding"] = "gzip"
            headers["vary"] = "Accept-Encoding"
            headers["content-length"] = str(len(body))
            if "set-cookie" not in headers:  # that is one visitor's
                self._kept[path, packs] = _Kept(headers.raw, body, changed)
            return body

        await rewrite(self._app, scope, receive, send, _is_script if entry else _never_changes, keep)


def _end(pattern: re.Pattern[str], path: str) -> re.Match[str] | None:
    """Where a path ends so; an app may be served below another path."""
    found = pattern.search(path)
    return found if found and found.end() == len(path) else None


def _is_for_one(asked: Headers) -> bool:
    """Tell whether an answer is for this request alone: a part of a file, or a file for another site's page. Chromium
    156 names the origin in every request for a module, so also in those of our own pages."""
    origin, host = asked.get("origin"), asked.get("host")
    is_ours = origin is None or asked.get("sec-fetch-site") == "same-origin" or urlsplit(origin).netloc == host
    return "range" in asked or not is_ours


def _is_script(headers: Headers) -> bool:
    return "javascript" in headers.get("content-type", "")


def _never_changes(headers: Headers) -> bool:
    return "immutable" in headers.get("cache-control", "")
