"""Where PyTorch computes: the one place that decides it.

`PLAYGROUND_DEVICE` is the host's choice (auto, cpu, cuda, cuda:1, mps), a run may name another. Whoever begins
something (a process for pictures, a worker, a notebook, a shell) says `using(device_of(...))`; what makes tensors does
so inside `placed()`. A thread that has said nothing is on the CPU: a page server never wakes an accelerator, and what
forks can go on forking.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

import torch
from torch import Tensor

from playground.computing.drawn_on_the_cpu import DrawnOnTheCPU
from playground.errors import PlaygroundError

AUTO = "auto"
CPU = torch.device("cpu")
KINDS = ("cpu", "cuda", "mps")  # that can be asked for
INDEXED = r"cuda:\d"
# in a script:
FASTEST = '"cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"'
WANTED = os.environ.get("PLAYGROUND_DEVICE", AUTO)
LAZY = "lazy"  # PyTorch's ordinary build has this second device: what forgets to move a tensor fails on it in a test

_log = logging.getLogger(__name__)
_current: ContextVar[torch.device] = ContextVar("device", default=CPU)
_reason: ContextVar[str] = ContextVar("reason", default="")  # why it is another one than was wanted
_WANTED_ROOM = re.compile(r"Tried to allocate ([\d.]+ \w+)")  # PyTorch's words for CUDA and MPS
_FREE_ROOM = re.compile(r"of which ([\d.]+ \w+) is free")


@lru_cache(maxsize=1)  # each run of a text asks, and the driver's library takes a tenth of its time
def devices() -> tuple[str, ...]:
    """The devices that are there, the fastest first; the CPU always is.

    CUDA's are counted by the driver's own library: to ask CUDA itself would keep this process from forking
    (https://docs.pytorch.org/docs/stable/notes/multiprocessing.html).
    """
    cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    mps = ["mps:0"] if torch.backends.mps.is_available() else []
    return (*cuda, *mps, str(CPU))


def device_of(wanted: str = AUTO) -> torch.device:
    """The device for a setting; "auto" is the host's choice, else the fastest. PlaygroundError where it is not there.

    >>> device_of("cpu")
    device(type='cpu')
    """
    wanted = WANTED if wanted == AUTO else wanted
    if wanted == LAZY:
        return _lazy()
    there = devices()
    found = there[0] if wanted == AUTO else next((one for one in there if wanted in (one, one.partition(":")[0])), "")
    if not found:
        raise PlaygroundError(f"there is no device {str(wanted)[:40]!r} here", hint=f"here are {', '.join(there)}")
    return torch.device(found)


@lru_cache(maxsize=1)
def host_device() -> torch.device:
    """The device of this host."""
    return device_of()


@lru_cache(maxsize=1)
def _lazy() -> torch.device:
    from torch._lazy import ts_backend

    ts_backend.init()
    return torch.device(LAZY, 0)


def awake() -> torch.device:
    """The host's device, after it has computed something: drivers take a second for their first call, and a part of
    the process's memory. The CPU where it does not answer."""
    try:
        device = device_of()
        torch.ones(1, device=device).sum().item()
    except (PlaygroundError, RuntimeError) as error:
        _log.warning("pictures are computed on the CPU: %s", error)
        return CPU
    return device


def is_accelerator(device: torch.device) -> bool:
    """Tell whether a device has a driver and memory of its own."""
    return device.type not in (CPU.type, LAZY)


def described(device: str) -> str:
    """A device in words, from PyTorch's name of it.

    >>> described("cpu"), described("mps:0")
    ('the CPU', "Apple's GPU")
    """
    kind, _, index = device.partition(":")
    if kind == "cuda" and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # else it might have to fork
        return str(torch.cuda.get_device_name(int(index or 0)))
    return {"cpu": "the CPU", "mps": "Apple's GPU", "cuda": f"GPU {index or 0}"}.get(kind, device)


def here() -> torch.device:
    """The device that is used now."""
    return _current.get()


def in_words(device: str) -> str:
    """What is to be said of where something was computed: nothing of the CPU, unless another device was wanted.

    >>> in_words("cpu"), in_words("mps:0")
    ('', "computed on Apple's GPU")
    """
    return _reason.get() if device == str(CPU) else f"computed on {described(device)}"


@contextmanager
def using(device: torch.device, because: str = "") -> Iterator[None]:
    """Inside, `here()` is this device. `because`: why it is not another one, to be said with the result."""
    tokens = _current.set(device), _reason.set(because)
    try:
        yield
    finally:
        _current.reset(tokens[0])
        _reason.reset(tokens[1])


def needed(said: str) -> str:
    """What a device had no memory for, from the words of its allocator; '' where they do not tell.

    >>> needed("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 8.00 GiB of which 1.25 GiB is free. ...")
    '2.00 GiB more at once, where 1.25 GiB were free'
    """
    wanted, free = _WANTED_ROOM.search(said), _FREE_ROOM.search(said)
    if wanted is None:
        return ""
    return f"{wanted[1]} more at once" + (f", where {free[1]} were free" if free else "")


def no_room(said: str) -> str:
    """Why something is computed on the CPU after all, from the words of the allocator of another device.

    >>> no_room("MPS backend out of memory (MPS allocated: 8.00 GB). Tried to allocate 256.00 MB on private pool.")
    'computed on the CPU: the device lacked memory (256.00 MB more at once)'
    """
    wanted = needed(said)
    return "computed on the CPU: the device lacked memory" + (f" ({wanted})" if wanted else "")


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
    with device, DrawnOnTheCPU(device):
        yield
