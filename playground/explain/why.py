"""The derivation of any value's gradient, and the checks beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from playground.explain.chain_rule import ChainRule
from playground.explain.contributions import Arrival, seeds
from playground.explain.derivation_lines import DerivationLine, number
from playground.explain.formulas import Formulas
from playground.explain.known import KnownFrom
from playground.explain.numbers import brief, format_number
from playground.trace.array import Array
from playground.trace.records import Contribution, DifferenceCheck, Step, SumCheck, Value


@dataclass(frozen=True, slots=True)
class Why:
    """The derivation of a gradient, and the checks beside it as label and text.

    `since`: the position of the stepper from which on its numbers are known.
    """

    lines: tuple[DerivationLine, ...]
    check: tuple[tuple[str, str], ...]
    since: int


class WhyWriter:
    """Writes the derivations of one trace's gradients from what arrived where."""

    def __init__(self, formulas: Formulas, arrived: Mapping[int, tuple[Arrival, ...]]) -> None:
        self.trace = formulas.trace
        self.names = formulas.names
        self.arrived = arrived
        self.seeded = seeds(self.trace, arrived)
        self._chain_rule = ChainRule(formulas, self.seeded)
        self._known = KnownFrom(formulas.trace)

    def why(self, value: int, lines: tuple[DerivationLine, ...]) -> Why:
        """A derivation with its checks, known once its gradient is; that there is none is known from the start."""
        has_gradient = self.trace.values[value].adjoint is not None
        return Why(lines, tuple(self.check(value)), self._known.adjoint(value) if has_gradient else 0)

    def lines(self, value: int) -> list[DerivationLine]:
        """The derivation of one value's gradient, line by line."""
        record = self.trace.values[value]
        if record.adjoint is None:
            return [self._without_gradient(record)]
        parts = self.arrived.get(value, ())
        if value in self.seeded and not parts:
            return [self._seed(value, record.adjoint)]
        if not parts:
            return [self._from_elsewhere(value, record.adjoint)]
        if record.data.numel == 1 and all(self._is_scalar(step, part) for step, part in parts):
            return self._chain_rule.scalar(value, record.adjoint, parts)
        return self._chain_rule.tensor(value, record.adjoint, parts)

    def _from_elsewhere(self, value: int, adjoint: Array) -> DerivationLine:
        """A gradient that no recorded node sent: it came by another name of the tensor, or from outside."""
        name, latex, plain = self.names.show(value), self.names.latex_bar(value), self.names.bar(value)
        numbers = number(adjoint), brief(adjoint)
        again = [other.id for other in self.trace.values if other.alias_of == value and other.adjoint is not None]
        if again:
            note = f"{self.names.show(again[0])} is the same tensor as {name}: the call hands it on as it is."
            latex, plain = f"{latex} = {self.names.latex_bar(again[0])}", f"{plain} = {self.names.bar(again[0])}"
        else:
            note = f"{name} got its gradient from outside this recording."
        return DerivationLine("Gradient", f"{latex} = {numbers[0]}", f"{plain} = {numbers[1]}", note)

    def check(self, value: int) -> list[tuple[str, str]]:
        """PyTorch's number, the finite difference and their gap; contributions against the gradient."""
        rows = []
        check = self._differences.get(value)
        if check is not None:
            where = _where(check, self.trace.values[value])
            rows.append((f"PyTorch{where}", format_number(check.gradient, 7)))
            if check.is_comparable:
                rows.append((f"finite difference{where}", format_number(check.difference, 7)))
                rows.append(("gap", format_number(check.gap, 2)))
            if check.note:
                rows.append(("why they differ" if check.is_comparable else "finite difference", check.note))
        total = self._sums.get(value)
        if total is not None:
            rows.append(("contributions summed, minus the gradient", format_number(total.gap, 2)))
        return rows

    @cached_property
    def _differences(self) -> dict[int, DifferenceCheck]:
        found: dict[int, DifferenceCheck] = {}
        for check in self.trace.checks:
            found.setdefault(check.value, check)
        return found

    @cached_property
    def _sums(self) -> dict[int, SumCheck]:
        return {check.value: check for check in self.trace.sums}

    def _without_gradient(self, value: Value) -> DerivationLine:
        name, bar = self.names.show(value.id), self.names.latex_bar(value.id)
        nothing, plainly = rf"{bar} = \text{{None}}", f"{self.names.bar(value.id)} = None"
        if not self.trace.passes:
            return DerivationLine(
                "No gradient yet", nothing, plainly, "No backward pass has run: every gradient is None."
            )
        if value.requires_grad:
            zero = rf"\frac{{\partial {self._output()}}}{{\partial {self.names.latex(value.id)}}} = 0"
            note = f"The output does not depend on {name}: its derivative is 0, and PyTorch leaves the gradient None."
            return DerivationLine("No path", zero, plainly, note)
        if not value.dtype.startswith(("float", "bfloat", "complex")):
            why = f"{name} holds {value.dtype}: only floating-point tensors have gradients"
        elif value.kind == "constant":
            why = f"{name} is a constant: its derivative is 0 and PyTorch does not compute it"
        elif value.is_leaf and value.op is None:
            why = f"{name} was made with requires_grad=False: PyTorch treats it as a constant"
        else:
            why = f"{name} is outside autograd: nothing it was made from requires a gradient, or it was detached"
        return DerivationLine("No gradient", nothing, plainly, why + ".")

    def _seed(self, value: int, adjoint: Array) -> DerivationLine:
        name, bar = self.names.show(value), self.names.latex_bar(value)
        if adjoint.numel == 1 and adjoint.flat is not None and adjoint.flat[0] == 1:
            symbol = self.names.latex(value)
            latex = rf"{bar} = \frac{{\partial {symbol}}}{{\partial {symbol}}} = 1"
            plain = f"{self.names.bar(value)} = d{name}/d{name} = 1"
            return DerivationLine("The seed", latex, plain, f"The backward pass starts at {name}.")
        plain = f"{self.names.bar(value)} = {brief(adjoint)}"
        return DerivationLine(
            "The seed", f"{bar} = {number(adjoint)}", plain, f"The backward pass starts at {name}, with this seed."
        )

    def _is_scalar(self, step: Step, part: Contribution) -> bool:
        incoming = step.incoming[0] if step.incoming else None
        return part.local is not None and part.local.numel == 1 and incoming is not None and incoming.numel == 1

    def _output(self) -> str:
        roots = self.trace.passes[-1].roots if self.trace.passes else self.trace.outputs
        return self.names.latex(roots[0]) if roots else "f"


def _where(check: DifferenceCheck, value: Value) -> str:
    if not value.shape:
        return ""
    return " along a random direction" if check.index is None else f" at {list(check.index)}"
