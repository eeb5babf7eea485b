"""One number moved a little in both directions, and what the four results say: a slope, a kink, a jump, no value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from playground.recorder.tape import TapeValue
from playground.trace.records import DifferenceCheck

RELATIVE_STEP = 1e-3  # of one element; a whole direction takes a tenth, as it meets more kinks
SMALLEST_SCALE = 1e-2
KINK = 1e-3  # one-sided differences further apart than this, relatively, mean a kink
SAME = 1e-6  # a gradient and a difference this close are the same number, relatively
NOISE = 2.0**-50  # relative rounding error of the objective

UNDEFINED = "not defined here: the value is not a finite number"
ONE_SIDED = "not defined here: on one side of this point the value is not a finite number"
KINKED = "a kink: the slopes on the two sides differ, and PyTorch chooses a number"
JUMP = "a jump: there is no slope here, and PyTorch chooses a number"
STEEP = "not differentiable here: the slope grows without bound"
TORN = "a kink: the slopes along two directions do not add up, and PyTorch chooses a number"
INNER = "not moved by itself: another result of the same call is computed from it"
CHANCE = "not compared: a second run comes to another value, as something in it is random"
REFUSED = "not compared: a second run in float64 is refused: "
ROUGH = "not compared: rounding hides the slope here, or the function grows without bound around this point"
NOT_SMOOTH = frozenset({KINKED, JUMP, STEEP})

Move = tuple["Probe", float]  # how far along its direction


class Probe:
    """One direction in which one value is moved: one element, or all of them."""

    def __init__(
        self, value: TapeValue, index: tuple[int, ...] | None, along: int | Tensor, scale: float, gradient: float
    ) -> None:
        self.value = value
        self.index = index
        self.along = along  # the place of the element, or a direction
        self.gradient = gradient
        self.scale = scale  # how large the numbers are that it moves
        self.step = RELATIVE_STEP * max(scale, SMALLEST_SCALE) * (0.1 if index is None else 1.0)

    @property
    def direction(self) -> Tensor:
        """The direction in full."""
        return _rows_of(self.value, [(self, 1.0)], 1)[0]

    def moves(self) -> list[Move]:
        """The four places at which the objective is asked for."""
        return [(self, fraction * self.step) for fraction in (1.0, -1.0, 0.5, -0.5)]


def probes_of(value: TapeValue, in_full: bool) -> list[Probe]:
    """A probe per element, or one along a fixed random direction of unit length."""
    adjoint = value.adjoint
    assert adjoint is not None  # only values that a pass reached are probed
    numbers, gradient = value.data.to(torch.float64), dense(adjoint).to(torch.float64) + 0.0  # no -0
    if in_full:
        places = product(*map(range, numbers.shape))
        scales, gradients = numbers.abs().reshape(-1).tolist(), gradient.reshape(-1).tolist()
        return [
            Probe(value, index, place, *pair)
            for place, (index, *pair) in enumerate(zip(places, scales, gradients, strict=True))
        ]
    generator = torch.Generator().manual_seed(value.id)
    direction = torch.randn(numbers.shape, generator=generator, dtype=torch.float64).to(numbers.device)
    usable = numbers.isfinite() & gradient.isfinite()  # the others have no derivative of their own
    direction, gradient, numbers = (torch.where(usable, tensor, 0) for tensor in (direction, gradient, numbers))
    norm = float(direction.norm())
    if not norm > 0:
        return []
    scale = float(numbers.norm()) / math.sqrt(numbers.numel())
    direction = direction / norm
    return [Probe(value, None, direction, scale, float((gradient * direction).sum()))]


def dense(tensor: Tensor) -> Tensor:
    """The same numbers with every element held."""
    return tensor if tensor.layout is torch.strided else tensor.to_dense()


def rows(moves: Sequence[Move]) -> dict[int, Tensor]:
    """Return a row of displacements per move, and a last one of zeros, for every value that is moved at all."""
    of_value: dict[int, list[tuple[int, Move]]] = {}
    for row, move in enumerate(moves):
        of_value.setdefault(move[0].value.id, []).append((row, move))
    return {
        index: _rows_of(some[0][1][0].value, [move for _, move in some], len(moves) + 1, [row for row, _ in some])
        for index, some in of_value.items()
    }


def _rows_of(value: TapeValue, moves: Sequence[Move], count: int, places: Sequence[int] | None = None) -> Tensor:
    # -0, because x + -0 is x for every x, and -0 + 0 is 0: 1/x would jump from -infinity to infinity
    made = torch.full((count, value.data.numel()), -0.0, dtype=torch.float64, device=value.data.device)
    at = range(len(moves)) if places is None else places
    single = [(row, probe.along, amount) for row, (probe, amount) in zip(at, moves, strict=True) if _is_place(probe)]
    if single:
        row_numbers, elements, amounts = zip(*single, strict=True)
        made[list(row_numbers), list(elements)] = torch.tensor(amounts, dtype=torch.float64, device=made.device)
    for row, (probe, amount) in zip(at, moves, strict=True):
        if isinstance(probe.along, Tensor):
            made[row] = probe.along.reshape(-1) * amount
    return made.reshape(count, *value.data.shape)


def _is_place(probe: Probe) -> bool:
    return not isinstance(probe.along, Tensor)


def compare(probe: Probe, results: Sequence[float], at_rest: float, size: float) -> DifferenceCheck:
    """Richardson's combination of two central differences, against the gradient; `size`: of the objective's terms."""
    up, down, half_up, half_down = results
    coarse = (up - down) / (2 * probe.step)
    fine = (half_up - half_down) / probe.step
    noise = NOISE * size / probe.step
    note = _note(probe, results, at_rest, noise)
    if not note and abs(fine) > 20 + 1.2 * abs(coarse) + 10 * noise:
        note = STEEP
    return DifferenceCheck(
        value=probe.value.id,
        index=probe.index,
        gradient=probe.gradient,
        difference=(4 * fine - coarse) / 3,
        uncertainty=max(abs(fine - coarse) / 3, _kink(probe, results, at_rest) / 2, noise),
        note=note,
    )


def _kink(probe: Probe, results: Sequence[float], at_rest: float) -> float:
    """How far apart the slopes on the two sides are, as the step goes to zero; 0 for what is smooth.

    Of a smooth function the difference of one-sided slopes halves with the step.
    """
    up, down, half_up, half_down = results
    far, near = (up + down - 2 * at_rest) / probe.step, 2 * (half_up + half_down - 2 * at_rest) / probe.step
    return abs(2 * near - far) if math.isfinite(2 * near - far) else 0.0


def _note(probe: Probe, results: Sequence[float], at_rest: float, noise: float) -> str:
    """Return what keeps the function from having a slope here; empty where nothing does. `noise`: of a slope."""
    if not math.isfinite(at_rest) or not math.isfinite(probe.step):
        return UNDEFINED
    if not all(map(math.isfinite, results)):
        return ONE_SIDED
    up, down, half_up, half_down = (result - at_rest for result in results)
    for near, far in ((half_up, up), (half_down, down)):  # half the way, and yet most of the difference
        least = max(100 * noise, KINK) * probe.step
        if abs(near) > max(0.9 * abs(far), least) and near * far > 0:
            return JUMP
    right, left = 2 * half_up / probe.step, -2 * half_down / probe.step
    far_right, far_left = up / probe.step, -down / probe.step
    size = max(1.0, abs(right), abs(left))
    if abs(right - left) > KINK * size + 10 * noise and abs(right - left) > 0.75 * abs(far_right - far_left):
        return KINKED
    return ""


def disagrees(check: DifferenceCheck) -> bool:
    """Tell whether gradient and difference are further apart than rounding can explain."""
    if check.note or math.isnan(check.difference):
        return False
    explained = KINK * max(1.0, abs(check.gradient)) + 10 * check.uncertainty
    return not math.isfinite(check.gradient) or not check.gap <= explained


def agrees(check: DifferenceCheck) -> bool:
    """Tell whether gradient and difference are the same, whatever the uncertainty would allow."""
    return not check.note and check.gap <= SAME * max(1.0, abs(check.gradient))


def passes_by(before: DifferenceCheck, nearer: DifferenceCheck) -> bool:
    """Tell whether a smaller step met no kink where there is none, and not where rounding hides it."""
    return before.note != KINKED or bool(nearer.note) or 2 * nearer.uncertainty < before.uncertainty


def is_doubtful(check: DifferenceCheck) -> bool:
    """Tell whether a smaller step may say more."""
    return check.note in NOT_SMOOTH or check.note == ONE_SIDED or (not check.note and not is_clear(check))


def is_clear(check: DifferenceCheck) -> bool:
    """Tell whether a slope was found, and two steps agree on it."""
    return not check.note and check.uncertainty <= 1e-3 * max(1.0, abs(check.difference))
