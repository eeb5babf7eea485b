"""A text that changes a value which its backward pass needs: the line is marked, and written anew where it can be."""

from __future__ import annotations

import subprocess
import sys
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


# text, what is said, the line that the button writes
REFUSED = [
    ("a = (x*2).expand(3, 2)\na += 1\ny = a.sum()", "several elements of `a` are one number in memory", "a = a + 1"),
    ("y = cat([x, v])\nw = y[1:]\nw += y[:-1]\nz = w.sum()", "`w` is written to while", "w = w + (y[:-1])"),
    ("y = x*2\ny[0] = x\nz = y.sum()", "a value of shape (2,) does not fit the place of shape ()", None),
    ("y = x*2\ny.add_(ones(3, 2))\nz = y.sum()", "`y` has shape (2,) and would get (3, 2)", "y = y.add(ones(3, 2))"),
    ("y = arange(3)\ny += 0.5\nz = x*2", "`y` is int64 and the new numbers are float", "y = y + 0.5"),
    ("m = x > 1\nm += 1\nz = x*2", "`m` is bool and the new numbers are long", "m = m + 1"),
    ("a, b = split(x*2, 1)\na[0] = 2\ny = (a*b).sum()", "`a` is one of the views that `split` gave at once", None),
    ("a, b = unbind(x*2)\na += 1\ny = a*b", "`a` is one of the views that `unbind` gave at once", "a = a + 1"),
]


@pytest.mark.parametrize(("text", "said", "repaired"), REFUSED)
def test_what_cannot_be_done_in_place(text: str, said: str, repaired: str | None) -> None:
    """Why, in words of ours and with a repair that runs: no raw sentence of PyTorch's."""
    with pytest.raises(PlaygroundError) as caught:
        run(text, LEAVES)
    error = caught.value
    assert error.message.startswith(said) and error.hint
    assert (error.repair.label if error.repair else None) == (f"write {repaired}" if repaired else None)
    if error.repair is not None:
        assert run(error.repair.text, LEAVES).outputs


ANSWERS = """
from playground.errors import PlaygroundError
from playground.language.run import run
try:
    run('''z = x.detach() * x
g, = grad((z.sum() * x.view(-1) + a.flatten()).sum(), a)
with no_grad():
    x -= 0.25
y = (z.sum() * x.view(-1)).sum()
y.backward()''', {"x": "[[1.0, 2.0]]", "a": "[[1.0, 2.0]]"})
except PlaygroundError as error:
    print(error.span.of(error.text))
"""


def test_looking_for_the_line_never_waits_for_itself() -> None:
    """Beside a view whose memory was written to, a look at it under the recorder once took one lock twice."""
    ran = subprocess.run([sys.executable, "-c", ANSWERS], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout.strip() == "x -= 0.25"
