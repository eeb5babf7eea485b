"""Sizes of tensors that are made from numbers, or that grow out of a smaller one."""

from __future__ import annotations

import math

from torch import Tensor

from playground.language.bounds.bound import like, product, shape_of, size_of, tensors_in, whole_numbers
from playground.language.function import Arguments, Cost

LABELS = 100_000  # more than so many are not searched for the largest


def identity_matrix(arguments: Arguments) -> Cost:
    """`eye(n)`, `eye(n, m)`."""
    return like(size_of(arguments.get("n"), arguments.get("m", arguments.get("n"))))


def stepped(arguments: Arguments) -> Cost:
    """`arange(end)`, `arange(start, end, step)`."""
    numbers = [
        float(number) if not isinstance(number, Tensor) else float(number.item()) for number in arguments["range"]
    ]
    start, end, step = (0.0, *numbers, 1.0) if len(numbers) == 1 else (*numbers, 1.0)[:3]
    if not all(map(math.isfinite, (start, end, step))) or step == 0:
        return Cost(0, 1, 1)  # refused by PyTorch
    return like((max(0, math.ceil(min((end - start) / step, 1e18))),))


def indicator_rows(arguments: Arguments) -> Cost:
    """`one_hot`: one row of `num_classes` per label."""
    labels, classes = arguments.get("input"), arguments.get("num_classes", -1)
    if isinstance(labels, Tensor) and classes == -1 and labels.numel() and not labels.is_floating_point():
        classes = max(whole_numbers(labels.tolist())) + 1 if labels.numel() <= LABELS else LABELS
    shape = (*shape_of(labels), max(whole_numbers(classes), default=1))
    return like(tuple(max(length, 0) for length in shape))


def looked_up(arguments: Arguments) -> Cost:
    """`embedding`: one row of the weight per index."""
    return like((*shape_of(arguments.get("input")), *shape_of(arguments.get("weight"))[1:]))


def diagonal_matrix(arguments: Arguments) -> Cost:
    """`diag` of a vector makes a square matrix."""
    shape = shape_of(arguments.get("input"))
    side = product(shape) + abs(max(whole_numbers(arguments.get("diagonal", 0)), default=0, key=abs))
    return like((side, side)) if len(shape) < 2 else like(shape)


def grids(arguments: Arguments) -> Cost:
    """`meshgrid`: one grid per vector."""
    tensors = tensors_in(arguments.get("tensors"))
    shape = tuple(max(1, tensor.numel()) for tensor in tensors)
    return Cost(len(tensors) * product(shape), 1, len(shape))


def sized(arguments: Arguments) -> Cost:
    """`zeros(2, 3)`, `full((2, 3), 1.0)`, `x.expand(2, 3)`: the named sizes; -1 keeps the operand's."""
    shape = shape_of(arguments.get("input"))
    numbers = whole_numbers(arguments.get("size"))
    padded = (1,) * (len(numbers) - len(shape)) + shape
    return like(tuple(old if new < 0 else new for new, old in zip(numbers, padded[-len(numbers) :], strict=False)))


def repeated(arguments: Arguments) -> Cost:
    """`repeat`, `tile`: the operand's elements times every factor."""
    shape, factors = shape_of(arguments.get("input")), size_of(arguments.get("repeats"))
    return Cost(product(shape) * product(factors), product(shape) * product(factors), max(len(shape), len(factors)))


def repeated_along(arguments: Arguments) -> Cost:
    """`repeat_interleave`: each element so many times."""
    shape, repeats = shape_of(arguments.get("input")), arguments.get("repeats")
    if isinstance(repeats, Tensor):
        total = sum(whole_numbers(repeats.tolist())) if repeats.numel() <= LABELS else LABELS**2
        elements = product(shape) * max(total, 1)
    else:
        elements = product(shape) * product(size_of(repeats))
    return Cost(elements, elements, len(shape))


def padded(arguments: Arguments) -> Cost:
    """`pad`: each of the last axes grows by what is added on both sides."""
    shape = list(shape_of(arguments.get("input")))
    numbers = whole_numbers(arguments.get("pad"))
    for place, (before, after) in enumerate(zip(numbers[::2], numbers[1::2], strict=False)):
        if place < len(shape):
            shape[-1 - place] = max(0, shape[-1 - place]) + max(0, before) + max(0, after)
    return like(tuple(shape))
