"""Own code: pasted classes with `__init__` and `forward`, read by the language and never executed as Python.

`parse_module` says what a text means, `build_own` makes the module of its last class.
"""

from __future__ import annotations

import ast
import re
from typing import NoReturn

from playground.errors import PlaygroundError, Repair, Span
from playground.language.limits import LIMITS
from playground.language.refusals import REFUSED_STATEMENTS
from playground.language.scan import normalise
from playground.language.syntax import Places, python_tree
from playground.language.table import PREFIXES
from playground.layers.own_build import build_own
from playground.layers.own_syntax import OwnExpressions, OwnStatements
from playground.layers.own_tree import Method, OwnClass, OwnSource, Parameter

_QUOTED = re.compile(r"""#[^\n]*|\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"[^"\n]*"|'[^'\n]*'""")
_NAME = re.compile(r"class[ \t]+(\w+)")
_BASES = ("nn.Module", "torch.nn.Module", "Module")
_EXAMPLE = "class Bias(nn.Module):"


def parse_module(text: str) -> OwnSource:
    '''Understands a text of classes, or raises the one PlaygroundError that says where and why not.

    >>> source = parse_module("""class Double(nn.Module):
    ...     def forward(self, x):
    ...         return 2 * x""")
    >>> source.module.name, source.inputs
    ('Double', ('x',))
    '''
    text = normalise(text)
    if re.search(r"\bclass\b", text) is None:
        raise PlaygroundError("there is no class", span=Span(0, len(text)), hint=f"begin with {_EXAMPLE}", text=text)
    plain = _QUOTED.sub(_without_docstring, text)
    try:
        module, places = python_tree(plain)
    except PlaygroundError as error:
        repair = error.repair if plain == text else None  # it would lose the docstrings
        raise PlaygroundError(error.message, span=error.span, hint=error.hint, repair=repair, text=text) from None
    return _Reader(text, places).source(module)


def _without_docstring(found: re.Match[str]) -> str:
    """Spaces for a text in triple quotes, so that every other character stays where it was."""
    written = found.group()
    is_docstring = written[:3] in ('"""', "'''") and len(written) >= 6
    return re.sub(r"[^\n]", " ", written) if is_docstring else written


