"""Where PyTorch wants a plain number and takes no tensor: an axis, a size, `range`, an index, a whole exponent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from playground.language.function import PYTHON, TENSORS, TENSORS_OR_NUMBERS
from playground.language.functions.table import find
from playground.language.syntax import tree
from playground.language.syntax.walk import children, inner, own, targets_in

Use = Literal["any", "whole", "plain"]  # 'whole': a whole number has to stay a plain number there

TAKE_TENSORS = (TENSORS | TENSORS_OR_NUMBERS | {"tensors", "operands"}) - {"end", "min", "max"}
TAKE_POSITIONS = frozenset({"index", "target", "mask", "condition"})
OF_POSITIONS = frozenset({"one_hot", "embedding", "bincount", "embedding_bag"})  # their input are whole numbers
BESIDE = frozenset({"zip", "enumerate", "reversed", "list", "tuple"})  # they give the items themselves
OVER_ITEMS = frozenset({"len", "sum"})


def plain_names(body: tuple[tree.Statement, ...], candidates: Mapping[str, bool]) -> frozenset[str]:
    """Those of the candidates (name -> whether its numbers are whole) that are used as plain numbers somewhere.

    A name also counts as used so where a value that is computed from it is.
    """
    uses = _Uses(candidates)
    before = -1
    while before != len(uses.plain):
        before = len(uses.plain)
        uses.statements(body)
    return frozenset(uses.plain & candidates.keys())


class _Uses:
    """Names that are used as plain numbers, of candidates and of what is computed from them.

    A name inside a function of the text is noted with the function's name before it.
    """

    def __init__(self, whole: Mapping[str, bool]) -> None:
        self.whole = whole
        self.plain: set[str] = set()
        self._parameters: dict[str, tuple[str, ...]] = {}
        self._scope: dict[str, str] = {}

    def statements(self, body: Iterable[tree.Statement]) -> None:
        for node in body:
            match node:
                case tree.Assign(targets=(target,), value=tree.Lambda(parameters=parameters, body=result)):
                    with self._inside(target.id, parameters, ()):
                        self.see(result, "any")
                case tree.Define(target=target, parameters=parameters, body=inside):
                    with self._inside(target.id, parameters, tuple(targets_in(inside))):
                        self.statements(inside)
                case tree.Assign(targets=targets, value=value) | tree.For(targets=targets, iterable=value):
                    self.see(value, self._of_targets(targets))
                case tree.State(target=target, value=value) | tree.Augmented(target=target, value=value):
                    self.see(value, self._of_targets((target,)))
                case _:
                    for part in own(node):
                        self.see(part, "plain" if isinstance(node, tree.Seed) else "any")
            if not isinstance(node, tree.Define):
                self.statements(inner(node))

    def _key(self, name: str) -> str:
        return self._scope.get(name, name)

    @contextmanager
    def _inside(
        self, function: str, parameters: tuple[tree.Parameter, ...], others: tuple[tree.Name, ...]
    ) -> Iterator[None]:
        before = self._scope
        names = tuple(parameter.name for parameter in parameters)
        self._parameters[function] = names
        self._scope = before | {name: f"{function}.{name}" for name in (*names, *(other.id for other in others))}
        try:
            yield
        finally:
            self._scope = before

    def _of_targets(self, targets: Iterable[tree.Name]) -> Use:
        return "plain" if any(self._key(target.id) in self.plain for target in targets) else "any"

    def see(self, node: tree.Expression | None, use: Use) -> None:
        """Note the names of one expression, whose value is used like this."""
        match node:
            case None:
                return
            case tree.Name(id=name):
                if use == "plain" or (use == "whole" and self.whole.get(name, "." in self._key(name))):
                    self.plain.add(self._key(name))
            case tree.Binary(operator=operator, left=left, right=right):
                first: Use = "plain" if operator in ("&", "|") else "whole" if operator in ("//", "%") else use
                self.see(left, first)
                self.see(right, "whole" if operator == "**" and use == "any" else first)
            case tree.Slice(start=start, stop=stop, step=step):
                for part in (start, stop, step):
                    self.see(part, "plain")
            case tree.Index(operand=operand, index=index):
                self.see(operand, use)
                self.see(index, "plain")
            case tree.Call():
                self._call(node, use)
            case tree.CallOwn():
                self._call_own(node, use)
            case _:
                for part in children(node):
                    self.see(part, use)

    def _call(self, node: tree.Call, use: Use) -> None:
        self.see(node.receiver, "any")
        function = find("" if node.home == "math" else node.home, node.name)
        names = [parameter.name for parameter in function.parameters] if function is not None else []
        place = 0 if node.receiver is None else 1
        if node.home == "math" and function is not None:  # of a tensor it is PyTorch's function of that name
            for argument in node.arguments:
                self.see(argument.value, use)
            return
        is_python = node.home == "math" or (function is not None and function.homes == (PYTHON,))
        for argument in node.arguments:
            name = argument.name or (names[min(place, len(names) - 1)] if names else "")
            place += not argument.name
            self.see(argument.value, use if is_python and node.name in BESIDE else _use_of(node, name, is_python))

    def _call_own(self, node: tree.CallOwn, use: Use) -> None:
        function = node.function.id if isinstance(node.function, tree.Name) else ""
        names = self._parameters.get(function, ())
        for place, argument in enumerate(node.arguments):
            name = argument.name or (names[place] if place < len(names) else "")
            self.see(argument.value, "plain" if f"{function}.{name}" in self.plain else use)


def _use_of(call: tree.Call, parameter: str, is_python: bool) -> Use:
    """How a call uses one of its arguments."""
    if is_python:
        return "any" if call.name in OVER_ITEMS else "plain"
    if parameter in TAKE_POSITIONS or call.name in OF_POSITIONS:
        return "whole" if parameter in TAKE_TENSORS else "plain"
    return "whole" if parameter == "exponent" else "any" if parameter in TAKE_TENSORS else "plain"
