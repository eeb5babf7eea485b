"""The contributions that arrived at each value in the backward pass, and the forward edges that they mirror."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from playground.trace.array import Array
from playground.trace.records import Contribution, Step
from playground.trace.trace import Trace

Arrival = tuple[Step, Contribution]
Use = tuple[int, str]  # a forward edge: op and path of the argument


def contributions(trace: Trace) -> Mapping[int, tuple[Arrival, ...]]:
    """Value -> the contributions that it got in the last pass that reached it, in order of arrival.

    What reached a tensor by the name that a call handed it on under, has reached it by its first name too.
    """
    found: dict[int, list[Arrival]] = defaultdict(list)
    passes: dict[int, int] = {}
    for step in trace.steps:
        if step.kind == "seed" and step.backward_pass is not None:
            for root in trace.passes[step.backward_pass].roots:
                passes[root], found[root] = step.backward_pass, []
        if step.kind != "node" or step.node is None or step.backward_pass is None:
            continue
        for part in step.contributions:
            value = trace.nodes[step.node].edges[part.edge].value
            if value is None:
                continue
            for name in _names_of(trace, value):
                if passes.get(name) != step.backward_pass:
                    passes[name] = step.backward_pass
                    found[name] = []
                found[name].append((step, part))
    return MappingProxyType({value: tuple(parts) for value, parts in found.items()})


def _names_of(trace: Trace, value: int) -> Iterator[int]:
    """A value, and those that it is the same tensor as."""
    name: int | None = value
    while name is not None:
        yield name
        name = trace.values[name].alias_of


def seeds(trace: Trace, arrived: Mapping[int, tuple[Arrival, ...]]) -> dict[int, Array]:
    """Root -> the seed of the last pass that reached it; none where that pass did not start there."""
    last = {value: parts[-1][0].backward_pass for value, parts in arrived.items() if parts}
    return {
        root: seed
        for started in trace.passes
        for root, seed in zip(started.roots, started.seeds, strict=False)
        if last.get(root, started.id) == started.id
    }


def returned(trace: Trace) -> Mapping[Use, tuple[int, int]]:
    """Use -> the backward edge (node, position) along which a gradient came back to it last."""
    found: dict[Use, tuple[int, int]] = {}
    for step in trace.steps:
        if step.kind == "node" and step.node is not None:
            edges = trace.nodes[step.node].edges
            for part in step.contributions:
                if (use := edges[part.edge].use) is not None:
                    found[use] = step.node, part.edge
    return MappingProxyType(found)
