"""One element that somebody picked in the why panel: what the browser asked, and the answer for its frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from playground.errors import PlaygroundError
from playground.explain.element.answer import element_answer
from playground.explain.element.places import allowed
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.settings import batch_of
from playground.trace.trace import Trace
from playground.ui.shared.apart import Apart, apart, kind_of, small_turn, takes_process
from playground.ui.shared.frame_data import ElementAnswerData
from playground.unforeseen import tried

Source = Document | StackDocument
_KEPT = 2  # traces with their tensors: stepping through the elements of one runs its document once
_LONGEST = 200  # characters of an index


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: which element of which value, of what the document shows."""

    document: Source
    key: str  # 'value-5'
    index: str  # as typed
    number: int  # of the question, so that the browser knows which one is answered


def asked(sent: Mapping[str, Any], document: Source) -> Asked | None:
    """The browser's question, about this document; None where it asks nothing, or what no browser of ours sends."""
    key, index, number = sent.get("key"), sent.get("index"), sent.get("number")
    if not isinstance(key, str) or not isinstance(index, str) or type(number) is not int:
        return None
    return Asked(document, key, index, number) if len(index) <= _LONGEST else None


def answered(
    question: Asked | None,
    document: Source | None,
    *,
    refusal: str = "",
    answer: Callable[[Asked], Answer] | None = None,
) -> ElementAnswerData | None:
    """The frame's `element` (docs/stepper.md); None without a question, and once the page shows another document.

    A `refusal` is what to say while the document does not run. `answer`: how it is found, where the document alone
    does not tell what the picture was made of.
    """
    if question is None or question.document != document:
        return None
    given: ElementAnswerData = {
        "number": question.number,
        "key": question.key,
        "index": question.index,
        "error": None,
        "answer": None,
    }
    if refusal:
        return given | {"error": {"message": refusal, "hint": ""}}
    found = tried(lambda: (answer or _answer)(question))
    if isinstance(found, PlaygroundError):
        return given | {"error": {"message": found.message, "hint": found.hint}}
    return given | {"index": ", ".join(map(str, found.index)), "answer": found.said}


@dataclass(frozen=True, slots=True)
class Answer:
    """The index as it was understood, and what there is to say about the element."""

    index: tuple[int, ...]
    said: dict[str, Any]


def _answer(question: Asked) -> Answer:
    if takes_process(question.document):
        return _answered_apart(question)
    try:
        with small_turn():
            return answer_in(run_source(question.document), question.key, question.index)
    except Apart:
        return _answered_apart(question)


def answer_in(trace: Trace, key: str, text: str) -> Answer:
    """The answer from a trace. PlaygroundError: it has no such value, or the value no such element."""
    value = _value(trace, key)
    index = read_index(text, trace.values[value].shape)
    return Answer(index, element_answer(trace, value, index))


def _answered_apart(question: Asked) -> Answer:
    document = question.document
    found = apart("element", document, kind=kind_of(document), key=question.key, index=question.index)
    return Answer(tuple(found["index"]), found["said"])


@lru_cache(maxsize=_KEPT)
def run_source(document: Source) -> Trace:
    """The trace that the picture of this document was made of, by running it again."""
    return document.run() if isinstance(document, Document) else record_net(net_of(document), *batch_of(document)).trace


def _value(trace: Trace, key: str) -> int:
    found = re.fullmatch(r"value-(\d{1,9})", key)
    if found is None or int(found[1]) >= len(trace.values):
        raise PlaygroundError("there is no such value here any more", hint="select a value again")
    return int(found[1])


def read_index(text: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index that somebody typed, for a tensor of this shape: whole numbers with commas, brackets allowed.

    >>> read_index(" [3, 12]", (10, 4840))
    (3, 12)
    """
    pieces = [piece.strip() for piece in text.strip().strip("[]()").strip().rstrip(",").split(",")]
    pieces = [] if pieces == [""] else pieces
    numbers = [int(piece) if re.fullmatch(r"[0-9]{1,12}", piece) else -1 for piece in pieces]
    if len(numbers) != len(shape) or not all(0 <= i < n for i, n in zip(numbers, shape, strict=True)):
        raise PlaygroundError(f"`{text.strip()[:40]}` is no element of it", hint=allowed(shape))
    return tuple(numbers)
