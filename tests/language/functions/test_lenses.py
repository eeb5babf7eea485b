"""Every function opens into a lens, or says why it has none."""

from __future__ import annotations

import pytest

from playground.errors import PlaygroundError
from playground.explain.lens.lens import lens
from playground.explain.lens.table import LENSES
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.language.function import Function
from playground.language.functions.table import EXAMPLE_LEAVES, FUNCTIONS

LEAVES = tuple(Leaf(name, value) for name, value in EXAMPLE_LEAVES.items())
WHY_NONE = (
    "no cell of its result moves with a cell of its arguments",
    "no cell of its arguments is a real number",
    "only what holds real numbers is followed through a call",
    "terms are written out for real numbers only",
    "it draws random numbers",
    "PyTorch cannot differentiate it again",
    "it was computed out of sight",
    "it overwrote memory that other values share",
)


@pytest.mark.parametrize("row", FUNCTIONS, ids=lambda row: row.key)
def test_each_call_of_its_example_opens_or_says_why_not(row: Function) -> None:
    try:
        trace = Document(row.example, LEAVES).run()
    except PlaygroundError as error:
        assert "has no derivative" in error.message
        return
    for op in trace.ops:
        try:
            frame = lens(trace, op.id)
        except PlaygroundError as error:
            assert any(reason in error.message for reason in WHY_NONE), (op.name, error.message)
            assert error.hint
            continue
        assert frame.operands and frame.title and frame.result.value == op.outputs[0]


def test_those_with_a_picture_of_their_own_keep_it() -> None:
    assert len(LENSES) > 220
