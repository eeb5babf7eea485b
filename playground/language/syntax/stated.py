"""Leaves whose values stand in the text: which names with a literal for their value are leaves, and what they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.errors import Span
from playground.language.functions.table import PREFIXED_CONSTANTS
from playground.language.syntax import tree
from playground.language.syntax.list_uses import list_names
from playground.language.syntax.number_uses import plain_names
from playground.language.syntax.walk import expressions, targets_in


@dataclass(frozen=True, slots=True)
class _Given:
    """`target = value`, one of the targets of an assignment."""

    target: tree.Name
    value: tree.Expression


def stated_leaves(
    text: str, body: tuple[tree.Statement, ...], free: frozenset[str], speaks_of_grad: bool
) -> list[tree.FreeName]:
    """The names to which a line of the text itself gives a literal, if that is the only value they get.

    A number or a list is float32 and requires a gradient; a name whose value PyTorch wants as a plain number (an axis,
    a size, `range`, a whole exponent) is none, nor is one that stands for a list of Python (`list_names`). Where the
    text says `requires_grad` itself (`speaks_of_grad`), numbers stay plain numbers, as in PyTorch, and only
    `tensor(...)` makes a leaf.
    """
    counts = Counter(target.id for target in targets_in(body))
    given = [one for node in body if isinstance(node, tree.Assign) for one in _given(node)]
    firsts = {one.target.id: one for one in reversed(given) if one.target.id not in free}
    tensors = {name: stated for name, one in firsts.items() if (stated := _tensor(text, one.value)) is not None}
    numbers: dict[str, _Given] = {}
    if not speaks_of_grad:
        numbers = {
            name: one for name, one in firsts.items() if counts[name] == 1 and _shape(one.value) not in (None, (0,))
        }
    plain = plain_names(body, {name: _is_whole(one.value) for name, one in numbers.items()}) if numbers else frozenset()
    lists = list_names(body, [name for name, one in numbers.items() if _shape(one.value)]) if numbers else frozenset()
    for name, one in numbers.items():
        if name not in plain | lists:
            tensors[name] = tree.Stated(one.value.span.of(text), one.value.span)
    uses = _uses(body)
    return [
        tree.FreeName(name, (firsts[name].target.span, *uses.get(name, ())), stated) for name, stated in tensors.items()
    ]


def with_stated(body: tuple[tree.Statement, ...], stated: Sequence[tree.FreeName]) -> tuple[tree.Statement, ...]:
    """The statements, with those that give leaves their values marked as such."""
    places = {leaf.spans[0] for leaf in stated}
    if not places:
        return body
    found: list[tree.Statement] = []
    for node in body:
        parts = _given(node) if isinstance(node, tree.Assign) else []
        if not any(part.target.span in places for part in parts):
            found.append(node)
            continue
        for part in parts:
            if part.target.span in places:
                found.append(tree.State(part.target, part.value, node.span))
            else:
                found.append(tree.Assign((part.target,), False, part.value, node.span))
    return tuple(found)


def _given(node: tree.Assign) -> list[_Given]:
    """The names of an assignment with their values, where each has one of its own and none reads another."""
    if not node.unpack:
        return [_Given(node.targets[0], node.value)]
    items = node.value.items if isinstance(node.value, tree.Sequence) else ()
    if len(items) != len(node.targets) or any(_shape(item) is None and _call(item) is None for item in items):
        return []
    return [_Given(*pair) for pair in zip(node.targets, items, strict=True)]


def _uses(body: tuple[tree.Statement, ...]) -> Mapping[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for node in expressions(body):
        if isinstance(node, tree.Name):
            found.setdefault(node.id, []).append(node.span)
    return found


def _shape(node: tree.Expression) -> tuple[int, ...] | None:
    """The shape of a number or of nested lists of numbers; None for anything else, ragged lists included."""
    match node:
        case tree.Literal(value=bool()):
            return None
        case tree.Literal(value=int() | float()):
            return ()
        case tree.Unary(operator="+" | "-", operand=tree.Literal() as inner):
            return _shape(inner)
        case tree.Sequence(kind="list", items=items):
            inside = {_shape(item) for item in items}
            first = next(iter(inside), ())
            return None if len(inside) > 1 or first is None else (len(items), *first)
    return None


def _is_whole(node: tree.Expression) -> bool:
    """Tell whether all numbers of a literal are whole numbers."""
    match node:
        case tree.Literal(value=value):
            return isinstance(value, int)
        case tree.Unary(operand=operand):
            return _is_whole(operand)
        case tree.Sequence(items=items):
            return all(map(_is_whole, items))
    return False


def _call(node: tree.Expression) -> tree.Call | None:
    """`torch.tensor(literal, dtype=..., requires_grad=...)`."""
    match node:
        case tree.Call(home="" | "torch", name="tensor", arguments=(tree.CallArgument(name="" | "data"), *options)):
            names = [option.name for option in options]
            if set(names) <= {"dtype", "requires_grad"} and _shape(node.arguments[0].value) not in (None, (0,)):
                return node
    return None


def _tensor(text: str, node: tree.Expression) -> tree.Stated | None:
    call = _call(node)
    if call is None:
        return None
    data = call.arguments[0].value
    options = {option.name: option.value for option in call.arguments[1:]}
    dtype, wants = options.get("dtype"), options.get("requires_grad")
    name = "int64" if _is_whole(data) else "float32"
    if isinstance(dtype, tree.NamedConstant):
        name = str(PREFIXED_CONSTANTS[dtype.name]).removeprefix("torch.")
    elif dtype is not None and not (isinstance(dtype, tree.Literal) and dtype.value is None):
        return None
    if wants is not None and not (isinstance(wants, tree.Literal) and isinstance(wants.value, bool)):
        return None
    requires_grad = isinstance(wants, tree.Literal) and wants.value is True
    if requires_grad and not name.startswith(("float", "bfloat")):
        return None  # PyTorch refuses it, in its own words
    return tree.Stated(data.span.of(text), data.span, name, requires_grad)
