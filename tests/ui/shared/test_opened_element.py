"""The question about one element, as the browser sends it, and the frame's answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.layers.document import StackDocument
from playground.ui.shared.opened_element import answered, asked, read_index, run_source

MATRIX = Document("y = A @ x", (Leaf("A", "[[1, 2, 3], [4, 5, 6]]"), Leaf("x", "[1, 0, 2]")))
STACK = StackDocument("Flatten Linear(10)", batch=4)


def ask(document: Document | StackDocument, key: str, index: str) -> dict[str, Any]:
    question = asked({"key": key, "index": index, "number": 3}, document)
    found = answered(question, document)
    assert found is not None
    json.dumps(found, allow_nan=False)  # it travels as JSON
    return found


@pytest.mark.parametrize(("document", "name"), [(MATRIX, "A"), (STACK, "linear1.weight")])
def test_an_element_is_answered(document: Document | StackDocument, name: str) -> None:
    value = run_source(document)[name]
    found = ask(document, f"value-{value.id}", " [1, 2] ")
    assert (found["number"], found["index"], found["error"]) == (3, "1, 2", None)
    assert found["answer"]["title"] == f"{name}[1, 2]"
    assert found["answer"]["check"]


@pytest.mark.parametrize(
    "text", ["", "1", "2, 0", "0, 3", "-1, 0", "1.0, 2", "a, b", "1, 2, 0", "1 2", "<img>", "９, 0"]
)
def test_a_wrong_index_says_what_is_allowed(text: str) -> None:
    found = ask(MATRIX, "value-0", text)
    assert found["answer"] is None
    assert "0 to 1 and 0 to 2" in found["error"]["hint"]
    assert text in found["error"]["message"]


@pytest.mark.parametrize("key", ["value-99", "value-", "op-0", "value-0'", "../value-0", ""])
def test_a_key_that_is_no_value_is_refused(key: str) -> None:
    assert ask(MATRIX, key, "0, 0")["error"] is not None


@pytest.mark.parametrize(("document", "key"), [(MATRIX, "op-0"), (STACK, "op-1")])
def test_a_call_is_answered_with_its_lens(document: Document | StackDocument, key: str) -> None:
    question = asked({"key": key, "index": "", "number": 3, "picks": {}}, document)
    found = answered(question, document)
    assert found is not None and found["error"] is None and found["lens"] is not None
    assert found["lens"]["family"] == "product" and found["answer"] is None
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("key", ["op-99", "op-", "value-0", "op-0'", ""])
def test_a_key_that_is_no_call_is_refused(key: str) -> None:
    found = answered(asked({"key": key, "index": "", "number": 3, "picks": {}}, MATRIX), MATRIX)
    assert found is not None and found["error"] is not None and found["lens"] is None


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"rows": 3, "columns": 1}, (("columns", 1), ("rows", 3))),
        ({"rows": "3", "columns": True, "x" * 99: 1, "far": 10**12}, ()),
        ({str(number): number for number in range(99)}, tuple((str(number), number) for number in range(8))),
        ([], None),
        (None, None),
    ],
)
def test_places_are_read_as_far_as_they_are_any(sent: Any, read: Any) -> None:
    question = asked({"key": "op-0", "index": "", "number": 3, "picks": sent}, MATRIX)
    assert question is not None and question.picks == read


TOO_LONG = {"key": "value-0", "index": "1" * 999, "number": 1}


@pytest.mark.parametrize("sent", [{}, {"key": "value-0"}, {"key": 1, "index": "0", "number": 1}, TOO_LONG])
def test_what_no_browser_of_ours_sends_asks_nothing(sent: dict[str, Any]) -> None:
    assert asked(sent, MATRIX) is None


def test_another_document_has_no_answer() -> None:
    question = asked({"key": "value-0", "index": "0, 0", "number": 1}, MATRIX)
    assert answered(question, STACK) is None
    assert answered(question, None) is None
    assert answered(None, MATRIX) is None


def test_a_document_that_does_not_run_says_so() -> None:
    found = answered(asked({"key": "value-0", "index": "0, 0", "number": 2}, STACK), STACK, refusal="Mend it")
    assert found is not None
    assert (found["number"], found["answer"], found["error"]["message"]) == (2, None, "Mend it")


def test_the_index_of_a_number_is_empty() -> None:
    assert read_index("[]", ()) == ()
    with pytest.raises(PlaygroundError):
        read_index("0", ())
