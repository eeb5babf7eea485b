"""What classes usually have, said as this reader says it: constants of a class, ordered dictionaries, classes that come
later in the text, methods that nothing calls. The text itself stays as it is: it means the same to Python."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_CONSTANT = (ast.Constant, ast.Tuple, ast.List, ast.UnaryOp, ast.USub, ast.UAdd, ast.expr_context)


def as_is_usual(module: ast.Module, called: frozenset[str]) -> ast.Module:
    """The same classes; `called`: the methods that `__init__` and `forward` reach."""
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    for node in classes:
        _constants_into_init(node)
        node.body = [part for part in node.body if not isinstance(part, ast.FunctionDef) or _is_reached(part, called)]
    others = [node for node in module.body if not isinstance(node, ast.ClassDef)]
    return _Ordered().visit(ast.Module([*others, *in_order(classes)], []))  # type: ignore[no-any-return]


def _is_reached(method: ast.FunctionDef, called: frozenset[str]) -> bool:
    return method.name in called or method.name.startswith("__")


def _constants_into_init(node: ast.ClassDef) -> None:
    """`expansion = 4` in a class is `self.expansion = 4` at the beginning of its `__init__`."""
    init = next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
    if init is None:
        return
    constants = [part for part in node.body if _is_constant(part)]
    node.body = [part for part in node.body if part not in constants]
    own = [_of_self(target, part) for part in constants if isinstance(part, ast.Assign) for target in part.targets]
    first = next((number for number, line in enumerate(init.body) if not _is_words(line)), 0)
    init.body = [*init.body[: first + 1], *own, *init.body[first + 1 :]]  # after super().__init__()


def _is_constant(part: ast.stmt) -> bool:
    return (
        isinstance(part, ast.Assign)
        and all(isinstance(target, ast.Name) for target in part.targets)
        and all(isinstance(inside, _CONSTANT) for inside in ast.walk(part.value))
    )


def _is_words(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def _of_self(name: ast.expr, part: ast.Assign) -> ast.Assign:
    assert isinstance(name, ast.Name)
    own = ast.copy_location(ast.Name("self", ast.Load()), name)
    target = ast.copy_location(ast.Attribute(own, name.id, ast.Store()), name)
    return ast.copy_location(ast.Assign([target], part.value), part)


class _Ordered(ast.NodeTransformer):
    """`OrderedDict([("a", x), ("b", y)])` is `{"a": x, "b": y}`."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = ast.unparse(node.func)
        given = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if name not in ("OrderedDict", "collections.OrderedDict") or not isinstance(given, ast.List):
            return node
        pairs = [pair.elts for pair in given.elts if isinstance(pair, ast.Tuple) and len(pair.elts) == 2]
        if len(pairs) != len(given.elts):
            return node
        return ast.copy_location(ast.Dict([key for key, _ in pairs], [part for _, part in pairs]), node)


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
