"""Where functions of single elements have no finite value: one row a function, its cases in the order they are asked.

A function that has a row has a finite value at every other number, except that it may overflow (`IN_ONE_STEP`,
`BY_STEPS`). What is in none of these tables is not known well enough to say why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playground.trace.json_numbers import Scalar

UNKNOWN = "its inputs are finite, its result is not"

_LOG_OF_0 = "the logarithm of 0 is -infinity"
_LOG_OF_NEGATIVE = "the logarithm of a negative number is not real"
_ROOT = "a root of a negative number is not real"
_BETWEEN = "it is defined between -1 and 1 only"
_GROWS = "it grows beyond every limit there"
_POLE = "it has a pole there, and grows beyond every limit"
_OVER_0 = "something was divided by 0"

Numbers = Sequence[Scalar]


@dataclass(frozen=True, slots=True)
class Case:
    """Numbers at which a function has no finite value, what it makes of them, and why."""

    what: str  # 'NaN' or 'infinity': what a real result is; '' where it can be either, or neither
    is_met: Callable[[Numbers], bool]
    sentence: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function of so many operands, and its cases."""

    operands: int
    cases: tuple[Case, ...]


def _below(number: Scalar, limit: float) -> bool:
    return not isinstance(number, complex) and number < limit


def _outside(number: Scalar, low: float, high: float) -> bool:
    return not isinstance(number, complex) and not low <= number <= high


def _is_fraction(number: Scalar) -> bool:
    return not isinstance(number, complex) and number != number // 1


def _is_pole(number: Scalar) -> bool:
    """0, -1, -2, ...: where the gamma function has its poles."""
    return _below(number, 0.5) and not _is_fraction(number)


def _log(operands: int, argument: Callable[[Numbers], Scalar]) -> Function:
    return Function(
        operands,
        (
            Case("infinity", lambda n: argument(n) == 0, _LOG_OF_0),
            Case("NaN", lambda n: _below(argument(n), 0), _LOG_OF_NEGATIVE),
        ),
    )


def _between(low: float, high: float, outside: str, at_ends: str = "") -> Function:
    ends = (Case("infinity", lambda n: n[0] in (low, high), at_ends),) if at_ends else ()
    return Function(1, (*ends, Case("NaN", lambda n: _outside(n[0], low, high), outside)))


_DIVISION = Function(
    2,
    (
        Case("NaN", lambda n: n[0] == n[1] == 0, "0 / 0 has no value"),
        Case("infinity", lambda n: n[1] == 0, _OVER_0),
    ),
)
_POWER = Function(
    2,
    (
        Case("infinity", lambda n: n[0] == 0 and n[1].real < 0, "0 to a negative power is a division by 0"),
        Case("", lambda n: n[0] == 0, UNKNOWN),  # to a complex power
        Case("NaN", lambda n: _below(n[0], 0) and _is_fraction(n[1]), _ROOT),
    ),
)
_LOGIT = Function(
    1,
    (
        Case("", lambda n: len(n) > 1, UNKNOWN),  # `eps` moves it between 0 and 1
        Case("infinity", lambda n: n[0] == 0, _LOG_OF_0),
        Case("infinity", lambda n: n[0] == 1, "x / (1 − x) is a division by 0 there"),
        Case("NaN", lambda n: _outside(n[0], 0, 1), f"x / (1 − x) is negative there, and {_LOG_OF_NEGATIVE}"),
    ),
)
_FROM_0 = Function(
    1,
    (
        Case("infinity", lambda n: n[0] == 0, _GROWS),
        Case("NaN", lambda n: _below(n[0], 0), "it is defined for positive numbers only"),
    ),
)
_GAMMA = Function(1, (Case("infinity", lambda n: _is_pole(n[0]), _POLE), Case("NaN", lambda n: False, _POLE)))

