"""Values of the expressions of pasted classes: the language's, with layers among them."""

from __future__ import annotations

from collections import ChainMap, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

from torch import Tensor, nn

from playground.errors import Span
from playground.language.bounds.bound import like
from playground.language.evaluate.arithmetic import bounded, numbers
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.list_evaluator import ListEvaluator
from playground.language.evaluate.torch_calls import ERRORS
from playground.language.evaluate.torch_errors import explained
from playground.language.function import Function, Value
from playground.language.functions.plain import BUILTINS, MATH
from playground.language.functions.table import ATTRIBUTES, find
from playground.language.limits import LIMITS, spell
from playground.language.syntax.tree import Attribute, Call, CallArgument, Expression, Index, Name
from playground.layers.pasted import tree
from playground.layers.pasted.constructors import ONLY_IN_INIT, passing_layer
from playground.layers.pasted.pasted_module import OwnFunction, PastedCalls, PastedModule, has, kept, kinds_of, what

Maker = Callable[
    [tree.Make | tree.Initialise, list[Value], dict[str, Value]], nn.Module | nn.Parameter | Tensor | float
]
Caller = Callable[[OwnFunction, tree.Apply | tree.ForEach, list[Value], dict[str, Value]], Value]
Invoker = Callable[[tree.Invoke, list[Value], dict[str, Value]], Value]


