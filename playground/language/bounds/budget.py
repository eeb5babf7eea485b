"""`Budget`: operations, work and bytes that one run has used; it refuses a call that needs more than is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import NamedTuple, NoReturn

import torch
from torch import Tensor
from torch.autograd.graph import Node

from playground.errors import PlaygroundError
from playground.language.bounds.bound import product, tensors_in, unseen
from playground.language.function import Cost, Value
from playground.language.limits import LIMITS, LanguageLimits, spell

# How much slower than float32 the CPU computes with a dtype, at worst.
PACES = {
    torch.float16: 8,
    torch.bfloat16: 8,
    torch.float64: 2,
    torch.complex64: 2,
    torch.complex128: 4,
}
_share: ContextVar[LanguageLimits | None] = ContextVar("share", default=None)


class TooDear(Exception):
    """A run is not refused, but takes more than the share that it may take here."""


@contextmanager
def within(share: LanguageLimits) -> Iterator[None]:
    """Runs in the block end with TooDear, before the call that goes beyond a share of the limits."""
    token = _share.set(share)
    try:
        yield
    finally:
        _share.reset(token)


class Made(NamedTuple):
    """The work and the bytes of making a result, and the work of its derivative: plain, or differentiable again."""

    work: int
    size: int
    derivative: int
    second: int


_FREE = Made(0, 0, 0, 0)


class Budget:
    """Counts one run's operations, work and bytes. Every call is charged before it happens."""

    def __init__(self, limits: LanguageLimits = LIMITS) -> None:
        self.limits = limits
        self.ops = 0
        self.work = 0
        self.bytes = 0
        self.statements = 0
        self._share = _share.get()
        self._forward: dict[Node, Made] = {}  # by the grad_fn of a result

    def charge(self, cost: Cost, itemsize: int = 4) -> Made:
        """What the call makes; PlaygroundError without a place, where it would go beyond a limit."""
        limits = self.limits
        if cost.elements > limits.elements:
            refuse(f"a tensor of {spell(cost.elements)} elements", limits.elements)
        if cost.dimensions > limits.dimensions:
            refuse(f"a tensor of {cost.dimensions} axes", limits.dimensions)
        if cost.pieces > limits.items:
            refuse(f"a result of {spell(cost.pieces)} tensors", limits.items)
        if cost.scratch > limits.scratch:
            refuse(f"a call that needs {spell(cost.scratch)} elements on the way", limits.scratch)
        made = self._made(cost, itemsize)
        self._spend(made.work, made.size)
        self.ops += 1
        if self.ops > limits.ops:
            refuse(f"more than {spell(limits.ops)} tensor operations", limits.ops)
        self._compare_with_share(cost.elements)
        return made

    def charge_passes(self, roots: Sequence[Tensor], passes: int = 1, *, again: bool = False) -> None:
        """Charge what follows the text: its backward passes, and `again` one through the gradients of the first."""
        work, second, size = self._through(self._reachable(tuple(roots), None))
        if again:
            self._spend(second + 2 * (work + second), size)
        self._spend(passes * work, 0)
        self._compare_with_share(0)

    def note(self, result: Value, made: Made) -> None:
        """Remember what a result cost, as it was charged: the cost of its derivative depends on it."""
        with unseen():
            for tensor in tensors_in(result):
                if tensor.numel() == 0 and (axes := product(tensor.shape)) > self.limits.elements:
                    refuse(f"an empty tensor with axes for {spell(axes)} elements", self.limits.elements)
                if (node := tensor.grad_fn) is not None:
                    self._forward[node] = made

    def count_statement(self) -> None:
        """Count one more line that was executed."""
        self.statements += 1
        if self.statements > self.limits.statements:
            refuse(f"more than {spell(self.limits.statements)} lines executed", self.limits.statements)

    def _spend(self, work: int, size: int) -> None:
        self.work += work
        if self.work > self.limits.work:
            refuse(f"a text that takes {spell(self.work)} floating-point operations", self.limits.work)
        self.bytes += size
        if self.bytes > self.limits.total_bytes:
            refuse(f"results of {spell(self.bytes)} bytes together", self.limits.total_bytes)

    def _compare_with_share(self, elements: int) -> None:
        share = self._share
        if share is not None and (
            self.ops > share.ops
            or self.work > share.work
            or self.bytes > share.total_bytes
            or elements > share.elements
        ):
            raise TooDear

    def _made(self, cost: Cost, itemsize: int) -> Made:
        if not cost.roots:
            derivative = max(2 * cost.work, cost.derivative)
            return Made(cost.work, cost.elements * itemsize, derivative, max(derivative, cost.second))
        nodes = self._reachable(cost.roots, self.limits.graph_nodes)
        work, second, size = self._through(nodes)
        if not cost.keeps_graph:
            return Made(work, 0, 0, 0)
        return Made(second, size, 2 * second, 2 * second)

    def _through(self, nodes: set[Node]) -> tuple[int, int, int]:
        """Work of a backward pass through these nodes, the same if it can be differentiated, and its bytes then."""
        known = [self._forward.get(node, _FREE) for node in nodes]
        overhead = 8 * len(nodes)
        return (
            sum(made.derivative for made in known) + overhead,
            sum(made.second for made in known) + overhead,
            sum(made.size for made in known),
        )

    def _reachable(self, roots: tuple[Tensor, ...], most: int | None) -> set[Node]:
        waiting = [root.grad_fn for root in roots]
        found: set[Node] = set()
        while waiting:
            node = waiting.pop()
            if node is None or node in found:
                continue
            found.add(node)
            if most is not None and len(found) > most:
                refuse(f"a backward pass through more than {spell(most)} nodes", most)
            waiting += [following for following, _ in node.next_functions]
        return found


def paced(cost: Cost, values: Sequence[Value]) -> Cost:
    """The cost with dtypes taken into account: of the tensors among the values, and those that are named there."""
    with unseen():
        dtypes = [value if isinstance(value, torch.dtype) else value.dtype for value in _with_dtypes(values)]
    pace = max((PACES.get(dtype, 1) for dtype in dtypes), default=1)
    if pace == 1:
        return cost
    return replace(cost, work=pace * cost.work, derivative=pace * cost.derivative, second=pace * cost.second)


def _with_dtypes(values: Sequence[Value]) -> Iterator[Value]:
    for value in values:
        if isinstance(value, Tensor | torch.dtype):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors_in(value)


def refuse(what: str, limit: int) -> NoReturn:
    """The one form of a refusal: what it would be, and what the limit is."""
    raise PlaygroundError(f"{what}; the limit is {spell(limit)}", hint="make it smaller")
