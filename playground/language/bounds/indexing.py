"""Upper bound on the size of `x[index]`."""

from __future__ import annotations

from torch import Tensor

from playground.language.bounds.bound import broadcast, product, shape_of
from playground.language.function import Cost, Value


def index_cost(operand: Tensor, index: Value) -> Cost:
    """Slices keep at most what is there; lists and tensors choose so many elements of the axes they stand for."""
    shape = shape_of(operand)
    parts = list(index) if isinstance(index, tuple) else [index]
    new_axes = sum(part is None for part in parts)
    chosen, taken, axis = [], 1, 0
    after_dots = sum(_axes_of(part) for part in parts[parts_index(parts) + 1 :]) if parts_index(parts) >= 0 else 0
    for part in parts:
        if part is ...:
            axis = max(axis, len(shape) - after_dots)
            continue
        if isinstance(part, list | Tensor):
            size = _size(part)
            lengths = shape[axis : axis + _axes_of(part)]
            chosen.append((product(lengths),) if _is_mask(part) else size)
            taken *= max(1, product(lengths))
        axis += _axes_of(part)
    elements = product(shape)
    if chosen:
        index_shape = broadcast(*chosen)
        elements = max(elements // max(taken, 1), 1) * product(index_shape)
    dimensions = len(shape) + new_axes + max((len(size) for size in chosen), default=0)
    return Cost(elements, elements, dimensions if new_axes or chosen else 0)


def parts_index(parts: list[Value]) -> int:
    """Find where `...` stands, or -1."""
    return next((place for place, part in enumerate(parts) if part is ...), -1)


def _axes_of(part: Value) -> int:
    if part is None or part is ...:
        return 0
    return max(1, part.dim()) if isinstance(part, Tensor) and _is_mask(part) else 1


def _is_mask(part: Value) -> bool:
    return isinstance(part, Tensor) and not part.is_floating_point() and part.element_size() == 1


def _size(part: Value) -> tuple[int, ...]:
    if isinstance(part, list):
        return (len(part), *_size(part[0])) if part else (0,)
    return shape_of(part)
