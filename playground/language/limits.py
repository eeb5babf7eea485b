"""Limits on the cost of one text, checked before anything is allocated or computed.

Each limit can be set by the environment: `PLAYGROUND_LIMIT_ELEMENTS=20000`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from playground.environment import from_environment


@dataclass(frozen=True, slots=True)
class LanguageLimits:
    """The limits of the language; the defaults keep any text within a few seconds and 100 MB."""

    text_length: int = 5_000  # characters
    nodes: int = 600  # of the syntax tree
    depth: int = 100  # of nesting
    integer: int = 2**53  # the largest whole number that a float64 still represents exactly
    items: int = 1_000  # in a list, a tuple or an argument list
    elements: int = 1_000_000  # of one tensor
    dimensions: int = 8  # of one tensor
    total_bytes: int = 64_000_000  # of all results of a run
    scratch: int = 16_000_000  # elements that one call may need for itself (a convolution's unfolded input)
    work: int = (
        6_000_000_000  # floating-point operations of a run and its backward passes; a second holds about as many
    )
    ops: int = 500  # tensor operations of a run
    graph_nodes: int = 2_000  # backward nodes that one `backward()` or `grad()` in the text passes through
    statements: int = 2_000  # executed in a run, loops unrolled; items of comprehensions and calls count as well
    calls: int = 20  # of functions of the text, one within the other


LIMITS = from_environment(LanguageLimits, "PLAYGROUND_LIMIT", os.environ)


def spell(number: int) -> str:
    """A count as people read it.

    >>> spell(10**9), spell(1_000_001), spell(2**53), spell(3 * 10**20), spell(640)
    ('10^9', '1,000,001', '2^53', '3.0e+20', '640')
    """
    if number >= 1000 and number < 10**300:
        digits = str(number)
        if digits.rstrip("0") == "1":
            return f"10^{len(digits) - 1}"
        if number >= 2**40 and number & (number - 1) == 0:
            return f"2^{number.bit_length() - 1}"
    if number < 10**15:
        return f"{number:,}"
    return f"{number:.1e}" if number < 10**300 else f"over 10^{(number.bit_length() * 3) // 10}"
