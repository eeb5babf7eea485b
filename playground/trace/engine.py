"""Watching PyTorch's autograd engine: hooks on every backward node, in the order in which the engine runs them.

The hook of a node sees its incoming adjoints and what it sends along each edge (after the engine has summed over
broadcast axes). Sources: PyTorch docs, "Autograd mechanics"; `torch.autograd.graph.Node`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from playground.trace.memory import snapshot_of_grad
from playground.trace.nodes import (
    created_nodes,
    gradient_edge,
    leaf_of,
    node_name,
    reachable,
    saved_of,
    sequence_number,
)
from playground.trace.records import Note
from playground.trace.tape import NodeEvent, Tape, TapeOp, TapePass, TapeValue

if TYPE_CHECKING:
    from playground.trace.recorder import Recorder

_BACKWARD = (torch.Tensor.backward,)
run_engine: Callable[..., None] = torch.autograd.backward  # its stub has no types
_running_node: Callable[[], Node] = torch._C._current_autograd_node


class Engine:
    """Runs backward passes under observation and writes what happened onto the tape."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.ran_backward = False  # the user's own code called `backward()`
        self._leaves: dict[Node, Tensor] = {}  # AccumulateGrad -> its leaf, as far as passes have reached

    def run(self, recorder: Recorder, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The user called `y.backward(...)` or `torch.autograd.grad(y, x, ...)`: do so, and watch."""
        roots = _as_tuple(args[0] if args else kwargs["outputs"])
        root_ids = tuple(recorder.value_of(root).id for root in roots)
        if func in _BACKWARD:
            self.ran_backward = True
            given = args[1] if len(args) > 1 else kwargs.get("gradient")
            create_graph = bool(args[3] if len(args) > 3 else kwargs.get("create_graph"))
            watched = TapePass(root_ids, _seeds(roots, given), kind="backward", create_graph=create_graph)
            self._observe(recorder, watched, roots, lambda: func(*args, **kwargs))
            return None
        sources = _as_tuple(args[1] if len(args) > 1 else kwargs["inputs"])
        given = args[2] if len(args) > 2 else kwargs.get("grad_outputs")
        create_graph = bool(args[4] if len(args) > 4 else kwargs.get("create_graph"))
        watched = TapePass(root_ids, _seeds(roots, given), kind="grad", create_graph=create_graph)
        results = self._observe(recorder, watched, roots, lambda: func(*args, **kwargs))
        for source, result in zip(sources, results, strict=True):
            if result is not None:
                self._deliver(recorder, watched, recorder.value_of(source), result)
        return results

    def gradient(
        self, recorder: Recorder, roots: list[Tensor], seeds: list[Tensor], source: Tensor
    ) -> tuple[Tensor, ...]:
        """`torch.autograd.grad(roots, source, create_graph=True)`, recorded."""
        result: tuple[Tensor, ...] = self.run(
            recorder, torch.autograd.grad, (roots, [source], seeds), {"create_graph": True}
        )
        return result

    def implicit(self, recorder: Recorder, roots: list[Tensor], seeds: list[Tensor], retain_graph: bool) -> None:
        """The pass that the recorder runs because the user's code did not."""
        root_ids = tuple(recorder.value_of(root).id for root in roots)
        watched = TapePass(root_ids, tuple(seeds), implicit=True)
        outside = any(value.kind == "input" and value.tensor.grad_fn is not None for value in self._tape.values)
        self._observe(
            recorder,
            watched,
            tuple(roots),
            lambda: run_engine(roots, list(map(_given, roots, seeds)), retain_graph=retain_graph or outside),
        )

    @contextmanager
    def gradients_kept(self, roots: list[Tensor]) -> Iterator[None]:
        """Leaves keep the `.grad` they had before; inside, it starts at None, as before a first backward pass."""
        nodes = self._reachable(roots)
        leaves = [leaf_of(node) for node in nodes if node_name(node) == "AccumulateGrad" and node not in self._leaves]
        before = [(leaf, leaf.grad) for leaf in leaves]
        try:
            for leaf in leaves:
                leaf.grad = None
            yield
        finally:
            for leaf, grad in before:
                leaf.grad = grad

    def clear_gradients(self) -> tuple[tuple[int, Tensor], ...]:
        """`zero_grad(set_to_none=True)` on every leaf reached so far; returns what they had."""
        had = []
        for leaf in self._leaves.values():
            value = self._tape.find(leaf)
            if value is not None and leaf.grad is not None:
                had.append((value.id, leaf.grad.detach().clone()))
                leaf.grad = None
        return tuple(sorted(had, key=itemgetter(0)))

    def _observe(
        self, recorder: Recorder, watched: TapePass, roots: tuple[Tensor, ...], call: Callable[[], Any]
    ) -> Any:
        """Run `call` with hooks on every node it can reach."""
        nodes = self.look(recorder, roots)
        self._tape.events.append(watched)
        watcher = _Watcher(recorder, watched)
        hooks: list[Any] = []
        try:
            for node in nodes:
                hooks += watcher.hooks(node)
            return call()
        finally:
            for hook in hooks:
                hook.remove()

    def look(self, recorder: Recorder, roots: Iterable[Tensor]) -> list[Node]:
        """Put the graph behind `roots` on the tape, with what its nodes saved, without running it."""
        tape = self._tape
        nodes = self._reachable(roots)
        for node in nodes:
            if node_name(node) == "AccumulateGrad":
                self._leaves[node] = leaf = leaf_of(node)
                value = recorder.value_of(leaf)
                value.node = node  # a compressed sparse leaf does not tell itself
            elif node not in tape.saved:
                tape.saved[node] = saved_of(node)
                self._note_external(node)
        return nodes

    def _reachable(self, roots: Iterable[Tensor]) -> list[Node]:
        starts = [node for root in roots if (node := gradient_edge(root)[0]) is not None]
        return reachable(starts, self._tape.edges)

    def _note_external(self, node: Node) -> None:
        tape = self._tape
        if node not in tape.owner and not any(note.kind == "external" for note in tape.notes):
            message = f"{node_name(node)} was made outside the recorded calls; it is shown without its forward op"
            tape.notes.append(Note("external", message))

    def _deliver(self, recorder: Recorder, watched: TapePass, source: TapeValue, result: Tensor) -> None:
        """Put what `torch.autograd.grad` returned onto the tape as a value."""
        tape = self._tape
        watched.delivered[source.id] = result.detach()
        known = tape.find(result)
        if known is not None:
            watched.results[known.id] = source.id
            return
        parts = [] if source.node is None else sent_to(tape, watched, source.node, source.output_nr)
        inputs = [value for part in parts if (value := tape.find(part)) is not None]
        name = "accumulate" if inputs and len(inputs) == len(parts) else "grad"
        if name == "grad":
            inputs = [*(tape.values[root] for root in watched.roots), source]
        op_id = len(tape.ops)
        value = tape.add_value(result, "intermediate", op=op_id)
        watched.results[value.id] = source.id
        nodes = created_nodes([result], tape.owner, 0, sequence_number())
        tape.owner.update(dict.fromkeys(nodes, op_id))
        op = engine_op(op_id, name, inputs, [value], nodes, recorder)
        tape.ops.append(op)
        watched.events.append(op)


class _Watcher:
    """The hooks of one pass."""

    def __init__(self, recorder: Recorder, watched: TapePass) -> None:
        self._recorder = recorder
        self._tape = recorder.tape
        self._pass = watched
        self._open: dict[Node, NodeEvent] = {}  # nodes that are running

    def hooks(self, node: Node) -> list[Any]:
        """Hooks on one node; what they return removes them. A node that only computes needs one, after it has run."""
        if node_name(node) == "AccumulateGrad":
            return [node.register_prehook(self._before), node.register_hook(self._after_accumulate)]
        after = node.register_hook(self._after)
        return [node.register_prehook(self._before), after] if self._pass.create_graph else [after]

    def _before(self, incoming: tuple[Tensor | None, ...]) -> None:
        node = _running_node()
        event = self._open[node] = NodeEvent(node, incoming)  # holding the tensors keeps a leaf from taking them over
        if self._pass.create_graph:
            self._accumulations(event)
            event.first_sequence = sequence_number()
        if node_name(node) == "AccumulateGrad":
            event.grad_before = snapshot_of_grad(leaf_of(node))

    def _after(self, outgoing: tuple[Tensor | None, ...], incoming: tuple[Tensor | None, ...]) -> None:
        node = _running_node()
        event = self._open.pop(node) if self._pass.create_graph else NodeEvent(node, incoming)
        event.outgoing = outgoing
        if self._pass.create_graph:
            self._as_op(event)
        event.locals = local_derivatives(node, incoming, outgoing)
        self._pass.events.append(event)

    def _after_accumulate(self, _: tuple[Tensor | None, ...], incoming: tuple[Tensor | None, ...]) -> None:
        node = _running_node()
        event = self._open.pop(node)
        # The first gradient is kept as it came in; a sum is copied, because a later pass would add to it in place.
        event.grad_after = incoming[0] if event.grad_before is None else snapshot_of_grad(leaf_of(node))
        self._pass.events.append(event)

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


def sent_to(tape: Tape, watched: TapePass, node: Node, number: int) -> list[Tensor]:
    """Every contribution that reached one input of a node so far, in order of arrival."""
    return [
        outgoing
        for event in watched.events
        if isinstance(event, NodeEvent)
        for outgoing, edge in zip(event.outgoing, tape.edges[event.node], strict=False)
        if outgoing is not None and edge == (node, number)
    ]


def engine_op(
    op_id: int,
    name: str,
    inputs: list[TapeValue],
    outputs: list[TapeValue],
    nodes: tuple[Node, ...],
    recorder: Recorder,
) -> TapeOp:
    """An op that the engine ran, not the user."""
    return TapeOp(
        id=op_id,
        name=name,
        qualname=f"torch.autograd.{name}",
        func=None,
        args=(),
        kwargs={},
        inputs=tuple((str(index), value.id) for index, value in enumerate(inputs)),
        outputs=tuple(value.id for value in outputs),
        span=recorder.span,
        module=(),
        nodes=nodes,
        in_place=False,
        grad_enabled=True,
    )


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
    with torch.no_grad():
        try:
            result: Any = node(torch.ones_like(adjoint))  # type: ignore[operator]
        except (RuntimeError, TypeError):  # a custom Function may insist on more
            return ()
    return _as_tuple(result)


def _as_tuple(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, tuple | list) else (result,)


def _given(root: Tensor, seed: Tensor) -> Tensor | None:
    """The seed as the engine takes it: None where it makes the same itself.

    To compare the shape of a given one, PyTorch imports SymPy: half a second in every new process.
    """
    is_plain = root.layout is torch.strided and root.dtype.is_floating_point
    return None if is_plain and root.numel() == 1 and root.shape == seed.shape and seed.item() == 1 else seed


def _seeds(roots: tuple[Tensor, ...], given: Any) -> tuple[Tensor, ...]:
    seeds = _as_tuple(given) if given is not None else (None,) * len(roots)
    return tuple(
        torch.ones_like(root) if seed is None else seed.detach() for root, seed in zip(roots, seeds, strict=True)
    )
