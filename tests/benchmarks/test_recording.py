"""The benchmark of the recorder: that it measures what it says, on one round of its smallest case."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.recording import (
    MOST_OF_EARLIER,
    against_earlier,
    cases,
    comparison,
    fifty_layers,
    looked_at,
    measure,
    ours,
    plain,
    read,
    recorded,
    table,
    text_to_trace,
    trace_to_picture,
)
from playground import record


@pytest.mark.slow
def test_every_method_gets_its_time() -> None:
    methods = ours()
    measure(cases()[0], methods, rounds=1)
    assert all(len(method.times) == 1 and method.times[0] > 0 for method in methods)


def test_the_cases_are_those_of_the_course() -> None:
    names = {case.name: case for case in cases()}
    assert [case.inputs[0].shape[0] for case in cases()[2:]] == [64, 64, 64]
    linear = [m for m in names["two convolutions"].module.modules() if isinstance(m, nn.Linear)]
    assert (linear[0].in_features, linear[0].out_features) == (24255, 10)


def test_fifty_layers_are_fifty_layers() -> None:
    net = fifty_layers()
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in net.modules()) == 50
    assert net(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


def test_the_chain_has_200_operations() -> None:
    case = next(case for case in cases() if case.name == "chain of 200")
    assert len(record(case.module, *case.inputs).ops) == 200


def test_builds_are_compared_pair_by_pair() -> None:
    pairs = {what: [(2.0, 1.0), (40.0, 24.0), (2.0, 1.9)] for what in MOST_OF_EARLIER}
    assert comparison(pairs, "abc")[2].startswith("| chain of 200: record() | 2 ms | 1.9 ms | 0.60 | 0.6 |")
    assert all(met for met, _ in against_earlier(pairs))
    assert not any(met for met, _ in against_earlier({name: [(1.0, 1.2)] for name in pairs}))


@pytest.mark.parametrize("method", [plain, recorded, read, looked_at])
def test_a_method_runs_its_case(method) -> None:
    method(cases()[0])


def test_the_table_has_ratios_and_gaps() -> None:
    lines = table({"a": {"plain": [2.0, 1000.0, 2.0], "ours": [3.0, 1500.0, 4000.0]}, "b": {"plain": [1.0]}})
    assert lines[2:] == ["| plain | 2 ms | 1 ms |", "| ours | 1,500 ms (1.50×) | – |"]


def test_what_is_compared_is_what_is_timed() -> None:
    """By name: the cases of `record()`, and the pictures, one of which is drawn here."""
    recorded_cases = {f"{case.name}: record()" for case in cases()}
    assert {what for what in MOST_OF_EARLIER if what.endswith("record()")} <= recorded_cases
    assert 0.05 < trace_to_picture(cases()[0], 2) < 5000


def test_text_to_trace_is_a_time_in_milliseconds() -> None:
    assert 0.05 < text_to_trace(3) < 1000
