"""Sizes and work of products: matrices, outer products, sums over named axes, factorisations."""

from __future__ import annotations

import math

from torch import Tensor

from playground.language.bounds.bound import (
    PER_ELEMENT,
    SLOW_ELEMENT,
    Shape,
    broadcast,
    product,
    shape_of,
    tensors_in,
    whole_numbers,
)
from playground.language.function import Arguments, Cost, Value

POLYNOMIAL = 8  # products of matrices in the polynomial of `matrix_exp`
MOST_HALVINGS = 1024  # of a float64
PER_MOVED = 4  # work per element that is read or written, beside the sums: what many small matrices cost
WEIGHED = 100_000  # elements of a matrix whose values are looked at
_SECOND = ("other", "mat2", "vec", "vec2", "weight")


def matrix_product(arguments: Arguments) -> Cost:
    """`(..., n, k) @ (..., k, m)`: n*m results of k products each, times the batch."""
    left, *others = (shape_of(arguments.get(name)) for name in ("input", *_SECOND) if name in arguments)
    right = others[0] if others else ()
    return matrix_cost(left, right)


def matrix_cost(left: Shape, right: Shape, per_product: int = 2) -> Cost:
    """The cost of `left @ right`."""
    inner = left[-1] if left else 1
    rows = left[-2:-1] if len(left) > 1 else ()
    columns = right[-1:] if len(right) > 1 else ()
    batch = broadcast(left[:-2], right[:-2])
    shape = (*batch, *rows, *columns)
    elements = product(shape)
    expanded = product((*batch, *left[-2:])) + product((*batch, *right[-2:]))  # PyTorch copies broadcast batches
    work = per_product * max(inner, 1) * elements + PER_MOVED * (elements + expanded)
    return Cost(elements, work, len(shape), expanded)


def added_product(arguments: Arguments) -> Cost:
    """`addmm`, `baddbmm`: a product and a sum."""
    first = arguments.get("mat1", arguments.get("batch1"))
    second = arguments.get("mat2", arguments.get("batch2", arguments.get("vec")))
    made = matrix_cost(shape_of(first), shape_of(second))
    start = product(shape_of(arguments.get("input")))
    return Cost(max(made.elements, start), made.work + start, max(made.dimensions, 2), made.scratch)


def linear_layer(arguments: Arguments) -> Cost:
    """`input @ weight.T + bias`."""
    weight = shape_of(arguments.get("weight"))
    return matrix_cost(shape_of(arguments.get("input")), tuple(reversed(weight[-2:])))


def bilinear_layer(arguments: Arguments) -> Cost:
    """`x1ᵀ W x2` for each output."""
    rows = shape_of(arguments.get("x1"))[:-1]
    weight = shape_of(arguments.get("weight"))
    elements = product(rows) * (weight[0] if weight else 1)
    products = product(rows) * product(weight)
    return Cost(elements, 8 * products, len(rows) + 1, products)


def outer_product(arguments: Arguments) -> Cost:
    """Every element by every element: `outer`, `kron`."""
    left, right = shape_of(arguments.get("input")), shape_of(arguments.get("vec2", arguments.get("other")))
    elements = product(left) * product(right)
    return Cost(elements, PER_ELEMENT * elements, max(2, len(left), len(right)))


def all_pairs(arguments: Arguments) -> Cost:
    """`cdist`: every row with every row."""
    left, right = shape_of(arguments.get("x1")), shape_of(arguments.get("x2"))
    is_plain = arguments.get("p", 2.0) in (0, 1, 2, math.inf)  # of any other p every difference is raised to it
    per_pair = PER_ELEMENT if is_plain else SLOW_ELEMENT
    return matrix_cost(left, (*right[:-2], *reversed(right[-2:])), per_product=per_pair)


