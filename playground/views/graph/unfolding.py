"""How a reader wants a picture: the modules opened and closed, over those that fit; and which way it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

MOST_MARKS = 500  # remembered of one reader, the newest
LONGEST_PATH = 300  # characters

SIDEWAYS = ">"
Base = Literal["fitting", "all", "none"]
_BASES: dict[str, Base] = {"+*": "all", "-*": "none"}


@dataclass(frozen=True, slots=True)
class Unfolding:
    """Modules by dotted path, opened (True) or closed by the reader, oldest first; `base` holds for the others.

    `sideways`: from left to right.
    """

    base: Base = "fitting"
    marks: tuple[tuple[str, bool], ...] = ()
    sideways: bool = False

    @classmethod
    def of(cls, given: Any) -> Unfolding:
        """Read untrusted plain data, as the browser sends it; what is not understood is left out.

        >>> Unfolding.of(["+*", "-features.0"])
        Unfolding(base='all', marks=(('features.0', False),), sideways=False)
        """
        texts = [text for text in given if type(text) is str] if isinstance(given, list | tuple) else []
        base: Base = next((_BASES[text] for text in texts if text in _BASES), "fitting")
        marks = [(text[1:], text[0] == "+") for text in texts if text[:1] in ("+", "-") and text not in _BASES]
        kept = tuple(mark for mark in marks[-MOST_MARKS:] if 0 < len(mark[0]) <= LONGEST_PATH)
        return cls(base, kept, SIDEWAYS in texts)

    def listed(self) -> list[str]:
        """The same as plain data."""
        base = [text for text, meaning in _BASES.items() if meaning == self.base]
        way = [SIDEWAYS] if self.sideways else []
        return way + base + [("+" if is_open else "-") + path for path, is_open in self.marks]


UNTOUCHED = Unfolding()
