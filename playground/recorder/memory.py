"""The memory under a tensor: how often it was written to, who shares it, and copies that are safe from writes."""

from __future__ import annotations

import torch
from torch import Tensor


def memory_of(tensor: Tensor) -> int | None:
    """The memory that a tensor looks at, equal for a tensor and its views; None where that cannot be said (sparse)."""
    return tensor.untyped_storage()._cdata if tensor.layout is torch.strided else None


def is_same_view(a: Tensor, b: Tensor) -> bool:
    """Tell whether two strided tensors are the same elements of the same memory, in the same order."""
    return (
        a.layout is torch.strided
        and b.layout is torch.strided
        and a.data_ptr() == b.data_ptr()  # what differs oftenest comes first
        and a.shape == b.shape
        and a.stride() == b.stride()
        and a.dtype == b.dtype
    )


def snapshot(tensor: Tensor) -> Tensor:
    """A copy of the numbers as they are now, safe from later in-place writes."""
    return tensor.detach().clone()


def snapshot_of_grad(leaf: Tensor) -> Tensor | None:
    """A copy of a leaf's `.grad`, which a later pass would add to in place."""
    return None if leaf.grad is None else leaf.grad.detach().clone()
