"""`Interpreter`: runs the statements of a program, line by line."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from playground.errors import Span
from playground.language.bounds.indexing import index_cost
from playground.language.evaluate.arithmetic import IN_PLACE, cost_of, describe
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.own_function import OwnFunction
from playground.language.evaluate.program_evaluator import ProgramEvaluator
from playground.language.evaluate.torch_calls import TorchCalls
from playground.language.function import Cost, Value
from playground.language.functions.literals import is_numeric, plain_tensor, shape_in
from playground.language.syntax import tree
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


@dataclass(frozen=True, slots=True)
class Flow:
    """Why the lines of a block end before its last one: `return`, `break` or `continue`."""

    how: Literal["return", "break", "continue"]
    value: Value = None


class Interpreter:
    """The state of one run: the values by name, what has been used of the budget, the last value so far."""

    evaluator: Any

    def __init__(self, program: Program, leaves: Mapping[str, Tensor], rng_seed: int = 0) -> None:
        self.program = program
        self.values: dict[str, Value] = dict(leaves)
        self._leaves = leaves
        self.calls = TorchCalls(program, rng_seed)
        self.evaluator = ProgramEvaluator(program, self.calls, self.values, self.run)
        self.last: Value = None
        self.last_statement: Statement | None = None  # the one that `last` comes from
        self._is_inside = False  # a function of the text

    def result(self) -> Tensor | tuple[Tensor, ...]:
        """Runs the program; its last value, as a tensor or several."""
        self.execute(self.program.statements)
        found = [item if isinstance(item, Tensor) else plain_tensor(item) for _, item in results_in(self.last)]
        if not found:
            hint = "end with an expression, or give a value a name"
            if isinstance(self.program.statements[-1], Evaluate) and self.evaluator.root is not None:
                hint = "let the function return what it computed: return y"
            self.calls.refuse("the text has no tensor for its result", self.program.statements[-1].span, hint)
        return found[0] if len(found) == 1 else tuple(found)

    def execute(self, statements: tuple[Statement, ...]) -> Flow | None:
        """Runs statements in order; what ended them early, if anything did."""
        for statement in statements:
            self.calls.at(statement.span, self.calls.budget.count_statement)
            flow = self._execute(statement)
            if flow is not None:
                return flow
        return None

    def _execute(self, statement: Statement) -> Flow | None:
        match statement:
            case Evaluate(value=node):
                value = self.evaluator.shown(node)
                is_backward = isinstance(node, Call) and node.name == "backward"
                self._keep(statement, self.evaluator.root if is_backward else value)
            case Assign(targets=targets, unpack=unpack, value=node):
                for value in self._assign(targets, unpack, self._given(node), node.span):
                    self._keep(statement, value)
            case State(target=target, value=node):
                self._keep(statement, self._state(target, node))
            case Augmented():
                self._keep(statement, self._augmented(statement))
            case For():
                return self._for(statement)
            case GradMode(enabled=enabled, body=body):
                with torch.set_grad_enabled(enabled):
                    return self.execute(body)
            case tree.If(test=test, body=body, orelse=orelse):
                return self.execute(body if self.evaluator.holds(test) else orelse)
            case tree.Return(value=node):
                return Flow("return", None if node is None else self.evaluator.evaluate(node))
            case tree.Leave(how=how):
                return Flow("break" if how == "break" else "continue")
            case tree.Define(target=target, parameters=parameters, body=body):
                self.values[target.id] = self.evaluator.function(target.id, parameters, body)
            case _:
                self._write(statement)
        return None

    def run(self, function: OwnFunction, values: dict[str, Value]) -> Value:
        """The value of one call of a function of the text: its lines, over these values."""
        before = self.values, self.last, self.last_statement, self._is_inside
        self.values = self.evaluator.values = values
        self._is_inside = True
        try:
            if not isinstance(function.body, tuple):
                return self.evaluator.evaluate(function.body)
            flow = self.execute(function.body)
            return None if flow is None else flow.value
        finally:
            self.values, self.last, self.last_statement, self._is_inside = before
            self.evaluator.values = self.values

    def _write(self, statement: Statement) -> None:
        """Statements that write into what is there already."""
        match statement:
            case tree.SetItem():
                self._keep(statement, self._set_item(statement))
            case tree.SetData(target=target, operator=symbol, value=node):
                owner = self._tensor(target)
                site = CallSite("detach", self.program, statement.span, (owner,), (target.span,))
                memory = self.calls.call(site, Cost(0, 1), Tensor.detach, owner)
                self._write_all(memory, symbol, self.evaluator.value(node), statement)
            case tree.ClearGrad(target=target):
                self.calls.tell(statement.span)
                self._tensor(target).grad = None
            case tree.Append(target=target, value=node, how=how):
                self._append_to(target, how, self.evaluator.evaluate(node), statement.span)
            case tree.Seed(value=node):
                seed = self.evaluator.evaluate(node)
                if type(seed) is not int or seed < 0:
                    self.calls.refuse("a seed is a whole number from 0 on", node.span, "torch.manual_seed(0)")
                self.calls.seed(seed)

    def _tensor(self, node: Expression) -> Tensor:
        value = self.evaluator.evaluate(node)
        if not isinstance(value, Tensor):
            self.calls.refuse(f"{describe(value)} is no tensor", node.span, "write torch.tensor(...) around it")
        return value

    def _write_all(self, memory: Value, symbol: str, value: Value, node: tree.SetData) -> None:
        places = (node.target.span, node.value.span)
        site = CallSite(f"{symbol}=", self.program, node.span, (memory, value), places)
        site.check()
        if symbol:
            self.calls.call(site, cost_of(symbol, memory, value), IN_PLACE[symbol], memory, value)
        else:
            self.calls.call(site, index_cost(memory, ...), operator.setitem, memory, ..., value)

    def _set_item(self, node: tree.SetItem) -> Value:
        """`x[index] = value`; with an operator, what stands there is changed first, as Python does it."""
        target = node.target
        owner, index = self.evaluator.evaluate(target.operand), self.evaluator.evaluate(target.index)
        places = (target.operand.span, target.index.span, node.value.span)
        if isinstance(owner, list) and isinstance(index, int) and -len(owner) <= index < len(owner):
            value = self.evaluator.evaluate(node.value)
            if node.operator:
                value = self._changed(node.operator, owner[index], value, (target, node.value), node.span)
            owner[index] = value
            self.calls.nested(owner, node.span)
            return None
        if not isinstance(owner, Tensor):
            hint = "elements of a tensor, or of a list one by one, can be set"
            self.calls.refuse(f"{describe(owner)} has no such element to set", target.span, hint)
        cost = index_cost(owner, index)
        if node.operator:
            there = CallSite("index", self.program, target.span, (owner, index), places[:2])
            old = self.calls.call(there, cost, operator.getitem, owner, index)
            given = self.evaluator.value(node.value)
            change = CallSite(f"{node.operator}=", self.program, node.span, (old, given), (target.span, places[2]))
            change.check()
            value = self.calls.call(change, cost_of(node.operator, old, given), IN_PLACE[node.operator], old, given)
        else:
            value = self.evaluator.value(node.value)
        site = CallSite("[]=", self.program, node.span, (owner, index, value), places)
        if not isinstance(value, Tensor | int | float):
            self.calls.refuse(f"{describe(value)} cannot be an element", node.value.span, "a number or a tensor can")
        self.calls.call(site, cost, operator.setitem, owner, index, value)
        if isinstance(target.operand, Name) and not self._is_inside:
            self.calls.label(owner, target.operand.id, target.operand.span)
        return owner

    def _append_to(self, target: Name, how: str, value: Value, span: Span) -> None:
        items = self.values.get(target.id)
        if not isinstance(items, list):
            hint = f"write {target.id} = [] first"
            self.calls.refuse(f"`{target.id}` is {describe(items)}, not a list", target.span, hint)
        if not self.evaluator.grown(items, "+", [value] if how == "append" else value, span):
            self.calls.refuse(f"a list is not extended by {describe(value)}", span, f"write {target.id}.append(...)")

    def _keep(self, statement: Statement, value: Value) -> None:
        if next(results_in(value), None) is not None:
            self.last, self.last_statement = value, statement

    def _given(self, node: Expression) -> Value:
        """Return what a name is given: a list is a list."""
        return self.evaluator.evaluate(node)

    def _assign(self, targets: tuple[Name, ...], unpack: bool, value: Value, span: Span) -> tuple[Value, ...]:
        if not unpack:
            return (self._name_value(targets[0], value),)
        if not isinstance(value, tuple | list | Tensor) or (isinstance(value, Tensor) and value.dim() == 0):
            self.calls.refuse(f"{describe(value)} cannot be taken apart", span, "a tuple or a tensor can")
        if len(value) != len(targets):
            hint = "write one name for each value"
            self.calls.refuse(f"{len(targets)} names for {len(value)} values", span, hint)
        items = self.evaluator.rows(value, span) if isinstance(value, Tensor) else value
        return tuple(self._name_value(target, item) for target, item in zip(targets, items, strict=True))

    def _name_value(self, target: Name, value: Value) -> Value:
        self.values[target.id] = value
        if not self._is_inside:
            self.calls.label(value, target.id, target.span)
        return value

    def _state(self, target: Name, node: Expression) -> Value:
        """The leaf that the text gives a value to; without a leaf of that name, the value itself."""
        leaf = self._leaves.get(target.id)
        if leaf is None:
            return self._assign((target,), False, self._given(node), node.span)[0]
        self.values[target.id] = leaf
        return leaf

    def _augmented(self, node: Augmented) -> Value:
        old, given = self.evaluator.evaluate(node.target), self.evaluator.evaluate(node.value)
        return self._name_value(
            node.target, self._changed(node.operator, old, given, (node.target, node.value), node.span)
        )

    def _changed(
        self, symbol: str, old: Value, given: Value, parts: tuple[Expression, Expression], span: Span
    ) -> Value:
        """What `old += given` leaves: a tensor or a list is changed in place, of anything else a new value is made."""
        evaluator, places = self.evaluator, (parts[0].span, parts[1].span)
        if isinstance(old, list) and evaluator.grown(old, symbol, given, span):
            evaluator.kept |= {id(parts[0]), id(parts[1])}
            return old
        if evaluator.has_python_meaning(symbol, old, given):
            evaluator.kept |= {id(parts[0]), id(parts[1])}
            return evaluator.combined(symbol, old, given, span)
        new = evaluator.tensor_of(parts[1], given)
        if isinstance(old, Tensor):
            evaluator.tensor_of(parts[0], old)
            site = CallSite(f"{symbol}=", self.program, span, (old, new), places)
            site.check()
            return self.calls.call(site, cost_of(symbol, old, new), IN_PLACE[symbol], old, new)
        old = evaluator.tensor_of(parts[0], old)
        return evaluator.operate(symbol, old, new, CallSite(symbol, self.program, span, (old, new), places))

    def _for(self, node: For) -> Flow | None:
        span = node.iterable.span
        for item in self.evaluator.items(self.evaluator.evaluate(node.iterable), span):
            if node.unpack:
                self._assign(node.targets, True, item, span)
            else:  # without a label: `for w in (a, b)` gives a value that has a name already
                self.values[node.targets[0].id] = item
            flow = self.execute(node.body)
            if flow is not None and flow.how == "return":
                return flow
            if flow is not None and flow.how == "break":
                return None
        return None


Place = tuple[int, ...]  # the numbers by which an item of nested tuples and lists is chosen


def results_in(value: Value, place: Place = ()) -> Iterator[tuple[Place, Value]]:
    """Pick what of a value can be a program's result, and where it stands: tensors, numbers, lists of numbers."""
    if isinstance(value, Tensor | int | float) or (
        isinstance(value, list) and value and is_numeric(value) and shape_in(value) is not None
    ):
        yield place, value
    elif isinstance(value, tuple | list):
        for number, part in enumerate(value):
            yield from results_in(part, (*place, number))
