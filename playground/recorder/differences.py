"""Finite differences: every gradient of a trace, computed a second time without any derivative.

Central differences of a replay in float64 with two step sizes, combined by Richardson's extrapolation. Where there is
no slope, or PyTorch's gradient is another by its own design, the check says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from playground.recorder.checks.beside import Beside, beside
from playground.recorder.checks.design_gaps import gap_of
from playground.recorder.checks.probes import (
    CHANCE,
    INNER,
    JUMP,
    KINK,
    NOT_SMOOTH,
    ONE_SIDED,
    REFUSED,
    ROUGH,
    TORN,
    UNDEFINED,
    Move,
    Probe,
    agrees,
    compare,
    dense,
    disagrees,
    is_clear,
    is_doubtful,
    passes_by,
    probes_of,
    rows,
)
from playground.recorder.nodes import reachable
from playground.recorder.replay import Replay, as_float64, is_leaf
from playground.recorder.tape import Tape, TapePass, TapeValue
from playground.trace.records import DifferenceCheck
from playground.trace.trace import Trace

ELEMENTS_IN_FULL = 128  # above this many elements in all, values are checked along one direction each
BUDGET = 400_000_000  # work of all the replays of one check, in elements read or written: about a second
BATCH = 5_000_000  # numbers held at once by replays that run together
STEEP_SLOPE = 1e3
SMALLER = 1e-3  # times the step, where the first one met a kink, a jump or the end of the function

_warn_of_slow_vmap: Callable[[bool], None] = torch._C._functorch._set_vmap_fallback_warning_enabled  # type: ignore[attr-defined]

Objective = Callable[[dict[int, Tensor]], Tensor]  # displacements by value id -> a scalar in float64


class Differences:
    """The finite differences of one recording."""

    def __init__(self, tape: Tape, replay: Replay) -> None:
        self._tape = tape
        self._replay = replay
        self._values = tape.values
        self._passes = [event for event in tape.events if isinstance(event, TapePass)]
        self._has_drifted = False  # the recorded run came to another value than the one in float64
        self._changed: Callable[[], frozenset[int]] = frozenset  # values whose adjoint is not the sum of what came
        self._is_shared = False  # gradients lie in one memory

    def missing(self) -> str:
        """The reason why gradients are not checked by finite differences; empty if they are."""
        if not self._passes:
            return ""
        if obstacle := self._replay.obstacle():
            return f"{obstacle} does not allow a second run"
        if not self._can_be_objective():
            return "the last backward pass started from a value that cannot be computed again"
        if 5 * self._replay.work() > BUDGET:
            return "a second run in float64 would take too long"
        return ""

    def check(self, trace: Trace) -> tuple[DifferenceCheck, ...]:
        """Central differences with two step sizes (Richardson), against the adjoints of the last pass."""
        if not self._passes or self.missing():
            return ()
        self._changed = lambda: frozenset(one.value for one in trace.sums if one.gap > self._rounding(one.value))
        self._is_shared = any(note.kind == "shared_gradient" for note in trace.notes)
        targets = self._targets()
        inner = self._inner()
        movable = [value for value in targets if value.id not in inner]
        try:
            with torch.no_grad():
                found = self._differences(*self._plan(movable), self._objective())
        except (RuntimeError, NotImplementedError, TypeError, ValueError) as error:  # float64 or a copy is refused
            found = tuple(_not_moved(value, REFUSED + str(error).splitlines()[0][:200]) for value in movable)
        return (*found, *[_not_moved(value, INNER) for value in targets if value.id in inner])

    def _targets(self) -> list[TapeValue]:
        """The values whose adjoint is the derivative of what the last pass started from, and can be moved."""
        last = len(self._passes) - 1
        before = [v.node for v in self._values if v.node is not None and v.op is None and not is_leaf(v)]
        outside = set(reachable(before, self._tape.edges)).difference(before)
        inside = self._replay.inside_gradients()
        return [
            value
            for value in self._values
            if value.adjoint is not None and value.reached == last and value.alias_of is None
            if value.data.is_floating_point() and value.node not in outside
            if value.op is None or is_leaf(value) or (value.id in self._replay.produced and value.id not in inside)
        ]

    def _inner(self) -> set[int]:
        """The results of a call that another result of it is computed from, as a cell's output is from its state."""
        found = set()
        for op in self._tape.ops:
            outputs = [value for value in map(self._values.__getitem__, op.outputs) if value.node is not None]
            if len({value.node for value in outputs}) > 1:
                own = set(op.nodes)
                within = {
                    node: tuple(edge for edge in self._tape.edges.get(node, ()) if edge[0] in own) for node in own
                }
                for value in outputs:
                    starts = [other.node for other in outputs if other.node is not None and other.node != value.node]
                    if value.node in own and value.node in reachable(starts, within):
                        found.add(value.id)
        return found

    def _can_be_objective(self) -> bool:
        return all(root in self._replay.produced or self._values[root].op is None for root in self._passes[-1].roots)

    def _objective(self) -> Objective:
        """The function that the last pass differentiated, of displacements: sum of seed * root."""
        return partial(self._weighted_sum, self._weights())

    def _weighted_sum(self, weights: Mapping[int, Tensor], moved: dict[int, Tensor]) -> Tensor:
        values = self._replay.run({}, moved, weights)
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
        found = [(value, probes_of(value, in_full)) for value in targets]
        still = tuple(_not_moved(value, UNDEFINED) for value, some in found if not some and value.data.numel())
        probes = [probe for _, some in found for probe in some]
        if not probes:
            return still
        checks, at_rest = self._probe(probes, objective)
        self._has_drifted = not self._repeats(at_rest)
        if self._has_drifted and float(objective({})) != at_rest and math.isfinite(at_rest):
            return tuple(_not_moved(value, CHANCE) for value in targets)
        self._nearer(probes, checks, objective)
        broken = [i for i, check in enumerate(checks) if check.note in (UNDEFINED, ONE_SIDED)]
        broken = [i for i in broken if math.isfinite(checks[i].gradient) and math.isfinite(probes[i].step)]
        if broken and (terms := beside(self._tape, self._replay, self._weights())) is not None:
            self._beside(probes, checks, terms, broken)
        self._steeper(probes, checks, objective)
        pairs = zip(probes, checks, strict=True)
        return (*(self._explained(*pair, checks, objective) for pair in pairs), *still)

    def _nearer(self, probes: list[Probe], checks: list[DifferenceCheck], objective: Objective) -> None:
        """Try smaller steps where a kink, a jump or the end of the function may be nearby rather than here."""
        some = [i for i, check in enumerate(checks) if is_doubtful(check) or disagrees(check)]
        heights = {i: abs(checks[i].difference) * probes[i].step for i in some}
        self._again(probes, checks, objective, some, SMALLER)
        for last in (False, True):
            some = [i for i in some if is_doubtful(checks[i]) or disagrees(checks[i])]
            steps = {i: probes[i].step for i in some}
            tried = [*checks]
            for i in some if last else ():
                probes[i].step = min(probes[i].step, probes[i].scale or math.inf)  # the number itself may be tiny
            self._again(probes, tried, objective, some, SMALLER)
            for i in some:
                if is_clear(tried[i]) and passes_by(checks[i], tried[i]):
                    checks[i] = tried[i]
                else:
                    probes[i].step = steps[i]
        for i, height in heights.items():  # a jump is as high for every step
            if checks[i].note == JUMP and not 0.5 * height < abs(checks[i].difference) * probes[i].step < 2 * height:
                checks[i] = replace(checks[i], note=ROUGH)

    def _again(
        self,
        probes: list[Probe],
        checks: list[DifferenceCheck],
        objective: Objective,
        some: list[int],
        smaller: float,
    ) -> None:
        """Pass by a kink or a jump that is nearby, rather than here, with a smaller step."""
        for index in some:
            probes[index].step *= smaller
        again = self._probe([probes[index] for index in some], objective)[0] if some else []
        for index, check in zip(some, again, strict=True):
            is_nearer = disagrees(checks[index]) and is_clear(check) and agrees(check)  # a slope is one of the point
            if passes_by(checks[index], check) and (
                is_nearer
                or checks[index].note
                or check.note in NOT_SMOOTH
                or check.uncertainty < checks[index].uncertainty
            ):
                checks[index] = check

    def _beside(self, probes: list[Probe], checks: list[DifferenceCheck], terms: Beside, some: list[int]) -> None:
        """Compare once more without the terms that are not finite, where those do not depend on what is moved."""
        free = self._unspoilt(terms, [probes[index] for index in some])
        some = [index for index, is_free in zip(some, free, strict=True) if is_free]
        again = [*checks]
        self._again(probes, again, terms.objective, some, 1.0)
        self._again(probes, again, terms.objective, [index for index in some if is_doubtful(again[index])], SMALLER)
        for index in some:
            checks[index] = again[index]

    def _unspoilt(self, terms: Beside, probes: list[Probe]) -> list[bool]:
        """Tell of each probe whether the terms that are left out do not depend on what it moves."""
        moves = rows([(probe, 1.0) for probe in probes])
        spoilt = {index: torch.where(row != 0, math.nan, 0.0) for index, row in moves.items()}
        generator = torch.Generator().manual_seed(0)
        elsewhere = {
            value.id: 0.3 + 0.4 * torch.rand(value.data.shape, generator=generator, dtype=torch.float64)
            for value in self._values
            if value.op is None and value.node is not None and value.data.is_floating_point()
        }
        try:
            return [not depends for depends in terms.depends(spoilt, elsewhere)]
        except (RuntimeError, ValueError, NotImplementedError):  # no batching rule, or no value elsewhere
            return [False] * len(probes)

    def _steeper(self, probes: list[Probe], checks: list[DifferenceCheck], objective: Objective) -> None:
        """A jump may be a steep slope that PyTorch knows: a step within it tells."""
        steep = [
            i for i, check in enumerate(checks) if check.note in NOT_SMOOTH and abs(check.difference) > STEEP_SLOPE
        ]
        jumps = [i for i in steep if 1 < abs(checks[i].gradient) < math.inf]
        for index in jumps:
            height = abs(checks[index].difference) * probes[index].step
            probes[index].step = min(probes[index].step, 1e-3 * height / abs(checks[index].gradient))
        again = self._probe([probes[index] for index in jumps], objective)[0] if jumps else []
        for index, check in zip(jumps, again, strict=True):
            if not check.note and check.gap <= KINK * abs(check.gradient):
                checks[index] = check

    def _explained(
        self, probe: Probe, check: DifferenceCheck, checks: list[DifferenceCheck], objective: Objective
    ) -> DifferenceCheck:
        """The check with a note where the two numbers differ and it is known why."""
        if not disagrees(check):
            return check
        if note := gap_of(self._tape, self._replay.steps, check, self._changed, self._has_drifted, self._is_shared):
            return replace(check, note=note)
        return replace(check, note=TORN) if self._is_torn(probe, checks, check, objective) else check

    def _is_torn(
        self, probe: Probe, checks: list[DifferenceCheck], check: DifferenceCheck, objective: Objective
    ) -> bool:
        """Tell whether slopes fail to add up: that of this probe and that along another direction, or those of all.

        So it is where elements that are equal are sorted: the slope along each of them is the same from both sides, and
        yet no gradient gives them all. Elements that have a kink of their own are left alone.
        """
        generator = torch.Generator().manual_seed(probe.value.id)
        direction = probe.direction
        aside = torch.randn(direction.shape, generator=generator, dtype=torch.float64).to(direction.device)
        own = [other for other in checks if other.value == check.value and other.index is not None]
        for other in own:
            if not other.is_comparable:
                aside[other.index] = 0
        added = sum(float(aside[other.index]) * other.difference for other in own if other.is_comparable)
        moved = [Probe(probe.value, None, along, 0.0, 0.0) for along in (aside, direction + aside)]
        for one in moved:
            one.step = probe.step
        if direction.numel() == 1:
            return False  # there is no other direction
        (alone, both), _ = self._probe(moved, objective)
        least = KINK * max(1.0, abs(both.difference)) + 10 * (both.uncertainty + alone.uncertainty)
        return abs(both.difference - alone.difference - check.difference) > least or (
            len(own) == direction.numel() and abs(alone.difference - added) > least
        )

    def _probe(self, probes: list[Probe], objective: Objective) -> tuple[list[DifferenceCheck], float]:
        """Each probe's check, and the objective with nothing moved."""
        results = self._evaluate(objective, [move for probe in probes for move in probe.moves()])
        at_rest = results[-1]
        size = max(self._size(), abs(at_rest))
        four = [results[index : index + 4] for index in range(0, len(results) - 1, 4)]
        return [compare(*pair, at_rest, size) for pair in zip(probes, four, strict=True)], at_rest

    def _weights(self) -> Mapping[int, Tensor]:
        last = self._passes[-1]
        return dict(zip(last.roots, last.seeds, strict=True))

    def _terms(self) -> list[Tensor]:
        """The recorded terms that the objective sums."""
        last = self._passes[-1]
        pairs = zip(last.roots, last.seeds, strict=True)
        return [as_float64(self._values[root].data) * as_float64(seed) for root, seed in pairs]

    def _rounding(self, value: int) -> float:
        """How far a sum in the adjoint's own precision may be from the same sum in float64."""
        adjoint = self._values[value].adjoint
        return 0.0 if adjoint is None else 8 * torch.finfo(adjoint.dtype).eps * float(dense(adjoint).abs().max())

    def _size(self) -> float:
        size = sum(float(term.abs().sum()) for term in self._terms())
        return size if math.isfinite(size) else 0.0

    def _repeats(self, at_rest: float) -> bool:
        """Tell whether a replay comes to what was recorded; if not, digits were lost there, or something is random."""
        recorded = sum(float(term.sum().real) for term in self._terms())
        return not abs(at_rest - recorded) > 1e-2 * self._size() + 1e-6  # NaN is no difference: it is noted as such

    def _evaluate(self, objective: Objective, moves: Sequence[Move]) -> list[float]:
        """The objective after each move, and at last without any: at once under vmap, else one by one."""
        if (len(moves) + 1) * sum(value.data.numel() for value in self._values) <= BATCH:
            _warn_of_slow_vmap(False)
            try:
                return [float(x) for x in torch.vmap(objective)(rows(moves)).tolist()]
            except (RuntimeError, ValueError, NotImplementedError):  # some calls have no batching rule
                pass
            finally:
                _warn_of_slow_vmap(True)
        single = [{probe.value.id: probe.direction * amount} for probe, amount in moves]
        return [*(_or_nan(objective, moved) for moved in single), float(objective({}))]


def _or_nan(objective: Objective, moved: dict[int, Tensor]) -> float:
    """The objective; NaN where the function is not defined (a probability below 0)."""
    try:
        return float(objective(moved))
    except (RuntimeError, ValueError):
        return math.nan


def _not_moved(value: TapeValue, why: str) -> DifferenceCheck:
    """The check of a value that is not moved: its gradient, and why nothing stands beside it."""
    assert value.adjoint is not None  # only values that a pass reached are checked
    first = float(dense(value.adjoint).reshape(-1)[0]) if value.data.numel() else 0.0
    return DifferenceCheck(value.id, (0,) * value.data.dim(), first, math.nan, math.nan, why)
