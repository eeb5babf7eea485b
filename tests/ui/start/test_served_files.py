"""What is kept is answered as the server would, packed once; a component's module comes with all that it imports."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from playground.frontend import FRONTEND
from playground.frontend.bundle import script
from playground.ui.start.served_files import ServedFiles

STATIC = "/static/js/index.abc.js"
ENTRY = "/_stcore/bidi-components/playground.stepper/stepper/stepper.js"
IMMUTABLE = {"cache-control": "public, immutable, max-age=31536000"}
TEXT = "const text = 'ünï';\n" * 50

Asked = Callable[..., tuple[int, dict[str, str], bytes]]


def server(answer: Callable[[], Response]) -> tuple[Asked, list[str]]:
    """A browser at an app that answers so, and the paths that came through to it."""
    reached: list[str] = []

    async def page(request: Request) -> Response:
        reached.append(request.url.path)
        assert "accept-encoding" not in request.headers or "range" in request.headers or "origin" in request.headers
        return answer()

    app = ServedFiles(Starlette(routes=[Route("/{path:path}", page, methods=["GET", "POST"])]))

    def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        written = [(name.replace("_", "-").encode(), content.encode()) for name, content in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": written}
        asyncio.run(app(scope, receive, send))
        got = {name.decode(): content.decode() for name, content in sent[0]["headers"]}
        return sent[0]["status"], got, b"".join(message.get("body", b"") for message in sent[1:])

    return ask, reached


def javascript(headers: dict[str, str] | None = None) -> Response:
    return Response(TEXT, media_type="application/javascript", headers=headers)


def test_what_never_changes_is_asked_for_once_and_packed() -> None:
    ask, reached = server(lambda: javascript(IMMUTABLE | {"etag": '"1"'}))
    for _ in range(3):
        status, headers, body = ask(STATIC, accept_encoding="gzip, br")
        assert status == 200 and gzip.decompress(body).decode() == TEXT and len(body) < 200
        assert headers["content-length"] == str(len(body)) and headers["content-encoding"] == "gzip"
        assert headers["cache-control"] == IMMUTABLE["cache-control"] and headers["vary"] == "Accept-Encoding"
    assert len(reached) == 1
    _, headers, body = ask(STATIC)
    assert body.decode() == TEXT and "content-encoding" not in headers
    assert len(reached) == 2


def test_what_is_packed_already_is_kept_as_it_is() -> None:
    ask, _ = server(lambda: Response(b"wOF2" * 9, media_type="font/woff2", headers=IMMUTABLE))
    _, headers, body = ask("/static/media/letters.woff2", accept_encoding="gzip")
    assert body == b"wOF2" * 9 and "content-encoding" not in headers


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (STATIC, javascript),  # may change
        (STATIC, lambda: javascript(IMMUTABLE | {"set-cookie": "visitor=1"})),
        ("/other/index.js", lambda: javascript(IMMUTABLE)),
        (f"{STATIC}/more", lambda: javascript(IMMUTABLE)),
        (STATIC, lambda: PlainTextResponse("no", status_code=404, headers=IMMUTABLE)),
        (ENTRY, lambda: PlainTextResponse("no such component", status_code=404)),
        (ENTRY, lambda: PlainTextResponse("another page")),
    ],
)
def test_every_other_answer_passes_and_is_not_kept(path: str, answer: Callable[[], Response]) -> None:
    ask, reached = server(answer)
    for _ in range(2):
        status, _, body = ask(path)
        assert (status, body) == (answer().status_code, answer().body)
    assert len(reached) == 2


@pytest.mark.parametrize("headers", [{"range": "bytes=0-9"}, {"origin": "https://school.example"}])
def test_an_answer_for_one_request_alone_is_not_kept(headers: dict[str, str]) -> None:
    ask, reached = server(lambda: javascript(IMMUTABLE))
    ask(STATIC, **headers)
    ask(STATIC, "POST")
    ask(STATIC)
    assert len(reached) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://school.example", "host": "school.example"},
        {"origin": "https://school.example", "host": "behind.proxy", "sec_fetch_site": "same-origin"},
    ],
)
def test_a_browser_that_names_the_pages_own_origin_is_answered_from_memory(headers: dict[str, str]) -> None:
    ask, reached = server(lambda: javascript(IMMUTABLE))
    for _ in range(2):
        ask(STATIC, **headers)
    assert len(reached) == 1


def test_a_components_module_comes_with_all_that_it_imports() -> None:
    ask, reached = server(javascript)
    _, headers, body = ask(ENTRY, accept_encoding="gzip")
    assert gzip.decompress(body).decode() == script(FRONTEND, "stepper/stepper.js")
    _, below, _ = ask(f"/class{ENTRY}", accept_encoding="gzip")
    assert below == headers
    ask(ENTRY, accept_encoding="gzip")
    assert len(reached) == 2
