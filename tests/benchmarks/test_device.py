"""The comparison of a device with the CPU, tried on PyTorch's second device of its ordinary build."""

from __future__ import annotations

import sys

import pytest
import torch

from benchmarks.device import MOST, Row, cases, difference, main, row
from tests.lazy import LAZY


def test_a_row_is_measured_on_both() -> None:
    found = row(LAZY, "L0.4, recorded", rounds=1)
    assert found.differs <= MOST and found.cpu > 0 and found.device > 0
    assert found.text.startswith("| L0.4, recorded | ")


@pytest.mark.slow
def test_a_run_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    # The larger rows are for accelerators, all 50 steps, too: `lazy` keeps 80 MB for each, and takes minutes.
    monkeypatch.setattr("benchmarks.device.STEPS", 4)
    name = next(name for name in cases(LAZY) if name.startswith("L1.1"))
    assert row(LAZY, name, rounds=1).differs <= MOST


def test_a_difference_is_seen() -> None:
    one, other = [torch.tensor([1.0, 2.0])], [torch.tensor([1.0, 2.5])]
    assert difference(one, other) == pytest.approx(0.2)
    assert difference(one, [torch.ones(3)]) == float("inf")
    assert "**too much**" in Row("x", 1.0, 2.0, 0.2).text


def test_without_a_device_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["device", "cpu"])
    main()
    assert "nothing to compare" in capsys.readouterr().out
