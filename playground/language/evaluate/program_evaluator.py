"""`ProgramEvaluator`: the value of an expression of a program, with its own functions, choices and comprehensions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from playground.errors import PlaygroundError, Span
from playground.language.bounds.bound import tensors_in
from playground.language.evaluate.arithmetic import bounded, describe, numbers
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.evaluator import Evaluator
from playground.language.evaluate.own_function import OwnFunction, depth_of
from playground.language.evaluate.torch_calls import TorchCalls
from playground.language.function import PYTHON, Cost, Value
from playground.language.functions.plain import BUILTINS, MATH
from playground.language.functions.table import find
from playground.language.limits import LIMITS, spell
from playground.language.syntax import tree
from playground.language.syntax.program import Program

RunFunction = Callable[[OwnFunction, dict[str, Value]], Value]


@dataclass(frozen=True, slots=True)
class Known:
    """An argument that has been computed."""

    value: Value
    span: Span


class ProgramEvaluator(Evaluator):
    """`run` runs the body of a function of the text.

    What a script has to write out is noted by the `id` of the node: `plain_calls` are calls that Python itself answers,
    `paired` those of `min` and `max` that compare two single numbers, `stacked` the lists that were made tensors.
    """

    def __init__(self, program: Program, calls: TorchCalls, values: dict[str, Value], run: RunFunction) -> None:
        super().__init__(program, calls, values)
        self.run = run
        self.plain_calls: set[int] = set()
        self.paired: set[int] = set()
        self.stacked: dict[int, str] = {}  # 'tensor' of numbers, or 'stack' of tensors
        self._calls, self._depth = 0, 0
        self._kinds |= {
            Known: lambda node: node.value,
            tree.Conditional: lambda node: self.evaluate(node.then if self.holds(node.test) else node.other),
            tree.Logic: self._logic,
            tree.Comprehension: self._comprehension,
            tree.Lambda: self._lambda,
            tree.CallOwn: self._call_own,
        }

    def value(self, node: tree.Expression) -> Value:
        found = self.evaluate(node)
        if isinstance(found, list) and not isinstance(node, tree.Sequence):
            self.stacked[id(node)] = "stack" if tensors_in(found) else "tensor"
        return self.calls.as_value(found, node.span)

    def holds(self, node: tree.Expression) -> bool:
        """Tell whether a condition holds: of a plain value, or of a tensor with one element."""
        return self._truth(self.evaluate(node), node.span)

    def _truth(self, value: Value, span: Span) -> bool:
        if not isinstance(value, Tensor):
            return bool(value)
        if value.numel() != 1:
            shape, hint = tuple(value.shape), "choose element by element: where(x > 0, x, 0 * x)"
            self.calls.refuse(f"a condition is one True or False, and this has shape {shape}", span, hint)
        site = CallSite("bool", self.program, span, (value,), (span,))
        return bool(self.calls.call(site, Cost(0, 1), bool, value))

    def _logic(self, node: tree.Logic) -> Value:
        if node.how in ("is", "is not"):
            left, right = (self.evaluate(part) for part in node.operands)
            same = left is right or (isinstance(left, bool | int | str) and type(left) is type(right) and left == right)
            return same == (node.how == "is")
        if node.how == "not":
            return not self.holds(node.operands[0])
        value: Value = None
        for part in node.operands:
            value = self.evaluate(part)
            if isinstance(value, Tensor) and value.numel() != 1:
                raise self._not_of_tensors(node)
            if self._truth(value, part.span) == (node.how == "or"):
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

    def _index(self, node: tree.Index) -> Value:
        if isinstance(node.operand, tree.Sequence):
            return super()._index(node)
        operand = self.evaluate(node.operand)
        if isinstance(operand, list | range):
            self._check_position(operand, index := self.evaluate(node.index), node)
            return operand[index]
        known: Any = Known(operand, node.operand.span)
        return super()._index(replace(node, operand=known))

    def _check_position(self, operand: list[Value] | range, index: Value, node: tree.Index) -> None:
        what = describe(operand)
        if not isinstance(index, int | slice):
            self.calls.refuse(f"{what} is indexed by a whole number, not {describe(index)}", node.index.span)
        if isinstance(index, int) and not -len(operand) <= index < len(operand):
            self.calls.refuse(f"there is no element {index}: {what} has {len(operand)}", node.index.span)

    def _call(self, node: tree.Call) -> Value:
        if node.home == "math":
            return self._math(node)
        if node.home == "" and node.name in BUILTINS and all(not one.name for one in node.arguments):
            return self._builtin(node)
        function = find(node.home, node.name)
        if function is not None and function.homes == (PYTHON,):
            return self.calls.at(node.span, super()._call, node)
        return super()._call(node)

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
        if node.name == "sum" and len(values) in (1, 2) and isinstance(values[0], list | tuple | range):
            self.plain_calls.add(id(node))
            return self._sum(self.items(values[0], node.span), node, *values[1:])
        is_written = any(isinstance(one.value, tree.Sequence) and one.value.kind == "list" for one in node.arguments)
        if values and not is_written and all(map(_is_plain, values)):
            self.plain_calls.add(id(node))
            if node.name == "pow" and len(values) == 2:
                return self.calls.at(node.span, numbers, "**", *values)
            return self._plain(node, BUILTINS[node.name], values)
        candidates = values[0] if len(values) == 1 else values
        if node.name in ("min", "max") and _are_single(candidates):
            self.plain_calls.add(id(node))
            return self._chosen(self.items(candidates, node.span), node)
        is_number = [isinstance(value, Tensor) and not value.dim() for value in values]
        if len(values) == 2 and node.name in ("min", "max") and any(is_number):
            self.paired.add(id(node))
            values = [self.calls.as_tensor(value, node.span) for value in values]
        return super()._call(replace(node, arguments=self._known(node, values)))

    def _chosen(self, items: Iterable[Value], node: tree.Call) -> Value:
        """Python's `max` and `min`: one of the items themselves, the first that no later one exceeds."""
        first, *rest = items
        symbol = ">" if node.name == "max" else "<"
        for item in rest:
            site = CallSite(symbol, self.program, node.span, (item, first), (node.span, node.span))
            if self._truth(self.operate(symbol, item, first, site), node.span):
                first = item
        return first

    def _known(self, node: tree.Call, values: list[Value]) -> tuple[tree.CallArgument, ...]:
        pairs = zip(node.arguments, values, strict=True)
        known: list[Any] = [replace(one, value=Known(value, one.value.span)) for one, value in pairs]  # type: ignore[arg-type]
        return tuple(known)

    def _sum(self, items: Iterable[Value], node: tree.Call, start: Value = 0) -> Value:
        """Python's sum: one addition after the other."""
        total, begins_with_0 = start, isinstance(start, int) and start == 0
        for number, item in enumerate(items):
            span = node.span
            site = CallSite("+", self.program, span, (total, item), (span, span))
            is_first = number == 0 and begins_with_0 and isinstance(item, Tensor)
            total = item if is_first else self.operate("+", total, item, site)
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


def _is_plain(value: Value) -> bool:
    if isinstance(value, list | tuple | range):
        return (
            0 < len(value) <= LIMITS.statements
            and not tensors_in(value)
            and all(isinstance(item, int | float) for item in value)
        )
    return isinstance(value, int | float)
