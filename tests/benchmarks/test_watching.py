"""The benchmark of a class that trains: its pages see their runs, and its table says what was seen."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.watching import Level, main, row


@pytest.mark.slow
def test_the_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sessions", "3", "--seconds", "6"]) == 0
    found = capsys.readouterr().out.splitlines()
    assert found[0].startswith("One server process, ")
    rows = [line.strip("|").split("|") for line in found if line.startswith("| 3 ")]
    assert len(rows) == 2  # each with a run of its own, and all with one
    for sessions, _, polls, between, change, errors in rows:
        assert (int(sessions), int(errors)) == (3, 0) and float(polls) > 1
        assert all("nan" not in cell for cell in (between, change))


def test_a_row_shows_medians_and_all_errors() -> None:
    level = Level(2, 10.0, [0.01, 0.03, 0.02], [0.5] * 20, errors=Counter({"a": 2, "b": 1}), server=0.125)
    assert row(level) == "| 2 | 12 | 2.0 | 0.50 / 0.50 | 20 / 30 | 3 |"
