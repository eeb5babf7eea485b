"""Runs own code: the language's interpreter, with layers among its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError, Span
from playground.language.arithmetic import describe
from playground.language.bounds import like
from playground.language.budget import Budget
from playground.language.evaluator import Evaluator
from playground.language.explain import explain
from playground.language.failure import Failure
from playground.language.function import Function, Value
from playground.language.interpreter import Run
from playground.language.limits import LIMITS, spell
from playground.language.program import Program
from playground.language.table import ATTRIBUTES
from playground.language.torch_calls import ERRORS, TorchCalls
from playground.language.tree import Attribute, Name
from playground.layers.own_tree import Append, Apply, Each, Items, Keep, Make, OwnClass, Spread

# A batch is larger than what an expression computes with; operations and lines are as many as there.
OWN_LIMITS = replace(
    LIMITS, elements=8 * LIMITS.elements, total_bytes=4 * LIMITS.total_bytes, work=10 * LIMITS.work
)  # fmt: skip
running: ContextVar[OwnCalls | None] = ContextVar("running", default=None)
Maker = Callable[[Make, list[Value], dict[str, Value]], nn.Module | nn.Parameter]


class OwnCalls(TorchCalls):
    """The calls of one forward pass, or of one construction: modules inside share the budget of the outermost."""

    def __init__(self, text: str, generator: torch.Generator) -> None:
        super().__init__(Program(text, (), ()), 0)
        self.budget = Budget(OWN_LIMITS)
        self._generator = generator


class OwnModule(nn.Module):
    """A class of the text as a module. What is neither parameter nor module (sizes, tensors, lists) is in `_plain`."""

    def __init__(self, definition: OwnClass, text: str, generator: torch.Generator) -> None:
        super().__init__()
        self._definition, self._text, self._generator = definition, text, generator
        self._plain: dict[str, Value] = {}

    def _get_name(self) -> str:
        return self._definition.name

    def keep(self, name: str, value: Value) -> None:
        """`self.name = value`; PlaygroundError without a place where the name is taken."""
        if name in FIXED:
            raise PlaygroundError(f"`self.{name}` has a fixed meaning in nn.Module", hint="take another name")
        if name in self._plain or name in self._parameters or name in self._modules:
            raise PlaygroundError(f"`self.{name}` is given a value twice", hint="take another name")
        if isinstance(value, nn.Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, nn.Module):
            self.add_module(name, value)
        else:
            self._plain[name] = value

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The class's `forward`, line by line; PlaygroundError with the place for anything that goes wrong."""
        calls = running.get() or OwnCalls(self._text, self._generator)
        token = running.set(calls)
        try:
            return self._result(calls, inputs)
        finally:
            running.reset(token)

    def _result(self, calls: OwnCalls, inputs: tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
        definition = self._definition
        method, result = definition.forward, definition.forward.result
        if len(inputs) != len(method.parameters) or not all(isinstance(part, Tensor) for part in inputs):
            wanted = ", ".join(parameter.name for parameter in method.parameters)
            calls.refuse(f"`forward` of {definition.name} takes {wanted}", definition.span, "as tensors")
        assert result is not None
        values = {parameter.name: part for parameter, part in zip(method.parameters, inputs, strict=True)}
        run = OwnRun(calls, {"self": self} | values)
        run.execute(method.body)
        calls.at(result.span, calls.budget.count_statement)
        value = run.evaluator.value(result)
        parts = value if isinstance(value, tuple) and value else (value,)
        if not all(isinstance(part, Tensor) for part in parts):
            calls.refuse(f"`forward` returns {what(value)}", result.span, "return a tensor")
        return value if isinstance(value, Tensor) else tuple(parts)


FIXED = frozenset(dir(nn.Module())) | {"keep"}


class OwnRun(Run):
    """The state of one method: values by name; with a `maker` it is `__init__`."""

    def __init__(self, calls: OwnCalls, values: Mapping[str, Value], maker: Maker | None = None) -> None:
        super().__init__(calls.program, {})
        self.values.update(values)
        self.calls = calls
        self.evaluator = OwnEvaluator(calls, self.values, maker)

    def execute(self, statements: tuple[Any, ...]) -> None:
        for statement in statements:
            match statement:
                case Keep(name=name, value=value, span=span):
                    self.calls.at(span, self.calls.budget.count_statement)
                    kept = self.evaluator.evaluate(value)
                    self.calls.at(span, self.values["self"].keep, name, kept)
                case Append():
                    self.calls.at(statement.span, self.calls.budget.count_statement)
                    self._append(statement)
                case _:
                    super().execute((statement,))

    def _append(self, node: Append) -> None:
        item, owner = self.evaluator.evaluate(node.value), self.values["self"]
        modules, values = (owner._modules, owner._plain) if node.on_self else ({}, self.values)
        target = modules.get(node.name, values.get(node.name))
        if isinstance(target, nn.ModuleList | nn.Sequential) and isinstance(item, nn.Module):
            target.append(item)
        elif isinstance(target, tuple):
            values[node.name] = self.calls.nested((*target, item), node.span)
        else:
            self.calls.refuse(
                f"{what(item)} cannot be appended to {what(target)}", node.span, "write layers = [] first"
            )


@dataclass(frozen=True, slots=True)
class _Known:
    """An operand that has been computed."""

    value: Value
    span: Span


class OwnEvaluator(Evaluator):
    """Values of expressions, layers among them. A ModuleList is the tuple of its layers."""

    def __init__(self, calls: OwnCalls, values: dict[str, Value], maker: Maker | None) -> None:
        super().__init__(calls.program, calls, values)
        self.maker = maker
        self._kinds |= {
            _Known: lambda node: node.value,
            Make: self._make,
            Apply: self._apply,
            Each: self._each,
            Items: self._items,
        }

    def operate(self, symbol: str, left: Value, right: Value, failure: Failure) -> Value:
        for value, place in zip((left, right), failure.places, strict=True):
            if isinstance(value, nn.Module):
                self._refuse_uncalled(place)
        return super().operate(symbol, left, right, failure)

    def _fit(self, function: Function, name: str, value: Value, span: Span) -> Value:
        if isinstance(value, nn.Module):
            self._refuse_uncalled(span)
        return super()._fit(function, name, value, span)

    def _refuse_uncalled(self, span: Span) -> None:
        written = span.of(self.program.text)
        self.calls.refuse(f"`{written}` is a layer, not a tensor", span, f"call it: {written}(x)")

    def _attribute(self, node: Attribute) -> Value:
        is_self = isinstance(node.operand, Name) and node.operand.id == "self"
        operand = self.value(node.operand)
        if not isinstance(operand, nn.Module):
            if node.name not in ATTRIBUTES:
                self.calls.refuse(f"{what(operand)} has no `.{node.name}`", node.span)
            known: Any = _Known(operand, node.operand.span)  # computed once: a call in it is recorded
            return super()._attribute(replace(node, operand=known))
        places: list[dict[str, Any]] = [operand._parameters, operand._buffers, operand._modules]
        places += [operand._plain] if isinstance(operand, OwnModule) else []
        found = next((place for place in places if node.name in place), None)
        if found is None:
            hint = f"set it in __init__: self.{node.name} = ..." if is_self else ""
            self.calls.refuse(f"`{node.span.of(self.program.text)}` has no value", node.span, hint)
        value: Value = found[node.name]
        return tuple(value) if isinstance(value, nn.ModuleList) else value

    def _items(self, node: Items) -> tuple[Value, ...]:
        """What a loop runs over, as long as a loop may be."""
        parts = []
        for part in node.parts:
            value = self.evaluate(part)
            if isinstance(value, nn.Sequential):
                value = tuple(value)
            if not isinstance(value, range | tuple | list | Tensor) or (isinstance(value, Tensor) and not value.dim()):
                self.calls.refuse(f"a loop cannot run over {what(value)}", part.span, "write for i in range(3):")
            if len(value) > LIMITS.statements:
                limit = spell(LIMITS.statements)
                self.calls.refuse(f"a loop of {spell(len(value))} rounds; the limit is {limit}", part.span)
            if isinstance(value, Tensor):
                failure = Failure("unbind", self.program, part.span, (value,), (part.span,))
                value = self.calls.call(failure, like(tuple(value.shape)), value.unbind)
            parts.append(tuple(value))
        if node.how == "enumerate":
            return tuple(enumerate(parts[0]))
        return tuple(zip(*parts, strict=False)) if node.how == "zip" else tuple(parts[0])

    def _each(self, node: Each) -> Value:
        before = {target.id: self.values[target.id] for target in node.targets if target.id in self.values}
        found = []
        for item in self._items(node.items) if isinstance(node.items, Items) else ():
            self.calls.at(node.span, self.calls.budget.count_statement)
            values = item if node.unpack else (item,)
            if not isinstance(values, tuple | Tensor) or len(values) != len(node.targets):
                self.calls.refuse(f"{len(node.targets)} names for {what(values)}", node.span, "one name for each value")
            self.values.update({target.id: value for target, value in zip(node.targets, values, strict=True)})
            found.append(self.evaluate(node.element))
        for target in node.targets:
            self.values.pop(target.id, None)
        self.values.update(before)
        return self.calls.nested(tuple(found), node.span)

    def _make(self, node: Make) -> Value:
        assert self.maker is not None  # the reader takes layers only in `__init__`
        self.calls.at(node.span, self.calls.budget.count_statement)
        positional: list[Value] = []
        named: dict[str, Value] = {}
        for argument in node.arguments:
            part: Any = argument.value
            if isinstance(part, Spread):
                positional += self._items(Items("", (part.value,), part.span))
            elif argument.name:
                named[argument.name] = self.evaluate(part)
            else:
                positional.append(self.evaluate(part))
        return self.guarded(node.span, lambda: self.maker(node, positional, named), (*positional, *named.values()))  # type: ignore[misc]

    def _apply(self, node: Apply) -> Value:
        layer = self.evaluate(node.layer)
        written = node.layer.span.of(self.program.text)
        if not isinstance(layer, nn.Module):
            hint = "to multiply write *" if isinstance(layer, Tensor | int | float) else "call one of its layers"
            self.calls.refuse(f"`{written}` is {what(layer)}, not a layer", node.span, hint)
        inputs = tuple(self.value(part) for part in node.inputs)
        for value, part in zip(inputs, node.inputs, strict=True):
            if not isinstance(value, Tensor):
                self.calls.refuse(f"a layer takes a tensor, not {what(value)}", part.span, "a number: tensor(2.0)")
        if len(inputs) != 1 and not isinstance(layer, OwnModule):
            self.calls.refuse(f"`{written}` takes one input", node.span, f"write {written}(x)")
        self.calls.tell(node.span)
        return self.guarded(node.span, lambda: layer(*inputs), inputs)

    def guarded(self, span: Span, call: Callable[[], Value], operands: tuple[Value, ...]) -> Value:
        """The value of a call; whatever goes wrong in it is explained at this place."""
        try:
            return self.calls.at(span, call)
        except ERRORS as error:
            raise explain(error, Failure("layer", self.program, span, operands, (span,) * len(operands))) from None


def what(value: Value) -> str:
    """What kind of value it is, in the user's words."""
    return "a layer" if isinstance(value, nn.Module) else describe(value)


__all__ = ["OwnCalls", "OwnModule", "OwnRun", "running", "what"]
