"""The pattern of the indices of many terms, in letters: all (n, 7) for n = 0, 1, 2, ... is `(i, 7)`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from playground.explain.element.records import Pattern
from playground.explain.numbers import MINUS

_LETTERS = "ijklmnpqrstuvw"


def pattern(places: Sequence[Tensor], first: int = 0) -> Pattern:
    """Return a tuple of texts per tensor of indices (terms, axes), int64; letters start with the one numbered `first`.

    An axis that does not vary is its number; one that runs along with another is written by that one's letter.

    >>> image = torch.tensor([[0, 3], [0, 4], [1, 3], [1, 4]])
    >>> kernel = torch.tensor([[5, 0, 0], [5, 0, 1], [5, 1, 0], [5, 1, 1]])
    >>> pattern([image, kernel], first=1)
    (('i', 'j+3'), ('5', 'i', 'j'))
    """
    known: list[tuple[str, Tensor]] = []
    written: dict[int, tuple[str, ...]] = {}
    for number in sorted(range(len(places)), key=lambda number: number != first):
        written[number] = tuple(_axis(column, known) for column in places[number].unbind(1))
    return tuple(written[number] for number in range(len(places)))


def _axis(column: Tensor, known: list[tuple[str, Tensor]]) -> str:
    start = int(column[0])
    if bool((column == start).all()):
        return str(start)
    for letter, other in known:
        text = _along(column, letter, other)
        if text is not None:
            return text
    letter = _LETTERS[len(known) % len(_LETTERS)]
    known.append((letter, column))
    return letter


def _along(column: Tensor, letter: str, other: Tensor) -> str | None:
    """The column as `2·i+1` of another one, if it is."""
    moved = int(torch.argmax((other != other[0]).to(torch.uint8)))
    run = int(other[moved] - other[0])
    step, uneven = divmod(int(column[moved] - column[0]), run)
    if uneven or not step:
        return None
    offset = int(column[0] - step * other[0])
    if not torch.equal(column, step * other + offset):
        return None
    run_text = letter if abs(step) == 1 else f"{abs(step)}·{letter}"
    if step < 0:
        return f"{offset}{MINUS}{run_text}"
    return run_text + ("" if not offset else f"+{offset}" if offset > 0 else f"{MINUS}{-offset}")
