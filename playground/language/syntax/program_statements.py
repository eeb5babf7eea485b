"""Statements of a program: those of the language, and beside them functions, choices, items, and lines to leave out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NoReturn

from playground.errors import Span
from playground.language.syntax import tree
from playground.language.syntax.left_out import BAR, DEVICE, PRINT, ROOTS, SETTING, WORDS, LeftOut, dotted, reason_of
from playground.language.syntax.program_expressions import ProgramExpressions
from playground.language.syntax.refusals import BINARY
from playground.language.syntax.statements import GRAD_MODES, Statements

_MAIN = ("__name__ == '__main__'", "'__main__' == __name__")


class ProgramStatements(Statements):
    """Statements of one text. `left_out` says which lines mean nothing here."""

    expressions: ProgramExpressions

    def __init__(self, expressions: ProgramExpressions, module: ast.Module) -> None:
        super().__init__(expressions)
        self.left_out: list[LeftOut] = []
        self._ignored = set(ROOTS) - set(_given(module.body))
        self._everywhere = set(_given(module.body))
        self._prints_compute = not any(map(_computes, module.body))
        self._is_alone = len(module.body) == 1
        self._functions = 0  # how deep in a `def`
        self._loops = 0

    def convert(self, body: list[ast.stmt]) -> tuple[tree.Statement, ...]:
        found: list[tree.Statement] = []
        for node in body:
            found += self._read(node)
        return tuple(found)

    def _read(self, node: ast.stmt) -> list[tree.Statement]:
        """The statements that one of Python's stands for: none where it means nothing here."""
        places = self.expressions.places
        match node:
            case ast.Pass():
                return []
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=args)) if "print" not in self._everywhere:
                return self._print(node, args)
            case ast.If(test=test) if ast.unparse(test) in _MAIN:
                self.left_out.append(LeftOut(places.of(test), SETTING))
                return list(self.convert(node.body))
            case ast.AnnAssign(value=None):
                return []
            case ast.Assign(targets=[_, _, *_]) if (parts := _one_by_one(node)) is not None:
                return list(self.convert(parts))
            case ast.Import() | ast.ImportFrom():
                self.expressions.imports.read(node)
        reason = reason_of(node, self._ignored)
        if reason is None or (self._is_alone and reason == WORDS):
            return [self._statement(node)]
        self.left_out.append(LeftOut(places.of(node), reason))
        targets = node.targets if isinstance(node, ast.Assign) else []
        names = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        if reason == DEVICE:
            self.expressions.devices |= names
        else:
            self._ignored |= names
        return []

    def _print(self, node: ast.stmt, args: list[ast.expr]) -> list[tree.Statement]:
        """`print(...)` is left out, unless it holds the only thing that the text computes."""
        shown = [part for part in args if _computes_value(part)]
        if not (self._prints_compute and shown):
            self.left_out.append(LeftOut(self.expressions.places.of(node), PRINT))
            return []
        return [tree.Evaluate(self.expressions.convert(part), self.expressions.places.of(part)) for part in shown]

    def _statement(self, node: ast.stmt) -> tree.Statement:
        span = self.expressions.places.of(node)
        match node:
            case ast.AnnAssign(value=value) if value is not None:
                return self._assign(ast.copy_location(ast.Assign([node.target], value), node), span)
            case ast.Expr(value=ast.Call(func=function) as call) if self._is_seed(function):
                if len(call.args) != 1 or call.keywords:
                    self.expressions.refuse("`manual_seed` takes one whole number", call, "torch.manual_seed(0)")
                return tree.Seed(self.expressions.convert(call.args[0]), span)
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(attr="append" | "extend" as how, value=ast.Name(id=name) as place)
                ) as call
            ):
                if name in self.expressions.assigned and len(call.args) == 1 and not call.keywords:
                    target = tree.Name(name, self.expressions.places.of(place))
                    return tree.Append(target, self.expressions.convert(call.args[0]), span, how)
            case ast.If(test=test, body=body, orelse=orelse):
                return tree.If(self.expressions.convert(test), self.convert(body), self.convert(orelse), span)
            case ast.FunctionDef():
                return self._define(node, span)
            case ast.ClassDef():
                self._refuse_class(node, span)
            case ast.Return() if self._functions:
                return tree.Return(None if node.value is None else self.expressions.convert(node.value), span)
            case ast.Break() | ast.Continue() if self._loops:
                return tree.Leave("break" if isinstance(node, ast.Break) else "continue", span)
        return super()._statement(node)

    def _is_seed(self, function: ast.expr) -> bool:
        written = dotted(function)
        return (
            "torch" not in self.expressions.assigned and self.expressions.imports.prefix(written) == "torch.manual_seed"
        )

    def _assign(self, node: ast.Assign, span: Span) -> tree.Statement:  # type: ignore[override]  # one of several
        convert = self.expressions.convert
        match node.targets:
            case [ast.Subscript() as place]:
                value = convert(node.value)
                return tree.SetItem(self._item(place), "", value, span)
            case [ast.Attribute(attr="data", value=owner)]:
                value = convert(node.value)
                return tree.SetData(convert(owner), "", value, span)
            case [ast.Attribute(attr="grad", value=owner)] if _is_none(node.value):
                return tree.ClearGrad(convert(owner), span)
            case [ast.Attribute(attr="requires_grad", value=owner) as place]:
                value = convert(node.value)
                argument = tree.CallArgument("", value, value.span)
                place_of = self.expressions.places.of(place)
                call = tree.Call("Tensor", "requires_grad_", convert(owner), (argument,), span, place_of)
                return tree.Evaluate(call, span)
        found = super()._assign(node, span)
        if found.unpack:  # of no name at all, too: `() = x`
            return found
        name = found.targets[0].id
        if self._gives_function(node.value):
            self.expressions.callables = self.expressions.callables | {name}
        if self.expressions.holds_functions(node.value):
            self.expressions.holders = self.expressions.holders | {name}
        return found

    def _value(self, node: ast.Assign) -> tree.Expression:
        """What a name is given; a function only where the name is used again."""
        match node.targets[0]:
            case ast.Name(id=name) if len(re.findall(rf"\b{name}\b", self.expressions.text)) > 1:
                return self.expressions.given(node.value)
        return super()._value(node)

    def _gives_function(self, node: ast.expr) -> bool:
        """Tell whether a value may be a function of the text."""
        if isinstance(node, ast.IfExp):
            return self._gives_function(node.body) or self._gives_function(node.orelse)
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id in self.expressions.callables
        return self.expressions.is_function(node)

    def _item(self, place: ast.Subscript) -> tree.Index:
        found = self.expressions.convert(place)
        assert isinstance(found, tree.Index)
        return found

    def _augmented(self, node: ast.AugAssign, span: Span) -> tree.Statement:  # type: ignore[override]
        symbol = BINARY.get(type(node.op), "@")
        if symbol in ("+", "-", "*", "/", "**"):
            match node.target:
                case ast.Subscript():
                    target = self._item(node.target)
                    return tree.SetItem(target, symbol, self.expressions.convert(node.value), span)
                case ast.Attribute(attr="data", value=owner):
                    place = self.expressions.convert(owner)
                    return tree.SetData(place, symbol, self.expressions.convert(node.value), span)
        return super()._augmented(node, span)

    def _for(self, node: ast.For, span: Span) -> tree.For:
        self._loops += 1
        if (bare := self._without_bar(node.iter)) is not None:
            node = ast.copy_location(ast.For(node.target, bare, node.body, node.orelse), node)
        if self.expressions.holds_functions(node.iter):
            self.expressions.callables = self.expressions.callables | set(_names([node.target]))
        node, first = _flat_targets(node, self._everywhere)
        found = super()._for(node, span)
        self._loops -= 1
        assert not first or isinstance(found, tree.For)
        return found

    def _mode(self, decorator: ast.expr) -> bool:
        """Whether gradients are recorded in a function below `@torch.no_grad()`; any other decorator is refused."""
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        prefix, _, name = dotted(function).rpartition(".")
        if (
            prefix not in ("", "torch")
            or name not in GRAD_MODES
            or (isinstance(decorator, ast.Call) and decorator.args)
        ):
            hint = "leave the line with @ out; @torch.no_grad() is allowed"
            self.expressions.refuse("decorators are not allowed", decorator, hint)
        return GRAD_MODES[name]

    def _refuse_class(self, node: ast.ClassDef, span: Span) -> NoReturn:
        line = Span(span.start, min(span.end, (self.expressions.text + "\n").index("\n", span.start)))
        bases = {dotted(base).rpartition(".")[2] for base in node.bases}
        hint = "write its methods as functions: def f(x): return ...; tensors record their gradients by themselves"
        if "Function" in bases:
            hint = "write its forward as a function, def f(x): return ...; PyTorch derives its backward"
        elif bases & {"Module", "Sequential"}:
            hint = "layers are built on the page for networks"
        self.expressions.refuse("classes cannot be defined here", line, hint)

    def _without_bar(self, node: ast.expr) -> ast.expr | None:
        """What `tqdm(range(3))` and `trange(3)` run over: a bar of progress means nothing here."""
        if not isinstance(node, ast.Call) or not node.args:
            return None
        name = dotted(node.func).rpartition(".")[2]
        if name not in ("tqdm", "trange") or name in self.expressions.assigned:
            return None
        self.left_out.append(LeftOut(self.expressions.places.of(node.func), BAR))
        if name == "tqdm":
            return node.args[0]
        return ast.copy_location(ast.Call(ast.copy_location(ast.Name("range"), node.func), node.args, []), node)

    def _define(self, node: ast.FunctionDef, span: Span) -> tree.Define:
        expressions = self.expressions
        line = Span(span.start, min(span.end, (expressions.text + "\n").index("\n", span.start)))
        modes = [self._mode(decorator) for decorator in node.decorator_list]
        if node.name.startswith("__"):
            expressions.refuse("names do not begin with two underscores", line, "take another name")
        if any(isinstance(part, ast.Yield | ast.YieldFrom | ast.Await) for part in ast.walk(node)):
            expressions.refuse("`yield` is not allowed", line, "give the values back in a list")
        parameters = expressions.parameters(node.args, line)
        start = expressions.text.index(node.name, span.start + 3)
        expressions.assigned.add(node.name)
        expressions.callables = expressions.callables | {node.name}
        own = {parameter.name for parameter in parameters} | set(_given(node.body))
        before = expressions.enter(own)
        expressions.assigned = expressions.assigned | self._everywhere
        loops, self._loops = self._loops, 0
        self._functions += 1
        body = self.convert(node.body)
        for mode in modes:
            body = (tree.GradMode(mode, body, span),)
        self._functions -= 1
        self._loops = loops
        expressions.leave(before)
        return tree.Define(tree.Name(node.name, Span(start, start + len(node.name))), parameters, body, span)


