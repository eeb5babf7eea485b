"""Places of elements: indices checked against shapes, values that stand for one another, the largest of many terms."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.explain.element.records import Index
from playground.explain.numbers import shape_text
from playground.recorder.tape import Tape
from playground.trace.trace import Trace

MOST_TERMS = 8  # shown one by one; the rest is summed


def tape_of(trace: Trace) -> Tape:
    """The calls of a trace. PlaygroundError for one that was read from a document: only numbers are kept there."""
    if not isinstance(trace._tape, Tape):
        message = "this trace was read from a document: its calls cannot be repeated"
        raise PlaygroundError(message, hint="record it again")
    return trace._tape


def checked(trace: Trace, value: int, index: Index) -> None:
    """PlaygroundError where there is no such element."""
    record = trace.values[value]
    if len(index) != len(record.shape) or not all(0 <= i < n for i, n in zip(index, record.shape, strict=True)):
        written = ", ".join(map(str, index)) or "nothing"
        raise PlaygroundError(f"`{record.name}` has no element [{written}]", hint=allowed(record.shape))


def allowed(shape: tuple[int, ...]) -> str:
    """The indices of this shape, in words.

    >>> allowed((10, 4840)), allowed(())
    ('shape (10, 4840): two whole numbers, 0 to 9 and 0 to 4839', 'a single number: it has no index')
    """
    if not shape:
        return "a single number: it has no index"
    if 0 in shape:
        return f"shape {shape_text(shape)}: it has no elements"
    counts = {1: "one whole number", 2: "two whole numbers", 3: "three whole numbers", 4: "four whole numbers"}
    ranges = [f"0 to {n - 1}" for n in shape]
    listed = ranges[0] if len(ranges) == 1 else f"{', '.join(ranges[:-1])} and {ranges[-1]}"
    return f"shape {shape_text(shape)}: {counts.get(len(shape), f'{len(shape)} whole numbers')}, {listed}"


def same_values(tape: Tape, value: int) -> set[int]:
    """A value and every one that is the same tensor, handed on by a call as it came (dropout in eval mode)."""
    original: list[int] = []
    for known in tape.values:
        original.append(known.id if known.alias_of is None else original[known.alias_of])
    return {known.id for known in tape.values if original[known.id] == original[value]}


def top(products: Tensor) -> list[int]:
    """The places of the largest products by size, the largest first; NaN counts as largest."""
    sizes = products.abs().nan_to_num(nan=torch.inf)
    order = torch.argsort(sizes, descending=True, stable=True)
    return [int(position) for position in order[:MOST_TERMS]]
