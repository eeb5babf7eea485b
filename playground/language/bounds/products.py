"""Sizes and work of products: matrices, outer products, sums over named axes, factorisations."""

from __future__ import annotations

import math

from playground.language.bounds.bound import PER_ELEMENT, Shape, broadcast, shape_of, tensors_in, whole_numbers
from playground.language.function import Arguments, Cost

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
    elements = math.prod(shape)
    expanded = math.prod((*batch, *left[-2:])) + math.prod((*batch, *right[-2:]))  # PyTorch copies broadcast batches
    return Cost(elements, per_product * elements * max(inner, 1) + elements, len(shape), expanded)


def added_product(arguments: Arguments) -> Cost:
    """`addmm`, `baddbmm`: a product and a sum."""
    first = arguments.get("mat1", arguments.get("batch1"))
    second = arguments.get("mat2", arguments.get("batch2", arguments.get("vec")))
    product = matrix_cost(shape_of(first), shape_of(second))
    start = math.prod(shape_of(arguments.get("input")))
    return Cost(max(product.elements, start), product.work + start, max(product.dimensions, 2), product.scratch)


def linear_layer(arguments: Arguments) -> Cost:
    """`input @ weight.T + bias`."""
    weight = shape_of(arguments.get("weight"))
    return matrix_cost(shape_of(arguments.get("input")), tuple(reversed(weight[-2:])))


def bilinear_layer(arguments: Arguments) -> Cost:
    """`x1ᵀ W x2` for each output."""
    rows = shape_of(arguments.get("x1"))[:-1]
    weight = shape_of(arguments.get("weight"))
    elements = math.prod(rows) * (weight[0] if weight else 1)
    work = 3 * math.prod(rows) * math.prod(weight)
    return Cost(elements, work, len(rows) + 1, work // 3)


def outer_product(arguments: Arguments) -> Cost:
    """Every element by every element: `outer`, `kron`."""
    left, right = shape_of(arguments.get("input")), shape_of(arguments.get("vec2", arguments.get("other")))
    elements = math.prod(left) * math.prod(right)
    return Cost(elements, 2 * elements, max(2, len(left), len(right)))


def all_pairs(arguments: Arguments) -> Cost:
    """`cdist`: every row with every row."""
    left, right = shape_of(arguments.get("x1")), shape_of(arguments.get("x2"))
    product = matrix_cost(left, (*right[:-2], *reversed(right[-2:])), per_product=PER_ELEMENT)
    return Cost(product.elements, product.work, product.dimensions, product.scratch)


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
    everything = math.prod(lengths.values()) * math.prod(batch)
    kept = output if "->" in equation else "".join(letter for letter in lengths if inputs.count(letter) == 1)
    elements = math.prod(lengths.get(letter, 1) for letter in kept) * math.prod(batch)
    largest = everything if len(operands) > 2 else 0  # partial products between operands
    scratch = max([largest, *(operand.numel() for operand in operands)])
    return Cost(elements, 2 * len(operands) * everything, len(kept) + len(batch), scratch)


def contraction(arguments: Arguments) -> Cost:
    """`tensordot`: at most the outer product, summed over the axes that are named."""
    left, right = shape_of(arguments.get("input")), shape_of(arguments.get("other"))
    axes = arguments.get("dims", 2)
    if isinstance(axes, int):
        summed = math.prod(left[len(left) - axes :]) if 0 <= axes <= len(left) else 1
        count = max(axes, 0)
    else:
        first = axes[0] if isinstance(axes, tuple | list) and axes else []
        named = {axis % len(left) for axis in whole_numbers(first)} if left else set()
        summed, count = math.prod(left[axis] for axis in named), len(named)
    elements = math.prod(left) * math.prod(right) // max(1, summed * summed)
    return Cost(elements, 2 * elements * max(1, summed), max(0, len(left) + len(right) - 2 * count))


def cubic(arguments: Arguments) -> Cost:
    """Factorisations of square matrices: inverse, determinant, solve."""
    shape = shape_of(arguments.get("input", arguments.get("A")))
    other = shape_of(arguments.get("other", arguments.get("B")))
    side = max(shape[-2:], default=1)
    batch = math.prod(broadcast(shape[:-2], other[:-2] if len(other) > 1 else ()))
    columns = max(side, other[-1] if other else 1)
    exponent = abs(arguments["n"]) if isinstance(arguments.get("n"), int) else 1
    return Cost(batch * side * columns, 20 * batch * side * side * columns * exponent.bit_length(), len(shape))


def inner_product(arguments: Arguments) -> Cost:
    """`inner`: every row of one with every row of the other."""
    left, right = shape_of(arguments.get("input")), shape_of(arguments.get("other"))
    shape = (*left[:-1], *right[:-1])
    return Cost(math.prod(shape), 2 * math.prod(shape) * max(left[-1:], default=1), len(shape))
