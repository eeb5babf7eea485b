"""The rules by which `torch.optim` changes a parameter, each with one element worked out.

A step with other settings (AMSGrad, centered, ...) or of another optimizer has no rule here: it is told without a
formula, never with a wrong one, for the number that a rule gives must be PyTorch's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from playground.explain.numbers import MINUS, format_number
from playground.trace.array import DTYPES
from playground.trace.records import Update

ROUNDINGS = 8  # a few operations in the parameter's own precision
_SWITCHES = ("nesterov", "amsgrad", "centered")  # settings with rules of their own; Nesterov's is told


@dataclass(frozen=True, slots=True)
class Worked:
    """A rule: how it is written, in words, with one element's numbers, and the number that it gives."""

    direction: str  # what is subtracted
    words: str
    numbers: str
    result: float
    state: str = ""  # how the state of this element came about


@dataclass(frozen=True, slots=True)
class _Told:
    """One update with its settings and its element's numbers by name."""

    name: str
    update: Update

    def setting(self, name: str, place: int = 0) -> float:
        return next((s.numbers[place] for s in self.update.settings if s.name == name), 0.0)

    def state(self, name: str) -> tuple[float | None, float]:
        element = self.update.element
        assert element is not None
        place = next(place for place, entry in enumerate(self.update.state) if entry.name == name)
        return element.state[place]

    @property
    def gradient(self) -> tuple[str, str, float]:
        """The gradient as the optimizer takes it: symbol, as text, number; with a decay of SGD's kind."""
        element = self.update.element
        assert element is not None
        g, symbol = element.gradient, f"{self.name}.grad"
        if self.setting("maximize"):
            g, symbol = -g, f"{MINUS}{symbol}"
        decay = self.setting("weight_decay")
        if not decay or self.update.optimizer == "AdamW" or self.setting("decoupled_weight_decay"):
            return symbol, _grouped(_short(g)), g
        total = g + decay * element.before
        return f"({symbol} + {_short(decay)} · {self.name})", _grouped(_short(total)), total


def _sgd(told: _Told) -> Worked:
    symbol, number, g = told.gradient
    lr, before = told.setting("lr"), _before(told)
    return Worked(
        f"{_short(lr)} · {symbol}",
        "the learning rate times the gradient is subtracted: a step downhill",
        f"{_short(lr)} × {number}",
        before - lr * g,
    )


def _momentum(told: _Told) -> Worked:
    symbol, number, g = told.gradient
    lr, momentum, before = told.setting("lr"), told.setting("momentum"), _before(told)
    old, new = told.state("momentum_buffer")
    damped = 1 - told.setting("dampening")
    kept = (
        f"{_short(momentum)} × {_grouped(_short(old or 0.0))} + {'' if damped == 1 else f'{_short(damped)} × '}{number}"
    )
    if old is None:
        state = f"momentum_buffer = {_short(new)}: the first gradient"
        words = "momentum_buffer starts as the gradient; in later steps it shrinks to"
    else:
        state = f"momentum_buffer: {kept} = {_short(new)}"
        words = "momentum_buffer shrinks to"
    words += f" {_short(momentum)} of itself and the new gradient is added; the learning rate times it is subtracted"
    if told.setting("nesterov"):
        ahead = g + momentum * new
        direction = f"{_short(lr)} · ({symbol} + {_short(momentum)} · momentum_buffer)"
        words += ", after one more look ahead (Nesterov)"
        return Worked(direction, words, f"{_short(lr)} × {_grouped(_short(ahead))}", before - lr * ahead, state)
    numbers = f"{_short(lr)} × {_grouped(_short(new))}"
    return Worked(f"{_short(lr)} · momentum_buffer", words, numbers, before - lr * new, state)


