"""The sum of what has arrived at each value, contribution by contribution, as a backward pass goes on."""

from __future__ import annotations

from functools import cached_property

from playground.explain.numbers import BRIEF
from playground.trace.array import Array
from playground.trace.trace import Trace


class RunningSums:
    """The running sums of one trace's passes, of small tensors; worked out when first asked for."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @property
    def arrived_before(self) -> dict[tuple[int, int], tuple[Array, Array]]:
        """(step, place) -> the sum before and after, for contributions to a value that had got one before."""
        return self._sums[0]

    @property
    def of_leaves(self) -> dict[tuple[int, int], Array]:
        """(pass, leaf) -> the whole sum."""
        return self._sums[1]

    @cached_property
    def _sums(self) -> tuple[dict[tuple[int, int], tuple[Array, Array]], dict[tuple[int, int], Array]]:
        second: dict[tuple[int, int], tuple[Array, Array]] = {}
        totals: dict[tuple[int, int], Array] = {}
        for step in self.trace.steps:
            if step.kind != "node" or step.node is None:
                continue
            for place, part in enumerate(step.contributions):
                value = self.trace.nodes[step.node].edges[part.edge].value
                if value is None or part.data.numel > BRIEF:
                    continue
                key = (step.backward_pass or 0, value)
                total = part.data
                if (before := totals.get(key)) is not None and before.shape == part.data.shape:
                    total = Array(before.tensor() + part.data.tensor())
                    second[step.index, place] = (before, total)
                totals[key] = total
        return second, {key: total for key, total in totals.items() if self.trace.values[key[1]].op is None}
