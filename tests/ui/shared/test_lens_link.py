"""A link that opens a call: the browser reads which, the server only whether it is one."""

from __future__ import annotations

import pytest

from playground.ui.expressions.links import restore_expression


@pytest.mark.parametrize("text", ["0", "12.result.3", "3.input.0.17", "1.weight.9999999"])
def test_a_call_and_its_cell_are_no_problem(text: str) -> None:
    link = restore_expression({"text": "y = x*x", "lens": text})
    assert link.document is not None and link.problems == ()


@pytest.mark.parametrize("text", ["", "x", "-1", "1.result", "1.<b>.2", "1.result.99999999", "1" * 99])
def test_what_is_none_is_said(text: str) -> None:
    link = restore_expression({"text": "y = x*x", "lens": text})
    assert link.document is not None
    assert link.problems == (f"The link's lens {text[:20]!r} is not a call and a cell of it.",)
