"""Names for every tensor that a callable can reach: its arguments, its modules' parameters, variables around it.

What lies in a list, a dict or an attribute has the path to it for a name: `models.0.weight`, `trainer.net.bias`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from types import FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from playground.recorder.given import tensors_within

MOST_LOOKED_AT = 1000  # objects, in search of names: a variable may hold a data set
DEEPEST = 4  # containers in one another
# These hold nothing that has its name from them.
_CLOSED = (torch.optim.Optimizer, ModuleType, FunctionType, MethodType, type)
_REGISTERS = frozenset(vars(nn.Module()))  # of parameters, buffers, modules and hooks


def as_leaf(value: Any) -> Any:
    """A bare number becomes a float32 leaf that requires grad; everything else stays."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return torch.tensor(float(value), dtype=torch.float32, requires_grad=True)
    return value


def name_arguments(
    fn: Callable[..., Any], arguments: tuple[Any, ...], names: Sequence[str] | None
) -> list[tuple[str, Any]]:
    """Every argument with its name: given, or the parameter names of `fn`, or `input0`, ...

    >>> name_arguments(lambda x, *rest: x, (1.0, 2.0), None)
    [('x', 1.0), ('input1', 2.0)]
    """
    given = list(names) if names is not None else _parameter_names(fn, len(arguments))
    return list(zip(given, arguments, strict=True))


def _parameter_names(fn: Callable[..., Any], count: int) -> list[str]:
    fn = fn.forward if isinstance(fn, nn.Module) else fn
    function = fn.__func__ if isinstance(fn, MethodType) else fn
    if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
        code = function.__code__  # says what the signature says, at a tenth of its cost
        names = list(code.co_varnames[int(isinstance(fn, MethodType)) : code.co_argcount])
    else:
        try:
            parameters = inspect.signature(fn).parameters.values()
        except (TypeError, ValueError):
            parameters = []  # type: ignore[assignment]
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:count] + [f"input{index}" for index in range(len(names), count)]


def name_tensors(arguments: list[tuple[str, Any]]) -> list[tuple[str, Tensor]]:
    """Every input tensor with its name; one that is given twice keeps its first name."""
    found: dict[int, tuple[str, Tensor]] = {}
    for name, argument in arguments:
        for path, tensor in tensors_within(argument):
            found.setdefault(id(tensor), (f"{name}.{path}" if path else name, tensor))
    return list(found.values())


def variables_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """The tensors and modules that a function finds around it, by name: globals, closure, its object's own."""
    while isinstance(fn, partial):
        fn = fn.func
    around: dict[str, Any] = {}
    own: dict[str, Any] = {}
    if isinstance(fn, MethodType):
        own, fn = _inside(fn.__self__), fn.__func__
    elif not isinstance(fn, FunctionType):
        own = _inside(fn)
    if isinstance(fn, FunctionType):
        around |= {name: fn.__globals__[name] for name in fn.__code__.co_names if name in fn.__globals__}
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
            try:
                around[name] = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
    return named_inside(around | own)


def named_inside(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors and modules among these variables, and inside them, by path; the shortest path to each.

    >>> list(named_inside({"models": [nn.ReLU(), {"head": nn.Tanh()}], "rate": 0.1}))
    ['models.0', 'models.1.head']
    """
    found: dict[str, Any] = {}
    named: set[int] = set()
    level, left = dict(variables), MOST_LOOKED_AT
    for _ in range(DEEPEST):
        deeper: dict[str, Any] = {}
        for path, content in level.items():
            if id(content) in named:
                continue
            if isinstance(content, Tensor | nn.Module):
                found[path] = content
                named.add(id(content))
            elif left > 0 and (parts := _inside(content)):
                named.add(id(content))
                left -= len(parts)
                deeper |= {f"{path}.{key}": part for key, part in parts.items()}
        level = deeper
    return found


def _inside(content: Any) -> dict[str, Any]:
    """The parts of a list, a dict or an object, by index, key or attribute; none of what is closed to us."""
    if isinstance(content, list | tuple):
        return {str(index): part for index, part in enumerate(content[:MOST_LOOKED_AT])}
    if not isinstance(content, dict):
        closed = isinstance(content, (Tensor, nn.Module, *_CLOSED))
        content = {} if closed else getattr(content, "__dict__", {})
    return {str(key): part for key, part in islice(content.items(), MOST_LOOKED_AT)}


def modules_of(fn: Callable[..., Any], around: Mapping[str, Any]) -> dict[str, nn.Module]:
    """The modules whose nesting and parameters are shown: `fn` itself or the one it is a method of, and those around.

    The first has the name ''; its parameters are `0.weight`, those of a variable `net` are `net.0.weight`.
    """
    own = fn if isinstance(fn, nn.Module) else getattr(fn, "__self__", None)
    found = {"": own} if isinstance(own, nn.Module) else {}
    named = named_inside(around)
    return found | {name: content for name, content in named.items() if isinstance(content, nn.Module)}


def unregistered(modules: Mapping[str, nn.Module]) -> dict[str, Any]:
    """The tensors and modules that modules hold without having registered them, by path: in plain lists, for instance.

    >>> class Mixture(nn.Module):
    ...     experts = None
    >>> net = Mixture()
    >>> net.experts = [nn.ReLU(), nn.Tanh()]
    >>> list(unregistered({"net": net}))
    ['net.experts.0', 'net.experts.1']
    """
    found: dict[str, Any] = {}
    known: set[int] = set()
    while modules:
        parts = [named for name, module in modules.items() for named in module.named_modules(prefix=name)]
        attributes = {
            f"{path}.{key}" if path else key: content for path, part in parts for key, content in _attributes(part)
        }
        if not attributes:
            break
        known.update([id(part) for _, part in parts])
        inside = {path: content for path, content in named_inside(attributes).items() if id(content) not in known}
        modules = {path: content for path, content in inside.items() if isinstance(content, nn.Module)}
        found |= inside
    return found


def _attributes(module: nn.Module) -> Iterable[tuple[str, Any]]:
    """What the user's class put into a module beside its registers; nothing of PyTorch's own layers."""
    if type(module).__module__.startswith("torch."):
        return ()
    return [(key, content) for key, content in vars(module).items() if key not in _REGISTERS]


def name_parameters(modules: Mapping[str, nn.Module]) -> dict[int, str]:
    """id -> name of every parameter and buffer; one that is held twice keeps its first name."""
    named: dict[int, str] = {}
    for name, module in modules.items():
        for path, part in module.named_modules(prefix=name):  # once for both, where PyTorch's own lists walk twice
            for key, tensor in (*part._parameters.items(), *part._buffers.items()):
                named.setdefault(id(tensor), f"{path}.{key}" if path else key)
    named.pop(id(None), None)  # a layer without a bias
    return named
