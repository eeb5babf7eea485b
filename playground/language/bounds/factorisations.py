"""Sizes and work of factorisations, of systems that they solve, and of chains of products."""

from __future__ import annotations

import math
from itertools import pairwise

from playground.language.bounds.bound import broadcast, shape_of, tensors_in
from playground.language.bounds.products import matrix_cost
from playground.language.bounds.scattering import full
from playground.language.function import Arguments, Cost

DIRECT = 20  # flops times the cube of a side: LU, QR, Cholesky, solving; forward, and as much for each backward pass
ITERATED = 60  # eigenvalues and singular values, by iterations


def _matrices(arguments: Arguments) -> tuple[int, int, int, int, int]:
    """The batch, rows and columns of the first matrix, columns of the second, and axes."""
    first = full(shape_of(arguments.get("input", arguments.get("A", arguments.get("LU")))))
    other = arguments.get("B", arguments.get("input2", arguments.get("tau")))
    second = full(shape_of(other))
    rows, columns = first[-2] if len(first) > 1 else 1, first[-1] if first else 1
    batch = math.prod(broadcast(first[:-2], second[:-2]))
    return batch, rows, columns, second[-1] if second else 1, max(len(first), len(second))


def _factorised(arguments: Arguments, per_product: int) -> Cost:
    batch, rows, columns, more, axes = _matrices(arguments)
    short, long = min(rows, columns), max(rows, columns)
    in_full = arguments.get("full_matrices", "mode" not in arguments) or arguments.get("mode") == "complete"
    kept = rows * rows + columns * columns if in_full else 2 * long * short
    elements = batch * (kept + long * more)
    work = per_product * batch * (short * short * long + (rows**3 + columns**3 if in_full else 0) + short * long * more)
    return Cost(elements, work, axes, 2 * elements)


def factorised(arguments: Arguments) -> Cost:
    """`lu`, `qr`, `solve_triangular`, `lstsq`: the cube of the sides, in a fixed number of steps."""
    return _factorised(arguments, DIRECT)


def reduced(arguments: Arguments) -> Cost:
    """The same where the factors are as small as they can be: `qr` unless its mode is complete."""
    return _factorised(Arguments({"mode": "reduced", **arguments}), DIRECT)


def decomposed(arguments: Arguments) -> Cost:
    """`eigh`, `svd`, `eig`, `pinv`, `cond`: the cube of the sides, by iterations."""
    return _factorised(arguments, ITERATED)


def chain(arguments: Arguments) -> Cost:
    """`multi_dot`: PyTorch takes the cheapest order, which costs no more than from left to right; a backward pass makes
    the products of all that stand before and behind each matrix."""
    tensors = tensors_in(arguments.get("tensors"))
    sides = [full(tuple(tensor.shape)) for tensor in tensors]
    if not sides or any(len(side) not in (1, 2) for side in sides):
        return Cost(0, 1)  # refused by PyTorch
    rows = sides[0][0] if len(sides[0]) == 2 else 1
    lengths = [rows, *(side[-1] for side in sides)]
    if len(sides[-1]) == 1:  # a column
        lengths = [*lengths[:-1], sides[-1][0], 1]
    largest = max(lengths) ** 2
    work = sum(2 * rows * inner * columns for inner, columns in pairwise(lengths[1:]))
    return Cost(rows * lengths[-1], work * len(sides) + rows, 2, min(work, largest))


def added_outer(arguments: Arguments) -> Cost:
    """`addr`: every element of one vector with every element of the other."""
    rows, columns = (math.prod(full(shape_of(arguments.get(name)))) for name in ("vec1", "vec2"))
    start = math.prod(full(shape_of(arguments.get("input"))))
    return Cost(max(rows * columns, start), 4 * rows * columns + start, 2)


def added_products(arguments: Arguments) -> Cost:
    """`addbmm`: the products of all matrices of a batch, added up."""
    first, second = (full(shape_of(arguments.get(name))) for name in ("batch1", "batch2"))
    product = matrix_cost(first, second)
    start = math.prod(full(shape_of(arguments.get("input"))))
    return Cost(max(product.elements, start), product.work + start, 2, product.scratch + product.elements)


def powers(arguments: Arguments) -> Cost:
    """`vander`: a column for each power."""
    shape = full(shape_of(arguments.get("input")))
    given = arguments.get("N")
    columns = max(1, given) if isinstance(given, int) else shape[-1] if shape else 1
    elements = math.prod(shape) * columns
    return Cost(elements, 8 * elements, len(shape) + 1)


def pairs_of_rows(arguments: Arguments) -> Cost:
    """`cov`, `corrcoef`: every row with every row."""
    shape = full(shape_of(arguments.get("input")))
    rows, length = (shape[0], shape[-1]) if len(shape) == 2 else (1, math.prod(shape))
    return Cost(rows * rows, 4 * rows * rows * length + 8 * rows * (rows + length), 2, rows * length)
