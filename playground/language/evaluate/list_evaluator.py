"""`ListEvaluator`: lists and tuples as Python has them; a list becomes a tensor only where a tensor is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from playground.errors import Span
from playground.language.bounds.bound import like, shape_of, tensors_in
from playground.language.evaluate.arithmetic import BINARY, describe, numbers
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.evaluator import Evaluator
from playground.language.evaluate.torch_calls import TorchCalls, is_container
from playground.language.function import Cost, Function, Value
from playground.language.functions.literals import is_numeric, shape_in
from playground.language.limits import LIMITS, spell
from playground.language.syntax import tree
from playground.language.syntax.program import Program

EQUALITY = frozenset({"==", "!="})
ORDER = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Known:
    """An expression of the text that has been computed."""

    value: Value
    node: tree.Expression

    @property
    def span(self) -> Span:
        """The place of the expression."""
        return self.node.span


class ListEvaluator(Evaluator):
    """`+` joins lists, `*` repeats them, `==` and `in` compare item by item; anything else takes them as tensors.

    What a script has to write out is noted by the `id` of the node: `made` says what values were wanted as a tensor
    there ('tensor' for a list of numbers, 'stack' of tensors, 'nested' of both, 'other' for what is no list);
    `itemwise` are the lists whose items became tensors one by one, `kept` those that an operation took as Python does.
    """

    def __init__(self, program: Program, calls: TorchCalls, values: dict[str, Value]) -> None:
        super().__init__(program, calls, values)
        self.made: dict[int, set[str]] = {}
        self.itemwise: set[int] = set()
        self.kept: set[int] = set()
        self._kinds |= {Known: lambda node: node.value}

    def tensor_of(self, node: tree.Expression, value: Value) -> Value:
        node = node.node if isinstance(node, Known) else node
        self._note(node, value)
        found = super().tensor_of(node, value)
        if isinstance(node, tree.Name) and isinstance(value, list) and not tensors_in(value):
            self.calls.label(found, node.id, node.span)
        return found

    def shown(self, node: tree.Expression) -> Value:
        """The value of a line: a list as a tensor where its items fit into one, else as it is."""
        found = self.evaluate(node)
        return self.tensor_of(node, found) if not isinstance(found, list) or shape_in(found) is not None else found

    def _note(self, node: tree.Expression, value: Value) -> None:
        kind = "other"
        if isinstance(value, list):
            is_flat = bool(value) and all(isinstance(item, Tensor) for item in value)
            kind = "tensor" if is_numeric(value) else "stack" if is_flat else "nested"
        self.made.setdefault(id(node), set()).add(kind)
        if isinstance(node, tree.Sequence) and isinstance(value, list):
            for pair in zip(node.items, value, strict=True):
                self._note(*pair)

    def _sequence(self, node: tree.Sequence) -> Value:
        items = [self.evaluate(item) for item in node.items]
        return self.calls.nested(items if node.kind == "list" else tuple(items), node.span)

    def _fit(self, function: Function, name: str, value: Value, node: tree.Expression) -> Value:
        if function.in_place and isinstance(value, list):
            self._refuse_in_place(node)
        return super()._fit(function, name, value, node)

    def _fit_each(self, function: Function, value: list[Value] | tuple[Value, ...], node: tree.Expression) -> Value:
        node = node.node if isinstance(node, Known) else node
        if isinstance(node, tree.Sequence):
            return super()._fit_each(function, value, node)
        if not all(isinstance(item, Tensor) for item in value):
            self.itemwise.add(id(node))
        return [self.calls.as_tensor(item, node.span) for item in value]

    def receiver(self, node: tree.Expression, function: Function) -> Value:
        found = self.evaluate(node)
        if isinstance(found, list) and (function.in_place or function.name in ("backward", "retain_grad")):
            self._refuse_in_place(node)
        return self.tensor_of(node, found)

    def _refuse_in_place(self, node: tree.Expression) -> None:
        written = node.span.of(self.program.text)
        hint = f"make it a tensor first: torch.tensor({written})"
        self.calls.refuse(f"`{written[:40]}` is a list, not a tensor", node.span, hint)

    def _binary(self, node: tree.Binary) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if self.has_python_meaning(node.operator, left, right):
            self.kept |= {id(node.left), id(node.right)}
            return self.combined(node.operator, left, right, node.span)
        left, right = self.tensor_of(node.left, left), self.tensor_of(node.right, right)
        return self.operate(
            node.operator, left, right, self.site(node.operator, node, (left, right), (node.left.span, node.right.span))
        )

    def has_python_meaning(self, symbol: str, left: Value, right: Value) -> bool:
        """Tell whether Python itself has an answer for an operation on lists or tuples."""
        if symbol == "*":
            return (_is_items(left) and _is_whole(right)) or (_is_items(right) and _is_whole(left))
        if symbol in EQUALITY:
            return _is_items(left) and _is_items(right)
        if symbol == "+" or symbol in ORDER:
            return any(isinstance(left, kind) and isinstance(right, kind) for kind in (list, tuple))
        return False

    def combined(self, symbol: str, left: Value, right: Value, span: Span) -> Value:
        """What Python makes of lists or tuples that are joined, repeated or compared."""
        if symbol in EQUALITY:
            return self.same(left, right, span) == (symbol == "==")
        if symbol in ORDER:
            return self._ordered(symbol, left, right, span)
        if symbol == "+":
            self._check_length(len(left) + len(right), span)
            return self.calls.nested(_plain(left) + _plain(right), span)
        items, times = (left, right) if _is_items(left) else (right, left)
        count = max(0, int(times))
        self._check_length(len(items) * count, span)
        return self.calls.nested(_plain(items) * count, span)

    def grown(self, items: list[Value], symbol: str, given: Value, span: Span) -> bool:
        """`items += given`, `items *= given`: change a list in place; False where Python has no meaning for it."""
        if symbol == "*" and _is_whole(given):
            items[:] = self.combined("*", items, given, span)
            return True
        is_many = isinstance(given, list | tuple | range) or (isinstance(given, Tensor) and given.dim() > 0)
        if symbol != "+" or not is_many:
            return False
        self._check_length(len(items) + len(given), span)
        added = self.items(given, span)
        items += added
        if any(map(is_container, added)):  # numbers and tensors nest nothing
            self.calls.nested(items, span)
        return True

    def same(self, left: Value, right: Value, span: Span) -> bool:
        """`left == right` as one True or False, as Python compares items."""
        if left is right:
            return True
        if _is_items(left) or _is_items(right):
            return (
                any(isinstance(left, kind) and isinstance(right, kind) for kind in (list, tuple))
                and len(left) == len(right)
                and all(self.same(*pair, span) for pair in zip(left, right, strict=True))
            )
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            if not isinstance(left, Tensor | int | float) or not isinstance(right, Tensor | int | float):
                return False
            return self.truth(self.compared("==", left, right, span), span)
        return bool(left == right)

    def _ordered(self, symbol: str, left: Sequence[Value], right: Sequence[Value], span: Span) -> bool:
        for pair in zip(left, right, strict=False):
            if self.same(*pair, span):
                continue
            if self.has_python_meaning(symbol, *pair):
                return self._ordered(symbol, *pair, span)
            return self.truth(self.compared(symbol, *pair, span), span)
        return bool(BINARY[symbol](len(left), len(right)))

    def compared(self, symbol: str, left: Value, right: Value, span: Span) -> Value:
        """`left < right` and the like, of two numbers or tensors."""
        if not isinstance(left, Tensor) and not isinstance(right, Tensor):
            return self.calls.at(span, numbers, symbol, left, right)
        return self.operate(symbol, left, right, CallSite(symbol, self.program, span, (left, right), (span, span)))

    def contains(self, node: tree.Logic) -> bool:
        """`item in items`, `item not in items`."""
        item, items = (self.evaluate(part) for part in node.operands)
        if isinstance(items, Tensor):
            site = CallSite("in", self.program, node.span, (items, item), tuple(part.span for part in node.operands))
            if not isinstance(item, Tensor | int | float):
                self.calls.refuse(f"{describe(item)} is no element of a tensor", node.operands[0].span)
            found = bool(self.calls.call(site, like(shape_of(items)), items.__contains__, item))
        elif not isinstance(items, list | tuple | range):
            hint = "for instance: if i in [1, 3]"
            self.calls.refuse(f"nothing is in {describe(items)}", node.operands[1].span, hint)
        else:
            found = any(self.same(item, one, node.span) for one in self.items(items, node.span))
        return found == (node.how == "in")

    def truth(self, value: Value, span: Span) -> bool:
        """Tell whether a value counts as true: a tensor has one element then."""
        if not isinstance(value, Tensor):
            return bool(value)
        if value.numel() != 1:
            shape, hint = tuple(value.shape), "choose element by element: where(x > 0, x, 0 * x)"
            self.calls.refuse(f"a condition is one True or False, and this has shape {shape}", span, hint)
        site = CallSite("bool", self.program, span, (value,), (span,))
        return bool(self.calls.call(site, Cost(0, 1), bool, value))

    def _index(self, node: tree.Index) -> Value:
        operand = self.evaluate(node.operand)
        known: Any = Known(operand, node.operand)
        if not isinstance(operand, list | tuple | range):
            return super()._index(replace(node, operand=known))
        if isinstance(node.index, tree.Slice):
            return operand[self._slice(node.index, backwards=True)]
        index = self.evaluate(node.index)
        if isinstance(index, Tensor) and _is_whole(index):
            index = int(index)
        what = describe(operand).replace("a ", "the ", 1)
        if isinstance(index, int):
            if not -len(operand) <= index < len(operand):
                self.calls.refuse(f"there is no element {index}: {what} has {len(operand)}", node.index.span)
            return operand[index]
        if not isinstance(operand, list):
            self.calls.refuse(
                f"{describe(operand)} is indexed by a whole number, not {describe(index)}", node.index.span
            )
        where: Any = Known(index, node.index)
        return super()._index(replace(node, operand=known, index=where))

    def _check_length(self, length: int, span: Span) -> None:
        if length > LIMITS.statements:  # no loop could go through more
            limit = spell(LIMITS.statements)
            self.calls.refuse(f"a list of {spell(length)} items; the limit is {limit}", span, "make it smaller")


def _plain(items: Value) -> Value:
    """A tuple with names (`x.max(dim=0)`) as a plain one."""
    return tuple(items) if isinstance(items, tuple) else items


def _is_items(value: Value) -> bool:
    return isinstance(value, list | tuple)


def _is_whole(value: Value) -> bool:
    """Tell whether Python takes a value for a whole number: a tensor of one is, too."""
    if isinstance(value, Tensor):
        kinds = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
        return value.numel() == 1 and value.dtype in kinds
    return isinstance(value, int)
