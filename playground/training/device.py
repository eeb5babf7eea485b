"""The device of a run: the one that is asked for, or the fastest that is there."""

from __future__ import annotations

import torch

from playground.errors import PlaygroundError


def devices() -> tuple[str, ...]:
    """The devices that are there, the fastest first; the CPU always is."""
    found = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()), ("cpu", True)]
    return tuple(name for name, is_there in found if is_there)


def device_of(wanted: str) -> str:
    """The device for a setting; "auto" is the fastest. PlaygroundError where it is not there.

    >>> device_of("cpu")
    'cpu'
    """
    there = devices()
    if wanted == "auto":
        return there[0]
    if wanted not in there:
        raise PlaygroundError(f"there is no device {wanted!r} here", hint=f"here are {', '.join(there)}")
    return wanted
