"""`Trace`: one run of a program, forward and backward, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import torch

from playground.computing.device import CPU
from playground.errors import PlaygroundError
from playground.trace.array import Array
from playground.trace.codec import trace_from_json, trace_to_json
from playground.trace.non_finite.first import first_non_finite
from playground.trace.records import (
    BackwardNode,
    BackwardPass,
    DifferenceCheck,
    Note,
    Op,
    Records,
    Step,
    SumCheck,
    Update,
    Value,
)
from playground.trace.statistics import widened

NAMED = 20  # names that an error lists


class UnknownValue(PlaygroundError, KeyError):
    """The error for a name that no value of a trace has."""

    def __init__(self, name: object, names: Sequence[str]) -> None:
        listed = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
        super().__init__(f"no value is called {str(name)[:40]!r}", hint=f"there are {listed}")

    __str__ = Exception.__str__  # KeyError's own would quote it


@dataclass(frozen=True, eq=False)
class Trace:
    """One recorded run, in the order in which PyTorch did it.

    `trace["f"]` is a value by its name or label; `trace.at(k)` what is known after k steps. Equality compares the
    records; `to_json` and `from_json` (in `codec.py`) are exact inverses.
    """

    _records: Callable[[], Records] = field(repr=False)  # made when one of them is first read
    outputs: tuple[int, ...]  # values that the program returned
    text: str = ""  # what was typed; empty for a recorded function or module
    device: str = str(CPU)  # where it was computed, as PyTorch writes it: "cuda:0"
    _check: Callable[[Trace], tuple[DifferenceCheck, ...]] | tuple[DifferenceCheck, ...] = field(default=(), repr=False)
    _tape: object = field(default=None, repr=False)  # the recorder's calls, to repeat one; gone in JSON

    display: ClassVar[Callable[[Trace], str] | None] = None  # how a notebook shows a trace; set by the package
    look: ClassVar[Callable[[Trace, str, dict[str, int]], Any] | None] = None  # and how it opens a call of it

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """Every tensor, at every version of it."""
        return self._records().values

    @cached_property
    def ops(self) -> tuple[Op, ...]:
        """Every call, in the order of execution."""
        return self._records().ops

    @cached_property
    def nodes(self) -> tuple[BackwardNode, ...]:
        """PyTorch's backward nodes; those that ran come first, in the engine's order."""
        return self._records().nodes

    @cached_property
    def passes(self) -> tuple[BackwardPass, ...]:
        """Every run of the engine."""
        return self._records().passes

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Everything that happened, in true order."""
        return self._records().steps

    @cached_property
    def recorded_notes(self) -> tuple[Note, ...]:
        """What the recorder had to say: a seed of ones, why there are no finite differences."""
        return self._records().notes

    @cached_property
    def checks(self) -> tuple[DifferenceCheck, ...]:
        """Gradients against central finite differences in float64, leaves and intermediates; computed on first use.

        Every element where they are few, one direction per value or per leaf where they are many; empty where the run
        cannot be repeated (random or in-place calls) or did not end in a first-order backward pass.
        """
        return self._check if isinstance(self._check, tuple) else self._check(self)

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """Notes for the reader: a seed of ones, a missing gradient, the first NaN or infinity."""
        found = first_non_finite(self.values, self.ops)
        return self.recorded_notes if found is None else (*self.recorded_notes, found)

    @cached_property
    def sums(self) -> tuple[SumCheck, ...]:
        """Checks of every value that a backward pass reached: contributions (and seed) summed, against the adjoint."""
        return tuple(_sum_checks(self))

    @cached_property
    def updates(self) -> dict[int, Update]:
        """The optimizer's step: parameter or output -> its update."""
        return {step.update.value: step.update for step in self.steps if step.update is not None}

    def __eq__(self, other: object) -> bool:
        """Same records, outputs, text and device."""
        return isinstance(other, Trace) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self._records(), self.outputs, self.text, self.device

    def __getitem__(self, name: str) -> Value:
        """The value with this name, else the last one with this label; UnknownValue, a KeyError, if there is none."""
        found = [value for value in self.values if value.name == name] or [
            value for value in self.values if value.label == name
        ]
        if not found:
            raise UnknownValue(name, [value.label or value.name for value in self.values])
        return found[-1]

    def at(self, k: int) -> Snapshot:
        """The state after the first `k` steps; 0 means that only leaves have values."""
        primals = {value.id for value in self.values if value.op is None}
        adjoints: dict[int, Array | None] = {}
        grads: dict[int, Array | None] = {}
        updated: dict[int, Array] = {}
        newest: dict[tuple[int, int], int] = {}  # of a leaf that was written to in place: the version that was used
        for step in self.steps[:k]:
            if step.kind == "seed":  # a new pass: adjoints start again
                adjoints = dict(zip(self.passes[step.backward_pass or 0].roots, step.incoming, strict=True))
                newest = {}
            if step.op is not None:
                primals.update(self.ops[step.op].outputs)
            if step.update is not None:
                updated[step.update.value] = step.update.after
            grads.update({change.value: change.after for change in step.changes if change.of == "grad"})
            if step.node is None:
                continue
            node = self.nodes[step.node]
            for contribution in step.contributions:
                edge = node.edges[contribution.edge]
                if edge.value is not None and edge.node is not None:
                    adjoints[edge.value] = _sum(adjoints.get(edge.value), contribution.data, edge.value in adjoints)
                    if self.values[edge.value].alias_of is None:
                        place = edge.node, edge.input_nr
                        newest[place] = max(edge.value, newest.get(place, edge.value))
            for number, (index, adjoint) in enumerate(zip(node.outputs, step.incoming, strict=False)):
                if index is not None and adjoint is not None:  # complete: the engine's own sum
                    adjoints[newest.get((node.id, number), index)] = adjoint
            if node.leaf is not None and step.kind == "accumulate":
                grads[node.leaf] = step.grad_after
            if node.leaf is not None and step.kind == "zero_grad":
                grads.pop(node.leaf, None)
                if step.grad_after is not None:
                    grads[node.leaf] = step.grad_after
        return Snapshot(frozenset(primals), adjoints, grads, updated)

    def lens(self, name: str, **picks: int) -> Any:
        """The call that made a value, looked into: a page of boards and terms, which a notebook shows.

        `picks`: where an axis begins of which only a part is shown (`C=2`, `input_channels=16`). PlaygroundError
        where no call made the value, or it has no derivative, and for a trace that was read from a document.
        """
        assert Trace.look is not None  # `from playground import ...` sets it
        return Trace.look(self, name, picks)

    def to_json(self) -> str:
        """This trace as a JSON document; see docs/trace.md for the schema."""
        return trace_to_json(self)

    @staticmethod
    def from_json(document: str) -> Trace:
        """The inverse of `to_json`, exact. Raises PlaygroundError for anything that is not such a document."""
        return trace_from_json(document, Trace)

    def _repr_html_(self) -> str | None:
        return None if Trace.display is None else Trace.display(self)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after some steps: ids of known values, and adjoints as far as they have been summed."""

    primals: frozenset[int]
    adjoints: dict[int, Array | None]  # value id -> sum of the contributions so far; None: some came, too large to sum
    grads: dict[int, Array | None]  # leaf id -> its `.grad`; absent means None, as in PyTorch
    updated: dict[int, Array]  # what the optimizer's step has changed so far: parameter or output -> after the step


def _sum(so_far: Array | None, more: Array, started: bool) -> Array | None:
    if not started:
        return more
    if so_far is None or not (so_far.is_exact and more.is_exact):
        return None
    return Array(so_far.tensor() + more.tensor())


def _sum_checks(trace: Trace) -> list[SumCheck]:
    checks = []
    arrived: dict[tuple[int, int], list[Array]] = {}
    for step in trace.steps:
        if step.kind == "seed":
            arrived = {}
            for root, seed in zip(trace.passes[step.backward_pass or 0].roots, step.incoming, strict=True):
                value = trace.values[root]
                if value.node is not None and seed is not None:
                    arrived.setdefault((value.node, value.output_nr), []).append(seed)
        if step.node is None:
            continue
        node = trace.nodes[step.node]
        for number, adjoint in enumerate(step.incoming):
            value_id = node.outputs[number] if number < len(node.outputs) else None
            parts = arrived.get((node.id, number), [])
            if value_id is not None and adjoint is not None and parts and step.backward_pass is not None:
                gap = _gap(parts, adjoint)
                if gap is not None:
                    checks.append(SumCheck(value_id, step.backward_pass, gap))
        for contribution in step.contributions:
            edge = node.edges[contribution.edge]
            if edge.node is not None:
                arrived.setdefault((edge.node, edge.input_nr), []).append(contribution.data)
    return checks


def _gap(parts: list[Array], adjoint: Array) -> float | None:
    """The largest absolute difference between the sum of the parts and the adjoint, over finite elements."""
    try:
        total = sum((widened(part.dense()) for part in parts[1:]), start=widened(parts[0].dense()))
        difference = (total - widened(adjoint.dense())).abs()
    except ValueError:  # read back from JSON, where large arrays keep only their summary
        return None
    finite = difference[torch.isfinite(difference)]
    return float(finite.max()) if finite.numel() else 0.0
