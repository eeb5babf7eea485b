"""From a document to a frame: what the browser is told, whatever was typed."""

from __future__ import annotations

import json

import pytest

from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.lessons.presets import EXPRESSIONS
from playground.ui.expressions.exports import EXPORTS
from playground.ui.expressions.frame import Shown, frame, show

GOOD = Document("y = w*x", (Leaf("w", "3.0"), Leaf("x", "2.0")))


def test_a_good_text_is_drawn_with_its_leaves() -> None:
    data, good = frame(GOOD, None, sequence=4, step=2)
    assert good is not None and good.document == GOOD
    assert data["error"] is None and data["sequence"] == 4 and data["step"] == 2
    assert [(row["name"], row["value"], row["is_scalar"], row["spans"]) for row in data["leaves"]] == [
        ("w", "3.0", True, [[4, 5]]),
        ("x", "2.0", True, [[6, 7]]),
    ]
    assert data["query"].startswith("v=1&text=y")
    json.dumps(data, allow_nan=False)
    assert "NaN" not in json.loads(data["picture"]["rest"], parse_constant=pytest.fail)["steps"]


def test_a_broken_text_keeps_the_last_good_picture() -> None:
    first, good = frame(GOOD, None)
    data, still = frame(Document("y = w*", GOOD.leaves), good)
    assert still is good
    assert (first["stale"], data["stale"], frame(GOOD, good)[0]["stale"]) == (False, True, False)
    assert data["picture"]["key"] == good.drawn.key if good else False
    assert data["error"]["start"] <= 6 and data["error"]["message"]
    assert data["document"]["text"] == "y = w*"
    assert [row["name"] for row in data["leaves"]] == ["w", "x"]


def test_a_bad_leaf_is_marked_at_its_row() -> None:
    data, _ = frame(Document("y = w*x", (Leaf("w", "three"), Leaf("x", "2.0"))), None)
    assert data["error"]["leaf"] == "w"
    assert data["leaves"][0]["error"]
    assert data["leaves"][1]["error"] is None


def test_a_literal_with_a_name_is_a_leaf_whose_place_is_sent() -> None:
    document = Document("x = 3\nf = x*x*k", (Leaf("x", "9.0"), Leaf("k", "2.0")))
    data, good = frame(document, None)
    assert [(row["name"], row["value"], row["stated"], row["maximum"]) for row in data["leaves"]] == [
        ("x", "3", [4, 5], 10.0),
        ("k", "2.0", None, 10.0),
    ]
    assert good is not None and good.trace()["f"].data.item() == 18.0
    assert "leaf.x" not in data["query"] and "leaf.k=2.0" in data["query"]
    broken, _ = frame(Document("x = \nf = x*x*k", (Leaf("x", ""), Leaf("k", "2.0"))), good)
    assert [(row["name"], row["value"], row["stated"]) for row in broken["leaves"]] == [
        ("x", "", []),
        ("k", "2.0", None),
    ]
    json.dumps(broken)


@pytest.mark.parametrize(
    ("value", "given", "ends"),
    [("3", None, [-10.0, 10.0, 0.1]), ("0.5", (0.0, 1.0), [0.0, 1.0, 0.01]), ("7", (0.0, 1.0), [0.0, 7.0, 0.1])],
    ids=["by the value", "given", "as wide as the value needs"],
)
def test_the_range_of_a_slider(value: str, given: tuple[float, float] | None, ends: list[float]) -> None:
    data, _ = frame(Document("f = x*x", (Leaf("x", value, slider_range=given),)), None)
    [row] = data["leaves"]
    assert [row["minimum"], row["maximum"], row["step"]] == ends
    assert row["slider_range"] == (None if given is None else list(given))


def test_the_drawing_is_sent_once() -> None:
    data, good = frame(GOOD, None)
    again, _ = frame(Document("y = w*x", (Leaf("w", "4.0"), Leaf("x", "2.0"))), good, have=data["picture"]["key"])
    assert data["picture"]["scene"] and again["picture"]["scene"] is None
    assert again["picture"]["key"] == data["picture"]["key"]
    assert json.loads(again["picture"]["rest"])["slots"] != json.loads(data["picture"]["rest"])["slots"]


def test_a_repair_reaches_the_browser() -> None:
    data, _ = frame(EXPRESSIONS.preset("L0.5b").document, None)
    assert data["error"]["repair"]["text"] == "y = X @ v\ny.sum().backward()"


def test_every_export_is_made() -> None:
    for id in ("L0.4", "L0.6", "second", "forward-mode", "accumulate"):
        shown = show(EXPRESSIONS.preset(id).document)
        assert isinstance(shown, Shown)
        for export in EXPORTS:
            assert len(export.make(shown)) > 40, (id, export.label)
