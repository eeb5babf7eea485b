"""The gallery of the layers page: every preset is an entry of layers.toml, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from playground.layers.document import StackDocument

_FILE = Path(__file__).with_name("layers.toml")


@dataclass(frozen=True, slots=True)
class StackPreset:
    """A named stack with a sentence about what it shows."""

    id: str  # the lecture's id (L2.4), or a word
    title: str
    about: str
    lecture: str
    document: StackDocument


@lru_cache(maxsize=1)
def stack_presets() -> tuple[StackPreset, ...]:
    """Every preset, the default page first."""
    return tuple(map(_preset, tomllib.loads(_FILE.read_text(encoding="utf-8"))["preset"]))


def stack_preset(id: str) -> StackPreset:
    """The preset with this id; KeyError if there is none."""
    return {preset.id: preset for preset in stack_presets()}[id]


def _preset(entry: dict[str, object]) -> StackPreset:
    fields = dict(entry)
    id, title, about = (str(fields.pop(key)) for key in ("id", "title", "about"))
    fields["text"] = str(fields["text"]).strip("\n")
    lecture = str(fields.pop("lecture", id.rstrip("abcd") if id.startswith("L") else ""))
    return StackPreset(id, title, about, lecture, StackDocument.from_fields(fields))
