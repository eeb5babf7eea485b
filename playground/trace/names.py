"""What values are called and how calls are written: `v₃ = sin(x2)`, `\\sin(x_2)`."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import torch

from playground.trace.numbers import MINUS, OVERLINE, bar, format_number, subscript
from playground.trace.records import Op
from playground.trace.trace import Trace

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
INFIX = {name: symbol for symbol, names in _SPELLINGS.items() for name in names.split()}
REVERSED = {"radd": "+", "rsub": "-", "rmul": "*", "rdiv": "/", "rtruediv": "/", "rpow": "**", "rmatmul": "@"}
_DISPLAY = {"*": "×", "-": MINUS}
_LATEX_INFIX = {"*": r" \cdot ", "@": r" \, ", "-": " - ", "%": r" \bmod ", "<=": r" \le ", ">=": r" \ge "}
_LATEX_FUNCTIONS = {
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "exp",
    "log",
    "max",
    "min",
    "arcsin",
    "arccos",
    "arctan",
}
_GENERATED = re.compile(r"v-?\d+")
_INDEXED = re.compile(r"([^\W\d_])_?(\d*)")


class Names:
    """The display names of one trace: the user's own where they are unambiguous, else `v₃`."""

    def __init__(self, trace: Trace) -> None:
        labels = Counter(value.label for value in trace.values)
        self._trace = trace
        self._plain = [value.label if labels[value.label] == 1 else value.name for value in trace.values]
        self._shown = [subscript(name) if _GENERATED.fullmatch(name) else name for name in self._plain]

    def plain(self, value: int) -> str:
        """As typed: `x1`, `f`, `v3`."""
        return self._plain[value]

    def show(self, value: int) -> str:
        """On the page: generated names with a subscript, the user's as typed."""
        return self._shown[value]

    def bar(self, value: int) -> str:
        """The value's adjoint: `v̄₃`."""
        return bar(self._plain[value])

    def dot(self, value: int) -> str:
        """The value's tangent: `v̇₃`."""
        return self.bar(value).replace(OVERLINE, "\u0307").replace("∂", "d")

    def latex(self, value: int) -> str:
        """The value in LaTeX: `v_{3}`."""
        return latex_name(self._plain[value])

    def latex_bar(self, value: int) -> str:
        """The value's adjoint in LaTeX: `\\bar{v}_{3}`."""
        return latex_bar(self._plain[value])

    def operands(self, op: Op, write: Callable[[int], str]) -> dict[str, str]:
        """The arguments of a call by path, tensors written by `write`, lists of tensors gathered."""
        usual = _defaults(op.qualname)
        whole = {constant.path: constant.text for constant in op.constants if usual.get(constant.path) != constant.text}
        lists: dict[str, list[tuple[list[int], str]]] = {}
        for argument in op.inputs:
            head, _, rest = argument.path.partition(".")
            if rest:
                place = [int(part) if part.isdigit() else 0 for part in rest.split(".")]
                lists.setdefault(head, []).append((place, write(argument.value)))
            else:
                whole[head] = write(argument.value)
        for head, elements in lists.items():
            if head not in whole:
                whole[head] = "[" + ", ".join(text for _, text in sorted(elements)) + "]"
        return whole

    def expression(self, op: Op) -> str:
        """The call with names: `sin(x2)`, `x1 * x2`, `sum(x, dim=1)`."""
        return _call(op, self.operands(op, self.show))

    def numbers(self, op: Op) -> str:
        """The call with numbers for scalars: `sin(5)`, `2 × 5`."""
        return _call(op, self.operands(op, self._number), _DISPLAY)

    def latex_expression(self, op: Op) -> str:
        """The call in LaTeX."""
        return _latex_call(op, self.operands(op, self.latex))

    def _number(self, value: int) -> str:
        data = self._trace.values[value].data
        if data.numel != 1 or data.flat is None:
            return self.show(value)
        text = format_number(data.flat[0])
        return f"({text})" if text.startswith(MINUS) else text


@lru_cache(maxsize=1024)
def _defaults(qualname: str) -> dict[str, str]:
    """Arguments of a function of torch.nn.functional at their defaults, which nobody wants to read."""
    function = getattr(torch.nn.functional, qualname.removeprefix("torch.nn.functional."), None)
    try:
        parameters = inspect.signature(function).parameters if callable(function) else {}
    except (TypeError, ValueError):
        return {}
    return {name: repr(parameter.default) for name, parameter in parameters.items()}


def _ordered(arguments: dict[str, str]) -> tuple[list[str], list[str]]:
    positional = [arguments[path] for path in sorted(filter(str.isdigit, arguments), key=int)]
    return positional, [f"{path}={text}" for path, text in arguments.items() if not path.isdigit()]


