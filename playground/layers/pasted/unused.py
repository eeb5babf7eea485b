"""What of a pasted file its module does not use, in a line: a reader who looks for it should not look in vain."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from playground.layers.pasted.needed import Needed

_SHOWN = 3  # names of a kind
_LONG = 40  # characters of a name


def unused_text(file: Needed) -> str:
    """Say what was left out; '' where that is nothing but imports and words.

    >>> from playground.layers.pasted.needed import needed
    >>> body = ":\\n  def forward(self, x): return x\\n"
    >>> file = f"class D(nn.Module){body}class Net(nn.Module){body}  def draw(self): pass\\nx = 3\\ny = 4"
    >>> unused_text(needed(ast.parse(file)))
    'class D; method draw; 2 lines outside of classes and functions'
    """
    classes = [node.name for node in file.left_out if isinstance(node, ast.ClassDef)]
    functions = [node.name for node in file.left_out if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lines = sum(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in file.left_out
        if _computes(node) and not _makes(node, file)
    )
    told = [
        _named("class", "classes", classes),
        _named("function", "functions", functions),
        _named("method", "methods", [method.name for method in file.uncalled]),
        f"{lines:,} line{'s' if lines > 1 else ''} outside of classes and functions" if lines else "",
    ]
    return "; ".join(filter(None, told))


def _makes(node: ast.stmt, file: Needed) -> bool:
    """Tell whether it is the line `net = Net(3)`, whose call is used."""
    return file.entry is not None and any(part is file.entry for part in ast.walk(node))


def _computes(node: ast.stmt) -> bool:
    """Tell whether a statement is neither a definition, nor an import, nor a docstring."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom)
    return not is_text and not isinstance(node, kinds)


def _named(one: str, several: str, names: Iterable[str]) -> str:
    """Write a few names, and how many more there are.

    >>> _named("class", "classes", "ABCDE")
    'classes A, B, C and 2 more'
    """
    cut = [name if len(name) <= _LONG else f"{name[: _LONG - 1]}…" for name in names]
    if len(cut) < 2:
        return "".join(f"{one} {name}" for name in cut)
    last = cut[-1] if len(cut) <= _SHOWN else f"{len(cut) - _SHOWN} more"
    shown = cut[:-1] if len(cut) <= _SHOWN else cut[:_SHOWN]
    return f"{several} {', '.join(shown)} and {last}"
