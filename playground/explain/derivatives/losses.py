"""Rows of losses: of each element its part in the loss, over the number of them where the loss is a mean."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from playground.explain.derivatives.derivative import Derivative, Formula, Row
from playground.explain.derivatives.recorded import Recorded

_MEAN, _SUM, _NONE = "1", "2", "0"  # PyTorch's numbers for `reduction`
_EPSILON = 1e-12  # the least that PyTorch divides by in binary_cross_entropy


def per_element(phrase: str, *formulas: tuple[str, str, Callable[[Recorded], Tensor]], by_numbers: bool = False) -> Row:
    """A loss of each element: with a mean each formula is divided by n, the number of elements."""

    def mean(value: Callable[[Recorded], Tensor]) -> Callable[[Recorded], Tensor]:
        def divided(r: Recorded) -> Tensor:
            found = value(r)
            return found / found.numel()

        return divided

    means = tuple(Formula(f"{text}/n", rf"\tfrac{{1}}{{n}} {latex}", mean(value)) for text, latex, value in formulas)
    sums = tuple(Formula(*formula) for formula in formulas)
    over = f"{phrase}, over the number of elements n"
    return (
        Derivative(over, means, settings=(("reduction", _MEAN),), by_numbers=by_numbers),
        Derivative(phrase, sums, settings=(("reduction", _SUM),), by_numbers=by_numbers),
        Derivative(phrase, sums, settings=(("reduction", _NONE),), by_numbers=by_numbers),
    )


def _bounded(r: Recorded) -> Tensor:
    beta = r.number("beta")
    return (r.a - r.b).sign() if beta == 0 else ((r.a - r.b) / beta).clamp(-1, 1)


def _weighted(value: Callable[[Recorded], Tensor]) -> Callable[[Recorded], Tensor]:
    return lambda r: r.saved("weight") * value(r)


def _unweighted(value: Callable[[Recorded], Tensor]) -> Callable[[Recorded], Tensor]:
    def checked(r: Recorded) -> Tensor:
        for name in ("weight", "pos_weight"):
            if r.keeps(name):
                raise ValueError("weighted")
        return value(r)

    return checked


def _certain(r: Recorded) -> Tensor:
    return (r.a - r.b) / (r.a * (1 - r.a)).clamp(min=_EPSILON)


def _positive(r: Recorded) -> Tensor:
    weight = r.saved("pos_weight")
    return (weight * r.b + 1 - r.b) * torch.sigmoid(r.a) - weight * r.b


_BCE = (
    "(@a − @b)/(@a · (1 − @a))",
    r"\frac{@a - @b}{@a (1 - @a)}",
    _unweighted(lambda r: (r.a - r.b) / (r.a * (1 - r.a))),
)
_CERTAIN = (
    "(@a − @b)/max(@a · (1 − @a), 10⁻¹²)",
    r"\frac{@a - @b}{\max(@a (1 - @a),\ 10^{-12})}",
    _unweighted(_certain),
)
_WEIGHTED_BCE = (
    "@{weight} · (@a − @b)/max(@a · (1 − @a), 10⁻¹²)",
    r"@{weight} \frac{@a - @b}{\max(@a (1 - @a),\ 10^{-12})}",
    _weighted(_certain),
)


def one_hot(r: Recorded, target: Tensor) -> Tensor:
    """1 at each target's class along the axis of classes, 0 elsewhere; nothing for a target out of range."""
    axis = 1 if len(r.like) > 1 else 0
    classes = torch.arange(r.like[axis]).reshape(-1, *[1] * (len(r.like) - axis - 1))
    return (classes == target.unsqueeze(axis)).to(torch.float64)


def _along_classes(r: Recorded, tensor: Tensor) -> Tensor:
    return tensor.unsqueeze(1 if len(r.like) > 1 else 0)


def _likelihood(weighted: bool, ignoring: bool) -> Callable[[Recorded], Tensor]:
    def value(r: Recorded) -> Tensor:
        if r.keeps("weight") is not weighted:
            raise ValueError("the classes are weighted" if r.keeps("weight") else "no weights")
        target = r.saved("target")
        found = -one_hot(r, target)
        kept = target != r.setting("ignore_index")
        if not ignoring and not bool(kept.all()):
            raise ValueError("some targets are ignored, and have no place in a one-hot vector")
        if ignoring:
            found = found * _along_classes(r, kept)
        if weighted:
            found = found * _along_classes(r, r.saved("weight")[torch.where(kept, target, 0)])
        reduction = r.setting("reduction")
        if reduction == 1:
            found = found / r.saved("total_weight")
        return found * (_along_classes(r, r.g) if reduction == 0 else r.g)

    return value


