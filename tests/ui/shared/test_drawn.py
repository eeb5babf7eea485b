"""A picture as text: the same whether its halves are made one after the other or at once."""

from __future__ import annotations

import os

import pytest

from playground.computing import at_once
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.ui.shared import drawn
from playground.ui.shared.drawn import Drawn

TEXT = "h = tanh(W @ x)\ny = (h * h).sum()"


def test_a_large_picture_is_made_in_a_fork_and_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(TEXT, (Leaf("W", "[[1.0, 2.0], [3.0, 4.0]]"), Leaf("x", "[0.1, -0.2]")))
    alone = Drawn.of(document.run(), "both")
    forks, fork = [], at_once.fork
    monkeypatch.setattr(at_once, "fork", lambda: forks.append(os.getpid()) or fork())
    monkeypatch.setattr(drawn, "FORKED_BOXES", 3)
    with at_once.may_fork():
        assert Drawn.of(document.run(), "both") == alone
    assert forks == [os.getpid()]
    assert Drawn.of(document.run(), "both") == alone and len(forks) == 1, "a thread of a page server never forks"
