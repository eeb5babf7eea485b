"""Running PyTorch's autograd engine under observation: the passes that the user asks for, and the recorder's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from playground.recorder.engine_ops import engine_op, sent_to
from playground.recorder.gradient_memory import GradientMemory
from playground.recorder.nodes import (
    accumulates,
    created_nodes,
    gradient_edge,
    leaf_of,
    node_name,
    reachable,
    saved_of,
    sequence_number,
)
from playground.recorder.tape import Tape, TapePass, TapeValue
from playground.recorder.watcher import Watcher
from playground.trace.records import Note

if TYPE_CHECKING:
    from playground.recorder.recorder import Recorder

_BACKWARD = (torch.Tensor.backward,)
run_engine: Callable[..., None] = torch.autograd.backward  # its stub has no types


class WatchedEngine:
    """Runs backward passes under observation and writes what happened onto the tape."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.ran_backward = False  # the user's own code called `backward()`
        self.memory = GradientMemory(tape)
        self._leaves: dict[Node, Tensor] = {}  # AccumulateGrad -> its leaf, as far as passes have reached

    def run(self, recorder: Recorder, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The user called `y.backward(...)` or `torch.autograd.grad(y, x, ...)`: do so, and watch."""
        roots = _as_tuple(args[0] if args else kwargs["outputs"])
        root_ids = tuple(recorder.value_of(root).id for root in roots)
        if func in _BACKWARD:
            self.ran_backward = True
            given = args[1] if len(args) > 1 else kwargs.get("gradient")
            self.memory.seeded(recorder.value_of(seed) for seed in _as_tuple(given) if isinstance(seed, Tensor))
            create_graph = bool(args[3] if len(args) > 3 else kwargs.get("create_graph"))
            watched = TapePass(root_ids, _seeds(roots, given), kind="backward", create_graph=create_graph)
            watched.seed_values = _seed_values(recorder, given)
            self._observe(recorder, watched, roots, lambda: func(*args, **kwargs))
            return None
        sources = _as_tuple(args[1] if len(args) > 1 else kwargs["inputs"])
        given = args[2] if len(args) > 2 else kwargs.get("grad_outputs")
        create_graph = bool(args[4] if len(args) > 4 else kwargs.get("create_graph"))
        watched = TapePass(root_ids, _seeds(roots, given), kind="grad", create_graph=create_graph)
        watched.seed_values = _seed_values(recorder, given)
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
            is_last=not retain_graph,
        )

    @contextmanager
    def gradients_kept(self, roots: list[Tensor]) -> Iterator[None]:
        """Leaves keep the `.grad` they had before; inside, it starts at None, as before a first backward pass."""
        nodes = self._reachable(roots)
        leaves = [leaf_of(node) for node in nodes if accumulates(node) and node not in self._leaves]
        leaves += self._hidden(nodes)
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
        self,
        recorder: Recorder,
        watched: TapePass,
        roots: tuple[Tensor, ...],
        call: Callable[[], Any],
        is_last: bool = False,
    ) -> Any:
        """Run `call` with hooks on every node it can reach."""
        nodes = self.look(recorder, roots)
        self._tape.events.append(watched)
        are_hooked = any(leaf._post_accumulate_grad_hooks for leaf in self._leaves.values())
        watcher = Watcher(recorder, watched, is_last, not are_hooked, self._hidden(nodes))
        if is_last:
            self.memory.starts_from(watched.seeds)
        hooks: list[Any] = []
        try:
            for node in nodes:
                hooks += watcher.hooks(node)
            return call()
        finally:
            for hook in hooks:
                hook.remove()
            self.memory.pass_ended()

    def _hidden(self, nodes: list[Node]) -> list[Tensor]:
        """Leaves that no edge leads to, though a custom Function may: a checkpoint runs a backward pass of its own."""
        if not any(hasattr(type(node), "_forward_cls") for node in nodes):
            return []
        reached = {id(leaf_of(node)) for node in nodes if accumulates(node)}
        found = {id(value.tensor): value.tensor for value in self._tape.values if value.tensor.requires_grad}
        return [leaf for leaf in found.values() if leaf.is_leaf and id(leaf) not in reached]

    def look(self, recorder: Recorder, roots: Iterable[Tensor]) -> list[Node]:
        """Put the graph behind `roots` on the tape, with what its nodes saved, without running it."""
        tape = self._tape
        nodes = self._reachable(roots)
        for node in nodes:
            if accumulates(node):
                leaf = leaf_of(node)
                if node not in self._leaves:
                    self.memory.stored(leaf)  # a gradient from before the recording
                self._leaves[node] = leaf
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


def _seed_values(recorder: Recorder, given: Any) -> tuple[int | None, ...]:
    """The values of seeds that have a derivative of their own; None for each of the others."""
    seeds = () if given is None else _as_tuple(given)
    return tuple(None if seed is None or not seed.requires_grad else recorder.value_of(seed).id for seed in seeds)
