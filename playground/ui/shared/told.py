"""What the picture of a long trace left out: what the browser asks for, and the answer for its frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from playground.explain.explanation import Explanation, explain
from playground.trace.trace import Trace
from playground.ui.shared.apart import Apart, apart, kind_of, small_turn, takes_process
from playground.ui.shared.frame_data import ToldAnswerData
from playground.ui.shared.opened_element import Source, run_source
from playground.unforeseen import tried
from playground.views.graph.build import build_graph
from playground.views.graph.graph import Graph, GraphKind
from playground.views.graph.unfolding import Unfolding
from playground.views.stepper.picture_data import ToldData
from playground.views.stepper.told import MOST_ITEMS, told

_KEPT = 2  # traces, each with its graph
_LONGEST = 40  # characters of a key


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question: the words of some steps, and some items, of what the document shows with these modules open."""

    document: Source
    unfolding: Unfolding
    start: int
    stop: int
    keys: tuple[str, ...]
    number: int  # of the question, so that the browser knows which one is answered


def wanted(sent: Mapping[str, Any], document: Source, unfolding: Unfolding) -> Wanted | None:
    """The browser's question, about this document; None where it asks nothing, or what no browser of ours sends."""
    start, stop, number, keys = (sent.get(name) for name in ("start", "stop", "number", "keys"))
    if type(start) is not int or type(stop) is not int or type(number) is not int or not isinstance(keys, list | tuple):
        return None
    names = tuple(key for key in keys[:MOST_ITEMS] if isinstance(key, str) and len(key) <= _LONGEST)
    return Wanted(document, unfolding, start, stop, names, number)


def told_answer(
    question: Wanted | None, document: Source | None, tell: Callable[[Wanted], ToldData] | None = None
) -> ToldAnswerData | None:
    """The frame's `told` (docs/stepper.md); None without a question, and once the page shows another document.

    `tell`: how it is found, where the document alone does not say what the picture was made of.
    """
    if question is None or question.document != document:
        return None
    found = tried(lambda: (tell or _told)(question))
    return {"number": question.number, **found} if isinstance(found, dict) else None


def told_in(trace: Trace, kind: GraphKind, question: Wanted) -> ToldData:
    """The answer from a trace."""
    return told(*drawing(trace, kind, question.unfolding), question.start, question.stop, question.keys)


def drawing(trace: Trace, kind: GraphKind, unfolding: Unfolding) -> tuple[Explanation, Graph]:
    """What a picture is made of."""
    explanation = explain(trace)
    return explanation, build_graph(explanation, kind, unfolding=unfolding)


def _told(question: Wanted) -> ToldData:
    if not takes_process(question.document):
        try:
            with small_turn():
                return told_here(question)
        except Apart:
            pass
    given = {"start": question.start, "stop": question.stop, "keys": list(question.keys)}
    kind = kind_of(question.document)
    return cast(ToldData, apart("told", question.document, kind=kind, unfolding=question.unfolding.listed(), **given))


def told_here(question: Wanted) -> ToldData:
    """The answer without a turn, in this process."""
    explanation, graph = _drawing(question.document, question.unfolding)
    return told(explanation, graph, question.start, question.stop, question.keys)


@lru_cache(maxsize=_KEPT)
def _drawing(document: Source, unfolding: Unfolding) -> tuple[Explanation, Graph]:
    return drawing(run_source(document), document.graph, unfolding)
