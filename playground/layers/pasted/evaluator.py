"""Values of the expressions of pasted classes: the language's, with layers among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from playground.errors import Span
from playground.language.bounds.bound import like
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.list_evaluator import ListEvaluator
from playground.language.evaluate.torch_calls import ERRORS
from playground.language.evaluate.torch_errors import explained
from playground.language.function import Function, Value
from playground.language.functions.table import ATTRIBUTES
from playground.language.limits import LIMITS, spell
from playground.language.syntax.tree import Attribute, CallArgument, Expression, Index, Name
from playground.layers.pasted import tree
from playground.layers.pasted.pasted_module import PastedCalls, PastedModule, kept, kinds_of, what

Maker = Callable[[tree.Make | tree.Initialise, list[Value], dict[str, Value]], nn.Module | nn.Parameter | Tensor]
Invoker = Callable[[tree.Invoke, list[Value], dict[str, Value]], Value]


@dataclass(frozen=True, slots=True)
class _Known:
    """An operand that has been computed."""

    value: Value
    span: Span


class PastedEvaluator(ListEvaluator):
    """Values of expressions, layers among them. A ModuleList is the tuple of its layers."""

    calls: PastedCalls

    def __init__(self, calls: PastedCalls, values: dict[str, Value], maker: Maker | None, invoke: Invoker) -> None:
        super().__init__(calls.program, calls, values)
        self.maker, self.invoke = maker, invoke
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
        }

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
                limit = spell(LIMITS.statements)
                self.calls.refuse(f"a loop of {spell(len(value))} rounds; the limit is {limit}", part.span)
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
        for item in self._items(node.items) if isinstance(node.items, tree.LoopItems) else ():
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

    def _make(self, node: tree.Make | tree.Initialise) -> Value:
        make = self.maker
        assert make is not None  # the reader takes layers only in `__init__`
        self.calls.at(node.span, self.calls.budget.count_statement)
        positional, named = self.arguments(node.arguments)
        return self.guarded(node.span, lambda: make(node, positional, named), (*positional, *named.values()))

    def arguments(self, given: tuple[CallArgument, ...]) -> tuple[list[Value], dict[str, Value]]:
        """Evaluate those by position, `*layers` taken apart, and those by name."""
        positional: list[Value] = []
        named: dict[str, Value] = {}
        for argument in given:
            part: Any = argument.value
            if isinstance(part, tree.Spread):
                positional += self._items(tree.LoopItems("", (part.value,), part.span))
            elif argument.name:
                named[argument.name] = self.evaluate(part)
            else:
                positional.append(self.evaluate(part))
        return positional, named

    def _invoke(self, node: tree.Invoke) -> Value:
        positional, named = self.arguments(node.arguments)
        return self.invoke(node, positional, named)

    def _dictionary(self, node: tree.Dictionary) -> Value:
        return {name: self.evaluate(value) for name, value in node.items}

    def _parts(self, node: tree.Parts) -> tuple[Value, ...]:
        owner = self.values["self"] if node.owner is None else self.evaluate(node.owner)
        if node.how in ("items", "values", "keys"):
            if not isinstance(owner, nn.ModuleDict):
                self.calls.refuse(f"{what(owner)} has no `.{node.how}()` here", node.span, "nn.ModuleDict has")
            return tuple(getattr(owner, node.how)())
        if not isinstance(owner, nn.Module):
            self.calls.refuse(f"{what(owner)} has no `.{node.how}()`", node.span, "layers have")
        return tuple(getattr(owner, node.how)())  # one of six names of ours

    def test(self, node: Any) -> bool:
        """Tell whether a condition holds: of a number, a switch, None or a tuple, never of a tensor."""
        value = self.evaluate(node)
        if isinstance(value, Tensor | list):
            hint = "choose element by element: torch.where(x > 0, x, 0 * x)"
            self.calls.refuse("a condition does not look at tensors", node.span, hint)
        return value is not None and (isinstance(value, nn.Module) or bool(value))

    def _logic(self, node: tree.Logic) -> bool:
        if node.how.startswith("is"):
            return (self.evaluate(node.operands[0]) is None) == (node.how == "is None")
        if node.how == "not":
            return not self.test(node.operands[0])
        return (all if node.how == "and" else any)(self.test(part) for part in node.operands)

    def _is_kind(self, node: tree.IsKind) -> bool:
        value = self.evaluate(node.value)
        return isinstance(value, nn.Module) and any(name in kinds_of(value) for name in node.names)

    def _index(self, node: Index) -> Value:
        operand: Any = self.value(node.operand)
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

    def _apply(self, node: tree.Apply) -> Value:
        layer = self.evaluate(node.layer)
        written = node.layer.span.of(self.program.text)
        if not isinstance(layer, nn.Module):
            hint = "to multiply write *" if isinstance(layer, Tensor | int | float) else "call one of its layers"
            self.calls.refuse(f"`{written}` is {what(layer)}, not a layer", node.span, hint)
        inputs = tuple(self.value(part) for part in node.inputs)
        named = {argument.name: self.test(argument.value) for argument in node.named}
        self._check_inputs(layer, written, node, inputs)
        self.calls.tell(node.span)
        self.calls.applied = layer, node
        return self.guarded(node.span, lambda: layer(*inputs, **named), inputs)

    def _check_inputs(self, layer: nn.Module, written: str, node: tree.Apply, inputs: tuple[Value, ...]) -> None:
        """Refuse what a layer does not take: most take one tensor; a class of the text says itself what it takes."""
        is_attention, is_recurrent = isinstance(layer, nn.MultiheadAttention), isinstance(layer, nn.RNNBase)
        for place, (value, part) in enumerate(zip(inputs, node.inputs, strict=True)):
            states = value if place and is_recurrent and isinstance(value, tuple) else (value,)
            if not all(isinstance(state, Tensor) for state in states):
                self.calls.refuse(f"a layer takes a tensor, not {what(value)}", part.span, "a number: tensor(2.0)")
        if is_attention and len(inputs) != 3:
            hint = f"to itself: {written}(x, x, x)"
            self.calls.refuse(f"`{written}` takes a query, a key and a value", node.span, hint)
        if node.named and not is_attention:
            self.calls.refuse(f"`{written}` gives no weights", node.named[0].span, f"write {written}(x)")
        most = 2 if is_recurrent else 1
        if not (is_attention or isinstance(layer, PastedModule) or 1 <= len(inputs) <= most):
            takes = "a sequence, and a first state" if is_recurrent else "one input"
            self.calls.refuse(f"`{written}` takes {takes}", node.span, f"write {written}(x)")

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
