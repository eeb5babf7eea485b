"""The JSON of a trace with every step in words and in numbers, as the page and the command line give it."""

from __future__ import annotations

from playground.explain.explanation import explain
from playground.trace.codec import dumps, to_document
from playground.trace.trace import Trace


def explained_json(trace: Trace) -> str:
    """`trace.to_json()` with a `sentence` and a line of `arithmetic` in each step (docs/trace.md)."""
    document = to_document(trace)
    for written, text in zip(document["steps"], explain(trace).steps, strict=True):
        written |= {"sentence": text.sentence, "arithmetic": text.arithmetic}
    return dumps(document)
