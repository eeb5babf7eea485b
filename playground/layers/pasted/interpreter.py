"""Runs pasted classes: the language's interpreter, method by method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.language.evaluate.interpreter import Interpreter
from playground.language.function import Value
from playground.language.syntax.tree import Expression, Sequence
from playground.layers.pasted.evaluator import Maker, PastedEvaluator
from playground.layers.pasted.pasted_module import PastedCalls, PastedModule, what
from playground.layers.pasted.tree import Append, If, Invoke, Keep, KeepIn, Method, Register


class PastedRun(Interpreter):
    """The state of one method: values by name; with a `maker` it is `__init__`."""

    calls: PastedCalls

    def __init__(self, calls: PastedCalls, values: Mapping[str, Value], maker: Maker | None = None) -> None:
        super().__init__(calls.program, {})
        self.values.update(values)
        self.calls = calls
        self.maker = maker
        self.evaluator: PastedEvaluator = PastedEvaluator(calls, self.values, maker, self.invoke)

    def _given(self, node: Expression) -> Value:
        """Return what a name is given: numbers that are written out are a tensor."""
        value = self.evaluator.evaluate(node)
        return self.evaluator.calls.as_value(value, node.span) if isinstance(node, Sequence) and node.items else value

    def execute(self, statements: tuple[Any, ...]) -> None:
        for statement in statements:
            match statement:
                case Keep(name=name, value=value, span=span):
                    self.calls.at(span, self.calls.budget.count_statement)
                    kept = self.evaluator.evaluate(value)
                    self.calls.at(span, self.values["self"].keep, name, kept)
                case KeepIn():
                    self.calls.at(statement.span, self.calls.budget.count_statement)
                    self._keep_in(statement)
                case Register(name=name, value=value, span=span):
                    self.calls.at(span, self.calls.budget.count_statement)
                    self.calls.at(span, self.values["self"].keep_buffer, name, self.evaluator.value(value))
                case If(test=test, body=body, orelse=orelse, span=span):
                    self.calls.at(span, self.calls.budget.count_statement)
                    self.execute(body if self.evaluator.test(test) else orelse)
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

    def _keep_in(self, node: KeepIn) -> None:
        """A parameter of one layer in place of another's: both have the same then."""
        owner, value = self.evaluator.evaluate(node.owner), self.evaluator.evaluate(node.value)
        written = node.span.of(self.program.text)
        old = owner._parameters.get(node.name) if isinstance(owner, nn.Module) else None
        if old is None or not isinstance(value, nn.Parameter):
            hint = "share one: self.decoder.weight = self.encoder.weight"
            self.calls.refuse(f"`{written[:60]}` sets no parameter of a layer to another", node.span, hint)
        if old.shape != value.shape:
            message = f"`{node.name}` has shape {tuple(old.shape)}, and gets {tuple(value.shape)}"
            self.calls.refuse(message, node.span, "only parameters of one shape can be shared")
        owner.register_parameter(node.name, value)

    def invoke(self, node: Invoke, positional: list[Value], named: dict[str, Value]) -> Value:
        """A method of the class, or of a class above it."""
        module = self.values["self"]
        method = (node.owner or module.definition).find(node.name, self.maker is not None)
        if method is None:
            self.calls.refuse(f"`{node.name}` has no value", node.span, "it is no method of this class")
        values = self.calls.at(node.span, bound, self.calls, method, positional, named)
        with self.calls.method(node.name, node.span):
            return PastedRun(self.calls, {"self": module} | values, self.maker).result_of(method)

    def result_of(self, method: Method) -> Value:
        """Runs a method; what it returns."""
        self.execute(method.body)
        if method.result is None:
            return None
        self.calls.at(method.result.span, self.calls.budget.count_statement)
        return self.evaluator.value(method.result)


def bound(
    calls: PastedCalls, method: Method, positional: list[Value], named: dict[str, Value], name: str = ""
) -> dict[str, Value]:
    """The arguments of a method by name, with its defaults; PlaygroundError without a place where they do not fit."""
    name, names = name or method.name, [parameter.name for parameter in method.parameters]
    takes = f"{name}({', '.join(names)})"
    if len(positional) > len(names):
        raise PlaygroundError(f"`{name}` takes {len(names)} arguments, here are {len(positional)}", hint=takes)
    values = dict(zip(names, positional, strict=False))
    for given, value in named.items():
        if given not in names or given in values:
            problem = "is given twice" if given in values else f"is no argument of `{name}`"
            raise PlaygroundError(f"`{given}` {problem}", hint=takes)
        values[given] = value
    defaults = PastedRun(calls, {}).evaluator
    for parameter in method.parameters:
        if parameter.name not in values:
            if parameter.default is None:
                hint = f"give it, or a default: def {method.name}(self, {parameter.name}=10):"
                raise PlaygroundError(f"`{name}` needs `{parameter.name}`", span=parameter.span, hint=hint)
            values[parameter.name] = defaults.evaluate(parameter.default)
    return values


def interpret_forward(
    module: PastedModule, calls: PastedCalls, inputs: tuple[Tensor, ...]
) -> Tensor | tuple[Tensor, ...]:
    """The `forward` of a module, line by line."""
    definition = module.definition
    method, result = definition.forward, definition.forward.result
    few, many = len(method.required), len(method.parameters)
    if not few <= len(inputs) <= many or not all(isinstance(part, Tensor) for part in inputs):
        wanted = ", ".join(parameter.name for parameter in method.parameters)
        calls.refuse(f"`forward` of {definition.name} takes {wanted}", definition.span, "as tensors")
    assert result is not None
    values = calls.at(definition.span, bound, calls, method, list(inputs), {})
    value = PastedRun(calls, {"self": module} | values).result_of(method)
    parts = value if isinstance(value, tuple) and value else (value,)
    if not all(isinstance(part, Tensor) for part in parts):
        calls.refuse(f"`forward` returns {what(value)}", result.span, "return a tensor")
    return value if isinstance(value, Tensor) else tuple(parts)
