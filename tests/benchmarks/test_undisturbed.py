"""A round that the host of the virtual machine disturbed is timed again; the least disturbed counts."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest

from benchmarks.undisturbed import TRIES, undisturbed


@pytest.mark.parametrize(
    ("shares", "chosen", "tries"),
    [
        ([0.0], 0, 1),
        ([0.02], 0, 1),
        ([0.3, 0.01], 1, 2),
        ([0.3, 0.1, 0.2], 1, TRIES),
    ],
)
def test_the_least_disturbed_try_counts(shares: list[float], chosen: int, tries: int) -> None:
    taken = accumulate(shares, initial=0.0)
    clocks = [(now, float(number)) for number, now in enumerate(taken)]
    looks = iter([look for pair in pairwise(clocks) for look in pair])
    numbers = iter(range(len(shares)))
    assert undisturbed(lambda: {"number": next(numbers)}, lambda: next(looks)) == ({"number": chosen}, tries)


def test_the_clock_of_this_machine() -> None:
    assert undisturbed(lambda: {"app": 1.0})[0] == {"app": 1.0}
