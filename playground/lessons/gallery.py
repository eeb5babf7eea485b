"""`Gallery`: the presets of one page, every one an entry of a TOML file beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase
from typing import Any, Generic, TypeVar

D = TypeVar("D")  # the document of a page


@dataclass(frozen=True, slots=True)
class Preset(Generic[D]):
    """A named document with a sentence about what it shows."""

    id: str  # the lecture's id (L0.4), or a word
    title: str
    about: str
    lecture: str  # which system of the lectures it shows: 'L1.6'; '' where it belongs to none
    document: D


@dataclass(frozen=True, slots=True)
class PresetGroup(Generic[D]):
    """Presets that are chosen by one click, to be looked at together."""

    id: str  # which system of the lectures they show
    title: str
    about: str
    presets: tuple[Preset[D], ...]


class Gallery(Generic[D]):
    """The presets of a file; `document` makes one page's document of the fields that are left of an entry.

    `columns`: their titles, each with the lectures whose presets stand in it; '' is the one of all that have none.
    """

    def __init__(
        self, file_name: str, document: Callable[[dict[str, object]], D], columns: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._file = Path(__file__).with_name(file_name)
        self._document = document
        self.columns = columns

    @cached_property
    def entries(self) -> dict[str, list[dict[str, Any]]]:
        """The file, which is read once."""
        return tomllib.loads(self._file.read_text(encoding="utf-8"))

    @cached_property
    def presets(self) -> tuple[Preset[D], ...]:
        """Every preset, the default page first."""
        return tuple(map(self._preset, self.entries["preset"]))

    @cached_property
    def groups(self) -> tuple[PresetGroup[D], ...]:
        """Every group; most galleries have none."""
        return tuple(
            PresetGroup(entry["id"], entry["title"], entry["about"], tuple(map(self.preset, entry["presets"])))
            for entry in self.entries.get("together", [])
        )

    def preset(self, id: str) -> Preset[D]:
        """The preset with this id; KeyError if there is none."""
        return {preset.id: preset for preset in self.presets}[id]

    def _preset(self, entry: dict[str, object]) -> Preset[D]:
        fields = dict(entry)
        id, title, about = (str(fields.pop(key)) for key in ("id", "title", "about"))
        fields["text"] = str(fields["text"]).strip("\n")
        lecture = str(fields.pop("lecture", id.rstrip(ascii_lowercase) if id.startswith("L") else ""))
        return Preset(id, title, about, lecture, self._document(fields))
