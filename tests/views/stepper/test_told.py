"""What the picture of a long trace leaves out is told, word for word, when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch

from playground.explain.explanation import explain
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.views.graph.build import build_graph
from playground.views.stepper import details, picture
from playground.views.stepper.picture import picture as picture_of
from playground.views.stepper.told import MOST_ITEMS, MOST_STEPS, told

OPS = 1_300


@pytest.fixture(scope="module")
def long() -> Trace:
    def chain(x: torch.Tensor) -> torch.Tensor:
        for _ in range(OPS):
            x = torch.sin(x) if x > 0 else torch.cos(x)
        return x

    return record(chain, torch.tensor(1.0, requires_grad=True))


def parts(listed: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


@pytest.mark.slow
def test_words_and_items_left_out_are_those_of_the_whole(long: Trace) -> None:
    whole, short = picture_of(long), picture_of(long, whole=False)
    left_out = [number for number, step in enumerate(short["steps"]) if step["words"] is None]
    assert left_out == list(range(picture.TOLD_STEPS, len(long.steps)))
    missing = [key for key in whole["items"] if key not in short["items"]]
    assert any(key.startswith("value-") for key in missing) or len(long.values) <= details.TOLD_VALUES
    explanation, graph = explain(long), build_graph(explain(long))
    for numbers in parts(left_out, MOST_STEPS):
        answer = told(explanation, graph, numbers[0], numbers[-1] + 1, [])
        assert answer["start"] == numbers[0]
        assert answer["words"] == [whole["steps"][number]["words"] for number in numbers]
    for keys in parts(missing, MOST_ITEMS):
        answer = told(explanation, graph, 0, 0, keys)
        assert not answer["words"]
        assert {key: answer["items"][key] for key in keys} == {key: whole["items"][key] for key in keys}
    assert len(json.dumps(short)) < len(json.dumps(whole))


def test_an_item_comes_with_those_that_it_is_related_to(long: Trace) -> None:
    explanation = explain(long)
    key = f"op-{len(long.ops) - 1}"
    graph = build_graph(explanation)
    answer = told(explanation, graph, 0, 0, [key])
    related = set(answer["items"][key]["related"])
    assert f"value-{long.ops[-1].outputs[0]}" in related
    assert related - {box.key for box in graph.boxes} <= set(answer["items"])


@pytest.mark.parametrize(
    "key",
    ["", "value-", "value-99999999", "op--1", "use-0", "use-0-9", "value-0-0", "edge-0-99", "seed-3-0", "'", "ｏp-0"],
)
def test_a_key_of_nothing_is_left_out(long: Trace, key: str) -> None:
    explanation = explain(long)
    assert told(explanation, build_graph(explanation), 0, 0, [key])["items"] == {}


@pytest.mark.parametrize(
    ("start", "stop", "count"), [(-5, 3, 3), (10, 5, 0), (10**9, 10**9 + 5, 0), (0, 10**9, MOST_STEPS)]
)
def test_an_answer_is_bounded(long: Trace, start: int, stop: int, count: int) -> None:
    explanation = explain(long)
    assert len(told(explanation, build_graph(explanation), start, stop, [])["words"]) == count


def test_a_trace_of_ordinary_size_is_told_at_once(l04: Trace) -> None:
    assert picture_of(l04, whole=False) == picture_of(l04)
