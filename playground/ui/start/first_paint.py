"""What a document has in itself, so that a page stands before Streamlit is there, and does not jump.

The styles of the pages, which Streamlit sends after the first paint, and the workbench of the default page.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.ui.start.first_page import base_path, first_page
from playground.ui.start.rewriting import rewrite

UI = Path(__file__).parent.parent
STYLES = tuple(UI / room / "page.css" for room in ("shared", "layers", "train"))


class FirstPaint:
    """Middleware that writes `STYLES` into each document that a browser asks for, after the styles of Streamlit, and
    the workbench into that of the default page, where no link says what it is to show."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            return await self._app(scope, receive, send)
        is_default = scope["path"] == f"{base_path()}/" and not scope["query_string"]

        async def filled(document: bytes, _: object) -> bytes:
            first = await to_thread.run_sync(first_page) if is_default else None
            head, body = (b"", b"") if first is None else (first.head.encode(), first.body.encode())
            document = document.replace(b"<head>", b"<head>" + head, 1)
            return document.replace(b"</body>", self._style + body + b"</body>", 1)

        await rewrite(self._app, scope, receive, send, _is_document, filled)

    @cached_property
    def _style(self) -> bytes:
        return b"<style>%s</style>" % b"\n".join(style.read_bytes() for style in STYLES)


def _is_document(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("text/html")
