"""The layers page's link: a stack or a pasted class with its settings, and back.

`?v=1&stack=Conv2d(10, 7) ReLU Flatten Linear(10)&batch=32&step=7`; the document before stands there in the same words
after `before.`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from playground.layers.document import StackDocument
from playground.ui.shared.link_format import RestoredPair, query_of, restore_pair, with_before


def stack_query(document: StackDocument, before: StackDocument | None = None) -> str:
    """The canonical query string, without `?` and without a step; `before`: the document beside this one.

    >>> stack_query(StackDocument("Flatten Linear(10)", batch=32))
    'v=1&stack=Flatten%20Linear(10)&batch=32'
    """
    parts = document.link_parts("stack")
    if before is not None:  # drawn as the other one is
        parts = with_before(parts, replace(before, graph="forward").link_parts("stack"))
    return query_of(parts.items())


def restore_stack(params: Mapping[str, str]) -> RestoredPair[StackDocument]:
    """Read a query string, given as a mapping. Never raises: what is bad is named in `problems` and left out."""
    return restore_pair(params, "stack", _document)


def _document(parts: dict[str, str], problems: list[str]) -> StackDocument | None:
    table = StackDocument.settings()
    document, refusals = StackDocument().with_settings({"text": parts.pop("stack")})
    if refusals:
        problems += [f"The link's {refusal.message}: {refusal.hint}." for refusal in refusals.values()]
        return None
    for key, text in parts.items():
        if key not in table or key == "text":
            problems.append(f"The link's part {key[:40]!r} was not understood.")
            continue
        try:
            document, refusals = document.with_settings({key: table[key].read(text)})
            problems += [f"The link's {refusal.message}." for refusal in refusals.values()]
        except ValueError:
            problems.append(f"The link's {key}: {text[:40]!r} cannot be read.")
    return document
