"""Numbers, shapes and names as text, wherever a student reads them."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from playground.trace.array import Array
from playground.trace.json_numbers import Nested, Scalar

MINUS = "\u2212"
OVERLINE = "\u0304"  # combining macron, after the letter that it covers
BRIEF = 9  # elements that are written out within one line
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_SUBSCRIPTS = str.maketrans("0123456789-", SUBSCRIPTS + "₋")
_INDEXED = re.compile(r"([^\W\d_])_?(\d*)")


def format_number(x: Scalar, digits: int = 4) -> str:
    """A number in few characters: four significant digits, or three decimals where that shows more.

    >>> [format_number(x) for x in (11.652071, 5.5, 1.7163378, -0.9589243, 12)]
    ['11.652', '5.5', '1.716', '−0.9589', '12']
    >>> [format_number(x) for x in (0.0000123, 3.0, 1e10, float("nan"), float("-inf"), 1 + 2j)]
    ['1.23e−05', '3', '1e+10', 'NaN', '−∞', '1 + 2i']
    """
    if isinstance(x, float) and math.isfinite(x):  # nearly all are
        return _finite(x, digits)
    if isinstance(x, bool):
        return str(x)
    if isinstance(x, complex):
        sign = MINUS if x.imag < 0 else "+"
        return f"{format_number(x.real, digits)} {sign} {format_number(abs(x.imag), digits)}i"
    if isinstance(x, int):
        return (str(x) if abs(x) < 10**7 else f"{float(x):.{digits - 1}e}").replace("-", MINUS)
    if math.isnan(x):
        return "NaN"
    return "∞" if x > 0 else MINUS + "∞"


@lru_cache(maxsize=4096)  # one picture writes the same few numbers in many places
def _finite(x: float, digits: int) -> str:
    magnitude = abs(x)
    if magnitude == 0:
        return "0"
    if magnitude < (1e-4 if digits > 2 else 1e-3) or magnitude >= 1e6:
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        return f"{_trim(mantissa)}e{exponent}".replace("-", MINUS)
    if magnitude >= 1:
        return _trim(f"{x:.{digits - 1 if magnitude < 1e4 else 1}f}")
    leading = -math.floor(math.log10(magnitude))
    return _trim(f"{x:.{digits - 1 + leading}f}")


def _trim(text: str) -> str:
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text.replace("-", MINUS)


def subscript(name: str) -> str:
    """A letter with a number, as in a textbook; other names as they are.

    >>> subscript("v3"), subscript("hidden"), subscript("layer.weight")
    ('v₃', 'hidden', 'layer.weight')
    """
    indexed = _INDEXED.fullmatch(name)
    return indexed[1] + indexed[2].translate(_SUBSCRIPTS) if indexed else name


def subscripted(name: str, number: int) -> str:
    """Any name with a number under it.

    >>> subscripted("loss", 12)
    'loss₁₂'
    """
    return name + str(number).translate(_SUBSCRIPTS)


def bar(name: str) -> str:
    """The adjoint of a value: a macron over a letter, `∂` before a longer name.

    >>> bar("v3"), bar("f"), bar("layer.weight")
    ('v̄₃', 'f̄', '∂layer.weight')
    """
    indexed = _INDEXED.fullmatch(name)
    return indexed[1] + OVERLINE + indexed[2].translate(_SUBSCRIPTS) if indexed else "∂" + name


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as PyTorch writes it.

    >>> shape_text((3, 4)), shape_text((3,)), shape_text(())
    ('(3, 4)', '(3,)', '()')
    """
    return str(tuple(shape))


def range_text(array: Array, digits: int = 2) -> str:
    """The extremes of a tensor and what is not finite in it: `−1.2 … 3.4`."""
    statistics = array.statistics
    odd = [f"{count} {what}" for count, what in ((statistics.nans, "NaN"), (statistics.infinities, "∞")) if count]
    if statistics.minimum is None or statistics.maximum is None:
        return ", ".join(odd) or "empty"
    low, high = format_number(statistics.minimum, digits), format_number(statistics.maximum, digits)
    whole = f"all {low}" if array.numel > 1 and not odd else low
    return ", ".join([whole if low == high else f"{low} … {high}", *odd])


def norm_text(array: Array, digits: int = 3) -> str:
    """The 2-norm of a tensor in few characters; `NaN` or `∞` where it has such elements."""
    statistics = array.statistics
    if statistics.nans:
        return "NaN"
    if statistics.infinities:
        return "∞"
    return format_number(statistics.norm or 0.0, digits)


def nested_text(nested: Nested, digits: int = 4) -> str:
    """Nested lists of numbers, formatted.

    >>> nested_text([[1.0, 2.5], [0.0, -1.0]])
    '[[1, 2.5], [0, −1]]'
    """
    if isinstance(nested, list):
        return "[" + ", ".join(nested_text(element, digits) for element in nested) + "]"
    return format_number(nested, digits)


def brief(array: Array) -> str:
    """A tensor within one line: the number, up to nine elements, else shape and range.

    >>> import torch
    >>> brief(Array(torch.tensor(2.0))), brief(Array(torch.ones(2))), brief(Array(torch.ones(3, 4)))
    ('2', '[1, 1]', '(3, 4), all 1')
    """
    if 0 < array.numel <= BRIEF and array.is_exact:
        return nested_text(array.tolist())
    return f"{shape_text(array.shape)}, {range_text(array)}"


def listed(words: list[str]) -> str:
    """Words with commas and an `and`.

    >>> listed(["x1"]), listed(["x1", "x2", "x3"])
    ('x1', 'x1, x2 and x3')
    """
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last
