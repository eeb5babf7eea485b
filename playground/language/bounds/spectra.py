"""Sizes and work of complex numbers and of Fourier transforms."""

from __future__ import annotations

import math

from playground.language.bounds.bound import PER_ELEMENT, broadcast, shape_of, tensors_in, whole_numbers
from playground.language.bounds.scattering import full
from playground.language.function import Arguments, Cost

PARTS = 2  # numbers in a complex one
BUTTERFLY = 40  # flops for each element and each halving of its axis; twice as many where the length is a prime


def of_parts(arguments: Arguments) -> Cost:
    """An element of two numbers for each broadcast position, or the other way round."""
    shape = full(broadcast(*(shape_of(tensor) for tensor in tensors_in(list(arguments.values())))))
    elements = PARTS * math.prod(shape)
    return Cost(elements, 4 * PER_ELEMENT * elements, len(shape) + 1)


def transform(arguments: Arguments) -> Cost:
    """`fft` and its relatives along one axis: cut or filled up to `n`."""
    shape = list(full(shape_of(arguments.get("input"))))
    dim = arguments.get("dim", -1)
    if shape and isinstance(dim, int) and -len(shape) <= dim < len(shape):
        shape[dim] = _length(shape[dim], arguments.get("n"))
    return _cost(shape, max(shape, default=1))


def transform_over(arguments: Arguments) -> Cost:
    """`fft2`, `fftn`: along several axes, each cut or filled up to its size in `s`."""
    shape = list(full(shape_of(arguments.get("input"))))
    sizes = whole_numbers(arguments.get("s"))
    axes = whole_numbers(arguments.get("dim", tuple(range(-max(len(sizes), 2), 0))))
    for axis, size in zip(axes, sizes, strict=False):
        if -len(shape) <= axis < len(shape):
            shape[axis] = _length(shape[axis], size)
    return _cost(shape, math.prod(shape))


def _length(side: int, wanted: object) -> int:
    """A half spectrum of `side` numbers stands for up to 2 (side - 1) of them."""
    return max(1, wanted) if isinstance(wanted, int) else 2 * side


def _cost(shape: list[int], length: int) -> Cost:
    elements = PARTS * math.prod(shape)
    return Cost(elements, BUTTERFLY * elements * max(1, length.bit_length()), len(shape), 2 * elements)


def frequencies(arguments: Arguments) -> Cost:
    """`fftfreq(n)`."""
    count = max([1, *whole_numbers(arguments.get("n"))])
    return Cost(count, PER_ELEMENT * count, 1)
