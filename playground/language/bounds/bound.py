"""Upper bounds on the size of a result and the work of a call: one rule per kind of function, from shapes alone.

Each rule is an upper bound: it may not be smaller than what PyTorch allocates. Shapes that do not fit together are
PyTorch's to refuse; a rule only has to stay above any outcome.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from playground.language.function import Arguments, Cost, Value

PER_ELEMENT = 16  # work per element of an element-wise function or a reduction, exp and pow included
SLOW_ELEMENT = 96  # the same of functions without a vectorised form: lgamma, i0, asinh
PER_ROUND = 100_000  # work of one round of a loop that PyTorch makes itself
Shape = tuple[int, ...]
unseen = torch._C.DisableTorchFunction  # a recorder is not asked about what bounds read of a tensor: that takes longer


def product(lengths: Iterable[int]) -> int:
    """The number of elements, with an empty axis counted as one of length 1.

    A tensor without elements may have long axes, and what is computed of it (a determinant, a mean) may have them all.

    >>> product((3, 4)), product((1000, 0, 5))
    (12, 5000)
    """
    return math.prod(max(length, 1) for length in lengths)


def shape_of(value: Value) -> Shape:
    """The shape of a tensor; of anything else, that of a number."""
    if not isinstance(value, Tensor):
        return ()
    with unseen():
        return tuple(value.shape)


def broadcast(*shapes: Shape) -> Shape:
    """An upper bound for the shape to which PyTorch stretches these.

    >>> broadcast((3, 1), (1, 4), (4,))
    (3, 4)
    """
    length = max(map(len, shapes), default=0)
    padded = [(1,) * (length - len(shape)) + shape for shape in shapes]
    return tuple(max(axis) for axis in zip(*padded, strict=True))


def whole_numbers(*values: Value) -> list[int]:
    """Return all whole numbers in nested tuples and lists, in order."""
    found: list[int] = []
    for value in values:
        if isinstance(value, tuple | list):
            found += whole_numbers(*value)
        elif isinstance(value, int):
            found.append(int(value))
        elif isinstance(value, float) and math.isfinite(value):
            found.append(math.ceil(value))
        elif isinstance(value, Tensor) and value.numel() == 1 and not value.is_complex():
            found += whole_numbers(value.item())
    return found


def size_of(*values: Value) -> Shape:
    """A shape as it is given to `zeros`: `(2, 3)` or `2, 3`; unknown sizes (-1) count as nothing."""
    return tuple(max(number, 1) if number < 0 else number for number in whole_numbers(*values))


def tensors_in(value: Value) -> list[Tensor]:
    """The tensors in nested tuples and lists."""
    if isinstance(value, Tensor):
        return [value]
    return [tensor for item in value for tensor in tensors_in(item)] if isinstance(value, tuple | list) else []


def like(shape: Shape, work_per_element: int = PER_ELEMENT, scratch: int = 0) -> Cost:
    """The cost of making one tensor of this shape."""
    elements = product(shape)
    return Cost(elements, work_per_element * elements, len(shape), scratch)


def axis_length(arguments: Arguments, name: str = "dim", operand: str = "input", default: int = 0) -> int:
    """The length of the axis that `dim` names; 1 where there is none."""
    shape = shape_of(arguments.get(operand))
    axis = arguments.get(name, default)
    return shape[axis] if isinstance(axis, int) and -len(shape) <= axis < len(shape) else 1


def elementwise(arguments: Arguments) -> Cost:
    """Broadcast all tensors among the arguments together."""
    return like(broadcast(*(shape_of(tensor) for tensor in tensors_in(list(arguments.values())))))


def slow_elementwise(arguments: Arguments) -> Cost:
    """The same for functions that take tens of nanoseconds per element."""
    return like(broadcast(*(shape_of(tensor) for tensor in tensors_in(list(arguments.values())))), SLOW_ELEMENT)


def same_size(arguments: Arguments) -> Cost:
    """The first argument's size: `cumsum`, `softmax`, views."""
    return like(shape_of(arguments.get("input")))


def view(arguments: Arguments) -> Cost:
    """The same elements and at most as many axes, seen in another way."""
    shape = shape_of(arguments.get("input"))
    return Cost(product(shape), 1, len(shape))


def new_shape(arguments: Arguments) -> Cost:
    """`reshape`, `view`: as many elements as before, in as many axes as are named."""
    return Cost(product(shape_of(arguments.get("input"))), 1, len(whole_numbers(arguments.get("shape"))))


