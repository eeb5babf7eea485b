"""Rows of functions with kinks: limits, thresholds, the larger of two, and what happens exactly there."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.explain.derivatives.derivative import Derivative, Formula, Row, one
from playground.explain.derivatives.recorded import Recorded


def _filled_in(r: Recorded) -> Tensor:
    return (r.g * _mask(r.saved("mask"))).sum()


def _mask(mask: Tensor) -> Tensor:
    return mask.to(torch.float64)


def _half(tied: Tensor) -> Tensor:
    return _mask(tied) / 2


def _inside(text: str, latex: str, phrase: str, *, low: str = "", high: str = "", closed: bool = False) -> Derivative:
    """Where the input lay between limits that are settings; at a limit itself only if `closed`."""

    def value(r: Recorded) -> Tensor:
        x = r.a
        mask = torch.ones_like(x, dtype=torch.bool)
        if low:
            mask &= (x >= r.number(low)) if closed else (x > r.number(low))
        if high:
            mask &= (x <= r.number(high)) if closed else (x < r.number(high))
        return _mask(mask)

    return Derivative(phrase, (Formula(text, latex, value),))


def _clamped(low: str, high: str) -> Row:
    """`clamp` and its kind: strictly inside, or with the limits themselves, as PyTorch's version has it."""
    rows = []
    for closed, less, le in ((False, "<", "<"), (True, "≤", r"\le")):
        at = "limits included" if closed else "limits excluded"
        if low and high:
            text, latex = f"[@{{{low}}} {less} @a {less} @{{{high}}}]", f"[@{{{low}}} {le} @a {le} @{{{high}}}]"
            phrase = f"where the input was inside the limits ({at})"
        elif low:
            text, latex = f"[@{{{low}}} {less} @a]", f"[@{{{low}}} {le} @a]"
            phrase = "where the input was above the limit" + " or at it" * closed
        else:
            text, latex = f"[@a {less} @{{{high}}}]", f"[@a {le} @{{{high}}}]"
            phrase = "where the input was below the limit" + " or at it" * closed
        rows.append(_inside(text, latex, phrase, low=low, high=high, closed=closed))
    return tuple(rows)


def _chosen(sign: str, tie: str) -> Row:
    """`maximum` and `minimum`: to the one that was chosen; a tie is shared."""
    word = "larger" if sign == ">" else "smaller"

    def first(r: Recorded) -> Tensor:
        return _mask(r.a > r.b if sign == ">" else r.a < r.b)

    def second(r: Recorded) -> Tensor:
        return _mask(r.b > r.a if sign == ">" else r.b < r.a)

    def shared(one_sided: Tensor, r: Recorded) -> Tensor:
        return one_sided + _half(r.a == r.b)

    return (
        Derivative(
            f"to whichever was {word}",
            (
                Formula(f"[@a {sign} @b]", f"[@a {sign} @b]", first),
                Formula(f"[@b {sign} @a]", f"[@b {sign} @a]", second),
            ),
            by_numbers=True,
        ),
        Derivative(
            f"to whichever was {word}, half to each where they are equal",
            (
                Formula(
                    f"[@a {sign} @b] + [@a = @b]/2",
                    rf"[@a {sign} @b] + \tfrac{{1}}{{2}} [@a = @b]",
                    lambda r: shared(first(r), r),
                ),
                Formula(
                    f"[@b {sign} @a] + [@a = @b]/2",
                    rf"[@b {sign} @a] + \tfrac{{1}}{{2}} [@a = @b]",
                    lambda r: shared(second(r), r),
                ),
            ),
            each=(f"to whichever was {word}, half where they are equal",) * 2,
            by_numbers=True,
        ),
    )


def _between(r: Recorded) -> Tensor:
    """1 between the limits, half at one of them."""
    low, high = r.saved("min"), r.saved("max")
    return _mask((r.a > low) & (r.a < high)) + _half(((r.a == low) | (r.a == high)) & (low < high))


_AT_LIMITS = "to whichever of input and limit was taken, half to each where they are equal"
_LOW = Formula(
    "[@a > @{min}] + [@a = @{min}]/2",
    r"[@a > @{min}] + \tfrac{1}{2} [@a = @{min}]",
    lambda r: _mask(r.a > r.saved("min")) + _half(r.a == r.saved("min")),
)
_HIGH = Formula(
    "[@a < @{max}] + [@a = @{max}]/2",
    r"[@a < @{max}] + \tfrac{1}{2} [@a = @{max}]",
    lambda r: _mask(r.a < r.saved("max")) + _half(r.a == r.saved("max")),
)
_TO_LOW = Formula(
    "[@a < @{min}] + [@a = @{min}]/2",
    r"[@a < @{min}] + \tfrac{1}{2} [@a = @{min}]",
    lambda r: _mask(r.a < r.saved("min")) + _half(r.a == r.saved("min")),
)
_TO_HIGH = Formula(
    "[@a > @{max}] + [@a = @{max}]/2",
    r"[@a > @{max}] + \tfrac{1}{2} [@a = @{max}]",
    lambda r: _mask(r.a > r.saved("max")) + _half(r.a == r.saved("max")),
)
_BETWEEN = Formula(
    "[@{min} < @a < @{max}] + [@a = @{min}]/2 + [@a = @{max}]/2",
    r"[@{min} < @a < @{max}] + \tfrac{1}{2} [@a = @{min}] + \tfrac{1}{2} [@a = @{max}]",
    _between,
)


def _by_tensors(*formulas: Formula) -> Derivative:
    """Limits that are tensors have gradients of their own."""
    return Derivative(_AT_LIMITS, formulas, each=(_AT_LIMITS,) * len(formulas), by_numbers=True)


