"""`compare`: two traces side by side, what differs in them, and how far it is apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from playground.explain.comparison.differences import Difference, Of, differences
from playground.explain.comparison.pairing import Pairing, paired
from playground.explain.names import DisplayNames
from playground.explain.numbers import brief, listed, nested_text
from playground.trace.array import Array
from playground.trace.records import Value
from playground.trace.trace import Trace

FULL = 4  # elements that are written with all the digits that it takes
DIGITS = (7, 10, 13, 17)  # of which 17 tell any two numbers apart
SHOWN = 20  # lines of a notebook


class Line(NamedTuple):
    """One difference as text: `f`, `11.652`, `11.6521`."""

    name: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Alone:
    """What one trace has and the other has not: positions in `ops` and in `values`."""

    ops: tuple[int, ...]
    leaves: tuple[int, ...]

    @classmethod
    def of(cls, trace: Trace, ops: Iterable[int], values: Iterable[int]) -> Alone:
        """All but these calls and values of a trace; constants belong to their calls."""
        known_ops, known = set(ops), set(values)
        leaves = (value for value in trace.values if value.op is None and value.kind != "constant")
        return cls(
            tuple(op.id for op in trace.ops if op.id not in known_ops),
            tuple(leaf.id for leaf in leaves if leaf.id not in known),
        )


@dataclass(frozen=True, repr=False)
class Comparison:
    """Two traces with their pairs; what differs is found when it is first read."""

    left: Trace
    right: Trace
    pairing: Pairing

    @cached_property
    def compared(self) -> tuple[tuple[Value, Value], ...]:
        """The values that are compared, in the order of the second trace: those that correspond, and what has the same
        name in the end, however it came about."""
        ours, theirs = _last_of_each_name(self.left), _last_of_each_name(self.right)
        named = ((ours[name], theirs[name]) for name in ours if name in theirs)
        pairs = dict.fromkeys((*self.pairing.values, *named))
        found = ((self.left.values[i], self.right.values[j]) for i, j in pairs)
        return tuple(sorted(found, key=lambda pair: pair[1].id))

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """All that differs: primals and tangents as they are computed, then gradients as they come back."""
        forward = [one for pair in self.compared for of in _FORWARD for one in differences(*pair, of)]
        return (*forward, *(one for pair in reversed(self.compared) for one in differences(*pair, _gradient(*pair))))

    @cached_property
    def alone(self) -> tuple[Alone, Alone]:
        """What has no partner, of the first trace and of the second."""
        ops, values = self.pairing.ops, self.pairing.values
        left = Alone.of(self.left, (i for i, _ in ops), (i for i, _ in values))
        return left, Alone.of(self.right, (j for _, j in ops), (j for _, j in values))

    @cached_property
    def summary(self) -> str:
        """What differs, counted, and what is alone: `1 of 4 values and 3 of 3 gradients differ. relu only before.`"""
        differing = [len({(one.left, one.right) for one in self.differences if one.of in kinds}) for kinds in _KINDS]
        with_gradient = [pair for pair in self.compared if any(map(_has_gradient, pair))]
        counts = zip(differing, (len(self.compared), len(with_gradient)), ("value", "gradient"), strict=True)
        said = " and ".join(f"{some} of {_many(count, noun)}" for some, count, noun in counts if some)
        texts = [f"{said} differ." if said else "Every value and every gradient is the same."]
        for trace, alone, where in zip((self.left, self.right), self.alone, ("before", "now"), strict=True):
            names = [trace.values[leaf].name for leaf in alone.leaves] + [trace.ops[op].name for op in alone.ops]
            if names:
                texts.append(f"{_some(names)} only {where}.")
        return " ".join(texts)

    def line(self, one: Difference) -> Line:
        """A difference as text, with both names where they are not the same."""
        names = [_name(one.left, one.of, self._names[0]), _name(one.right, one.of, self._names[1])]
        return Line(" → ".join(dict.fromkeys(names)), *_texts(one.before, one.after))

    @cached_property
    def _names(self) -> tuple[DisplayNames, DisplayNames]:
        return DisplayNames(self.left), DisplayNames(self.right)

    def __repr__(self) -> str:
        lines = [(*self.line(one), one.text) for one in self.differences[:SHOWN]]
        more = len(self.differences) - SHOWN
        texts = [f"{name}: {before} → {now}, {gap}" for name, before, now, gap in lines]
        return "\n".join([self.summary, *texts, *([f"… and {more} more."] if more > 0 else [])])


_FORWARD: tuple[Of, ...] = ("primal", "tangent")
_KINDS: tuple[tuple[Of, ...], ...] = (_FORWARD, ("adjoint", "grad"))
_NAMED = 3  # calls and leaves that are named as alone


def compare(left: Trace, right: Trace) -> Comparison:
    """Compare two traces.

    >>> from playground.language.run import run
    >>> compare(run("f = x*x", {"x": 3.0}), run("f = x*x", {"x": 4.0}))
    2 of 2 values and 1 of 2 gradients differ.
    x: 3 → 4, apart by 1, relative 0.25
    f: 9 → 16, apart by 7, relative 0.44
    x.grad: 6 → 8, apart by 2, relative 0.25
    """
    return Comparison(left, right, paired(left, right))


def _gradient(one: Value, other: Value) -> Of:
    """What is compared as the gradient: of leaves what `.grad` holds in the end."""
    return "grad" if one.grad is not None or other.grad is not None else "adjoint"


def _has_gradient(value: Value) -> bool:
    return value.grad is not None or value.adjoint is not None


def _last_of_each_name(trace: Trace) -> dict[str, int]:
    """The values that the reader gave a name, each name's last one."""
    return {value.label: value.id for value in trace.values if value.op is not None and value.label != value.name}


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)


def _some(names: list[str]) -> str:
    """The first names without repetition, and how many more there are."""
    once = list(dict.fromkeys(names))
    more = len(once) - _NAMED
    return listed([*once[:_NAMED], f"{more} more"]) if more > 0 else listed(once)


def _name(value: int, of: Of, names: DisplayNames) -> str:
    if of == "grad":
        return f"{names.show(value)}.grad"
    return {"primal": names.show, "tangent": names.dot, "adjoint": names.bar}[of](value)


def _texts(before: Array | None, now: Array | None) -> tuple[str, str]:
    """Both in few characters, and in as many more as it takes to see that they differ."""
    texts = _text(before), _text(now)
    for digits in DIGITS:
        if texts[0] == texts[1]:
            texts = _text(before, digits), _text(now, digits)
    return texts


def _text(array: Array | None, digits: int = 0) -> str:
    if array is None:
        return "None"
    return nested_text(array.tolist(), digits) if digits and array.numel <= FULL else brief(array)
