"""The pages' styles in the document itself: Streamlit sends a page's own after the first paint, and all would jump."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.ui.start.rewriting import rewrite

UI = Path(__file__).parent.parent
STYLES = tuple(UI / room / "page.css" for room in ("shared", "layers", "train"))


class FirstPaint:
    """Middleware that writes `STYLES` into each document that a browser asks for, after the styles of Streamlit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            return await self._app(scope, receive, send)
        await rewrite(self._app, scope, receive, send, _is_document, self._styled)

    async def _styled(self, document: bytes, _: object) -> bytes:
        return document.replace(b"</body>", self._style + b"</body>")

    @cached_property
    def _style(self) -> bytes:
        return b"<style>%s</style>" % b"\n".join(style.read_bytes() for style in STYLES)


def _is_document(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("text/html")
