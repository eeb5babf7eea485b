"""Names, numbers and calls in LaTeX: `v_{3}`, `\\bar{v}_{3}`, `\\sin\\left(x_{2}\\right)`."""

from __future__ import annotations

import re

from playground.explain.notation import ATTRIBUTES, index_text, infix, ordered
from playground.explain.numbers import MINUS, SUBSCRIPTS
from playground.trace.records import Op

_INFIX = {"*": r" \cdot ", "@": r" \, ", "-": " - ", "%": r" \bmod ", "<=": r" \le ", ">=": r" \ge "}
_FUNCTIONS = {
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
_ESCAPES = {
    **{character: "\\" + character for character in "&%$#_{}"},
    "\\": r"\backslash{}",
    "~": r"\sim{}",
    "^": r"\hat{}",
    " ": r"\ ",
    "\n": r"\ ",
}
_INDEXED = re.compile(r"([^\W\d_])_?(\d*)")
_NUMBERED = re.compile(rf"(.*[^{SUBSCRIPTS}])([{SUBSCRIPTS}]+)")


def latex_call(op: Op, arguments: dict[str, str]) -> str:
    """A call with its arguments by path, tensors already in LaTeX."""
    constants = {constant.path for constant in op.constants}
    if op.name == "getitem" and all(argument.path != "1" for argument in op.inputs):
        constants.add("1")
        arguments = arguments | {"1": index_text(arguments["1"])}
    arguments = {path: latex_text(text) if path in constants else text for path, text in arguments.items()}
    positional, named = ordered(arguments)
    symbol, swapped = infix(op)
    if symbol and len(positional) == 2 and not named:
        left, right = reversed(positional) if swapped else positional
        if symbol == "/":
            return rf"\frac{{{left}}}{{{right}}}"
        if symbol == "**":
            return rf"{{{left}}}^{{{right}}}"
        return f"{left}{_INFIX.get(symbol, f' {symbol} ')}{right}"
    name = op.name.strip("_")
    if name == "neg" and len(positional) == 1:
        return f"-{positional[0]}"
    if name == "getitem" and len(positional) == 2:
        return rf"{positional[0]}\left[{positional[1]}\right]"
    if name in ATTRIBUTES and len(positional) == 1:
        transposed = {"T": r"\top", "mT": r"\top", "H": r"\mathrm{H}", "mH": r"\mathrm{H}"}.get(name)
        return rf"{{{positional[0]}}}^{{{transposed}}}" if transposed else rf"{positional[0]}\mathrm{{.{name}}}"
    if name == "sqrt" and len(positional) == 1:
        return rf"\sqrt{{{positional[0]}}}"
    head = rf"\{name}" if name in _FUNCTIONS else rf"\operatorname{{{latex_escape(name)}}}"
    named = [rf"\mathrm{{{latex_escape(path)}}}={text}" for path, text in arguments.items() if not path.isdigit()]
    return rf"{head}\left({', '.join([*positional, *named])}\right)"


def latex_name(name: str) -> str:
    """A name in LaTeX.

    >>> latex_name("x1"), latex_name("f"), latex_name("layer.weight"), latex_name("loss₃")
    ('x_{1}', 'f', '\\\\mathrm{layer.weight}', '\\\\mathrm{loss}_{3}')
    """
    indexed = _INDEXED.fullmatch(name)
    if (numbered := _NUMBERED.fullmatch(name)) is not None:
        return f"{latex_name(numbered[1])}_{{{''.join(str(SUBSCRIPTS.index(digit)) for digit in numbered[2])}}}"
    if indexed is None:
        return rf"\mathrm{{{latex_escape(name)}}}"
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


def latex_group(formula: str) -> str:
    """A formula as a factor: in parentheses if it is negative, a sum, or goes by cases.

    >>> latex_group("-1"), latex_group("1 - {y}^{2}"), latex_group(r"\\frac{1}{1 + x}")
    ('(-1)', '\\\\left(1 - {y}^{2}\\\\right)', '\\\\frac{1}{1 + x}')
    """
    if re.fullmatch(r"-[\d.]+", formula):
        return f"({formula})"
    is_sum = formula.startswith(("-", r"\begin{cases}")) or any(sign in _outside(formula) for sign in (" + ", " - "))
    return rf"\left({formula}\right)" if is_sum else formula


def _outside(formula: str) -> str:
    """What stands in no braces, parentheses or brackets."""
    depth, outside = 0, ""
    for character in formula:
        depth -= character in ")]}"
        outside += character if depth == 0 else ""
        depth += character in "([{"
    return outside


def latex_text(text: str) -> str:
    """A constant argument in LaTeX: numbers as numbers, anything else upright."""
    return text if re.fullmatch(r"-?[\d.]+", text) else rf"\mathrm{{{latex_escape(text)}}}"


def latex_escape(text: str) -> str:
    """Any text inside a LaTeX formula, drawn as typed.

    >>> latex_escape("a_b")
    'a\\\\_b'
    """
    return "".join(_ESCAPES.get(character, character) for character in text)
