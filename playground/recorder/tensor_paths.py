"""Tensors in nested arguments: lists, tuples, dicts and slices, each tensor by its path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from torch import Tensor

_NESTS = (tuple, list, dict, slice)
_CONTAINERS = frozenset({tuple, list, dict})


def tensors_in(obj: Any, path: str = "") -> list[tuple[str, Tensor]]:
    """Every tensor in nested lists, tuples, dicts and slices, with its path: '0', '1.2', 'weight'.

    >>> import torch
    >>> [path for path, _ in tensors_in([torch.ones(1), (2, torch.ones(1))])]
    ['0', '1.1']
    """
    if isinstance(obj, Tensor):
        return [(path, obj)]
    found: list[tuple[str, Tensor]] = []
    if isinstance(obj, _NESTS):
        _collect(obj, path, found)
    return found


def _collect(nest: Any, path: str, found: list[tuple[str, Tensor]]) -> None:
    if isinstance(nest, dict):
        pairs: Iterable[tuple[Any, Any]] = nest.items()
    else:
        pairs = enumerate((nest.start, nest.stop, nest.step) if isinstance(nest, slice) else nest)
    for key, element in pairs:
        if isinstance(element, Tensor):
            found.append((f"{path}.{key}" if path else str(key), element))
        elif isinstance(element, _NESTS):
            _collect(element, f"{path}.{key}" if path else str(key), found)


def tensors_of_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[tuple[str, Tensor]]:
    """Every tensor among the arguments of a call: '0', '1.2' by position, 'weight' by keyword."""
    found = tensors_in(args)
    if kwargs:
        _collect(kwargs, "", found)
    return found


def settled(arguments: Any) -> Any:
    """The same arguments, copied where a list or a dict is among them: the caller may change its own after the call.

    >>> parts = [1, 2]
    >>> kept = settled((parts, 0))
    >>> parts.append(3)
    >>> kept
    ([1, 2], 0)
    """
    elements = arguments.values() if isinstance(arguments, dict) else arguments
    return substitute(arguments, lambda _, tensor: tensor) if _can_change(elements) else arguments


def _can_change(elements: Collection[Any]) -> bool:
    """Tell whether a list or a dict is among them; asked at every call, and quick where nothing is nested."""
    if _CONTAINERS.isdisjoint(map(type, elements)):
        return False
    return any(type(one) in (list, dict) or (type(one) is tuple and _can_change(one)) for one in elements)


def substitute(obj: Any, replace: Callable[[str, Tensor], Any], path: str = "") -> Any:
    """The same nested structure with every tensor replaced; paths as in `tensors_in`."""
    if isinstance(obj, Tensor):
        return replace(path, obj)
    if isinstance(obj, tuple | list):
        elements = [substitute(e, replace, f"{path}.{i}" if path else str(i)) for i, e in enumerate(obj)]
        if isinstance(obj, list):
            return elements
        return type(obj)(*elements) if hasattr(obj, "_fields") else tuple(elements)
    if isinstance(obj, dict):
        return {key: substitute(e, replace, f"{path}.{key}" if path else str(key)) for key, e in obj.items()}
    if isinstance(obj, slice):
        return slice(*substitute((obj.start, obj.stop, obj.step), replace, path))
    return obj
