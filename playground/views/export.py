"""`Export`: one kind of file that something shown is exported as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")  # what is exported
READ, WRITTEN = 200, 40  # characters of a text that a file is named after, and of the name
PYTHON, NOTEBOOK = "text/x-python", "application/x-ipynb+json"


@dataclass(frozen=True, slots=True)
class Export(Generic[S]):
    """One kind of file: the words of its button, bold and beside it, and how it is made for what is shown."""

    label: str
    about: str | Callable[[S], str]
    file_name: str | Callable[[S], str]
    mime: str
    make: Callable[[S], str | bytes]
    is_there: Callable[[S], bool] = lambda _: True  # for what is shown
    kind: str = ""  # a short name, where it is asked for by one

    def about_for(self, shown: S) -> str:
        """Return what stands beside the bold word."""
        return self.about if isinstance(self.about, str) else self.about(shown)

    def name_for(self, shown: S) -> str:
        """The name of the file."""
        return self.file_name if isinstance(self.file_name, str) else self.file_name(shown)

    def content(self, shown: S) -> bytes:
        """The file. PlaygroundError where it cannot be made."""
        made = self.make(shown)
        return made.encode() if isinstance(made, str) else made


def named_after(text: str, file_name: str) -> str:
    """A name that begins with what the file is of, in plain letters and digits.

    >>> named_after("f = log(x1) + x1*x2", "graph.svg"), named_after("√", "graph.svg")
    ('f-log-x1-x1-x2-graph.svg', 'graph.svg')
    """
    words = re.findall("[a-z0-9]+", text[:READ].lower())
    while len("-".join(words)) > WRITTEN:
        words.pop()
    return "-".join([*words, file_name])


def exports_of(table: Iterable[Export[S]], shown: S) -> tuple[Export[S], ...]:
    """The exports that this has."""
    return tuple(export for export in table if export.is_there(shown))
