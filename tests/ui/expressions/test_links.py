"""The URL is the document: round trips, and links that nobody should have written."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.lessons.presets import EXPRESSIONS
from playground.ui.expressions.links import expression_query, restore_expression

FULL = Document(
    "y = μ*x\nz = y + 'a'",
    (Leaf("x", "[[1, 2], [3, 4]]", "float64", False), Leaf("μ", "randn(2, seed=3)", slider_range=(-0.5, 2.0))),
    graph="both",
    mode="forward",
    tangent="x",
    second="μ",
    passes=3,
    zero_grad=True,
    rng_seed=7,
)


@pytest.mark.parametrize(
    "document", [FULL, *(entry.document for entry in EXPRESSIONS.presets)], ids=lambda d: d.text[:20]
)
def test_round_trip(document: Document) -> None:
    opened = restore_expression(dict(parse_qsl(expression_query(document), keep_blank_values=True)))
    assert opened.document == document
    assert opened.problems == ()


@pytest.mark.parametrize("now", [FULL, Document("y = w", (Leaf("w", "2.0"),))], ids=["full", "small"])
def test_two_documents_round_trip(now: Document) -> None:
    before = replace(FULL, text=FULL.text + "*x", graph="forward")
    opened = restore_expression(dict(parse_qsl(expression_query(now, before), keep_blank_values=True)))
    assert (opened.document, opened.before, opened.problems) == (now, before, ())


def test_a_bad_document_before_leaves_the_other_one_as_it_is() -> None:
    link = {"v": "1", "text": "x*x", "before.text": "y" * 6_000, "before.leaf.y": "3"}
    opened = restore_expression(link)
    assert (opened.document, opened.before) == (Document("x*x"), None)
    assert opened.problems == ("Of the document before: The link's text: 6,000 characters.",)


def test_readable() -> None:
    assert expression_query(Document("y = w*x", (Leaf("w", "3.0"),))) == "v=1&text=y%20%3D%20w*x&leaf.w=3.0"


def test_only_the_leaves_that_the_text_names() -> None:
    leaves = (Leaf("w", "3.0"), Leaf("x", "2.0"), Leaf("y", "1.0"))
    assert expression_query(Document("y = w*x", leaves)).endswith("&leaf.w=3.0&leaf.x=2.0")
    assert expression_query(Document("y = w*", leaves)).endswith("&leaf.w=3.0"), "of a broken text, too"


def test_a_sliders_range_is_kept_for_a_value_that_the_text_says_too() -> None:
    document = Document("x = 3\nf = x*w", (Leaf("x", "3", slider_range=(0.0, 5.0)), Leaf("w", "1.0")))
    query = expression_query(document)
    assert query.endswith("&leaf.x.range=0..5&leaf.w=1.0")
    opened = restore_expression(dict(parse_qsl(query)))
    assert opened.document is not None and opened.document.leaf("x").slider_range == (0.0, 5.0)


@pytest.mark.parametrize("text", ["5..0", "1..1", "0", "a..b", "nan..1", "0..1e999", "0..", "1_0..20", "..", "0...5"])
def test_a_range_that_is_none_is_named_and_left_out(text: str) -> None:
    opened = restore_expression({"v": "1", "text": "w*x", "leaf.w": "3.0", "leaf.w.range": text})
    assert opened.document is not None and opened.document.leaf("w") == Leaf("w", "3.0")
    assert "leaf.w.range" in opened.problems[0]


def test_step_and_embedding_are_not_the_document() -> None:
    opened = restore_expression({"v": "1", "text": "x*x", "step": "7", "embed": "true"})
    assert (opened.document, opened.step, opened.problems) == (Document("x*x"), 7, ())


def test_no_query_is_no_document_and_no_problem() -> None:
    assert restore_expression({}).document is None
    assert restore_expression({}).problems == ()


HOSTILE: dict[str, dict[str, str]] = {
    "future version": {"v": "2", "text": "x*x"},
    "version of words": {"v": "<script>alert(1)</script>", "text": "x*x"},
    "unknown part": {"v": "1", "text": "x*x", "colour": "red"},
    "unknown graph": {"v": "1", "text": "x*x", "graph": "sideways"},
    "unknown mode": {"v": "1", "text": "x*x", "mode": "__import__('os')"},
    "passes of a million": {"v": "1", "text": "x*x", "passes": "1000000"},
    "passes of nothing": {"v": "1", "text": "x*x", "passes": "0"},
    "passes of words": {"v": "1", "text": "x*x", "passes": "two"},
    "negative step": {"v": "1", "text": "x*x", "step": "-1"},
    "step of digits in another script": {"v": "1", "text": "x*x", "step": "٣"},
    "huge step": {"v": "1", "text": "x*x", "step": "9" * 50},
    "zero_grad of words": {"v": "1", "text": "x*x", "zero_grad": "yes"},
    "seed too large": {"v": "1", "text": "x*x", "rng_seed": "99999999999"},
    "seed far too large": {"v": "1", "text": "x*x", "rng_seed": "9" * 400},
    "unknown aspect of a leaf": {"v": "1", "text": "x*x", "leaf.x.colour": "red"},
    "leaf wants gradients maybe": {"v": "1", "text": "x*x", "leaf.x.grad": "maybe"},
    "a leaf but no text": {"v": "1", "leaf.x": "2.0"},
    "a preset of another tool": {"activation": "tanh"},
    "far too long": {"v": "1", "text": "x" * 20_000},
    "attribute access": {"v": "1", "text": "x*x", "__class__": "object"},
    "before: unknown part": {"v": "1", "text": "x*x", "before.text": "y", "before.colour": "red"},
    "before: unknown mode": {"v": "1", "text": "x*x", "before.text": "y", "before.mode": "__import__('os')"},
    "before: no text": {"v": "1", "text": "x*x", "before.leaf.x": "2.0"},
    "before: within before": {"v": "1", "text": "x*x", "before.text": "y", "before.before.text": "z"},
    "before: text alone": {"v": "1", "before.text": "y"},
    "before: too long together": {"v": "1", "text": "x*x" + " " * 9_000, "before.text": "y" + " " * 9_000},
}


@pytest.mark.parametrize("params", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_links_open_with_a_clear_message(params: dict[str, str]) -> None:
    opened = restore_expression(params)
    assert opened.problems and all(len(problem) < 200 for problem in opened.problems)
    if "text" in params and len(params["text"]) < 100:
        assert opened.document is not None and opened.document.text == "x*x"
