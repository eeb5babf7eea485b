"""A text that changes a value which its backward pass needs: the line is marked, and written anew where it can be."""

from __future__ import annotations

from functools import partial

import pytest

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.language.run import run

LEAVES = {"x": "[0.5, 2.0]", "v": "[1.0, 3.0]"}

# text, the line that is marked, the value and who needs it, the line that the button writes
TEXTS = [
    ("y = exp(x)\ny += 1\nz = y.sum()", "y += 1", "`y`", "exp(x)", "y = y + 1"),
    ("y = exp(x)\ny += 1\ny.sum().backward()", "y += 1", "`y`", "exp(x)", "y = y + 1"),
    ("y = sigmoid(x)\ny.mul_(x + 1)\nz = y.sum()", "y.mul_(x + 1)", "`y`", "sigmoid(x)", "y = y.mul(x + 1)"),
    ("y = x*x\nz = x*y\ny *= 2\nw = z.sum()", "y *= 2", "`y`", "x*y", "y = y * 2"),
    ("y = exp(x)\ny[0] = 1\nz = y.sum()", "y[0] = 1", "`y`", "exp(x)", None),
    ("z = (x*v).sum()\nwith no_grad():\n    v -= 1\nz.backward()", "v -= 1", "`v`", "x*v", None),
]


@pytest.mark.parametrize(("text", "marked", "value", "saver", "repaired"), TEXTS)
def test_a_text_marks_the_line_that_changed_it(
    text: str, marked: str, value: str, saver: str, repaired: str | None
) -> None:
    document = Document(text).with_leaves({name: Leaf(name, value) for name, value in LEAVES.items()})
    for start in (partial(run, text, LEAVES), document.run):
        with pytest.raises(PlaygroundError) as caught:
            start()
        error = caught.value
        assert error.text == text and error.span is not None and error.span.of(text) == marked
        assert error.message.startswith(f"{value} is changed in place by `{marked}`")
        assert f"the backward pass of `{saver}` needs it as it was" in error.message
        assert (error.repair.label if error.repair else None) == (f"write {repaired}" if repaired else None)
        if error.repair is not None:
            assert run(error.repair.text, LEAVES)["x"].grad is not None


def test_a_repair_that_leaves_the_backward_pass_broken_is_not_offered() -> None:
    with pytest.raises(PlaygroundError) as caught:
        run("y = exp(x)\nv = y[0]\nv += 1\ny += 1\nz = y.sum()", {"x": "[1.0, 2.0]"})
    assert caught.value.repair is None