_PRODUCT = partial(reduce, partial(numbers, "*"))
_STATES: dict[type[nn.Module], str] = {  # layers that take a state, too
    **dict.fromkeys((nn.LSTM, nn.GRU, nn.RNN), "a sequence, and a first state"),
    **dict.fromkeys((nn.LSTMCell, nn.GRUCell, nn.RNNCell), "one step, and the state before it"),
}
LONGEST = 100  # characters of a text that is put together
_PLAIN_KINDS: dict[str, type] = {
    "int": int, "float": float, "bool": bool, "str": str, "dict": dict, "tuple": tuple, "list": tuple, "Tensor": Tensor
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Known:
    """An operand that has been computed."""

    value: Value
    span: Span


class PastedEvaluator(ListEvaluator):
    """Values of expressions, layers among them. A ModuleList is the tuple of its layers."""

    calls: PastedCalls

    def __init__(
        self, calls: PastedCalls, values: dict[str, Value], maker: Maker | None, invoke: Invoker, call: Caller
    ) -> None:
        super().__init__(calls.program, calls, values)
        self.maker, self.invoke, self.call = maker, invoke, call
        self._scopes: tuple[dict[str, Value], ...] = ()  # the names of comprehensions around, the innermost first
        self._kinds |= {
            _Known: lambda node: node.value,
            tree.Make: self._make,
            tree.Initialise: self._make,
            tree.Apply: self._apply,
            tree.Unnested: self._unnested,
            tree.Each: self._each,
            tree.LoopItems: self._items,
            tree.Invoke: self._invoke,
            tree.Parts: self._parts,
            tree.Logic: self._logic,
            tree.Choose: lambda node: self.evaluate(node.yes if self.test(node.test) else node.no),
            tree.IsKind: self._is_kind,
            tree.Dictionary: self._dictionary,
            tree.KindName: lambda node: node,
            tree.Lambda: lambda node: self.own(node.method),
            tree.MethodName: self._method_name,
            tree.ForEach: self._for_each,
            tree.Has: self._has,
            tree.Words: self._words,
            tree.KindOf: self._kind_of,
        }

    def own(self, method: tree.Method) -> OwnFunction:
        """A function that stands here: it sees the names that are here when it is called, and has its defaults now."""
        given = {one.name: self.evaluate(one.default) for one in method.parameters if one.default is not None}
        return OwnFunction(method, method, ChainMap(*self._scopes, self.values), given)

    def _method_name(self, node: tree.MethodName) -> OwnFunction:
        definition = self.values["self"].definition
        making, running = definition.find(node.name, in_init=True), definition.find(node.name)
        return OwnFunction(making, running, {"self": self.values["self"]})

    def owner(self, node: Any) -> Value:
        """The module that something is done to."""
        return self.values["self"] if node is None else self.evaluate(node)

    def _for_each(self, node: tree.ForEach) -> Value:
        owner, function = self.owner(node.owner), self.evaluate(node.function)
        if not isinstance(owner, nn.Module) or not isinstance(function, OwnFunction):
            self.calls.refuse("`.apply` calls a function of the text for every layer", node.span, "self.apply(draw)")
        for module in _inside_first(owner):
            self.calls.at(node.span, self.calls.budget.count_statement)
            self.call(function, node, [module], {})
        return owner

    def _has(self, node: tree.Has) -> Value:
        owner, name = self.owner(node.owner), self.evaluate(node.name)
        if not isinstance(owner, nn.Module) or not isinstance(name, str) or name.startswith("_"):
            self.calls.refuse(f"{what(owner)} has no {name!r:.60}", node.span, "what a module keeps has a name")
        value, found = kept(owner, name)
        if not node.is_get:
            return found or has(owner, name)
        if not found:
            self.calls.refuse(f"there is nothing under {name!r:.60}", node.span, "set it in __init__")
        return tuple(value) if isinstance(value, nn.ModuleList) else value

    def _words(self, node: tree.Words) -> str:
        values = [self.evaluate(value) for value in node.values]
        for number, (value, place) in enumerate(zip(values, node.values, strict=True)):
            if not isinstance(value, str | int | float):
                self.calls.refuse(f"{what(value)} is no part of a text", place.span, "numbers and quoted words are")
            if number in node.whole:
                if not isinstance(value, int):
                    self.calls.refuse(f"`%d` writes a whole number, not {what(value)}", place.span, "%s writes both")
                values[number] = int(value)  # True is 1
        text = node.pieces[0] + "".join(f"{value}{piece}" for value, piece in zip(values, node.pieces[1:], strict=True))
        if len(text) > LONGEST:
            self.calls.refuse(f"a text of {len(text)} characters", node.span, f"the limit is {LONGEST}")
        return text

    def _kind_of(self, node: tree.KindOf) -> str:
        value = self.evaluate(node.value)
        if not isinstance(value, nn.Module):
            self.calls.refuse(f"{what(value)} is no layer", node.span, "layers have a kind")
        return value.definition.name if isinstance(value, PastedModule) else type(value).__name__.removeprefix("Seeded")

    def _name(self, node: Name) -> Value:
        if node.id not in self.values and node.id in self.calls.names:
            return self.calls.names[node.id]
        return super()._name(node)

    def operate(self, symbol: str, left: Value, right: Value, site: CallSite) -> Value:
        for value, place in zip((left, right), site.places, strict=True):
            if isinstance(value, nn.Module):
                self._refuse_uncalled(place)
        return super().operate(symbol, left, right, site)

    def _fit(self, function: Function, name: str, value: Value, node: Expression) -> Value:
        if isinstance(value, nn.Module):
            self._refuse_uncalled(node.span)
        return super()._fit(function, name, value, node)

    def _refuse_uncalled(self, span: Span) -> None:
        written = span.of(self.program.text)
        self.calls.refuse(f"`{written}` is a layer, not a tensor", span, f"call it: {written}(x)")

    def _attribute(self, node: Attribute) -> Value:
        is_self = isinstance(node.operand, Name) and node.operand.id == "self"
        operand = self.value(node.operand)
        if isinstance(operand, tree.PastedClass):
            constant, found = operand.constant(node.name)
            if not found:
                self.calls.refuse(
                    f"`{operand.name}` has no constant `{node.name}`", node.span, f"write {node.name} = 1 in it"
                )
            return constant
        if not isinstance(operand, nn.Module):
            if node.name not in ATTRIBUTES:
                self.calls.refuse(f"{what(operand)} has no `.{node.name}`", node.span)
            known: Any = _Known(operand, node.operand.span)  # computed once: a call in it is recorded
            return super()._attribute(replace(node, operand=known))
        value, found = kept(operand, node.name)
        if is_self and node.name == "training":
            return operand.training
        if not found:
            hint = f"set it in __init__: self.{node.name} = ..." if is_self else ""
            self.calls.refuse(f"`{node.span.of(self.program.text)}` has no value", node.span, hint)
        return tuple(value) if isinstance(value, nn.ModuleList) else value

    def _items(self, node: tree.LoopItems) -> tuple[Value, ...]:
        """Return what a loop runs over, as long as a loop may be."""
        parts = []
        for part in node.parts:
            value = self.evaluate(part)
            if isinstance(value, nn.Sequential | nn.ModuleDict):
                value = tuple(value)
            if not isinstance(value, range | tuple | list | Tensor) or (isinstance(value, Tensor) and not value.dim()):
                self.calls.refuse(f"a loop cannot run over {what(value)}", part.span, "write for i in range(3):")
            if len(value) > LIMITS.statements:
                message = f"a loop of {spell(len(value))} rounds; the limit is {spell(LIMITS.statements)}"
                self.calls.refuse(message, part.span, "make it smaller")
            if isinstance(value, Tensor):
                site = CallSite("unbind", self.program, part.span, (value,), (part.span,))
                value = self.calls.call(site, like(tuple(value.shape)), value.unbind)
            parts.append(tuple(value))
        if node.how == "enumerate":
            return tuple(enumerate(parts[0]))
        return tuple(zip(*parts, strict=False)) if node.how == "zip" else tuple(parts[0])

    def _each(self, node: tree.Each) -> Value:
        before = {target.id: self.values[target.id] for target in node.targets if target.id in self.values}
        found = []
        around, scope = self._scopes, dict[str, Value]()
        for item in self._items(node.items) if isinstance(node.items, tree.LoopItems) else ():
            self.calls.at(node.span, self.calls.budget.count_statement)
            values = item if node.unpack else (item,)
            if not isinstance(values, tuple | Tensor) or len(values) != len(node.targets):
                self.calls.refuse(f"{len(node.targets)} names for {what(values)}", node.span, "one name for each value")
            scope.update({target.id: value for target, value in zip(node.targets, values, strict=True)})
            self.values.update(scope)
            self._scopes = (scope, *around)
            found.append(self.evaluate(node.element))
            self._scopes = around
        for target in node.targets:
            self.values.pop(target.id, None)
        self.values.update(before)
        return self.calls.nested(tuple(found), node.span)

    def _make(self, node: tree.Make | tree.Initialise) -> Value:
        self.calls.at(node.span, self.calls.budget.count_statement)
        positional, named = self.arguments(node.arguments)

        def make() -> Value:
            if self.maker is not None:
                return self.maker(node, positional, named)
            if isinstance(node, tree.Initialise):  # of a method or a function; elsewhere the reader refuses it
                self.calls.refuse(
                    "a default initialises nothing here", node.span, "take None for it, and do it in `__init__`"
                )
            return passing_layer(node, positional, named, self.program.text)

        return self.guarded(node.span, make, (*positional, *named.values()))

    def arguments(self, given: tuple[CallArgument, ...]) -> tuple[list[Value], dict[str, Value]]:
        """Evaluate those by position, `*layers` taken apart, and those by name."""
        positional: list[Value] = []
        named: dict[str, Value] = {}
        for argument in given:
            part: Any = argument.value
            if isinstance(part, tree.Spread):
                positional += self._items(tree.LoopItems("", (part.value,), part.span))
            elif argument.name == "**":
                more = self.evaluate(part)
                if not isinstance(more, dict) or not all(isinstance(name, str) for name in more):
                    self.calls.refuse(f"`**` takes a dictionary apart, not {what(more)}", argument.span)
                self._check_once(named, more, argument)
                named |= more
            elif argument.name:
                self._check_once(named, (argument.name,), argument)
                named[argument.name] = self.evaluate(part)
            else:
                positional.append(self.evaluate(part))
        return positional, named

    def _check_once(self, named: Collection[str], more: Iterable[str], argument: CallArgument) -> None:
        twice = next((name for name in more if name in named), None)
        if twice is not None:
            self.calls.refuse(f"`{twice}` is given twice", argument.span, "give it once")

    def _invoke(self, node: tree.Invoke) -> Value:
        positional, named = self.arguments(node.arguments)
        return self.invoke(node, positional, named)

    def _dictionary(self, node: tree.Dictionary) -> Value:
        made = (OrderedDict if node.ordered else dict)((name, self.evaluate(value)) for name, value in node.items)
        return self.calls.nested(made, node.span)

    def _parts(self, node: tree.Parts) -> tuple[Value, ...]:
        owner = self.values["self"] if node.owner is None else self.evaluate(node.owner)
        if node.how in ("items", "values", "keys"):
            if not isinstance(owner, nn.ModuleDict | dict):
                self.calls.refuse(f"{what(owner)} has no `.{node.how}()` here", node.span, "nn.ModuleDict has")
            return tuple(getattr(owner, node.how)())
        if not isinstance(owner, nn.Module):
            self.calls.refuse(f"{what(owner)} has no `.{node.how}()`", node.span, "layers have")
        return tuple(getattr(owner, node.how)())  # one of six names of ours

    def test(self, node: Any) -> bool:
        """Tell whether a condition holds: of a number, a switch, None or a tuple, never of a tensor."""
        return self._holds(self.evaluate(node), node)

    def _holds(self, value: Value, node: Any) -> bool:
        if isinstance(value, Tensor | list):
            hint = "choose element by element: torch.where(x > 0, x, 0 * x)"
            self.calls.refuse("a condition does not look at tensors", node.span, hint)
        return bool(value)

    def _call(self, node: Call) -> Value:
        """Functions of Python on plain numbers give plain numbers: `math.sqrt(2 / n)`, `max(1, n // 4)`."""
        names = MATH if node.home == "math" else BUILTINS if self.maker is not None else {}
        function = _PRODUCT if node.name == "prod" else names.get(node.name)
        if function is None or node.home not in ("math", "") or any(one.name for one in node.arguments):
            return super()._call(node)
        values, _ = self.arguments(node.arguments)
        parts = values[0] if len(values) == 1 and isinstance(values[0], tuple | range) else values
        if not values or not all(isinstance(part, int | float) for part in parts):
            if find("", node.name) is None:
                self.calls.refuse(f"`{node.name}` takes plain numbers here", node.span)
            known = tuple(
                replace(one, value=_Known(value, one.value.span))  # type: ignore[arg-type]  # it has a place
                for one, value in zip(node.arguments, values, strict=True)
            )
            return super()._call(replace(node, home="", arguments=known))
        try:
            return self.calls.at(node.span, bounded, function(*values))
        except (ValueError, TypeError, ArithmeticError):
            hint = "another number"
            self.calls.refuse(f"`{node.span.of(self.program.text)[:60]}` has no value here", node.span, hint)

    def _logic(self, node: tree.Logic) -> Value:
        """`a or b` is the first of them that holds, or the last, as in Python: `width or 64`."""
        if node.how.startswith("is"):
            return (self.evaluate(node.operands[0]) is None) == (node.how == "is None")
        if node.how == "not":
            return not self.test(node.operands[0])
        for part in node.operands[:-1]:
            value = self.evaluate(part)
            if self._holds(value, part) == (node.how == "or"):
                return value
        return self.evaluate(node.operands[-1])

    def _is_kind(self, node: tree.IsKind) -> bool:
        value = self.evaluate(node.value)
        names = {name.removeprefix("torch.") for name in node.names}
        if not isinstance(value, nn.Module):
            if isinstance(value, tuple) and len(names & {"tuple", "list"}) == 1:
                self.calls.refuse(
                    "lists and tuples are one here", node.span, "ask for both: isinstance(x, (list, tuple))"
                )
            return isinstance(value, tuple(kind for name, kind in _PLAIN_KINDS.items() if name in names))
        return bool(names & kinds_of(value))

    def _index(self, node: Index) -> Value:
        operand: Any = self.value(node.operand)
        if isinstance(operand, dict):
            return self._entry(operand, self.evaluate(node.index), node)
        if isinstance(operand, nn.ModuleDict | nn.Sequential):
            index = self.evaluate(node.index)
            wanted: Any = str if isinstance(operand, nn.ModuleDict) else int | slice
            if not isinstance(index, wanted):
                hint = 'by name: self.layers["first"]' if isinstance(operand, nn.ModuleDict) else "by number"
                self.calls.refuse(f"layers are not chosen by {what(index)} here", node.index.span, hint)
            try:
                chosen: Value = operand[index]
            except (KeyError, IndexError):
                self.calls.refuse(f"there is no layer {index!r}", node.index.span, f"there are {len(operand)}")
            return chosen
        known: Any = _Known(operand, node.operand.span)
        return super()._index(replace(node, operand=known))

    def _entry(self, dictionary: dict[Value, Value], key: Value, node: Index) -> Value:
        """`cfg["widths"]`."""
        if not isinstance(key, str | int | float) or key not in dictionary:
            names = ", ".join(map(repr, list(dictionary)[:8]))
            self.calls.refuse(f"there is nothing under {key!r:.60}", node.index.span, f"there are {names}")
        return dictionary[key]

    def _apply(self, node: tree.Apply) -> Value:
        layer = self.evaluate(node.layer)
        written = node.layer.span.of(self.program.text)
        if isinstance(layer, OwnFunction):
            self.calls.at(node.span, self.calls.budget.count_statement)
            return self.call(layer, node, *self.arguments(node.arguments))
        if isinstance(layer, tree.PastedClass | tree.KindName):
            return self._make(self._made_by_name(layer, node))
        if not isinstance(layer, nn.Module):
            hint = "to multiply write *" if isinstance(layer, Tensor | int | float) else "call one of its layers"
            self.calls.refuse(f"`{written}` is {what(layer)}, not a layer", node.span, hint)
        inputs, named = self.arguments(node.arguments)
        if not _begins_with_class(layer):  # which says itself what it takes
            inputs = [self.calls.as_value(value, node.span) for value in inputs]
            self._check_inputs(layer, written, node, inputs, named)
        self.calls.tell(node.span)
        self.calls.applied = layer, node
        return self.guarded(node.span, lambda: layer(*inputs, **named), (*inputs, *named.values()))

    def _check_inputs(
        self, layer: nn.Module, written: str, node: tree.Apply, inputs: list[Value], named: dict[str, Value]
    ) -> None:
        """Refuse what a layer does not take: most take one tensor."""
        is_attention, is_recurrent = isinstance(layer, nn.MultiheadAttention), type(layer) in _STATES
        for place, value in enumerate(inputs):
            states = (value,)
            if place and is_recurrent:  # None stands for zeros
                states = value if isinstance(value, tuple) else () if value is None else states
            if not all(isinstance(state, Tensor) for state in states):
                span = node.inputs[min(place, len(node.inputs) - 1)].span
                self.calls.refuse(f"a layer takes a tensor, not {what(value)}", span, "a number: tensor(2.0)")
        if is_attention and len(inputs) != 3:
            hint = f"to itself: {written}(x, x, x)"
            self.calls.refuse(f"`{written}` takes a query, a key and a value", node.span, hint)
        known = ("need_weights",) if is_attention else ()
        other = next((argument for argument in node.arguments if argument.name and argument.name not in known), None)
        if other is not None or not named.keys() <= set(known):
            span = node.span if other is None else other.span
            self.calls.refuse(f"`{written}` takes its input by position", span, f"write {written}(x)")
        if not all(isinstance(value, bool) for value in named.values()):
            self.calls.refuse("need_weights is True or False", node.span)
        most = 2 if is_recurrent else 1
        if not is_attention and not 1 <= len(inputs) <= most:
            takes = _STATES[type(layer)] if is_recurrent else "one input"
            self.calls.refuse(f"`{written}` takes {takes}", node.span, f"write {written}(x)")

    def _made_by_name(self, kind: tree.PastedClass | tree.KindName, node: tree.Apply) -> tree.Make:
        """`block(64, stride=2)`, where a name stands for a class or a kind of layer."""
        if self.maker is None:
            self.calls.refuse(ONLY_IN_INIT, node.span, "write self.layer = ... in __init__, and self.layer(x) here")
        is_pasted = isinstance(kind, tree.PastedClass)
        return tree.Make(kind.name, is_pasted, node.arguments, node.span, node.layer.span)

    def _unnested(self, node: tree.Unnested) -> Value:
        """The parts of a value in one row: those of its parts that have several names are taken apart."""
        found: list[Value] = []
        values = self._parts_of(self.evaluate(node.value), len(node.parts), node)
        for value, length in zip(values, node.parts, strict=True):
            found += self._parts_of(value, length, node) if length else (value,)
        return tuple(found)

    def _parts_of(self, value: Value, names: int, node: tree.Unnested) -> tuple[Value, ...]:
        if not isinstance(value, tuple) or len(value) != names:
            self.calls.refuse(f"{names} names for {what(value)}", node.span, "one name for each value")
        return value

    def guarded(self, span: Span, call: Callable[[], Value], operands: tuple[Value, ...]) -> Value:
        """The value of a call; whatever goes wrong in it is explained at this place."""
        try:
            return self.calls.at(span, call)
        except ERRORS as error:
            raise explained(error, CallSite("layer", self.program, span, operands, (span,) * len(operands))) from None


def _begins_with_class(layer: nn.Module) -> bool:
    """Tell whether what goes into a layer goes into a class of the text."""
    while isinstance(layer, nn.Sequential) and len(layer):
        layer = layer[0]
    return isinstance(layer, PastedModule)


def _inside_first(module: nn.Module) -> Iterator[nn.Module]:
    """A module and all in it, in the order of nn.Module.apply."""
    for child in module.children():
        yield from _inside_first(child)
    yield module