LIMITS: dict[str, Row] = {
    "ClampBackward0": (
        _by_tensors(_BETWEEN, _TO_LOW, _TO_HIGH),
        _by_tensors(_LOW, _TO_LOW),
        _by_tensors(_HIGH, _TO_HIGH, _TO_HIGH),
    ),
    "ClampMinBackward1": (_by_tensors(_LOW, _TO_LOW),),
    "ClampMaxBackward1": (_by_tensors(_HIGH, _TO_HIGH),),
    "ReluBackward": (
        one("[@a > 0]", r"[@a > 0]", lambda r: _mask(r.a > 0), "where the input was positive, and 0 elsewhere"),
    ),
    "ThresholdBackward": (
        one(
            "[@a > @{threshold}]",
            r"[@a > @{threshold}]",
            lambda r: _mask(r.a > r.number("threshold")),
            "where the input was above the threshold, and 0 elsewhere",
        ),
    ),
    "LeakyReluBackward": (
        one(
            "[@a > 0] + @{negative_slope}·[@a ≤ 0]",
            r"[@a > 0] + @{negative_slope} \, [@a \le 0]",
            lambda r: torch.where(r.a > 0, 1.0, r.number("negative_slope")),
            "times 1 or the small slope",
        ),
    ),
    "HardtanhBackward": _clamped("min_val", "max_val"),
    "ClampBackward": (*_clamped("min", "max"), *_clamped("min", ""), *_clamped("", "max")),
    "ClampMinBackward": _clamped("min", ""),
    "ClampMaxBackward": _clamped("", "max"),
    "HardsigmoidBackward": (
        one(
            "[−3 < @a < 3]/6",
            r"\tfrac{1}{6} [-3 < @a < 3]",
            lambda r: _mask((r.a > -3) & (r.a < 3)) / 6,
            "times 1/6 or 0",
        ),
    ),
    "HardswishBackward": (
        one(
            "where(@a > 3, 1, where(@a > −3, @a/3 + 1/2, 0))",
            r"\begin{cases} 1 & @a > 3 \\ \frac{@a}{3} + \frac{1}{2} & -3 < @a \le 3 \\ 0 & \text{else} \end{cases}",
            lambda r: torch.where(r.a > 3, 1.0, torch.where(r.a > -3, r.a / 3 + 0.5, 0.0)),
            "times 0, a ramp, or 1",
        ),
        one(
            "where(@a ≥ 3, 1, where(@a > −3, @a/3 + 1/2, 0))",
            r"\begin{cases} 1 & @a \ge 3 \\ \frac{@a}{3} + \frac{1}{2} & -3 < @a < 3 \\ 0 & \text{else} \end{cases}",
            lambda r: torch.where(r.a >= 3, 1.0, torch.where(r.a > -3, r.a / 3 + 0.5, 0.0)),
            "times 0, a ramp, or 1",
        ),
    ),
    **{
        f"{name}Backward": (
            one(
                "[|@a| > @{lambd}]",
                r"[|@a| > @{lambd}]",
                lambda r: _mask(r.a.abs() > r.number("lambd")),
                "where the input was farther from 0 than lambd, and 0 elsewhere",
            ),
        )
        for name in ("Softshrink", "Hardshrink")
    },
    "AbsBackward": (
        one("sign(@a)", r"\operatorname{sign} @a", lambda r: r.a.sign()),
        one(
            "@a/|@a|",
            r"\frac{@a}{|@a|}",
            lambda r: r.a / r.a.abs(),
            "in the direction of the number",
            by_numbers=True,
        ),
        one(
            "where(@a ≠ 0, @a/|@a|, 0)",
            r"\begin{cases} \frac{@a}{|@a|} & @a \ne 0 \\ 0 & \text{else} \end{cases}",
            lambda r: r.a.sgn(),
            "in the direction of the number, and 0 at 0, which has none",
        ),
    ),
    "CopysignBackward": (
        Derivative(
            "times 1 or −1, as the sign was kept or changed, to the first argument; times 0 to the second",
            (
                Formula(
                    "sign(@a)·sign(@y)",
                    r"\operatorname{sign} @a \operatorname{sign} @y",
                    lambda r: r.a.sign() * r.y.sign(),
                ),
                Formula("0", "0", lambda r: 0.0),
            ),
            each=("times 1 or −1, as the sign was kept or changed", "times 0"),
        ),
    ),
    "NanToNumBackward": (
        one(
            "[@a is finite]",
            r"[@a\ \text{is finite}]",
            lambda r: _mask(r.a.isfinite()),
            "where the input was finite, and 0 elsewhere",
        ),
    ),
    "MaximumBackward": _chosen(">", "larger"),
    "MinimumBackward": _chosen("<", "smaller"),
    "MaskedFillBackward": (
        Derivative(
            "where the mask is not set, and to what was filled in where it is",
            (
                Formula("[not mask]", r"[\text{not mask}]", lambda r: _mask(~r.saved("mask"))),
                Formula("sum(@g · [mask])", r"\textstyle\sum @g \, [\text{mask}]", _filled_in),
            ),
            each=("where the mask is not set", "summed where the mask is set"),
        ),
    ),
    "WhereBackward": (
        Derivative(
            "to whichever of the two was taken",
            (
                Formula("[condition]", r"[\text{condition}]", lambda r: _mask(r.saved("condition"))),
                Formula("[not condition]", r"[\text{not condition}]", lambda r: _mask(~r.saved("condition"))),
            ),
        ),
    ),
}
