"""Links that somebody has kept go on opening what they opened when they were made (`old_links.toml`)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from playground.ui.expressions.links import expression_query as write_expressions

# All that is named of the code: how the link of each page is read, and written.
from playground.ui.expressions.links import restore_expression as read_expressions
from playground.ui.layers.links import restore_stack as read_layers
from playground.ui.layers.links import stack_query as write_layers
from playground.ui.train.links import restore_train as read_train
from playground.ui.train.links import train_query as write_train

Restored = tuple[dict[str, Any], list[str], str]  # plain data, what was bad in the link, the same as a new link
OLD = tomllib.loads(Path(__file__).with_name("old_links.toml").read_text(encoding="utf-8"))


def expressions(query: str) -> Restored:
    opened = read_expressions(last(query))
    found: dict[str, Any] = {"step": opened.step}
    again = ""
    if opened.document is not None:
        leaves = {
            leaf.name: {"value": leaf.value, "dtype": leaf.dtype, "grad": leaf.requires_grad}
            for leaf in opened.document.leaves
        }
        found |= asdict(opened.document) | {"leaves": leaves}
        again = write_expressions(opened.document)
    return plain(found), list(opened.problems), again


def layers(query: str) -> Restored:
    opened = read_layers(last(query))
    found: dict[str, Any] = {"step": opened.step}
    again = ""
    if opened.document is not None:
        found |= asdict(opened.document)
        again = write_layers(opened.document)
    return plain(found), list(opened.problems), again


def train(query: str) -> Restored:
    opened = read_train(parse_qs(query, keep_blank_values=True))
    found = {"runs": opened.runs, "frozen": opened.frozen} | (opened.document.fields() if opened.document else {})
    return plain(found), list(opened.problems), write_train(opened.document, opened.runs, opened.frozen)


def last(query: str) -> dict[str, str]:
    """The parts of a query as a page is given them: of a name that stands there twice, the last."""
    return {name: contents[-1] for name, contents in parse_qs(query, keep_blank_values=True).items()}


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """As the file can hold it: lists, and nothing where there is nothing."""
    written: dict[str, Any] = json.loads(json.dumps(found))
    return {name: content for name, content in written.items() if content is not None}


READERS: dict[str, Callable[[str], Restored]] = {"expressions": expressions, "layers": layers, "train": train}


@pytest.mark.parametrize("link", OLD["link"], ids=lambda link: f"{link['page']}: {link['about']}")
def test_an_old_link_restores_what_it_did(link: dict[str, Any]) -> None:
    read, wanted = READERS[link["page"]], link["restores"]
    if "text" in wanted:  # there is a document; what its link does not say has not changed either
        wanted = OLD["unsaid"][link["page"]] | wanted
    restored, says, again = read(link["query"])
    assert (restored, says) == (wanted, link.get("says", []))
    step = f"&step={restored['step']}" if "step" in restored else ""  # which the browser adds
    assert read(again + step)[:2] == (wanted, [])
