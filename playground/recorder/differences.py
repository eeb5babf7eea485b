"""Finite differences: every gradient of a trace, computed a second time without any derivative.

Central differences of a replay in float64 with two step sizes, combined by Richardson's extrapolation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from playground.recorder.nodes import reachable
from playground.recorder.replay import Replay, as_float64, is_leaf
from playground.recorder.tape import Tape, TapePass, TapeValue
from playground.trace.records import DifferenceCheck
from playground.trace.trace import Trace

ELEMENTS_IN_FULL = 128  # above this many elements in all, values are checked along one direction each
BUDGET = 400_000_000  # work of all the replays of one check, in elements read or written: about a second
BATCH = 5_000_000  # numbers held at once by replays that run together
RELATIVE_STEP = 1e-3  # of one element; a whole direction takes a tenth, as it meets more kinks
SMALLEST_SCALE = 1e-2
SMALLER = 1e-3  # times the step, where the first one met a kink or a jump
NOISE = 2.0**-50  # relative rounding error of the objective
KINKED = "not differentiable here: the slopes on the two sides differ, and PyTorch picks one"
TORN = "not differentiable here: the slopes along two directions do not add up, and PyTorch picks one"
KINK = 1e-3  # one-sided differences further apart than this, relatively, mean a kink

_warn_of_slow_vmap: Callable[[bool], None] = torch._C._functorch._set_vmap_fallback_warning_enabled  # type: ignore[attr-defined]

Objective = Callable[[dict[int, Tensor]], Tensor]  # displacements by value id -> a scalar in float64


class Differences:
    """The finite differences of one recording."""

    def __init__(self, tape: Tape, replay: Replay) -> None:
        self._tape = tape
        self._replay = replay
        self._values = tape.values
        self._passes = [event for event in tape.events if isinstance(event, TapePass)]
        self._has_hooks = any(value.tensor._backward_hooks for value in self._values if value.node is not None)

    def missing(self) -> str:
        """The reason why gradients are not checked by finite differences; empty if they are."""
        if not self._passes:
            return ""
        if obstacle := self._replay.obstacle():
            return f"{obstacle} does not allow a second run"
        if self._has_hooks:
            return "a hook on a tensor may change its gradient"
        if not self._can_be_objective():
            return "the last backward pass started from neither a value nor a first derivative"
        if 5 * self._replay.work() > BUDGET:
            return "a second run in float64 would take too long"
        return ""

    def check(self, _: Trace) -> tuple[DifferenceCheck, ...]:
        """Central differences with two step sizes (Richardson), against the adjoints of the last pass."""
        if not self._passes or self.missing():
            return ()
        try:
            with torch.no_grad():
                return self._differences(*self._plan(self._targets()), self._objective())
        except (RuntimeError, NotImplementedError, TypeError, ValueError):  # float64 or a copy is refused
            return ()

    def _targets(self) -> list[TapeValue]:
        """The values whose adjoint is the derivative of what the last pass started from, and can be moved."""
        last = len(self._passes) - 1
        before = [v.node for v in self._values if v.node is not None and v.op is None and not is_leaf(v)]
        outside = set(reachable(before, self._tape.edges)).difference(before)
        return [
            value
            for value in self._values
            if value.adjoint is not None and value.reached == last and value.alias_of is None
            if value.data.is_floating_point() and value.node not in outside
            if value.op is None or is_leaf(value) or (value.id in self._replay.produced and not self._is_second_order())
        ]

    def _is_second_order(self) -> bool:
        return len(self._passes) > 1 and all(root in self._passes[-2].results for root in self._passes[-1].roots)

    def _can_be_objective(self) -> bool:
        if self._is_second_order():
            return all(root in self._replay.produced for root in self._passes[-2].roots)
        return all(root in self._replay.produced or self._values[root].op is None for root in self._passes[-1].roots)

    def _objective(self) -> Objective:
        """The function that the last pass differentiated, of displacements: sum of seed * root."""
        last = self._passes[-1]
        if not self._is_second_order():
            return partial(self._weighted_sum, dict(zip(last.roots, last.seeds, strict=True)))
        first = self._passes[-2]  # the roots are gradients that this pass computed: differentiate its objective again
        inner = partial(self._weighted_sum, dict(zip(first.roots, first.seeds, strict=True)))

        def gradients(moved: dict[int, Tensor]) -> Tensor:
            total = torch.zeros((), dtype=torch.float64)
            for root, seed in zip(last.roots, last.seeds, strict=True):
                source = first.results[root]

                def along(displacement: Tensor, source: int = source) -> Tensor:
                    return inner({**moved, source: displacement})

                start = moved.get(source, torch.zeros(self._values[source].data.shape, dtype=torch.float64))
                total = total + (torch.func.grad(along)(start) * as_float64(seed)).sum()
            return total

        return gradients

    def _weighted_sum(self, weights: Mapping[int, Tensor], moved: dict[int, Tensor]) -> Tensor:
        values = self._replay.run({}, moved)
        return torch.stack([(values[i] * as_float64(weight)).sum().real for i, weight in weights.items()]).sum()

    def _plan(self, targets: list[TapeValue]) -> tuple[list[TapeValue], bool]:
        """The most thorough check that the budget allows: every element, each value, each leaf, one leaf."""
        work = self._replay.work() + 1
        leaves = [value for value in targets if value.id not in self._replay.produced]
        elements = sum(value.data.numel() for value in targets)
        if elements <= ELEMENTS_IN_FULL and 4 * elements * work <= BUDGET:
            return targets, True
        for some in (targets, leaves):
            if some and 4 * len(some) * work <= BUDGET:
                return some, False
        return leaves[:1], False

    def _differences(
        self, targets: list[TapeValue], in_full: bool, objective: Objective
    ) -> tuple[DifferenceCheck, ...]:
        probes = [probe for value in targets for probe in _probes(value, in_full)]
        if not probes:
            return ()
        checks, at_rest = self._probe(probes, objective)
        if not self._is_second_order() and not self._repeats(at_rest):
            return ()
        doubtful = [index for index, check in enumerate(checks) if _is_doubtful(check)]
        for index in doubtful:  # a kink or jump nearby, rather than here, is passed by with a smaller step
            probes[index].step *= SMALLER
        if doubtful:
            again, _ = self._probe([probes[index] for index in doubtful], objective)
            for index, check in zip(doubtful, again, strict=True):
                if checks[index].note or check.uncertainty < checks[index].uncertainty:
                    checks[index] = check
        return tuple(
            replace(check, note=TORN) if _disagrees(check) and self._is_torn(probe, checks, check, objective) else check
            for probe, check in zip(probes, checks, strict=True)
        )

    def _is_torn(
        self, probe: _Probe, checks: list[DifferenceCheck], check: DifferenceCheck, objective: Objective
    ) -> bool:
        """Tell whether slopes fail to add up: that of this probe, and that along another direction, to that of both.

        So it is where elements that are equal are sorted: the slope along each of them is the same from both sides, and
        yet no gradient gives them all. Elements that have a kink of their own are left alone.
        """
        generator = torch.Generator().manual_seed(probe.value.id)
        aside = torch.randn(probe.direction.shape, generator=generator, dtype=torch.float64).to(probe.direction.device)
        for other in checks:
            if other.value == check.value and other.note and other.index is not None:
                aside[other.index] = 0
        directions = (aside, probe.direction + aside)
        moved = [_Probe(probe.value, None, direction, 0.0) for direction in directions]
        for one in moved:
            one.step = probe.step
        (alone, both), _ = self._probe(moved, objective)
        gap = abs(both.difference - alone.difference - check.difference)
        return gap > KINK * max(1.0, abs(both.difference)) + 10 * (both.uncertainty + alone.uncertainty)

    def _probe(self, probes: list[_Probe], objective: Objective) -> tuple[list[DifferenceCheck], float]:
        """Each probe's check, and the objective with nothing moved."""
        results = self._evaluate(
            objective, [(probe, fraction) for probe in probes for fraction in (1.0, -1.0, 0.5, -0.5)]
        )
        at_rest = results[-1]
        noise = NOISE * max(self._size(), abs(at_rest))
        four = [results[index : index + 4] for index in range(0, len(results) - 1, 4)]
        return [_difference(*pair, at_rest, noise) for pair in zip(probes, four, strict=True)], at_rest

    def _terms(self) -> list[Tensor]:
        """The recorded terms that the objective sums."""
        last = self._passes[-1]
        pairs = zip(last.roots, last.seeds, strict=True)
        return [as_float64(self._values[root].data) * as_float64(seed) for root, seed in pairs]

    def _size(self) -> float:
        size = sum(float(term.abs().sum()) for term in self._terms())
        return size if math.isfinite(size) else 0.0

    def _repeats(self, at_rest: float) -> bool:
        """Tell whether a replay comes to what was recorded; if not, something in it was random after all."""
        recorded = sum(float(term.sum().real) for term in self._terms())
        return not abs(at_rest - recorded) > 1e-2 * self._size() + 1e-6  # NaN is no difference: it is noted as such

    def _evaluate(self, objective: Objective, moves: list[tuple[_Probe, float]]) -> list[float]:
        """The objective after each move, and at last without any: at once under vmap, else one by one."""
        if (len(moves) + 1) * sum(value.data.numel() for value in self._values) <= BATCH:
            _warn_of_slow_vmap(False)
            try:
                return [float(x) for x in torch.vmap(objective)(_rows(moves)).tolist()]
            except (RuntimeError, ValueError, NotImplementedError):  # some calls have no batching rule
                pass
            finally:
                _warn_of_slow_vmap(True)
        return [float(objective({probe.value.id: probe.moved(part)})) for probe, part in moves] + [float(objective({}))]


