"""`told`: what the picture of a long trace left out, when the reader comes to it."""

from __future__ import annotations

from collections.abc import Sequence

from playground.explain.explanation import Explanation
from playground.views.graph.graph import Graph
from playground.views.stepper.details import ItemDetails
from playground.views.stepper.picture import words_of
from playground.views.stepper.picture_data import ToldData

MOST_STEPS, MOST_ITEMS = 500, 50  # in one answer


def told(explanation: Explanation, graph: Graph, start: int, stop: int, keys: Sequence[str]) -> ToldData:
    """The words of the steps from `start` up to `stop`, and the items with these keys and those they are related to."""
    steps = explanation.trace.steps
    first = max(0, min(start, len(steps)))
    last = max(first, min(stop, len(steps), first + MOST_STEPS))
    details = ItemDetails(explanation, graph)
    asked = {key: item for key in keys[:MOST_ITEMS] if (item := details.item(key)) is not None}
    related = dict.fromkeys(key for item in asked.values() for key in item["related"] if key not in asked)
    beside = {key: item for key in list(related)[:MOST_ITEMS] if (item := details.item(key)) is not None}
    return {
        "start": first,
        "words": [words_of(explanation, step) for step in steps[first:last]],
        "items": asked | beside,
    }
