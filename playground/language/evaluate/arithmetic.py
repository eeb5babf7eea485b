"""Arithmetic and comparisons: PyTorch's on tensors; on plain numbers bounded, so that none grows without end."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.bounds.bound import elementwise, shape_of
from playground.language.bounds.products import matrix_cost
from playground.language.function import Arguments, Cost, Value
from playground.language.limits import LIMITS, spell

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "@": operator.matmul,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.iadd,
    "-": operator.isub,
    "*": operator.imul,
    "/": operator.itruediv,
    "**": operator.ipow,
}
UNARY: dict[str, Callable[[Any], Any]] = {"+": operator.pos, "-": operator.neg, "~": operator.invert}


def cost_of(symbol: str, left: Value, right: Value) -> Cost:
    """The bound of a binary operation of which one side at least is a tensor."""
    if symbol == "@":
        return matrix_cost(shape_of(left), shape_of(right))
    return elementwise(Arguments(input=left, other=right))


def numbers(symbol: str, left: Value, right: Value) -> Value:
    """An operation on two plain values; PlaygroundError without a place where it has no bounded result."""
    if not _is_number(left) or not _is_number(right):
        return _plain(symbol, left, right)
    if symbol == "**" and isinstance(left, int) and isinstance(right, int) and abs(left) > 1:
        digits = right * math.log10(abs(left)) + 1
        if digits > 17:
            raise PlaygroundError(
                f"{left} ** {right} is a whole number of {spell(math.floor(digits))} digits; the limit is "
                f"{spell(LIMITS.integer)}",
                hint=f"write {left}.0 ** {right}, or make it smaller",
            )
    if symbol == "@":
        raise PlaygroundError("`@` is the product of matrices, not of numbers", hint="write *")
    try:
        result = BINARY[symbol](left, right)
    except ZeroDivisionError:
        raise PlaygroundError("division of a plain number by 0", hint="with tensors, 1 / tensor(0.) is inf") from None
    except OverflowError:
        raise PlaygroundError("a plain number too large for a float", hint="the largest is about 1.8e308") from None
    except TypeError:
        raise PlaygroundError(
            f"`{symbol}` does not work on these numbers", hint="& and | work on whole numbers"
        ) from None
    return bounded(result)


def bounded(result: Value) -> Value:
    """A plain number that may go on: real, and as a whole number within the limit."""
    if isinstance(result, complex):
        raise PlaygroundError("a root of a negative number", hint="the result would not be real")
    if isinstance(result, int) and abs(result) > LIMITS.integer:
        raise PlaygroundError(
            f"the whole number {spell(abs(result))}; the limit is {spell(LIMITS.integer)}",
            hint="write one number as 2.0",
        )
    return result


def _plain(symbol: str, left: Value, right: Value) -> Value:
    """Tuples, shapes and dtypes can be compared; nothing else is done with them."""
    if symbol in ("==", "!="):
        equal = type(left) is type(right) and left == right if not _has_tensor(left, right) else False
        return equal if symbol == "==" else not equal
    kind = describe(left) if not _is_number(left) else describe(right)
    raise PlaygroundError(f"`{symbol}` does not work on {kind}", hint="it works on tensors and numbers")


def _has_tensor(*values: Value) -> bool:
    return any(isinstance(v, Tensor) or (isinstance(v, tuple | list) and _has_tensor(*v)) for v in values)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float)


def describe(value: Value) -> str:
    """Name the kind of value it is, in the user's words.

    >>> describe(None), describe((1, 2)), describe(2.5)
    ('nothing (None)', 'a tuple', 'a number')
    """
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    kinds = (
        (bool, "True or False"),
        (int | float, "a number"),
        (str, "a quoted word"),
        (tuple, "a tuple"),
        (list, "a list"),
    )
    named = next((name for kind, name in kinds if isinstance(value, kind)), None)
    others = ((type(None), "nothing (None)"), (range, "a range"), (torch.dtype, "a dtype"))
    return named or next((name for kind, name in others if isinstance(value, kind)), "a function")
