"""`ProgramEvaluator`: the value of an expression of a program, with its own functions, choices and comprehensions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from playground.errors import PlaygroundError, Span
from playground.language.bounds.bound import tensors_in
from playground.language.evaluate.arithmetic import bounded, describe, numbers
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.list_evaluator import Known, ListEvaluator
from playground.language.evaluate.own_function import OwnFunction, depth_of
from playground.language.evaluate.torch_calls import TorchCalls
from playground.language.function import PYTHON, Value
from playground.language.functions.plain import BUILTINS, MATH
from playground.language.functions.table import find
from playground.language.limits import LIMITS, spell
from playground.language.syntax import tree
from playground.language.syntax.program import Program

RunFunction = Callable[[OwnFunction, dict[str, Value]], Value]


class ProgramEvaluator(ListEvaluator):
    """`run` runs the body of a function of the text.

    What a script has to write out is noted by the `id` of the node: `plain_calls` are calls that Python itself answers,
    `paired` those of `min` and `max` that compare two single numbers.
    """

    def __init__(self, program: Program, calls: TorchCalls, values: dict[str, Value], run: RunFunction) -> None:
        super().__init__(program, calls, values)
        self.run = run
        self.plain_calls: set[int] = set()
        self.paired: set[int] = set()
        self._calls, self._depth = 0, 0
        self._kinds |= {
            tree.Conditional: lambda node: self.evaluate(node.then if self.holds(node.test) else node.other),
            tree.Logic: self._logic,
            tree.Comprehension: self._comprehension,
            tree.Lambda: self._lambda,
            tree.CallOwn: self._call_own,
        }

    def holds(self, node: tree.Expression) -> bool:
        """Tell whether a condition holds: of a plain value, or of a tensor with one element."""
        return self.truth(self.evaluate(node), node.span)

    def _logic(self, node: tree.Logic) -> Value:
        if node.how in ("is", "is not"):
            left, right = (self.evaluate(part) for part in node.operands)
            same = left is right or (isinstance(left, bool | int | str) and type(left) is type(right) and left == right)
            return same == (node.how == "is")
        if node.how in ("in", "not in"):
            return self.contains(node)
        if node.how == "not":
            return not self.holds(node.operands[0])
        value: Value = None
        for part in node.operands:
            value = self.evaluate(part)
            if isinstance(value, Tensor) and value.numel() != 1:
                raise self._not_of_tensors(node)
            if self.truth(value, part.span) == (node.how == "or"):
                return value
        return value

    def _not_of_tensors(self, node: tree.Logic) -> PlaygroundError:
        """The error of `and` and `or` between tensors, also of `0 < x < 1`; comparisons can be written with a sign."""
        text, first, *more = self.program.text, *node.operands
        is_chain = any(part.span.start < first.span.end for part in more)
        message = "two comparisons in one do not work" if is_chain else f"`{node.how}` does not work"
        mended = f" {'&' if node.how == 'and' else '|'} ".join(f"({part.span.of(text)})" for part in node.operands)
        site = CallSite(node.how, self.program, node.span, (), ())
        if not all(isinstance(part, tree.Binary) for part in node.operands):
            return site.error(f"{message} on tensors", "write (x > 0) & (x < 1), or (x < 0) | (x > 1)", span=first.span)
        repair = site.replace(node.span, mended, f"write {mended}")
        return site.error(f"{message} on tensors", f"write {mended}", repair)

    def _comprehension(self, node: tree.Comprehension) -> Value:
        names = {target.id for one in node.generators for target in one.targets}
        before = {name: self.values[name] for name in names if name in self.values}
        found: list[Value] = []
        for _ in self._rounds(node.generators, node.span):
            found.append(self.evaluate(node.element))
            if len(found) > LIMITS.items:
                limit = spell(LIMITS.items)
                self.calls.refuse(f"a list of more than {limit} items; the limit is {limit}", node.span)
        for name in names:
            self.values.pop(name, None)
        self.values.update(before)
        return self.calls.nested(found, node.span)

    def _rounds(self, generators: tuple[tree.Generator, ...], span: Span) -> Iterator[None]:
        """Go through the items of a comprehension; each time its names have their values."""
        first, *rest = generators
        for item in self.items(self.evaluate(first.iterable), first.iterable.span):
            self.calls.at(span, self.calls.budget.count_statement)
            parts = item if first.unpack else (item,)
            if not isinstance(parts, tuple | list | Tensor) or len(parts) != len(first.targets):
                self.calls.refuse(f"{len(first.targets)} names for {describe(item)}", span, "one name for each value")
            self.values.update({target.id: part for target, part in zip(first.targets, parts, strict=True)})
            if all(map(self.holds, first.conditions)):
                if rest:
                    yield from self._rounds(tuple(rest), span)
                else:
                    yield

    def function(
        self,
        name: str,
        parameters: tuple[tree.Parameter, ...],
        body: tuple[tree.Statement, ...] | tree.Expression,
    ) -> OwnFunction:
        """A function of the text, over the names that are there now."""
        defaults = {one.name: self.evaluate(one.default) for one in parameters if one.default is not None}
        return OwnFunction(name, parameters, defaults, body, self.values, depth_of(body))

    def _lambda(self, node: tree.Lambda) -> Value:
        return self.function("lambda", node.parameters, node.body)

    def _call_own(self, node: tree.CallOwn) -> Value:
        function = self.evaluate(node.function)
        written = node.function.span.of(self.program.text)
        if not isinstance(function, OwnFunction):
            hint = "to multiply write * before the bracket"
            self.calls.refuse(f"`{written[:40]}` is {describe(function)}, not a function", node.span, hint)
        positional = [self.evaluate(one.value) for one in node.arguments if not one.name]
        named = {one.name: self.evaluate(one.value) for one in node.arguments if one.name}
        values = self.calls.at(node.span, function.bind, positional, named)
        self.calls.at(node.span, self.calls.budget.count_statement)
        if self._calls >= LIMITS.calls or self._depth + function.depth > LIMITS.depth:
            message = f"calls nested too deeply: more than {LIMITS.calls} functions, or {LIMITS.depth} levels in them"
            self.calls.refuse(message, node.span, "write a `for` loop in place of a function that calls itself")
        self._calls, self._depth = self._calls + 1, self._depth + function.depth
        try:
            return self.run(function, function.outside | values)
        finally:
            self._calls, self._depth = self._calls - 1, self._depth - function.depth

    def _call(self, node: tree.Call) -> Value:
        if node.home == "math":
            return self._math(node)
        if node.home == "" and node.name in BUILTINS and all(not one.name for one in node.arguments):
            return self._builtin(node)
        function = find(node.home, node.name)
        if function is not None and function.homes == (PYTHON,):
            return self.calls.at(node.span, super()._call, node)
        return super()._call(node)

    def given_back(self, result: Value, span: Span) -> Value:
        found = tuple(result) if isinstance(result, torch.Size) else result
        return self.calls.nested(found, span) if isinstance(found, tuple | list) else found

    def _math(self, node: tree.Call) -> Value:
        """A function of `math`: Python's of plain numbers, PyTorch's of the same name of a tensor."""
        values = [self.evaluate(argument.value) for argument in node.arguments]
        if all(isinstance(value, int | float) for value in values):
            self.plain_calls.add(id(node))
            return self._plain(node, MATH[node.name], values)
        if find("", node.name) is None:
            self.calls.refuse(f"`math.{node.name}` takes plain numbers", node.span, "write the torch function")
        return super()._call(replace(node, home="", arguments=self._known(node, values)))

    def _builtin(self, node: tree.Call) -> Value:
        """`abs`, `min`, `max`, `round`, `pow`, `sum`: Python's of plain values, PyTorch's of tensors."""
        values = [self.evaluate(argument.value) for argument in node.arguments]
        if node.name == "sum" and self._is_of_items(values):
            self.plain_calls.add(id(node))
            return self._sum(self.items(values[0], node.span), node, *values[1:])
        if values and all(_is_plain(value, node.name in ("min", "max") and len(values) == 1) for value in values):
            self.plain_calls.add(id(node))
            if node.name == "pow" and len(values) == 2:
                return self.calls.at(node.span, numbers, "**", *values)
            return self._plain(node, BUILTINS[node.name], values)
        candidates = values[0] if len(values) == 1 else values
        if node.name in ("min", "max") and (
            _are_single(candidates) or (len(values) == 1 and _is_of_tensors(candidates))
        ):
            self.plain_calls.add(id(node))
            return self._chosen(">" if node.name == "max" else "<", self.items(candidates, node.span), node.span)
        is_number = [isinstance(value, Tensor) and not value.dim() for value in values]
        if len(values) == 2 and node.name in ("min", "max") and any(is_number):
            self.paired.add(id(node))
            values = [self.calls.as_tensor(value, node.span) for value in values]
        return super()._call(replace(node, arguments=self._known(node, values)))

    def _chosen(self, symbol: str, items: Iterable[Value], span: Span) -> Value:
        """Python's `max` and `min`: the first of the items that no other one exceeds."""
        best, *others = items
        for item in others:
            if self.truth(self.compared(symbol, item, best, span), span):
                best = item
        return best

    def _known(self, node: tree.Call, values: list[Value]) -> tuple[tree.CallArgument, ...]:
        pairs = zip(node.arguments, values, strict=True)
        known: list[Any] = [replace(one, value=Known(value, one.value)) for one, value in pairs]  # type: ignore[arg-type]
        return tuple(known)

    def _is_of_items(self, values: list[Value]) -> bool:
        """Tell whether a sum is Python's: of the items of a list, and not along an axis of a tensor."""
        items, *start = values or [None]
        if not isinstance(items, list | tuple | range) or len(start) > 1:
            return False
        if not start or isinstance(items, range):
            return True
        are_lists = [isinstance(item, list | tuple) for item in items]
        return all(are_lists) if isinstance(start[0], list | tuple) else not any(are_lists)

    def _sum(self, items: Iterable[Value], node: tree.Call, start: Value = 0) -> Value:
        """Python's sum: one addition after the other, to the 0 that it starts from, too: that makes a number of a truth
        value and 0 of −0, and a tensor of its own."""
        total: Value = start
        for item in items:
            span = node.span
            if self.has_python_meaning("+", total, item):
                total = self.combined("+", total, item, span)
                continue
            site = CallSite("+", self.program, span, (total, item), (span, span))
            total = self.operate("+", total, item, site)
        return total

    def _plain(self, node: tree.Call, function: Callable[..., Any], values: list[Value]) -> Value:
        try:
            result = function(*values)
        except (ValueError, TypeError, ArithmeticError) as error:
            self.calls.refuse(f"`{node.name}` does not take this: {error}", node.span, "it works on plain numbers here")
        return self.calls.at(node.span, bounded, result)


def _are_single(values: Value) -> bool:
    """Tell whether there are several values, of one number each, of which Python chooses by comparing."""
    return (
        isinstance(values, list | tuple)
        and bool(tensors_in(values))
        and all(isinstance(one, int | float) or (isinstance(one, Tensor) and one.numel() == 1) for one in values)
    )


def _is_of_tensors(value: Value) -> bool:
    """Tell whether a list holds tensors, beside numbers at most."""
    is_flat = isinstance(value, list | tuple) and all(isinstance(item, Tensor | int | float) for item in value)
    return is_flat and any(isinstance(item, Tensor) for item in value)


def _is_plain(value: Value, is_items: bool) -> bool:
    """Tell whether Python itself takes a value: a number, or numbers to choose from."""
    if is_items and isinstance(value, list | tuple | range):
        return 0 < len(value) <= LIMITS.statements and all(isinstance(item, int | float) for item in value)
    return isinstance(value, int | float)
