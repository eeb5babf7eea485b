"""Whatever a browser sends, in a message or a link: a document, or one PlaygroundError; and at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.layers.edits import edited
from playground.training.config import TrainConfig
from playground.ui.expressions.links import expression_query, restore_expression
from playground.ui.layers.links import restore_stack, stack_query
from playground.ui.train.links import restore_train

FIELDS = ("name", "value", "dtype", "requires_grad", "slider_range")
PARAMETERS = ("v", "text", "stack", "leaf.x", "leaf.y.dtype", "graph", "step", "mode", "second", "passes", "rng_seed")
MORE = ("run", "compare", "frozen", "epochs", "batch", "loss", "optimizer", "data", "input", "classes", "learning_rate")

numbers = st.integers() | st.floats() | st.booleans() | st.none()
texts = st.text(st.characters(), max_size=30) | st.sampled_from(
    (
        "y = x*x",
        "Flatten Linear(10)",
        "1e999",
        "-1",
        "0",
        "nan",
        "[[1, 2], [3]]",
        "class N(nn.Module):",
        "\ud83d",
        "9" * 400,
    )
)
anything = st.recursive(
    numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts | st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


def messages(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from([field.name for field in fields(kind)])
    return st.dictionaries(names | texts, anything, max_size=6)


LINKED: dict[type, Callable[[Any], Any]] = {
    Document: lambda found: restore_expression(dict(parse_qsl(expression_query(found)))).document,
    StackDocument: lambda found: restore_stack(dict(parse_qsl(stack_query(found), keep_blank_values=True))).document,
    TrainConfig: lambda found: TrainConfig.from_fields(found.fields()),
}


@pytest.mark.parametrize("kind", LINKED)
@given(data=st.data())
def test_a_message_is_a_document_that_its_link_opens_or_an_error(kind: Any, data: st.DataObject) -> None:
    sent = data.draw(messages(kind))
    try:
        found = kind.from_fields(sent)
    except PlaygroundError as error:
        assert error.message
        return
    again = LINKED[kind](found)
    if kind is not Document or (found.text and not found.leaves):  # a link names the leaves of its text alone
        assert again == found


@given(edit=st.dictionaries(st.sampled_from(("name", "path", "by", "kind", "to", "arg", "value")), anything))
def test_an_edit_of_a_list_is_done_or_refused(edit: dict[str, Any]) -> None:
    try:
        edited(StackDocument("Conv2d(4, 3) ReLU Flatten Linear(10)"), edit)
    except PlaygroundError as error:
        assert error.message


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(PARAMETERS + MORE) | texts, texts, max_size=6))
def test_a_link_opens_as_something(params: dict[str, str]) -> None:
    expression, stack = restore_expression(params), restore_stack(params)
    if expression.document is not None:
        expression_query(expression.document)
    if stack.document is not None:
        stack_query(stack.document)
    restore_train({name: [content] for name, content in params.items()})
