"""Very many texts that nobody should type: each gives a trace or one PlaygroundError, in bounded time and memory."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from tests.pasted_pieces import KEPT, PASTED
from tests.strategies import EXPLOSIVE, FUNCTION_NAMES, WORDS

LEAVES = (Leaf("x", "[0.5, 2.0, -1.0]"), Leaf("A", "randn(2, 3)"), Leaf("y", "2.0"))
SECONDS, BYTES = 0.5, 100_000_000
CHUNK = 50_000
BEFORE, AFTER = ("", "x.", "A.", "y = ", "math.", "[", "sum("), ("", "[0] = 1", " += x", "()")


def texts(seed: int, count: int) -> Iterator[str]:
    """Soups of words, calls with wild arguments, and lines as they are pasted, in any order."""
    draw = random.Random(seed)
    for _ in range(count):
        kind = draw.randrange(5)
        if kind == 0:
            yield " ".join(draw.choices(WORDS, k=draw.randrange(1, 20)))
        elif kind == 1:
            yield "".join(draw.choices(WORDS, k=draw.randrange(1, 20)))
        elif kind == 2:
            arguments = ", ".join(draw.choices(EXPLOSIVE, k=draw.randrange(5)))
            call = f"{draw.choice(FUNCTION_NAMES)}({arguments})"
            yield draw.choice(BEFORE) + call + draw.choice(AFTER)
        elif kind == 3:
            yield "\n".join(draw.choices((*PASTED, *KEPT), k=draw.randrange(1, 9)))
        else:
            text = "\n".join(draw.choices((*PASTED, *KEPT), k=draw.randrange(1, 6)))
            place = draw.randrange(len(text) + 1)
            yield text[:place] + draw.choice(WORDS) + text[place + draw.randrange(4) :]


def check(text: str) -> None:
    """Run a text as the page does, repair tried; what comes of it, and what it took."""
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        Document(text, LEAVES).run()
    except PlaygroundError as error:
        assert 3 < len(error.message) < 400, text
        assert error.span is None or error.text is None or 0 <= error.span.start <= error.span.end <= len(error.text), (
            text
        )
        assert error.marked()
    seconds = time.process_time() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < BYTES, (text, grown)
    if seconds >= SECONDS:  # a collection of the test run's heap is not the text's: once more
        started = time.process_time()
        with suppress(PlaygroundError):
            Document(text, LEAVES).run()
        assert time.process_time() - started < SECONDS, text


def test_a_sample_of_them() -> None:
    for text in texts(0, 1500):
        check(text)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_fifty_thousand_of_them() -> None:
    for text in texts(1, CHUNK):
        check(text)


@pytest.mark.million
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(2, 1 + 1_000_000 // CHUNK))
def test_the_rest_of_a_million(seed: int) -> None:
    for text in texts(seed, CHUNK):
        check(text)
