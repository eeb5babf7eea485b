"""`straightened`: where the boxes of each row stand, so that links are as upright as the order allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

PASSES = 6  # down and up by turns; the last two weigh what is above and what is below
UNPULLED = 1e-3  # the weight of a place that nothing pulls at


@dataclass(frozen=True, slots=True)
class Pull:
    """A link between two boxes of neighbouring rows wants a + `shift` = b of their middles."""

    other: int
    shift: float
    weight: float


def straightened(
    rows: list[list[int]],
    widths: Sequence[float],
    gaps: Sequence[float],
    pulls: tuple[list[list[Pull]], list[list[Pull]]],
) -> list[float]:
    """The middle of every box; in its row it stands at least half of both widths and the larger gap from the next.

    `pulls` are those of the row above and of the row below, by box. Every row is the exact least-squares answer to what
    its neighbours pull at.
    """
    middle = [0.0] * len(widths)
    for row in rows:
        left = 0.0
        for vertex in row:
            middle[vertex] = left + widths[vertex] / 2
            left += widths[vertex] + gaps[vertex]
    above, below = pulls
    both = [[*up, *down] for up, down in zip(above, below, strict=True)]
    apart = [[(widths[a] + widths[b]) / 2 + max(gaps[a], gaps[b]) for a, b in pairwise(row)] for row in rows]
    numbers = range(len(rows))
    for taken, goes_down in [(above, True), (below, False)] * (PASSES // 2 - 1) + [(both, True), (both, False)]:
        for number in numbers if goes_down else reversed(numbers):
            row = rows[number]
            wishes, weights = [], []
            for vertex in row:
                weight = wish = 0.0
                for pull in taken[vertex]:
                    weight += pull.weight
                    wish += pull.weight * (middle[pull.other] + pull.shift)
                weights.append(weight or UNPULLED)
                wishes.append(wish / weight if weight else middle[vertex])
            for vertex, x in zip(row, spread(wishes, weights, apart[number]), strict=True):
                middle[vertex] = x
    return middle


def spread(wishes: Sequence[float], weights: Sequence[float], apart: Sequence[float]) -> list[float]:
    """The places nearest to the wishes, by weighted squares, with each so far `apart` from the one before.

    Source: pool adjacent violators (Best and Chakravarti 1990), after the distances are taken off.

    >>> spread([0.0, 0.0, 9.0], [1.0, 1.0, 1.0], [2.0, 2.0])
    [-1.0, 1.0, 9.0]
    """
    if not apart:
        return list(wishes)
    taken, offsets = 0.0, []
    for distance in (0.0, *apart):
        taken += distance
        offsets.append(taken)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            before, its_weight, its_count = pools.pop()
            mean = (before * its_weight + mean * weight) / (its_weight + weight)
            weight, count = weight + its_weight, count + its_count
        pools.append((mean, weight, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
