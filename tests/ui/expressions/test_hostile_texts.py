"""Any text at all gives a frame that can be sent: a graph, or one clear message."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.recorder.record import record
from playground.ui.expressions.frame import Shown, frame, show
from playground.views.graph.static import static_svg
from playground.views.stepper.html import stepper_html
from playground.views.stepper.picture import picture

SVG = "{http://www.w3.org/2000/svg}"
TEXTS = [
    "",
    " \n\t\n",
    "# nothing but a remark",
    "y =",
    "= 3",
    "y = x +",
    "y = (x",
    "y = x)",
    "y = [1, 2",
    "'unclosed",
    "y = x\n  z = 2",
    "y = 1__2",
    "y = x ? 1 : 2",
    "y = 'a' * 10**9",
    "zeros(10**9)",
    "9**9**9",
    "(" * 5000,
    "[" * 300 + "]" * 300,
    "x" * 100_000,
    "y = " + "+".join(["x"] * 20_000),
    "for i in range(10**9):\n    x = x + 1",
    "while True:\n    pass",
    "y = ones(3) @ ones(4)",
    "y = ones(100000, 1) + ones(1, 100000)",
    "__import__('os').system('id')",
    "eval('1')",
    "open('/etc/passwd')",
    "x.__class__.__bases__",
    "getattr(x, 'data')",
    "lambda: 0",
    "import os",
    "def f(x): return f(x)\ny = f(x)",
    "y = f'{x}'",
    "class A: pass",
    "exec('y = 1')",
    "y = x; del x",
    "<img src=x onerror=alert(1)>",
    '"];x[label="y',
    "y = x\x00",
    "\u202ey = x",
    "𝛼 = x\u0301 + 🙂",
    "y = " + "-" * 3000 + "x",
    "y = x.backward().backward()",
    "y = x[10]",
    "y = cross_entropy(x, x)",
    "y = log(0/0)\ny.backward()",
    "return x",
    "y = torch.load('model.pt')",
]
LABELS = [
    "<img src=x onerror=alert(1)>",
    "a:1",
    '"];x[',
    "</script><b>",
    "&lt;b&gt;",
    "]]>",
    "\\N",
    "a\u202eb",
    "{0}",
    "v 1",
]


def sent(text: str) -> dict[str, Any]:
    data, _ = frame(Document(text, (Leaf("x", "2.0"),)), None)
    json.dumps(data, allow_nan=False)
    return data


def test_there_are_forty_texts() -> None:
    assert len(set(TEXTS)) >= 40


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:24]))
def test_a_hostile_text_gives_a_graph_or_one_message(text: str) -> None:
    data = sent(text)
    error = data["error"]
    assert error is not None or data["picture"] is not None
    if error is not None:
        assert 3 < len(error["message"]) < 300 and "Traceback" not in error["message"]
        assert 0 <= error["start"] <= error["end"] <= len(text) + 1
    assert data["document"]["text"] == text


def test_a_text_that_is_broken_from_the_start_shows_the_lines_before() -> None:
    data, good = frame(Document("y = x * 2\nz = nothing(y)", (Leaf("x", "2.0"),)), None)
    assert isinstance(good, Shown) and good.document.text == "y = x * 2"
    assert json.loads(data["picture"]["rest"])["text"] == "y = x * 2" and data["error"]["start"] > len("y = x * 2")


@pytest.mark.parametrize("graph", ["forward", "backward", "both"])
def test_labels_are_drawn_as_typed(graph: str) -> None:
    trace = record(lambda *x: sum(x[1:], x[0]) * x[0], *[1.0 + i for i in range(len(LABELS))], names=LABELS)
    shown = picture(trace, graph)  # type: ignore[arg-type]
    assert shown["scene"] is not None
    written = {text for box in shown["scene"]["boxes"] for text in box["texts"]}
    root = ElementTree.fromstring(static_svg(trace, graph))  # type: ignore[arg-type]
    drawn = {element.text for element in root.iter(f"{SVG}text")}
    allowed = [name.replace("\u202e", "\N{REPLACEMENT CHARACTER}") for name in LABELS]
    assert {name if graph != "backward" else f"{name}.grad" for name in allowed} <= drawn & written
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "rect", "path", "polygon", "text", "image", "title", "desc", "style"}
    titles = {item["title"] for item in shown["items"].values()}
    assert set(LABELS) <= titles, "the explanation has them as they are: the browser writes text, never markup"


def test_the_exported_page_holds_labels_as_data_only() -> None:
    trace = record(lambda *x: sum(x[1:], x[0]), *[1.0] * len(LABELS), names=LABELS)
    page = stepper_html(trace)
    assert "<img" not in page and "</script><b>" not in page
    assert page.count("</script>") == 4 and page.count("<script") == 4


def test_a_shown_document_is_remembered_with_its_error() -> None:
    broken = Document("y = nothing(x)")
    assert show(broken) is show(broken)
