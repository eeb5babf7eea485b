"""Parts of a pasted text that mean nothing here: imports of names that are known anyway, and type annotations."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import NoReturn

from playground.errors import Repair, Span
from playground.language.syntax.python_parser import Places
from playground.layers.pasted.needed import dotted, free_names, is_quiet
from playground.layers.pasted.tree import Edit

_IMPORTS = (
    "import torch",
    "import torch.nn as nn",
    "import torch.nn.functional as F",
    "from torch import nn",
    "from torch import Tensor",
    "from torch.nn import functional as F",
    "import torch.nn.init as init",
    "from torch.nn import init",
)
_STAYING = (
    "import math",
    "import numpy as np",
    "import numpy",
    "from collections import OrderedDict",
    "import collections",
)
_ALLOWED = f"what is here already may be imported: {', '.join(_IMPORTS)}"
_OPTIONS = "an option that a class uses needs a default that is written out: default=64"
_TYPES = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.Starred, ast.expr_context)
_REST = re.compile(r"[ \t]*;?[ \t]*(#[^\n]*)?\n?")  # of the line of an import
_EQUALS = re.compile(r"[ \t]*=[ \t]*")

_CASTS = ("cast", "typing.cast")

Refuse = Callable[[str, Span | ast.stmt | ast.expr, str, Repair | None], NoReturn]


def without_meaning(text: str, module: ast.Module, places: Places) -> tuple[str, tuple[Edit, ...]]:
    """A text of the same length whose assertions are `pass` and whose `cast(int, n)` is `(n)`, and the edits for that.

    What is asserted is no part of the computation, and need not be understood.

    >>> text = "import typing; assert x ^ y; z = typing.cast(int, z)"
    >>> without_meaning(text, ast.parse(text), Places(text, 1))[0]
    'import typing; pass        ; z = (                z)'
    """
    edits: list[Edit] = []
    waiting: list[ast.AST] = [module]
    has_cast = _imports_cast(module)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Assert):
            edits.append((*_ends(places.of(node)), "pass"))
            continue
        if has_cast and isinstance(node, ast.Call) and dotted(node.func) in _CASTS and len(node.args) == 2:
            (start, end), inside = _ends(places.of(node)), places.of(node.args[1])
            edits += [(start, inside.start, "("), (inside.end, end, ")")]
            waiting.append(node.args[1])
            continue
        waiting += ast.iter_child_nodes(node)
    for start, end, new in edits:
        left = re.sub(r"[^\n]", " ", text[start:end])
        filled = left[:-1] + new if new == ")" else new + left[len(new) :]
        text = text[:start] + filled + text[end:]
    return text, tuple(sorted(edits))


def outermost(edits: list[Edit]) -> Iterator[Edit]:
    """The edits that lie in no other: what is left out as a whole is not changed within.

    >>> list(outermost([(4, 6, "x"), (2, 9, ""), (9, 9, "nn.")]))
    [(2, 9, ''), (9, 9, 'nn.')]
    """
    done = 0
    for start, end, new in sorted(edits, key=lambda edit: (edit[0], edit[0] < edit[1], -edit[1])):
        if start >= done:
            yield start, end, new
            done = end


def _ends(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _imports_cast(module: ast.Module) -> bool:
    """Tell whether `cast` is the one of `typing`, which gives what it is given."""
    return any(
        (
            isinstance(node, ast.ImportFrom)
            and node.module == "typing"
            and any(name.name == "cast" for name in node.names)
        )
        or (isinstance(node, ast.Import) and any(name.name == "typing" for name in node.names))
        for node in module.body
    )


class LeftOut(ast.NodeTransformer):
    """Takes imports and annotations out of a tree; `edits` take them out of the text, which is Python then, too.

    Raises what `refuse` raises for another import, and for an annotation that computes something.
    """

    def __init__(self, text: str, places: Places, refuse: Refuse) -> None:
        self.text, self.places, self.refuse = text, places, refuse
        self.edits: list[Edit] = []

    def of(self, module: ast.Module) -> ast.Module:
        """The tree without them; functions in functions are left as they are, and refused by the reader."""
        body: list[ast.stmt] = []
        used = set().union(
            *(free_names(node) for node in module.body if not isinstance(node, ast.Import | ast.ImportFrom))
        )
        for node in module.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node, used, module)
            elif isinstance(node, ast.ClassDef):
                body.append(self._class(node))
            else:
                body.append(self.visit(node))
        return ast.Module(body, [])

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """What is printed or logged is left out, of the text, too."""
        if is_quiet(node):
            self._drop(node)
            return ast.copy_location(ast.Pass(), node)
        return node

    def lines(self, span: Span) -> None:
        """Leaves out a statement that no class needs, with what is left of its lines."""
        line = self.text.rfind("\n", 0, span.start) + 1
        start = span.start if self.text[line : span.start].strip() else line
        rest = _REST.match(self.text, span.end)
        self.edits.append((start, span.end if rest is None else rest.end(), ""))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        """The annotations of a function, and of those in it."""
        self._signature(node)
        return self.generic_visit(node)  # type: ignore[return-value]  # the same function

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """`y: Tensor = x` is `y = x`, and without a value it is nothing."""
        self._check(node.annotation)
        if node.value is None:
            self._drop(node)
            return ast.copy_location(ast.Pass(), node)
        start = self.text.index(":", self.places.of(node.target).end)
        self._drop_type(start, start + 1, node.annotation)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def _class(self, node: ast.ClassDef) -> ast.ClassDef:
        body: list[ast.stmt] = []
        for part in node.body:
            if isinstance(part, ast.FunctionDef):
                body.append(self.visit_FunctionDef(part))
            elif isinstance(part, ast.AnnAssign):
                declared = self.visit_AnnAssign(part)  # `weight: Tensor`, as a class declares what it keeps
                body += [declared] if part.value is not None else []
            else:
                body.append(part)
        node.body = body
        return node

    def _signature(self, node: ast.FunctionDef) -> None:
        given = node.args
        for name in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
            if name is not None and name.annotation is not None:
                self._check(name.annotation)
                start = self.text.index(":", self.places.at(name.lineno, name.col_offset))
                self._drop_type(start, start + 1, name.annotation, "=")
        if node.returns is not None:
            self._check(node.returns)
            start = self.text.rindex("->", 0, self.places.of(node.returns).start)
            space = len(self.text[:start]) - len(self.text[:start].rstrip(" \t"))
            self._drop_type(start - space, start + 2, node.returns)

    def _check(self, annotation: ast.expr) -> None:
        other = next((part for part in _walk(annotation) if not isinstance(part, _TYPES)), None)
        if other is not None:
            place = other if isinstance(other, ast.expr) else annotation
            self.refuse("this is no annotation", place, "a type, for instance Tensor or int | None; or none", None)

    def _drop_type(self, start: int, inside: int, annotation: ast.expr, equals: str = "") -> None:
        """Leaves out from `start` to the end of an annotation, with the brackets around it that open after `inside`.

        `equals` is how the `=` of a default is written then.
        """
        span = self.places.of(annotation)
        opened = re.sub(r"#[^\n]*", "", self.text[inside : span.start]).count("(")
        end = span.end
        for _ in range(opened):
            end = self.text.index(")", end) + 1
        default = _EQUALS.match(self.text, end) if equals else None
        self.edits.append((start, end, "") if default is None else (start, default.end(), equals))

    def _drop(self, node: ast.stmt) -> None:
        span = self.places.of(node)
        self.edits.append((span.start, span.end, "pass"))

    def _use(self, names: set[str], module: ast.Module) -> str:
        """Say which line uses one of these names."""
        for part in ast.walk(module):
            if isinstance(part, ast.Name) and part.id in names:
                line = self.text.count("\n", 0, self.places.of(part).start) + 1
                return f"line {line} uses {part.id}; "
        return ""

    def _import(self, node: ast.Import | ast.ImportFrom, used: set[str], module: ast.Module) -> None:
        span = self.places.of(node)
        rest = _REST.match(self.text, span.end)
        end = span.end if rest is None else rest.end()
        line = self.text.rfind("\n", 0, span.start) + 1
        start = span.start if self.text[line : span.start].strip() else line
        written = list(_one_by_one(node))
        if all(one in _STAYING for one in written):
            return  # the script needs it, and the reader knows it
        unknown = [name for name, one in zip(node.names, written, strict=True) if not _is_known(one)]
        given = {(name.asname or name.name).partition(".")[0] for name in unknown}
        if "*" in given or given & used:
            without = Repair("leave out the import", self.text[:start] + self.text[end:])
            hint = _OPTIONS if "argparse" in given else f"{self._use(given, module)}{_ALLOWED}"
            self.refuse("nothing but torch, nn, F and Tensor can be imported", node, hint, without)
        self.edits.append((start, end, ""))


def _is_known(written: str) -> bool:
    """`import torch.utils.data` gives the name `torch`, as `import torch` does."""
    return written in _IMPORTS or (written.startswith("import torch.") and " as " not in written)


def _one_by_one(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """An import as Python writes it, once for each name."""
    for name in node.names:
        one = ast.Import([name]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [name], node.level)
        yield ast.unparse(one)


def _walk(annotation: ast.expr) -> Iterator[ast.AST]:
    """The parts of an annotation without those `|` that join types."""
    for part in ast.walk(annotation):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr):
            continue
        if not isinstance(part, ast.BitOr):
            yield part
