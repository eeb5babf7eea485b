"""Class names and class indices of labels that are written as text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from playground.errors import PlaygroundError

MOST_CLASSES = 1000


def class_names(written: Sequence[str]) -> tuple[tuple[str, ...], Tensor]:
    """The classes, whole numbers in their order and before other names, and each example's (N,) int64.

    >>> class_names(["10", "9", "cat", "9"])
    (('9', '10', 'cat'), tensor([1, 0, 2, 0]))
    """
    names = sorted(set(written), key=_order)
    if len(names) > MOST_CLASSES:
        hint = f"A label is one of a few names; {MOST_CLASSES:,} are allowed."
        raise PlaygroundError(f"there are {len(names):,} classes", hint=hint)
    numbers = {name: number for number, name in enumerate(names)}
    return tuple(names), torch.tensor([numbers[name] for name in written], dtype=torch.int64)


def _order(name: str) -> tuple[bool, int, str]:
    is_number = name.isascii() and name.isdigit() and len(name) < 19
    return not is_number, int(name) if is_number else 0, name
