"""Special functions of mathematics and statistics: gamma, Bessel, the normal distribution, entropy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from playground.language.bounds.scattering import stretched
from playground.language.bounds.slow import approximated, gammas, polygammas, series, several_gammas, terms_of_zeta
from playground.language.function import METHOD, SPECIAL, TORCH, Arguments, Cost, Function

Bound = Callable[[Arguments], Cost]


def one(name: str, call: Callable[..., Any], meaning: str, derivative: str, example: str = "", **more: Any) -> Function:
    """A function of `torch.special` of one tensor; by default its example is `special.name(x)`."""
    example, bound = example or f"special.{name}(x)", more.pop("bound", approximated)
    return Function(name, (SPECIAL,), "input", call, meaning, derivative, example, bound, **more)


def two(
    name: str, call: Callable[..., Any], meaning: str, derivative: str, example: str, bound: Bound = series
) -> Function:
    """A function of `torch.special` of two tensors that broadcast together."""
    return Function(name, (SPECIAL,), "input, other", call, meaning, derivative, example, bound)


SPECIALS = (
    one("expit", torch.special.expit, "1 / (1 + exp(-x)), the sigmoid.", r"y\,(1 - y)"),
    one("erfcx", torch.special.erfcx, "exp(x²) erfc(x), without overflow.", r"2 x\,y - \frac{2}{\sqrt\pi}"),
    one("ndtr", torch.special.ndtr, "Normal distribution function.", r"\frac{1}{\sqrt{2\pi}} e^{-x^2/2}"),
    one("ndtri", torch.special.ndtri, "Its inverse: the quantile.", r"\sqrt{2\pi}\,e^{y^2/2}"),
    one("log_ndtr", torch.special.log_ndtr, "log of ndtr, without underflow.", r"\frac{\varphi(x)}{\Phi(x)}"),
    one("entr", torch.special.entr, "-x log x, the entropy of a share.", r"-1 - \ln x"),
    one("psi", torch.special.psi, "Derivative of gammaln.", r"\psi'(x)", bound=gammas),
    one("gammaln", torch.special.gammaln, "Logarithm of the gamma function.", r"\psi(x)", bound=gammas),
    one("i0e", torch.special.i0e, "exp(-|x|) times the Bessel function I₀.",
        r"e^{-|x|} I_1(x) - \operatorname{sign}(x)\,y"),
    one("i1", torch.special.i1, "Modified Bessel function I₁.", r"I_0(x) - \frac{y}{x}"),
    one("i1e", torch.special.i1e, "exp(-|x|) times the Bessel function I₁.",
        r"e^{-|x|} I_0(x) - y\left(\operatorname{sign} x + \frac{1}{x}\right)"),
    one("bessel_j0", torch.special.bessel_j0, "Bessel function J₀; PyTorch has no derivative of it.", "",
        "special.bessel_j0(x.detach())", is_smooth=False),
    one("bessel_j1", torch.special.bessel_j1, "Bessel function J₁; PyTorch has no derivative of it.", "",
        "special.bessel_j1(x.detach())", is_smooth=False),
    one("bessel_y0", torch.special.bessel_y0, "Bessel function Y₀; PyTorch has no derivative of it.", "",
        "special.bessel_y0(x.detach())", is_smooth=False),
    one("bessel_y1", torch.special.bessel_y1, "Bessel function Y₁; PyTorch has no derivative of it.", "",
        "special.bessel_y1(x.detach())", is_smooth=False),
    two("xlog1py", torch.special.xlog1py, "x log(1 + y), 0 where x is 0.", r"\ln(1 + y),\ \frac{x}{1 + y}",
        "special.xlog1py(y, x)"),
    two("zeta", torch.special.zeta, "Hurwitz zeta function: the sum of (q + k)⁻ˣ; its derivative is by q.",
        r"-x\,\zeta(x + 1, q)", "special.zeta(tensor(2.0), x)", terms_of_zeta),
    two("gammainc", torch.special.gammainc, "Regularised lower incomplete gamma function; its derivative is by x.",
        r"\frac{x^{a-1} e^{-x}}{\Gamma(a)}", "special.gammainc(tensor(1.5), x)"),
    two("gammaincc", torch.special.gammaincc, "The upper one, 1 - gammainc.",
        r"-\frac{x^{a-1} e^{-x}}{\Gamma(a)}", "special.gammaincc(tensor(1.5), x)"),
    Function(
        "polygamma", (TORCH, SPECIAL), "n, input", torch.polygamma, "The n-th derivative of digamma.",
        r"\psi^{(n+1)}(x)", "polygamma(1, x)", polygammas,
    ),
    Function(
        "multigammaln", (SPECIAL,), "input, p", torch.special.multigammaln,
        "Logarithm of the multivariate gamma function of dimension p.",
        r"\sum_{j<p} \psi\left(x - \tfrac{j}{2}\right)", "special.multigammaln(x + 1, 2)", several_gammas,
    ),
    Function(
        "logaddexp2", (TORCH, METHOD), "input, other", torch.logaddexp2, "log2(2ˣ + 2ʸ), without overflow.",
        r"\frac{2^x}{2^x + 2^y},\ \frac{2^y}{2^x + 2^y}", "logaddexp2(x, y)", stretched,
    ),
    Function(
        "float_power", (TORCH, METHOD), "input, exponent", torch.float_power, "Power, computed in float64.",
        r"n\,x^{n-1},\ x^n \ln x", "float_power(x, 3)", stretched,
    ),
    Function(
        "ldexp", (TORCH, METHOD), "input, other", torch.ldexp, "x · 2ⁿ.", r"2^n", "ldexp(x, tensor([1, 2, 3]))",
        stretched,
    ),
)  # fmt: skip
