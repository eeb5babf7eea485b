"""Work of what takes more for an element than others: special functions, norms over neighbours, losses over paths."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from playground.language.bounds.bound import PER_ELEMENT, broadcast, shape_of, tensors_in, whole_numbers
from playground.language.bounds.scattering import full
from playground.language.function import Arguments, Cost, Value

SERIES = 700  # flops for one element of a function that sums a series
APPROXIMATED = 100  # and of one that is made of polynomials for different parts of the axis
STEP = 100  # for one term (q + k)^-n of a zeta function
TERMS = 12  # terms that it needs, besides one for every whole number between q and 0 where q is negative
UNSETTLED = 40  # times as long: a series at infinity or NaN never settles, and PyTorch gives up after 2,000 terms


def times(per_element: int) -> Callable[[Arguments], Cost]:
    """Broadcast all tensors together, at so many flops an element; an axis without elements counts as one."""

    def bound(arguments: Arguments) -> Cost:
        shape = full(broadcast(*(shape_of(tensor) for tensor in tensors_in(list(arguments.values())))))
        return Cost(math.prod(shape), per_element * math.prod(shape), len(shape), math.prod(shape))

    return bound


def series(arguments: Arguments) -> Cost:
    """`gammainc`: a series, which goes on to its last term where a number is not finite."""
    cost = times(SERIES)(arguments)
    tensors = tensors_in(list(arguments.values()))
    if all(math.isfinite(number) for tensor in tensors for number in _numbers(tensor)):
        return cost
    return replace(cost, work=UNSETTLED * cost.work)


def terms_of_zeta(arguments: Arguments) -> Cost:
    """`zeta`: a term for each whole number from q upwards, of which there may be as many as q is negative."""
    return times(_terms(arguments.get("other")))(arguments)


def polygammas(arguments: Arguments) -> Cost:
    """`polygamma`: terms of a zeta function, and those of the next one for its derivative."""
    return times(_terms(arguments.get("input")))(arguments)


def gammas(arguments: Arguments) -> Cost:
    """`lgamma`, `digamma`: cheap, but their derivatives of second and third order are polygammas."""
    made = approximated(arguments)
    return replace(made, second=polygammas(arguments).work)


def _terms(tensor: Value) -> int:
    """The work of one element of a zeta function at the most dear of these places."""
    lowest = min((number for number in _numbers(tensor) if math.isfinite(number)), default=0.0)
    return STEP * (TERMS + max(0, math.ceil(-lowest)))


def _numbers(tensor: Value) -> list[float]:
    """The values of a tensor of real numbers, read in a way that no recorder sees."""
    if not isinstance(tensor, Tensor) or tensor.is_complex():
        return []
    return _flat(tensor.tolist())


def _flat(numbers: Value) -> list[float]:
    if not isinstance(numbers, list):
        return [float(numbers)]
    if numbers and not isinstance(numbers[0], list):
        return numbers
    return [number for part in numbers for number in _flat(part)]


approximated = times(APPROXIMATED)
sorts = times(40 * 20)  # a comparison for each halving of a million elements
several_passes = times(4 * PER_ELEMENT)  # a normalisation, a loss of several steps


def several_gammas(arguments: Arguments) -> Cost:
    """`multigammaln`: one logarithm of the gamma function for each of p."""
    shape = full(shape_of(arguments.get("input")))
    terms = max([1, *whole_numbers(arguments.get("p"))])
    elements = math.prod(shape) * terms
    lowest = _terms(arguments.get("input")) + STEP * terms  # the terms go down from x to x - p / 2
    return Cost(math.prod(shape), 2 * APPROXIMATED * elements, len(shape), elements, second=lowest * elements)


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
