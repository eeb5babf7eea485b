"""Edits that are posted to a session: answered as the page would, and nothing else is taken."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette

from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.ui.expressions.session import ExpressionSession
from playground.ui.shared import direct
from playground.ui.start.direct_route import MOST_BYTES, direct_route

DOCUMENT = Document("f = w*x", (Leaf("w", "3.0"), Leaf("x", "2.0")))
EDIT: dict[str, Any] = {
    "sequence": 1, "text": "f = tanh(w*x)", "leaves": {"w": {"value": "0.5"}}, "graph": "both", "mode": "reverse",
    "tangent": None, "second": None, "passes": 1, "zero_grad": False, "have": None, "has_beside": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def app() -> Iterator[Starlette]:
    yield Starlette(routes=[direct_route()])
    direct.DESK.open("")


@pytest.fixture
def session() -> ExpressionSession:
    return ExpressionSession(DOCUMENT)


Said = tuple[int, Any]  # the status and the data of an answer


async def asked(app: Starlette, body: bytes, method: str = "POST") -> Said:
    sent: list[Any] = []
    parts = [body[start : start + 60_000] for start in range(0, max(len(body), 1), 60_000)]

    async def receive() -> Any:
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": "/direct-edit", "query_string": b"", "headers": []}
    await app(scope, receive, send)
    said = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], json.loads(said) if said.startswith(b"{") else said.decode()


def posted(app: Starlette, body: bytes, method: str = "POST") -> Said:
    return asyncio.run(asked(app, body, method))


def packed(ticket: Any, edit: Any) -> bytes:
    return json.dumps({"ticket": ticket, "edit": edit}).encode()


def edited(app: Starlette, ticket: Any, edit: Any) -> Said:
    return posted(app, packed(ticket, edit))


def test_an_edit_is_answered_with_the_frame_that_the_page_would_show(
    app: Starlette, session: ExpressionSession
) -> None:
    first = session.frame()
    assert first["direct"] == {"path": "/direct-edit", "ticket": session.ticket}
    status, frame = edited(app, session.ticket, EDIT)
    assert status == 200 and session.document.text == EDIT["text"]
    assert (frame["sequence"], frame["error"], frame["query"].startswith("v=1&text=f%20%3D%20tanh")) == (1, None, True)
    assert frame == json.loads(json.dumps(session.frame())), "the page's next run shows the same"


def test_what_is_not_newer_changes_nothing(app: Starlette, session: ExpressionSession) -> None:
    edited(app, session.ticket, EDIT | {"sequence": 7})
    status, frame = edited(app, session.ticket, EDIT | {"sequence": 6, "text": "f = w"})
    assert (status, frame["sequence"], frame["document"]["text"]) == (200, 7, EDIT["text"])


def test_a_mistake_keeps_the_picture_and_is_told(app: Starlette, session: ExpressionSession) -> None:
    session.frame()
    _, frame = edited(app, session.ticket, EDIT | {"text": "f = tanh(w*"})
    assert frame["stale"] and frame["error"]["message"]
    assert json.loads(frame["picture"]["rest"])["text"] == DOCUMENT.text


def test_the_session_of_another_is_not_reached(app: Starlette, session: ExpressionSession) -> None:
    other = ExpressionSession(DOCUMENT)
    edited(app, session.ticket, EDIT)
    assert other.document == DOCUMENT
    for ticket in ("", session.ticket[:-1], None, 7, ["a"], {"a": 1}):
        status, said = edited(app, ticket, EDIT | {"sequence": 9})
        assert status == 404 and set(said) == {"message"}
    assert session.stepper.sequence == 1


def test_a_session_that_has_ended_is_let_go(app: Starlette) -> None:
    ticket = ExpressionSession(DOCUMENT).ticket
    gc.collect()
    assert edited(app, ticket, EDIT)[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        b"", b"nothing", b"[]", b"7", b'"a"', b"{}", b'{"ticket": "a"}', b"\xff\xfe", b"[" * 50_000,
        b'{"ticket": "a", "edit": ' + b"[" * 30 + b"]" * 30 + b"}",
    ],
    ids=lambda body: repr(body[:30]),
)  # fmt: skip
def test_what_is_no_edit_is_refused(app: Starlette, body: bytes) -> None:
    assert posted(app, body)[0] == 400


@pytest.mark.parametrize("edit", [None, 7, [], "f = x"], ids=str)
def test_an_edit_is_a_mapping(app: Starlette, session: ExpressionSession, edit: Any) -> None:
    assert edited(app, session.ticket, edit)[0] == 400


@pytest.mark.parametrize(
    "wrong",
    [{"text": 7}, {"text": "x" * 6_000}, {"leaves": {"x": 3}}, {"passes": 10**9}, {"sequence": "1"}, {"graph": "all"}],
    ids=str,
)
def test_an_edit_that_cannot_be_taken_harms_nothing(
    app: Starlette, session: ExpressionSession, wrong: dict[str, Any]
) -> None:
    status, frame = edited(app, session.ticket, EDIT | wrong)
    assert status == 200 and frame["picture"] is not None
    assert session.document == DOCUMENT


def test_what_is_too_long_is_not_read_to_its_end(app: Starlette, session: ExpressionSession) -> None:
    status, _ = edited(app, session.ticket, EDIT | {"text": "x" * MOST_BYTES})
    assert status == 413 and session.document == DOCUMENT


def test_it_is_only_posted_to(app: Starlette) -> None:
    assert posted(app, b"", "GET")[0] == 405


def test_what_nobody_foresaw_is_one_sentence(
    app: Starlette, session: ExpressionSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExpressionSession, "answer", lambda *_: 1 / 0)
    status, said = edited(app, session.ticket, EDIT)
    assert status == 500 and "nobody foresaw" in said["message"] and "Zero" not in said["message"]


@pytest.mark.parametrize(("whose", "most", "status"), [("its own", 9, 429), ("another's", 1, 503)])
def test_who_posts_more_than_a_browser_does_waits_in_no_thread(
    app: Starlette, session: ExpressionSession, monkeypatch: pytest.MonkeyPatch, whose: str, most: int, status: int
) -> None:
    monkeypatch.setattr("playground.ui.start.direct_route.MOST_AT_ONCE", most)
    entered, go_on = threading.Event(), threading.Event()
    answer, other = session.answer, ExpressionSession(DOCUMENT)

    def slow(edit: Any) -> Any:
        entered.set()
        go_on.wait(60)
        return answer(edit)

    monkeypatch.setattr(session, "answer", slow)

    async def both() -> list[Said]:
        first = asyncio.create_task(asked(app, packed(session.ticket, EDIT)))
        await asyncio.to_thread(entered.wait, 60)
        second = await asked(app, packed((session if whose == "its own" else other).ticket, EDIT))
        go_on.set()
        return [await first, second]

    first, second = asyncio.run(both())
    assert (first[0], second[0]) == (200, status)
    assert edited(app, other.ticket, EDIT)[0] == 200, "later it is answered"


def test_many_threads_edit_one_session_one_after_the_other(session: ExpressionSession) -> None:
    frames: list[Any] = []
    edits = [EDIT | {"sequence": n, "text": f"f = w*x + {n}"} for n in range(1, 13)]
    threads = [threading.Thread(target=lambda edit=edit: frames.append(session.answer(edit))) for edit in edits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.document.text == "f = w*x + 12" and session.stepper.sequence == 12
    assert all(frame["document"]["text"] == f"f = w*x + {frame['sequence']}" for frame in frames)


def test_below_a_path_of_its_own(monkeypatch: pytest.MonkeyPatch, session: ExpressionSession) -> None:
    monkeypatch.setattr("playground.ui.start.first_page.st.get_option", lambda name: "/lab/")
    assert direct_route().path == "/lab/direct-edit"
    assert session.frame()["direct"] == {"path": "/lab/direct-edit", "ticket": session.ticket}


def test_where_nobody_serves_the_route_edits_go_through_the_socket(session: ExpressionSession) -> None:
    direct.DESK.open("")
    assert session.frame()["direct"] is None
