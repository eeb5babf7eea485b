"""PyTorch's own autograd nodes: their names, edges, order of creation, leaves and saved tensors."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

_AccumulateGrad: type = torch._C._functions.AccumulateGrad
sequence_number: Callable[[], int] = torch._C._autograd._get_sequence_nr  # of the next node this thread makes


def gradient_edge(tensor: Tensor) -> tuple[Node | None, int]:
    """The node that gets this tensor's adjoint: its grad_fn, or its AccumulateGrad if it is a leaf."""
    node = tensor.grad_fn
    if node is not None:
        return node, tensor.output_nr
    if not tensor.requires_grad:
        return None, 0
    try:
        if torch.is_grad_enabled():  # a view of a leaf leads to the node that collects the leaf's gradient
            view = tensor.view_as(tensor).grad_fn
        else:
            with torch.enable_grad():
                view = tensor.view_as(tensor).grad_fn
    except (NotImplementedError, RuntimeError):  # compressed sparse leaves have no view
        return None, 0
    return (None, 0) if view is None else view.next_functions[0]


def created_nodes(outputs: list[Tensor], owner: dict[Node, int], first: int, last: int) -> tuple[Node, ...]:
    """The autograd nodes behind `outputs` whose sequence numbers lie in [first, last), in creation order.

    Sequence numbers count the nodes made by this thread, so a call made exactly the nodes numbered while it ran.
    """
    if first == last:
        return ()
    if last == first + 1 and outputs:  # one node, as most calls make: most likely that of the first output
        node = outputs[0].grad_fn
        if node is not None and node not in owner and node._sequence_nr() == first:
            return (node,)
    found: dict[Node, int] = {}
    stack = [output.grad_fn for output in outputs]
    while stack:
        node = stack.pop()
        if node is None or node in found or node in owner:
            continue
        sequence = node._sequence_nr()
        if first <= sequence < last:
            found[node] = sequence
            stack.extend(next_node for next_node, _ in node.next_functions)
    return tuple(sorted(found, key=found.__getitem__))


def reachable(roots: list[Node], edges: dict[Node, tuple[tuple[Node | None, int], ...]]) -> list[Node]:
    """Every node that the engine would run from `roots`, each once; their edges are added to `edges`."""
    found: dict[Node, None] = {}
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node not in found:
            found[node] = None
            if node not in edges:
                edges[node] = node.next_functions
            stack.extend([target for target, _ in reversed(edges[node]) if target is not None])
    return list(found)


def saved_of(node: Node) -> tuple[tuple[str, Any], ...]:
    """Saved attributes of PyTorch's node: (name, tensor or number or text). Read them before they are freed."""
    saved: list[tuple[str, Any]] = []
    for attribute, name in _saved_attributes(type(node)):
        try:
            content = getattr(node, attribute)
        except RuntimeError as error:  # overwritten in place, or already freed
            content = str(error).split("\n")[0]
        if content is None:
            continue
        if isinstance(content, tuple | list) and any(isinstance(element, Tensor) for element in content):
            saved += [(f"{name}[{i}]", element) for i, element in enumerate(content) if element is not None]
        else:
            saved.append((name, content))
    return tuple(saved)


@lru_cache(maxsize=1024)
def _saved_attributes(kind: type) -> tuple[tuple[str, str], ...]:
    """The attributes of one kind of node that hold what it saved, with PyTorch's names for them."""
    if hasattr(kind, "saved_tensors"):  # a custom torch.autograd.Function
        return (("saved_tensors", "saved_tensors"),)
    return tuple((name, name.removeprefix("_saved_")) for name in dir(kind) if name.startswith("_saved_"))


def node_name(node: Node) -> str:
    """PyTorch's name without namespaces: 'MulBackward0', 'AccumulateGrad'."""
    name = type(node).__name__
    return name if name != "CppFunction" else str(node.name()).rpartition("::")[2]  # the slow way, for the rare kinds


def accumulates(node: Node) -> bool:
    """Tell whether it is an AccumulateGrad, which adds to the `.grad` of a leaf."""
    return type(node) is _AccumulateGrad


def leaf_of(accumulate_grad: Node) -> Tensor:
    """The leaf whose `.grad` an AccumulateGrad node adds to."""
    leaf: Tensor = accumulate_grad.variable  # type: ignore[attr-defined]  # missing from PyTorch's stubs
    return leaf
