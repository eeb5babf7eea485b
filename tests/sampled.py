"""`sampled`: a few of many cases of one kind in `make test`, all of them in `make test-slow`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int, *, name: Callable[[Any], str] = str) -> list[Any]:
    """Parameters for `parametrize`: the first of every so many is tried by default, the others are slow.

    `name`: of a case, as it stands in the report.
    """
    return [
        pytest.param(case, id=name(case)[:60], marks=[pytest.mark.slow] * bool(number % every))
        for number, case in enumerate(cases)
    ]
