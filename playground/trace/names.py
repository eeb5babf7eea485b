"""What values are called and how calls are written: `v₃ = sin(x2)`, `\\sin(x_2)`."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import torch

from playground.trace.numbers import MINUS, OVERLINE, bar, format_number, subscript
from playground.trace.records import BackwardNode, Contribution, Op, Step
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
_SLICE = re.compile(r"slice\(([^(),]*), ([^(),]*), ([^(),]*)\)")
_NEGATIVE = re.compile(rf"^\(({MINUS}[^()]*)\)$")
_ATTRIBUTES = ("T", "mT", "H", "mH", "grad", "data", "real", "imag")


class Names:
    """The display names of one trace: the user's own where they are unambiguous, else `v₃`."""

    def __init__(self, trace: Trace) -> None:
        labels = Counter(value.label for value in trace.values)
        self._trace = trace
        self._plain = [value.label if labels[value.label] == 1 else value.name for value in trace.values]
        self._shown = [subscript(name) if _GENERATED.fullmatch(name) else name for name in self._plain]
        self._expressions: dict[int, str] = {}

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

    def leaf(self, step: Step) -> str:
        """The leaf whose `.grad` a step changes."""
        leaf = None if step.node is None else self._trace.nodes[step.node].leaf
        return "leaf" if leaf is None else self.show(leaf)

    def target(self, node: BackwardNode, part: Contribution) -> str:
        """Where a contribution goes: a value, or the next node where no value stands between."""
        edge = node.edges[part.edge]
        if edge.value is not None:
            return self.show(edge.value)
        return "the next node" if edge.node is None else self._trace.nodes[edge.node].name

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
        if op.name == "getitem" and (len(lists) > 0 or "1" not in whole):
            whole["1"] = self._typed_index(op) or whole.get("1", "None")
        return whole

    def _typed_index(self, op: Op) -> str:
        """The index as it was typed, '' where no text is known: of `x[i, 0]` the record has the tensors only."""
        typed = "" if op.span is None else self._trace.text[op.span.start : op.span.end].rstrip()
        depth = 0
        for place in range(len(typed) - 1, 0, -1):
            depth += {"]": 1, "[": -1}.get(typed[place], 0)
            if depth == 0:
                return " ".join(typed[place + 1 : -1].split()) if typed.endswith("]") else ""
        return ""

    def expression(self, op: Op) -> str:
        """The call with names: `sin(x2)`, `x1 * x2`, `sum(x, dim=1)`."""
        if op.id not in self._expressions:
            self._expressions[op.id] = _call(op, self.operands(op, self.show))
        return self._expressions[op.id]

    def equation(self, op: Op) -> str:
        """The call with its results: `v₃ = sin(x2)`."""
        results = ", ".join(self.show(output) for output in op.outputs)
        expression = self.expression(op)
        return f"{results} = {expression}" if results else expression

    def numbers(self, op: Op) -> str:
        """The call with numbers for scalars: `sin(5)`, `2 × 5`."""
        if op.name.strip("_") in _ATTRIBUTES:
            return self.expression(op)
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
        return f"{positional[0]}[{index_text(positional[1])}]"
    if name == "setitem" and len(positional) == 3:
        return f"{positional[0]}[{index_text(positional[1])}] ← {positional[2]}"
    if name in _ATTRIBUTES and len(positional) == 1:
        return f"{positional[0]}.{name}"
    alone = [_NEGATIVE.sub(r"\1", text) for text in positional]  # between commas a sign needs no parentheses
    return f"{op.name}({', '.join(alone + named)})"


def index_text(text: str) -> str:
    """What stands between the brackets of an index, as one types it.

    >>> index_text("(slice(None, None, None), None, 1)"), index_text("(Ellipsis, slice(1, None, 2))"), index_text("-1")
    (':, None, 1', '..., 1::2', '-1')
    """

    def typed(match: re.Match[str]) -> str:
        start, stop, step = ("" if part == "None" else part for part in match.groups())
        return f"{start}:{stop}" + (f":{step}" if step else "")

    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].removesuffix(",")
    return _SLICE.sub(typed, text).replace("Ellipsis", "...")


def _latex_call(op: Op, arguments: dict[str, str]) -> str:
    constants = {constant.path for constant in op.constants}
    if op.name == "getitem" and all(argument.path != "1" for argument in op.inputs):
        constants.add("1")
        arguments = arguments | {"1": index_text(arguments["1"])}
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
    if name == "getitem" and len(positional) == 2:
        return rf"{positional[0]}\left[{positional[1]}\right]"
    if name in _ATTRIBUTES and len(positional) == 1:
        transposed = {"T": r"\top", "mT": r"\top", "H": r"\mathrm{H}", "mH": r"\mathrm{H}"}.get(name)
        return rf"{{{positional[0]}}}^{{{transposed}}}" if transposed else rf"{positional[0]}\mathrm{{.{name}}}"
    if name == "sqrt" and len(positional) == 1:
        return rf"\sqrt{{{positional[0]}}}"
    head = rf"\{name}" if name in _LATEX_FUNCTIONS else rf"\operatorname{{{latex_escape(name)}}}"
    named = [rf"\mathrm{{{latex_escape(path)}}}={text}" for path, text in arguments.items() if not path.isdigit()]
    return rf"{head}\left({', '.join([*positional, *named])}\right)"


def latex_name(name: str) -> str:
    """A name in LaTeX.

    >>> latex_name("x1"), latex_name("f"), latex_name("layer.weight")
    ('x_{1}', 'f', '\\\\mathrm{layer.weight}')
    """
    indexed = _INDEXED.fullmatch(name)
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


def latex_text(text: str) -> str:
    """A constant argument in LaTeX: numbers as numbers, anything else upright."""
    return text if re.fullmatch(r"-?[\d.]+", text) else rf"\mathrm{{{latex_escape(text)}}}"


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