def _nll_case(weighted: bool, ignoring: bool, reduction: str) -> Derivative:
    over = reduction == _MEAN
    spread = "@{by_class}" if reduction == _NONE else "@g"
    factors = ["−onehot(@{target})"]
    factors += ["[@{target} ≠ @{ignore_index}]@{rows}"] * ignoring
    factors += ["@{weight}[@{target}]@{rows}"] * weighted
    text = f"{spread} · ({' · '.join(factors)}{'/@{total_weight}' * over})"
    latex = r"-\mathbf{1}_{@{target}}"
    latex += r" [@{target} \ne @{ignore_index}]" * ignoring + r" {@{weight}}_{[@{target}]}" * weighted
    latex = spread + r" \, \tfrac{1}{@{total_weight}}" * over + rf" \left({latex}\right)"
    phrase = "to each row's target class, negated" + ", times the weight of the class" * weighted
    phrase += ", nothing for targets that are ignored" * ignoring
    phrase += (", over the sum of those weights" if weighted else ", over the number of targets") * over
    formula = Formula(text, latex, _likelihood(weighted, ignoring))
    return Derivative(phrase, (formula,), settings=(("reduction", reduction),), by_numbers=ignoring)


def _nll() -> Row:
    """Negative log-likelihood: without weights first, and without targets that are ignored."""
    rows = [
        _nll_case(weighted, ignoring, reduction)
        for weighted in (False, True)
        for ignoring in (False, True)
        for reduction in (_MEAN, _SUM, _NONE)
    ]
    return (*rows, Derivative("to each row's target class, negated"))


LOSSES: dict[str, Row] = {
    "MseLossBackward": per_element(
        "times twice the difference",
        ("2 · (@a − @b)", r"2 (@a - @b)", lambda r: 2 * (r.a - r.b)),
        ("2 · (@b − @a)", r"2 (@b - @a)", lambda r: 2 * (r.b - r.a)),
    ),
    "SmoothL1LossBackward": per_element(
        "times the difference over beta, held between −1 and 1",
        (
            "clip((@a − @b)/@{beta}, −1, 1)",
            r"\operatorname{clip}\left(\tfrac{@a - @b}{@{beta}}, -1, 1\right)",
            _bounded,
        ),
        (
            "clip((@b − @a)/@{beta}, −1, 1)",
            r"\operatorname{clip}\left(\tfrac{@b - @a}{@{beta}}, -1, 1\right)",
            lambda r: -_bounded(r),
        ),
    ),
    "HuberLossBackward": per_element(
        "times the difference, held between −delta and delta",
        (
            "clip(@a − @b, −@{delta}, @{delta})",
            r"\operatorname{clip}(@a - @b, -@{delta}, @{delta})",
            lambda r: (r.a - r.b).clamp(-r.number("delta"), r.number("delta")),
        ),
        (
            "clip(@b − @a, −@{delta}, @{delta})",
            r"\operatorname{clip}(@b - @a, -@{delta}, @{delta})",
            lambda r: (r.b - r.a).clamp(-r.number("delta"), r.number("delta")),
        ),
    ),
    "BinaryCrossEntropyBackward": (
        *per_element("times (x − t)/(x(1 − x))", _BCE, by_numbers=True),
        *per_element("times (x − t)/(x(1 − x)), the denominator held at 10⁻¹² or more", _CERTAIN),
        *per_element("times the weight and (x − t)/(x(1 − x))", _WEIGHTED_BCE),
    ),
    "BinaryCrossEntropyWithLogitsBackward": (
        *per_element(
            "times sigmoid(x) − t",
            ("(σ(@a) − @b)", r"\left(\sigma(@a) - @b\right)", _unweighted(lambda r: torch.sigmoid(r.a) - r.b)),
            ("(−@a)", "(-@a)", _unweighted(lambda r: -r.a)),
        ),
        *per_element(
            "times the weight and sigmoid(x) − t",
            (
                "@{weight} · (σ(@a) − @b)",
                r"@{weight} \left(\sigma(@a) - @b\right)",
                _weighted(lambda r: torch.sigmoid(r.a) - r.b),
            ),
            ("@{weight} · (−@a)", "@{weight} (-@a)", _weighted(lambda r: -r.a)),
        ),
        *per_element(
            "times (p·t + 1 − t)·sigmoid(x) − p·t, with the weight p of the positive class",
            (
                "((@{pos_weight}·@b + 1 − @b)·σ(@a) − @{pos_weight}·@b)",
                r"\left((@{pos_weight} @b + 1 - @b) \, \sigma(@a) - @{pos_weight} @b\right)",
                _positive,
            ),
        ),
    ),
    "NllLossBackward": _nll(),
    "NllLoss2DBackward": _nll(),
}