def _adam(told: _Told) -> Worked:
    lr, eps, before = told.setting("lr"), told.setting("eps"), _before(told)
    first, second = told.setting("betas", 0), told.setting("betas", 1)
    count = told.state("step")[1]
    mean = told.state("exp_avg")[1] / (1 - first**count)
    square = told.state("exp_avg_sq")[1] / (1 - second**count)
    decay = told.setting("weight_decay")
    is_decoupled = decay and (told.update.optimizer == "AdamW" or told.setting("decoupled_weight_decay"))
    numbers = f"{_short(lr)} × {_grouped(_short(mean))} / (√{_short(square)} + {_short(eps)})"
    words = (
        f"exp_avg is a running mean of the gradient (of the old {_short(first)}, of the new {_short(1 - first)}), "
        f"exp_avg_sq one of its square ({_short(second)} and {_short(1 - second)}). Both began at 0, so after step "
        f"{_short(count)} they are divided by 1 {MINUS} {_short(first)}^step and 1 {MINUS} {_short(second)}^step: "
        "m̂ and v̂. The step is the learning rate times m̂ / √v̂, much the same for small and for large gradients"
    )
    direction = f"{_short(lr)} · m̂ / (√v̂ + {_short(eps)})"
    if is_decoupled:
        words += f"; before it the parameter shrinks by {_short(lr * decay)} of itself (weight decay)"
        direction = f"{_short(lr * decay)} · {told.name} {MINUS} {direction}"
        numbers = f"{_short(lr * decay)} × {_grouped(_short(before))} {MINUS} {numbers}"
        before *= 1 - lr * decay
    state = f"m̂ = {_short(mean)}, v̂ = {_short(square)}"
    return Worked(direction, words, numbers, before - lr * mean / (math.sqrt(square) + eps), state)


def _rms_prop(told: _Told) -> Worked:
    symbol, number, g = told.gradient
    lr, eps, alpha, before = told.setting("lr"), told.setting("eps"), told.setting("alpha"), _before(told)
    square = told.state("square_avg")[1]
    return Worked(
        f"{_short(lr)} · {symbol} / (√square_avg + {_short(eps)})",
        f"square_avg is a running mean of the gradient's square (of the old {_short(alpha)}, of the new "
        f"{_short(1 - alpha)}); the gradient is divided by its root, so that small and large ones step alike; this is "
        f"step {_short(told.state('step')[1])}",
        f"{_short(lr)} × {number} / (√{_short(square)} + {_short(eps)})",
        before - lr * g / (math.sqrt(square) + eps),
        f"square_avg = {_short(square)}",
    )


def _adagrad(told: _Told) -> Worked:
    symbol, number, g = told.gradient
    eps, before, count = told.setting("eps"), _before(told), told.state("step")[1]
    lr = told.setting("lr") / (1 + (count - 1) * told.setting("lr_decay"))
    total = told.state("sum")[1]
    return Worked(
        f"{_short(lr)} · {symbol} / (√sum + {_short(eps)})",
        f"sum adds up the squares of all gradients so far, in step {_short(count)}; the gradient is divided by its "
        "root, so that the steps become shorter",
        f"{_short(lr)} × {number} / (√{_short(total)} + {_short(eps)})",
        before - lr * g / (math.sqrt(total) + eps),
        f"sum = {_short(total)}",
    )


_RULES: dict[str, tuple[frozenset[str], Callable[[_Told], Worked]]] = {
    "SGD": (frozenset(), _sgd),
    "SGD with momentum": (frozenset({"momentum_buffer"}), _momentum),
    "Adam": (frozenset({"step", "exp_avg", "exp_avg_sq"}), _adam),
    "AdamW": (frozenset({"step", "exp_avg", "exp_avg_sq"}), _adam),
    "RMSprop": (frozenset({"step", "square_avg"}), _rms_prop),
    "Adagrad": (frozenset({"step", "sum"}), _adagrad),
}


def rule_of(name: str, update: Update) -> Worked | None:
    """The rule of this step, worked out; None where no rule of ours gives PyTorch's number."""
    told = _Told(name, update)
    kind = update.optimizer + " with momentum" * (update.optimizer == "SGD" and bool(told.setting("momentum")))
    keeps, rule = _RULES.get(kind, (frozenset(), None))
    if rule is None or update.element is None or {entry.name for entry in update.state} != keeps:
        return None
    if any(told.setting(switch) for switch in _SWITCHES[kind == "SGD with momentum" :]):
        return None
    worked = rule(told)
    precision = torch.finfo(DTYPES[update.after.dtype]).eps
    scale = max(abs(update.element.before), abs(update.element.after), abs(worked.result - update.element.before))
    return worked if abs(worked.result - update.element.after) <= ROUNDINGS * precision * scale else None


def _before(told: _Told) -> float:
    assert told.update.element is not None
    return told.update.element.before


def _short(number: float) -> str:
    return format_number(float(f"{number:.7g}"))


def _grouped(text: str) -> str:
    return f"({text})" if text.startswith(MINUS) else text
