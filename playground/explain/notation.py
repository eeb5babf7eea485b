"""Calls as one types them: `sin(x2)`, `x1 * x2`, `x[:, 0]`."""

from __future__ import annotations

import inspect
import re
from functools import lru_cache

import torch

from playground.explain.numbers import MINUS
from playground.trace.records import Op

_SPELLINGS = {
    "+": "add accumulate",
    "-": "sub subtract",
    "*": "mul multiply",
    "/": "div divide true_divide truediv",
    "@": "matmul mm",
    "//": "floor_divide floordiv",
    "%": "remainder mod",
    "**": "pow",
    "==": "eq",
    "!=": "ne",
    "<": "lt less",
    "<=": "le",
    ">": "gt greater",
    ">=": "ge",
    "&": "and bitwise_and",
    "|": "or bitwise_or",
}
_INFIX = {name: symbol for symbol, names in _SPELLINGS.items() for name in names.split()}
_REVERSED = {"radd": "+", "rsub": "-", "rmul": "*", "rdiv": "/", "rtruediv": "/", "rpow": "**", "rmatmul": "@"}
_SLICE = re.compile(r"slice\(([^(),]*), ([^(),]*), ([^(),]*)\)")
_NEGATIVE = re.compile(rf"^\(({MINUS}[^()]*)\)$")
ATTRIBUTES = ("T", "mT", "H", "mH", "grad", "data", "real", "imag")


def call_text(op: Op, arguments: dict[str, str], symbols: dict[str, str] | None = None) -> str:
    """A call with its arguments by path; `symbols` replaces infix symbols by ones for display."""
    positional, named = ordered(arguments)
    symbol, swapped = infix(op)
    if symbol and len(positional) == 2 and not named:
        left, right = reversed(positional) if swapped else positional
        return f"{left} {(symbols or {}).get(symbol, symbol)} {right}"
    name = op.name.strip("_")
    if name == "neg" and len(positional) == 1 and not named:
        return f"{MINUS if symbols else '-'}{positional[0]}"
    if name == "getitem" and len(positional) == 2:
        return f"{positional[0]}[{index_text(positional[1])}]"
    if name == "setitem" and len(positional) == 3:
        return f"{positional[0]}[{index_text(positional[1])}] ← {positional[2]}"
    if name in ATTRIBUTES and len(positional) == 1:
        return f"{positional[0]}.{name}"
    alone = [_NEGATIVE.sub(r"\1", text) for text in positional]  # between commas a sign needs no parentheses
    return f"{op.name}({', '.join(alone + named)})"


def infix(op: Op) -> tuple[str, bool]:
    """The infix symbol of a call, or '', and whether its operands are swapped."""
    name = op.name.strip("_")
    if name in _REVERSED:
        return _REVERSED[name], True
    return _INFIX.get(name, _INFIX.get(name[1:], "") if op.in_place and name.startswith("i") else ""), False


def ordered(arguments: dict[str, str]) -> tuple[list[str], list[str]]:
    """The positional arguments in order, and the named ones as `dim=1`."""
    positional = [arguments[path] for path in sorted(filter(str.isdigit, arguments), key=int)]
    return positional, [f"{path}={text}" for path, text in arguments.items() if not path.isdigit()]


def index_text(text: str) -> str:
    """The text between the brackets of an index, as one types it.

    >>> index_text("(slice(None, None, None), None, 1)"), index_text("(Ellipsis, slice(1, None, 2))"), index_text("-1")
    (':, None, 1', '..., 1::2', '-1')
    """

    def typed(match: re.Match[str]) -> str:
        start, stop, step = ("" if part == "None" else part for part in match.groups())
        return f"{start}:{stop}" + (f":{step}" if step else "")

    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].removesuffix(",")
    return _SLICE.sub(typed, text).replace("Ellipsis", "...")


@lru_cache(maxsize=1024)
def defaults(qualname: str) -> dict[str, str]:
    """The defaults of a function that PyTorch wrote in Python: arguments that nobody wants to read."""
    owner, _, name = qualname.rpartition(".")
    home = {
        "torch.nn.functional": torch.nn.functional,
        "torch.functional": torch.functional,
        "torch.Tensor": torch.Tensor,
    }
    functions = [
        getattr(home.get(owner), spelled, None) for spelled in (name, f"_{name}")
    ]  # `_max_pool2d` has the names
    found: dict[str, str] = {}
    for function in filter(callable, functions):
        try:
            parameters = inspect.signature(function).parameters
        except (TypeError, ValueError):
            continue
        found |= {name: repr(parameter.default) for name, parameter in parameters.items()}
    return found
