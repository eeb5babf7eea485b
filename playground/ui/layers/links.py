"""The layers page's link: a versioned, readable, validated query string, and back.

`?v=1&stack=Conv2d(10, 7) ReLU Flatten Linear(10)&batch=32&step=7`. What equals the default is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.ui.expressions.links import FOREIGN, MOST_CHARACTERS, VERSION

_DEFAULT = StackDocument()
_KINDS: dict[str, type] = {"classes": int, "batch": int, "rng_seed": int, "learning_rate": float}


@dataclass(frozen=True, slots=True)
class OpenedStack:
    """What a link opened to: a document (None: it holds none), a step, and what could not be read."""

    document: StackDocument | None
    step: int | None
    problems: tuple[str, ...]


def stack_query(document: StackDocument) -> str:
    """The canonical query string, without `?` and without a step.

    >>> stack_query(StackDocument("Flatten Linear(10)", batch=32))
    'v=1&stack=Flatten%20Linear(10)&batch=32'
    """
    parts = {"v": str(VERSION), "stack": document.text}
    for field in fields(StackDocument):
        content = getattr(document, field.name)
        if field.name != "text" and content != getattr(_DEFAULT, field.name):
            parts[field.name] = "x".join(map(str, content)) if isinstance(content, tuple) else str(content)
    return "&".join(f"{key}={quote(content, safe='*()[],.;:!~=')}" for key, content in parts.items())


def open_stack(params: Mapping[str, str]) -> OpenedStack:
    """Read a query string, given as a mapping. Never raises: what is bad is named in `problems` and left out."""
    params = {key: content for key, content in params.items() if key not in FOREIGN}
    if sum(len(key) + len(content) for key, content in params.items()) > MOST_CHARACTERS:
        return OpenedStack(None, None, (f"The link is longer than {MOST_CHARACTERS} characters; it was not read.",))
    problems: list[str] = []
    version = params.pop("v", str(VERSION))
    if version != str(VERSION):
        problems.append(f"The link has version {version[:20]}; this is version {VERSION}: what it knows was read.")
    step = params.pop("step", None)
    at = int(step) if step is not None and step.isascii() and step.isdigit() and len(step) < 7 else None
    if step is not None and at is None:
        problems.append(f"The link's step {step[:20]!r} is not a number of steps.")
    if "stack" not in params:
        problems += [f"The link's part {key[:40]!r} has no stack to go with." for key in params]
        return OpenedStack(None, at, tuple(problems))
    document = StackDocument(text=params.pop("stack"))
    for key, content in params.items():
        document = _with(document, key, content, problems)
    return OpenedStack(document, at, tuple(problems))


def _with(document: StackDocument, key: str, content: str, problems: list[str]) -> StackDocument:
    known = {field.name: getattr(document, field.name) for field in fields(StackDocument)}
    try:
        if key not in known or key == "text":
            raise PlaygroundError(f"part {key[:40]!r} was not understood")
        return StackDocument.from_fields(known | {key: _read(key, content)})
    except (PlaygroundError, ValueError) as error:
        said = error.message if isinstance(error, PlaygroundError) else f"{key}: {content[:40]!r} cannot be read"
        problems.append(f"The link's {said}.")
        return document


def _read(key: str, content: str) -> Any:
    if key == "input_shape":
        return tuple(int(size) for size in content.split("x"))
    return _KINDS.get(key, str)(content)
