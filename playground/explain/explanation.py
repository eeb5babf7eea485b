"""`explain`: every text about a trace, written once, when it is first read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

from playground.explain.contributions import Arrival, Use, contributions, returned
from playground.explain.derivation_lines import DerivationLine
from playground.explain.details import Details, DetailWriter
from playground.explain.formulas import Formulas
from playground.explain.names import DisplayNames
from playground.explain.narration import Narrator, StepText
from playground.explain.why import Why, WhyWriter
from playground.trace.trace import Trace

SUMMARISED_STEPS = 40

_Writer = TypeVar("_Writer", bound=Callable[..., Any])


def explain(trace: Trace) -> Explanation:
    """The explanation of a trace; nothing of it is written before it is asked for."""
    return Explanation(trace)


def _once(write: _Writer) -> _Writer:
    """A method whose answers are kept by the explanation that gave them."""
    name = f"_{write.__name__}_texts"

    @wraps(write)
    def answer(self: Explanation, *key: int) -> Any:
        kept = self.__dict__.setdefault(name, {})
        if key not in kept:
            kept[key] = write(self, *key)
        return kept[key]

    return cast(_Writer, answer)


@dataclass(frozen=True, eq=False)
class Explanation:
    """The texts about one trace: about each step, value, op, backward node and edge.

    Anything can be asked for by itself, is written once and is the same ever after. Values, ops, nodes and steps go by
    their position in the trace, as its records do; an edge is the position of its op or node and its own place there.
    """

    trace: Trace

    @cached_property
    def names(self) -> DisplayNames:
        """The names of values, calls and saved tensors: all that a drawing needs."""
        return DisplayNames(self.trace)

    @cached_property
    def contributions(self) -> Mapping[int, tuple[Arrival, ...]]:
        """Value -> the contributions that it got in the last pass that reached it, in order of arrival."""
        return contributions(self.trace)

    @cached_property
    def returned(self) -> Mapping[Use, tuple[int, int]]:
        """Forward edges (op, argument path) along which a gradient came back -> the backward edge (node, position)."""
        return returned(self.trace)

    @cached_property
    def start(self) -> StepText:
        """The state before the first step."""
        return self._narrator.start()

    @_once
    def step(self, k: int) -> StepText:
        """Explain one step in words and in numbers."""
        return self._narrator.step(self.trace.steps[k])

    @property
    def steps(self) -> tuple[StepText, ...]:
        """Explain every step, in order."""
        return tuple(map(self.step, range(len(self.trace.steps))))

    @cached_property
    def summary(self) -> str:
        """The first steps in numbers, for those who do not see the picture."""
        count = len(self.trace.steps)
        more = f" … {count - SUMMARISED_STEPS} more steps." if count > SUMMARISED_STEPS else ""
        return " ".join(f"{self.step(k).arithmetic}." for k in range(min(count, SUMMARISED_STEPS))) + more

    @_once
    def value(self, value: int) -> Details:
        """Describe one tensor: what it is, its numbers and its gradient."""
        return self._details.value(self.trace.values[value])

    @_once
    def op(self, op: int) -> Details:
        """Describe one call: what it took, what it recorded for the backward pass."""
        return self._details.op(self.trace.ops[op])

    @_once
    def node(self, node: int) -> Details:
        """Describe one backward node: what it saved, and what it hands on."""
        return self._details.node(self.trace.nodes[node])

    @_once
    def use(self, op: int, position: int) -> Details:
        """A forward edge: the value it carries, and the gradient that came back along it."""
        return self._details.use(self.trace.ops[op], position)

    @_once
    def edge(self, node: int, position: int) -> Details:
        """A backward edge: its vector-Jacobian product."""
        return self._details.edge(self.trace.nodes[node], position)

    @_once
    def seed(self, backward_pass: int, position: int) -> Details:
        """The seed of a backward pass at one of its roots."""
        return self._details.seed(self.trace.passes[backward_pass], position)

    @_once
    def origin(self, value: int) -> str:
        """The origin of a value: `log(x1)`, or the kind of a leaf."""
        return self._details.origin(self.trace.values[value])

    @_once
    def products(self, value: int) -> str:
        """The sum that a gradient is, in symbols: `v̄₂ × x2 + v̄₁ × 1/x1`."""
        return self._details.products(value)

    @_once
    def derivation(self, value: int) -> tuple[DerivationLine, ...]:
        """The derivation of a gradient, line by line."""
        return tuple(self._why.lines(value))

    @_once
    def why(self, value: int) -> Why:
        """The derivation of a gradient with its checks; the first of them repeats the run for finite differences."""
        return self._why.why(value, self.derivation(value))

    @cached_property
    def _formulas(self) -> Formulas:
        return Formulas(self.trace, self.names)

    @cached_property
    def _narrator(self) -> Narrator:
        return Narrator(self._formulas)

    @cached_property
    def _details(self) -> DetailWriter:
        return DetailWriter(self._formulas, self.contributions, self.returned)

    @cached_property
    def _why(self) -> WhyWriter:
        return WhyWriter(self._formulas, self.contributions)
