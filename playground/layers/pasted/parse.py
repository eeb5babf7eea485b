"""`parse_module`: pasted classes with `__init__`, `forward` and methods, read and never executed as Python."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any, NoReturn

from playground.errors import PlaygroundError, Repair, Span
from playground.language.functions.table import PREFIXES
from playground.language.limits import LIMITS
from playground.language.syntax.python_parser import Places, python_tree, tree_if_read
from playground.language.syntax.scan import check_length, normalise
from playground.language.syntax.tree import Assign, Evaluate
from playground.layers.limits import LIMITS as LAYERS
from playground.layers.pasted.expressions import Around, PastedExpressions
from playground.layers.pasted.ignored import LeftOut, outermost, without_meaning
from playground.layers.pasted.needed import Needed, named, needed, reached
from playground.layers.pasted.options import Place, option_uses, place_of, use_without_default, write_defaults
from playground.layers.pasted.statements import PastedStatements
from playground.layers.pasted.tree import (
    Constant,
    Edit,
    Entry,
    Invoke,
    Method,
    MethodParameter,
    PastedClass,
    PastedFunction,
    PastedSource,
)
from playground.layers.pasted.unused import unused_text
from playground.layers.pasted.usual import as_is_usual, constants_of

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
    check_length(text, LAYERS.text_length)
    text = normalise(text)
    if re.search(r"\bclass\b", text) is None:
        raise PlaygroundError("there is no class", span=Span(0, len(text)), hint=f"begin with {_EXAMPLE}", text=text)
    plain = _QUOTED.sub(_without_docstring, text)
    found = tree_if_read(plain)
    meaningless: tuple[Edit, ...] = ()
    if found is not None:
        plain, meaningless = without_meaning(plain, *found)
        found = tree_if_read(plain)
    uses = {} if found is None else option_uses(found[0])
    if found is not None:
        write_defaults(found[0], uses)
    file = None if found is None else needed(found[0])
    left_out: tuple[Span, ...] = ()
    if found is not None and file is not None:
        left_out = tuple(map(found[1].of, map(_whole, (*file.left_out, *file.uncalled))))
    for span in left_out:
        plain = plain[: span.start] + re.sub(r"[^\n]", " ", span.of(plain)) + plain[span.end :]
    try:
        scanned = plain.translate(_BRACES)
        module, places = python_tree(plain, scanned, MOST_NODES, LAYERS.text_length)
    except PlaygroundError as error:
        repair = error.repair if plain.translate(_BRACES) == text else None  # it would lose the docstrings
        raise PlaygroundError(error.message, span=error.span, hint=error.hint, repair=repair, text=text) from None
    reader = _ClassReader(text, places, left_out)
    reader.left_out.edits += meaningless
    if found is not None and file is not None:
        reader.check_needed(file, use_without_default(found[0], file.kept))
    reader.write_defaults(module, uses)
    source = reader.source(module, None if file is None else file.entry)
    return source if file is None else replace(source, unused=unused_text(file))


def _without_docstring(found: re.Match[str]) -> str:
    """Spaces for a text in triple quotes, so that every other character stays where it was."""
    written = found.group()
    is_docstring = written.lstrip("rRuU")[:3] in ('"""', "'''") and len(written) >= 6
    return re.sub(r"[^\n]", " ", written) if is_docstring else written


