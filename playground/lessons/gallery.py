"""`Gallery`: the presets of one page, every one an entry of a TOML file beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

D = TypeVar("D")  # the document of a page


@dataclass(frozen=True, slots=True)
class Preset(Generic[D]):
    """A named document with a sentence about what it shows."""

    id: str  # the lecture's id (L0.4), or a word
    title: str
    about: str
    lecture: str  # which system of the lectures it shows: 'L1.6'; '' where it belongs to none
    document: D


class Gallery(Generic[D]):
    """The presets of a file; `document` makes one page's document of the fields that are left of an entry."""

    def __init__(self, file_name: str, document: Callable[[dict[str, object]], D]) -> None:
        self._file = Path(__file__).with_name(file_name)
        self._document = document

    def presets(self) -> tuple[Preset[D], ...]:
        """Every preset, the default page first; the file is read once."""
        return self._presets

    def preset(self, id: str) -> Preset[D]:
        """The preset with this id; KeyError if there is none."""
        return {preset.id: preset for preset in self._presets}[id]

    @cached_property
    def _presets(self) -> tuple[Preset[D], ...]:
        return tuple(map(self._preset, tomllib.loads(self._file.read_text(encoding="utf-8"))["preset"]))

    def _preset(self, entry: dict[str, object]) -> Preset[D]:
        fields = dict(entry)
        id, title, about = (str(fields.pop(key)) for key in ("id", "title", "about"))
        fields["text"] = str(fields["text"]).strip("\n")
        lecture = str(fields.pop("lecture", id.rstrip("abcd") if id.startswith("L") else ""))
        return Preset(id, title, about, lecture, self._document(fields))
