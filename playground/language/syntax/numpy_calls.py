"""Calls of NumPy written as PyTorch's, so that the same numbers come: the two differ under one name here and there."""

from __future__ import annotations

import ast
from collections.abc import Callable

from playground.errors import Span
from playground.language.functions.synonyms import CALLED_HERE
from playground.language.functions.table import find
from playground.language.syntax.python_parser import Places

Edits = list[tuple[Span, str]]


class NumpyCalls:
    """Rewrites all calls of NumPy in a text. `name_of` tells what of NumPy a call means: `sin`, `linalg.norm`, ''."""

    def __init__(self, text: str, places: Places, name_of: Callable[[ast.Call], str]) -> None:
        self._text = text
        self._places = places
        self._name_of = name_of

    def rewritten(self, tree: ast.AST) -> str:
        """The text with PyTorch's calls; one that has none with the same numbers stays as it is."""
        edits: Edits = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (name := self._name_of(node)):
                edits += self._edits(node, name) or []
        text = self._text
        for span, new in sorted(edits, key=lambda edit: (edit[0].start, edit[0].end), reverse=True):
            text = text[: span.start] + new + text[span.end :]
        return text

    def _edits(self, node: ast.Call, name: str) -> Edits | None:
        special = SPECIAL.get(name)
        if special is not None:
            return special(self, node, name)
        known = torch_name(name)
        return [self._renamed(node, f"torch.{known}")] if known else None

    def _renamed(self, node: ast.Call, new: str) -> tuple[Span, str]:
        return self._places.of(node.func), new

    def _with(self, node: ast.Call, argument: str) -> tuple[Span, str]:
        """One more argument in front of the closing bracket."""
        end = self._places.of(node).end - 1
        return Span(end, end), f", {argument}"

    def _spread(self, node: ast.Call, name: str) -> Edits | None:
        """`var` and `std`: NumPy divides by n, PyTorch by n - 1."""
        given = [keyword for keyword in node.keywords if keyword.arg in ("ddof", "correction")]
        if not given:
            return [self._renamed(node, f"torch.{name}"), self._with(node, "correction=0")]
        start = self._places.of(given[0]).start
        return [self._renamed(node, f"torch.{name}"), (Span(start, start + len(given[0].arg or "")), "correction")]

    def _median(self, node: ast.Call, name: str) -> Edits | None:
        """NumPy's median lies between the two in the middle; PyTorch's `median` is the lower of them."""
        if len(node.args) != 1:
            return None
        end = self._places.of(node.args[0]).end
        return [self._renamed(node, "torch.quantile"), (Span(end, end), ", 0.5")]

    def _extreme(self, node: ast.Call, name: str) -> Edits | None:
        """The largest along an axis: PyTorch's `max` gives the positions as well there."""
        is_whole = len(node.args) == 1 and not node.keywords
        known = name.removeprefix("a")
        return [self._renamed(node, f"torch.{known}" if is_whole else f"torch.a{known}")]

    def _of_a_number(self, node: ast.Call, name: str) -> Edits | None:
        """`maximum(0, x)`: PyTorch's takes two tensors; beside a number, `clamp` gives the same."""
        numbers = [is_number(argument) for argument in node.args]
        if len(node.args) != 2 or node.keywords or not any(numbers):
            return [self._renamed(node, f"torch.{name}")]
        if all(numbers):
            return None
        number, value = (
            self._places.of(node.args[numbers.index(True)]),
            self._places.of(node.args[numbers.index(False)]),
        )
        whole = self._places.of(node)
        bound = "min" if name in ("maximum", "fmax") else "max"
        ending = f", {bound}={number.of(self._text)})"
        return [(Span(whole.start, value.start), "torch.clamp("), (Span(value.end, whole.end), ending)]

    def _transposed(self, node: ast.Call, name: str) -> Edits | None:
        if len(node.args) == 2 and not node.keywords:
            return [self._renamed(node, "torch.permute")]
        if len(node.args) != 1 or node.keywords:
            return None
        inner, whole = self._places.of(node.args[0]), self._places.of(node)
        is_simple = isinstance(node.args[0], ast.Name | ast.Call | ast.Attribute | ast.Subscript)
        opening, closing = ("", ".T") if is_simple else ("(", ").T")
        return [(Span(whole.start, inner.start), opening), (Span(inner.end, whole.end), closing)]

    def _sorted(self, node: ast.Call, name: str) -> Edits | None:
        end = self._places.of(node).end
        return [self._renamed(node, "torch.sort"), (Span(end, end), ".values")]

    def _product(self, node: ast.Call, name: str) -> Edits | None:
        """Of vectors and matrices, NumPy's `dot` is PyTorch's `matmul`; with a number it is a multiple."""
        if any(map(is_number, node.args)):
            return [self._renamed(node, "torch.mul")]
        return [self._renamed(node, "torch.matmul")]

    def _length(self, node: ast.Call, name: str) -> Edits | None:
        is_plain = len(node.args) == 1 and {keyword.arg for keyword in node.keywords} <= {"axis", "keepdims"}
        return [self._renamed(node, "torch.norm")] if is_plain and not node.keywords else None

    def _grid(self, node: ast.Call, name: str) -> Edits | None:
        is_said = any(keyword.arg == "indexing" for keyword in node.keywords)
        return [self._renamed(node, "torch.meshgrid"), *([] if is_said else [self._with(node, "indexing='xy'")])]

    def _standard(self, node: ast.Call, name: str) -> Edits | None:
        """`normal(mean, spread, size)` has other arguments than `randn(*size)`."""
        return None if node.args or node.keywords else [self._renamed(node, "torch.randn")]

    def _none(self, node: ast.Call, name: str) -> Edits | None:
        return None


