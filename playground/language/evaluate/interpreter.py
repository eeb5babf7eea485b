"""`Interpreter`: runs the statements of a program, line by line."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from playground.errors import Span
from playground.language.bounds.bound import like, shape_of
from playground.language.evaluate.arithmetic import IN_PLACE, cost_of, describe
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.evaluator import Evaluator
from playground.language.evaluate.torch_calls import TorchCalls
from playground.language.function import Value
from playground.language.functions.literals import plain_tensor
from playground.language.limits import LIMITS, spell
from playground.language.syntax.program import Program
from playground.language.syntax.tree import (
    Assign,
    Augmented,
    Call,
    Evaluate,
    Expression,
    For,
    GradMode,
    Name,
    State,
    Statement,
)


def interpret(program: Program, leaves: Mapping[str, Tensor], rng_seed: int = 0) -> Tensor | tuple[Tensor, ...]:
    """Run a program; its result is the value of its last line (or of the last line that has a tensor for its value).

    Random functions draw from a generator of this run, seeded with `rng_seed`. PlaygroundError, with the text and the
    place, for anything that goes wrong.

    >>> from playground.language.syntax.program import parse
    >>> interpret(parse("y = 2 * x; y + 1"), {"x": torch.tensor([1.0, 2.0])})
    tensor([3., 5.])
    """
    return Interpreter(program, leaves, rng_seed).result()


class Interpreter:
    """The state of one run: the values by name, what has been used of the budget, the last value so far."""

    def __init__(self, program: Program, leaves: Mapping[str, Tensor], rng_seed: int = 0) -> None:
        self.program = program
        self.values: dict[str, Value] = dict(leaves)
        self._leaves = leaves
        self.calls = TorchCalls(program, rng_seed)
        self.evaluator = Evaluator(program, self.calls, self.values)
        self.last: Value = None
        self.last_statement: Statement | None = None  # the one that `last` comes from

    def result(self) -> Tensor | tuple[Tensor, ...]:
        """Runs the program; its last value, as a tensor or several."""
        self.execute(self.program.statements)
        found = [item if isinstance(item, Tensor) else plain_tensor(item) for item in _results(self.last)]
        if not found:
            hint = "end with an expression, or give a value a name"
            self.calls.refuse("the text has no tensor for its result", self.program.statements[-1].span, hint)
        return found[0] if len(found) == 1 else tuple(found)

    def execute(self, statements: tuple[Statement, ...]) -> None:
        """Runs statements in order."""
        for statement in statements:
            self.calls.at(statement.span, self.calls.budget.count_statement)
            match statement:
                case Evaluate(value=node):
                    value = self.evaluator.value(node)
                    is_backward = isinstance(node, Call) and node.name == "backward"
                    self._keep(statement, self.evaluator.root if is_backward else value)
                case Assign(targets=targets, unpack=unpack, value=node):
                    for value in self._assign(targets, unpack, self.evaluator.evaluate(node), node.span):
                        self._keep(statement, value)
                case State(target=target, value=node):
                    self._keep(statement, self._state(target, node))
                case Augmented():
                    self._keep(statement, self._augmented(statement))
                case For():
                    self._for(statement)
                case GradMode(enabled=enabled, body=body):
                    with torch.set_grad_enabled(enabled):
                        self.execute(body)

    def _keep(self, statement: Statement, value: Value) -> None:
        if _results(value):
            self.last, self.last_statement = value, statement

    def _assign(self, targets: tuple[Name, ...], unpack: bool, value: Value, span: Span) -> tuple[Value, ...]:
        if not unpack:
            return (self._name_value(targets[0], self.calls.as_value(value, span)),)
        if not isinstance(value, tuple | list | Tensor) or (isinstance(value, Tensor) and value.dim() == 0):
            self.calls.refuse(f"{describe(value)} cannot be taken apart", span, "a tuple or a tensor can")
        if len(value) != len(targets):
            hint = "write one name for each value"
            self.calls.refuse(f"{len(targets)} names for {len(value)} values", span, hint)
        items = self._rows(value, span) if isinstance(value, Tensor) else value
        values = tuple(self.calls.as_value(item, span) for item in items)
        return tuple(self._name_value(target, item) for target, item in zip(targets, values, strict=True))

    def _name_value(self, target: Name, value: Value) -> Value:
        self.values[target.id] = value
        self.calls.label(value, target.id, target.span)
        return value

    def _state(self, target: Name, node: Expression) -> Value:
        """The leaf that the text gives a value to; without a leaf of that name, the value itself."""
        leaf = self._leaves.get(target.id)
        if leaf is None:
            return self._assign((target,), False, self.evaluator.evaluate(node), node.span)[0]
        self.values[target.id] = leaf
        return leaf

    def _augmented(self, node: Augmented) -> Value:
        old, new = self.evaluator.value(node.target), self.evaluator.value(node.value)
        places = (node.target.span, node.value.span)
        if isinstance(old, Tensor):
            site = CallSite(f"{node.operator}=", self.program, node.span, (old, new), places)
            site.check()
            cost = cost_of(node.operator, old, new)
            return self._name_value(node.target, self.calls.call(site, cost, IN_PLACE[node.operator], old, new))
        site = CallSite(node.operator, self.program, node.span, (old, new), places)
        return self._name_value(node.target, self.evaluator.operate(node.operator, old, new, site))

    def _for(self, node: For) -> None:
        items, span = self.evaluator.evaluate(node.iterable), node.iterable.span
        if isinstance(items, Tensor) and items.dim() > 0:
            items = self._rows(items, span)
        if not isinstance(items, range | tuple | list):
            self.calls.refuse(f"a loop cannot run over {describe(items)}", span, "write for i in range(3):")
        if len(items) > LIMITS.statements:
            limit = spell(LIMITS.statements)
            self.calls.refuse(f"a loop of {spell(len(items))} rounds; the limit is {limit}", span)
        for item in items:
            if node.unpack:
                self._assign(node.targets, True, item, span)
            else:  # without a label: `for w in (a, b)` gives a value that has a name already
                self.values[node.targets[0].id] = self.calls.as_value(item, span)
            self.execute(node.body)

    def _rows(self, value: Tensor, span: Span) -> tuple[Tensor, ...]:
        if len(value) > LIMITS.statements:
            self.calls.refuse(f"{spell(len(value))} rows; the limit is {spell(LIMITS.statements)}", span)
        site = CallSite("unbind", self.program, span, (value,), (span,))
        rows = self.calls.call(site, like(shape_of(value)), value.unbind)
        assert isinstance(rows, tuple)
        return rows


def _results(value: Value) -> list[Value]:
    """Pick what of a value can be a program's result: tensors and numbers, also in a tuple."""
    if isinstance(value, Tensor | int | float):
        return [value]
    return [item for part in value for item in _results(part)] if isinstance(value, tuple) else []
