"""`opt = parser.parse_args()`: where a class reads `opt.width`, it reads the default that the file itself writes."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterable

from playground.layers.pasted.needed import dotted

_PARSERS = ("argparse.ArgumentParser", "ArgumentParser")
_SWITCHES = {"store_true": False, "store_false": True}


Place = tuple[int, int, int, int]  # of a node: its first line and byte, and where it ends


def option_uses(module: ast.Module) -> dict[Place, ast.expr]:
    """The places where an option of argparse is used, and the default that stands for it.

    >>> text = "p = argparse.ArgumentParser()\\np.add_argument('--n', default=3)\\no = p.parse_args()\\nf(o.n)"
    >>> {place[:2]: ast.unparse(default) for place, default in option_uses(ast.parse(text)).items()}
    {(4, 2): '3'}
    """
    parsers = _assigned(module, *_PARSERS)
    options = [option for node in module.body for option in _option(node)]
    given, changed = Counter((parser, name) for parser, name, _ in options), _changed(module)
    defaults = {
        (parser, name): default
        for parser, name, default in options
        if default is not None and given[parser, name] == 1 and name not in changed
    }
    names = {name: parser for name, parser in _parsed(module).items() if parser in parsers}
    found, hidden = dict[Place, ast.expr](), set[int]()
    for node in ast.walk(module) if names else ():  # functions come before what is in them
        if isinstance(node, ast.FunctionDef) and _own_names(node) & names.keys():
            hidden |= set(map(id, ast.walk(node)))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in hidden:
            default = defaults.get((names.get(dotted(node.value), ""), node.attr))
            if default is not None:
                found[place_of(node)] = default
    return found


def _changed(module: ast.Module) -> set[str]:
    """The options that may become something else than their default: `opt.width = 3`, `p.set_defaults(width=3)`."""
    found = set[str]()
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()) if dotted(node.value) != "self":
                found.add(name)
            case ast.Call(func=ast.Attribute(attr="set_defaults"), keywords=given):
                found |= {keyword.arg for keyword in given if keyword.arg is not None}
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), _]):
                found.add(name)
            case ast.Subscript(slice=ast.Constant(value=str(name)), ctx=ast.Store()):  # of `vars(opt)`
                found.add(name)
    return found


def use_without_default(module: ast.Module, kept: Iterable[ast.stmt]) -> ast.Attribute | None:
    """The first option that these statements use after `write_defaults` has put defaults in the places of others."""
    parsers = _assigned(module, *_PARSERS)
    names = _assigned(module, *(f"{parser}.parse_args" for parser in parsers))
    hidden = set[int]()
    for node in [part for statement in kept for part in ast.walk(statement)] if names else []:
        if isinstance(node, ast.FunctionDef) and _own_names(node) & names.keys():
            hidden |= set(map(id, ast.walk(node)))
        if isinstance(node, ast.Attribute) and dotted(node.value) in names and id(node) not in hidden:
            return node
    return None


def write_defaults(module: ast.Module, uses: dict[Place, ast.expr]) -> None:
    """Puts the defaults in the places of these uses."""
    for parent in [*ast.walk(module)] if uses else []:
        for field, value in ast.iter_fields(parent):
            inside = value if isinstance(value, list) else [value]
            new = [_at(uses[place_of(one)], one) if _is_use(one, uses) else one for one in inside]
            setattr(parent, field, new if isinstance(value, list) else new[0])


def place_of(node: ast.expr) -> Place:
    """Where a node stands."""
    return node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0


def _is_use(node: object, uses: dict[Place, ast.expr]) -> bool:
    return isinstance(node, ast.Attribute) and place_of(node) in uses


def _own_names(node: ast.FunctionDef) -> set[str]:
    found = {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
    return found | {
        part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def _assigned(module: ast.Module, *calls: str) -> dict[str, ast.Call]:
    """The names that a line of the file gives to one of these calls (to any, where none is said), and no other line
    gives a value."""
    given = [
        (target.id, node.value)
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    times = Counter(name for name, _ in given)
    return {
        name: call
        for name, call in given
        if times[name] == 1 and isinstance(call, ast.Call) and (not calls or dotted(call.func) in calls)
    }


def _parsed(module: ast.Module) -> dict[str, str]:
    """The names that `parser.parse_args()` is given, and the parser's; none where a list of options is set there."""
    calls = _assigned(module)
    return {
        name: dotted(call.func).removesuffix(".parse_args")
        for name, call in calls.items()
        if dotted(call.func).endswith(".parse_args") and not call.keywords
        if all(isinstance(one, ast.List) and not one.elts for one in call.args)
    }


def _option(node: ast.stmt) -> list[tuple[str, str, ast.expr | None]]:
    """Parser, name and default of `parser.add_argument("--width", default=64)`; None where it is not known."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not dotted(call.func).endswith(".add_argument"):
        return []
    parser = dotted(call.func).removesuffix(".add_argument")
    flags = [part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    long = next((flag for flag in flags if flag.startswith("--")), next(iter(flags), ""))
    named = given.get("dest")
    name = named.value if isinstance(named, ast.Constant) else long.lstrip("-").replace("-", "_")
    action, default = given.get("action"), given.get("default")
    if default is None and isinstance(action, ast.Constant) and action.value in _SWITCHES:
        default = ast.Constant(_SWITCHES[action.value])
    is_required = default is None or (isinstance(default, ast.Constant) and default.value is None)
    is_converted = isinstance(default, ast.Constant) and isinstance(default.value, str) and "type" in given
    if not isinstance(name, str):
        return []
    if is_required or (is_converted and dotted(given["type"]) != "str"):
        return [(parser, name, None)]  # it is known only when the file runs
    return [(parser, name, default if default is not None and _is_written_out(default) else None)]


def _is_written_out(node: ast.expr) -> bool:
    """Tell whether it is a number, a word, or a flat list of them."""
    if isinstance(node, ast.List | ast.Tuple):
        return all(isinstance(part, ast.Constant) for part in node.elts)
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def _at(default: ast.expr, place: ast.expr) -> ast.expr:
    """A copy of a default that stands where its use does."""
    made = copy.deepcopy(default)
    for part in ast.walk(made):
        if isinstance(part, ast.expr):
            ast.copy_location(part, place)
    return made