_SIMILAR = "torch has most functions of NumPy, under the same or a similar name"
_IN_TORCH = {  # where the same name gives other numbers, what gives the same
    **{
        name: f"write torch.{name}(..., correction=0): NumPy divides by n, and PyTorch by n - 1"
        for name in ("var", "std")
    },
    "median": "write torch.quantile(x, 0.5): torch.median is the lower of the two in the middle",
    **{name: f"write torch.{name}, or torch.a{name} along an axis" for name in ("max", "min")},
    "maximum": "write torch.maximum of two tensors, or torch.clamp(x, min=0) beside a number",
    "minimum": "write torch.minimum of two tensors, or torch.clamp(x, max=0) beside a number",
    "dot": "write torch.matmul, or @",
    "transpose": "write A.T",
    "sort": "write torch.sort(x).values",
    "split": "write torch.chunk for so many pieces: torch.split takes their length",
    "random.normal": "write mean + spread * torch.randn(size)",
    "linalg.norm": "write torch.norm(x) of a vector",
    "meshgrid": "write torch.meshgrid(x, y, indexing='xy')",
}

Special = Callable[[NumpyCalls, ast.Call, str], Edits | None]
SPECIAL: dict[str, Special] = {
    **dict.fromkeys(("var", "std"), NumpyCalls._spread),
    **dict.fromkeys(("max", "min", "amax", "amin"), NumpyCalls._extreme),
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), NumpyCalls._of_a_number),
    "median": NumpyCalls._median,
    "transpose": NumpyCalls._transposed,
    "sort": NumpyCalls._sorted,
    "dot": NumpyCalls._product,
    "linalg.norm": NumpyCalls._length,
    "meshgrid": NumpyCalls._grid,
    "random.normal": NumpyCalls._standard,
    # the same name for something else: a length in place of a number of pieces, the lower of two in the middle
    **dict.fromkeys(("split", "array_split", "nanmedian", "nanstd", "nanvar"), NumpyCalls._none),
}


def instead_of(name: str) -> str:
    """What to write for a function of NumPy."""
    known = torch_name(name)
    return _IN_TORCH.get(name) or (f"write torch.{known}" if known else _SIMILAR)


def torch_name(name: str) -> str:
    """The name that PyTorch has for a function of NumPy, '' where there is none: `asin` for `arcsin`."""
    home, _, last = name.rpartition(".")
    if home in ("linalg", "fft") and find(home, last) is not None:
        return name
    return next((known for known in (last, CALLED_HERE.get(last, "")) if find("torch", known) is not None), "")


def is_number(node: ast.expr) -> bool:
    """Tell whether a plain number stands here: `0`, `-1.5`."""
    if isinstance(node, ast.UnaryOp):
        return is_number(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
