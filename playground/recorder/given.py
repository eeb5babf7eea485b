"""What people hand to `record`, and what their functions return, as the recorder reads it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

from playground.errors import PlaygroundError
from playground.recorder.tensor_paths import tensors_in

DEEPEST = 8  # containers in one another
MOST_DEPTH, MOST_NESTS = 100, 100_000  # of lists, tuples and dictionaries among the arguments


def tensors_within(obj: Any) -> list[tuple[str, Tensor]]:
    """Every tensor in nested containers of any kind, with its path: what `tensors_in` finds, and what lies in
    dataclasses, namespaces, mappings, sets, deques and classes that are registered with PyTorch's pytree.

    >>> [path for path, _ in tensors_within(SimpleNamespace(loss=torch.ones(1), parts=deque([torch.ones(1)])))]
    ['loss', 'parts.0']
    """
    return tensors_in(_plain(obj, DEEPEST))


def _plain(obj: Any, levels: int) -> Any:
    """The same as lists and dicts; what is none of these stays."""
    parts = None if isinstance(obj, Tensor) or levels == 0 else parts_of(obj)
    if isinstance(parts, dict):
        return {key: _plain(part, levels - 1) for key, part in parts.items()}
    return obj if parts is None else [_plain(part, levels - 1) for part in parts]


def parts_of(obj: Any) -> dict[Any, Any] | list[Any] | None:
    """What a container holds, by key or in order; None of anything else."""
    if isinstance(obj, list | tuple | set | frozenset | deque):
        return list(obj)
    if isinstance(obj, Mapping):
        return dict(obj)
    if is_dataclass(obj) and not isinstance(obj, type):
        return {field.name: getattr(obj, field.name) for field in fields(obj) if hasattr(obj, field.name)}
    if isinstance(obj, SimpleNamespace):
        return dict(vars(obj))
    registered = pytree.SUPPORTED_NODES.get(type(obj))
    return None if registered is None else list(registered.flatten_fn(obj)[0])


def unread(returned: Any) -> str:
    """The kind of an object that may hold tensors and is not looked into; '' of what is."""
    is_read = returned is None or isinstance(returned, Tensor | str | bytes | int | float | complex)
    return "" if is_read or parts_of(returned) is not None else type(returned).__name__


def refuse_endless(arguments: Any) -> None:
    """PlaygroundError for lists that hold themselves, or are nested so that what is in them could not be named."""
    waiting, count = [(arguments, 0)], 0
    while waiting:
        nest, depth = waiting.pop()
        count += 1
        if depth > MOST_DEPTH or count > MOST_NESTS:
            hint = f"lists at most {MOST_DEPTH} deep, and none within itself"
            raise PlaygroundError("the arguments are nested too deeply, or without end", hint=hint)
        inside = nest.values() if isinstance(nest, dict) else nest
        waiting += [(part, depth + 1) for part in inside if isinstance(part, list | tuple | dict)]


def as_tensors(obj: Any) -> Any:
    """NumPy's arrays of numbers as tensors of their own memory, leaves where they have a slope; the rest as it is."""
    if isinstance(obj, np.ndarray) and obj.dtype.kind in "fciub":
        tensor = torch.from_numpy(obj.copy())
        return tensor.requires_grad_(tensor.is_floating_point() or tensor.is_complex())
    if type(obj) in (list, tuple):
        return type(obj)(map(as_tensors, obj))
    return {key: as_tensors(part) for key, part in obj.items()} if type(obj) is dict else obj


def uncompiled(fn: Callable[..., Any]) -> Callable[..., Any]:
    """What a compiled function or module was made of: it makes the same calls, and these can be seen."""
    made_of: Callable[..., Any] = getattr(fn, "_torchdynamo_orig_callable", fn)
    if isinstance(fn, nn.Module) and "_orig_mod" in dict(fn.named_children()):
        made_of = fn.get_submodule("_orig_mod")
    return made_of


def settle_sizes(modules: Iterable[nn.Module], run: Callable[[], object]) -> None:
    """Run once where a module waits for its first input to know its sizes; what it counts and draws is put back."""
    parts = {id(part): part for module in modules for part in module.modules()}.values()
    if not any(is_lazy(tensor) for part in parts for tensor in (*part.parameters(False), *part.buffers(False))):
        return
    counting = [part for part in parts if any(map(is_lazy, part.buffers(False)))]
    known = [buffer for part in parts for buffer in part.buffers(False) if not is_lazy(buffer)]
    before = [buffer.detach().clone() for buffer in known]
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        run()
        for buffer, numbers in zip(known, before, strict=True):
            buffer.copy_(numbers)
        for part in counting:
            if isinstance(part, nn.modules.batchnorm._NormBase):
                part.reset_running_stats()


def refuse_without_numbers(tensors: Iterable[Tensor]) -> None:
    """PlaygroundError for tensors that keep no numbers, or not in rows of one length."""
    for tensor in tensors:
        if tensor.is_meta:
            raise PlaygroundError(
                "a tensor is on the meta device, which keeps no numbers",
                hint='give the model numbers first: model.to_empty(device="cpu"), then its weights',
            )
        if tensor.is_nested:
            raise PlaygroundError(
                "a nested tensor has rows of different lengths, which are not drawn",
                hint="record what it is padded to: torch.nested.to_padded_tensor(x, 0.0)",
            )
