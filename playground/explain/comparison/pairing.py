"""`paired`: what of one trace corresponds to what of another.

Calls are aligned as a diff aligns lines: the longest runs that are typed alike; between them what has the same name,
then what is the same function. Leaves go by their names, all else by the calls that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from playground.trace.records import Op, Step
from playground.trace.trace import Trace

Pairs = tuple[tuple[int, int], ...]
Sign = Callable[[Trace, Op], Hashable]  # what makes two calls the same one; None: nothing does


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs of positions, of the first trace and of the second; nothing is in two pairs.

    `ops` and `steps` are in the order of both traces, the others in the order of the first one.
    """

    values: Pairs
    ops: Pairs
    nodes: Pairs
    steps: Pairs


def paired(left: Trace, right: Trace) -> Pairing:
    """The pairs of two traces.

    >>> from playground.language.run import run
    >>> pairing = paired(run("f = sin(x)", {"x": 1.0}), run("f = 2*sin(x)", {"x": 1.0}))
    >>> pairing.ops, pairing.values
    (((0, 0),), ((0, 0), (1, 1)))
    """
    ops = tuple(_aligned_calls(left, right, (0, len(left.ops)), (0, len(right.ops)), (_typed, _named, _called)))
    values = _matching(_leaves(left, right), _inputs(left, right, ops), _outputs(left, right, ops))
    made = (zip(left.ops[i].nodes, right.ops[j].nodes, strict=False) for i, j in ops)
    nodes = _matching(_accumulations(left, right, dict(values)), *made)
    steps = tuple(_aligned_steps(left, right, dict(values), dict(ops), dict(nodes)))
    return Pairing(values, ops, nodes, steps)


def _typed(trace: Trace, op: Op) -> Hashable:
    """The function and its text; of what was not typed, the module that it was called in."""
    text = "" if op.span is None else "".join(trace.text[op.span.start : op.span.end].split())
    return op.name, op.module, text


def _named(trace: Trace, op: Op) -> Hashable:
    """The name that the reader gave the result."""
    made = [trace.values[output] for output in op.outputs]
    return next((value.label for value in made if value.label != value.name), None)


def _called(trace: Trace, op: Op) -> Hashable:
    return op.name, op.module


def _aligned_calls(
    left: Trace, right: Trace, ours: tuple[int, int], theirs: tuple[int, int], signs: Sequence[Sign]
) -> Iterable[tuple[int, int]]:
    """The pairs of the calls of two ranges; a weaker sign is looked for between two pairs that a stronger one made."""
    if not signs:
        return
    sign, *weaker = signs
    (start, end), (from_, to) = ours, theirs
    first, second = [sign(left, op) for op in left.ops[start:end]], [sign(right, op) for op in right.ops[from_:to]]
    for is_same, i, i_end, j, j_end in _runs(first, second):
        if is_same:
            yield from zip(range(start + i, start + i_end), range(from_ + j, from_ + j_end), strict=True)
        else:
            between = (start + i, start + i_end), (from_ + j, from_ + j_end)
            yield from _aligned_calls(left, right, *between, weaker)


def _runs(first: Sequence[Hashable], second: Sequence[Hashable]) -> Iterable[tuple[bool, int, int, int, int]]:
    """Runs of equal and of unequal elements, in order; None equals nothing.

    What both begin with is one run before anything else is aligned: the first rounds of a longer loop are the same.
    """
    ours, theirs = ([object() if one is None else one for one in some] for some in (first, second))
    begin = next((k for k, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    begin = min(len(ours), len(theirs)) if begin is None else begin
    yield True, 0, begin, 0, begin
    rest = SequenceMatcher(None, ours[begin:], theirs[begin:], autojunk=False)
    for tag, *ends in rest.get_opcodes():
        i, i_end, j, j_end = (begin + end for end in ends)
        yield tag == "equal", i, i_end, j, j_end


def _leaves(left: Trace, right: Trace) -> Iterable[tuple[int, int]]:
    """What has a name before the run begins: inputs, parameters, buffers."""
    there = {value.name: value.id for value in right.values if value.op is None and value.kind != "constant"}
    for value in left.values:
        if value.op is None and value.kind != "constant" and value.name in there:
            yield value.id, there[value.name]


def _inputs(left: Trace, right: Trace, ops: Pairs) -> Iterable[tuple[int, int]]:
    """Constants and leaves that were renamed, by the place in a call at which they stand."""
    for i, j in ops:
        there = {argument.path: argument.value for argument in right.ops[j].inputs}
        for argument in left.ops[i].inputs:
            other = there.get(argument.path)
            if other is not None and left.values[argument.value].op is right.values[other].op is None:
                yield argument.value, other


def _outputs(left: Trace, right: Trace, ops: Pairs) -> Iterable[tuple[int, int]]:
    for i, j in ops:
        yield from zip(left.ops[i].outputs, right.ops[j].outputs, strict=False)


def _accumulations(left: Trace, right: Trace, values: dict[int, int]) -> Iterable[tuple[int, int]]:
    there = {node.leaf: node.id for node in right.nodes if node.leaf is not None}
    for node in left.nodes:
        if node.leaf is not None and values.get(node.leaf) in there:
            yield node.id, there[values[node.leaf]]


def _matching(*found: Iterable[tuple[int, int]]) -> Pairs:
    """The pairs of all of these that have neither side in common with one before."""
    there: dict[int, int] = {}
    taken = set[int]()
    for pairs in found:
        for one, other in pairs:
            if one not in there and other not in taken:
                there[one] = other
                taken.add(other)
    return tuple(sorted(there.items()))


def _aligned_steps(
    left: Trace, right: Trace, values: dict[int, int], ops: dict[int, int], nodes: dict[int, int]
) -> Iterable[tuple[int, int]]:
    """Steps in which the same happens to what corresponds, in an order that both traces have."""
    ours = [_event(step, values.get, ops.get, nodes.get) for step in left.steps]
    theirs = [_event(step, _itself, _itself, _itself) for step in right.steps]
    for is_same, i, i_end, j, j_end in _runs(ours, theirs):
        if is_same:
            yield from zip(range(i, i_end), range(j, j_end), strict=True)


Partner = Callable[[int], int | None]


def _event(step: Step, value: Partner, op: Partner, node: Partner) -> Hashable:
    """What happens in a step, in the positions of the other trace; None where that has no such value, call or node."""
    updated = None if step.update is None else step.update.value
    about = [(updated, value), (step.op, op), (step.node, node)]
    partners = [None if position is None else partner(position) for position, partner in about]
    if any(known is None and position is not None for known, (position, _) in zip(partners, about, strict=True)):
        return None
    return step.kind, step.backward_pass, *partners


def _itself(position: int) -> int:
    return position