class _Probe:
    """One direction in which one value is moved."""

    def __init__(self, value: TapeValue, index: tuple[int, ...] | None, direction: Tensor, scale: float) -> None:
        self.value = value
        self.index = index
        self.direction = direction
        self.step = RELATIVE_STEP * max(scale, SMALLEST_SCALE) * (0.1 if index is None else 1.0)

    def moved(self, fraction: float) -> Tensor:
        """A part of the step in this direction."""
        return self.direction * (fraction * self.step)

    @property
    def gradient(self) -> float:
        adjoint = self.value.adjoint
        assert adjoint is not None  # only values that a pass reached are probed
        return float((adjoint.to(torch.float64) * self.direction).sum())


def _rows(moves: list[tuple[_Probe, float]]) -> dict[int, Tensor]:
    """Return a row of displacements per move, and a last one of zeros, for every value that is moved at all."""
    values = {probe.value.id: probe.value.data for probe, _ in moves}
    rows = {i: data.new_zeros(len(moves) + 1, *data.shape, dtype=torch.float64) for i, data in values.items()}
    for index, (probe, fraction) in enumerate(moves):
        rows[probe.value.id][index] = probe.moved(fraction)
    return rows


def _probes(value: TapeValue, in_full: bool) -> list[_Probe]:
    numbers = value.data.to(torch.float64)
    if in_full:
        count = numbers.numel()
        flat = torch.eye(count, dtype=torch.float64, device=numbers.device).reshape(count, *numbers.shape)
        indices = [tuple(index) for index in torch.ones_like(numbers, dtype=torch.bool).nonzero().tolist()]
        return [
            _Probe(value, index, direction, abs(float(numbers[index])))
            for index, direction in zip(indices, flat, strict=True)
        ]
    generator = torch.Generator().manual_seed(value.id)
    direction = torch.randn(numbers.shape, generator=generator, dtype=torch.float64).to(numbers.device)
    norm = float(direction.norm())
    scale = float(numbers.norm()) / math.sqrt(max(1, numbers.numel())) if numbers.numel() else 0.0
    return [_Probe(value, None, direction / norm, scale)] if norm > 0 and math.isfinite(scale) else []


