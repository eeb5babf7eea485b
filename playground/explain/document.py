"""The JSON of a trace with every step in words and in numbers, as the page and the command line give it."""

from __future__ import annotations

from playground.explain.narration import Narrator
from playground.trace.codec import dumps, to_document
from playground.trace.trace import Trace


def explained_json(trace: Trace) -> str:
    """`trace.to_json()` with a `sentence` and a line of `arithmetic` in each step (docs/trace.md)."""
    document, narrator = to_document(trace), Narrator(trace)
    for written, step in zip(document["steps"], trace.steps, strict=True):
        written |= {"sentence": narrator.sentence(step), "arithmetic": narrator.arithmetic(step)}
    return dumps(document)


__all__ = ["explained_json"]
