"""Python's own functions on plain values, and those of `math`: what a program counts and chooses with."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from typing import Any

from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.bounds.bound import no_tensor
from playground.language.function import PYTHON, Arguments, Cost, Function, Value
from playground.language.limits import LIMITS

_SPOKEN = {"inf": math.inf, "infinity": math.inf, "nan": math.nan}


def to_float(value: Value) -> float:
    """`float('-inf')`, `float(3)`, `float(x)` of a tensor with one element."""
    if isinstance(value, str):
        word = value.strip().lower()
        sign = -1.0 if word.startswith("-") else 1.0
        number = _SPOKEN.get(word.lstrip("+-"))
        if number is None:
            try:
                return float(word[:100])
            except ValueError:
                raise PlaygroundError(f"`{value[:20]}` is no number", hint="for instance float('-inf')") from None
        return sign * number
    return float(_one(value))


def to_int(value: Value) -> int:
    """`int(2.7)`, `int(x)` of a tensor with one element: the part before the point."""
    number = _one(value)
    if isinstance(number, float) and not math.isfinite(number):
        raise PlaygroundError(f"{number} is no whole number", hint="int takes finite numbers")
    return int(number)


def to_bool(value: Value) -> bool:
    """`bool(x)`: False for 0 and for what is empty."""
    return bool(_one(value)) if isinstance(value, Tensor) else bool(value)


def zipped(*items: Value) -> tuple[Value, ...]:
    """`zip(xs, ys)`, as long as the shortest."""
    return tuple(zip(*map(_items, items), strict=False))


def numbered(items: Value, start: int = 0) -> tuple[Value, ...]:
    """`enumerate(xs)`."""
    return tuple(enumerate(_items(items), start))


def backwards(items: Value) -> tuple[Value, ...]:
    """`reversed(range(3))`."""
    return tuple(reversed(list(_items(items))))


def as_list(items: Value = ()) -> list[Value]:
    """`list(range(3))`."""
    return list(_items(items))


def as_tuple(items: Value = ()) -> tuple[Value, ...]:
    """`tuple(x.shape)`."""
    return tuple(_items(items))


def _one(value: Value) -> Any:
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise PlaygroundError(f"a tensor of shape {tuple(value.shape)} is not one number", hint="take an element")
        return value.item()
    if not isinstance(value, int | float):
        raise PlaygroundError("this is not a number", hint="it takes a number, or a tensor with one element")
    return value


def _items(value: Value) -> Any:
    if isinstance(value, Tensor) and value.dim() > 0:
        return value.unbind()
    if not isinstance(value, list | tuple | range):
        raise PlaygroundError("there is nothing to go through", hint="a list, a tuple, a range or the rows of a tensor")
    return islice(value, LIMITS.statements + 1)


def over_items(arguments: Arguments) -> Cost:
    """One item for each of the longest, and no more than a loop may run over."""
    given = [part for value in arguments.values() for part in (value if isinstance(value, list) else [value])]
    lengths = [len(part) for part in (*given, *arguments.values()) if isinstance(part, list | tuple | range)]
    rows = [part.shape[0] for part in (*given, *arguments.values()) if isinstance(part, Tensor) and part.dim()]
    count = max((*lengths, *rows), default=0)
    if count > LIMITS.statements:
        raise PlaygroundError(f"{count:,} items; the limit is {LIMITS.statements:,}", hint="make it smaller")
    return Cost(0, 1 + count)


def python(
    name: str,
    signature: str,
    call: Callable[..., Any],
    meaning: str,
    example: str,
    bound: Callable[[Arguments], Cost] = no_tensor,
    is_smooth: bool = True,
) -> Function:
    """A function of Python itself."""
    return Function(name, (PYTHON,), signature, call, meaning, "", example, bound, is_smooth=is_smooth)


PLAIN = (
    python("float", "x", to_float, "A plain number; also float('inf') and float('-inf').", "x * float(2)"),
    python("int", "x", to_int, "A whole number, without what stands behind the point.", "x * int(2.7)"),
    python("bool", "x", to_bool, "True, or False for 0.", "x * bool(2)"),
    python(
        "zip", "*items", zipped, "Items side by side.", "f = s\nfor a, b in zip(x, y):\n    f = f + a * b", over_items
    ),
    python(
        "enumerate",
        "items, start=0",
        numbered,
        "Items with their numbers.",
        "f = s\nfor i, a in enumerate(x):\n    f = f + i * a",
        over_items,
    ),
    python(
        "reversed",
        "items",
        backwards,
        "Items from the last to the first.",
        "f = s\nfor a in reversed(x):\n    f = f * a",
        over_items,
    ),
    python("list", "items=()", as_list, "The items as a list.", "x * len(list(range(3)))", over_items),
    python("tuple", "items=()", as_tuple, "The items as a tuple.", "x * len(tuple(x.shape))", over_items),
)


def rounded(number: float, digits: int = 0) -> float:
    """`round(2.567, 2)`; so many digits that Python would count long are refused."""
    if not isinstance(digits, int) or abs(digits) > 400:
        raise ValueError("digits from -400 to 400")
    return round(number) if digits == 0 and isinstance(number, float) else round(number, digits)


def power(*given: float) -> float:
    """`pow` with two numbers is `**`, which is bounded there; any other is refused."""
    raise TypeError("two numbers are expected")


# Of plain numbers, these are Python's own; of tensors, PyTorch's.
BUILTINS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "round": rounded,
    "pow": power,
    "sum": sum,
}


def factorial(number: int) -> int:
    """`math.factorial(5)`, of numbers that do not take long."""
    return math.factorial(_small(number))


def combinations(number: int, chosen: int) -> int:
    """`math.comb(5, 2)`, of numbers that do not take long."""
    return math.comb(_small(number), _small(chosen))


def arrangements(number: int, chosen: int | None = None) -> int:
    """`math.perm(5, 2)`, of numbers that do not take long."""
    return math.perm(_small(number), None if chosen is None else _small(chosen))


def _small(number: int) -> int:
    if isinstance(number, int) and number > 1000:
        raise ValueError("whole numbers up to 1,000")
    return number


_COUNTED: dict[str, Callable[..., Any]] = {"factorial": factorial, "comb": combinations, "perm": arrangements}
MATH: dict[str, Callable[..., Any]] = _COUNTED | {
    name: getattr(math, name)
    for name in (
        *(
            "sqrt",
            "exp",
            "log",
            "log2",
            "log10",
            "log1p",
            "expm1",
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "atan2",
        ),
        *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "floor", "ceil", "trunc", "fabs", "pow", "fmod", "hypot"),
        *("erf", "erfc", "gamma", "lgamma", "degrees", "radians", "copysign", "isnan", "isinf", "isfinite"),
        *("exp2", "cbrt", "gcd", "lcm", "isqrt", "remainder", "ldexp", "nextafter", "ulp"),
    )
}