def one_more_axis(arguments: Arguments) -> Cost:
    """`unsqueeze`."""
    shape = shape_of(arguments.get("input"))
    return Cost(product(shape), 1, len(shape) + 1)


def reduction(arguments: Arguments) -> Cost:
    """Bound by one number, or by one per position of the axes that are kept."""
    shape = shape_of(arguments.get("input"))
    axes = arguments.get("dim")
    work = PER_ELEMENT * product(shape)
    if axes is None:
        return Cost(1, work, len(shape))
    if isinstance(axes, Tensor):  # max(x, y)
        return like(broadcast(shape, shape_of(axes)))
    named = {axis % len(shape) for axis in whole_numbers(axes)} if shape else set()
    kept = product(length for axis, length in enumerate(shape) if axis not in named)
    return Cost(2 * kept, work, len(shape))


def sorting(arguments: Arguments) -> Cost:
    """Values and their positions."""
    elements = product(shape_of(arguments.get("input"))) * product(shape_of(arguments.get("q")))
    return Cost(elements, 40 * elements * max(1, elements.bit_length()), 0, 2 * elements)


def running_product(arguments: Arguments) -> Cost:
    """`cumprod`, `prod`: a derivative that can be differentiated again takes one round per position of the axis."""
    cost, shape = same_size(arguments), shape_of(arguments.get("input"))
    rounds = axis_length(arguments) if "dim" in arguments else product(shape)
    return replace(cost, derivative=4 * cost.work, second=rounds * (cost.work + PER_ROUND))


def product_of_all(arguments: Arguments) -> Cost:
    """`prod`: a reduction whose derivative is made of running products."""
    running = running_product(arguments)
    return replace(reduction(arguments), derivative=running.derivative, second=running.second)


def running_log_sum(arguments: Arguments) -> Cost:
    """`logcumsumexp`: the derivative takes several of them."""
    cost = like(shape_of(arguments.get("input")), SLOW_ELEMENT)
    return replace(cost, derivative=4 * cost.work)


def joined(arguments: Arguments) -> Cost:
    """`cat`, `stack`, `hstack`: all elements of all tensors."""
    tensors = tensors_in(arguments.get("tensors"))
    elements = sum(product(tensor.shape) for tensor in tensors)
    return Cost(elements, elements, 1 + max((tensor.dim() for tensor in tensors), default=0))


def indexed(arguments: Arguments) -> Cost:
    """`gather`, `index_select`, `take`: not more than the index times the other axes."""
    shape, index = shape_of(arguments.get("input")), shape_of(arguments.get("index"))
    if "dim" not in arguments or len(index) == len(shape) != 1:
        return like(index)
    rest = product(shape) // max(1, axis_length(arguments))
    return Cost(rest * product(index), rest * product(index), len(shape))


def no_tensor(arguments: Arguments) -> Cost:
    """A number, or something that is there already."""
    return Cost(0, 1)


def backward_pass(arguments: Arguments) -> Cost:
    """Bound by what the forward pass through the same nodes cost, twice."""
    roots = tuple(tensors_in([arguments.get("input"), arguments.get("outputs")]))
    return Cost(0, 1, roots=roots, keeps_graph=bool(arguments.get("create_graph")))


def pieces(arguments: Arguments) -> Cost:
    """`split`, `chunk`, `unbind`: the same elements in several tensors."""
    shape, length = shape_of(arguments.get("input")), axis_length(arguments)
    if "split_size" in arguments:
        size = arguments["split_size"]
        count = math.ceil(length / max(size, 1)) if isinstance(size, int) else len(whole_numbers(size))
    else:
        count = min(max(whole_numbers(arguments.get("chunks", length)), default=1), length)
    return Cost(product(shape), 1, len(shape), pieces=count)


def positions(arguments: Arguments) -> Cost:
    """`nonzero`: one row of whole numbers for each element, at most."""
    shape = shape_of(arguments.get("input"))
    return like((product(shape), max(1, len(shape))))


def split_axis(arguments: Arguments) -> Cost:
    """`unflatten`: one axis made several."""
    shape = shape_of(arguments.get("input"))
    return Cost(product(shape), 1, len(shape) - 1 + len(whole_numbers(arguments.get("sizes"))))


def itemsize(arguments: Arguments) -> int:
    """Bytes per element of the result, at most."""
    sizes = [tensor.element_size() for tensor in tensors_in(list(arguments.values()))]
    given: Any = arguments.get("dtype")
    return max([4, *sizes, given.itemsize if isinstance(given, torch.dtype) else 0])
