"""The gallery of the layers page."""

from __future__ import annotations

from playground.layers.document import StackDocument
from playground.lessons.gallery import Gallery, Preset

StackPreset = Preset[StackDocument]
_GALLERY = Gallery("layers.toml", StackDocument.from_fields)
stack_presets = _GALLERY.presets
stack_preset = _GALLERY.preset
