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
        case tree.CallOwn(function=function, arguments=arguments):
            return (function, *(argument.value for argument in arguments))
        case tree.Logic(operands=operands):
            return operands
        case tree.Conditional(test=test, then=then, other=other):
            return (then, test, other)
        case tree.Comprehension(element=element, generators=generators):
            return (element, *(part for one in generators for part in (one.iterable, *one.conditions)))
        case tree.Lambda(parameters=parameters, body=body):
            return (*defaults(parameters), body)
    return ()


def defaults(parameters: tuple[tree.Parameter, ...]) -> tuple[tree.Expression, ...]:
    """Return what the parameters hold where nothing is given."""
    return tuple(parameter.default for parameter in parameters if parameter.default is not None)


def own(node: tree.Statement) -> tuple[tree.Expression, ...]:
    """The expressions of one statement, without those of the statements in it."""
    match node:
        case tree.Evaluate(value=value) | tree.Assign(value=value) | tree.State(value=value):
            return (value,)
        case tree.Augmented(value=value) | tree.Append(value=value) | tree.Seed(value=value):
            return (value,)
        case tree.SetItem(target=target, value=value) | tree.SetData(target=target, value=value):
            return (target, value)
        case tree.For(iterable=iterable):
            return (iterable,)
        case tree.If(test=test):
            return (test,)
        case tree.Define(parameters=parameters):
            return defaults(parameters)
        case tree.Return(value=value):
            return () if value is None else (value,)
        case tree.ClearGrad(target=target):
            return (target,)
    return ()


def inner(node: tree.Statement) -> tuple[tree.Statement, ...]:
    """The statements that stand in a statement."""
    match node:
        case tree.For(body=body) | tree.GradMode(body=body) | tree.Define(body=body):
            return body
        case tree.If(body=body, orelse=orelse):
            return (*body, *orelse)
    return ()


def expressions(statements: tuple[tree.Statement, ...]) -> Iterator[tree.Expression]:
    """Every expression and part of one, in the order of the text."""
    for statement in statements:
        for node in own(statement):
            yield from parts(node)
        yield from expressions(inner(statement))


def targets_in(statements: tuple[tree.Statement, ...]) -> Iterator[tree.Name]:
    """Every name that a statement gives a value to, once each time; those inside a `def` are its own."""
    for statement in statements:
        match statement:
            case tree.Assign(targets=targets) | tree.For(targets=targets):
                yield from targets
            case tree.State(target=target) | tree.Augmented(target=target) | tree.Define(target=target):
                yield target
        if not isinstance(statement, tree.Define):
            yield from targets_in(inner(statement))


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
