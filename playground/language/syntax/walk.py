"""Walk over all parts of a tree."""

from __future__ import annotations

from collections.abc import Iterator

from playground.errors import Span
from playground.language.syntax import tree


def children(node: tree.Expression) -> tuple[tree.Expression, ...]:
    """The parts of one expression, in the order of the text."""
    match node:
        case tree.Unary(operand=operand) | tree.Attribute(operand=operand):
            return (operand,)
        case tree.Binary(left=left, right=right):
            return (left, right)
        case tree.Sequence(items=items):
            return items
        case tree.Slice(start=start, stop=stop, step=step):
            return tuple(part for part in (start, stop, step) if part is not None)
        case tree.Index(operand=operand, index=index):
            return (operand, index)
        case tree.Call(receiver=receiver, arguments=arguments):
            first = () if receiver is None else (receiver,)
            return (*first, *(argument.value for argument in arguments))
    return ()


def expressions(statements: tuple[tree.Statement, ...]) -> Iterator[tree.Expression]:
    """Every expression and part of one, in the order of the text."""
    for statement in statements:
        match statement:
            case (
                tree.Evaluate(value=value)
                | tree.Assign(value=value)
                | tree.State(value=value)
                | tree.Augmented(value=value)
            ):
                yield from parts(value)
            case tree.For(iterable=iterable, body=body):
                yield from parts(iterable)
                yield from expressions(body)
            case tree.GradMode(body=body):
                yield from expressions(body)


def targets_in(statements: tuple[tree.Statement, ...]) -> Iterator[tree.Name]:
    """Every name that a statement gives a value to, once each time."""
    for statement in statements:
        match statement:
            case tree.Assign(targets=targets):
                yield from targets
            case tree.State(target=target) | tree.Augmented(target=target):
                yield target
            case tree.For(targets=targets, body=body):
                yield from targets
                yield from targets_in(body)
            case tree.GradMode(body=body):
                yield from targets_in(body)


def parts(node: tree.Expression) -> Iterator[tree.Expression]:
    """An expression and all of its parts."""
    yield node
    for child in children(node):
        yield from parts(child)


def calls(statements: tuple[tree.Statement, ...]) -> Iterator[tuple[str, Span]]:
    """Every function name and operator sign, with its expression's place."""
    for node in expressions(statements):
        if isinstance(node, tree.Call):
            yield node.name, node.span
        elif isinstance(node, tree.Binary):
            yield node.operator, node.span
