"""Two documents side by side: what a command makes of them, and what the browser is sent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.ui.expressions.frame import Shown, frame
from playground.ui.expressions.session import COMPARING
from playground.ui.shared.beside import drawn_before
from playground.ui.shared.frame_data import FrameData
from playground.ui.shared.told import wanted
from playground.views.graph.unfolding import UNTOUCHED

NOW = Document("f = relu(w*x)", (Leaf("w", "0.1"), Leaf("x", "-2.0")))
OTHER = replace(NOW, text="f = w*x")


def sent(now: Document, before: Document | None, has: str | None = None, good: Shown | None = None) -> FrameData:
    data, good = frame(now, good, before=before)
    return COMPARING.frame(data, good and good.document, before, UNTOUCHED, has)


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("now", (NOW, NOW)),
        ("close", (NOW, None)),
        ("back", (replace(OTHER, graph=NOW.graph), None)),
        ("swap", (replace(OTHER, graph=NOW.graph), NOW)),
        ("no-activation", (replace(NOW, text="f = (w*x)"), NOW)),
        ("again", (NOW, OTHER)),
        ("__class__", (NOW, OTHER)),
        ("None", (NOW, OTHER)),
    ],
)
def test_what_a_command_makes(command: str, wanted: tuple[Document, Document | None]) -> None:
    assert COMPARING.commanded(command, NOW, NOW, OTHER) == wanted


def test_in_double_precision() -> None:
    now, before = COMPARING.commanded("float64", NOW, NOW, None)
    assert before == NOW and [leaf.dtype for leaf in now.leaves] == ["float64", "float64"]


def test_a_broken_text_is_compared_with_what_ran_before_it() -> None:
    broken = replace(NOW, text="f = relu(w*")
    assert COMPARING.commanded("now", broken, NOW, None) == (broken, NOW)


def test_a_variant_that_does_not_run_is_refused_in_words() -> None:
    mixed = Document("f = x.float() @ x", (Leaf("x", "[1.0, 2.0]"),))
    with pytest.raises(PlaygroundError, match="in float64 this does not run"):
        COMPARING.commanded("float64", mixed, mixed, None)


def test_the_frame_offers_what_there_is_to_compare_with() -> None:
    data = sent(NOW, None)
    assert data["beside"] is None
    assert [one["label"] for one in data["variants"]] == ["in float64", "without relu"]


def test_the_frame_has_the_picture_before_and_what_differs() -> None:
    data = sent(OTHER, NOW)
    beside = data["beside"]
    assert beside is not None and beside["picture"] is not None and beside["comparison"] is not None
    assert "before.text=f%20%3D%20relu(w*x)" in data["query"]
    found = beside["comparison"]
    assert found["summary"] == "1 of 4 values and 3 of 4 gradients differ. relu only before."
    assert found["alone"] == [["op-1", "node-0"], []]
    assert ["value-0", "value-0"] in found["keys"] and ["op-0", "op-0"] in found["keys"]
    assert found["steps"][0] == [0, 0] and found["steps"][-1] == [7, 5]


def test_what_the_long_picture_before_left_out_is_told() -> None:
    long = Document("y = x\nfor i in range(400):\n    y = y*x\n", (Leaf("x", "1.0"),), graph="both", passes=2)
    now = replace(long, text=long.text.replace("y*x", "y + x"), graph="forward")
    data, good = frame(now, None, before=long)
    drawn = drawn_before(long, now)
    assert drawn is not None and drawn.graph == "forward"
    question = wanted({"start": 1_000, "stop": 1_002, "keys": [], "number": 4}, drawn, UNTOUCHED)
    beside = COMPARING.frame(data, good and good.document, long, UNTOUCHED, None, question)["beside"]
    assert beside is not None and beside["picture"] is not None
    steps = json.loads(beside["picture"]["rest"])["steps"]
    assert steps[999]["words"] and steps[1_000]["words"] is None
    found = beside["told"]
    assert found is not None and (found["number"], found["start"], len(found["words"])) == (4, 1_000, 2)
    other = wanted({"start": 1_000, "stop": 1_002, "keys": [], "number": 5}, now, UNTOUCHED)
    again = COMPARING.frame(data, good and good.document, long, UNTOUCHED, None, other)["beside"]
    assert again is not None and again["told"] is None  # it was about another document


def test_the_picture_that_the_browser_has_is_not_sent_again() -> None:
    first = sent(OTHER, NOW)["beside"]
    assert first is not None
    again = sent(replace(OTHER, text="f = w*x*2"), NOW, first["stamp"])["beside"]
    assert again is not None and again["picture"] is None and again["stamp"] == first["stamp"]
    turned = sent(replace(OTHER, graph="both"), NOW, first["stamp"])["beside"]
    assert turned is not None and turned["picture"] is not None, "it is drawn as the other one is"


def test_identical_documents_differ_nowhere() -> None:
    beside = sent(NOW, NOW)["beside"]
    assert beside is not None and beside["comparison"] is not None
    assert beside["comparison"]["rows"] == [] and beside["comparison"]["differing"] == [[], []]
    assert beside["comparison"]["summary"] == "Every value and every gradient is the same."


def test_a_document_before_that_does_not_run_is_told() -> None:
    beside = sent(NOW, replace(NOW, text="f = relu(w*"))["beside"]
    assert beside is not None and (beside["picture"], beside["comparison"]) == (None, None)
    assert beside["message"].startswith("What was before does not run: ")


def test_while_the_text_is_broken_its_last_picture_is_compared() -> None:
    good = frame(OTHER, None)[1]
    beside = sent(replace(OTHER, text="f = w*"), NOW, good=good)["beside"]
    assert beside is not None and beside["comparison"] == sent(OTHER, NOW)["beside"]["comparison"]  # type: ignore[index]
