"""The records of a trace are made when one of them is first read."""

from __future__ import annotations

import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
import torch

from playground.recorder import assemble
from playground.recorder.record import record
from playground.trace.late import Late
from playground.trace.trace import Trace

FOUR = 4


def test_nothing_is_laid_out_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    value = assemble.Value
    monkeypatch.setattr(assemble, "Value", lambda *args, **kwargs: made.append(1) or value(*args, **kwargs))
    trace = record(lambda x: torch.sin(x) * x, 2.0)
    assert not made
    assert len(trace.values) == len(made) == 3
    assert trace.steps and len(made) == 3


def test_finite_differences_come_without_reading_a_record_before() -> None:
    assert {check.value for check in record(lambda x: x * x, 3.0).checks} == {0, 1}


def test_what_is_written_to_before_the_first_reading_is_noticed() -> None:
    """A version taken at the first reading would take the new number for the recorded one."""
    kept = []

    def square(x: torch.Tensor) -> torch.Tensor:
        kept.append(x * x)
        return kept[0]

    trace = record(square, 3.0)
    kept[0].detach().fill_(7.0)
    with pytest.raises(RuntimeError, match="written to after the recording"):
        trace["v1"].data.item()


def test_a_seed_that_is_written_to_before_the_first_reading_was_copied() -> None:
    seed = torch.ones(2)
    trace = record(lambda x: 2 * x, torch.ones(2, requires_grad=True), seed=seed)
    seed.fill_(7.0)
    assert trace.passes[0].seeds[0].tolist() == [1.0, 1.0]


def test_a_leaf_may_be_written_to_before_the_first_reading() -> None:
    weight = torch.tensor(3.0, requires_grad=True)
    trace = record(lambda x: x * weight, torch.tensor(2.0))
    with torch.no_grad():
        weight.fill_(7.0)
    assert trace["weight"].data.item() == 3.0
    assert trace["weight"].adjoint.item() == 2.0  # type: ignore[union-attr]


def test_late_and_early_reading_give_the_same_trace() -> None:
    def program(x: torch.Tensor) -> torch.Tensor:
        y = x + 1
        y = y.mul_(2.0)
        return (y.detach() * x + y.view(2)).sum()

    early = record(program, torch.ones(2, requires_grad=True))
    assert len(early.steps) > 0
    late = record(program, torch.ones(2, requires_grad=True))
    assert late == early == Trace.from_json(late.to_json())
    assert hash(late) == hash(early)
    assert late != record(program, torch.zeros(2, requires_grad=True))


def test_threads_that_ask_at_once_get_the_same_thing() -> None:
    made = []
    asked, may_end = Barrier(FOUR), Event()

    def make() -> object:
        made.append(1)
        assert may_end.wait(60)
        return object()

    late = Late(make)

    def ask(_: int) -> object:
        if asked.wait(60) == 0:
            may_end.set()
        return late()

    with ThreadPoolExecutor(FOUR) as threads:
        results = list(threads.map(ask, range(FOUR)))
    assert len(made) == 1
    assert all(result is results[0] for result in results)


def test_what_a_late_thing_was_made_of_is_let_go() -> None:
    class Source:
        pass

    source = Source()
    gone = weakref.ref(source)
    late = Late(lambda source=source: id(source))
    del source
    assert gone() is not None
    late()
    assert gone() is None


def test_a_failure_is_no_result() -> None:
    answers = [ZeroDivisionError(), 5]

    def make() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    late = Late(make)
    with pytest.raises(ZeroDivisionError):
        late()
    assert late() == 5
