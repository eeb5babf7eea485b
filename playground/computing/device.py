"""Where PyTorch computes: the one place that decides it.

`PLAYGROUND_DEVICE` is the host's choice (auto, cpu, cuda, cuda:1, mps), a run may name another. Whoever begins
something (a process for pictures, a worker, a notebook, a shell) says `using(device_of(...))`; what makes tensors does
so inside `placed()`. A thread that has said nothing is on the CPU: a page server never wakes an accelerator, and what
forks can go on forking.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from playground.errors import PlaygroundError

AUTO = "auto"
CPU = torch.device("cpu")
WANTED = os.environ.get("PLAYGROUND_DEVICE", AUTO)
LAZY = "lazy"  # PyTorch's ordinary build has this second device: what forgets to move a tensor fails on it in a test

_current: ContextVar[torch.device] = ContextVar("device", default=CPU)


def devices() -> tuple[str, ...]:
    """The devices that are there, the fastest first; the CPU always is.

    CUDA's are counted by the driver's own library: to ask CUDA itself would keep this process from forking
    (https://docs.pytorch.org/docs/stable/notes/multiprocessing.html).
    """
    cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return (*cuda, *mps, "cpu")


def device_of(wanted: str = AUTO) -> torch.device:
    """The device for a setting; "auto" is the host's choice, else the fastest. PlaygroundError where it is not there.

    >>> device_of("cpu")
    device(type='cpu')
    """
    wanted = WANTED if wanted == AUTO else wanted
    there = devices()
    if wanted == AUTO:
        return torch.device(there[0])
    if wanted == LAZY:
        return _lazy()
    if wanted not in (*there, *(name.partition(":")[0] for name in there)):
        raise PlaygroundError(f"there is no device {wanted[:40]!r} here", hint=f"here are {', '.join(there)}")
    return torch.device(wanted)


@lru_cache(maxsize=1)
def _lazy() -> torch.device:
    from torch._lazy import ts_backend

    ts_backend.init()
    return torch.device(LAZY)


def described(device: str) -> str:
    """A device in words, from PyTorch's name of it.

    >>> described("cpu"), described("mps")
    ('the CPU', "Apple's GPU")
    """
    kind, _, index = device.partition(":")
    if kind == "cuda" and here().type == "cuda":  # else it may be asked for by a process that is to fork
        return str(torch.cuda.get_device_name(int(index or 0)))
    return {"cpu": "the CPU", "mps": "Apple's GPU", "cuda": f"GPU {index or 0}"}.get(kind, device)


def here() -> torch.device:
    """The device that is used now."""
    return _current.get()


@contextmanager
def using(device: torch.device) -> Iterator[None]:
    """Inside, `here()` is this device."""
    token = _current.set(device)
    try:
        yield
    finally:
        _current.reset(token)


def brought(leaf: Tensor) -> Tensor:
    """A leaf on the device that is used; itself where it is there."""
    if leaf.device == here():
        return leaf
    return leaf.detach().to(here()).requires_grad_(leaf.requires_grad)


@contextmanager
def placed(device: torch.device | None = None) -> Iterator[None]:
    """Inside, new tensors are made on a device, the one that is used, and random numbers are those of the CPU."""
    device = device or here()
    if device == CPU:
        yield
        return
    with device, _DrawnOnTheCPU(device):
        yield


class _DrawnOnTheCPU(TorchFunctionMode):
    """Calls with a generator of the CPU draw there, so that a seed gives the same numbers on every device."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._device = device

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if kwargs.get("generator") is None:
            return func(*args, **kwargs)
        tensors = [one for one in pytree.tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        if not tensors:
            drawn = func(*args, **{**kwargs, "device": CPU})
            return drawn.detach().to(self._device).requires_grad_(drawn.requires_grad)
        at_home, by_name = pytree.tree_map_only(Tensor, Tensor.cpu, (args, kwargs))
        drawn = func(*at_home, **by_name)
        if not func.__name__.endswith("_"):
            return drawn.to(self._device)
        with torch.no_grad():  # in place
            return tensors[0].copy_(drawn)
