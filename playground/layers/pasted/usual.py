"""What classes usually have, said as this reader says it: constants of a class, ordered dictionaries, classes that come
later in the text, methods that nothing calls. The text itself stays as it is: it means the same to Python."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from playground.language.limits import LIMITS
from playground.layers.pasted.needed import dotted

_CONSTANT = (ast.Constant, ast.Tuple, ast.List, ast.UnaryOp, ast.USub, ast.UAdd, ast.expr_context)


# `weight.data.normal_(0, 0.01)` draws what `nn.init.normal_(weight, 0, 0.01)` draws
_FILLS = {"normal_": "normal_", "uniform_": "uniform_", "fill_": "constant_", "zero_": "zeros_"}
_INIT = ("nn.init.", "torch.nn.init.", "init.")


def as_is_usual(module: ast.Module, called: frozenset[str]) -> ast.Module:
    """The same classes; `called`: the methods and functions that `__init__` and `forward` reach."""
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    for node in classes:
        node.body = [part for part in node.body if not isinstance(part, ast.FunctionDef) or _is_reached(part, called)]
    others = [node for node in module.body if not isinstance(node, ast.ClassDef)]
    others = [node for node in others if not isinstance(node, ast.FunctionDef) or node.name in called]
    return _Usual().visit(ast.Module([*others, *in_order(classes)], []))  # type: ignore[no-any-return]


def _is_reached(method: ast.FunctionDef, called: frozenset[str]) -> bool:
    return method.name in called or method.name.startswith("__")


def constants_of(part: ast.stmt) -> tuple[tuple[str, Any], ...]:
    """`expansion = 4` of a class: names and values; () for anything else.

    >>> constants_of(ast.parse("low = high = [-1.5, (2, 'a')]").body[0])
    (('low', (-1.5, (2, 'a'))), ('high', (-1.5, (2, 'a'))))
    """
    if not isinstance(part, ast.Assign) or not all(isinstance(target, ast.Name) for target in part.targets):
        return ()
    if not all(isinstance(inside, _CONSTANT) and _is_bounded(inside) for inside in ast.walk(part.value)):
        return ()
    try:
        value = _without_lists(ast.literal_eval(part.value))
    except ValueError:  # `-"word"`
        return ()
    return tuple((target.id, value) for target in part.targets if isinstance(target, ast.Name))


def _is_bounded(node: ast.AST) -> bool:
    """Tell whether a constant is one that the language has, within its limits."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, str):
        return len(value) <= LIMITS.items
    return value is None or (isinstance(value, int | float) and (value != value or abs(value) <= LIMITS.integer))


def _without_lists(value: Any) -> Any:
    return tuple(map(_without_lists, value)) if isinstance(value, list | tuple) else value


class Ordered(ast.Dict):
    """`OrderedDict([("a", x)])`, which nn.Sequential takes, and of which no dictionary is one."""


class _Usual(ast.NodeTransformer):
    """What has another way to say it: `OrderedDict([("a", x)])` and `dict(a=x)` are `{"a": x}`, and `.data` of what is
    only filled, or asked for its shape, is that itself."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if (
            node.attr in ("shape", "size", "dim")
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "data"
        ):
            node.value = node.value.value
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = dotted(node.func)
        if name.startswith(_INIT):
            node.args = [_without_data(part) for part in node.args]
            return node
        match node.func:
            case ast.Attribute(attr=how, value=ast.Attribute(attr="data", value=owner)) if how in _FILLS:
                function: ast.expr = node.func
                for part in ("nn", "init", _FILLS[how]):
                    outer = ast.Name(part, ast.Load()) if part == "nn" else ast.Attribute(function, part, ast.Load())
                    function = ast.copy_location(outer, node.func)
                return ast.copy_location(ast.Call(function, [owner, *node.args], node.keywords), node)
        if name == "dict" and node.keywords and not node.args and all(part.arg for part in node.keywords):
            keys: list[ast.expr | None] = [ast.copy_location(ast.Constant(part.arg), node) for part in node.keywords]
            return ast.copy_location(ast.Dict(keys, [part.value for part in node.keywords]), node)
        given = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if name not in ("OrderedDict", "collections.OrderedDict") or not isinstance(given, ast.List):
            return node
        pairs = [pair.elts for pair in given.elts if isinstance(pair, ast.Tuple) and len(pair.elts) == 2]
        if len(pairs) != len(given.elts):
            return node
        return ast.copy_location(Ordered([key for key, _ in pairs], [part for _, part in pairs]), node)


def _without_data(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) and node.attr == "data" else node


def in_order(classes: Iterable[ast.ClassDef]) -> list[ast.ClassDef]:
    """The classes so that each stands behind those that it uses; in the order of the text otherwise."""
    left, found = list(classes), list[ast.ClassDef]()
    while left:
        names = {node.name for node in left}
        ready = next((node for node in left if not _used(node) & (names - {node.name})), left[0])
        found.append(ready)
        left.remove(ready)
    return found


def _used(node: ast.ClassDef) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
