"""Statements of a class: those of the language, and beside them `self.name = ...`, `.append`, `if` and buffers."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any, NoReturn

from playground.errors import Span
from playground.language.syntax.statements import Statements
from playground.language.syntax.tree import Assign, Leave, Literal, Name, Return
from playground.layers.pasted.expressions import PastedExpressions, is_self, last_name
from playground.layers.pasted.tree import (
    AddModule,
    Append,
    Define,
    If,
    Keep,
    KeepIn,
    Raise,
    Register,
    SetPart,
    Unnested,
    While,
)


class PastedStatements(Statements):
    """Statements of one method."""

    expressions: PastedExpressions

    def _statement(self, node: ast.stmt) -> Any:
        span = self.expressions.places.of(node)
        refuse = self.expressions.refuse
        match node:
            case ast.Return(value=value):
                return Return(None if value is None else self.expressions.convert(value), span)
            case ast.Raise():
                return Raise(_message(node), span)
            case ast.Break() | ast.Continue():
                return Leave("break" if isinstance(node, ast.Break) else "continue", span)
            case ast.If():
                test = self.expressions.convert(node.test)
                return If(test, self.convert(node.body), self.convert(node.orelse), span)
            case ast.Pass():
                return If(Literal("False", False, span), (), (), span)
            case ast.While(orelse=[]) if self.expressions.in_init:
                return While(self.expressions.convert(node.test), self.convert(node.body), span)
            case ast.AugAssign(target=ast.Attribute(value=target) as place) if is_self(target):
                old = ast.copy_location(ast.Attribute(place.value, place.attr, ast.Load()), place)
                new = ast.copy_location(ast.BinOp(old, node.op, node.value), node)
                return self._statement(ast.copy_location(ast.Assign([place], new), node))
            case ast.AugAssign(target=ast.Subscript() as part) if self.expressions.in_init:
                before = ast.copy_location(ast.Subscript(part.value, part.slice, ast.Load()), part)
                return self._set_part(part, ast.copy_location(ast.BinOp(before, node.op, node.value), node), span)
            case ast.Assign(targets=[ast.Subscript() as part]) if self.expressions.in_init:
                return self._set_part(part, node.value, span)
            case ast.Assign(targets=[*targets]) if len(targets) > 1:
                return If(Literal("True", True, span), self.convert(_one_by_one(node)), (), span)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add_module", value=owner), args=[name, value])):
                return self._add_module(owner, name, value, span)
            case ast.Expr(value=ast.Call(func=ast.Name(id="setattr"), args=[owner, name, value])):
                return self._add_module(owner, name, value, span)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="__setattr__", value=owner), args=[name, value])):
                return self._add_module(owner, name, value, span)
            case ast.Assign(targets=[ast.Attribute(value=ast.Attribute() | ast.Subscript() as owner) as place]):
                return self._keep_in(node, owner, place, span)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="register_buffer", value=target)) as call) if is_self(
                target
            ):
                return self._register(call, span)
            case ast.FunctionDef():
                inside = self.expressions.inside(self.expressions.in_init)
                inside.assigned.add(node.name)
                self.expressions.assigned.add(node.name)
                return Define(self.expressions.read(node, inside), span)
            case ast.Assign(targets=[ast.Tuple(elts=parts) as places]) if any(isinstance(p, ast.Tuple) for p in parts):
                return self._unnested(node, places, span)
            case ast.Assign(targets=[ast.Attribute(value=target) as place]) if is_self(target):
                if not self.expressions.in_init:
                    refuse(
                        f"`self.{place.attr}` is set in `forward`", place, "set it in __init__, or take a plain name"
                    )
                self._check_name(place)
                return Keep(place.attr, self.expressions.convert(node.value), span)
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(attr="append" | "extend" as how, value=target), args=[item], keywords=[]
                )
            ):
                return self._append(target, item, span, how)
        return super()._statement(node)

    def _unnested(self, node: ast.Assign, places: ast.Tuple, span: Span) -> Assign:
        """`out, (h, c) = self.lstm(x)`: one level of names in names."""
        parts = [part.elts if isinstance(part, ast.Tuple) else [part] for part in places.elts]
        lengths = tuple(len(part.elts) if isinstance(part, ast.Tuple) else 0 for part in places.elts)
        value = Unnested(self.expressions.convert(node.value), lengths, self.expressions.places.of(node.value))
        names = ast.copy_location(ast.Tuple([name for part in parts for name in part], places.ctx), places)
        targets, _ = self._targets(names)
        return Assign(targets, True, value, span)  # type: ignore[arg-type]  # a record of ours

    def _set_part(self, place: ast.Subscript, value: ast.expr, span: Span) -> SetPart:
        if not isinstance(place.value, ast.Name | ast.Attribute | ast.Subscript):
            self._refuse_target(place)
        part: Any = self.expressions.convert(place)
        return SetPart(part, self.expressions.convert(value), span)

    def _keep_in(self, node: ast.Assign, owner: ast.expr, place: ast.Attribute, span: Span) -> KeepIn:
        if not self.expressions.in_init:
            self.expressions.refuse("layers are changed in `__init__` only", span, "set it there")
        self._check_name(place)
        return KeepIn(self.expressions.convert(owner), place.attr, self.expressions.convert(node.value), span)

    def _register(self, call: ast.Call, span: Span) -> Register:
        refuse, name = self.expressions.refuse, call.args[0] if call.args else None
        named = [keyword.arg for keyword in call.keywords]
        word = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""
        if name is None or not word.isidentifier() or len(call.args) != 2 or named not in ([], ["persistent"]):
            refuse("`register_buffer` takes a name and a tensor", span, 'self.register_buffer("mean", torch.zeros(3))')
        if not self.expressions.in_init:
            refuse("buffers are made in `__init__`", span, "set it there, or take a plain name")
        if word.startswith("_"):
            refuse("names of a module do not begin with an underscore", name, "take another name")
        return Register(word, self.expressions.convert(call.args[1]), span)

    def _check_name(self, node: ast.Attribute) -> None:
        if node.attr.startswith("_"):
            self.expressions.refuse("names of a module do not begin with an underscore", node, "take another name")

    def _add_module(self, owner: ast.expr, name: ast.expr, value: ast.expr, span: Span) -> AddModule:
        expressions = self.expressions
        if not expressions.in_init:
            expressions.refuse("layers are added in `__init__` only", span, "add it there")
        return AddModule(expressions.owner(owner), expressions.convert(name), expressions.convert(value), span)

    def _value(self, node: ast.Assign) -> Any:
        return self.expressions.kept(node.value)

    def _append(self, target: ast.expr, item: ast.expr, span: Span, how: str) -> Append:
        expressions = self.expressions
        on_self = isinstance(target, ast.Attribute) and is_self(target.value)
        if on_self and not expressions.in_init:
            hint = "collect in a list of its own: outs = [] and outs.append(h)"
            expressions.refuse("what a module keeps is changed in `__init__` only", span, hint)
        if not on_self and not (isinstance(target, ast.Name) and target.id in expressions.assigned):
            expressions.refuse(
                f"`.{how}` works on a list with a name", span, "write self.layers = nn.ModuleList() first"
            )
        return Append(last_name(target), on_self, expressions.convert(item), span, how == "extend")

    def _for(self, node: ast.For, span: Span) -> Any:
        items = self.expressions.items(node.iter)
        return replace(super()._for(node, span), iterable=items)  # type: ignore[arg-type]  # a record of ours

    def _targets(self, node: ast.expr) -> tuple[tuple[Name, ...], bool]:
        targets, unpack = super()._targets(node)
        for target in targets:
            if target.id == "self":
                self.expressions.refuse("`self` is the module itself", target.span, "take another name")
        return targets, unpack

    def _refuse_target(self, node: ast.expr) -> NoReturn:
        if isinstance(node, ast.Attribute) and is_self(node.value):
            self.expressions.refuse("one `self.name = ...` to a line", node, "write y = ... or self.name = ...")
        super()._refuse_target(node)


def _one_by_one(node: ast.Assign) -> list[ast.stmt]:
    """`a = self.b = c` as two lines; what is on the right is computed once, and named by the first."""
    first, *others = [*node.targets[::-1]] if isinstance(node.targets[-1], ast.Name) else node.targets
    read = ast.copy_location(type(first)(**{**dict(ast.iter_fields(first)), "ctx": ast.Load()}), first)
    lines = [ast.Assign([first], node.value), *(ast.Assign([other], read) for other in others)]
    return [ast.copy_location(line, node) for line in lines]


def _message(node: ast.Raise) -> str:
    """What an error says that the text raises, as far as it is written out."""
    given = node.exc.args if isinstance(node.exc, ast.Call) else []
    return next((part.value for part in given if isinstance(part, ast.Constant) and isinstance(part.value, str)), "")