FUNCTIONS: dict[str, Function] = {
    **dict.fromkeys(("log", "log2", "log10"), _log(1, lambda n: n[0])),
    "log1p": _log(1, lambda n: n[0] + 1),
    "xlogy": _log(2, lambda n: n[1]),
    "xlog1py": _log(2, lambda n: n[1] + 1),
    "logit": _LOGIT,
    "sqrt": Function(1, (Case("NaN", lambda n: _below(n[0], 0), _ROOT),)),
    "rsqrt": Function(
        1,
        (
            Case("infinity", lambda n: n[0] == 0, "it divides by the root of 0"),
            Case("NaN", lambda n: _below(n[0], 0), _ROOT),
        ),
    ),
    "pow": _POWER,
    "div": _DIVISION,
    "remainder": Function(2, (Case("NaN", lambda n: n[1] == 0, "a division by 0 has no remainder"),)),
    "addcdiv": Function(
        3,
        (
            Case("NaN", lambda n: n[1] == n[2] == 0, "0 / 0 has no value"),
            Case("infinity", lambda n: n[2] == 0, _OVER_0),
        ),
    ),
    "reciprocal": Function(1, (Case("infinity", lambda n: n[0] == 0, _OVER_0),)),
    **dict.fromkeys(("asin", "acos"), _between(-1, 1, _BETWEEN)),
    **dict.fromkeys(("atanh", "erfinv"), _between(-1, 1, _BETWEEN, _GROWS)),
    "ndtri": _between(0, 1, "it is defined between 0 and 1 only", _GROWS),
    "acosh": Function(1, (Case("NaN", lambda n: _below(n[0], 1), "it is defined from 1 on only"),)),
    **dict.fromkeys(("lgamma", "digamma"), _GAMMA),
    "polygamma": Function(2, (Case("infinity", lambda n: _is_pole(n[1]), _POLE),)),
    "entr": Function(1, (Case("infinity", lambda n: _below(n[0], 0), "it is -infinity there by definition"),)),
    **dict.fromkeys(("bessel_y0", "bessel_y1", "modified_bessel_k0", "modified_bessel_k1"), _FROM_0),
    **dict.fromkeys(("scaled_modified_bessel_k0", "scaled_modified_bessel_k1"), _FROM_0),
}

# Finite for finite numbers that have no case above, unless the result itself is too large for its dtype.
IN_ONE_STEP = frozenset(
    {
        *("add", "sub", "mul", "div", "pow", "square", "reciprocal", "exp", "exp2", "expm1"),
        *("xlogy", "xlog1py", "entr", "rad2deg"),
        *("to", "type", "type_as", "half", "bfloat16", "float", "copy"),
    }
)

# The same of several sums, products and powers: it may also be a number on the way that is too large.
BY_STEPS = frozenset(
    {
        *("sum", "nansum", "cumsum", "prod", "cumprod", "mean", "nanmean", "trace", "diff", "cross", "kron"),
        *("matmul", "mm", "bmm", "mv", "dot", "vdot", "vecdot", "inner", "outer", "ger", "einsum", "tensordot"),
        *("addmm", "addmv", "addr", "addbmm", "baddbmm", "multi_dot", "linear", "bilinear", "addcmul", "addcdiv"),
        *("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
        *("cosh", "sinh", "lgamma", "digamma", "polygamma", "erfcx", "i0", "i1"),
        *(
            "hypot",
            "ldexp",
            "trapezoid",
            "trapz",
            "cumulative_trapezoid",
            "mse_loss",
            "var",
            "std",
            "var_mean",
            "std_mean",
        ),
        *("norm", "vector_norm", "matrix_norm", "fft", "ifft", "rfft", "irfft", "hfft", "ihfft"),
    }
)

# Calls that put a number that is no tensor into their result, or compute with it element by element.
PUTS_NUMBERS = frozenset(
    {
        *("add", "sub", "mul", "div", "pow", "remainder", "full", "full_like", "new_full", "fill", "setitem"),
        *("masked_fill", "where", "index_fill", "scatter", "pad", "clamp", "clip", "xlogy", "xlog1py", "addcmul"),
    }
)

_OTHER_NAMES = {
    **dict.fromkeys(("radd", "iadd"), "add"),
    **dict.fromkeys(("subtract", "rsub", "isub"), "sub"),
    **dict.fromkeys(("multiply", "rmul", "imul"), "mul"),
    **dict.fromkeys(("truediv", "rdiv", "rtruediv", "itruediv", "idiv", "divide", "true_divide"), "div"),
    **dict.fromkeys(("floor_divide", "floordiv", "rfloordiv", "ifloordiv"), "div"),
    **dict.fromkeys(("rpow", "ipow", "float_power"), "pow"),
    **dict.fromkeys(("fmod", "mod", "rmod", "imod"), "remainder"),
    **dict.fromkeys(("rmatmul", "imatmul"), "matmul"),
    "arcsin": "asin",
    "arccos": "acos",
    "arctanh": "atanh",
    "arccosh": "acosh",
    "gammaln": "lgamma",
    "psi": "digamma",
}


def plain_name(name: str) -> str:
    """The name of the function that a call computes: without in place, reflected and `torch.special`.

    >>> plain_name("log_"), plain_name("rtruediv"), plain_name("special_psi"), plain_name("arctanh_")
    ('log', 'div', 'digamma', 'atanh')
    """
    for prefix in ("special_", "linalg_", "fft_"):
        name = name.removeprefix(prefix)
    name = name.rstrip("_")
    return _OTHER_NAMES.get(name, name)
