"""Texts from outside as they may be kept: whole characters, and data that is not nested too deep."""

from __future__ import annotations

import re
from typing import Any

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
DEEPEST = 20  # of data from outside; the deepest that we send ourselves has 6 levels
_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair: JSON, a shell and a file name may hold one, UTF-8 cannot


def whole_characters(text: str) -> str:
    """The text with U+FFFD in place of each half of a surrogate pair; every other character stays where it was.

    >>> whole_characters("y = x") == "y = x", len(whole_characters("y = x \\ud83d"))
    (True, 7)
    """
    return text if text.isascii() else _HALF.sub(UNKNOWN, text)


def is_whole(text: str) -> bool:
    """Tell whether the text can be written as UTF-8."""
    return text.isascii() or _HALF.search(text) is None


def plain_data(given: Any, levels: int = DEEPEST) -> Any:
    """JSON data with whole characters; ValueError where it is nested deeper than so many levels."""
    if isinstance(given, str):
        return whole_characters(given)
    if not isinstance(given, dict | list):
        return given
    if levels == 0:
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    if isinstance(given, list):
        return [plain_data(one, levels - 1) for one in given]
    return {plain_data(name, levels): plain_data(content, levels - 1) for name, content in given.items()}
