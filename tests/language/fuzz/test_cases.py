"""Texts from the language's own tables, and real ones with something changed: a trace or one PlaygroundError each.

Each is run as the page runs it, with leaves and settings that may be wrong too, in a process that may end; its CPU time
and its memory are measured. One trace in eight is also drawn, checked and exported.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.language.fuzz.cases import Cases
from tests.language.fuzz.measure import BYTES, SECONDS, measured

SAMPLE, MANY = 100, 100_000


def failures(first: int, count: int) -> list[dict[str, object]]:
    """What the program prints that is no sign of being on its way; it runs apart, as forks need one thread."""
    command = [sys.executable, "-m", "tests.language.fuzz.measure", str(first), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]  # Intel's MKL writes there, too
    said = [json.loads(line) for line in lines]
    assert {"done": first} in said, done.stderr
    return [line for line in said if "done" not in line]


def test_the_same_seed_gives_the_same_documents() -> None:
    first, second = Cases(3), Cases(3)
    assert [first.document() for _ in range(50)] == [second.document() for _ in range(50)]


def test_what_is_too_dear_or_raises_something_else_is_noticed() -> None:
    problem, _, grown = measured(lambda: bytearray(2 * BYTES).count(1))
    assert not problem and grown > BYTES
    problem, seconds, _ = measured(lambda: sum(range(40_000_000)))
    assert not problem and seconds > SECONDS / 5
    assert "ZeroDivisionError" in measured(lambda: 1 / 0)[0]


def test_a_sample_of_documents() -> None:
    assert failures(0, SAMPLE) == []


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_documents() -> None:
    assert failures(1, MANY) == []


@pytest.mark.million
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("first", range(51, 501, 50))
def test_the_rest_of_a_million_documents(first: int) -> None:
    assert failures(first, MANY) == []
