"""The hooks on backward nodes: what came in, what went out along each edge, and the node's local derivatives.

The hook of a node sees its incoming adjoints and what it sends along each edge (after the engine has summed over
broadcast axes). Sources: PyTorch docs, "Autograd mechanics"; `torch.autograd.graph.Node`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from playground.recorder.engine_ops import engine_op, sent_to
from playground.recorder.memory import snapshot_of_grad
from playground.recorder.nodes import accumulates, created_nodes, leaf_of, node_name, sequence_number
from playground.recorder.tape import NodeEvent, TapeChange, TapePass, TapeValue

if TYPE_CHECKING:
    from playground.recorder.recorder import Recorder

LARGE = 4096  # elements: copying as many for a leaf costs more than an alias does
_running_node: Callable[[], Node] = torch._C._current_autograd_node


class Watcher:
    """The hooks of one pass."""

    def __init__(
        self, recorder: Recorder, watched: TapePass, is_last: bool, may_take_over: bool, hidden: list[Tensor]
    ) -> None:
        self._recorder = recorder
        self._memory = recorder.engine.memory
        self._is_last = is_last  # nothing can follow that would see which gradients share memory
        if watched.kind != "backward" or watched.create_graph or (is_last and not may_take_over):
            self._borrowed: int | None = None
        else:
            self._borrowed = LARGE if is_last else 0  # tensors with this many elements are kept as aliases
        self._changing: list[TapeValue] = []  # by the AccumulateGrad that is running
        self._tape = recorder.tape
        self._pass = watched
        self._open: dict[Node, NodeEvent] = {}  # nodes that are running
        self._hidden = {id(leaf): (leaf, snapshot_of_grad(leaf)) for leaf in hidden}  # with the gradient known so far

    def hooks(self, node: Node) -> list[Any]:
        """Hooks on one node; what they return removes them. A node that only computes needs one, after it has run."""
        if accumulates(node):
            return [node.register_prehook(self._before), node.register_hook(self._after_accumulate)]
        after = node.register_hook(self._after)
        return [node.register_prehook(self._before), after] if self._pass.create_graph else [after]

    def _before(self, incoming: tuple[Tensor | None, ...]) -> None:
        node = _running_node()
        event = self._open[node] = NodeEvent(node, self._kept(incoming))
        if self._pass.create_graph:
            self._accumulations(event)
            event.first_sequence = sequence_number()
        if accumulates(node):
            leaf = leaf_of(node)
            event.grad_before = snapshot_of_grad(leaf)
            if event.grad_before is not None and not self._pass.create_graph:
                self._changing = self._memory.before_adding(leaf, event)

    def _after(self, outgoing: tuple[Tensor | None, ...], incoming: tuple[Tensor | None, ...]) -> None:
        node = _running_node()
        event = self._open.pop(node) if self._pass.create_graph else NodeEvent(node, self._kept(incoming))
        event.outgoing = self._kept(outgoing)
        if self._pass.create_graph:
            self._as_op(event)
        if self._hidden and hasattr(type(node), "_forward_cls"):
            event.changes = tuple(self._accumulated_inside())
        event.locals = local_derivatives(node, event.incoming, event.outgoing)
        self._pass.events.append(event)

    def _after_accumulate(self, _: tuple[Tensor | None, ...], __: tuple[Tensor | None, ...]) -> None:
        node = _running_node()
        event = self._open.pop(node)
        leaf = leaf_of(node)
        # The first gradient is kept as it came in; a sum is copied, because a later pass would add to it in place.
        if event.grad_before is None:
            event.grad_after = event.incoming[0]
            if not self._is_last:
                self._memory.stored(leaf)
        else:
            event.grad_after = snapshot_of_grad(leaf)
            event.changes = self._memory.after_adding(leaf, self._changing)
            self._changing = []
        self._pass.events.append(event)

    def _accumulated_inside(self) -> Iterator[TapeChange]:
        """The gradients that the node which has just run gave to leaves by a backward pass of its own."""
        for leaf, before in list(self._hidden.values()):
            after = snapshot_of_grad(leaf)
            value = self._tape.find(leaf)
            if after is None or value is None or (before is not None and torch.equal(before, after)):
                continue
            self._hidden[id(leaf)] = leaf, after
            yield TapeChange(value.id, "grad", after)

    def _kept(self, tensors: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        """The engine's tensors as they may be kept: what holds them as they are keeps a leaf from taking them over."""
        least, alias = self._borrowed, self._memory.alias
        if least is None:
            return tensors
        return tuple([t if t is None or t.numel() < least else alias(t) for t in tensors])

    def _accumulations(self, event: NodeEvent) -> None:
        """With create_graph, an incoming adjoint that no node sent is the engine's own sum: it becomes an op."""
        tape = self._tape
        for number, adjoint in enumerate(event.incoming):
            if adjoint is None or tape.find(adjoint) is not None:
                continue
            parts = [v for part in sent_to(tape, self._pass, event.node, number) if (v := tape.find(part)) is not None]
            if not parts:  # the seed
                tape.add_value(adjoint, "constant")
                continue
            op_id = len(tape.ops)
            value = tape.add_value(adjoint, "intermediate", op=op_id)
            nodes = created_nodes([adjoint], tape.owner, 0, sequence_number())
            tape.owner.update(dict.fromkeys(nodes, op_id))
            tape.ops.append(engine_op(op_id, "accumulate", parts, [value], nodes, self._recorder))
            self._pass.events.append(tape.ops[-1])

    def _as_op(self, event: NodeEvent) -> None:
        """With create_graph, running a backward node is itself a computation: it becomes an op with outputs."""
        tape = self._tape
        window = (event.first_sequence, sequence_number())
        sent = [tensor for tensor in event.outgoing if tensor is not None and tape.find(tensor) is None]
        if not sent:  # an adjoint handed on as it is: AddBackward0
            return
        inputs = [value for t in event.incoming if t is not None and (value := tape.find(t))]
        for _, content in tape.saved.get(event.node, ()):
            if isinstance(content, Tensor) and (value := tape.find_saved(event.node, content)):
                inputs.append(value)
        op_id = event.op = len(tape.ops)
        outputs = [tape.add_value(t, "intermediate", op=op_id, output_index=i) for i, t in enumerate(sent)]
        nodes = created_nodes(sent, tape.owner, *window)
        tape.owner.update(dict.fromkeys(nodes, op_id))
        op = engine_op(op_id, node_name(event.node), inputs, outputs, nodes, self._recorder)
        op.first_backward = event.node
        tape.ops.append(op)


def local_derivatives(
    node: Node, incoming: tuple[Tensor | None, ...], outgoing: tuple[Tensor | None, ...]
) -> tuple[Tensor | None, ...]:
    """The node's own derivative per edge, asked as its vector-Jacobian product with 1; one-element tensors only."""
    adjoint = incoming[0] if len(incoming) == 1 else None
    if adjoint is None or adjoint.numel() != 1 or adjoint.layout is not torch.strided:
        return ()
    if not all(t is None or (t.numel() == 1 and t.layout is torch.strided) for t in outgoing):
        return ()
    if adjoint.item() == 1:  # the engine has just asked that
        return outgoing
    try:
        if torch.is_grad_enabled():  # with create_graph
            with torch.no_grad():
                result: Any = node(torch.ones_like(adjoint))  # type: ignore[operator]
        else:
            result = node(torch.ones_like(adjoint))  # type: ignore[operator]
    except (RuntimeError, TypeError):  # a custom Function may insist on more
        return ()
    return tuple(result) if isinstance(result, tuple | list) else (result,)
