"""The question about what a picture left out, as the browser sends it, and the frame's answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.layers.document import StackDocument
from playground.ui.shared.drawn import Drawn
from playground.ui.shared.opened_element import run_source
from playground.ui.shared.told import told_answer, wanted
from playground.views.graph.unfolding import UNTOUCHED

LOOP = Document("for i in range(30):\n    f = sin(f) * x", (Leaf("f", "1"), Leaf("x", "2")))
STACK = StackDocument("Flatten Linear(10)", batch=4)
SENT: dict[str, Any] = {"start": 3, "stop": 5, "keys": ["op-0"], "number": 7}


@pytest.mark.parametrize("document", [LOOP, STACK])
def test_what_was_left_out_is_told(document: Document | StackDocument) -> None:
    answer = told_answer(wanted(SENT, document, UNTOUCHED), document)
    assert answer is not None
    assert (answer["number"], answer["start"]) == (7, 3)
    steps = json.loads(Drawn.of(run_source(document), document.graph).rest)["steps"]
    assert json.loads(json.dumps(answer["words"])) == [step["words"] for step in steps[3:5]]
    assert "op-0" in answer["items"]


def test_another_document_has_no_answer() -> None:
    assert told_answer(wanted(SENT, LOOP, UNTOUCHED), STACK) is None
    assert told_answer(None, LOOP) is None


@pytest.mark.parametrize(
    "change", [{"start": "3"}, {"stop": None}, {"keys": 5}, {"keys": "op-0"}, {"number": True}, {"number": 1.5}]
)
def test_what_no_browser_of_ours_sends_asks_nothing(change: dict[str, Any]) -> None:
    assert wanted(SENT | change, LOOP, UNTOUCHED) is None


def test_keys_are_bounded() -> None:
    question = wanted(SENT | {"keys": ["op-0", 5, "x" * 9_999] + ["op-1"] * 9_999}, LOOP, UNTOUCHED)
    assert question is not None
    assert set(question.keys) == {"op-0", "op-1"} and len(question.keys) <= 50


def test_a_text_that_runs_no_more_has_no_answer() -> None:
    broken = Document("f = ")
    assert told_answer(wanted(SENT, broken, UNTOUCHED), broken) is None
