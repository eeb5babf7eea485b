"""Convert Python's statements into ours: a whitelist, one small method per kind."""

from __future__ import annotations

import ast
from typing import NoReturn

from playground.errors import Repair, Span
from playground.language.functions.table import PREFIXES
from playground.language.syntax.expressions import Expressions
from playground.language.syntax.refusals import BINARY, REFUSED_STATEMENTS
from playground.language.syntax.tree import Assign, Augmented, Evaluate, Expression, For, GradMode, Name, Statement

GRAD_MODES = {"no_grad": False, "enable_grad": True, "inference_mode": False}


class Statements:
    """Converts the statements of one text, in order: a name is known from the line on that assigns it."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions

    def convert(self, body: list[ast.stmt]) -> tuple[Statement, ...]:
        """Statements of Python as ours; PlaygroundError at the first that is not allowed."""
        return tuple(self._statement(node) for node in body)

    def _statement(self, node: ast.stmt) -> Statement:
        span = self.expressions.places.of(node)
        match node:
            case ast.Expr(value=value):
                return Evaluate(self.expressions.convert(value), span)
            case ast.Assign():
                return self._assign(node, span)
            case ast.AugAssign():
                return self._augmented(node, span)
            case ast.For():
                return self._for(node, span)
            case ast.With():
                return self._with(node, span)
        message, hint = REFUSED_STATEMENTS.get(type(node), ("this is not allowed", ""))
        repair = None
        if isinstance(node, ast.Import | ast.ImportFrom):
            repair = Repair("leave out the imports", _without_imports(self.expressions.text))
        if isinstance(node, ast.Return) and node.value is not None:
            inner = self.expressions.places.of(node.value).of(self.expressions.text)
            repair = self.expressions.replace(span, inner)
        keyword = Span(
            span.start, span.start + max(1, len(span.of(self.expressions.text).split(" ")[0].split("\n")[0]))
        )
        self.expressions.refuse(message, keyword, hint, repair)

    def _assign(self, node: ast.Assign, span: Span) -> Assign:
        if len(node.targets) > 1:
            self.expressions.refuse("two `=` in one line", span, "give one name per line")
        value = self._value(node)
        targets, unpack = self._targets(node.targets[0])
        return Assign(targets, unpack, value, span)

    def _value(self, node: ast.Assign) -> Expression:
        return self.expressions.convert(node.value)

    def _augmented(self, node: ast.AugAssign, span: Span) -> Augmented:
        symbol = BINARY.get(type(node.op))
        place = self.expressions.places.of(node.target)
        if symbol is None or symbol in ("@", "&", "|", "//", "%"):
            self.expressions.refuse("only += -= *= /= and **= are allowed", span, "write x = x + y")
        if not isinstance(node.target, ast.Name):
            self._refuse_target(node.target)
        target = self.expressions.convert(node.target)  # it is used, too
        if not isinstance(target, Name):
            self.expressions.refuse("this name has a fixed meaning", place, "take another name")
        value = self.expressions.convert(node.value)
        self.expressions.assigned.add(target.id)
        return Augmented(target, symbol, value, span)

    def _for(self, node: ast.For, span: Span) -> For:
        if node.orelse:
            self.expressions.refuse("`else` after a loop is not allowed", span, "leave it out")
        iterable = self.expressions.convert(node.iter)
        targets, unpack = self._targets(node.target)
        return For(targets, unpack, iterable, self.convert(node.body), span)

    def _with(self, node: ast.With, span: Span) -> GradMode:
        item = node.items[0]
        call = item.context_expr
        function = call.func if isinstance(call, ast.Call) else call
        name = (
            function.attr
            if isinstance(function, ast.Attribute)
            else function.id
            if isinstance(function, ast.Name)
            else ""
        )
        is_plain = isinstance(function, ast.Name) or (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id == "torch"
        )
        place = self.expressions.places.of(call)
        if name == "set_grad_enabled" and is_plain and isinstance(call, ast.Call) and len(node.items) == 1:
            match call.args, call.keywords:
                case [ast.Constant(value=bool(enabled))], []:
                    return GradMode(enabled, self.convert(node.body), span)
        if name == "GradientTape":
            hint = "leave the line out, and move its lines out: y.backward() gives x.grad, and grad(y, x)[0] is a value"
            self.expressions.refuse("gradients are recorded all the time here, without a tape", place, hint)
        if len(node.items) > 1 or name not in GRAD_MODES or not is_plain or item.optional_vars is not None:
            self.expressions.refuse("`with` takes only torch.no_grad() here", place, "write with torch.no_grad():")
        if not isinstance(call, ast.Call) or call.args or call.keywords:
            self.expressions.refuse(
                f"`{name}` is called without arguments",
                place,
                f"write with torch.{name}():",
                self.expressions.replace(place, f"torch.{name}()"),
            )
        return GradMode(GRAD_MODES[name], self.convert(node.body), span)

    def _targets(self, node: ast.expr) -> tuple[tuple[Name, ...], bool]:
        parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
        names: list[Name] = []
        for part in parts:
            if not isinstance(part, ast.Name):
                self._refuse_target(part)
            place = self.expressions.places.of(part)
            if part.id in PREFIXES and part.id != "F":
                self.expressions.refuse(f"`{part.id}` has a fixed meaning", place, "take another name")
            if part.id.startswith("__"):
                self.expressions.refuse("names do not begin with two underscores", place, "take another name")
            names.append(Name(part.id, place))
        self.expressions.assigned.update(name.id for name in names)
        return tuple(names), isinstance(node, ast.Tuple | ast.List)

    def _refuse_target(self, node: ast.expr) -> NoReturn:
        refuse = self.expressions.refuse
        if isinstance(node, ast.Attribute) and node.attr == "grad":
            written = self.expressions.places.of(node).of(self.expressions.text)
            refuse("`.grad` cannot be set here", node, f"to clear it write {written}.zero_()")
        if isinstance(node, ast.Attribute) and node.attr == "requires_grad":
            refuse("`.requires_grad` cannot be set here", node, "write x.requires_grad_()")
        if isinstance(node, ast.Subscript):
            refuse(
                "elements cannot be set one by one", node, "make a new tensor: where(condition, x, y) or stack([a, b])"
            )
        if isinstance(node, ast.Starred):
            refuse("`*` in front of a name is not allowed", node, "write one name for each element")
        refuse("only a name can be given a value", node, "write y = ...")


def _without_imports(text: str) -> str:
    lines = [line for line in text.split("\n") if not line.lstrip().startswith(("import ", "from "))]
    return "\n".join(lines).lstrip("\n")
