"""Sizes and work of writing into a copy of a tensor at named positions, and of looking positions up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from playground.language.bounds.bound import PER_ELEMENT, Shape, broadcast, like, shape_of, tensors_in, whole_numbers
from playground.language.bounds.indexing import index_cost
from playground.language.function import Arguments, Cost

PASSES = 4  # over the elements, forward or back: a mean or product by index counts, divides and masks


def full(shape: Shape) -> Shape:
    """The shape with 1 for 0: an axis without elements does not make the rest of a call free.

    >>> full((0, 5))
    (1, 5)
    """
    return tuple(max(1, length) for length in shape)


def stretched(arguments: Arguments) -> Cost:
    """Broadcast all tensors together; an axis without elements counts as one."""
    shape = full(broadcast(*(shape_of(tensor) for tensor in tensors_in(list(arguments.values())))))
    return like(shape)


def with_empty_axes(bound: Callable[[Arguments], Cost]) -> Callable[[Arguments], Cost]:
    """The same bound, but where a tensor is empty at least that of all tensors stretched to each other."""

    def checked(arguments: Arguments) -> Cost:
        cost = bound(arguments)
        if all(tensor.numel() for tensor in tensors_in(list(arguments.values()))):
            return cost
        least = stretched(arguments)
        return replace(cost, elements=max(cost.elements, least.elements), work=max(cost.work, least.work))

    return checked


def scattered(arguments: Arguments) -> Cost:
    """`scatter`, `index_add`, `put`: the input's size; every element of input, index and source is passed over.

    An index of one axis names whole slices: it writes not more than the source has.
    """
    shape = full(shape_of(arguments.get("input")))
    touched = sum(math.prod(full(tuple(tensor.shape))) for tensor in tensors_in(list(arguments.values())))
    index = math.prod(full(shape_of(arguments.get("index"))))
    if "dim" in arguments and len(shape_of(arguments.get("index"))) <= 1:  # `index_fill` has a number for a source
        dim, rest = arguments["dim"], math.prod(shape)
        if isinstance(dim, int) and -len(shape) <= dim < len(shape):
            rest //= shape[dim]
        touched += index * rest
    return Cost(math.prod(shape), PER_ELEMENT * PASSES * touched, len(shape), touched)


def put_at(arguments: Arguments) -> Cost:
    """`index_put`: what `input[indices] = values` writes."""
    tensor, indices = arguments["input"], arguments["indices"]
    shape = full(shape_of(tensor))
    written = max(index_cost(tensor, tuple(indices)).elements, 1)
    values = math.prod(full(shape_of(arguments.get("values"))))
    work = PER_ELEMENT * PASSES * (math.prod(shape) + written + values)
    return Cost(math.prod(shape), work, len(shape), written)


def taken_along(arguments: Arguments) -> Cost:
    """`take_along_dim`: index and input are stretched to each other along all other axes."""
    shape, index = list(full(shape_of(arguments.get("input")))), full(shape_of(arguments.get("indices")))
    dim = arguments.get("dim")
    if not isinstance(dim, int) or not -len(shape) <= dim < len(shape):
        return like(index)
    shape[dim] = 1
    return like(broadcast(tuple(shape), index))


def looked_for(arguments: Arguments) -> Cost:
    """`searchsorted`, `bucketize`: a binary search for each value."""
    values = math.prod(full(shape_of(arguments.get("values", arguments.get("input")))))
    borders = math.prod(full(shape_of(arguments.get("sorted_sequence", arguments.get("boundaries")))))
    dimensions = len(shape_of(arguments.get("values", arguments.get("input"))))
    return Cost(values, PER_ELEMENT * values * borders.bit_length() + borders, dimensions, borders)


def counted(arguments: Arguments) -> Cost:
    """`bincount`: a place for each whole number up to the largest; `histc`: one for each bin."""
    tensor = arguments["input"]
    least = max(whole_numbers(arguments.get("minlength"), arguments.get("bins", 0)), default=0)
    if "bins" not in arguments and not tensor.is_floating_point() and tensor.numel():
        least = max(least, 1 + max(whole_numbers(tensor.flatten().tolist())))
    places = max(1, least)
    return Cost(places, PER_ELEMENT * (max(1, tensor.numel()) + places), 1)
