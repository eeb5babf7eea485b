"""The lines by which a script computes where the page did, where that is not the CPU."""

from __future__ import annotations

import inspect

from playground.computing.device import CPU, here
from playground.computing.drawn_on_the_cpu import DrawnOnTheCPU

IMPORTS = """\
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
"""
NAMES = ("Any", "Tensor", "TorchFunctionMode", "pytree", DrawnOnTheCPU.__name__)  # that the lines say


def device_line(name: str) -> str:
    """The line that names the device; '' on the CPU.

    >>> device_line("device")
    ''
    """
    if here() == CPU:
        return ""
    return f'{name} = torch.device("{here()}")  # as on the page; on "cpu" the last digits may be others\n'


def device_lines(name: str, *, draws: bool) -> str:
    """The same, with all new tensors made there, and random numbers, if it draws some, those of the CPU."""
    line = device_line(name)
    if not line:
        return ""
    drawn = f"{DrawnOnTheCPU.__name__}({name}).__enter__()  # a seed gives the same numbers on every device\n"
    source = f"{IMPORTS}\n\n{inspect.getsource(DrawnOnTheCPU)}\n\n" if draws else ""
    return f"{source}{line}torch.set_default_device({name})\n{drawn if draws else ''}"
