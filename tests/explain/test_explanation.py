"""An explanation: written once, frozen, and a drawing needs no sentence of it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
import torch

from playground.explain.explanation import Explanation, explain
from playground.explain.narration import Narrator
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.views.graph.build import build_graph
from playground.views.stepper.picture import picture


@pytest.fixture
def trace() -> Trace:
    return record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps of which texts were written, in that order."""
    steps: list[int] = []
    write = Narrator.step
    monkeypatch.setattr(Narrator, "step", lambda self, step: steps.append(step.index) or write(self, step))
    return steps


def test_every_text_is_written_once_and_only_when_it_is_asked_for(trace: Trace, written: list[int]) -> None:
    explanation = explain(trace)
    assert explanation.step(2) is explanation.step(2)
    assert written == [2]
    assert explanation.steps == explanation.steps and sorted(written) == list(range(len(trace.steps)))
    assert explanation.why(0) is explanation.why(0) and explanation.value(0) is explanation.value(0)


def test_a_drawing_needs_no_sentence(trace: Trace, written: list[int]) -> None:
    build_graph(explain(trace), "both")
    assert written == []


def test_pictures_of_one_explanation_write_their_texts_once(trace: Trace, written: list[int]) -> None:
    explanation = explain(trace)
    drawn = [picture(trace, kind, explanation=explanation) for kind in ("forward", "both")]
    assert len(written) == len(trace.steps)
    assert drawn == [picture(trace, kind) for kind in ("forward", "both")]


def test_nothing_of_it_can_be_set(trace: Trace) -> None:
    explanation = explain(trace)
    with pytest.raises(FrozenInstanceError):
        explanation.trace = trace  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        explanation.step(0).title = ""  # type: ignore[misc]
    assert isinstance(explanation, Explanation)
