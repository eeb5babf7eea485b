"""docs/trace.md says what is so."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from playground.recorder.record import record
from playground.trace.array import EXACT_ELEMENTS
from playground.trace.codec import VERSION
from playground.trace.records import BackwardNode, BackwardPass, Change, DifferenceCheck, Note, Op, Step, Value
from playground.trace.statistics import THUMBNAIL_SIDE
from playground.trace.trace import Trace

PAGE = (Path(__file__).parents[2] / "docs" / "trace.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(lambda x: x * x, 3.0)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: next(iter(example)))
def test_the_example_is_what_the_recorder_writes(trace: Trace, example: dict[str, Any]) -> None:
    document = json.loads(trace.to_json())
    for part, content in example.items():
        assert document[part] == content


def test_the_arrays_that_the_example_speaks_of(trace: Trace) -> None:
    arrays = [array["data"] for array in json.loads(trace.to_json())["arrays"]]
    assert arrays == [3.0, 1.0, 1.0, 3.0, 3.0, 6.0]


def test_what_the_example_says_of_the_third_step(trace: Trace) -> None:
    snapshot = trace.at(3)
    x = trace["x"].id
    adjoint = snapshot.adjoints[x]
    assert adjoint is not None and adjoint.item() == 6.0
    assert x not in snapshot.grads


@pytest.mark.parametrize("kind", [Value, Op, BackwardNode, BackwardPass, Step, Change, Note, DifferenceCheck])
def test_every_field_is_described(kind: type) -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert {field.name for field in fields(kind)} <= words


def test_every_part_of_the_document_is_described(trace: Trace) -> None:
    for part in json.loads(trace.to_json()):
        assert f"`{part}`" in PAGE


def test_the_numbers_of_the_page() -> None:
    assert f"**version {VERSION}**" in PAGE
    assert f"up to {EXACT_ELEMENTS:,} elements" in PAGE
    assert f"at most {THUMBNAIL_SIDE} × {THUMBNAIL_SIDE}" in PAGE
