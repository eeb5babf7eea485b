"""A live recording: tensors, calls, autograd nodes and engine events, in the order they came.

Nothing here leaves the recording: `assemble` turns a tape into a `Trace` of plain data, `Replay` runs its calls again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor
from torch.autograd.graph import Node

from playground.computing.device import CPU
from playground.errors import Span
from playground.recorder.memory import is_same_view, memory_of
from playground.recorder.nodes import gradient_edge
from playground.trace.array import version_of
from playground.trace.records import Note, ValueKind


@dataclass(slots=True, eq=False)
class TapeValue:
    """One tensor at one version."""

    id: int
    tensor: Tensor  # held, so that its id() stays its own
    numbers: Tensor  # at this version: the tensor itself until a write to it is ahead, then a copy
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

    @property
    def data(self) -> Tensor:
        """The numbers at this version, detached."""
        return self.numbers.detach() if self.numbers.requires_grad else self.numbers


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
    changes: tuple[TapeChange, ...] = ()


@dataclass(slots=True, eq=False)
class TapeChange:
    """A tensor that an event changed beside its own result: both look at one memory."""

    value: int
    of: Literal["grad", "value"]  # the `.grad` of this leaf, or this value itself
    after: Tensor


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
    changes: tuple[TapeChange, ...] = ()


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
    seed_values: tuple[int | None, ...] = ()  # of seeds that the recording computed: `grad_outputs`, `gradient`

    def add_tensors(self, found: list[Tensor | None]) -> None:
        """Append everything that came and went."""
        found += self.seeds
        found += self.delivered.values()
        for event in self.events:
            if event.changes:
                found += [change.after for change in event.changes]
            if isinstance(event, NodeEvent):
                found += event.incoming
                found += event.outgoing
                found += event.locals
                found += (event.grad_before, event.grad_after)


@dataclass(slots=True, eq=False)
class ZeroGrad:
    """A reset of leaves' `.grad` between two passes: to None, or to a tensor set by hand."""

    leaves: tuple[tuple[int, Tensor | None], ...]  # value id and the gradient it had
    after: Tensor | None = None


@dataclass(slots=True, eq=False)
class ParameterUpdate:
    """The optimizer's step of one parameter."""

    value: int
    before: Tensor
    gradient: Tensor
    after: Tensor
    optimizer: str
    settings: tuple[tuple[str, tuple[float, ...]], ...]
    state: tuple[tuple[str, Tensor | None, Tensor], ...]  # name, before, after


@dataclass(slots=True, eq=False)
class TapeUpdate:
    """One step of the optimizer."""

    parameters: tuple[ParameterUpdate, ...]
    output: tuple[int, Tensor] | None = None  # the value that it lowers, and what it becomes

    def tensors(self) -> Iterator[Tensor | None]:
        """Everything that the step read and wrote."""
        for change in self.parameters:
            yield from (change.gradient, change.after)
            yield from [tensor for _, *states in change.state for tensor in states]
        if self.output is not None:
            yield self.output[1]


class Tape:
    """The events that a recording has seen, in order."""

    def __init__(self) -> None:
        self.values: list[TapeValue] = []
        self.ops: list[TapeOp] = []
        self.events: list[TapeOp | TapePass | ZeroGrad] = []
        self.owner: dict[Node, int] = {}  # autograd node -> op that made it
        self.edges: dict[Node, tuple[tuple[Node | None, int], ...]] = {}  # of every node that a pass can reach
        self.saved: dict[Node, tuple[tuple[str, Any], ...]] = {}
        self.notes: list[Note] = []
        self.device = str(CPU)  # where it ran
        self.update: TapeUpdate | None = None  # always the last thing that happens
        self.outputs: tuple[int, ...] = ()
        self._latest: dict[int, TapeValue] = {}  # id(tensor) -> newest value of that tensor object
        self._writers: dict[int, int] = {}  # id(tensor) -> the op that overwrote its memory through another tensor
        self._by_memory: dict[int, list[TapeValue]] = {}  # made when the first in-place call asks for it
        self._indexed = 0

    def find(self, tensor: Tensor) -> TapeValue | None:
        """The newest value of this very tensor object, if it has been seen at its present version."""
        value = self._latest.get(id(tensor))
        try:
            return None if value is None or value.version != tensor._version else value
        except RuntimeError:  # an inference tensor: its writes are not counted
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
            tensor if data is None else data,
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
        """Tell whether its tensor has no newer value."""
        return self._latest.get(id(value.tensor)) is value

    def stale(self, overwritten: list[TapeValue], visible: list[Tensor]) -> list[TapeValue]:
        """The values on overwritten memory whose tensors are no outputs of the call."""
        written = {id(tensor) for tensor in visible}
        stale = [value for value in overwritten if id(value.tensor) not in written and value.kind != "buffer"]
        for value in stale:
            value.was_modified = True
        return [value for value in stale if self.is_newest(value)]

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

    def find_saved(self, node: Node, tensor: Tensor) -> TapeValue | None:
        """The recorded value that a saved tensor is: unpacking gives a new object over the same storage."""
        value = self.find(tensor)
        op = self.owner.get(node)
        if value is not None or op is None:
            return value
        record = self.ops[op]
        for index in (*(index for _, index in record.inputs), *record.outputs):
            candidate = self.values[index]
            if is_same_view(candidate.tensor, tensor):
                return candidate
        return None

    def versions(self) -> dict[int, int]:
        """How often each tensor whose numbers a trace shows has been written to by now, by id: it is held here."""
        tensors = [tensor for tensor in self._tensors() if tensor is not None]
        try:
            return {id(tensor): tensor._version for tensor in tensors}
        except RuntimeError:  # some of them are inference tensors
            return {id(tensor): version_of(tensor) for tensor in tensors}

    def _tensors(self) -> list[Tensor | None]:
        found: list[Tensor | None] = [value.numbers for value in self.values]
        found += [value.tangent for value in self.values if value.tangent is not None]
        for saved in self.saved.values():
            found += [content for _, content in saved if isinstance(content, Tensor)]
        for event in self.events:
            if isinstance(event, TapePass):
                event.add_tensors(found)
            elif isinstance(event, ZeroGrad):
                found += (event.after, *[had for _, had in event.leaves])
            else:
                found += [change.after for change in event.changes]
        if self.update is not None:
            found += self.update.tensors()
        return found


def is_bookkeeping(value: TapeValue | None, name: str) -> bool:
    """An in-place write to a buffer (BatchNorm's `num_batches_tracked.add_`)."""
    return value is not None and value.kind == "buffer" and name.endswith("_")
