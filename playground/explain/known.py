"""From which position of the stepper on each thing of a trace is known: k means that k steps are done."""

from __future__ import annotations

from playground.trace.trace import Trace


class KnownFrom:
    """The positions at which the values, gradients and edges of one trace are known; 0 is before the first step."""

    def __init__(self, trace: Trace) -> None:
        self._ops: dict[int, int] = {}
        self._nodes: dict[int, int] = {}
        self._adjoints: dict[int, int] = {}
        self._grads: dict[int, int] = {}
        self._updates: dict[int, int] = {}
        self._seeds: dict[int, int] = {}
        self._values = trace.values
        self._last = len(trace.steps)
        for step in trace.steps:
            k = step.index + 1
            if step.op is not None:
                self._ops.setdefault(step.op, k)
            if step.update is not None:
                self._updates[step.update.value] = k
            if step.kind == "seed" and step.backward_pass is not None:
                self._seeds[step.backward_pass] = k
                self._adjoints |= dict.fromkeys(trace.passes[step.backward_pass].roots, k)
            if step.node is None:
                continue
            node = trace.nodes[step.node]
            if node.leaf is not None:
                self._grads[node.leaf] = k
            if step.kind == "node":
                self._nodes[step.node] = k
                edges = [node.edges[part.edge].value for part in step.contributions]
                self._adjoints |= {value: k for value in edges if value is not None}

    def op(self, op: int) -> int:
        """A call has been made; at once where no step tells of it."""
        return self._ops.get(op, 0)

    def value(self, value: int) -> int:
        """A value has been computed; leaves are there from the start."""
        op = self._values[value].op
        return 0 if op is None else self.op(op)

    def adjoint(self, value: int) -> int:
        """All contributions to an adjoint have arrived."""
        return self._adjoints.get(value, self._last)

    def grad(self, leaf: int) -> int:
        """The last change of a leaf's `.grad` is done."""
        return self._grads.get(leaf, self._last)

    def node(self, node: int) -> int:
        """A backward node has run for the last time."""
        return self._nodes.get(node, self._last)

    def seed(self, backward_pass: int) -> int:
        """A backward pass has started."""
        return self._seeds.get(backward_pass, 0)

    def update(self, value: int) -> int:
        """The optimizer's step has changed it."""
        return self._updates.get(value, self._last)
