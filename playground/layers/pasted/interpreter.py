"""Runs pasted classes: the language's interpreter, method by method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn

from playground.errors import PlaygroundError, Span
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.interpreter import Flow, Interpreter
from playground.language.function import Cost, Value
from playground.language.syntax.tree import Assign, Augmented, Expression, For, Name, Return, Sequence
from playground.layers.pasted.evaluator import Maker, PastedEvaluator
from playground.layers.pasted.list_names import is_new, names_in
from playground.layers.pasted.pasted_module import Inputs, OwnFunction, PastedCalls, PastedModule, check_outside, what
from playground.layers.pasted.tree import (
    AddModule,
    Append,
    Define,
    If,
    Invoke,
    Keep,
    KeepIn,
    Method,
    Raise,
    Register,
    SetPart,
    While,
)

NOTHING: Mapping[str, Value] = {}


class PastedRun(Interpreter):
    """The state of one method: values by name; with a `maker` it is `__init__`."""

    calls: PastedCalls

    def __init__(self, calls: PastedCalls, values: Mapping[str, Value], maker: Maker | None = None) -> None:
        super().__init__(calls.program, {})
        self.values.update(values)
        self.calls = calls
        self.maker = maker
        self.evaluator: PastedEvaluator = PastedEvaluator(calls, self.values, maker, self.invoke, self.call)
        self.alone: set[str] = set()  # names of lists that have no other name

    def _given(self, node: Expression) -> Value:
        """Return what a name is given: numbers that are written out are a tensor."""
        value = self.evaluator.evaluate(node)
        return self.evaluator.calls.as_value(value, node.span) if isinstance(node, Sequence) and node.items else value

    def _name_lists(self, targets: Iterable[str], value: Any, unpack: bool = False) -> None:
        """Notes which names are those of lists alone, where `targets` are given this expression."""
        held = set(names_in(value))
        self._alone(held, False)
        self._alone(targets, is_new(value, of_parts=unpack))

    def _alone(self, names: Iterable[str], is_alone: bool) -> None:
        for name in names:
            names_of = self.values["self"].alone if name.startswith("self.") else self.alone
            (names_of.add if is_alone else names_of.discard)(name)

    def _check_grows(self, name: str, value: Value, span: Span) -> None:
        """Refuses to make a list longer that has, or may have, another name: that would not see it."""
        names_of = self.values["self"].alone if name.startswith("self.") else self.alone
        if isinstance(value, tuple) and name not in names_of:
            hint = f"let it be a list of its own: {name} = list({name})"
            self.calls.refuse(f"`{name}` may be a list that has another name, too", span, hint)

    def _execute(self, statement: Any) -> Flow | None:
        match statement:
            case Assign(targets=targets, unpack=unpack, value=value):
                flow = super()._execute(statement)
                self._name_lists([target.id for target in targets], value, unpack)
                return flow
            case Augmented(target=Name(id=name), value=Sequence(span=span)):
                if span.of(self.program.text).startswith("["):
                    self._check_grows(name, self.values.get(name), statement.span)
                return super()._execute(statement)
            case For(targets=targets):
                self._alone([target.id for target in targets], False)
                return super()._execute(statement)
            case Keep(name=name, value=value, span=span):
                kept = self.evaluator.evaluate(value)
                self.calls.at(span, self.values["self"].keep, name, kept)
                self._name_lists([f"self.{name}"], value)
            case KeepIn():
                self._keep_in(statement)
            case Register(name=name, value=value, span=span):
                self.calls.at(span, self.values["self"].keep_buffer, name, self.evaluator.value(value))
            case If(test=test, body=body, orelse=orelse):
                return self.execute(body if self.evaluator.test(test) else orelse)
            case While(test=test, body=body, span=span):
                while self.evaluator.test(test):
                    self.calls.at(span, self.calls.budget.count_statement)
                    flow = self.execute(body)
                    if flow is not None and flow.how != "continue":
                        return flow if flow.how == "return" else None
            case SetPart():
                self._set_part(statement)
            case AddModule():
                self._add_module(statement)
            case Append():
                self._append(statement)
            case Return(value=node) if node is not None:
                return Flow("return", self.evaluator.value(node))
            case Define(method=method):
                self.values[method.name] = self.evaluator.own(method)
            case Raise(message=message, span=span):
                told = f"the text stops here: {message}" if message else "the text stops here with an error of its own"
                self.calls.refuse(told, span, "give it what it allows")
            case _:
                return super()._execute(statement)
        return None

    def _append(self, node: Append) -> None:
        item = self.evaluator.evaluate(node.value)
        modules: dict[str, nn.Module | None] = self.values["self"]._modules if node.on_self else {}
        values = self.values["self"]._plain if node.on_self else self.values
        target = modules.get(node.name, values.get(node.name))
        items = item if node.many else (item,)
        is_layers = isinstance(items, tuple | nn.ModuleList) and all(isinstance(one, nn.Module) for one in items)
        if isinstance(target, nn.ModuleList | nn.Sequential) and is_layers:
            self.calls.at(node.span, check_outside, target, *items, *[items][: isinstance(items, nn.Module)])
            target.extend(items)
        elif isinstance(target, tuple) and isinstance(items, tuple):
            self._check_grows(f"self.{node.name}" if node.on_self else node.name, target, node.span)
            if not node.many:
                self._alone(names_in(node.value), False)
            values[node.name] = self.calls.nested((*target, *items), node.span)
        else:
            self.calls.refuse(
                f"{what(item)} cannot be appended to {what(target)}", node.span, "write layers = [] first"
            )

    def _add_module(self, node: AddModule) -> None:
        """A layer under a name that is put together."""
        owner = self.values["self"] if node.owner is None else self.evaluator.evaluate(node.owner)
        name, value = self.evaluator.evaluate(node.name), self.evaluator.evaluate(node.value)
        word = self.calls.at(node.name.span, check_name, owner, name)
        if isinstance(owner, PastedModule):
            self.calls.at(node.span, owner.keep, word, value)
        elif isinstance(owner, nn.Sequential) and isinstance(value, nn.Module):
            self.calls.at(node.span, check_outside, owner, value)
            owner.add_module(word, value)
        else:
            hint = "a layer, to an nn.Sequential or to the module itself"
            self.calls.refuse(f"{what(value)} cannot be added to {what(owner)}", node.span, hint)

    def _set_part(self, node: SetPart) -> None:
        """A part of a tensor, in its memory: whatever shares it changes, too, as in PyTorch."""
        whole, part = self.evaluator.value(node.part.operand), self.evaluator.value(node.part)
        value = self.evaluator.value(node.value)
        if not isinstance(whole, Tensor) or not isinstance(part, Tensor):
            self.calls.refuse(f"{what(whole)} has no part that is set", node.part.span, "a tensor has")
        if whole.requires_grad:
            self.calls.refuse("a parameter is filled as a whole", node.part.span, "nn.init.zeros_(self.weight)")
        if part.untyped_storage()._cdata != whole.untyped_storage()._cdata:
            hint = "for instance pe[:, 0::2] = torch.sin(angles)"
            self.calls.refuse("a part is set by whole numbers and slices here", node.part.span, hint)
        filled = value if isinstance(value, Tensor) else self.calls.as_tensor(value, node.value.span)
        site = CallSite("copy_", self.program, node.span, (part, filled), (node.part.span, node.value.span))
        self.calls.call(site, Cost(0, part.numel()), lambda: part.copy_(filled))

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

    def call(self, function: OwnFunction, node: Any, positional: list[Value], named: dict[str, Value]) -> Value:
        """A function of the text, a lambda, or a method by its name."""
        method = function.running if self.maker is None or function.making is None else function.making
        if method is None:
            self.calls.refuse("this function makes layers", node.span, "layers are made in `__init__`")
        given = dict(function.values)
        values = self.calls.at(node.span, bound, self.calls, method, positional, named, "", given, function.defaults)
        maker = self.maker if method is function.making else None
        with self.calls.method(method.name, node.span):
            return PastedRun(self.calls, given | values, maker).result_of(method)

    def result_of(self, method: Method) -> Value:
        """Runs a method; what it returns."""
        flow = self.execute(method.body)
        return None if flow is None else flow.value


def bound(
    calls: PastedCalls,
    method: Method,
    positional: list[Value],
    named: dict[str, Value],
    name: str = "",
    around: Mapping[str, Value] = NOTHING,
    known: Mapping[str, Value] = NOTHING,
) -> dict[str, Value]:
    """The arguments of a method by name, with its defaults, of which some are `known`; PlaygroundError without a place
    where they do not fit."""
    name, names = name or method.name, [parameter.name for parameter in method.parameters]
    takes = f"{name}({', '.join(names)})"
    by_place = [parameter.name for parameter in method.parameters if not parameter.by_name]
    if len(positional) > len(by_place) and not method.rest:
        raise PlaygroundError(f"`{name}` takes {len(by_place)} arguments, here are {len(positional)}", hint=takes)
    values = dict(zip(by_place, positional, strict=False))
    more: dict[str, Value] = {}
    for given, value in named.items():
        if method.more and given not in names:
            more[given] = value
            continue
        if given not in names or given in values:
            problem = "is given twice" if given in values else f"is no argument of `{name}`"
            raise PlaygroundError(f"`{given}` {problem}", hint=takes)
        values[given] = value
    values |= {method.rest: tuple(positional[len(by_place) :])} if method.rest else {}
    values |= {method.more: more} if method.more else {}
    defaults = PastedRun(calls, around).evaluator
    for parameter in method.parameters:
        if parameter.name not in values:
            if parameter.default is None:
                hint = f"write {takes} with values, or a default: {parameter.name}=10"
                if method.name == "__init__":
                    hint = f"write it on a line below the classes: net = {takes}, with values; or a default"
                raise PlaygroundError(f"`{name}` needs `{parameter.name}`", span=parameter.span, hint=hint)
            default = parameter.name in known
            values[parameter.name] = known[parameter.name] if default else defaults.evaluate(parameter.default)
    return values


def check_name(owner: Value, name: Value) -> str:
    """The name of a layer itself; PlaygroundError where it cannot be one in `owner`."""
    if not isinstance(name, str) or not name.isprintable() or not name or "." in name or name.startswith("_"):
        raise PlaygroundError(f"{name!r:.60} is no name of a layer", hint='for instance "conv1"')
    if isinstance(owner, nn.Sequential | nn.ModuleDict) and hasattr(owner, name) and name not in owner._modules:
        raise PlaygroundError(f"`{name}` has a fixed meaning in nn.{type(owner).__name__}", hint="take another name")
    return name


def last_return(method: Method) -> Span:
    """Where a method says what it gives, as far as that is its last line."""
    last = method.body[-1] if method.body else None
    return last.value.span if isinstance(last, Return) and last.value is not None else method.span


def interpret_forward(
    module: PastedModule, calls: PastedCalls, inputs: Inputs, named: dict[str, Value]
) -> Tensor | tuple[Tensor, ...]:
    """The `forward` of a module, line by line."""
    definition = module.definition
    method = definition.forward
    few, many = len(method.required), len(method.parameters)
    if not few <= len(inputs) + len(named) or not (len(inputs) <= many or method.rest):
        wanted = ", ".join(parameter.name for parameter in method.parameters)
        calls.refuse(f"`forward` of {definition.name} takes {wanted}", definition.span, "as tensors")
    values = calls.at(definition.span, bound, calls, method, list(inputs), named)
    value = PastedRun(calls, {"self": module} | values).result_of(method)
    parts = value if isinstance(value, tuple) and value else (value,)
    if not all(isinstance(part, Tensor) for part in parts):
        calls.refuse(f"`forward` returns {what(value)}", last_return(method), "return a tensor")
    return value if isinstance(value, Tensor) else tuple(parts)