def einstein_sum(arguments: Arguments) -> Cost:
    """Every letter's length multiplied: the work of the naive sum, which no order of contraction exceeds."""
    equation, operands = arguments.get("equation"), tensors_in(arguments.get("operands"))
    if not isinstance(equation, str):
        return Cost(10**18, 0)
    inputs, _, output = equation.replace(" ", "").partition("->")
    lengths: dict[str, int] = {}
    batch: Shape = ()
    for letters, operand in zip(inputs.split(","), operands, strict=False):
        shape, (head, dots, tail) = tuple(operand.shape), letters.partition("...")
        if dots:
            batch = broadcast(batch, shape[len(head) : len(shape) - len(tail)])
        sizes = [*shape[: len(head)], *(shape[len(shape) - len(tail) :] if tail else ())]
        for letter, length in zip(head + tail, sizes, strict=False):
            lengths[letter] = max(length, lengths.get(letter, 1))
    everything = product(lengths.values()) * product(batch)
    kept = output if "->" in equation else "".join(letter for letter in lengths if inputs.count(letter) == 1)
    elements = product(lengths.get(letter, 1) for letter in kept) * product(batch)
    largest = everything if len(operands) > 2 else 0  # partial products between operands
    scratch = max([largest, *(operand.numel() for operand in operands)])
    return Cost(elements, 2 * len(operands) * everything, len(kept) + len(batch), scratch)


def contraction(arguments: Arguments) -> Cost:
    """`tensordot`: at most the outer product, summed over the axes that are named."""
    left, right = shape_of(arguments.get("input")), shape_of(arguments.get("other"))
    axes = arguments.get("dims", 2)
    if isinstance(axes, int):
        summed = product(left[len(left) - axes :]) if 0 <= axes <= len(left) else 1
        count = max(axes, 0)
    else:
        first = axes[0] if isinstance(axes, tuple | list) and axes else []
        named = {axis % len(left) for axis in whole_numbers(first)} if left else set()
        summed, count = product(left[axis] for axis in named), len(named)
    elements = product(left) * product(right) // max(1, summed * summed)
    return Cost(elements, 2 * elements * max(1, summed), max(0, len(left) + len(right) - 2 * count))


def cubic(arguments: Arguments) -> Cost:
    """Factorisations of square matrices: inverse, determinant, solve."""
    shape = shape_of(arguments.get("input", arguments.get("A")))
    other = shape_of(arguments.get("other", arguments.get("B")))
    side = max(shape[-2:], default=1)
    batch = product(broadcast(shape[:-2], other[:-2] if len(other) > 1 else ()))
    columns = max(side, other[-1] if other else 1)
    exponent = abs(arguments["n"]) if isinstance(arguments.get("n"), int) else 1
    return Cost(batch * side * columns, 20 * batch * side * side * columns * exponent.bit_length(), len(shape))


def matrix_exponential(arguments: Arguments) -> Cost:
    """`matrix_exp`: a polynomial of the matrix made smaller by powers of 2, then squared once for each of them."""
    shape = shape_of(arguments.get("input"))
    side, batch = max(shape[-1:], default=1), product(shape[:-2])
    products = POLYNOMIAL + _halvings(arguments.get("input"))
    work = 2 * batch * side**3 * products
    return Cost(product(shape), work, len(shape), 4 * product(shape), derivative=12 * work)


def _halvings(matrix: Value) -> int:
    """How often a matrix of these values is halved at most, until its norm is below 1."""
    if not isinstance(matrix, Tensor) or matrix.is_complex() or matrix.numel() > WEIGHED:
        return MOST_HALVINGS
    norm = _largest(matrix.tolist()) * max(shape_of(matrix)[-1:], default=1)
    return min(MOST_HALVINGS, max(0, math.frexp(norm)[1])) if math.isfinite(norm) else MOST_HALVINGS


def _largest(numbers: Value) -> float:
    return max(map(_largest, numbers), default=0.0) if isinstance(numbers, list) else abs(float(numbers))


def inner_product(arguments: Arguments) -> Cost:
    """`inner`: every row of one with every row of the other."""
    left, right = shape_of(arguments.get("input")), shape_of(arguments.get("other"))
    shape = (*left[:-1], *right[:-1])
    return Cost(product(shape), 2 * product(shape) * max(left[-1:], default=1), len(shape))
