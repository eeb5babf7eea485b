"""The name of a PyTorch function, and whether a call of it overwrites one of its arguments."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from torch.overrides import resolve_name

# Calls that only look at a tensor or change how autograd treats it: no node of the graph.
_SILENT = frozenset(
    {
        *("requires_grad_", "retain_grad", "register_hook", "is_leaf", "grad_fn", "requires_grad", "output_nr"),
        *("shape", "size", "ndim", "dim", "ndimension", "numel", "nelement", "stride", "storage_offset", "_version"),
        *("dtype", "itemsize", "element_size", "nbytes", "device", "layout", "is_contiguous"),
        *("is_floating_point", "is_complex", "is_sparse", "is_inference", "is_conj", "is_neg", "is_cuda"),
    }
)


@dataclass(frozen=True, slots=True)
class Callee:
    """A function as the recorder sees it."""

    name: str  # short: 'sin', 'mul', 'getitem', 'T'; reflected operators by their own name ('rsub')
    qualname: str  # where PyTorch has it: 'torch.sin', 'torch.Tensor.mul', 'torch.nn.functional.linear'
    is_silent: bool
    writes: bool  # by its name: `add_`, `+=`, item assignment
    sets: bool  # assignment to an attribute: `x.grad = None`
    inplace: int | None  # the position of `inplace` among its arguments


@lru_cache(maxsize=4096)
def callee(func: Any) -> Callee:
    """The facts about a function that are known before it is called."""
    owner = getattr(func, "__self__", None)
    raw = str(getattr(func, "__name__", type(func).__name__))
    name = raw
    if raw in ("__get__", "__set__") and owner is not None:  # a property of Tensor: x.T, x.grad
        name = str(getattr(owner, "__name__", None) or owner.fget.__name__)
    name = name.strip("_") if name.startswith("__") else name
    reads = raw in ("__invert__", "__index__", "__int__")
    return Callee(
        name=name,
        qualname=str(resolve_name(func) or f"{getattr(func, '__module__', None) or 'torch'}.{name}"),
        is_silent=name in _SILENT,
        writes=not reads and (name.endswith("_") or raw.startswith("__i") or raw in ("__setitem__", "__set__")),
        sets=raw == "__set__",
        inplace=_position_of_inplace(func),
    )


def writes_in_place(known: Callee, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether this call is going to overwrite one of its arguments."""
    if known.writes or (kwargs and (kwargs.get("out") is not None or kwargs.get("inplace"))):
        return True
    return known.inplace is not None and known.inplace < len(args) and args[known.inplace] is True


def _position_of_inplace(func: Any) -> int | None:
    try:
        return list(inspect.signature(func).parameters).index("inplace")
    except (TypeError, ValueError):
        return None
