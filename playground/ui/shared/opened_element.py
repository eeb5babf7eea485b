"""One element or one call that somebody opened: what the browser asked, and the answer for its frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from playground.errors import PlaygroundError
from playground.explain.element.answer import element_answer
from playground.explain.element.places import allowed
from playground.explain.lens.lens import lens
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.settings import batch_of
from playground.trace.trace import Trace
from playground.ui.shared.apart import Apart, apart, kind_of, small_turn, takes_process
from playground.ui.shared.frame_data import ElementAnswerData
from playground.unforeseen import tried
from playground.views.lens.lens import lens_data
from playground.views.lens.lens_data import LensData

Source = Document | StackDocument
_KEPT = 2  # traces with their tensors: stepping through the elements of one runs its document once
_LONGEST = 200  # characters of an index
_MOST_PICKS, _NAMED, _FAR = 8, 40, 10**9  # axes of a call, characters of a name, places


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: which element of which value, of what the document shows."""

    document: Source
    key: str  # 'value-5'
    index: str  # as typed
    number: int  # of the question, so that the browser knows which one is answered
    picks: tuple[tuple[str, int], ...] | None = None  # of a call, whose lens is asked for: where its axes begin


def asked(sent: Mapping[str, Any], document: Source) -> Asked | None:
    """The browser's question, about this document; None where it asks nothing, or what no browser of ours sends."""
    key, index, number = sent.get("key"), sent.get("index"), sent.get("number")
    if not isinstance(key, str) or not isinstance(index, str) or type(number) is not int or len(index) > _LONGEST:
        return None
    return Asked(document, key, index, number, _picks(sent.get("picks")))


def _picks(sent: object) -> tuple[tuple[str, int], ...] | None:
    """The places that were picked on axes, as far as they are any; None where no lens is asked for."""
    if not isinstance(sent, Mapping):
        return None
    found = [(axis, at) for axis, at in sent.items() if type(at) is int and abs(at) < _FAR and len(str(axis)) < _NAMED]
    return tuple(sorted((str(axis), at) for axis, at in found[:_MOST_PICKS]))


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
        "lens": None,
    }
    if refusal:
        return given | {"error": {"message": refusal, "hint": ""}}
    found = tried(lambda: (answer or _answer)(question))
    if isinstance(found, PlaygroundError):
        return given | {"error": {"message": found.message, "hint": found.hint}}
    given["index"], given["answer"], given["lens"] = ", ".join(map(str, found.index)), found.said, found.lens
    return given


@dataclass(frozen=True, slots=True)
class Answer:
    """The index as it was understood, and what there is to say about the element; or the lens of a call."""

    index: tuple[int, ...] = ()
    said: dict[str, Any] | None = None
    lens: LensData | None = None

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Answer:
        """The same answer from what a process sent of it."""
        return cls(tuple(found["index"]), found["said"], found["lens"])


def _answer(question: Asked) -> Answer:
    if takes_process(question.document):
        return _answered_apart(question)
    try:
        with small_turn():
            return answer_in(run_source(question.document), question.key, question.index, question.picks)
    except Apart:
        return _answered_apart(question)


def answer_in(trace: Trace, key: str, text: str, picks: Iterable[tuple[str, int]] | None = None) -> Answer:
    """The answer from a trace. PlaygroundError: it has no such value or call, the value no such element, or the call no
    lens. `picks`: (axis, place) pairs, of a call."""
    if picks is not None:
        frame = lens(trace, _numbered(key, "op", len(trace.ops)), dict(picks))
        return Answer(lens=lens_data(trace, frame))
    value = _numbered(key, "value", len(trace.values))
    index = read_index(text, trace.values[value].shape)
    return Answer(index, element_answer(trace, value, index))


def _answered_apart(question: Asked) -> Answer:
    document = question.document
    given = {"key": question.key, "index": question.index, "picks": question.picks}
    return Answer.of(apart("element", document, kind=kind_of(document), **given))


@lru_cache(maxsize=_KEPT)
def run_source(document: Source) -> Trace:
    """The trace that the picture of this document was made of, by running it again."""
    return document.run() if isinstance(document, Document) else record_net(net_of(document), *batch_of(document)).trace


def _numbered(key: str, kind: str, count: int) -> int:
    """The number in a key: of a value in 'value-5', of a call in 'op-5'."""
    found = re.fullmatch(rf"{kind}-(\d{{1,9}})", key)
    if found is None or int(found[1]) >= count:
        word = "call" if kind == "op" else "value"
        raise PlaygroundError(f"there is no such {word} here any more", hint=f"select a {word} again")
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
