"""What is probably meant otherwise is said, and nothing where it may well be meant as it stands."""

from __future__ import annotations

import pytest

from playground import run
from playground.errors import PlaygroundError

LEAVES = dict.fromkeys(("x", "y", "x1", "x2", "x1x2", "w1x2"), 1.0)


def said(text: str) -> list[str]:
    return [note.message for note in run(text, LEAVES).notes if note.kind == "name"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("y = x1x2", "the product is x1*x2"),
        ("y = x1 + w1x2", ""),
        ("y = 1,5*x", "a decimal number has a point: 1.5"),
        ("1,5", "a decimal number has a point: 1.5"),
        ("y = 1, 5*x", ""),
        ("y = (1,5)", ""),
        ("a, b = x,5", ""),
    ],
)
def test_what_looks_like_something_else(text: str, words: str) -> None:
    found = said(text)
    assert (found == []) if not words else (len(found) == 1 and words in found[0])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("def f(x): return x*x\ntorch.func.grad(f)(x)", "grad(f(x), x)[0]"),
        ("y = x*x\ntorch.autograd.functional.jacobian(y, x)", "grad(y, x)[0]"),
        ("F.mse_loss(x, y, reduce=False)", "reduction='none'"),
        ("F.mse_loss(x, y, size_average=True)", "reduction='none'"),
    ],
)
def test_what_pytorch_has_otherwise(text: str, hint: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        run(text, LEAVES)
    assert hint in caught.value.hint
