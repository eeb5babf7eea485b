"""Which contributions arrived at each value in the backward pass, and in which order."""

from __future__ import annotations

from collections import defaultdict

from playground.trace.records import Contribution, Step
from playground.trace.trace import Trace


def contributions(trace: Trace) -> dict[int, list[tuple[Step, Contribution]]]:
    """Value id -> what arrived for it in the last pass that reached it, in order of arrival."""
    found: dict[int, list[tuple[Step, Contribution]]] = defaultdict(list)
    passes: dict[int, int] = {}
    for step in trace.steps:
        if step.kind != "node" or step.node is None or step.backward_pass is None:
            continue
        for part in step.contributions:
            value = trace.nodes[step.node].edges[part.edge].value
            if value is None:
                continue
            if passes.get(value) != step.backward_pass:
                passes[value] = step.backward_pass
                found[value] = []
            found[value].append((step, part))
    return found


__all__ = ["contributions"]
