"""The URL is the document: a versioned, readable, validated query string, and back.

`?v=1&text=y = w*x&leaf.w=3.0&leaf.x=2.0&leaf.x.grad=0&graph=both&step=7`. What equals the default is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf

VERSION = 1
MOST_CHARACTERS = 16_000
FOREIGN = frozenset({"embed", "embed_options"})  # Streamlit's own
_DEFAULT = Document("")
_PLAIN = ("graph", "mode", "tangent", "second")
_NUMBERS = ("passes", "rng_seed")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opened to: a document (None: the link holds none), a step, and what could not be read."""

    document: Document | None
    step: int | None
    problems: tuple[str, ...]


def to_query(document: Document) -> str:
    """The canonical query string, without `?` and without a step.

    >>> to_query(Document("y = x*x"))
    'v=1&text=y%20%3D%20x*x'
    """
    fields: dict[str, str] = {"v": str(VERSION), "text": document.text}
    for leaf in _named(document):
        fields[f"leaf.{leaf.name}"] = leaf.value
        if leaf.dtype != "float32":
            fields[f"leaf.{leaf.name}.dtype"] = leaf.dtype
        if not leaf.requires_grad:
            fields[f"leaf.{leaf.name}.grad"] = "0"
    for name in (*_PLAIN, *_NUMBERS, "zero_grad"):
        content = getattr(document, name)
        if content != getattr(_DEFAULT, name):
            fields[name] = str(int(content)) if isinstance(content, bool) else str(content)
    return "&".join(f"{quote(key, safe='.')}={quote(content, safe='*()[],.;:!~')}" for key, content in fields.items())


def _named(document: Document) -> list[Leaf]:
    """The leaves that the text names; others are kept for when it names them again, and are nobody else's business."""
    try:
        names = {free.name for free in document.program().free_names}
    except PlaygroundError:
        names = set(re.findall(r"\w+(?!\w|\s*=(?!=))", document.text))  # not what is assigned
    return [leaf for leaf in document.leaves if leaf.name in names]


def from_query(params: Mapping[str, str]) -> Opened:
    """Read a query string, given as a mapping. Never raises: what is bad is named in `problems` and left out."""
    params = {key: content for key, content in params.items() if key not in FOREIGN}
    if sum(len(key) + len(content) for key, content in params.items()) > MOST_CHARACTERS:
        return Opened(None, None, (f"The link is longer than {MOST_CHARACTERS} characters; it was not read.",))
    problems: list[str] = []
    version = params.pop("v", str(VERSION))
    if version != str(VERSION):
        problems.append(f"The link has version {version[:20]}; this is version {VERSION}: what it knows was read.")
    step = _step(params.pop("step", None), problems)
    if "text" not in params:
        problems += [f"The link's part {key[:40]!r} has no text to go with." for key in params]
        return Opened(None, step, tuple(problems))
    fields: dict[str, Any] = {"text": params.pop("text"), "leaves": {}}
    for key, content in params.items():
        problem = _read_field(key, content, fields)
        if problem:
            problems.append(problem)
    return Opened(_document(fields, problems), step, tuple(problems))


def _read_field(key: str, content: str, fields: dict[str, Any]) -> str:
    """Put one part of the link into `fields`; returns what is wrong with it."""
    if key.startswith("leaf."):
        name, _, aspect = key.removeprefix("leaf.").partition(".")
        leaf = fields["leaves"].setdefault(name, {})
        if aspect == "":
            leaf["value"] = content
        elif aspect == "dtype":
            leaf["dtype"] = content
        elif aspect == "grad" and content in ("0", "1"):
            leaf["requires_grad"] = content == "1"
        else:
            return f"The link's part {key[:40]!r} was not understood."
    elif key in _PLAIN:
        fields[key] = content
    elif key in _NUMBERS and content.isascii() and content.isdigit() and len(content) < 12:
        fields[key] = int(content)
    elif key == "zero_grad" and content in ("0", "1"):
        fields[key] = content == "1"
    else:
        return f"The link's part {key[:40]!r} was not understood."
    return ""


def _document(fields: dict[str, Any], problems: list[str]) -> Document | None:
    """The document, leaving out one bad field after the other."""
    for _ in range(len(fields) + 1):
        try:
            return Document.from_fields(fields)
        except PlaygroundError as error:
            problems.append(f"The link's {error.message}.")
            bad = error.message.partition(":")[0]
            if fields.pop(bad, None) is None:
                fields.pop("leaves", None)
    return None


def _step(content: str | None, problems: list[str]) -> int | None:
    if content is None:
        return None
    if content.isascii() and content.isdigit() and len(content) < 7:
        return int(content)
    problems.append(f"The link's step {content[:20]!r} is not a number of steps.")
    return None
