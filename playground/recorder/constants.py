"""Arguments of a call or a node that are no tensors, as short texts: `dim=1`, `reduction`, a dtype."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from playground.recorder.tape import TapeOp


def constants_of_call(op: TapeOp) -> list[tuple[str, str]]:
    """Every argument of a call that is not a tensor, as (path, text): '1' by position, 'dim' by keyword."""
    found: list[tuple[str, str]] = []
    for key, argument in (*enumerate(op.args), *op.kwargs.items()):
        if not isinstance(argument, Tensor):
            found += constants_of(argument, str(key))
    return found


def constants_of(obj: Any, path: str) -> list[tuple[str, str]]:
    """The parts of one argument that are no tensors; lists without tensors stay whole."""
    if isinstance(obj, Tensor) or obj is None:
        return []
    if isinstance(obj, dict):
        pairs = [(f"{path}.{key}", element) for key, element in obj.items()]
    elif isinstance(obj, tuple | list) and _holds_tensor(obj):
        pairs = [(f"{path}.{index}", element) for index, element in enumerate(obj)]
    else:
        return [(path, constant_text(obj))]
    return [found for inner_path, element in pairs for found in constants_of(element, inner_path)]


def _holds_tensor(obj: Any) -> bool:
    if isinstance(obj, tuple | list):
        return any(_holds_tensor(element) for element in obj)
    return isinstance(obj, Tensor)


def constant_text(obj: Any) -> str:
    """A short text of an argument: numbers and strings as Python writes them, dtypes without `torch.`.

    An object that Python writes with its address (a generator) is named by its class: the same call, the same text.

    >>> import torch
    >>> constant_text(torch.float32), constant_text(torch.Generator())
    ('float32', 'Generator')
    """
    text = repr(obj).removeprefix("torch.")
    if " at 0x" in text and not isinstance(obj, str):
        return type(obj).__name__
    return text if len(text) <= 80 else text[:77] + "..."


def saved_text(content: Any) -> str:
    """A saved number or text; PyTorch returns a negative dim as an unsigned 64-bit integer."""
    if isinstance(content, tuple | list):
        return constant_text(type(content)(map(_signed, content)))
    return constant_text(_signed(content))


def _signed(content: Any) -> Any:
    if isinstance(content, int) and not isinstance(content, bool) and content >= 2**63:
        return content - 2**64
    return content
