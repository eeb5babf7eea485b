"""The galleries of the expressions page and of the layers page."""

from __future__ import annotations

from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.lessons.gallery import Gallery


def _expression(fields: dict[str, object]) -> Document:
    return Document.from_fields(fields | {"mode": "forward"} if "tangent" in fields else fields)


EXPRESSIONS = Gallery(
    "expressions.toml",
    _expression,
    {"L0 · Back-propagation": ("L0",), "L1 · From scratch": ("L1",), "L3 and L4": ("L3", "L4"), "More ideas": ("",)},
)
STACKS = Gallery(
    "layers.toml",
    StackDocument.from_fields,
    {
        "L0 · First networks": ("L0",),
        "L1 · From scratch": ("L1",),
        "L2 · Convolutions": ("L2",),
        "L3 and L4": ("L3", "L4"),
        "Classics": ("",),
    },
)
