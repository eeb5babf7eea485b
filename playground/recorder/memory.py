"""The memory under a tensor: how often it was written to, who shares it, and copies that are safe from writes."""

from __future__ import annotations

import torch
from torch import Tensor


def memory_of(tensor: Tensor) -> int | None:
    """The memory that a tensor looks at, equal for a tensor and its views; None where that cannot be said (sparse)."""
    return int(tensor.untyped_storage()._cdata) if tensor.layout is torch.strided else None


def is_same_view(a: Tensor, b: Tensor) -> bool:
    """Tell whether two strided tensors are the same elements of the same memory, in the same order."""
    return bool(
        a.layout is torch.strided
        and b.layout is torch.strided
        and a.data_ptr() == b.data_ptr()  # what differs oftenest comes first; a device may know no addresses, and say 0
        and memory_of(a) == memory_of(b)
        and a.storage_offset() == b.storage_offset()
        and a.shape == b.shape
        and a.stride() == b.stride()
        and a.dtype == b.dtype
        and (a.data_ptr() != 0 or torch.equal(a, b))  # without addresses two slices of one memory look the same
    )


def overlap(a: Tensor, b: Tensor) -> bool:
    """Tell whether two tensors have elements in one stretch of one memory; neighbours in it do not overlap."""
    memory = memory_of(a)
    if memory is None or memory != memory_of(b) or not a.numel() or not b.numel():
        return False
    return _start(a) < _end(b) and _start(b) < _end(a)


def _start(tensor: Tensor) -> int:
    """Where in its memory the first element begins, in bytes."""
    return int(tensor.storage_offset()) * tensor.element_size()


def _end(tensor: Tensor) -> int:
    """Where the last element ends."""
    last = sum((length - 1) * stride for length, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return _start(tensor) + (last + 1) * tensor.element_size()


def snapshot(tensor: Tensor) -> Tensor:
    """A copy of the numbers as they are now, safe from later in-place writes."""
    return tensor.detach().clone()


def snapshot_of_grad(leaf: Tensor) -> Tensor | None:
    """A copy of a leaf's `.grad`, which a later pass would add to in place."""
    return None if leaf.grad is None else leaf.grad.detach().clone()
