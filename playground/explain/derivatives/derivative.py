"""`Derivative`: one way to write what a backward node does, in words, plain symbols, LaTeX, and as a computation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from playground.explain.derivatives.recorded import Recorded

Evaluate = Callable[[Recorded], Tensor | float]

_TOKEN = re.compile(r"@(?:([abcypgshz])|\{(\w+)\})")
_FIRST_POWER = re.compile(r"\^1(?![\d.])|\^\{1\}")
_ZEROTH_POWER = re.compile(r"(?:·|\\, )\{?[^\s{}()·^]+\}?(?:\^0(?![\d.])|\^\{0\})")
_TWICE_GROUPED = re.compile(r"\((\([-−][^()]*\))\)")
_DOUBLE_MINUS = re.compile(r"− ?−|- ?-")
_WHOLE_POWER = re.compile(r"\^(-?\d+)(?![\d.])")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_TWICE_TRANSPOSED = re.compile(r"\{([^{}]*(?:\{[^{}]*\})?)\^\{\\top\}\}\^\{\\top\}")


@dataclass(frozen=True, slots=True)
class Formula:
    """One gradient of a node or a call: the same formula as plain text, in LaTeX, and as a computation.

    `@a`, `@b`, `@c` stand for the arguments of the forward call, `@y` for its result, `@g` for the adjoint that comes
    in, `@p` for `@b` less one, `@{dim}` for a setting; `@s` and `@z` for `@g` and `@y` with the axes back that a
    reduction took away; `@h`, where a backward node is differentiated in turn, for the adjoint that had come to it.
    A formula without `@g` and `@s` is a local derivative: a factor of the adjoint.
    """

    text: str
    latex: str
    value: Evaluate
    is_written: bool = True  # else it only tells whether the words beside it are so

    @property
    def is_product(self) -> bool:
        """Tell whether it is the whole vector-Jacobian product, not a factor of the adjoint."""
        return any(adjoint in self.text for adjoint in ("@g", "@s", "@{by_class}"))


@dataclass(frozen=True, slots=True)
class Derivative:
    """What a backward node does: a phrase, and a formula per gradient.

    A row of the table holds several, in order of simplicity: the usual one, then those that hold in edge cases. One
    is written where its formulas give the recorded numbers. Without formulas it is a phrase that is always so.
    """

    phrase: str
    formulas: tuple[Formula, ...] = ()
    letters: str = "abc"  # which letter each edge's argument is
    each: tuple[str, ...] = ()  # a phrase per gradient, for where only one of them is handed on
    settings: tuple[tuple[str, str], ...] = ()  # what the node must have saved; decides where no numbers are known
    by_numbers: bool = False  # whether it holds depends on more than settings: never written without the numbers


Row = tuple[Derivative, ...]


def one(
    text: str,
    latex: str,
    value: Evaluate,
    phrase: str = "",
    *,
    letters: str = "abc",
    settings: tuple[tuple[str, str], ...] = (),
    by_numbers: bool = False,
) -> Derivative:
    """A node with one gradient."""
    formula = Formula(text, latex, value)
    return Derivative(phrase or f"times {text}", (formula,), letters, settings=settings, by_numbers=by_numbers)


@lru_cache(maxsize=1024)
def tokens(formula: str) -> tuple[str, ...]:
    """The letters and settings that a formula names.

    >>> tokens("[@a > @{lambd}]")
    ('a', 'lambd')
    """
    return tuple(letter or name for letter, name in _TOKEN.findall(formula))


def fill(formula: str, symbols: Mapping[str, str]) -> str:
    """A formula with names or numbers in place of `@a`; '' where one of them is not known.

    >>> fill("2·@a", {"a": "x1"}), fill("@b·@a^@p", {"a": "x", "b": "2", "p": "1"}), fill("cos(@a)", {})
    ('2·x1', '2·x', '')
    >>> fill("@b·@a^@p", {"a": "x", "b": "3", "p": "2"}), fill("[@a > @{lambd}]", {"a": "x", "lambd": "0.5"})
    ('3·x²', '[x > 0.5]')
    """
    if any(token not in symbols for token in tokens(formula)):
        return ""
    text = _TOKEN.sub(lambda match: symbols[match[1] or match[2]], formula)
    if "ᵀᵀ" in text or "top" in text:
        text = _TWICE_TRANSPOSED.sub(r"\1", text.replace("ᵀᵀ", ""))
    if "((" in text:
        text = _TWICE_GROUPED.sub(r"\1", text)
    if "−" in text or "-" in text:
        text = _DOUBLE_MINUS.sub(lambda match: "+ " if " " in match[0] else "", text)
    if "^" in text:
        text = _ZEROTH_POWER.sub("", _FIRST_POWER.sub("", text))
        text = _WHOLE_POWER.sub(lambda match: match[1].translate(_SUPERSCRIPTS), text)
    return text


def less_one(exponent: str, *, latex: bool = False) -> str:
    """An exponent less one: a number where it is one.

    >>> less_one("3"), less_one("2.5"), less_one("−1"), less_one("n"), less_one("n", latex=True)
    ('2', '1.5', '-2', '(n − 1)', 'n - 1')
    """
    try:
        return f"{float(exponent.strip('()').replace('−', '-')) - 1:g}"
    except ValueError:
        return f"{exponent} - 1" if latex else f"({exponent} − 1)"
