"""The table of the browser benchmark; the measurements themselves need a quiet machine and are not tests."""

from __future__ import annotations

import pytest

from benchmarks.browser import Row, main, table


def test_a_row_shows_its_median_beside_limit_and_peer() -> None:
    row = Row("key", [70.0, 50.0, 60.4], "ms", 150, [300.0], "the peer")
    assert row.cells() == ("key", "3", "60", "70", "ms", "150", "300 (the peer)", "0.20")


def test_short_times_have_a_decimal_and_counts_none() -> None:
    assert Row("step", [1.72], "ms", 16).cells()[2:6] == ("1.7", "1.7", "ms", "16")
    assert Row("frames", [0], "frames", 0).cells()[2:6] == ("0", "0", "frames", "0")


def test_the_table_is_markdown() -> None:
    lines = table([Row("key", [60.0])]).splitlines()
    assert [line.count("|") for line in lines] == [9, 9, 9]


@pytest.mark.parametrize("arguments", [["--rounds", "x"], ["--only", "everything"]], ids=" ".join)
def test_a_wrong_option_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
