"""Losses of words: letters that do not exist are refused here."""

from __future__ import annotations

import pytest

from playground import run
from playground.errors import PlaygroundError

LEAVES = {"image": "randn(2, 4, 4, seed=3)"}


def loss(targets: str, lengths: str = "(1, 1, 1, 1)") -> str:
    return f"ctc_loss(log_softmax(image, dim=2), {targets}, (2, 2, 2, 2), {lengths})"


@pytest.mark.parametrize("targets", ["[[1], [2], [4], [1]]", "[[1], [-2], [3], [1]]", "[1, 2, 4, 1]"])
def test_a_letter_that_does_not_exist_is_refused(targets: str) -> None:
    with pytest.raises(PlaygroundError, match=r"there is no letter (4|-2) in targets") as caught:
        run(loss(targets), LEAVES)
    assert caught.value.hint == "log_probs has the letters 0 to 3"


def test_what_fills_a_word_up_is_not_read() -> None:
    filled, short = run(loss("[[1, -1], [2, -1], [3, 9], [1, 0]]"), LEAVES), run(loss("[[1], [2], [3], [1]]"), LEAVES)
    assert filled.values[-1].data.item() == short.values[-1].data.item()
