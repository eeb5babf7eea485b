"""The benchmark of the recorder: that it measures what it says, on one round of its smallest case."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.recording import cases, fifty_layers, looked_at, measure, ours, plain, recorded, table, text_to_trace


def test_every_method_gets_its_time() -> None:
    methods = ours()
    measure(cases()[0], methods, rounds=1)
    assert all(len(method.times) == 1 and method.times[0] > 0 for method in methods)


def test_the_cases_are_those_of_the_course() -> None:
    names = {case.name: case for case in cases()}
    assert [case.inputs[0].shape[0] for case in cases()[1:]] == [64, 64, 64]
    linear = [m for m in names["two convolutions"].module.modules() if isinstance(m, nn.Linear)]
    assert (linear[0].in_features, linear[0].out_features) == (24255, 10)


def test_fifty_layers_are_fifty_layers() -> None:
    net = fifty_layers()
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in net.modules()) == 50
    assert net(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


@pytest.mark.parametrize("method", [plain, recorded, looked_at])
def test_a_method_runs_its_case(method) -> None:
    method(cases()[0])


def test_the_table_has_ratios_and_gaps() -> None:
    lines = table({"a": {"plain": [2.0, 1000.0, 2.0], "ours": [3.0, 1500.0, 4000.0]}, "b": {"plain": [1.0]}})
    assert lines[2:] == ["| plain | 2 ms | 1 ms |", "| ours | 1,500 ms (1.50×) | – |"]


def test_text_to_trace_is_a_time_in_milliseconds() -> None:
    assert 0.05 < text_to_trace(3) < 1000
