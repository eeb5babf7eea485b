"""`Budget`: operations, work and bytes that one run has used; it refuses a call that needs more than is left."""

from __future__ import annotations

from typing import NoReturn

from torch import Tensor
from torch.autograd.graph import Node

from playground.errors import PlaygroundError
from playground.language.bounds.bound import tensors_in
from playground.language.function import Cost, Value
from playground.language.limits import LIMITS, LanguageLimits, spell


class Budget:
    """Counts one run's operations, work and bytes. Every call is charged before it happens."""

    def __init__(self, limits: LanguageLimits = LIMITS) -> None:
        self.limits = limits
        self.ops = 0
        self.work = 0
        self.bytes = 0
        self.statements = 0
        self._forward: dict[Node, tuple[int, int]] = {}  # grad_fn of a result -> work and bytes of making it

    def charge(self, cost: Cost, itemsize: int = 4) -> None:
        """PlaygroundError without a place, where the call would go beyond a limit."""
        limits = self.limits
        if cost.elements > limits.elements:
            refuse(f"a tensor of {spell(cost.elements)} elements", limits.elements)
        if cost.dimensions > limits.dimensions:
            refuse(f"a tensor of {cost.dimensions} axes", limits.dimensions)
        if cost.pieces > limits.items:
            refuse(f"a result of {spell(cost.pieces)} tensors", limits.items)
        if cost.scratch > limits.scratch:
            refuse(f"a call that needs {spell(cost.scratch)} elements on the way", limits.scratch)
        work, new_bytes = self._of_backward(cost) if cost.roots else (cost.work, cost.elements * itemsize)
        self.work += work
        if self.work > limits.work:
            refuse(f"a text that takes {spell(self.work)} floating-point operations", limits.work)
        self.bytes += new_bytes
        if self.bytes > limits.total_bytes:
            refuse(f"results of {spell(self.bytes)} bytes together", limits.total_bytes)
        self.ops += 1
        if self.ops > limits.ops:
            refuse(f"more than {spell(limits.ops)} tensor operations", limits.ops)

    def note(self, result: Value, cost: Cost, itemsize: int = 4) -> None:
        """Remembers what a result cost: a backward pass through it will cost about twice as much."""
        work, size = self._of_backward(cost) if cost.roots else (cost.work, cost.elements * itemsize)
        for tensor in tensors_in(result):
            if tensor.grad_fn is not None:
                self._forward[tensor.grad_fn] = (work, size)

    def count_statement(self) -> None:
        """Count one more line that was executed."""
        self.statements += 1
        if self.statements > self.limits.statements:
            refuse(f"more than {spell(self.limits.statements)} lines executed", self.limits.statements)

    def _of_backward(self, cost: Cost) -> tuple[int, int]:
        """Work and bytes of a backward pass: those of all that it passes through."""
        nodes = self._reachable(cost.roots)
        known = [self._forward.get(node, (0, 0)) for node in nodes]
        work = sum(work for work, _ in known)
        return 2 * work + 8 * len(nodes), sum(size for _, size in known) if cost.keeps_graph else 0

    def _reachable(self, roots: tuple[Tensor, ...]) -> set[Node]:
        waiting = [root.grad_fn for root in roots]
        found: set[Node] = set()
        while waiting:
            node = waiting.pop()
            if node is None or node in found:
                continue
            found.add(node)
            if len(found) > self.limits.graph_nodes:
                refuse(
                    f"a backward pass through more than {spell(self.limits.graph_nodes)} nodes", self.limits.graph_nodes
                )
            waiting += [following for following, _ in node.next_functions]
        return found


def refuse(what: str, limit: int) -> NoReturn:
    """The one form of a refusal: what it would be, and what the limit is."""
    raise PlaygroundError(f"{what}; the limit is {spell(limit)}", hint="make it smaller")
