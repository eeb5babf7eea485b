"""Sizes of what is laid out anew: pictures in another size, windows put back, blocks, all combinations."""

from __future__ import annotations

import math

from playground.language.bounds.bound import PER_ELEMENT, Shape, like, shape_of, tensors_in, whole_numbers
from playground.language.bounds.scattering import full
from playground.language.function import Arguments, Cost

NEIGHBOURS = 8 * 16  # flops for one element that is read off between others: sixteen of them with bicubic weights
BEYOND = 10**18  # more than any limit
LONG = 60  # bits of a number that is beyond


def _per_axis(given: list[int], axes: int) -> list[int]:
    return given if len(given) == axes else [max(given, default=1)] * axes


def resized(arguments: Arguments) -> Cost:
    """`interpolate`: the named size, or each side times a factor."""
    shape = full(shape_of(arguments.get("input")))
    sides = shape[2:]
    size, factor = whole_numbers(arguments.get("size")), whole_numbers(arguments.get("scale_factor"))
    if not size and not factor:
        return Cost(BEYOND, 0)
    if size:
        new = _per_axis(size, len(sides))
    else:  # `whole_numbers` rounds a factor up
        new = [side * times for side, times in zip(sides, _per_axis(factor, len(sides)), strict=True)]
    elements = math.prod(shape[:2]) * math.prod(full(tuple(new)))
    return Cost(elements, NEIGHBOURS * (elements + math.prod(shape)), len(shape))


def sampled(arguments: Arguments) -> Cost:
    """`grid_sample`: a picture in the size of the grid."""
    shape, grid = full(shape_of(arguments.get("input"))), full(shape_of(arguments.get("grid")))
    elements = math.prod(shape[:2]) * math.prod(grid[1:-1])
    return Cost(elements, NEIGHBOURS * (elements + math.prod(shape)), len(shape))


def grid_of(arguments: Arguments) -> Cost:
    """`affine_grid`: a place (x, y) for each pixel of the named size."""
    size = full(tuple(whole_numbers(arguments.get("size"))))
    axes = max(1, len(size) - 2)
    elements = math.prod(size[:1]) * math.prod(size[2:]) * (axes + 1)
    return Cost(elements, 4 * PER_ELEMENT * elements, axes + 2, elements)


def put_back(arguments: Arguments) -> Cost:
    """`fold`: all windows added into pictures of the named size."""
    shape = full(shape_of(arguments.get("input")))
    kernel, size = (whole_numbers(arguments.get(name)) for name in ("kernel_size", "output_size"))
    window = max(1, math.prod(_per_axis(kernel, 2)))
    rows = shape[-2] if len(shape) > 1 else 1
    channels = math.ceil(rows / window)
    elements = math.prod(shape[:-2]) * channels * math.prod(full(tuple(_per_axis(size, 2))))
    return Cost(elements, PER_ELEMENT * (elements + math.prod(shape)), len(shape) + 1)


def turned(arguments: Arguments) -> Cost:
    """A copy of the elements in another order: `rot90`, `pixel_shuffle`."""
    shape = full(shape_of(arguments.get("input")))
    return like((*shape, 1) if len(shape) < 2 else shape)


def embedded_diagonal(arguments: Arguments) -> Cost:
    """`diag_embed`: a square for each row of the last axis."""
    shape = full(shape_of(arguments.get("input")))
    side = (shape[-1] if shape else 1) + max(map(abs, whole_numbers(arguments.get("offset"))), default=0)
    return like((*shape[:-1], side, side))


def blocks(arguments: Arguments) -> Cost:
    """`block_diag`: as many rows and columns as all together have."""
    shapes = [(1, 1, *tuple(tensor.shape))[-2:] for tensor in tensors_in(arguments.get("tensors"))]
    return like(full((sum(rows for rows, _ in shapes), sum(columns for _, columns in shapes))))


def side_by_side(arguments: Arguments) -> Cost:
    """`dstack`, `column_stack`: all elements of all tensors, in two or three axes at least."""
    tensors = tensors_in(arguments.get("tensors"))
    elements = sum(tensor.numel() for tensor in tensors)
    return Cost(elements, PER_ELEMENT * elements, max([3, *(tensor.dim() for tensor in tensors)]))


def every_choice(arguments: Arguments) -> Cost:
    """`cartesian_prod`: one row for each choice of an element from every vector."""
    lengths = full(tuple(tensor.numel() for tensor in tensors_in(arguments.get("tensors"))))
    if sum(length.bit_length() - 1 for length in lengths) > LONG:
        return Cost(BEYOND, 0)
    elements = math.prod(lengths) * len(lengths)
    return Cost(elements, PER_ELEMENT * elements, 2, elements)


def subsets(arguments: Arguments) -> Cost:
    """`combinations`: PyTorch makes every choice of r elements, then keeps those in order."""
    count = math.prod(full(shape_of(arguments.get("input"))))
    size = max(whole_numbers(arguments.get("r", 2)), default=2)
    if size < 1:
        return Cost(0, 1, 1)
    if size * count.bit_length() > LONG:
        return Cost(BEYOND, 0)
    made = count**size * size
    kept = math.comb(count + size - 1 if arguments.get("with_replacement") else count, size) * size
    return Cost(kept, PER_ELEMENT * made, 2, made)


def triangle(arguments: Arguments) -> Cost:
    """`tril_indices`: two whole numbers for each place of a matrix at most."""
    rows, columns = (max([1, *whole_numbers(arguments.get(name))]) for name in ("row", "col"))
    return like((2, rows * columns))


def differences(arguments: Arguments) -> Cost:
    """`diff`: one pass for each order, of which each makes a tensor of its own; no more than the axis is long."""
    shape = full(shape_of(arguments.get("input")))
    times = min(max([1, *whole_numbers(arguments.get("n"))]), max(shape, default=1))
    return Cost(math.prod(shape), 2 * PER_ELEMENT * math.prod(shape) * times, len(shape), math.prod(shape) * times)


def strided_windows(arguments: Arguments) -> Cost:
    """`x.unfold(dimension, size, step)`: a view with one more axis."""
    shape: Shape = full(shape_of(arguments.get("input")))
    size = max([1, *whole_numbers(arguments.get("size"))])
    elements = math.prod(shape) * min(size, max(shape, default=1))  # seen, and made in a backward pass
    return Cost(elements, PER_ELEMENT * elements, len(shape) + 1)
