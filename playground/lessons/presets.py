"""The gallery: every preset is an entry of expressions.toml, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from playground.language.document import Document

_FILE = Path(__file__).with_name("expressions.toml")


@dataclass(frozen=True, slots=True)
class Preset:
    """A named document with a sentence about what it shows."""

    id: str  # the lecture's id (L0.4), or a word
    title: str
    about: str
    lecture: str  # which system of the lectures it shows: 'L1.6'; '' where it belongs to none
    document: Document


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """Every preset, the default page first."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))["preset"]
    return tuple(_preset(entry) for entry in entries)


def preset(id: str) -> Preset:
    """The preset with this id; KeyError if there is none."""
    return {preset.id: preset for preset in presets()}[id]


def _preset(entry: dict[str, object]) -> Preset:
    fields = dict(entry)
    id, title, about = (str(fields.pop(key)) for key in ("id", "title", "about"))
    fields["text"] = str(fields["text"]).strip("\n")
    if "tangent" in fields:
        fields["mode"] = "forward"
    lecture = str(fields.pop("lecture", id.rstrip("abc") if id.startswith("L") else ""))
    return Preset(id, title, about, lecture, Document.from_fields(fields))