def _symbol(op: Op) -> tuple[str, bool]:
    """The infix symbol of a call, or '', and whether its operands are swapped."""
    name = op.name.strip("_")
    if name in REVERSED:
        return REVERSED[name], True
    return INFIX.get(name, INFIX.get(name[1:], "") if op.in_place and name.startswith("i") else ""), False


def _call(op: Op, arguments: dict[str, str], symbols: dict[str, str] | None = None) -> str:
    positional, named = _ordered(arguments)
    symbol, swapped = _symbol(op)
    if symbol and len(positional) == 2 and not named:
        left, right = reversed(positional) if swapped else positional
        return f"{left} {(symbols or {}).get(symbol, symbol)} {right}"
    name = op.name.strip("_")
    if name == "neg" and len(positional) == 1 and not named:
        return f"{MINUS if symbols else '-'}{positional[0]}"
    if name == "getitem" and len(positional) == 2:
        return f"{positional[0]}[{positional[1].removeprefix('(').removesuffix(')')}]"
    if name == "setitem" and len(positional) == 3:
        return f"{positional[0]}[{positional[1].removeprefix('(').removesuffix(')')}] ← {positional[2]}"
    if name in ("T", "mT", "H", "mH") and positional:
        return f"{positional[0]}.{name}"
    return f"{op.name}({', '.join(positional + named)})"


def _latex_call(op: Op, arguments: dict[str, str]) -> str:
    constants = {constant.path for constant in op.constants}
    arguments = {path: latex_text(text) if path in constants else text for path, text in arguments.items()}
    positional, named = _ordered(arguments)
    symbol, swapped = _symbol(op)
    if symbol and len(positional) == 2 and not named:
        left, right = reversed(positional) if swapped else positional
        if symbol == "/":
            return rf"\frac{{{left}}}{{{right}}}"
        if symbol == "**":
            return rf"{{{left}}}^{{{right}}}"
        return f"{left}{_LATEX_INFIX.get(symbol, f' {symbol} ')}{right}"
    name = op.name.strip("_")
    if name == "neg" and len(positional) == 1:
        return f"-{positional[0]}"
    if name == "sqrt" and len(positional) == 1:
        return rf"\sqrt{{{positional[0]}}}"
    head = rf"\{name}" if name in _LATEX_FUNCTIONS else rf"\operatorname{{{latex_escape(name)}}}"
    named = [rf"\mathtt{{{latex_escape(path)}}}={text}" for path, text in arguments.items() if not path.isdigit()]
    return rf"{head}\left({', '.join([*positional, *named])}\right)"


def latex_name(name: str) -> str:
    """A name in LaTeX.

    >>> latex_name("x1"), latex_name("f"), latex_name("layer.weight")
    ('x_{1}', 'f', '\\\\mathtt{layer.weight}')
    """
    indexed = _INDEXED.fullmatch(name)
    if indexed is None:
        return rf"\mathtt{{{latex_escape(name)}}}"
    return f"{indexed[1]}_{{{indexed[2]}}}" if indexed[2] else indexed[1]


def latex_bar(name: str) -> str:
    """The adjoint of a name in LaTeX.

    >>> latex_bar("x1"), latex_bar("W")
    ('\\\\bar{x}_{1}', '\\\\bar{W}')
    """
    indexed = _INDEXED.fullmatch(name)
    if indexed is None:
        return rf"\overline{{{latex_name(name)}}}"
    return rf"\bar{{{indexed[1]}}}_{{{indexed[2]}}}" if indexed[2] else rf"\bar{{{indexed[1]}}}"


def latex_number(text: str) -> str:
    """A formatted number in LaTeX.

    >>> latex_number("−1.2e−05"), latex_number("NaN"), latex_number("∞")
    ('-1.2 \\\\times 10^{-5}', '\\\\mathrm{NaN}', '\\\\infty')
    """
    text = text.replace(MINUS, "-").replace("∞", r"\infty").replace("NaN", r"\mathrm{NaN}")
    return re.sub(r"e([+-]\d+)", lambda match: rf" \times 10^{{{int(match[1])}}}", text)


def latex_text(text: str) -> str:
    """A constant argument in LaTeX: numbers as numbers, anything else as typewriter text."""
    return text if re.fullmatch(r"-?[\d.]+", text) else rf"\mathtt{{{latex_escape(text)}}}"


_LATEX_ESCAPES = {
    **{character: "\\" + character for character in "&%$#_{}"},
    "\\": r"\backslash{}",
    "~": r"\sim{}",
    "^": r"\hat{}",
    " ": r"\ ",
    "\n": r"\ ",
}


def latex_escape(text: str) -> str:
    """Any text inside a LaTeX formula, drawn as typed.

    >>> latex_escape("a_b")
    'a\\\\_b'
    """
    return "".join(_LATEX_ESCAPES.get(character, character) for character in text)


__all__ = ["Names", "latex_bar", "latex_escape", "latex_name", "latex_number"]