class _ClassReader:
    def __init__(self, text: str, places: Places, left_out: tuple[Span, ...]) -> None:
        self.text, self.places = text, places
        self.left_out = LeftOut(text, places, self.refuse)
        for span in left_out:
            self.left_out.lines(span)
        self.making: frozenset[str] = frozenset()  # names of methods and functions that `__init__` reaches, and itself
        self.running: frozenset[str] = frozenset()  # the same of `forward`
        self.named: frozenset[str] = frozenset()  # of those that stand somewhere without being called
        self.around = Around(frozenset())

    def refuse(
        self, message: str, place: Span | ast.stmt | ast.expr, hint: str, repair: Repair | None = None
    ) -> NoReturn:
        span = place if isinstance(place, Span) else self.places.of(place)
        raise PlaygroundError(message, span=span, hint=hint, repair=repair, text=self.text)

    def check_needed(self, file: Needed, option: ast.Attribute | None) -> None:
        """Refuses what the module needs and nothing here gives a value: it is known only when the file runs."""
        if file.under is not None:
            name, node = file.under
            word = type(node).__name__.lower()
            hint = f"write {name} = ... on a line of its own"
            self.refuse(f"`{name}` is set under `{word}`, which is not run here", self.first_line(node), hint)
        if option is not None:
            hint = "write default=64 where the option is added, or the number itself here"
            self.refuse(f"`{ast.unparse(option)}` has no default that is written out", option, hint)

    def write_defaults(self, module: ast.Module, uses: dict[Place, ast.expr]) -> None:
        """Writes the defaults of a file's options where the module uses them, in the script, too."""
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute) and place_of(node) in uses:
                span = self.places.of(node)
                self.left_out.edits.append((span.start, span.end, ast.unparse(uses[place_of(node)])))
        write_defaults(module, uses)

    def source(self, module: ast.Module, entry: ast.Call | None) -> PastedSource:
        self.check_depth(module)
        if entry is not None:
            self.check_depth(ast.Module([ast.Expr(entry)], []))
        module = self.left_out.of(module)
        self.making = reached(module, entry, "__init__")
        self.running = reached(module, None, "forward")
        self.named = named(module)
        module = as_is_usual(module, self.making | self.running)
        body = _without_words(module.body)
        classes = [node for node in body if isinstance(node, ast.ClassDef)]
        if not classes:
            self.refuse("there is no class", Span(0, len(self.text)), f"begin with {_EXAMPLE}")
        others = [node for node in body if not isinstance(node, ast.ClassDef)]
        names = frozenset(name for node in others for name in self.given(node))
        self.around = Around(frozenset(node.name for node in classes), names)
        constants = tuple(self.constant(node) for node in others if not isinstance(node, ast.FunctionDef))
        functions = tuple(self.function(node) for node in others if isinstance(node, ast.FunctionDef))
        found: list[PastedClass] = []
        for node in classes:
            found.append(self.pasted_class(node, found))
        made = None if entry is None else self.entry(entry)
        left_out = tuple(outermost(self.left_out.edits))
        return PastedSource(self.text, tuple(found), left_out, functions, constants, made)

    def given(self, node: ast.stmt) -> tuple[str, ...]:
        """The names of a function or of constants beside the classes."""
        match node:
            case ast.FunctionDef(name=name):
                names: tuple[str, ...] = (name,)
            case ast.Assign(targets=[ast.Name(id=name)]):
                names = (name,)
            case ast.Assign(targets=[ast.Tuple(elts=parts)]) if all(isinstance(part, ast.Name) for part in parts):
                names = tuple(part.id for part in parts if isinstance(part, ast.Name))
            case _:
                hint = f"begin with {_EXAMPLE}"
                self.refuse("only classes, functions and constants stand here", self.first_line(node), hint)
        for name in names:
            if name in PREFIXES or name.startswith("__"):
                self.refuse(f"`{name}` cannot be given a meaning here", self.first_line(node), "take another name")
        return names

    def expressions(self, around: Around, in_init: bool) -> PastedExpressions:
        return PastedExpressions(self.text, self.places, around, in_init, self.method)

    def constant(self, node: ast.stmt) -> Constant:
        """`WIDTHS = [16, 32]`: numbers, words, lists and dictionaries of them, kinds of layers."""
        expressions = self.expressions(self.around, in_init=True)
        (statement,) = PastedStatements(expressions).convert([node])
        self.check_free(expressions, "give it a value above")
        assert isinstance(statement, Assign)
        return Constant(statement.targets, statement.unpack, statement.value, self.first_line(node))

    def function(self, node: ast.FunctionDef) -> PastedFunction:
        """A function beside the classes, read once for `__init__` and once for `forward`, as far as each reaches it."""
        making, running = (
            self.method(node, self.expressions(self.around, in_init)) if node.name in names else None
            for in_init, names in ((True, self.making), (False, self.running))
        )
        return PastedFunction(node.name, making, running or self.maybe(node, self.around), self.first_line(node))

    def maybe(self, node: ast.FunctionDef, around: Around, is_own: bool = False) -> Method | None:
        """A function that is only named somewhere, as `forward` may call it; None where it makes layers or draws."""
        try:
            return self.method(node, self.expressions(around, False), is_own) if node.name in self.named else None
        except PlaygroundError:
            return None

    def entry(self, call: ast.Call) -> Entry:
        expressions = self.expressions(self.around, in_init=True)
        value = expressions.convert(call)
        self.check_free(expressions, "write the number itself")
        return Entry(value, ast.unparse(call), self.places.of(call))

    def check_free(self, expressions: PastedExpressions, hint: str) -> None:
        """Refuses the first name that nothing gives a value."""
        for name, spans in expressions.free.items():
            self.refuse(f"`{name}` has no value here", spans[0], hint.format(name=name))

    def check_depth(self, module: ast.Module) -> None:
        """`python_tree` looks at statements and expressions; defaults and comprehensions have depth, too."""
        waiting: list[tuple[ast.AST, int]] = [(module, 0)]
        while waiting:
            node, depth = waiting.pop()
            if depth > LIMITS.depth:
                hint = f"the limit is {LIMITS.depth}"
                self.refuse(f"nested more than {LIMITS.depth} deep", Span(0, len(self.text)), hint)
            waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]

    def pasted_class(self, node: ast.ClassDef, known: list[PastedClass]) -> PastedClass:
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
        if node.name in [one.name for one in known]:
            self.refuse(f"there are two classes `{node.name}`", span, "take another name")
        if node.name.startswith("__") or node.name in PREFIXES:
            self.refuse(f"`{node.name}` cannot be the name of a class", span, "take another name")
        parts: dict[str, ast.FunctionDef] = {}
        constants = tuple(constant for part in node.body for constant in constants_of(part))
        for part in _without_words(node.body):
            if constants_of(part):
                continue
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

        around = replace(self.around, methods=methods, base=base)

        def read(part: ast.FunctionDef, in_init: bool) -> Method:
            return self.method(part, self.expressions(around, in_init), is_own=True)

        making = [part for part in parts.values() if part.name in self.making]
        running = [part for part in parts.values() if part.name in self.running or part.name not in self.making]
        makers, others = tuple(read(part, True) for part in making), tuple(read(part, False) for part in running)
        maybe = [self.maybe(part, around, is_own=True) for part in making if part not in running]
        others += tuple(part for part in maybe if part is not None)
        return PastedClass(node.name, base, makers, others, span, constants)

    def method(
        self, node: ast.FunctionDef | ast.Lambda, expressions: PastedExpressions, is_own: bool = False
    ) -> Method:
        """A method (`is_own`), a function beside the classes or within one, or a lambda."""
        if isinstance(node, ast.Lambda):
            name, line, body = "lambda", self.places.of(node), [_returned(node.body)]
        else:
            name, line, body = node.name, self.first_line(node), _without_words(node.body)
            if node.decorator_list:
                self.refuse("decorators are not allowed", node.decorator_list[0], "leave the line with @ out")
        parameters, rest, more = self.parameters(node, expressions, name, line, is_own)
        expressions.assigned |= {parameter.name for parameter in parameters} | {rest, more} - {""}
        statements = PastedStatements(expressions)
        converted: tuple[Any, ...] = ()
        if name == "__init__" and is_own and isinstance(node, ast.FunctionDef):
            place = self.place_of_super(node, body, line)
            before, call, body = body[:place], body[place], body[place + 1 :]
            converted = (*statements.convert(before), *self.super_init(call, expressions))
        if name == "forward" and is_own and not any(map(_gives, body)):
            self.refuse("`forward` returns nothing", line, "end it with return and the result")
        converted += statements.convert(body)
        self.check_free(expressions, f"make it an argument of `{name}`" + (", or write self.{name}" if is_own else ""))
        return Method(name, parameters, converted, line, rest, more)

    def parameters(
        self, node: ast.FunctionDef | ast.Lambda, expressions: PastedExpressions, name: str, line: Span, is_own: bool
    ) -> tuple[tuple[MethodParameter, ...], str, str]:
        """The arguments without `self`, and the names behind `*` and `**`."""
        given = node.args
        if given.posonlyargs:
            self.refuse("`/` among the arguments is not allowed", line, "leave it out")
        if is_own and (not given.args or given.args[0].arg != "self"):
            self.refuse(f"the first argument of `{name}` is self", line, f"write def {name}(self, ...):")
        names = [*given.args[is_own:], *given.kwonlyargs]
        missing = [None] * (len(given.args) - len(given.defaults))
        defaults = [*missing, *given.defaults][is_own:] + given.kw_defaults
        found = []
        for one, default in zip(names, defaults, strict=True):
            span = Span(*(self.places.at(one.lineno, one.col_offset + shift) for shift in (0, len(one.arg.encode()))))
            if one.arg in PREFIXES or one.arg.startswith("__") or one.arg == "self":
                self.refuse(f"`{one.arg}` cannot be the name of an argument", span, "take another name")
            value = None if default is None else expressions.convert(default)
            found.append(MethodParameter(one.arg, value, span, one in given.kwonlyargs))
        if name == "forward" and is_own and not any(parameter.default is None for parameter in found):
            self.refuse("`forward` takes no input", line, "write def forward(self, x):")
        rest, more = ("" if one is None else one.arg for one in (given.vararg, given.kwarg))
        return tuple(found), rest, more

    def place_of_super(self, node: ast.FunctionDef, body: list[ast.stmt], line: Span) -> int:
        """Which line of `__init__` is `super().__init__()`."""
        for place, statement in enumerate(body):
            call = statement.value if isinstance(statement, ast.Expr) else None
            written = ast.unparse(call) if isinstance(call, ast.Call) else ""
            if written.startswith(("super(", "nn.Module.__init__(")):
                if re.match(r"super\((\w+, self)?\).__init__\(|nn.Module.__init__\(self\)$", written) is None:
                    self.refuse("`super()` is only called as super().__init__()", statement, "write super().__init__()")
                return place
        start = self.places.of(node.body[0]).start
        indent = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        added = f"super().__init__()\n{indent}"
        repair = Repair("write super().__init__()", self.text[:start] + added + self.text[start:])
        hint = "begin with super().__init__(): it makes the place where parameters are kept"
        self.refuse("`super().__init__()` is missing", line, hint, None if indent.strip() else repair)

    def super_init(self, statement: ast.stmt, expressions: PastedExpressions) -> tuple[Any, ...]:
        """What `super().__init__()` runs of a base class of the text."""
        call = statement.value if isinstance(statement, ast.Expr) else None
        assert isinstance(call, ast.Call)
        if ast.unparse(call) == "nn.Module.__init__(self)":
            return ()
        if expressions.base is None and (call.args or call.keywords):
            self.refuse("`nn.Module` takes no arguments", call, "write super().__init__()")
        given = expressions.arguments(call)
        invoked: Any = Invoke("__init__", expressions.base, given, self.places.of(call))
        return () if expressions.base is None else (Evaluate(invoked, invoked.span),)

    def first_line(self, node: ast.stmt) -> Span:
        """The line that a statement begins with."""
        span = self.places.of(node)
        return Span(span.start, min(span.end, (self.text + "\n").index("\n", span.start)))


def _whole(node: ast.stmt) -> ast.stmt:
    """A statement with its decorators."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and node.decorator_list:
        first = node.decorator_list[0]
        node.lineno, node.col_offset = first.lineno, max(first.col_offset - 1, 0)
    return node


def _gives(node: ast.stmt) -> bool:
    """Tell whether a statement returns a value somewhere."""
    return any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))


def _returned(value: ast.expr) -> ast.stmt:
    return ast.copy_location(ast.Return(value), value)


def _without_words(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements without docstrings."""
    return [
        node
        for node in body
        if not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
    ]
