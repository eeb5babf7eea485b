"""What a recording holds while it is alive: tensors, calls, autograd nodes and engine events, in the order they came.

Nothing here leaves the recording: `assemble` turns a tape into a `Trace` of plain data, `Replay` runs its calls again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from playground.errors import Span
from playground.trace.array import version_of
from playground.trace.records import Note, ValueKind


@dataclass(slots=True, eq=False)
class TapeValue:
    """One tensor at one version."""

    id: int
    tensor: Tensor  # held, so that its id() stays its own
    data: Tensor  # the numbers at this version, detached
    version: int
    kind: ValueKind
    name: str | None
    op: int | None = None
    output_index: int = 0
    node: Node | None = None
    output_nr: int = 0
    span: Span | None = None
    alias_of: int | None = None
    label: str | None = None
    was_modified: bool = False
    tangent: Tensor | None = None
    adjoint: Tensor | None = None  # in the last pass that reached it
    reached: int = -1  # that pass


@dataclass(slots=True, eq=False)
class TapeOp:
    """One call."""

    id: int
    name: str
    qualname: str
    func: Callable[..., Any] | None  # None: a call that nobody announced, or a backward node run with create_graph
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[int, ...]
    span: Span | None
    module: tuple[str, ...] = ()
    nodes: tuple[Node, ...] = ()
    in_place: bool = False
    overwrites_others: bool = False  # it wrote into memory that other tensors look at
    grad_enabled: bool = True
    first_backward: Node | None = None


@dataclass(slots=True, eq=False)
class NodeEvent:
    """The engine ran one node: what came in, what went out."""

    node: Node
    incoming: tuple[Tensor | None, ...]
    outgoing: tuple[Tensor | None, ...] = ()
    locals: tuple[Tensor | None, ...] = ()  # local derivatives per edge, for nodes between one-element tensors
    grad_before: Tensor | None = None
    grad_after: Tensor | None = None
    op: int | None = None  # the op it became, with create_graph
    first_sequence: int = 0


@dataclass(slots=True, eq=False)
class TapePass:
    """One run of the engine."""

    roots: tuple[int, ...]
    seeds: tuple[Tensor, ...]
    events: list[NodeEvent | TapeOp] = field(default_factory=list)
    kind: str = "backward"
    implicit: bool = False
    create_graph: bool = False
    results: dict[int, int] = field(default_factory=dict)  # kind 'grad': value of the gradient -> value it belongs to
    delivered: dict[int, Tensor] = field(default_factory=dict)  # kind 'grad': value -> its gradient


@dataclass(slots=True, eq=False)
class ZeroGrad:
    """Every leaf's `.grad` was set back to None between two passes."""

    leaves: tuple[tuple[int, Tensor], ...]  # value id and the gradient it had


