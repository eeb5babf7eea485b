"""The styles of the pages stand in the document that a browser asks for first, and in nothing else."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from playground.ui.start.first_paint import STYLES, FirstPaint

DOCUMENT = "<html><head></head><body>ünï</body></html>"


def asked(answer: Response, accept: str) -> tuple[dict[str, str], bytes]:
    """What a browser gets that takes compressed answers."""

    async def page(_: Request) -> Response:
        return answer

    app = FirstPaint(Starlette(routes=[Route("/", page)], middleware=[Middleware(GZipMiddleware, minimum_size=1)]))
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        names = {"accept": accept, "accept-encoding": "gzip"}
        headers = [(name.encode(), content.encode()) for name, content in names.items()]
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
        await app(scope, receive, send)

    asyncio.run(ask())
    headers = {name.decode(): content.decode() for name, content in sent[0]["headers"]}
    return headers, b"".join(message.get("body", b"") for message in sent[1:])


def test_a_document_gets_the_styles_after_those_of_its_head() -> None:
    headers, body = asked(HTMLResponse(DOCUMENT, headers={"etag": '"1"'}), "text/html,*/*")
    text = body.decode()
    assert text.startswith("<html><head></head><body>ünï<style>") and text.endswith("</style></body></html>")
    assert all(style.read_text() in text for style in STYLES)
    assert headers["content-length"] == str(len(body)) and "etag" not in headers


@pytest.mark.parametrize(
    ("answer", "accept"),
    [
        (PlainTextResponse(DOCUMENT), "text/html"),
        (HTMLResponse(DOCUMENT), "application/json"),
        (HTMLResponse(DOCUMENT, 404), "text/html"),
    ],
)
def test_everything_else_is_handed_on_as_it_is(answer: Response, accept: str) -> None:
    headers, body = asked(answer, accept)
    assert (gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body) == DOCUMENT.encode()


def test_styles_cannot_end_their_element() -> None:
    assert not any("</" in style.read_text() for style in STYLES)
