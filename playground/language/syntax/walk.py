"""Walk over all parts of a tree."""

from __future__ import annotations

from collections.abc import Iterator

from playground.errors import Span
from playground.language.syntax.tree import (
    Assign,
    Attribute,
    Augmented,
    Binary,
    Call,
    Evaluate,
    Expression,
    For,
    GradMode,
    Index,
    Sequence,
    Slice,
    Statement,
    Unary,
)


def children(node: Expression) -> tuple[Expression, ...]:
    """The parts of one expression, in the order of the text."""
    match node:
        case Unary(operand=operand) | Attribute(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Sequence(items=items):
            return items
        case Slice(start=start, stop=stop, step=step):
            return tuple(part for part in (start, stop, step) if part is not None)
        case Index(operand=operand, index=index):
            return (operand, index)
        case Call(receiver=receiver, arguments=arguments):
            first = () if receiver is None else (receiver,)
            return (*first, *(argument.value for argument in arguments))
    return ()


def expressions(statements: tuple[Statement, ...]) -> Iterator[Expression]:
    """Every expression and part of one, in the order of the text."""
    for statement in statements:
        match statement:
            case Evaluate(value=value) | Assign(value=value) | Augmented(value=value):
                yield from parts(value)
            case For(iterable=iterable, body=body):
                yield from parts(iterable)
                yield from expressions(body)
            case GradMode(body=body):
                yield from expressions(body)


def parts(node: Expression) -> Iterator[Expression]:
    """An expression and all of its parts."""
    yield node
    for child in children(node):
        yield from parts(child)


def calls(statements: tuple[Statement, ...]) -> Iterator[tuple[str, Span]]:
    """Every function name and operator sign, with its expression's place."""
    for node in expressions(statements):
        if isinstance(node, Call):
            yield node.name, node.span
        elif isinstance(node, Binary):
            yield node.operator, node.span
