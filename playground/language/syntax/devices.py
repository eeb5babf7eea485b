"""Calls that only say where numbers are kept: on a device, or with NumPy. A text runs where the host says."""

from __future__ import annotations

import ast

from playground.computing.device import KINDS


def is_move(node: ast.Call, devices: set[str]) -> bool:
    """Tell whether a method only moves a tensor to a device: `.to(device)`, `.cpu()`, `.cuda()`."""
    if not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr in KINDS:
        return not node.keywords and len(node.args) <= 1
    return node.func.attr == "to" and len(node.args) == 1 and not node.keywords and _is_device(node.args[0], devices)


def is_numbers_only(node: ast.Call) -> bool:
    """Tell whether a detached tensor is handed to NumPy, which has the same numbers: `x.detach().numpy()`."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "numpy" or node.args or node.keywords:
        return False
    owner = node.func.value
    while isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute):
        if owner.func.attr == "detach":
            return True
        owner = owner.func.value
    return isinstance(owner, ast.Attribute) and owner.attr == "data"


def _is_device(node: ast.expr, devices: set[str]) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.partition(":")[0] in KINDS
    return isinstance(node, ast.Name) and node.id in devices


def without_device(node: ast.Call, devices: set[str]) -> ast.Call:
    """A call without `device=`: it runs where the host says."""
    kept = [one for one in node.keywords if one.arg != "device" or not _is_device(one.value, devices)]
    return node if len(kept) == len(node.keywords) else ast.copy_location(ast.Call(node.func, node.args, kept), node)
