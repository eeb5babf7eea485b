"""Expressions of a program: those of the language, and beside them comprehensions, own functions, choices, imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import NoReturn

from playground.errors import Repair, Span
from playground.language.functions.plain import MATH
from playground.language.functions.table import CALLED_HERE, PREFIXED_CONSTANTS, find
from playground.language.syntax import tree
from playground.language.syntax.expressions import Expressions
from playground.language.syntax.imports import Imports
from playground.language.syntax.python_parser import Places

_IS = {ast.Is: "is", ast.IsNot: "is not"}


_NUMPY = re.compile(r"\b(?:np|numpy)\.(\w+)(?=\()")


def _torch_name(name: str) -> str:
    """The name that PyTorch has for a function of NumPy, '' where there is none."""
    return next((known for known in (name, CALLED_HERE.get(name, "")) if find("torch", known) is not None), "")


class ProgramExpressions(Expressions):
    """`callables` are the names that may be called: functions of the text, and inside one also what it is given."""

    def __init__(self, text: str, places: Places) -> None:
        super().__init__(text, places)
        self.imports = Imports()
        self.callables: set[str] = set()
        self._kinds |= {
            ast.IfExp: self._conditional,
            ast.BoolOp: self._logic,
            ast.ListComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.Lambda: self._lambda,
            ast.JoinedStr: self._formatted,
        }

    def _formatted(self, node: ast.JoinedStr) -> tree.Expression:
        written = self.places.of(node).of(self.text)
        self.refuse(
            f"`{written[:40]}` is a text, not a value", node, "texts are allowed in print(...), which is left out"
        )

    def _conditional(self, node: ast.IfExp) -> tree.Expression:
        test, then, other = (self.convert(part) for part in (node.test, node.body, node.orelse))
        return tree.Conditional(test, then, other, self.places.of(node))

    def _logic(self, node: ast.BoolOp) -> tree.Expression:
        how = "and" if isinstance(node.op, ast.And) else "or"
        return tree.Logic(how, tuple(map(self.convert, node.values)), self.places.of(node))

    def _unary(self, node: ast.UnaryOp) -> tree.Expression:
        if isinstance(node.op, ast.Not):
            return tree.Logic("not", (self.convert(node.operand),), self.places.of(node))
        return super()._unary(node)

    def _comparison(self, node: ast.Compare) -> tree.Expression:
        how = _IS.get(type(node.ops[0]))
        if how is None or len(node.ops) > 1:
            return super()._comparison(node)
        return tree.Logic(how, (self.convert(node.left), self.convert(node.comparators[0])), self.places.of(node))

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> tree.Expression:
        before, found = set(self.assigned), []
        for part in node.generators:
            if part.is_async:
                self.refuse("`async` is not allowed", node, "write for x in xs")
            iterable = self.convert(part.iter)
            targets, unpack = self.loop_target(part.target)
            self.assigned |= {target.id for target in targets}
            found.append(tree.Generator(targets, unpack, iterable, tuple(map(self.convert, part.ifs))))
        element = self.convert(node.elt)
        self.assigned = before  # the names end with the comprehension
        kind = "list" if isinstance(node, ast.ListComp) else "generator"
        return tree.Comprehension(kind, element, tuple(found), self.places.of(node))

    def loop_target(self, node: ast.expr) -> tuple[tuple[tree.Name, ...], bool]:
        """The names that a comprehension gives to its items."""
        parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
        for part in parts:
            if not isinstance(part, ast.Name) or part.id.startswith("__"):
                self.refuse("only a name can be given a value", part, "for instance: for a, b in zip(xs, ys)")
        names = tuple(tree.Name(part.id, self.places.of(part)) for part in parts if isinstance(part, ast.Name))
        return names, isinstance(node, ast.Tuple | ast.List)

    def parameters(self, given: ast.arguments, place: ast.expr | Span) -> tuple[tree.Parameter, ...]:
        """The parameters of a `def` or `lambda`; their defaults are read outside of it."""
        if given.vararg or given.kwarg or given.posonlyargs:
            self.refuse("`*`, `**` and `/` among the parameters are not allowed", place, "write one name for each")
        names = [*given.args, *given.kwonlyargs]
        found = [*[None] * (len(given.args) - len(given.defaults)), *given.defaults, *given.kw_defaults]
        parameters = []
        for name, default in zip(names, found, strict=True):
            start = self.places.at(name.lineno, name.col_offset)
            span = Span(start, start + len(name.arg))
            if name.arg.startswith("__"):
                self.refuse("names do not begin with two underscores", span, "take another name")
            parameters.append(tree.Parameter(name.arg, None if default is None else self.convert(default), span))
        return tuple(parameters)

    def _lambda(self, node: ast.Lambda) -> tree.Expression:
        parameters = self.parameters(node.args, node)
        before = self.enter(parameter.name for parameter in parameters)
        body = self.convert(node.body)
        self.leave(before)
        return tree.Lambda(parameters, body, self.places.of(node))

    def enter(self, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """Go into a function with these names of its own; what to give to `leave`."""
        before, names = (self.assigned, self.callables), set(names)
        self.assigned, self.callables = self.assigned | names, self.callables | names
        return before

    def leave(self, before: tuple[set[str], set[str]]) -> None:
        """Come out of a function again."""
        self.assigned, self.callables = before

    def _call(self, node: ast.Call) -> tree.Expression:
        match node.func:
            case ast.Name(id=name) if name in self.callables:
                return self._call_own(node)
            case ast.Name(id=name) if name not in self.assigned and (found := self.imports.function(name)) is not None:
                prefix, real = found
                if find("", name) is None or prefix in ("math", "np"):
                    return self._imported(node, prefix, real)
            case ast.Call() | ast.Lambda() if isinstance(node.func, ast.Lambda) or self._is_own(node.func):
                return self._call_own(node)
            case ast.Attribute(attr=name) if self._prefix(node.func.value) == "math" and name in MATH:
                return self._call_math(node, name)
            case ast.Attribute() if self._prefix(node.func.value) == "np":
                self._refuse_numpy(node.func)
        return super()._call(node)

    def _refuse_numpy(self, node: ast.Attribute) -> NoReturn:
        """`np.sin(x)`: PyTorch has a function for it, and every other one of NumPy in the text is mended with it."""
        name = _torch_name(node.attr)
        mended = _NUMPY.sub(lambda found: f"torch.{_torch_name(found[1]) or found[1]}", self.text)
        written = self.places.of(node).of(self.text)
        self.refuse(
            f"`{written}` is NumPy's: it knows nothing of gradients",
            node,
            f"write torch.{name}" if name else "torch has most functions of NumPy, under the same or a similar name",
            Repair(f"write torch.{name}", mended) if name else None,
        )

    def _is_own(self, node: ast.expr) -> bool:
        """Tell whether a call is one of a function of the text, which may give a function: `power(2)(x)`."""
        return isinstance(node, ast.Call) and (
            (isinstance(node.func, ast.Name) and node.func.id in self.callables) or self._is_own(node.func)
        )

    def _imported(self, node: ast.Call, prefix: str, name: str) -> tree.Expression:
        """A call of what `from ... import name` gave, as if it were written with its prefix."""
        first, *more = prefix.split(".")
        function: ast.expr = ast.copy_location(ast.Name(first), node.func)
        for part in (*more, name):
            function = ast.copy_location(ast.Attribute(function, part), node.func)
        return self._call(ast.copy_location(ast.Call(function, node.args, node.keywords), node))

    def _call_math(self, node: ast.Call, name: str) -> tree.Expression:
        if node.keywords:
            self.refuse(f"`math.{name}` takes its arguments by position", node.keywords[0], f"math.{name}(2)")
        return tree.Call("math", name, None, self._given(node), self.places.of(node), self.places.of(node.func))

    def _call_own(self, node: ast.Call) -> tree.Expression:
        return tree.CallOwn(self.convert(node.func), self._given(node), self.places.of(node))

    def _given(self, node: ast.Call) -> tuple[tree.CallArgument, ...]:
        arguments = [tree.CallArgument("", self.convert(value), self.places.of(value)) for value in node.args]
        for keyword in node.keywords:
            if keyword.arg is None:
                self.refuse("`**` in front of an argument is not allowed", keyword, "write the arguments out")
            arguments.append(tree.CallArgument(keyword.arg, self.convert(keyword.value), self.places.of(keyword)))
        return tuple(arguments)

    def _attribute(self, node: ast.Attribute) -> tree.Expression:
        span = self.places.of(node)
        if node.attr == "data" and self._prefix(node.value) is None:
            return tree.Call("Tensor", "detach", self.convert(node.value), (), span, self._last(node))
        if node.attr in PREFIXED_CONSTANTS and self._prefix(node.value) in ("np", "math"):
            number = PREFIXED_CONSTANTS[node.attr]
            if isinstance(number, float):
                return tree.NamedConstant(node.attr, f"math.{node.attr}", span)
        return super()._attribute(node)

    def _name(self, node: ast.Name) -> tree.Expression:
        found = self.imports.function(node.id) if node.id not in self.assigned else None
        if found is not None and found[0] in ("math", "np") and find("", node.id) is None:
            return self._attribute(
                ast.copy_location(ast.Attribute(ast.copy_location(ast.Name(found[0]), node), found[1]), node)
            )
        return super()._name(node)

    def _prefix(self, node: ast.expr) -> str | None:
        parts: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id not in self.assigned:
            written = ".".join([inner.id, *reversed(parts)])
            if self.imports.prefix(written) in ("np", "math"):
                return self.imports.prefix(written)
            known = self.imports.prefix(written)
            if known != written and known != "nn":
                return known
        return super()._prefix(node)
