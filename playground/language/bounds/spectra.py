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
    """`fft` and its relatives along one axis: cut or filled up to `n`, complex."""
    return _along(arguments, PARTS, 1)


def back_to_real(arguments: Arguments) -> Cost:
    """`irfft`, `hfft`: half a spectrum of n numbers stands for a real signal of up to 2 (n - 1)."""
    return _along(arguments, 1, 2)


def _along(arguments: Arguments, parts: int, growth: int) -> Cost:
    shape = list(full(shape_of(arguments.get("input"))))
    dim, wanted = arguments.get("dim", -1), arguments.get("n")
    if shape and isinstance(dim, int) and -len(shape) <= dim < len(shape):
        shape[dim] = max(1, wanted) if isinstance(wanted, int) else growth * shape[dim]
    return _cost(shape, max(shape, default=1), parts)


def transform_over(arguments: Arguments) -> Cost:
    """`fft2`, `rfft2`: along several axes, each cut or filled up to its size in `s`, complex."""
    return _over(arguments, PARTS, 1)


def back_to_real_over(arguments: Arguments) -> Cost:
    """`irfft2`: half a spectrum stands for twice as many real numbers at most."""
    return _over(arguments, 1, 2)


def _over(arguments: Arguments, parts: int, growth: int) -> Cost:
    shape = list(full(shape_of(arguments.get("input"))))
    sizes = whole_numbers(arguments.get("s"))
    axes = whole_numbers(arguments.get("dim", tuple(range(-max(len(sizes), 2), 0))))
    for axis, size in zip(axes, sizes, strict=False):
        if -len(shape) <= axis < len(shape):
            shape[axis] = max(1, size)
    if not sizes and axes and -len(shape) <= axes[-1] < len(shape):
        shape[axes[-1]] *= growth
    return _cost(shape, math.prod(shape), parts)


def _cost(shape: list[int], length: int, parts: int) -> Cost:
    elements = parts * math.prod(shape)
    work = BUTTERFLY * PARTS * math.prod(shape) * max(1, length.bit_length())
    return Cost(elements, work, len(shape), 2 * PARTS * math.prod(shape))


def frequencies(arguments: Arguments) -> Cost:
    """`fftfreq(n)`."""
    count = max([1, *whole_numbers(arguments.get("n"))])
    return Cost(count, PER_ELEMENT * count, 1)
