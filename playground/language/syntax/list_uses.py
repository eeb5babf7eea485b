"""Which names stand for a list of Python, and not for a tensor, though a literal of numbers is given to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from playground.language.functions.plain import BUILTINS
from playground.language.syntax import tree
from playground.language.syntax.walk import children, inner, own, parts

Use = Literal["items", "tensor", "any"]

OVER_ITEMS = frozenset({"len", "zip", "enumerate", "reversed", "list", "tuple", *BUILTINS})
OF_SEVERAL = frozenset({"stack", "cat", "concat", "hstack", "vstack"})
EITHER = frozenset({"==", "!=", "<", "<=", ">", ">="})


def list_names(body: tuple[tree.Statement, ...], candidates: Iterable[str]) -> frozenset[str]:
    """Those of the candidates, names of literal lists, that are changed as a list, or joined and then used as one.

    `a.append(v)`, `a[i] = v` and `i in a` are said of lists. `a + b` and `a * 2` have a meaning for lists and for
    tensors: where their items are counted, gone through or chosen from, and nothing else is done, they are lists.
    """
    uses = _ListUses(frozenset(candidates))
    before = -1
    while before != len(uses.lists):  # what a parameter is given is known after the lines of its function
        before = len(uses.lists)
        uses.forget()
        uses.statements(body)
    return uses.found()


class _ListUses:
    def __init__(self, candidates: frozenset[str]) -> None:
        self.candidates = candidates
        self.lists = set(candidates)  # names that may stand for a list
        self._certain: set[str] = set()
        self._parts: dict[str, set[str]] = {}  # name of a joined list -> what it was joined from
        self._same: dict[str, set[str]] = {}  # another name of a list, or of a part of it -> the list
        self._parameters: dict[str, tuple[str, ...]] = {}
        self.forget()

    def forget(self) -> None:
        """Forget how names are used: with more lists known, a line may say something else."""
        self._uses: dict[str, set[Use]] = {}  # of a name itself
        self._joined: dict[str, set[Use]] = {}  # of what is joined from it

    def found(self) -> frozenset[str]:
        found = set(self._certain)
        for name in self.candidates:
            joined = set(self._joined.get(name, ()))
            for other, is_joined in self._made_from(name):
                joined |= self._joined.get(other, set())
                joined |= self._uses.get(other, set()) if is_joined else self._uses.get(other, set()) & {"tensor"}
            if "items" in joined and "tensor" not in joined | self._uses.get(name, set()):
                found.add(name)
        together = [sources | {whole} for names in (self._parts, self._same) for whole, sources in names.items()]
        before = -1
        while before != len(found):
            before = len(found)
            found |= {name for group in together if group & found for name in group}
        return frozenset(found & self.candidates)

    def _made_from(self, name: str) -> set[tuple[str, bool]]:
        """Other names of a list, and the names of what is joined from it (True)."""
        found: set[tuple[str, bool]] = set()
        waiting = [(name, False)]
        while waiting:
            one, is_joined = waiting.pop()
            following = {(other, True) for other, sources in self._parts.items() if one in sources}
            following |= {(other, is_joined) for other, sources in self._same.items() if one in sources}
            waiting += following - found
            found |= following
        return found

    def _give(self, name: str, value: tree.Expression) -> None:
        """A name stands for a list from here on."""
        if self._is_list(value):
            self.lists.add(name)
            names = self._parts if self._is_joined(value) else self._same
            names.setdefault(name, set()).update(self._names(value) - {name})

    def statements(self, body: Iterable[tree.Statement]) -> None:
        for node in body:
            match node:
                case tree.Assign(targets=(target,), unpack=False, value=value):
                    self._see(value, "any")
                    if target.id not in self.candidates:
                        self._give(target.id, value)
                case tree.Append(target=target, value=value):
                    self._certain.add(target.id)
                    self._see(value, "any")
                case tree.SetItem(target=target, value=value):
                    if isinstance(target.operand, tree.Name) and "tensor" not in self._uses.get(target.operand.id, ()):
                        self._note(target.operand, "items")
                        self._joined.setdefault(target.operand.id, set()).add("items")
                    self._see(target.index, "any")
                    self._see(value, "any")
                case tree.For(iterable=iterable):
                    self._see(iterable, "items")
                case tree.Define(target=target, parameters=parameters):
                    self._parameters[target.id] = tuple(parameter.name for parameter in parameters)
                case tree.If(test=test):
                    self._test(test)
                case _:
                    for part in own(node):
                        self._see(part, "any")
            self.statements(inner(node))

    def _note(self, node: tree.Expression, use: Use) -> None:
        """Note how a list, or what was joined from lists, is used."""
        if isinstance(node, tree.Name):
            self._uses.setdefault(node.id, set()).add(use)
        elif self._is_joined(node):
            for name in self._names(node):
                self._joined.setdefault(name, set()).add(use)

    def _see(self, node: tree.Expression, use: Use) -> None:
        self._note(node, use)
        match node:
            case tree.Binary(operator=operator, left=left, right=right):
                inside: Use = "any" if self._is_joined(node) or operator in EITHER else "tensor"
                self._see(left, inside)
                self._see(right, inside)
            case tree.Unary(operand=operand) | tree.Attribute(operand=operand):
                self._see(operand, "tensor")
            case tree.Index(operand=operand, index=index):
                self._see(operand, "tensor" if isinstance(index, tree.Sequence) else "items")
                self._see(index, "any")
            case tree.Logic(how="in" | "not in", operands=(item, items)):
                if isinstance(items, tree.Name):
                    self._joined.setdefault(items.id, set()).add("items")
                self._see(item, "any")
                self._see(items, "items")
            case tree.Comprehension(element=element, generators=generators):
                for one in generators:
                    self._see(one.iterable, "items")
                    for test in one.conditions:
                        self._see(test, "any")
                self._see(element, "any")
            case tree.Call(receiver=receiver, name=name, home=home, arguments=arguments):
                if receiver is not None:
                    self._see(receiver, "tensor")
                is_python = home == "" and name in OVER_ITEMS
                for argument in arguments:
                    self._see(argument.value, "items" if is_python else "any" if name in OF_SEVERAL else "tensor")
            case tree.CallOwn(function=tree.Name(id=function), arguments=arguments):
                names = self._parameters.get(function, ())
                for place, argument in enumerate(arguments):
                    self._see(argument.value, "any")
                    given = argument.name or (names[place] if place < len(names) else "")
                    self._give(given, argument.value)
            case tree.Conditional(test=test, then=then, other=other):
                self._test(test)
                self._see(then, use)
                self._see(other, use)
            case _:
                for part in children(node):
                    self._see(part, "any")

    def _test(self, node: tree.Expression) -> None:
        """A condition: lists that are compared there are compared as lists."""
        self._see(node, "any")
        for part in parts(node):
            is_comparison = isinstance(part, tree.Binary) and part.operator in EITHER
            if is_comparison and all(map(self._is_list, children(part))):
                for name in set().union(*map(self._names, children(part))):
                    self._joined.setdefault(name, set()).add("items")

    def _is_list(self, node: tree.Expression) -> bool:
        match node:
            case tree.Name(id=name):
                return name in self.lists
            case tree.Sequence(kind=kind):
                return kind == "list"
            case tree.Comprehension():
                return True
            case tree.Index(operand=operand, index=tree.Slice()):
                return self._is_list(operand)
            case tree.Conditional(then=then, other=other):
                return self._is_list(then) and self._is_list(other)
        return self._is_joined(node)

    def _is_joined(self, node: tree.Expression) -> bool:
        match node:
            case tree.Binary(operator="+", left=left, right=right):
                return self._is_list(left) and self._is_list(right)
            case tree.Binary(operator="*", left=left, right=right):
                return (self._is_list(left) and _is_count(right)) or (self._is_list(right) and _is_count(left))
        return False

    def _names(self, node: tree.Expression) -> set[str]:
        """The names of lists from which an expression is joined."""
        if isinstance(node, tree.Name):
            return {node.id} if node.id in self.lists else set()
        if isinstance(node, tree.Index):
            return self._names(node.operand)
        inside = children(node) if self._is_joined(node) or isinstance(node, tree.Conditional) else ()
        return {name for part in inside for name in self._names(part)}


def _is_count(node: tree.Expression) -> bool:
    """Tell whether an expression is a whole number for certain."""
    match node:
        case tree.Literal(value=value):
            return isinstance(value, int)
        case tree.Call(home="", name="len"):
            return True
    return False
