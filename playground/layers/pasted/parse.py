"""`parse_module`: pasted classes with `__init__`, `forward` and methods, read and never executed as Python."""

from __future__ import annotations

import ast
import re
from typing import Any, NoReturn

from playground.errors import PlaygroundError, Repair, Span
from playground.language.functions.table import PREFIXES
from playground.language.limits import LIMITS
from playground.language.syntax.python_parser import Places, python_tree
from playground.language.syntax.scan import check_length, normalise
from playground.language.syntax.tree import Evaluate
from playground.layers.pasted.expressions import PastedExpressions
from playground.layers.pasted.ignored import LeftOut
from playground.layers.pasted.statements import PastedStatements
from playground.layers.pasted.tree import Invoke, Method, MethodParameter, PastedClass, PastedSource
from playground.layers.pasted.usual import as_is_usual

_QUOTED = re.compile(r"""#[^\n]*|(?:\b[rRuU])?\"{3}[\s\S]*?\"{3}|(?:\b[rRuU])?'{3}[\s\S]*?'{3}|"[^"\n]*"|'[^'\n]*'""")
_NAME = re.compile(r"class[ \t]+(\w+)")
_BASES = ("nn.Module", "torch.nn.Module", "Module")
_EXAMPLE = "class Bias(nn.Module):"
_BRACES = str.maketrans("{}", "[]")  # for the first look: nn.ModuleDict({...}) has them, formulas have not
MOST_NODES = 3_000  # of the syntax tree: a net of several classes is longer than a formula


def parse_module(text: str) -> PastedSource:
    '''Understands a text of classes, or raises the one PlaygroundError that says where and why not.

    >>> source = parse_module("""class Double(nn.Module):
    ...     def forward(self, x):
    ...         return 2 * x""")
    >>> source.module.name, source.inputs
    ('Double', ('x',))
    '''
    check_length(text)
    text = normalise(text)
    if re.search(r"\bclass\b", text) is None:
        raise PlaygroundError("there is no class", span=Span(0, len(text)), hint=f"begin with {_EXAMPLE}", text=text)
    plain = _QUOTED.sub(_without_docstring, text)
    try:
        scanned = plain.translate(_BRACES)
        module, places = python_tree(plain, scanned, MOST_NODES)
    except PlaygroundError as error:
        repair = error.repair if scanned == text else None  # it would lose the docstrings
        raise PlaygroundError(error.message, span=error.span, hint=error.hint, repair=repair, text=text) from None
    return _ClassReader(text, places).source(module)


def _without_docstring(found: re.Match[str]) -> str:
    """Spaces for a text in triple quotes, so that every other character stays where it was."""
    written = found.group()
    is_docstring = written.lstrip("rRuU")[:3] in ('"""', "'''") and len(written) >= 6
    return re.sub(r"[^\n]", " ", written) if is_docstring else written