def _flat_targets(node: ast.For, taken: set[str]) -> tuple[ast.For, bool]:
    """`for i, (a, b) in pairs` as `for i, a_b in pairs`, whose first line is `a, b = a_b`."""
    if not isinstance(node.target, ast.Tuple | ast.List):
        return node, False
    parts: list[ast.expr] = []
    lines: list[ast.stmt] = []
    for part in node.target.elts:
        if isinstance(part, ast.Tuple | ast.List) and all(isinstance(name, ast.Name) for name in part.elts):
            whole = "_".join(name.id for name in part.elts if isinstance(name, ast.Name))
            while whole in taken:
                whole += "_"
            parts.append(ast.copy_location(ast.Name(whole), part))
            line = ast.Assign([part], ast.copy_location(ast.Name(whole), part))
            lines.append(ast.copy_location(line, part))
        else:
            parts.append(part)
    if not lines:
        return node, False
    target = ast.copy_location(ast.Tuple(parts), node.target)
    return ast.copy_location(ast.For(target, node.iter, [*lines, *node.body], node.orelse), node), True


def _given(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that statements give values to; those inside a `def` are its own."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from _names(targets)
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                yield from _names([target])
            case ast.For(target=target, body=inner):
                yield from _names([target])
                yield from _given(inner)
            case ast.With(body=inner):
                yield from _given(inner)
            case ast.If(body=inner, orelse=orelse):
                yield from _given([*inner, *orelse])


def _one_by_one(node: ast.Assign) -> list[ast.stmt] | None:
    """`a = b = value` as `a = value` and `b = a`; of a plain number, each is given that number."""
    first = next((target for target in node.targets if isinstance(target, ast.Name)), None)
    if first is None:
        return None
    others = [target for target in node.targets if target is not first]
    is_number = isinstance(node.value, ast.Constant)
    given = node.value if is_number else ast.copy_location(ast.Name(first.id), first)
    values = [node.value, *[given for _ in others]]
    pairs = zip([first, *others], values, strict=True)
    return [ast.copy_location(ast.Assign([target], value), node) for target, value in pairs]


def _names(targets: Iterable[ast.expr]) -> Iterator[str]:
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, ast.Tuple | ast.List):
            yield from _names(target.elts)


def _computes(node: ast.stmt) -> bool:
    """Tell whether a statement computes anything, prints and plain values left aside."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))) | ast.Import() | ast.ImportFrom() | ast.FunctionDef():
            return False
        case ast.Assign(value=ast.Call(func=function) as call) if dotted(function) in ("torch.tensor", "tensor"):
            return any(map(_computes_value, call.args))
        case ast.Assign(value=value):
            return _computes_value(value) and not isinstance(value, ast.Lambda)
        case ast.Expr(value=value):
            return not isinstance(value, ast.Constant)
    return not isinstance(node, ast.Pass | ast.Assert | ast.AnnAssign)


def _computes_value(node: ast.expr) -> bool:
    """Tell whether an expression is more than a name, a number, a list of them, or an attribute."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return False
    if isinstance(node, ast.Tuple | ast.List):
        return any(map(_computes_value, node.elts))
    if isinstance(node, ast.Attribute):
        return _computes_value(node.value)
    return not isinstance(node, ast.Name | ast.Constant | ast.JoinedStr)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
