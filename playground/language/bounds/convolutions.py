"""Sizes of convolutions and pooling: windows slid over the last axes."""

from __future__ import annotations

import math

from playground.language.bounds.bound import PER_ELEMENT, Shape, like, product, shape_of, whole_numbers
from playground.language.bounds.products import matrix_cost
from playground.language.function import Arguments, Cost

PER_SEEN = 4  # work per element of a window that is compared or added


def numbers(arguments: Arguments, name: str, axes: int, default: int) -> list[int]:
    """A setting that is one number for all axes, or one for each."""
    given = whole_numbers(arguments.get(name))
    if not given:
        return [default] * axes
    return given if len(given) == axes else [max(given, key=abs)] * axes


def windows(arguments: Arguments, sides: Shape, kernel: list[int]) -> list[int]:
    """Bound the number of windows that fit along each axis; `padding='same'` keeps the length."""
    axes = len(sides)
    padding = [length // 2 + 1 for length in kernel] if isinstance(arguments.get("padding"), str) else None
    before = padding or numbers(arguments, "padding", axes, 0)
    dilation = numbers(arguments, "dilation", axes, 1)
    stride = numbers(arguments, "stride", axes, 0)
    found = []
    for side, length, pad, spread, step in zip(sides, kernel, before, dilation, stride, strict=True):
        reach = side + 2 * max(pad, 0) - max(spread, 1) * (length - 1) - 1
        found.append(max(0, math.ceil(reach / max(1, step)) + 1))
    return found


def convolution(arguments: Arguments) -> Cost:
    """Every window times every kernel; PyTorch may lay all windows out as columns."""
    image, weight = shape_of(arguments.get("input")), shape_of(arguments.get("weight"))
    axes = max(len(weight) - 2, 1)
    if len(weight) < 3 or len(image) < axes:
        return Cost(0, 1)  # refused by PyTorch
    count = product(windows(arguments, image[-axes:], list(weight[2:])))
    items = image[0] if len(image) == axes + 2 else 1
    elements = items * weight[0] * count
    padded = (
        items
        * product(image[-axes - 1 : -axes])
        * product(side + 2 * pad for side, pad in zip(image[-axes:], _padding(arguments, axes, weight), strict=True))
    )
    column = product(weight[1:]) * count
    moved = items * column + product(image) + product(weight) + elements  # by a single window more than is multiplied
    return Cost(elements, 2 * elements * product(weight[1:]) + PER_ELEMENT * moved, axes + 2, max(column, padded))


def _padding(arguments: Arguments, axes: int, weight: Shape) -> list[int]:
    if isinstance(arguments.get("padding"), str):
        return list(weight[2:])
    return [abs(number) for number in numbers(arguments, "padding", axes, 0)]


def transposed_convolution(arguments: Arguments) -> Cost:
    """Every element spread over a window."""
    image, weight = shape_of(arguments.get("input")), shape_of(arguments.get("weight"))
    axes = max(len(weight) - 2, 1)
    if len(weight) < 3 or len(image) < axes:
        return Cost(0, 1)
    strides, dilations = numbers(arguments, "stride", axes, 1), numbers(arguments, "dilation", axes, 1)
    extra = numbers(arguments, "output_padding", axes, 0)
    sides = [
        max(0, (side - 1) * max(step, 1) + max(spread, 1) * (length - 1) + 1 + max(more, 0))
        for side, step, spread, length, more in zip(image[-axes:], strides, dilations, weight[2:], extra, strict=True)
    ]
    items = image[0] if len(image) == axes + 2 else 1
    groups = max(numbers(arguments, "groups", 1, 1)[0], 1)
    positions = product(image[-axes:])
    work = 2 * items * positions * product(weight)
    elements = items * weight[1] * groups * product(sides)
    column = product(weight[1:]) * positions
    moved = items * column + product(image) + product(weight) + elements
    return Cost(elements, work + PER_ELEMENT * moved, axes + 2, column)


def pooling(arguments: Arguments) -> Cost:
    """Bound by one element per window; positions beside it for `max_pool`."""
    image = shape_of(arguments.get("input"))
    if "output_size" in arguments:
        sizes = numbers(arguments, "output_size", 2, 1)
        elements = product(image[:-2]) * product(sizes)
        return Cost(2 * elements, PER_ELEMENT * (elements + 4 * product(image)) + 4 * elements, len(image))
    kernel = whole_numbers(arguments.get("kernel_size"))
    axes = max(1, min(len(image), len(kernel) if len(kernel) > 1 else min(2, len(image) - 1)))
    kernel = kernel if len(kernel) == axes else [max(kernel, default=1)] * axes
    filled = Arguments({**arguments, "stride": arguments.get("stride") or kernel})
    count = product(windows(filled, image[-axes:], kernel))
    elements = product(image[:-axes]) * count
    if axes == 2 and len(image) == 3:  # a signal (N, C, L) or a picture (C, H, W): take the larger
        line = Arguments({**arguments, "stride": (whole_numbers(arguments.get("stride")) or kernel)[:1]})
        elements = max(elements, product(image[:-1]) * windows(line, image[-1:], kernel[:1])[0])
    seen = elements * product(min(length, max(image)) for length in kernel)
    return Cost(2 * elements, PER_SEEN * seen + PER_ELEMENT * (product(image) + elements), len(image))


def patches(arguments: Arguments) -> Cost:
    """`unfold`: all windows, copied."""
    image = shape_of(arguments.get("input"))
    if len(image) < 2:
        return Cost(0, 1)
    kernel = numbers(arguments, "kernel_size", 2, 1)
    filled = Arguments({**arguments, "stride": arguments.get("stride", 1)})
    elements = product(image[:-2]) * product(kernel) * product(windows(filled, image[-2:], kernel))
    return like((elements,))


def attention(arguments: Arguments) -> Cost:
    """Scores of every query with every key, then as many sums."""
    query, key, value = (shape_of(arguments.get(name)) for name in ("query", "key", "value"))
    scores = matrix_cost(query, (*key[:-2], *reversed(key[-2:])))
    result = matrix_cost((*query[:-1], *key[-2:-1]), value)
    return Cost(
        max(scores.elements, result.elements), scores.work * 4 + result.work, result.dimensions, 3 * scores.elements
    )
