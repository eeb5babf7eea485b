"""Two pictures side by side, as JSON-safe data (docs/stepper.md): what corresponds, and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playground.explain.comparison.comparison import Alone, Comparison
from playground.explain.comparison.differences import Difference
from playground.explain.comparison.pairing import Pairs
from playground.trace.trace import Trace
from playground.views.stepper.picture_data import ComparisonData, DifferenceData

MOST = 60  # differences that are listed


def comparison_data(comparison: Comparison) -> ComparisonData:
    """The pairs of boxes and of positions, the boxes that differ, and the list of what differs."""
    pairing, differences = comparison.pairing, comparison.differences
    left, right = comparison.left, comparison.right
    steps = [(0, 0), *((i + 1, j + 1) for i, j in pairing.steps), (len(left.steps), len(right.steps))]
    return {
        "summary": comparison.summary,
        "keys": [list(pair) for pair in _keys(comparison)],
        "steps": [list(pair) for pair in steps],
        "differing": [
            _boxes(left, [(one.left, one.of) for one in differences]),
            _boxes(right, [(one.right, one.of) for one in differences]),
        ],
        "alone": [_alone(*both) for both in zip((left, right), comparison.alone, strict=True)],
        "rows": [_row(comparison, one) for one in differences[:MOST]],
        "unlisted": max(0, len(differences) - MOST),
    }


def _keys(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Everything that can be selected on both sides."""
    pairing, left, right = comparison.pairing, comparison.left, comparison.right
    yield from _named("value", pairing.values)
    yield from _named("op", pairing.ops)
    yield from _named("node", pairing.nodes)
    for i, j in pairing.ops:
        there = {argument.path: place for place, argument in enumerate(right.ops[j].inputs)}
        for place, argument in enumerate(left.ops[i].inputs):
            if argument.path in there:
                yield f"use-{i}-{place}", f"use-{j}-{there[argument.path]}"
    for i, j in pairing.nodes:
        for place, (one, other) in enumerate(zip(left.nodes[i].edges, right.nodes[j].edges, strict=False)):
            if one.node is not None and other.node is not None:
                yield f"edge-{i}-{place}", f"edge-{j}-{place}"
    for k, (ours, theirs) in enumerate(zip(left.passes, right.passes, strict=False)):
        yield f"seed-{k}", f"seed-{k}"
        for place in range(min(len(ours.roots), len(theirs.roots))):
            yield f"seed-{k}-{place}", f"seed-{k}-{place}"


def _named(kind: str, pairs: Pairs) -> Iterator[tuple[str, str]]:
    return ((f"{kind}-{i}", f"{kind}-{j}") for i, j in pairs)


def _boxes(trace: Trace, differing: Iterable[tuple[int, str]]) -> list[str]:
    """The keys of the boxes in which these values, or their gradients, stand."""
    found: dict[str, None] = {}
    for value, of in differing:
        record = trace.values[value]
        found[f"value-{value}" if record.op is None else f"op-{record.op}"] = None
        if of in ("adjoint", "grad") and record.node is not None:
            found[f"node-{record.node}"] = None
    return list(found)


def _alone(trace: Trace, alone: Alone) -> list[str]:
    """The keys of the boxes that have no partner."""
    leaves, calls = [trace.values[leaf] for leaf in alone.leaves], [trace.ops[op] for op in alone.ops]
    return [
        *(f"value-{leaf.id}" for leaf in leaves),
        *(f"op-{op.id}" for op in calls),
        *(f"node-{leaf.node}" for leaf in leaves if leaf.node is not None),
        *(f"node-{node}" for op in calls for node in op.nodes),
    ]


def _row(comparison: Comparison, one: Difference) -> DifferenceData:
    name, before, now = comparison.line(one)
    keys = [f"value-{one.left}", f"value-{one.right}"]
    return {"name": name, "of": one.of, "before": before, "now": now, "gap": one.text, "keys": keys}
