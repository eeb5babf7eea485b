"""Functions of each element on its own: x ↦ f(x), and of two tensors that broadcast together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from playground.language.bounds.bound import elementwise, slow_elementwise
from playground.language.bounds.slow import gammas
from playground.language.function import METHOD, SPECIAL, TORCH, Arguments, Cost, F, Function

HERE = (TORCH, METHOD)


def one(
    name: str,
    call: Callable[..., Any],
    meaning: str,
    derivative: str = "",
    example: str = "",
    bound: Callable[[Arguments], Cost] = elementwise,
) -> Function:
    """A function of one tensor; by default its example is `name(x)`."""
    return Function(name, HERE, "input", call, meaning, derivative, example or f"{name}(x)", bound)


def step(name: str, call: Callable[..., Any], meaning: str) -> Function:
    """A piecewise constant function: its derivative is 0 wherever it has one."""
    return Function(name, HERE, "input", call, meaning, "0", f"{name}(y)", elementwise)


def two(name: str, call: Callable[..., Any], meaning: str, derivative: str, example: str, more: str = "") -> Function:
    """A function of two tensors that broadcast together."""
    return Function(name, HERE, f"input, other{more}", call, meaning, derivative, example, elementwise)


def test(name: str, call: Callable[..., Any], meaning: str, signature: str = "input, other") -> Function:
    """A question about each element; the answers are True and False, without a derivative."""
    example = f"{name}(x, y)" if "other" in signature else f"{name}(x)"
    return Function(name, HERE, signature, call, meaning, "", example, elementwise, is_smooth=False)


ELEMENTWISE = (
    one("exp", torch.exp, "e to the power of each element.", r"e^{x}"),
    one("exp2", torch.exp2, "2 to the power of each element.", r"2^{x} \ln 2"),
    one("expm1", torch.expm1, "exp(x) - 1, exact near 0.", r"e^{x}"),
    one("log", torch.log, "Natural logarithm.", r"\frac{1}{x}"),
    one("log2", torch.log2, "Logarithm to base 2.", r"\frac{1}{x \ln 2}"),
    one("log10", torch.log10, "Logarithm to base 10.", r"\frac{1}{x \ln 10}"),
    one("log1p", torch.log1p, "log(1 + x), exact near 0.", r"\frac{1}{1 + x}"),
    one("sqrt", torch.sqrt, "Square root.", r"\frac{1}{2\sqrt{x}}"),
    one("rsqrt", torch.rsqrt, "1 / sqrt(x).", r"-\frac{1}{2} x^{-3/2}"),
    one("square", torch.square, "x * x.", r"2x"),
    one("reciprocal", torch.reciprocal, "1 / x.", r"-\frac{1}{x^2}"),
    one("neg", torch.neg, "-x.", r"-1"),
    one(
        "abs", torch.abs, "Absolute value; at 0 PyTorch takes 0 as its derivative.", r"\operatorname{sign} x", "abs(y)"
    ),
    one("sin", torch.sin, "Sine, in radians.", r"\cos x"),
    one("cos", torch.cos, "Cosine, in radians.", r"-\sin x"),
    one("tan", torch.tan, "Tangent, in radians.", r"1 + \tan^2 x"),
    one("asin", torch.asin, "Inverse sine.", r"\frac{1}{\sqrt{1 - x^2}}"),
    one("acos", torch.acos, "Inverse cosine.", r"-\frac{1}{\sqrt{1 - x^2}}"),
    one("atan", torch.atan, "Inverse tangent.", r"\frac{1}{1 + x^2}"),
    one("sinh", torch.sinh, "Hyperbolic sine.", r"\cosh x"),
    one("cosh", torch.cosh, "Hyperbolic cosine.", r"\sinh x"),
    one("tanh", torch.tanh, "Hyperbolic tangent, between -1 and 1.", r"1 - \tanh^2 x"),
    one("asinh", torch.asinh, "Inverse hyperbolic sine.", r"\frac{1}{\sqrt{x^2 + 1}}", bound=slow_elementwise),
    one("acosh", torch.acosh, "Inverse hyperbolic cosine.", r"\frac{1}{\sqrt{x^2 - 1}}", "acosh(x + 1)"),
    one("atanh", torch.atanh, "Inverse hyperbolic tangent.", r"\frac{1}{1 - x^2}"),
    Function(
        "sigmoid",
        (TORCH, METHOD, F),
        "input",
        torch.sigmoid,
        "1 / (1 + exp(-x)), between 0 and 1.",
        r"\sigma(x)\,(1 - \sigma(x))",
        "sigmoid(y)",
        elementwise,
    ),
    one("logit", torch.logit, "log(x / (1 - x)), the inverse of sigmoid.", r"\frac{1}{x(1 - x)}"),
    one("erf", torch.erf, "Error function.", r"\frac{2}{\sqrt{\pi}} e^{-x^2}"),
    one("erfc", torch.erfc, "1 - erf(x).", r"-\frac{2}{\sqrt{\pi}} e^{-x^2}"),
    one(
        "erfinv",
        torch.erfinv,
        "Inverse error function.",
        r"\frac{\sqrt{\pi}}{2} e^{\operatorname{erf}^{-1}(x)^2}",
        bound=slow_elementwise,
    ),
    one("lgamma", torch.lgamma, "log |Γ(x)|; exp(lgamma(n + 1)) is n factorial.", r"\psi(x)", bound=gammas),
    one("digamma", torch.digamma, "Derivative of lgamma.", r"\psi'(x)", bound=gammas),
    one(
        "sinc",
        torch.sinc,
        "sin(πx) / (πx).",
        r"\frac{\cos \pi x}{x} - \frac{\sin \pi x}{\pi x^2}",
        bound=slow_elementwise,
    ),
    one("deg2rad", torch.deg2rad, "Degrees to radians.", r"\frac{\pi}{180}"),
    one("rad2deg", torch.rad2deg, "Radians to degrees.", r"\frac{180}{\pi}"),
    Function(
        "i0",
        (TORCH, METHOD, SPECIAL),
        "input",
        torch.i0,
        "Modified Bessel function of order 0.",
        r"I_1(x)",
        "i0(x)",
        slow_elementwise,
    ),
    step("sign", torch.sign, "-1, 0 or 1."),
    step("floor", torch.floor, "The next whole number below."),
    step("ceil", torch.ceil, "The next whole number above."),
    step("trunc", torch.trunc, "Without the digits after the point."),
    Function(
        "round",
        HERE,
        "input, *, decimals=0",
        torch.round,
        "The nearest whole number; halves go to the even one.",
        "0",
        "round(y)",
        elementwise,
    ),
    one("frac", torch.frac, "The digits after the point.", "1"),
    two("add", torch.add, "x + alpha * y.", r"1,\ \alpha", "add(x, y, alpha=2)", ", *, alpha=1"),
    two("sub", torch.sub, "x - alpha * y.", r"1,\ -\alpha", "sub(x, y)", ", *, alpha=1"),
    two("mul", torch.mul, "x * y.", r"y,\ x", "mul(x, y)"),
    two("div", torch.div, "x / y.", r"\frac{1}{y},\ -\frac{x}{y^2}", "div(x, y)", ", *, rounding_mode=None"),
    Function(
        "pow",
        HERE,
        "input, exponent",
        torch.pow,
        "x to the power of y.",
        r"y x^{y-1},\ x^y \ln x",
        "pow(x, y)",
        elementwise,
        plain=("input",),
    ),
    two(
        "atan2", torch.atan2, "The angle of the point (y, x).", r"\frac{x}{x^2+y^2},\ \frac{-y}{x^2+y^2}", "atan2(x, y)"
    ),
    two("hypot", torch.hypot, "sqrt(x² + y²).", r"\frac{x}{h},\ \frac{y}{h}", "hypot(x, y)"),
    two("maximum", torch.maximum, "The larger of two elements.", r"[x > y],\ [y > x]", "maximum(x, y)"),
    two("minimum", torch.minimum, "The smaller of two elements.", r"[x < y],\ [y < x]", "minimum(x, y)"),
    two("fmod", torch.fmod, "Remainder with the sign of x.", r"1,\ -\operatorname{trunc}(x / y)", "fmod(x, y)"),
    two(
        "remainder",
        torch.remainder,
        "Remainder with the sign of y: x % y.",
        r"1,\ -\lfloor x / y \rfloor",
        "remainder(x, y)",
    ),
    Function(
        "floor_divide",
        HERE,
        "input, other",
        torch.floor_divide,
        "x // y, rounded down; it has no derivative in PyTorch.",
        "",
        "floor_divide(x, y)",
        elementwise,
        is_smooth=False,
    ),
    two(
        "logaddexp",
        torch.logaddexp,
        "log(exp(x) + exp(y)), without overflow.",
        r"\sigma(x - y),\ \sigma(y - x)",
        "logaddexp(x, y)",
    ),
    two("xlogy", torch.xlogy, "x * log(y), and 0 where x is 0.", r"\ln y,\ \frac{x}{y}", "xlogy(y, x)"),
    two("copysign", torch.copysign, "x with the sign of y.", r"\pm 1,\ 0", "copysign(x, y)"),
    Function(
        "lerp",
        HERE,
        "input, end, weight",
        torch.lerp,
        "x + weight * (end - x).",
        r"1 - w,\ w,\ e - x",
        "lerp(x, y, 0.3)",
        elementwise,
        plain=("weight",),
    ),
    Function(
        "addcmul",
        HERE,
        "input, tensor1, tensor2, *, value=1",
        torch.addcmul,
        "x + value * a * b.",
        r"1,\ v b,\ v a",
        "addcmul(x, y, y, value=0.5)",
        elementwise,
    ),
    Function(
        "addcdiv",
        HERE,
        "input, tensor1, tensor2, *, value=1",
        torch.addcdiv,
        "x + value * a / b.",
        r"1,\ \frac{v}{b},\ -\frac{v a}{b^2}",
        "addcdiv(x, y, x, value=0.5)",
        elementwise,
    ),
    Function(
        "where",
        (TORCH,),
        "condition, input, other",
        torch.where,
        "input where the condition holds, else other.",
        r"[c],\ [\neg c]",
        "where(y > 0, x * y, y)",
        elementwise,
        plain=("input",),
    ),
    Function(
        "clamp",
        HERE,
        "input, min=None, max=None",
        torch.clamp,
        "Held between min and max.",
        r"[\min \le x \le \max]",
        "clamp(y, -1, 1)",
        elementwise,
    ),
    Function(
        "clip",
        HERE,
        "input, min=None, max=None",
        torch.clip,
        "Another name of clamp.",
        r"[\min \le x \le \max]",
        "clip(y, max=1.0)",
        elementwise,
    ),
    Function(
        "nan_to_num",
        HERE,
        "input, nan=0.0, posinf=None, neginf=None",
        torch.nan_to_num,
        "NaN and infinities replaced by numbers.",
        r"[x\ \text{finite}]",
        "nan_to_num(x)",
        elementwise,
    ),
    Function(
        "heaviside",
        HERE,
        "input, other",
        torch.heaviside,
        "0 below 0, 1 above, and `other` at 0; without a derivative in PyTorch.",
        "",
        "heaviside(y, tensor([0.5]))",
        elementwise,
        is_smooth=False,
    ),
    test("eq", torch.eq, "Equal: x == y."),
    test("ne", torch.ne, "Not equal: x != y."),
    test("lt", torch.lt, "Less: x < y."),
    test("le", torch.le, "Less or equal: x <= y."),
    test("gt", torch.gt, "Greater: x > y."),
    test("ge", torch.ge, "Greater or equal: x >= y."),
    test("isclose", torch.isclose, "Nearly equal.", "input, other, rtol=1e-05, atol=1e-08"),
    test("isnan", torch.isnan, "Is it NaN?", "input"),
    test("isinf", torch.isinf, "Is it infinite?", "input"),
    test("isfinite", torch.isfinite, "Is it neither NaN nor infinite?", "input"),
    test("logical_and", torch.logical_and, "Both are true."),
    test("logical_or", torch.logical_or, "At least one is true."),
    test("logical_xor", torch.logical_xor, "Exactly one is true."),
    test("logical_not", torch.logical_not, "It is false.", "input"),
)
