"""Whatever goes wrong on a page is one sentence on it: no traceback, the document kept, the page alive afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from playground.language.document import Document
from playground.ui.expressions import page as expressions
from playground.ui.expressions.links import expression_query, restore_expression
from playground.ui.layers import page as layers
from playground.ui.layers.links import restore_stack, stack_query
from playground.ui.train import page as train
from playground.ui.train.links import restore_train, train_query

APP = Path(__file__).parents[2] / "streamlit_app.py"
SECRET = "what somebody typed"
SENTENCE = "nobody foresaw"
DEEP: Any = []
for _ in range(400):
    DEEP = [DEEP]
HALF = "\ud83d"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setenv("PLAYGROUND_DB", url)
    yield url
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if url in process.cmdline():
                process.kill()


def opened(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=250)
    if page:
        app.switch_page(page)
    for name, content in query.items():
        app.query_params[name.replace("__", ".")] = content
    return app.run()


def frames(app: AppTest) -> list[dict[str, Any]]:
    """What the page sends to its components, but for those that show nothing of a document."""
    sent = [json.loads(component.proto.json)["frame"] for component in app.get("bidi_component")]
    return [frame for frame in sent if frame and frame.keys() != {"rows"}]


def says(app: AppTest) -> str:
    """Everything that the page says, in its boxes and in its frames."""
    boxes = [box.value for box in (*app.error, *app.warning)]
    said = [frame[name] for frame in frames(app) for name in ("error", "check", "problem", "said") if name in frame]
    return json.dumps([boxes, said])


def fails(*_: object, **__: object) -> None:
    raise KeyError(SECRET)


PLACES = {
    "the run": ("", "playground.language.document.run_program"),
    "the picture": ("", "playground.ui.shared.drawn.halves_of"),
    "the leaves": ("", "playground.language.evaluate.leaves.Leaf.read"),
    "the link": ("", "playground.ui.expressions.frame.expression_query"),
    "the table of functions": ("", "playground.ui.expressions.page.search"),
    "the gallery": ("", "playground.ui.expressions.page.gallery"),
    "the analysis": ("pages/layers.py", "playground.layers.net.stack_net.StackNet.check"),
    "the batch": ("pages/layers.py", "playground.ui.layers.frames.batch_of"),
    "the listing": ("pages/layers.py", "playground.ui.layers.frames.listing_data"),
    "the warnings": ("pages/layers.py", "playground.layers.net.stack_net.cautions"),
    "the check": ("pages/train.py", "playground.ui.train.net_check._check"),
    "the notes": ("pages/train.py", "playground.ui.train.notes._cautions_of"),
    "the poll": ("pages/train.py", "playground.ui.train.runs.Runs.poll"),
    "the runs' side": ("pages/train.py", "playground.ui.train.runs.Runs.frame"),
}


@pytest.mark.parametrize(("page", "place"), PLACES.values(), ids=list(PLACES))
def test_an_error_anywhere_is_a_sentence(database: str, page: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number = 11 + [there for _, there in PLACES.values()].index(place)  # pictures are remembered: each has its own
    net = f"Flatten Linear({number})"
    typed = {"": {"text": f"y = tanh(x) + {number}", "leaf__x": f"{number}.0"}, "pages/layers.py": {"stack": net}}
    query = typed.get(page, {"text": net})
    with monkeypatch.context() as broken:
        broken.setattr(place, fails)
        app = opened(page, v="1", **query)
        assert not app.exception and SECRET not in says(app)
        if place not in ("playground.ui.train.notes._cautions_of",):  # without them the page is the same
            assert SENTENCE in says(app)
    again = app.run()
    assert not again.exception and SENTENCE not in says(again)
    text = next(frame for frame in frames(again) if frame.get("document") or frame.get("text"))
    assert next(iter(query.values())) in json.dumps(text), "the document is kept"


def test_a_text_that_cannot_be_shown_can_still_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.ui.expressions.frame._leaf_rows", fails)
    app = opened("", text="y = tanh(x)", leaf__x="2.0")
    (frame,) = frames(app)
    assert frame["editable"] and frame["document"]["text"] == "y = tanh(x)"
    assert SENTENCE in frame["error"]["message"] and SECRET not in json.dumps(frame)


def test_a_slider_reaches_the_largest_number() -> None:
    app = opened("", text="y = x", leaf__x="1.7e308")
    assert not app.exception
    (row,) = frames(app)[0]["leaves"]
    assert row["is_scalar"] and row["maximum"] >= 1.7e308 and row["minimum"] == -row["maximum"]


Take = Callable[[], None]
MESSAGES: list[Any] = [
    {"text": HALF, "fields": {"text": HALF}, "document": {"text": HALF}},
    {"text": "y = x", "leaves": {"x": {"value": HALF}, HALF: {"value": "1"}}},
    {"text": "y = x", "leaves": {"x": {"value": "1", "dtype": HALF}}, "second": HALF, "tangent": HALF},
    {"text": DEEP, "leaves": DEEP, "fields": DEEP, "document": DEEP, "edit": DEEP},
    {"fields": {"text": DEEP, "epochs": DEEP, "data": HALF, "batch": HALF}},
    {"document": {"text": f"Flatten # {HALF}", "loss": HALF, "batch": DEEP, "input_shape": [HALF, [1]]}},
    {"document": {"text": "Flatten"}, "edit": {"do": HALF, "path": [HALF, -1, 10**30], "text": HALF}},
    {"do": HALF, "run": HALF, "content": HALF, "owner": HALF},
    {"do": "add", "content": f"https://x/?run={HALF}", "sequence": HALF},
    {"sequence": -(10**40), "have": DEEP, "marks": [HALF], "key": HALF, "index": HALF, "number": 1},
    HALF,
    DEEP,
    7,
]
PAGES = {
    "expressions": ("", "stepper", expressions, expressions.take_edit, ("edit", "open", "element")),
    "layers": ("pages/layers.py", layers.LIST, layers, layers._take_edit, ("edit",)),
    "settings": ("pages/train.py", train.SETUP, train, train._take_setup, ("edit",)),
    "runs": ("pages/train.py", train.RUNS_SIDE, train, train._take_action, ("edit",)),
}


@pytest.mark.parametrize(("page", "key", "module", "take", "names"), PAGES.values(), ids=list(PAGES))
def test_hostile_messages_leave_the_page_alive(
    database: str,
    page: str,
    key: str,
    module: Any,
    take: Take,
    names: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened(page)
    session = app.session_state["expressions" if not page else page.removeprefix("pages/").removesuffix(".py")]
    for message in MESSAGES:
        with monkeypatch.context() as patched:  # AppTest cannot drive a component: its callback is called on its state
            state = {key: dict.fromkeys(names, message)}
            patched.setattr("playground.ui.shared.stepper.st", SimpleNamespace(session_state=state))
            patched.setattr(module, "_session", lambda: session)
            take()
            if not page:
                session.stepper.take_opened()
                session.stepper.take_asked(Document("y = x*x"))
        app = app.run()
        assert not app.exception and SENTENCE not in says(app), message
        assert frames(app), "the page is there"
        json.dumps(frames(app), ensure_ascii=False).encode()  # whole characters only


@pytest.mark.parametrize("page", ["", "pages/layers.py", "pages/train.py"])
@pytest.mark.parametrize(
    "query",
    [
        {"text": "y = x", "leaf__x": "[" * 5000, "input_shape": "9" * 5000, "epochs": "9" * 5000},
        {"text": "a" * 15_000, "stack": "a" * 15_000},
    ],
    ids=["long-settings", "long"],
)
def test_long_links_open(database: str, page: str, query: dict[str, str]) -> None:
    app = opened(page, v="1", **query)
    assert not app.exception and SENTENCE not in says(app) and frames(app)


LINKS: list[dict[str, str]] = [
    {"text": HALF, "stack": HALF},
    {"text": f"y = x # {HALF}", "stack": f"Flatten # {HALF}", "leaf.x": HALF, f"leaf.{HALF}": "1", HALF: HALF},
    {"text": "y = x", "graph": HALF, "second": HALF, "loss": HALF, "data": HALF, "run": HALF, "step": HALF, "v": HALF},
]


@pytest.mark.parametrize("query", LINKS, ids=["text", "inside", "settings"])
def test_links_with_half_characters_are_read(query: dict[str, str]) -> None:
    expression, stack = restore_expression(query), restore_stack(query)
    training = restore_train({key: [content] for key, content in query.items()})
    documents = [link.document for link in (expression, stack, training)]
    written = [
        "" if documents[0] is None else expression_query(documents[0]),
        "" if documents[1] is None else stack_query(documents[1]),
        "" if documents[2] is None else train_query(documents[2]),
    ]
    said = [*expression.problems, *stack.problems, *training.problems]
    json.dumps([written, said, *(asdict(document) for document in documents if document)], ensure_ascii=False).encode()


def test_a_text_that_is_too_long_is_refused_and_stays_in_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("")
    session = app.session_state["expressions"]
    before = session.document
    sent = {"stepper": {"edit": {"text": "x + " * 5000 + "x", "sequence": 7}}}
    with monkeypatch.context() as patched:
        patched.setattr("playground.ui.shared.stepper.st", SimpleNamespace(session_state=sent))
        patched.setattr(expressions, "_session", lambda: session)
        expressions.take_edit()
    (frame,) = frames(app.run())
    assert "20,001 characters" in frame["error"]["message"] and session.document == before
    assert frame["sequence"] == 0, "not answered: the browser keeps its own text"
