"""Names in Python's tree of pasted classes: `self`, and chains of points such as `self.layers[0].weight`."""

from __future__ import annotations

import ast


def is_self(node: ast.AST) -> bool:
    """Whether it is the name `self`."""
    return isinstance(node, ast.Name) and node.id == "self"


def renamed(node: ast.Call, name: str) -> ast.Call:
    """The same call of another function with the same prefix."""
    func = node.func
    if isinstance(func, ast.Attribute):
        new: ast.expr = ast.Attribute(func.value, name, func.ctx)
    else:
        new = ast.Name(name, ast.Load())
    return ast.copy_location(ast.Call(ast.copy_location(new, func), node.args, node.keywords), node)


def root_of(node: ast.expr) -> str:
    """The name that a chain of points and indices begins with; '' where it begins with something else."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.expr) -> str:
    """'nn.Linear' for a name with points, else ''."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def last_name(node: ast.expr) -> str:
    """'weight' of `self.weight`, else ''."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


__all__ = ["dotted", "is_self", "last_name", "renamed", "root_of"]
