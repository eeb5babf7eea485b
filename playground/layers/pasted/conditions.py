"""Conditions in classes: of numbers, switches and None, so that a class may choose its layers; never of tensors."""

from __future__ import annotations

import ast
from typing import Any

from playground.language.syntax.expressions import Expressions
from playground.layers.pasted.tree import Choose, IsKind, Logic

_NONE = {ast.Is: "is None", ast.IsNot: "is not None"}


class LogicExpressions(Expressions):
    """Expressions with `and`, `or`, `not`, `is None`, `isinstance` and `a if test else b`."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._kinds |= {ast.BoolOp: self._logic, ast.IfExp: self._choose}

    def _logic(self, node: ast.BoolOp) -> Any:
        how = "and" if isinstance(node.op, ast.And) else "or"
        return Logic(how, tuple(self.convert(part) for part in node.values), self.places.of(node))

    def _choose(self, node: ast.IfExp) -> Any:
        test, yes, no = (self.convert(part) for part in (node.test, node.body, node.orelse))
        return Choose(test, yes, no, self.places.of(node))

    def _unary(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return Logic("not", (self.convert(node.operand),), self.places.of(node))
        return super()._unary(node)

    def _comparison(self, node: ast.Compare) -> Any:
        how, right = _NONE.get(type(node.ops[0])), node.comparators[0]
        if how is not None and len(node.ops) == 1 and isinstance(right, ast.Constant) and right.value is None:
            return Logic(how, (self.convert(node.left),), self.places.of(node))
        return super()._comparison(node)

    def _is_kind(self, node: ast.Call) -> Any:
        hint = "for instance isinstance(layer, nn.Linear)"
        if len(node.args) != 2 or node.keywords:
            self.refuse("`isinstance` takes a layer and a kind of layer", node, hint)
        kinds = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
        written = [ast.unparse(kind).removeprefix("torch.").removeprefix("nn.") for kind in kinds]
        for name, kind in zip(written, kinds, strict=True):
            if not name.isidentifier():
                self.refuse("`isinstance` takes a layer and a kind of layer", kind, hint)
        return IsKind(self.convert(node.args[0]), tuple(written), self.places.of(node))


__all__ = ["LogicExpressions"]