class _ClassReader:
    def __init__(self, text: str, places: Places) -> None:
        self.text, self.places = text, places
        self.left_out = LeftOut(text, places, self.refuse)
        self.making: frozenset[str] = frozenset()  # names of methods that `__init__` calls, and itself
        self.running: frozenset[str] = frozenset()  # the same of `forward`

    def refuse(
        self, message: str, place: Span | ast.stmt | ast.expr, hint: str, repair: Repair | None = None
    ) -> NoReturn:
        span = place if isinstance(place, Span) else self.places.of(place)
        raise PlaygroundError(message, span=span, hint=hint, repair=repair, text=self.text)

    def source(self, module: ast.Module) -> PastedSource:
        self.check_depth(module)
        module = self.left_out.of(module)
        found: list[PastedClass] = []
        self.making, self.running = _reached(module, "__init__"), _reached(module, "forward")
        module = as_is_usual(module, self.making | self.running)
        body = _without_words(module.body)
        names = [node.name for node in body if isinstance(node, ast.ClassDef)]
        for node in body:
            if not isinstance(node, ast.ClassDef):
                self.refuse("only classes stand here", self.first_line(node), f"begin with {_EXAMPLE}")
            found.append(self.pasted_class(node, found, names))
        if not found:
            self.refuse("there is no class", Span(0, len(self.text)), f"begin with {_EXAMPLE}")
        return PastedSource(self.text, tuple(found), tuple(self.left_out.edits))

    def check_depth(self, module: ast.Module) -> None:
        """`python_tree` looks at statements and expressions; defaults and comprehensions have depth, too."""
        waiting: list[tuple[ast.AST, int]] = [(module, 0)]
        while waiting:
            node, depth = waiting.pop()
            if depth > LIMITS.depth:
                hint = f"the limit is {LIMITS.depth}"
                self.refuse(f"nested more than {LIMITS.depth} deep", Span(0, len(self.text)), hint)
            waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]

    def pasted_class(self, node: ast.ClassDef, known: list[PastedClass], names: list[str]) -> PastedClass:
        name = _NAME.match(self.text, self.places.of(node).start)
        span = self.first_line(node) if name is None else Span(*name.span(1))
        if node.decorator_list:
            self.refuse("decorators are not allowed", node.decorator_list[0], "leave the line with @ out")
        written = [self.places.of(base).of(self.text) for base in node.bases]
        base = next((earlier for earlier in known if written == [earlier.name]), None)
        if (base is None and (len(written) != 1 or written[0] not in _BASES)) or node.keywords:
            self.refuse(f"`{node.name}` is not a module", span, f"write class {node.name}(nn.Module):")
        if written == ["Module"]:
            start = self.places.of(node.bases[0]).start
            self.left_out.edits.append((start, start, "nn."))
        earlier = [one.name for one in known]
        if node.name in earlier:
            self.refuse(f"there are two classes `{node.name}`", span, "take another name")
        if node.name.startswith("__") or node.name in PREFIXES:
            self.refuse(f"`{node.name}` cannot be the name of a class", span, "take another name")
        parts: dict[str, ast.FunctionDef] = {}
        for part in _without_words(node.body):
            if not isinstance(part, ast.FunctionDef):
                hint = "what a class keeps is set in __init__: self.name = ..."
                self.refuse("a class holds only methods here", self.first_line(part), hint)
            if part.name.startswith("__") and part.name != "__init__":
                hint = "what is computed is written out in `forward`, and in methods that it calls"
                self.refuse(f"`{part.name}` cannot be defined here", self.first_line(part), hint)
            if part.name in parts:
                self.refuse(f"there are two `{part.name}`", self.first_line(part), "leave one out")
            parts[part.name] = part
        if "forward" not in parts and (base is None or base.find("forward") is None):
            hint = "add def forward(self, x): with the computation, and return the result"
            self.refuse(f"`{node.name}` has no `forward`", span, hint)
        methods = frozenset(parts) | (base.names if base is not None else frozenset())

        def read(part: ast.FunctionDef, in_init: bool) -> Method:
            later = [name for name in names if name not in earlier]
            expressions = PastedExpressions(self.text, self.places, earlier, later, in_init, methods, base)
            return self.method(part, expressions)

        making = [part for part in parts.values() if part.name in self.making]
        running = [part for part in parts.values() if part.name in self.running or part.name not in self.making]
        makers, others = tuple(read(part, True) for part in making), tuple(read(part, False) for part in running)
        return PastedClass(node.name, base, makers, others, span)

    def method(self, node: ast.FunctionDef, expressions: PastedExpressions) -> Method:
        line = self.first_line(node)
        if node.decorator_list:
            self.refuse("decorators are not allowed", node.decorator_list[0], "leave the line with @ out")
        parameters = self.parameters(node, expressions, line)
        body = _without_words(node.body)
        start: tuple[Any, ...] = ()
        result = None
        if node.name == "__init__":
            start, body = self.without_super(node, body, line, expressions)
        elif body and isinstance(body[-1], ast.Return):
            last = body.pop()
            result = last.value if isinstance(last, ast.Return) else None
        if node.name == "forward" and result is None:
            self.refuse("`forward` returns nothing", line, "end it with return and the result")
        expressions.assigned |= {parameter.name for parameter in parameters}
        converted = (*start, *PastedStatements(expressions).convert(body))
        returned = None if result is None else expressions.convert(result)
        for name, spans in expressions.free.items():
            hint = f"make it an argument of `{node.name}`, or write self.{name}"
            self.refuse(f"`{name}` has no value here", spans[0], hint)
        return Method(node.name, parameters, converted, returned, line)

    def parameters(
        self, node: ast.FunctionDef, expressions: PastedExpressions, line: Span
    ) -> tuple[MethodParameter, ...]:
        given = node.args
        used = {name.id for line in node.body for name in ast.walk(line) if isinstance(name, ast.Name)}
        others = [one for one in (given.vararg, given.kwarg) if one is not None and one.arg in used]
        if others or given.posonlyargs:
            self.refuse("`*`, `**` and `/` among the arguments are not allowed", line, "write one name for each")
        if not given.args or given.args[0].arg != "self":
            self.refuse(f"the first argument of `{node.name}` is self", line, f"write def {node.name}(self, ...):")
        names = [*given.args[1:], *given.kwonlyargs]
        missing = [None] * (len(given.args) - len(given.defaults))
        defaults = [*missing, *given.defaults][1:] + given.kw_defaults
        found = []
        for name, default in zip(names, defaults, strict=True):
            span = Span(
                *(self.places.at(name.lineno, name.col_offset + shift) for shift in (0, len(name.arg.encode())))
            )
            if name.arg in PREFIXES or name.arg.startswith("__"):
                self.refuse(f"`{name.arg}` cannot be the name of an argument", span, "take another name")
            found.append(MethodParameter(name.arg, None if default is None else expressions.convert(default), span))
        if node.name == "forward" and not any(parameter.default is None for parameter in found):
            self.refuse("`forward` takes no input", line, "write def forward(self, x):")
        return tuple(found)

    def without_super(
        self, node: ast.FunctionDef, body: list[ast.stmt], line: Span, expressions: PastedExpressions
    ) -> tuple[tuple[Any, ...], list[ast.stmt]]:
        """Return what `super().__init__()` runs of a base class of the text, and the lines after it."""
        first = body[0] if body else None
        call = first.value if isinstance(first, ast.Expr) else None
        if isinstance(call, ast.Call) and ast.unparse(call).startswith("super("):
            if re.match(r"super\((\w+, self)?\).__init__\(", ast.unparse(call)) is None:
                self.refuse("`super()` is only called as super().__init__()", call, "write super().__init__()")
            base = expressions.base
            if base is None and (call.args or call.keywords):
                self.refuse("`nn.Module` takes no arguments", call, "write super().__init__()")
            expressions.assigned |= {name.arg for name in (*node.args.args[1:], *node.args.kwonlyargs)}
            given = expressions.arguments(call)
            invoked: Any = Invoke("__init__", base, given, self.places.of(call))
            return (Evaluate(invoked, invoked.span),) if base is not None else (), body[1:]
        start = self.places.of(node.body[0]).start
        indent = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        added = f"super().__init__()\n{indent}"
        repair = Repair("write super().__init__()", self.text[:start] + added + self.text[start:])
        hint = "begin with super().__init__(): it makes the place where parameters are kept"
        self.refuse("`super().__init__()` is missing", line, hint, None if indent.strip() else repair)

    def first_line(self, node: ast.stmt) -> Span:
        """The line that a statement begins with."""
        span = self.places.of(node)
        return Span(span.start, min(span.end, (self.text + "\n").index("\n", span.start)))


def _reached(module: ast.Module, start: str) -> frozenset[str]:
    """The names of the methods that `self.name(...)` reaches from one of this name, in any class."""
    calls: dict[str, set[str]] = {}
    for method in ast.walk(module):
        if isinstance(method, ast.FunctionDef):
            calls.setdefault(method.name, set()).update(
                call.func.attr
                for call in ast.walk(method)
                if isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and ast.unparse(call.func.value).partition("(")[0] in ("self", "super")
            )
    found, waiting = {start}, [start]
    while waiting:
        new = (calls.get(waiting.pop(), set()) & calls.keys()) - found - {"forward", "__init__"}
        found |= new
        waiting += new
    return frozenset(found)


def _without_words(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements without docstrings."""
    return [
        node
        for node in body
        if not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
    ]
