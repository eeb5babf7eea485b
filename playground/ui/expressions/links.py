"""The expressions page's link: its text, its leaves, its settings, and back; side by side, those of two documents.

`?v=1&text=y = w*x&leaf.w=3.0&leaf.w.range=0..5&leaf.x=2.0&leaf.x.grad=0&graph=both&step=7`; the document before
stands there in the same words after `before.`: `before.text=y = w+x&before.leaf.w=3.0`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf, is_range
from playground.language.limits import LIMITS
from playground.ui.shared.link_format import RestoredPair, query_of, restore_pair, with_before

_USED = re.compile(r"\b\w+\b(?!\s*=(?!=))")  # a word that is not what is assigned
_NUMBER = r"[-+]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?"  # float() takes more
_GRAD = {"0": {"requires_grad": False}, "1": {"requires_grad": True}}


def expression_query(document: Document, before: Document | None = None) -> str:
    """The canonical query string, without `?` and without a step.

    >>> expression_query(Document("y = x*x"), Document("y = x+x"))
    'v=1&text=y%20%3D%20x*x&before.text=y%20%3D%20x%2Bx'
    """
    parts = _parts(document)
    if before is not None:  # drawn as the other one is
        parts = with_before(parts, _parts(replace(before, graph="forward")))
    return query_of(parts.items(), also_plain="")


def _parts(document: Document) -> dict[str, str]:
    parts = {"text": document.text}
    for leaf, is_stated in _named(document):
        if not is_stated:  # else the text says it
            parts[f"leaf.{leaf.name}"] = leaf.value
            if leaf.dtype != "float32":
                parts[f"leaf.{leaf.name}.dtype"] = leaf.dtype
            if not leaf.requires_grad:
                parts[f"leaf.{leaf.name}.grad"] = "0"
        if leaf.slider_range is not None:
            low, high = leaf.slider_range
            parts[f"leaf.{leaf.name}.range"] = f"{low:.12g}..{high:.12g}"
    return parts | document.link_parts()


def _named(document: Document) -> list[tuple[Leaf, bool]]:
    """The leaves that the text names, and whether it states their values.

    Others are kept for when it names them again, and are nobody else's business.
    """
    try:
        stated = {free.name: free.stated is not None for free in document.program().free_names}
    except PlaygroundError:
        stated = dict.fromkeys(_USED.findall(document.text[: LIMITS.text_length]), False)
    return [(leaf, stated[leaf.name]) for leaf in document.leaves if leaf.name in stated]


def restore_expression(params: Mapping[str, str]) -> RestoredPair[Document]:
    """Read a query string, given as a mapping. Never raises: what is bad is named in `problems` and left out."""
    return restore_pair(params, "text", _document)


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
        aspects = {"": {"value": text}, "dtype": {"dtype": text}, "grad": _GRAD.get(text, {}), "range": _range(text)}
        said = aspects.get(aspect, {})
        fields["leaves"].setdefault(name, {}).update(said)
        return bool(said)
    try:
        fields[key] = Document.settings()[key].read(text)
    except (KeyError, ValueError):
        return False
    return True


def _range(text: str) -> dict[str, list[float]]:
    """The range of a slider, `-2..5`; empty where it is none."""
    low, _, high = text.strip(" ").partition("..")
    if not all(re.fullmatch(_NUMBER, end) for end in (low, high)):
        return {}
    ends = [float(low), float(high)]
    return {"slider_range": ends} if is_range(*ends) else {}
