"""The pages' styles in the document itself: Streamlit sends a page's own after the first paint, and all would jump."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

UI = Path(__file__).parent.parent
STYLES = tuple(UI / room / "page.css" for room in ("shared", "layers", "train"))


class FirstPaint:
    """Middleware that writes `STYLES` into each document that a browser asks for, after the styles of Streamlit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            return await self._app(scope, receive, send)
        body: list[bytes] = []
        start: Message = {}

        async def take(message: Message) -> None:
            """Hold an answer back until it is whole, if it is a document."""
            if message["type"] == "http.response.start":
                start.update(message)
                if not _is_document(message):
                    await send(message)
            elif not _is_document(start):
                await send(message)
            else:
                body.append(message.get("body", b""))
                if not message.get("more_body"):
                    await self._send(start, b"".join(body), send)

        await self._app(_unpacked(scope), receive, take)

    async def _send(self, start: Message, document: bytes, send: Send) -> None:
        styled = document.replace(b"</body>", self._style + b"</body>")
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(styled))
        for name in ("etag", "last-modified"):  # of the document without them
            if name in headers:
                del headers[name]
        await send({**start, "headers": headers.raw})
        await send({"type": "http.response.body", "body": styled})

    @cached_property
    def _style(self) -> bytes:
        return b"<style>%s</style>" % b"\n".join(style.read_bytes() for style in STYLES)


def _is_document(start: Message) -> bool:
    return start["status"] == 200 and Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")


def _unpacked(scope: Scope) -> Scope:
    """The same request for a whole document that is not compressed."""
    left_out = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in left_out]}
