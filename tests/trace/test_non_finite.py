"""NaN and infinity: the first call that made one, and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from playground.recorder.record import record
from playground.trace.records import Note
from playground.trace.trace import Trace
from tests.recorder.helpers import leaf


def note_of(trace: Trace) -> Note:
    (note,) = [note for note in trace.notes if note.kind == "non_finite"]
    return note


@pytest.mark.parametrize(
    ("function", "x", "message"),
    [
        (torch.log, -1.0, "log made the first NaN: the logarithm of a negative number is not real"),
        (torch.log, 0.0, "log made the first infinity: the logarithm of 0 is -infinity"),
        (lambda x: x / x, 0.0, "div made the first NaN: 0 / 0 has no value"),
        (lambda x: 1 / x, 0.0, "rdiv made the first infinity: something was divided by 0"),
        (torch.sqrt, -1.0, "sqrt made the first NaN: a root of a negative number is not real"),
        (lambda x: x**0.5, -1.0, "pow made the first NaN: a root of a negative number is not real"),
        (torch.asin, 2.0, "asin made the first NaN: it is defined between -1 and 1 only"),
        (
            lambda x: torch.exp(x),
            100.0,
            "exp made the first infinity: the result overflows: it lies beyond the limit"
            " of 3.4e+38, the largest float32",
        ),
    ],
)
def test_the_reason_is_named(function: Callable[[Tensor], Tensor], x: float, message: str) -> None:
    trace = record(function, x)
    note = note_of(trace)
    assert note.message == message
    assert note.op == 0
    assert note.value == trace.ops[0].outputs[0]


def test_only_the_first_call_is_blamed() -> None:
    trace = record(lambda x: (torch.log(x) * 2 + 1).exp(), -1.0)
    assert note_of(trace).op == 0


def test_a_nan_that_was_given_is_nobodys_fault() -> None:
    assert record(lambda x: x * 2, float("nan")).notes == ()


def test_the_trap_of_where() -> None:
    trace = record(lambda x: torch.where(x > 0, torch.log(x), torch.zeros_like(x)).sum(), leaf(1.0, 0.0))
    assert note_of(trace).message.startswith("log made the first infinity")
    assert trace["x"].grad is not None
    assert repr(trace["x"].grad.tolist()) == "[1.0, nan]"  # 0 * (1 / 0)


def test_half_precision_overflows_early() -> None:
    trace = record(lambda x: x * x, leaf(1000.0, dtype=torch.float16))
    assert "65504" in note_of(trace).message or "6.55e+04" in note_of(trace).message


def test_finite_runs_have_no_such_note() -> None:
    assert record(torch.exp, 1.0).notes == ()
