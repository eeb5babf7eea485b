"""The default page in the document itself: where it stands, and what it holds."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from playground.language.document import Document
from playground.ui.expressions.frame import frame
from playground.ui.start import first_page
from playground.ui.start.first_paint import FirstPaint

DOCUMENT = "<html><head><title>x</title></head><body></body></html>"


@pytest.fixture
def text() -> str:
    return "f = log(x1) + x2  # </script><b>"


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch, text: str) -> Iterator[None]:
    """A server that has made the picture of a text."""
    data, _ = frame(Document(text), None)
    monkeypatch.setattr(first_page, "first_frame", lambda: data)
    monkeypatch.setattr(first_page, "register", lambda: True)
    yield
    first_page._written.cache_clear()


def asked(path: str = "/", query: bytes = b"") -> str:
    async def page(_: Request) -> Response:
        return HTMLResponse(DOCUMENT)

    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        app = FirstPaint(Starlette(routes=[Route("/{rest:path}", page)]))
        headers = [(b"accept", b"text/html")]
        await app(
            {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": headers}, receive, send
        )

    asyncio.run(ask())
    return b"".join(message.get("body", b"") for message in sent[1:]).decode()


class Elements(HTMLParser):
    """The elements of a document that have an id, with their text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = dict(attrs).get("id") or ""
        self.texts.setdefault(self._open, "")

    def handle_data(self, data: str) -> None:
        self.texts[self._open] = self.texts.get(self._open, "") + data


def test_the_document_holds_the_frame_without_a_link_of_its_own(text: str) -> None:
    found = Elements(asked())
    held = json.loads(found.texts["first-frame"])
    assert held["document"]["text"] == text and held["query"] == ""
    assert held["picture"]["scene"] and "first-page" in found.texts and "b" not in found.texts


def test_its_files_are_asked_for_before_those_of_streamlit() -> None:
    head = asked().split("<title>")[0]
    assert re.findall(r'href="([^"]+)"', head) == [first_page.COMPONENT + end for end in ("stepper.js", "stepper.css")]


@pytest.mark.parametrize(
    ("path", "query"), [("/layers", b""), ("/train", b""), ("/", b"v=1&text=y"), ("/", b"embed=true")]
)
def test_another_page_or_a_link_has_only_the_styles(path: str, query: bytes) -> None:
    assert "first-page" not in asked(path, query).split("</style>", 1)[1]


@pytest.mark.parametrize("name", ["first_frame", "register"])
def test_so_has_the_default_page_where_there_is_nothing_to_show_or_nobody_to_serve_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_page, name, lambda: None)
    assert "first-page" not in asked()


def test_below_another_path_it_is_the_default_page_of_that_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.ui.start.first_page.st.get_option", lambda _: "/lab/")
    assert "first-page" in asked("/lab/") and "first-page" not in asked("/")
