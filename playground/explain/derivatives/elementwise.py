"""Rows of functions of each element on its own, smooth ones: x ↦ f(x), and sums, products and powers of two."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from playground.explain.derivatives.derivative import Derivative, Formula, Row, one
from playground.explain.derivatives.recorded import Recorded

ROOT_PI = math.sqrt(math.pi)
UNIT = Formula("1", "1", lambda r: 1.0)
MINUS_UNIT = Formula("−1", "-1", lambda r: -1.0)
ZERO = Formula("0", "0", lambda r: 0.0)
A = Formula("@a", "@a", lambda r: r.a)
B = Formula("@b", "@b", lambda r: r.b)
_ALPHA = Formula("@{alpha}", "@{alpha}", lambda r: r.number("alpha"))
_MINUS_ALPHA = Formula("−@{alpha}", "-@{alpha}", lambda r: -r.number("alpha"))


def _normal(x: Tensor) -> Tensor:
    return torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _tanh_gelu(r: Recorded) -> Tensor:
    x, k = r.a, math.sqrt(2 / math.pi)
    t = torch.tanh(k * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x / 2 * (1 - t * t) * k * (1 + 3 * 0.044715 * x * x)


def _mish(r: Recorded) -> Tensor:
    t = torch.tanh(torch.nn.functional.softplus(r.a))
    return t + r.a * torch.sigmoid(r.a) * (1 - t * t)


def _softplus(r: Recorded) -> Tensor:
    beta = r.number("beta")
    return torch.where(r.a * beta > r.number("threshold"), 1.0, torch.sigmoid(beta * r.a))


def _power(r: Recorded) -> Tensor:
    return torch.where(r.b == 0, 0.0, r.b * r.a ** (r.b - 1))


def _power_of_zero(r: Recorded) -> float:
    if not bool((r.b > 0).all()):
        raise ValueError("not 0 on both sides")
    return 0.0


_FLAT = "times 0: each step of the result is flat"
_EQUAL = (("alpha", "1"),)

_POWERS: Row = (
    Derivative(
        "times the exponent and one power less to the base, times the power and its logarithm to the exponent",
        (
            Formula("@b·@a^@p", r"@b \, {@a}^{@p}", lambda r: r.b * r.a ** (r.b - 1)),
            Formula("@y · log(@a)", r"@y \log @a", lambda r: r.y * r.a.log()),
        ),
        each=("times the exponent and one power less", "times the result and the logarithm of the base"),
    ),
    Derivative(
        "as a power, and 0 where PyTorch sets it to 0: to the base where the exponent is 0, to the exponent where "
        "the base is 0",
        (
            Formula(
                "where(@b ≠ 0, @b·@a^@p, 0)",
                r"\begin{cases} @b \, {@a}^{@p} & @b \ne 0 \\ 0 & \text{else} \end{cases}",
                _power,
            ),
            Formula(
                "where(@a ≠ 0, @y · log(@a), 0)",
                r"\begin{cases} @y \log @a & @a \ne 0 \\ 0 & \text{else} \end{cases}",
                lambda r: torch.where(r.a == 0, 0.0, r.y * r.a.log()),
            ),
        ),
        each=(
            "times the exponent and one power less, and 0 where the exponent is 0",
            "times the result and the logarithm of the base, and 0 where the base is 0",
        ),
        by_numbers=True,
    ),
)

SUMS: dict[str, Row] = {
    "AddBackward": (
        Derivative("unchanged to each term", (UNIT, UNIT), each=("unchanged", "unchanged"), settings=_EQUAL),
        Derivative(
            "unchanged to the first term, times alpha to the second",
            (UNIT, _ALPHA),
            each=("unchanged", "times alpha"),
        ),
    ),
    "SubBackward": (
        Derivative(
            "unchanged to the first term, negated to the second",
            (UNIT, MINUS_UNIT),
            each=("unchanged", "negated"),
            settings=_EQUAL,
        ),
        Derivative(
            "unchanged to the first term, times −alpha to the second",
            (UNIT, _MINUS_ALPHA),
            each=("unchanged", "times −alpha"),
        ),
    ),
    "RsubBackward": (
        Derivative(
            "negated to the first term, unchanged to the second",
            (MINUS_UNIT, UNIT),
            each=("negated", "unchanged"),
            settings=_EQUAL,
        ),
        Derivative(
            "times −alpha to the first term, unchanged to the second",
            (_MINUS_ALPHA, UNIT),
            each=("times −alpha", "unchanged"),
        ),
    ),
    "MulBackward": (Derivative("each times the other factor", (B, A), each=("times the other factor",) * 2),),
    "DivBackward": (
        Derivative(
            "divided by the denominator to the numerator, times −a/b² to the denominator b",
            (
                Formula("1/@b", r"\frac{1}{@b}", lambda r: 1 / r.b),
                Formula("−@a/@b²", r"-\frac{@a}{{@b}^{2}}", lambda r: -r.a / (r.b * r.b)),
            ),
            each=("divided by the denominator", "times minus the numerator over the denominator squared"),
        ),
        Derivative(_FLAT, (ZERO, ZERO), each=(_FLAT, _FLAT), settings=(("rounding_mode", "*"),)),
    ),
    "NegBackward": (Derivative("negated", (MINUS_UNIT,)),),
    "PowBackward": _POWERS,
    "PowBackward0": (  # the exponent is a number
        one("0", "0", lambda r: 0.0, "times 0: a power of exponent 0 is 1 everywhere", settings=(("exponent", "0"),)),
        *_POWERS,
    ),
}

_SCALED_ELU = Formula(
    "@{scale}·[@a > 0] + @{input_scale}·(@y + @{scale}·@{alpha})·[@a ≤ 0]",
    r"@{scale} [@a > 0] + @{input_scale} (@y + @{scale} \cdot @{alpha}) \, [@a \le 0]",
    lambda r: torch.where(
        r.a > 0,
        r.number("scale"),
        r.number("input_scale") * (r.y + r.number("scale") * r.number("alpha")),
    ),
)

_LOGARITHM = "times the result and the logarithm of the base"

CURVES: dict[str, Row] = {
    "PowBackward2": (  # 2 ** x: its one edge goes to the exponent
        one(
            "0",
            "0",
            _power_of_zero,
            "times 0: a positive power of 0 is 0",
            letters="b",
            settings=(("self", "0"),),
            by_numbers=True,
        ),
        one("@y · log(@a)", r"@y \log @a", lambda r: r.y * r.a.log(), _LOGARITHM, letters="b"),
        one(
            "where(@a ≠ 0, @y · log(@a), 0)",
            r"\begin{cases} @y \log @a & @a \ne 0 \\ 0 & \text{else} \end{cases}",
            lambda r: torch.where(r.a == 0, 0.0, r.y * r.a.log()),
            f"{_LOGARITHM}, and 0 where the base is 0",
            letters="b",
        ),
    ),
    "ReciprocalBackward": (
        one(
            "−1/@a²",
            r"-\frac{1}{{@a}^{2}}",
            lambda r: -1 / (r.a * r.a),
            "times minus the square of the reciprocal",
        ),
        one("−@y²", "-{@y}^{2}", lambda r: -r.y * r.y, "times minus the square of the reciprocal"),
    ),
    "SquareBackward": (one("2·@a", "2 @a", lambda r: 2 * r.a),),
    "SqrtBackward": (one("1/(2·@y)", r"\frac{1}{2 @y}", lambda r: 1 / (2 * r.y)),),
    "RsqrtBackward": (one("−@y³/2", r"-\frac{{@y}^{3}}{2}", lambda r: -(r.y**3) / 2),),
    "ExpBackward": (one("@y", "@y", lambda r: r.y, "times its own result"),),
    "Exp2Backward": (one("@y · log(2)", r"@y \log 2", lambda r: r.y * math.log(2)),),
    "Expm1Backward": (one("@y + 1", "@y + 1", lambda r: r.y + 1),),
    "LogBackward": (one("1/@a", r"\frac{1}{@a}", lambda r: 1 / r.a),),
    "Log2Backward": (one("1/(@a · log(2))", r"\frac{1}{@a \log 2}", lambda r: 1 / (r.a * math.log(2))),),
    "Log10Backward": (one("1/(@a · log(10))", r"\frac{1}{@a \log 10}", lambda r: 1 / (r.a * math.log(10))),),
    "Log1PBackward": (one("1/(1 + @a)", r"\frac{1}{1 + @a}", lambda r: 1 / (1 + r.a)),),
    "SinBackward": (one("cos(@a)", r"\cos @a", lambda r: r.a.cos()),),
    "CosBackward": (one("−sin(@a)", r"-\sin @a", lambda r: -r.a.sin()),),
    "TanBackward": (one("1 + @y²", "1 + {@y}^{2}", lambda r: 1 + r.y * r.y),),
    "AsinBackward": (one("1/√(1 − @a²)", r"\frac{1}{\sqrt{1 - {@a}^{2}}}", lambda r: 1 / (1 - r.a * r.a).sqrt()),),
    "AcosBackward": (one("−1/√(1 − @a²)", r"-\frac{1}{\sqrt{1 - {@a}^{2}}}", lambda r: -1 / (1 - r.a * r.a).sqrt()),),
    "AtanBackward": (one("1/(1 + @a²)", r"\frac{1}{1 + {@a}^{2}}", lambda r: 1 / (1 + r.a * r.a)),),
    "SinhBackward": (one("cosh(@a)", r"\cosh @a", lambda r: r.a.cosh()),),
    "CoshBackward": (one("sinh(@a)", r"\sinh @a", lambda r: r.a.sinh()),),
    "TanhBackward": (one("1 − @y²", "1 - {@y}^{2}", lambda r: 1 - r.y * r.y),),
    "AsinhBackward": (one("1/√(@a² + 1)", r"\frac{1}{\sqrt{{@a}^{2} + 1}}", lambda r: 1 / (r.a * r.a + 1).sqrt()),),
    "AcoshBackward": (one("1/√(@a² − 1)", r"\frac{1}{\sqrt{{@a}^{2} - 1}}", lambda r: 1 / (r.a * r.a - 1).sqrt()),),
    "AtanhBackward": (one("1/(1 − @a²)", r"\frac{1}{1 - {@a}^{2}}", lambda r: 1 / (1 - r.a * r.a)),),
    "SigmoidBackward": (one("@y · (1 − @y)", r"@y \, (1 - @y)", lambda r: r.y * (1 - r.y)),),
    "LogitBackward": (one("1/(@a · (1 − @a))", r"\frac{1}{@a (1 - @a)}", lambda r: 1 / (r.a * (1 - r.a))),),
    "LogSigmoidBackward": (one("σ(−@a)", r"\sigma(-@a)", lambda r: torch.sigmoid(-r.a)),),
    "SoftplusBackward": (
        one("σ(@a)", r"\sigma(@a)", lambda r: torch.sigmoid(r.a), settings=(("beta", "1"),)),
        one("σ(@{beta}·@a)", r"\sigma(@{beta} @a)", lambda r: torch.sigmoid(r.number("beta") * r.a)),
        one(
            "where(@{beta}·@a > @{threshold}, 1, σ(@{beta}·@a))",
            r"\begin{cases} 1 & @{beta} @a > @{threshold} \\ \sigma(@{beta} @a) & \text{else} \end{cases}",
            _softplus,
            "unchanged above the threshold, times the sigmoid below",
            by_numbers=True,
        ),
    ),
    "EluBackward": (
        one(
            "[@a > 0] + (@y + 1)·[@a ≤ 0]",
            r"[@a > 0] + (@y + 1) \, [@a \le 0]",
            lambda r: torch.where(r.a > 0, 1.0, r.y + 1),
            "unchanged where the input was positive, times the result plus 1 elsewhere",
            settings=(("alpha", "1"), ("scale", "1"), ("input_scale", "1")),
        ),
        one(
            "[@a > 0] + (@y + @{alpha})·[@a ≤ 0]",
            r"[@a > 0] + (@y + @{alpha}) \, [@a \le 0]",
            lambda r: torch.where(r.a > 0, 1.0, r.y + r.number("alpha")),
            "unchanged where the input was positive, times the result plus alpha elsewhere",
            settings=(("scale", "1"), ("input_scale", "1")),
        ),
        Derivative("by one factor where the input was positive, by another elsewhere", (_SCALED_ELU,)),
    ),
    "CeluBackward": (
        one(
            "where(@a > 0, 1, exp(@a/@{alpha}))",
            r"\begin{cases} 1 & @a > 0 \\ e^{@a / @{alpha}} & \text{else} \end{cases}",
            lambda r: torch.where(r.a > 0, 1.0, torch.exp(r.a / r.number("alpha"))),
            "unchanged where the input was positive, times exp(x/alpha) elsewhere",
        ),
    ),
    "GeluBackward": (
        one(
            "Φ(@a) + @a·φ(@a)",
            r"\Phi(@a) + @a \, \varphi(@a)",
            lambda r: torch.special.ndtr(r.a) + r.a * _normal(r.a),
            settings=(("approximate", "'none'"),),
        ),
        Derivative(
            "times the derivative of the approximation by tanh",
            (
                Formula(
                    "tanh_gelu′(@a)",
                    r"\operatorname{tanh\_gelu}'(@a)",
                    _tanh_gelu,
                ),
            ),
        ),
    ),
    "MishBackward": (
        one(
            "tanh(log(1 + exp(@a))) + @a · σ(@a) · (1 − tanh(log(1 + exp(@a)))²)",
            r"\tanh(\log(1 + e^{@a})) + @a \, \sigma(@a) (1 - {\tanh(\log(1 + e^{@a}))}^{2})",
            _mish,
        ),
    ),
    "SiluBackward": (
        one(
            "σ(@a) · (1 + @a · (1 − σ(@a)))",
            r"\sigma(@a) \, (1 + @a (1 - \sigma(@a)))",
            lambda r: torch.sigmoid(r.a) * (1 + r.a * (1 - torch.sigmoid(r.a))),
        ),
    ),
    "ErfBackward": (
        one(
            "2/√(π) · exp(−@a²)",
            r"\tfrac{2}{\sqrt{\pi}} e^{-{@a}^{2}}",
            lambda r: 2 / ROOT_PI * torch.exp(-r.a * r.a),
        ),
    ),
    "ErfcBackward": (
        one(
            "−2/√(π) · exp(−@a²)",
            r"-\tfrac{2}{\sqrt{\pi}} e^{-{@a}^{2}}",
            lambda r: -2 / ROOT_PI * torch.exp(-r.a * r.a),
        ),
    ),
    "ErfinvBackward": (
        one("√(π)/2 · exp(@y²)", r"\tfrac{\sqrt{\pi}}{2} e^{{@y}^{2}}", lambda r: ROOT_PI / 2 * torch.exp(r.y * r.y)),
    ),
    "LgammaBackward": (one("ψ(@a)", r"\psi(@a)", lambda r: torch.digamma(r.a)),),
    "DigammaBackward": (one("ψ′(@a)", r"\psi'(@a)", lambda r: torch.polygamma(1, r.a)),),
    "Deg2RadBackward": (one("π/180", r"\tfrac{\pi}{180}", lambda r: math.pi / 180),),
    "Rad2DegBackward": (one("180/π", r"\tfrac{180}{\pi}", lambda r: 180 / math.pi),),
    "Atan2Backward": (
        Derivative(
            "each times the other side over the squared distance",
            (
                Formula("@b/(@a² + @b²)", r"\frac{@b}{{@a}^{2} + {@b}^{2}}", lambda r: r.b / (r.a**2 + r.b**2)),
                Formula("−@a/(@a² + @b²)", r"-\frac{@a}{{@a}^{2} + {@b}^{2}}", lambda r: -r.a / (r.a**2 + r.b**2)),
            ),
        ),
        Derivative(
            "each times the other side over the squared distance, and 0 at the origin, where PyTorch sets it to 0",
            (
                Formula(
                    "where(@a² + @b² > 0, @b/(@a² + @b²), 0)",
                    r"\begin{cases} \frac{@b}{{@a}^{2} + {@b}^{2}} & {@a}^{2} + {@b}^{2} > 0 \\ "
                    r"0 & \text{else} \end{cases}",
                    lambda r: torch.where(r.a**2 + r.b**2 > 0, r.b / (r.a**2 + r.b**2), 0.0),
                ),
                Formula(
                    "where(@a² + @b² > 0, −@a/(@a² + @b²), 0)",
                    r"\begin{cases} -\frac{@a}{{@a}^{2} + {@b}^{2}} & {@a}^{2} + {@b}^{2} > 0 \\ "
                    r"0 & \text{else} \end{cases}",
                    lambda r: torch.where(r.a**2 + r.b**2 > 0, -r.a / (r.a**2 + r.b**2), 0.0),
                ),
            ),
            by_numbers=True,
        ),
    ),
    "HypotBackward": (
        Derivative(
            "each times that side over the result",
            (
                Formula("@a/@y", r"\frac{@a}{@y}", lambda r: r.a / r.y),
                Formula("@b/@y", r"\frac{@b}{@y}", lambda r: r.b / r.y),
            ),
            each=("times that side over the result",) * 2,
        ),
        Derivative(
            "each times that side over the result, and 0 at the origin, where PyTorch sets it to 0",
            (
                Formula(
                    "where(@y ≠ 0, @a/@y, 0)",
                    r"\begin{cases} @a / @y & @y \ne 0 \\ 0 & \text{else} \end{cases}",
                    lambda r: torch.where(r.y == 0, 0.0, r.a / r.y),
                ),
                Formula(
                    "where(@y ≠ 0, @b/@y, 0)",
                    r"\begin{cases} @b / @y & @y \ne 0 \\ 0 & \text{else} \end{cases}",
                    lambda r: torch.where(r.y == 0, 0.0, r.b / r.y),
                ),
            ),
            by_numbers=True,
        ),
    ),
    "LogaddexpBackward": (
        Derivative(
            "each times its share: exp of its difference from the result",
            (
                Formula("exp(@a − @y)", "e^{@a - @y}", lambda r: torch.exp(r.a - r.y)),
                Formula("exp(@b − @y)", "e^{@b - @y}", lambda r: torch.exp(r.b - r.y)),
            ),
            each=("times its share: exp of its difference from the result",) * 2,
        ),
    ),
    "LerpBackward": (
        Derivative(
            "times 1 − w to the start, times w to the end",
            (
                Formula("1 − @{weight}", "1 - @{weight}", lambda r: 1 - r.number("weight")),
                Formula("@{weight}", "@{weight}", lambda r: r.number("weight")),
            ),
            each=("times 1 − w", "times w"),
        ),
        Derivative(
            "times 1 − w to the start, times w to the end, times their difference to the weight w",
            (
                Formula("1 − @c", "1 - @c", lambda r: 1 - r.c),
                Formula("@c", "@c", lambda r: r.c),
                Formula("@b − @a", "@b - @a", lambda r: r.b - r.a),
            ),
            each=("times 1 − w", "times w", "times the difference of end and start"),
        ),
    ),
    "AddcmulBackward": (
        Derivative(
            "unchanged to the first argument, and to each factor times value and the other factor",
            (
                UNIT,
                Formula("@{value}·@c", r"@{value} \, @c", lambda r: r.number("value") * r.c),
                Formula("@{value}·@b", r"@{value} \, @b", lambda r: r.number("value") * r.b),
            ),
            each=("unchanged", *("times value and the other factor",) * 2),
        ),
    ),
    "AddcdivBackward": (
        Derivative(
            "unchanged to the first argument, and by the rule of a quotient to the two others",
            (
                UNIT,
                Formula("@{value}/@c", r"\frac{@{value}}{@c}", lambda r: r.number("value") / r.c),
                Formula(
                    "−@{value}·@b/@c²",
                    r"-\frac{@{value} \, @b}{{@c}^{2}}",
                    lambda r: -r.number("value") * r.b / (r.c * r.c),
                ),
            ),
            each=("unchanged", "over the denominator", "by the rule of a quotient"),
        ),
    ),
    "XlogyBackward": (
        Derivative(
            "times log y to the factor, times x/y to the argument of the logarithm",
            (
                Formula("log(@b)", r"\log @b", lambda r: r.b.log()),
                Formula("@a/@b", r"\frac{@a}{@b}", lambda r: r.a / r.b),
            ),
            each=("times log y", "times x/y"),
        ),
        Derivative(
            "times log y to the factor, times x/y to the argument of the logarithm, and 0 where x is 0 and y not "
            "positive",
            (
                Formula(
                    "where(@a = 0 and @b ≤ 0, 0, log(@b))",
                    r"\begin{cases} 0 & @a = 0,\ @b \le 0 \\ \log @b & \text{else} \end{cases}",
                    lambda r: torch.where((r.a == 0) & (r.b <= 0), 0.0, r.b.log()),
                ),
                Formula("@a/@b", r"\frac{@a}{@b}", lambda r: r.a / r.b),
            ),
            by_numbers=True,
        ),
    ),
    "SignBackward": (Derivative(_FLAT, (ZERO,)),),
    **{f"{name}Backward": (Derivative(_FLAT, (ZERO,)),) for name in ("Floor", "Ceil", "Trunc", "Round", "Heaviside")},
    "FracBackward": (Derivative("unchanged", (UNIT,)),),
    "FmodBackward": (
        Derivative(
            "unchanged to the first argument, times −trunc(x/y) to the second",
            (
                UNIT,
                Formula(
                    "−trunc(@a/@b)",
                    r"-\operatorname{trunc}(@a / @b)",
                    lambda r: -torch.div(r.a, r.b, rounding_mode="trunc"),
                ),
            ),
            each=("unchanged", "times −trunc(x/y)"),
        ),
    ),
    "RemainderBackward": (
        Derivative(
            "unchanged to the first argument, times −floor(x/y) to the second",
            (
                UNIT,
                Formula(
                    "−floor(@a/@b)", r"-\lfloor @a / @b \rfloor", lambda r: -torch.div(r.a, r.b, rounding_mode="floor")
                ),
            ),
            each=("unchanged", "times −floor(x/y)"),
        ),
    ),
    "CloneBackward": (Derivative("unchanged", (UNIT,)),),
    "ToCopyBackward": (Derivative("unchanged, in the argument's dtype", (UNIT,)),),
    "BernoulliBackward": (Derivative("times 0: a draw has no derivative", (ZERO,)),),
    "ZeroBackward": (Derivative("times 0: what stood there was overwritten", (ZERO,)),),
}
