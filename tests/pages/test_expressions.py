"""The expressions page as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from playground.language.document import Document
from playground.lessons.presets import EXPRESSIONS
from playground.ui.expressions.links import expression_query
from playground.ui.expressions.page import take_edit
from tests import hostile_links
from tests.sampled import sampled

APP = Path(__file__).parents[2] / "streamlit_app.py"
HOSTILE_EDITS: list[dict[str, Any]] = [
    {},
    {"text": 7},
    {"text": "y = x", "leaves": []},
    {"text": "y = x", "leaves": {"x": 3}},
    {"text": "y = x", "leaves": {"x": {"value": 3}}},
    {"text": "y = x", "leaves": {"x": {"dtype": "object"}}},
    {"text": "y = x", "graph": "sideways"},
    {"text": "y = x", "mode": ["reverse"]},
    {"text": "y = x", "passes": 10**9},
    {"text": "y = x", "passes": "2"},
    {"text": "y = x", "second": {"a": 1}},
    {"text": "y = x", "zero_grad": "yes"},
    {"text": "y = x", "sequence": "no number", "have": 5},
    {"text": "zeros(10**9)", "sequence": 2},
    {"text": "x" * 100_000, "sequence": 2},
]


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=250)
    for name, content in query.items():
        app.query_params[name.replace("__", ".")] = content
    return app.run()


def frame(app: AppTest) -> dict[str, Any]:
    """What the page sends to the workbench."""
    frames = [json.loads(component.proto.json)["frame"] for component in app.get("bidi_component")]
    [data] = [one for one in frames if "picture" in one]  # the other one is the reference of functions
    if data["picture"] is not None:
        data["picture"] |= json.loads(data["picture"]["rest"])
    return data


def test_opens_on_the_lecture_example_without_an_exception() -> None:
    app = opened()
    assert not app.exception and not app.warning
    shown = frame(app)
    assert shown["document"]["text"] == "f = log(x1) + x1*x2 - sin(x2)"
    assert shown["error"] is None and len(shown["picture"]["steps"]) == 13 and shown["picture"]["scene"]


@pytest.mark.parametrize("entry", sampled(EXPRESSIONS.presets, 5, name=lambda entry: entry.id))
def test_every_example_opens(entry: Any) -> None:
    app = opened()
    app.session_state["examples-0"] = True
    app.button(key=f"preset-{entry.id}").click().run()
    assert not app.exception
    shown = frame(app)
    assert shown["document"]["text"] == entry.document.text and shown["step"] == 0
    assert shown["document"]["mode"] == entry.document.mode and shown["document"]["passes"] == entry.document.passes
    assert shown["picture"] is not None, "something is drawn, even of a text that ends in a mistake"
    assert "examples-0" not in app.session_state and not app.session_state["examples-1"], "the gallery closes"


def test_a_link_opens_its_document_at_its_step() -> None:
    app = opened(v="1", text="y = w*x", leaf__w="3.0", leaf__x="2.0", graph="both", step="4", embed="true")
    assert not app.exception and not app.warning
    shown = frame(app)
    assert (shown["document"]["text"], shown["picture"]["graph"], shown["step"]) == ("y = w*x", "both", 4)


def test_a_link_opens_two_documents_side_by_side() -> None:
    query = expression_query(Document("y = w*x"), Document("y = w*w*x"))
    app = opened(**{key.replace(".", "__"): text for key, text in parse_qsl(query)})
    assert not app.exception and not app.warning
    shown = frame(app)
    assert shown["document"]["text"] == "y = w*x" and shown["query"] == query
    assert json.loads(shown["beside"]["picture"]["rest"])["text"] == "y = w*w*x"
    assert shown["beside"]["comparison"]["summary"].endswith("only before.")


def test_an_example_ends_the_comparison() -> None:
    app = opened(v="1", text="y = w*x", before__text="y = w*w*x")
    app.session_state["examples-0"] = True
    app.button(key="preset-L0.4").click().run()
    assert frame(app)["beside"] is None and "before" not in frame(app)["query"]


def test_a_bad_link_says_so_and_shows_what_it_could_read() -> None:
    app = opened(v="9", text="y = x*x", colour="red", graph="![](http://example.org/x.png)")
    assert not app.exception
    assert len(app.warning) == 1
    said = app.warning[0].value
    assert "version 9" in said and "colour" in said and "graph" in said
    assert "![](" not in said, "the link's own words are no Markdown"
    assert frame(app)["document"]["text"] == "y = x*x"


@pytest.mark.parametrize("query", sampled(hostile_links.EXPRESSIONS, 4))
def test_hostile_links_open_with_a_graph_or_a_message(query: str) -> None:
    app = opened(**dict(parse_qsl(query, keep_blank_values=True)))
    assert not app.exception
    shown = frame(app)
    told = [box.value for box in (*app.warning, *app.error)]
    assert told or shown["error"] or shown["picture"]
    assert all("Traceback" not in words and not re.search(r"(?<!\\)<", words) for words in told), "Markdown, escaped"


def test_an_edit_changes_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened()
    sent = {"text": "y = tanh(x)", "leaves": {"x": {"value": "0.5"}}, "sequence": 3, "have": None}
    shown = frame(edited(app, sent, monkeypatch))
    assert (shown["document"]["text"], shown["sequence"], shown["error"]) == ("y = tanh(x)", 3, None)
    assert [row["name"] for row in shown["leaves"]] == ["x"]
    assert shown["query"] == "v=1&text=y%20%3D%20tanh(x)&leaf.x=0.5"
    again = frame(edited(app, sent | {"text": "y = tanh(", "sequence": 4}, monkeypatch))
    assert again["error"]["message"] and again["picture"]["text"] == "y = tanh(x)", "the last good picture stays"


@pytest.mark.parametrize("sent", HOSTILE_EDITS, ids=str)
def test_hostile_edits_do_no_harm(sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    app = edited(opened(), sent, monkeypatch)
    assert not app.exception
    assert frame(app)["picture"] is not None


def edited(app: AppTest, sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page after an edit: AppTest cannot drive a component, so its callback is called here, on the page's state."""
    monkeypatch.setattr("playground.ui.expressions.page.last_edit", lambda key: sent)
    monkeypatch.setattr("playground.ui.expressions.page._session", lambda: app.session_state["expressions"])
    take_edit()
    monkeypatch.undo()
    return app.run()