def _difference(probe: _Probe, results: list[float], at_rest: float, noise: float) -> DifferenceCheck:
    up, down, half_up, half_down = results
    coarse = (up - down) / (2 * probe.step)
    fine = (half_up - half_down) / probe.step
    note = ""
    if not all(map(math.isfinite, (*results, at_rest, probe.step))):
        note = "not finite near this point"
    else:
        right, left = (half_up - at_rest) / (probe.step / 2), (at_rest - half_down) / (probe.step / 2)
        far_right, far_left = (up - at_rest) / probe.step, (at_rest - down) / probe.step
        size = max(1.0, abs(right), abs(left))
        if abs(right - left) > KINK * size and abs(right - left) > 0.75 * abs(far_right - far_left):
            note = KINKED
    return DifferenceCheck(
        value=probe.value.id,
        index=probe.index,
        gradient=probe.gradient,
        difference=(4 * fine - coarse) / 3,
        uncertainty=max(abs(fine - coarse) / 3, noise / probe.step),
        note=note,
    )


def _disagrees(check: DifferenceCheck) -> bool:
    """More than rounding can explain."""
    return not check.note and check.gap > KINK * max(1.0, abs(check.gradient)) + 10 * check.uncertainty


def _is_doubtful(check: DifferenceCheck) -> bool:
    return check.note == KINKED or check.uncertainty > 1e-3 * max(1.0, abs(check.difference))
