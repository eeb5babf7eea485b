"""The expressions page's link: its text, its leaves, its settings, and back.

`?v=1&text=y = w*x&leaf.w=3.0&leaf.x=2.0&leaf.x.grad=0&graph=both&step=7`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.language.limits import LIMITS
from playground.ui.shared.link_format import RestoredLink, query_of, restore

_USED = re.compile(r"\b\w+\b(?!\s*=(?!=))")  # a word that is not what is assigned
_GRAD = {"0": {"requires_grad": False}, "1": {"requires_grad": True}}


def expression_query(document: Document) -> str:
    """The canonical query string, without `?` and without a step.

    >>> expression_query(Document("y = x*x"))
    'v=1&text=y%20%3D%20x*x'
    """
    parts = {"text": document.text}
    for leaf in _named(document):
        parts[f"leaf.{leaf.name}"] = leaf.value
        if leaf.dtype != "float32":
            parts[f"leaf.{leaf.name}.dtype"] = leaf.dtype
        if not leaf.requires_grad:
            parts[f"leaf.{leaf.name}.grad"] = "0"
    return query_of((parts | document.link_parts()).items(), also_plain="")


def _named(document: Document) -> list[Leaf]:
    """The leaves that the text names; others are kept for when it names them again, and are nobody else's business."""
    try:
        names = {free.name for free in document.program().free_names if free.stated is None}  # else the text says it
    except PlaygroundError:
        names = set(_USED.findall(document.text[: LIMITS.text_length]))
    return [leaf for leaf in document.leaves if leaf.name in names]


def restore_expression(params: Mapping[str, str]) -> RestoredLink[Document]:
    """Read a query string, given as a mapping. Never raises: what is bad is named in `problems` and left out."""
    return restore(params, "text", _document)


def _document(parts: dict[str, str], problems: list[str]) -> Document | None:
    """The document, leaving out one bad field after the other."""
    fields: dict[str, Any] = {"leaves": {}}
    for key, text in parts.items():
        if not _take(key, text, fields):
            problems.append(f"The link's part {key[:40]!r} was not understood.")
    for _ in range(len(fields) + 1):
        try:
            return Document.from_fields(fields)
        except PlaygroundError as error:
            problems.append(f"The link's {error.message}.")
            bad = error.message.partition(":")[0]
            if bad == "text":  # without it there is no document
                return None
            if fields.pop(bad, None) is None:
                fields.pop("leaves", None)
    return None


def _take(key: str, text: str, fields: dict[str, Any]) -> bool:
    """Put one part of the link into `fields`; whether it was understood."""
    if key.startswith("leaf."):
        name, _, aspect = key.removeprefix("leaf.").partition(".")
        said = {"": {"value": text}, "dtype": {"dtype": text}, "grad": _GRAD.get(text, {})}.get(aspect, {})
        fields["leaves"].setdefault(name, {}).update(said)
        return bool(said)
    try:
        fields[key] = Document.settings()[key].read(text)
    except (KeyError, ValueError):
        return False
    return True
