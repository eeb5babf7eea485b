"""Text, list, link and code say one stack: each way out and back gives the same, over random stacks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from playground.layers.catalogue.table import kind_of
from playground.layers.document import StackDocument
from playground.layers.edits import edited
from playground.layers.net.net import net_of, script_of
from playground.layers.pasted.analysis import pasted_listing
from playground.layers.stack.text import to_text
from playground.ui.layers.links import restore_stack, stack_query
from playground.ui.layers.rows import listing_data
from tests.layers.pasted_classes import DOCUMENTS
from tests.layers.stacks import documents

PASTED = st.sampled_from([document.text for document in DOCUMENTS.values()])
TEXTS = PASTED | st.text(max_size=40) | st.text("&=+#%?/; \n\t\"'é", max_size=20)


@st.composite
def settled(draw: st.DrawFn) -> StackDocument:
    """A document with any of its settings, and sometimes with a text that is no list of layers."""
    document = draw(documents())
    if draw(st.booleans()):
        document = replace(document, data="digits", input_shape=(1, 28, 28))
    if draw(st.integers(0, 3)) == 3:
        document = replace(document, text=draw(TEXTS))
    rate = draw(st.floats(0, 1000, exclude_min=True))
    return replace(document, graph=draw(st.sampled_from(["forward", "backward", "both"])), learning_rate=rate)


def parsed(query: str) -> dict[str, str]:
    """A query string as a browser and Streamlit read it."""
    return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))


@given(settled(), st.integers(0, 999_999))
def test_a_link_opens_the_document_that_it_was_made_of(document: StackDocument, step: int) -> None:
    opened = restore_stack(parsed(stack_query(document)))
    assert (opened.document, opened.step, opened.problems) == (document, None, ())
    opened = restore_stack(parsed(f"{stack_query(document)}&step={step}"))
    assert (opened.document, opened.step, opened.problems) == (document, step, ())
    assert opened.document is not None and stack_query(opened.document) == stack_query(document)


def from_browser(content: Any) -> Any:
    """What comes back of a number that a browser was sent: JavaScript has no 1.0, only 1."""
    sent = json.loads(json.dumps(content))
    return int(sent) if isinstance(sent, float) and sent.is_integer() else sent


@given(documents())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_an_argument_set_to_what_the_list_shows_leaves_the_text(document: StackDocument) -> None:
    text = to_text(document.stack().layers)
    for row in listing_data(net_of(document).listing, document.batch)[0]:
        for argument in row["arguments"]:
            content = from_browser(argument["content"])
            edit = {"name": "set", "path": row["path"], "argument": argument["name"], "content": content}
            found = edited(document, edit)
            assert (found.document, found.path) == (replace(document, text=text), tuple(row["path"]))


def pasted(code: str) -> str:
    """The class of a script, with the layers that PyTorch lacks taken from the page."""
    net = code[code.index("class Net") : code.index("torch.manual_seed")]
    return re.sub(r"(?<![.\w])(Bias|Reshape|Residual|Parallel)\(", r"nn.\1(", net)


@given(documents())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_the_class_of_a_script_has_the_rows_of_its_stack(document: StackDocument) -> None:
    expected = document.analysis()
    assume(not any(kind_of(row.layer.kind).original and len(row.path) > 1 for row in expected.rows))  # a class of ours
    found = pasted_listing(replace(document, text=pasted(script_of(document, "module"))))
    assert found.error is None and found.output == expected.output
    assert [
        (row.kind, row.takes, row.gives, row.formula, row.parameters, row.parameters_formula, row.multiplications)
        for row in found.rows
        if not row.is_block
    ] == [
        (
            row.layer.kind, row.takes, row.gives, row.formula,
            row.parameters, row.parameters_formula, row.multiplications * document.batch,
        )
        for row in expected.rows
        if not row.layer.branches
    ]  # fmt: skip
    assert found.parameters == expected.parameters
    assert found.multiplications == expected.multiplications * document.batch
