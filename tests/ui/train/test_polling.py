"""How often pages poll their runs, and that many pages together do not poll too often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from playground.ui.train import polling
from playground.ui.train.polling import Intervals


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(polling, "monotonic", lambda: now[0])
    return now


def test_all_pages_together_look_so_often(clock: list[float]) -> None:
    intervals = Intervals(per_second=10)
    wanted = {page: 0.2 if page % 2 else 2.0 for page in range(40)}
    for page, seconds in wanted.items():
        intervals.seconds(page, seconds)
    told = {page: intervals.seconds(page, seconds) or 0.0 for page, seconds in wanted.items()}
    assert sum(1 / seconds for seconds in told.values()) == pytest.approx(10)
    assert told[0] == pytest.approx(10 * told[1])  # who wants to poll more often does


def test_a_page_without_runs_that_go_on_and_one_that_was_closed_count_no_longer(clock: list[float]) -> None:
    intervals = Intervals(per_second=1)
    intervals.seconds(1, 0.5)
    assert intervals.seconds(2, 0.5) == pytest.approx(2.0)
    assert intervals.seconds(1, None) is None
    assert intervals.seconds(2, 0.5) == pytest.approx(1.0)
    intervals.seconds(3, 0.5)
    clock[0] += polling.FORGOTTEN + 1
    assert intervals.seconds(2, 0.5) == pytest.approx(1.0)


def test_pages_are_threads() -> None:
    intervals = Intervals(per_second=50)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: intervals.seconds(number % 100, 0.5), range(4000)))
    assert intervals.seconds(0, 0.5) == pytest.approx(2.0)
