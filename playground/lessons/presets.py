"""The gallery of the expressions page."""

from __future__ import annotations

from playground.language.document import Document
from playground.lessons.gallery import Gallery, Preset


def _document(fields: dict[str, object]) -> Document:
    return Document.from_fields(fields | {"mode": "forward"} if "tangent" in fields else fields)


ExpressionPreset = Preset[Document]
_GALLERY = Gallery("expressions.toml", _document)
presets = _GALLERY.presets
preset = _GALLERY.preset