class Tape:
    """All that a recording has seen, in order."""

    def __init__(self) -> None:
        self.values: list[TapeValue] = []
        self.ops: list[TapeOp] = []
        self.events: list[TapeOp | TapePass | ZeroGrad] = []
        self.owner: dict[Node, int] = {}  # autograd node -> op that made it
        self.edges: dict[Node, tuple[tuple[Node | None, int], ...]] = {}  # of every node that a pass can reach
        self.saved: dict[Node, tuple[tuple[str, Any], ...]] = {}
        self.notes: list[Note] = []
        self.outputs: tuple[int, ...] = ()
        self._latest: dict[int, TapeValue] = {}  # id(tensor) -> newest value of that tensor object
        self._writers: dict[int, int] = {}  # id(tensor) -> the op that overwrote its memory through another tensor
        self._by_memory: dict[int, list[TapeValue]] = {}  # made when the first in-place call asks for it
        self._indexed = 0

    def find(self, tensor: Tensor) -> TapeValue | None:
        """The newest value of this very tensor object, if it has been seen at its present version."""
        value = self._latest.get(id(tensor))
        if value is None or value.version != version_of(tensor):
            return None
        return value

    def add_value(
        self,
        tensor: Tensor,
        kind: ValueKind,
        data: Tensor | None = None,
        *,
        name: str | None = None,
        op: int | None = None,
        output_index: int = 0,
        span: Span | None = None,
        alias_of: int | None = None,
    ) -> TapeValue:
        """A new value for `tensor` as it is now; `data` if its numbers had to be copied."""
        node, output_nr = gradient_edge(tensor)
        value = TapeValue(
            len(self.values),
            tensor,
            tensor.detach() if data is None else data,
            version_of(tensor),
            kind,
            name,
            op,
            output_index,
            node,
            output_nr,
            span,
            alias_of,
        )
        self.values.append(value)
        self._latest[id(tensor)] = value
        return value

    def sharing(self, tensor: Tensor) -> list[TapeValue]:
        """The newest value of every tensor that looks at the same memory: views, detached tensors, itself."""
        for value in self.values[self._indexed :]:
            memory = memory_of(value.tensor)
            if memory is not None:
                self._by_memory.setdefault(memory, []).append(value)
        self._indexed = len(self.values)
        memory = memory_of(tensor)
        found = [] if memory is None else self._by_memory.get(memory, [])
        return [value for value in found if self.is_newest(value)]

    def is_newest(self, value: TapeValue) -> bool:
        """Whether its tensor has no newer value."""
        return self._latest.get(id(value.tensor)) is value

    def overwritten(self, values: list[TapeValue], op: int) -> None:
        """`op` wrote into the memory of these through another tensor: their next use is of a new value, made by it."""
        for value in values:
            del self._latest[id(value.tensor)]
            self._writers[id(value.tensor)] = op

    def writer(self, tensor: Tensor) -> int | None:
        """The op that overwrote this tensor's memory since it was last seen, if one did."""
        return self._writers.pop(id(tensor), None)

    def at_edge(self, node: Node, number: int) -> TapeValue | None:
        """The newest value whose adjoint arrives at this input of this backward node."""
        fits = (v for v in reversed(self.values) if v.node == node and v.output_nr == number and v.alias_of is None)
        return next(fits, None)


def memory_of(tensor: Tensor) -> int | None:
    """Which memory a tensor looks at, equal for a tensor and its views; None where that cannot be said (sparse)."""
    return tensor.untyped_storage()._cdata if tensor.layout is torch.strided else None


def gradient_edge(tensor: Tensor) -> tuple[Node | None, int]:
    """Where the engine delivers this tensor's adjoint: its grad_fn, or its AccumulateGrad if it is a leaf."""
    node = tensor.grad_fn
    if node is not None:
        return node, tensor.output_nr
    if not tensor.requires_grad:
        return None, 0
    try:
        with torch.enable_grad():  # a view of a leaf leads to the node that collects the leaf's gradient
            view = tensor.view_as(tensor).grad_fn
    except (NotImplementedError, RuntimeError):  # compressed sparse leaves have no view
        return None, 0
    return (None, 0) if view is None else view.next_functions[0]


def tensors_in(obj: Any, path: str = "") -> list[tuple[str, Tensor]]:
    """Every tensor in nested lists, tuples, dicts and slices, with its path: '0', '1.2', 'weight'.

    >>> [path for path, _ in tensors_in([torch.ones(1), (2, torch.ones(1))])]
    ['0', '1.1']
    """
    found: list[tuple[str, Tensor]] = []
    _collect(obj, path, found)
    return found


def _collect(obj: Any, path: str, found: list[tuple[str, Tensor]]) -> None:
    if isinstance(obj, Tensor):
        found.append((path, obj))
        return
    if isinstance(obj, tuple | list):
        pairs: Iterable[tuple[Any, Any]] = enumerate(obj)
    elif isinstance(obj, dict):
        pairs = obj.items()
    elif isinstance(obj, slice):
        pairs = enumerate((obj.start, obj.stop, obj.step))
    else:
        return
    for key, element in pairs:
        _collect(element, f"{path}.{key}" if path else str(key), found)


def tensors_of_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[tuple[str, Tensor]]:
    """Every tensor among the arguments of a call: '0', '1.2' by position, 'weight' by keyword."""
    found = tensors_in(args)
    if kwargs:
        _collect(kwargs, "", found)
    return found


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


def created_nodes(outputs: list[Tensor], owner: dict[Node, int], first: int, last: int) -> tuple[Node, ...]:
    """The autograd nodes behind `outputs` whose sequence numbers lie in [first, last), in creation order.

    Sequence numbers count the nodes made by this thread, so a call made exactly the nodes numbered while it ran.
    """
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
    """What PyTorch's node kept: (name, tensor or number or text). Read it before the engine frees it."""
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
