"""`Evaluator`: the value of an expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import torch
from torch import Tensor

from playground.errors import Span
from playground.language.bounds.bound import itemsize, like, shape_of
from playground.language.bounds.indexing import index_cost
from playground.language.evaluate.arithmetic import BINARY, UNARY, bounded, cost_of, describe, numbers
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.torch_calls import TorchCalls
from playground.language.function import (
    METHOD,
    TENSOR_LISTS,
    TENSORS,
    TENSORS_OR_NUMBERS,
    Arguments,
    Cost,
    Function,
    Value,
)
from playground.language.functions.table import ATTRIBUTES, CONSTANTS, PREFIXED_CONSTANTS, find
from playground.language.limits import LIMITS, spell
from playground.language.syntax import tree
from playground.language.syntax.program import Program

PAIRS = (  # what a reduction along an axis gives: named tuples of values and positions
    torch.return_types.max,
    torch.return_types.min,
    torch.return_types.median,
    torch.return_types.cummax,
    torch.return_types.cummin,
    torch.return_types.sort,
    torch.return_types.topk,
    torch.return_types.kthvalue,
)


class Evaluator:
    """Evaluates expressions over the values that names have now."""

    def __init__(self, program: Program, calls: TorchCalls, values: dict[str, Value]) -> None:
        self.program = program
        self.calls = calls
        self.values = values
        self.same_axes: set[int] = set()  # by `id`, each `.T` of a vector, which a script leaves out
        self.root: Value = None  # what the last `.backward()` started from
        self._kinds: dict[type, Callable[[Any], Value]] = {
            tree.Literal: lambda node: node.value,
            tree.Name: self._name,
            tree.NamedConstant: self._constant,
            tree.Unary: self._unary,
            tree.Binary: self._binary,
            tree.Sequence: self._sequence,
            tree.Slice: self._slice,
            tree.Index: self._index,
            tree.Attribute: self._attribute,
            tree.Call: self._call,
        }

    def evaluate(self, node: tree.Expression) -> Value:
        """The value of one expression; a list is still a list."""
        return self._kinds[type(node)](node)

    def value(self, node: tree.Expression) -> Value:
        """The value of one expression, a list as a tensor."""
        return self.tensor_of(node, self.evaluate(node))

    def tensor_of(self, node: tree.Expression, value: Value) -> Value:
        """The value of an expression where a tensor is wanted: a list becomes one."""
        return self.calls.as_value(value, node.span)

    def operate(self, symbol: str, left: Value, right: Value, site: CallSite) -> Value:
        """A binary operation: guarded arithmetic on plain numbers, PyTorch's on tensors."""
        if isinstance(left, Tensor) or isinstance(right, Tensor) or left is None or right is None:
            site.check()
            return self.calls.call(site, cost_of(symbol, left, right), BINARY[symbol], left, right)
        return self.calls.at(site.span, numbers, symbol, left, right)

    def site(self, name: str, node: tree.Expression, operands: tuple[Value, ...], places: tuple[Span, ...]) -> CallSite:
        """The call of a node, which can explain its error."""
        return CallSite(name, self.program, node.span, operands, places)

    def items(self, value: Value, span: Span) -> range | tuple[Value, ...] | list[Value]:
        """Return what a loop runs over, as long as a loop may be."""
        if isinstance(value, Tensor) and value.dim() > 0:
            value = self.rows(value, span)
        if not isinstance(value, range | tuple | list):
            self.calls.refuse(f"a loop cannot run over {describe(value)}", span, "write for i in range(3):")
        if len(value) > LIMITS.statements:
            limit = spell(LIMITS.statements)
            self.calls.refuse(f"a loop of {spell(len(value))} rounds; the limit is {limit}", span)
        return value

    def rows(self, value: Tensor, span: Span) -> tuple[Tensor, ...]:
        """The rows of a tensor."""
        if len(value) > LIMITS.statements:
            self.calls.refuse(f"{spell(len(value))} rows; the limit is {spell(LIMITS.statements)}", span)
        site = CallSite("unbind", self.program, span, (value,), (span,))
        rows = self.calls.call(site, like(shape_of(value)), value.unbind)
        assert isinstance(rows, tuple)
        return rows

    def _name(self, node: tree.Name) -> Value:
        if node.id not in self.values:
            self.calls.refuse(f"`{node.id}` has no value", node.span, "give it a value beside the text")
        return self.values[node.id]

    def _constant(self, node: tree.NamedConstant) -> Value:
        return (PREFIXED_CONSTANTS if "." in node.written else CONSTANTS)[node.name]

    def _unary(self, node: tree.Unary) -> Value:
        operand = self.value(node.operand)
        if isinstance(operand, Tensor) or operand is None:
            site = self.site(node.operator, node, (operand,), (node.operand.span,))
            site.check()
            return self.calls.call(site, like(shape_of(operand)), UNARY[node.operator], operand)
        if not isinstance(operand, int | float) or (node.operator == "~" and not isinstance(operand, int)):
            self.calls.refuse(f"`{node.operator}` does not work on {describe(operand)}", node.span)
        if node.operator == "~" and isinstance(operand, bool):
            return not operand
        return self.calls.at(node.span, bounded, UNARY[node.operator](operand))

    def _binary(self, node: tree.Binary) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        site = self.site(node.operator, node, (left, right), (node.left.span, node.right.span))
        return self.operate(node.operator, left, right, site)

    def _sequence(self, node: tree.Sequence) -> Value:
        if node.kind == "list":
            return self.calls.nested([self.evaluate(item) for item in node.items], node.span)
        return self.calls.nested(tuple(self.value(item) for item in node.items), node.span)

    def _slice(self, node: tree.Slice, backwards: bool = False) -> slice:
        written = (node.start, node.stop, node.step)
        parts = [None if part is None else self.evaluate(part) for part in written]
        for part, place in zip(parts, written, strict=True):
            if place is not None and part is not None and (not isinstance(part, int) or isinstance(part, bool)):
                self.calls.refuse(f"a slice is made of whole numbers, not {describe(part)}", place.span)
        if isinstance(parts[2], int) and (parts[2] < 1 if not backwards else parts[2] == 0):
            hint = "write flip(x, (0,)) to go backwards"
            self.calls.refuse("a slice goes forwards: its step is at least 1", node.span, hint)
        return slice(*parts)

    def _index(self, node: tree.Index) -> Value:
        operand, index = self.value(node.operand), self.evaluate(node.index)
        if isinstance(operand, tuple):
            if not isinstance(index, int | slice):
                self.calls.refuse(f"a tuple is indexed by a whole number, not {describe(index)}", node.index.span)
            if isinstance(index, int) and not -len(operand) <= index < len(operand):
                self.calls.refuse(f"there is no element {index}: the tuple has {len(operand)}", node.index.span)
            return operand[index]
        if operand is None:
            self.refuse_none(node.operand)
        if not isinstance(operand, Tensor):
            self.calls.refuse(f"{describe(operand)} has no elements to choose from", node.span)
        site = self.site("index", node, (operand, index), (node.operand.span, node.index.span))
        return self.calls.call(site, index_cost(operand, index), lambda: operand[index])

    def _attribute(self, node: tree.Attribute) -> Value:
        operand = self.value(node.operand)
        if isinstance(operand, PAIRS) and node.name in ("values", "indices"):
            return ATTRIBUTES[node.name](operand)
        if operand is None:
            self.refuse_none(node.operand)
        if not isinstance(operand, Tensor) or node.name in ("values", "indices"):
            self.calls.refuse(f"{describe(operand)} has no `.{node.name}`", node.span)
        if node.name == "T" and operand.dim() > 2:
            shape = tuple(operand.shape)
            self.calls.refuse(f"`.T` is for matrices; this has shape {shape}", node.span, "write .mT or .permute(...)")
        if node.name == "mT" and operand.dim() < 2:
            self.calls.refuse(f"`.mT` is for matrices; this has shape {tuple(operand.shape)}", node.span)
        if node.name == "grad" and not operand.is_leaf and not operand.retains_grad:
            return None  # PyTorch warns, and gives None
        site = self.site(node.name, node, (operand,), (node.operand.span,))
        read = ATTRIBUTES[node.name]
        if node.name == "T" and operand.dim() < 2:
            self.same_axes.add(id(node))
            read = _same_axes
        value = self.calls.call(site, Cost(0, 1), read, operand)
        return tuple(value) if isinstance(value, torch.Size) else value

    def _call(self, node: tree.Call) -> Value:
        function = find(node.home, node.name)
        if function is None:
            self.calls.refuse(f"unknown function `{node.name}`", node.name_span)
        positional, named, places = self._arguments(node, function)
        arguments = self.calls.at(node.name_span, Arguments.bind, function, positional, named)
        site = CallSite(function.name, self.program, node.span, (*positional, *named.values()), tuple(places), function)
        site.check()
        if function.name == "backward":
            self.root = positional[0]
        cost = self._bound(function, arguments, node.span)
        if function.is_random:
            named["generator"] = self.calls.generator()
        call = function.method if node.home == METHOD and function.method is not None else function.call
        result = self.calls.call(site, cost, call, *positional, itemsize=itemsize(arguments), **named)
        if isinstance(result, int | float) and not isinstance(result, bool):
            return self.calls.at(node.span, bounded, result)
        return self.given_back(result, node.span)

    def given_back(self, result: Value, span: Span) -> Value:
        """What a call gives, as the language has it."""
        return tuple(result) if isinstance(result, torch.Size | list) else result

    def _arguments(self, node: tree.Call, function: Function) -> tuple[list[Value], dict[str, Value], list[Span]]:
        """Positional and named arguments as the function wants them, and where they stand."""
        positional: list[Value] = []
        named: dict[str, Value] = {}
        places: list[Span] = []
        if node.receiver is not None:
            receiver = self.receiver(node.receiver, function)
            if receiver is None:
                self.refuse_none(node.receiver)
            if not isinstance(receiver, Tensor):
                hint = "write tensor(...) around a number"
                self.calls.refuse(f"{describe(receiver)} has no method `{node.name}`", node.name_span, hint)
            positional.append(receiver)
            places.append(node.receiver.span)
        parameters = function.parameters
        for argument in sorted(node.arguments, key=lambda argument: argument.name != ""):
            value = self.evaluate(argument.value)
            places.append(argument.value.span)
            if argument.name:
                named[argument.name] = self._fit(function, argument.name, value, argument.value)
            else:
                name = parameters[min(len(positional), len(parameters) - 1)].name if parameters else ""
                positional.append(self._fit(function, name, value, argument.value))
        return positional, named, places

    def receiver(self, node: tree.Expression, function: Function) -> Value:
        """The value whose method is called."""
        return self.value(node)

    def _fit(self, function: Function, name: str, value: Value, node: tree.Expression) -> Value:
        """A list or a number becomes a tensor where the function wants a tensor."""
        wants_tensor = name in TENSORS and name not in function.plain and function.call is not len
        if isinstance(value, list) and (wants_tensor or name in TENSORS_OR_NUMBERS or name in function.plain):
            return self.tensor_of(node, value)
        if wants_tensor and isinstance(value, int | float):
            return self.calls.as_tensor(value, node.span)
        if name in TENSOR_LISTS and isinstance(value, list | tuple):
            return self._fit_each(function, value, node)
        return value

    def _fit_each(self, function: Function, value: list[Value] | tuple[Value, ...], node: tree.Expression) -> Value:
        """Several tensors, each of which may be given as a list or a number."""
        if isinstance(node, tree.Sequence):
            return [self._fit(function, "input", *pair) for pair in zip(value, node.items, strict=True)]
        return [self._fit(function, "input", item, node) for item in value]

    def _bound(self, function: Function, arguments: Arguments, span: Span) -> Cost:
        try:
            return function.bound(arguments)
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError):
            hint = f"{function.name}({function.signature})"
            self.calls.refuse(f"`{function.name}` does not take these arguments", span, hint)

    def refuse_none(self, node: tree.Expression) -> NoReturn:
        """`x.grad` before a backward pass: PlaygroundError."""
        written = node.span.of(self.program.text)
        hint = "a gradient is there after a line with .backward()" if ".grad" in written else ""
        self.calls.refuse(f"`{written}` is None", node.span, hint)


def _same_axes(tensor: Tensor) -> Tensor:
    """`.T` of a vector or a number, which is that itself: PyTorch gives it along with a warning."""
    return tensor.permute(tuple(range(tensor.dim())))
