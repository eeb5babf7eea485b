"""Broadcasting in the backward pass: the engine sums over the axes that the forward pass stretched."""

from __future__ import annotations

from playground.trace.records import Contribution


def summed_from(part: Contribution) -> tuple[int, ...] | None:
    """The shape before the engine summed over broadcast axes; None where it did not."""
    before, after = part.reduced_from, part.data.shape
    if before is None or before == after or len(after) > len(before):
        return None
    fits = all(n in (1, m) for n, m in zip(reversed(after), reversed(before), strict=False))
    return before if fits else None


def summed_axes(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    """The axes of `before` that a sum to the shape `after` goes over.

    >>> summed_axes((2, 3), (3,)), summed_axes((4, 2, 3), (1, 3))
    ('axis 0', 'axes 0, 1')
    """
    extra = len(before) - len(after)
    axes = [*range(extra), *(i + extra for i, n in enumerate(after) if n == 1 and before[i + extra] != 1)]
    return ("axis " if len(axes) == 1 else "axes ") + ", ".join(map(str, axes))