class _Reader:
    def __init__(self, text: str, places: Places) -> None:
        self.text, self.places = text, places

    def refuse(
        self, message: str, place: Span | ast.stmt | ast.expr, hint: str, repair: Repair | None = None
    ) -> NoReturn:
        span = place if isinstance(place, Span) else self.places.of(place)
        raise PlaygroundError(message, span=span, hint=hint, repair=repair, text=self.text)

    def source(self, module: ast.Module) -> OwnSource:
        self.check_depth(module)
        body = _without_words(module.body)
        found: list[OwnClass] = []
        names = [node.name for node in body if isinstance(node, ast.ClassDef)]
        for node in body:
            if not isinstance(node, ast.ClassDef):
                message, hint = "only classes stand here", f"begin with {_EXAMPLE}"
                if isinstance(node, ast.Import | ast.ImportFrom):
                    message, hint = REFUSED_STATEMENTS[ast.Import][0], "torch, nn and F are here already; leave it out"
                    span = self.places.of(node)
                    rest = self.text[: span.start] + self.text[span.end :].removeprefix("\n")
                    self.refuse(message, node, hint, Repair("leave out the import", rest))
                self.refuse(message, self.first_line(node), hint)
            found.append(self.own_class(node, [own.name for own in found], names))
        if not found:
            self.refuse("there is no class", Span(0, len(self.text)), f"begin with {_EXAMPLE}")
        return OwnSource(self.text, tuple(found))

    def check_depth(self, module: ast.Module) -> None:
        """`python_tree` looks at statements and expressions; defaults and comprehensions have depth, too."""
        waiting: list[tuple[ast.AST, int]] = [(module, 0)]
        while waiting:
            node, depth = waiting.pop()
            if depth > LIMITS.depth:
                hint = f"the limit is {LIMITS.depth}"
                self.refuse(f"nested more than {LIMITS.depth} deep", Span(0, len(self.text)), hint)
            waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]

    def own_class(self, node: ast.ClassDef, known: list[str], names: list[str]) -> OwnClass:
        name = _NAME.match(self.text, self.places.of(node).start)
        span = self.first_line(node) if name is None else Span(*name.span(1))
        if node.decorator_list:
            self.refuse("decorators are not allowed", node.decorator_list[0], "leave the line with @ out")
        written = [self.places.of(base).of(self.text) for base in node.bases]
        if len(written) != 1 or written[0] not in _BASES or node.keywords:
            self.refuse(f"`{node.name}` is not a module", span, f"write class {node.name}(nn.Module):")
        if node.name in known:
            self.refuse(f"there are two classes `{node.name}`", span, "take another name")
        if node.name.startswith("__") or node.name in PREFIXES:
            self.refuse(f"`{node.name}` cannot be the name of a class", span, "take another name")
        later = [name for name in names if name not in known]
        methods: dict[str, Method] = {}
        for part in _without_words(node.body):
            if not isinstance(part, ast.FunctionDef) or part.name not in ("__init__", "forward"):
                hint = "what is computed is written out in `forward`"
                self.refuse("a class holds only `__init__` and `forward` here", self.first_line(part), hint)
            if part.name in methods:
                self.refuse(f"there are two `{part.name}`", self.first_line(part), "leave one out")
            expressions = OwnExpressions(self.text, self.places, known, later, part.name == "__init__")
            methods[part.name] = self.method(part, expressions)
        if "forward" not in methods:
            hint = "add def forward(self, x): with the computation, and return the result"
            self.refuse(f"`{node.name}` has no `forward`", span, hint)
        return OwnClass(node.name, methods.get("__init__", Method((), (), None)), methods["forward"], span)

    def method(self, node: ast.FunctionDef, expressions: OwnExpressions) -> Method:
        line = self.first_line(node)
        if node.decorator_list:
            self.refuse("decorators are not allowed", node.decorator_list[0], "leave the line with @ out")
        parameters = self.parameters(node, expressions, line)
        body = _without_words(node.body)
        result = None
        if expressions.in_init:
            body = self.without_super(node, body, line)
        else:
            last = body.pop() if body else None
            if not isinstance(last, ast.Return) or last.value is None:
                self.refuse("`forward` returns nothing", line, "end it with return and the result")
            result = last.value
        expressions.assigned |= {parameter.name for parameter in parameters}
        converted = OwnStatements(expressions).convert(body)
        returned = None if result is None else expressions.convert(result)
        for name, spans in expressions.free.items():
            hint = f"make it an argument of `{node.name}`, or write self.{name}"
            self.refuse(f"`{name}` has no value here", spans[0], hint)
        return Method(parameters, converted, returned)

    def parameters(self, node: ast.FunctionDef, expressions: OwnExpressions, line: Span) -> tuple[Parameter, ...]:
        given = node.args
        if given.vararg or given.kwarg or given.posonlyargs:
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
            if default is not None and not expressions.in_init:
                self.refuse("`forward` has no defaults here", default, "its arguments are the inputs")
            found.append(Parameter(name.arg, None if default is None else expressions.convert(default), span))
        if not expressions.in_init and not found:
            self.refuse("`forward` takes no input", line, "write def forward(self, x):")
        return tuple(found)

    def without_super(self, node: ast.FunctionDef, body: list[ast.stmt], line: Span) -> list[ast.stmt]:
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and ast.unparse(first).startswith("super("):
            written = ast.unparse(first)
            if re.fullmatch(r"super\((\w+, self)?\).__init__\(\)", written) is None:
                self.refuse("`super()` is only called as super().__init__()", first, "write super().__init__()")
            return body[1:]
        start = self.places.of(node.body[0]).start
        indent = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        call = f"super().__init__()\n{indent}"
        repair = Repair("write super().__init__()", self.text[:start] + call + self.text[start:])
        hint = "begin with super().__init__(): it makes the place where parameters are kept"
        self.refuse("`super().__init__()` is missing", line, hint, None if indent.strip() else repair)

    def first_line(self, node: ast.stmt) -> Span:
        """The line that a statement begins with."""
        span = self.places.of(node)
        return Span(span.start, min(span.end, (self.text + "\n").index("\n", span.start)))


def _without_words(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements without docstrings."""
    return [
        node
        for node in body
        if not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
    ]


__all__ = ["OwnSource", "build_own", "parse_module"]
