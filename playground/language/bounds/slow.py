"""Work of what takes more for an element than others: special functions, norms over neighbours, losses over paths."""

from __future__ import annotations

import math
from collections.abc import Callable

from playground.language.bounds.bound import PER_ELEMENT, broadcast, shape_of, tensors_in, whole_numbers
from playground.language.bounds.scattering import full
from playground.language.function import Arguments, Cost

SERIES = 700  # flops for one element of a function that sums a series
APPROXIMATED = 100  # and of one that is made of polynomials for different parts of the axis


def times(per_element: int) -> Callable[[Arguments], Cost]:
    """Broadcast all tensors together, at so many flops an element; an axis without elements counts as one."""

    def bound(arguments: Arguments) -> Cost:
        shape = full(broadcast(*(shape_of(tensor) for tensor in tensors_in(list(arguments.values())))))
        return Cost(math.prod(shape), per_element * math.prod(shape), len(shape), math.prod(shape))

    return bound


series = times(SERIES)
approximated = times(APPROXIMATED)
sorts = times(40 * 20)  # a comparison for each halving of a million elements
several_passes = times(4 * PER_ELEMENT)  # a normalisation, a loss of several steps


def several_gammas(arguments: Arguments) -> Cost:
    """`multigammaln`: one logarithm of the gamma function for each of p."""
    shape = full(shape_of(arguments.get("input")))
    terms = max([1, *whole_numbers(arguments.get("p"))])
    return Cost(math.prod(shape), 2 * APPROXIMATED * math.prod(shape) * terms, len(shape), math.prod(shape) * terms)


def neighbouring_channels(arguments: Arguments) -> Cost:
    """`local_response_norm`: a mean over so many channels, which are filled up with zeros on both sides."""
    shape = full(shape_of(arguments.get("input")))
    size = max([1, *whole_numbers(arguments.get("size"))])
    channels = shape[1] if len(shape) > 1 else 1
    elements = math.prod(shape)
    padded = elements // channels * (channels + size)
    return Cost(elements, PER_ELEMENT * elements * (size + 4), len(shape), padded)


def paths(arguments: Arguments) -> Cost:
    """`ctc_loss`: for each time, each item and each place between the letters of its target."""
    shape = full(shape_of(arguments.get("log_probs")))
    letters = max(shape_of(arguments.get("targets")), default=0)
    steps = (shape[0] if len(shape) > 1 else 1) * (shape[1] if len(shape) == 3 else 1)
    cells = steps * (2 * letters + 1)
    return Cost(max(1, shape[1] if len(shape) == 3 else 1), 80 * cells + 40 * math.prod(shape), 1, 2 * cells)
