"""Expressions of a program: those of the language, and beside them comprehensions, own functions, choices, imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import NoReturn

from playground.errors import Repair, Span
from playground.language.functions.plain import MATH
from playground.language.functions.table import CONSTANTS, PREFIXED_CONSTANTS, PREFIXES, find
from playground.language.syntax import tree
from playground.language.syntax.constructors import MAKERS, MODULE_FUNCTIONS, TENSOR_KINDS, typed_tensor
from playground.language.syntax.devices import is_move, is_numbers_only, without_device
from playground.language.syntax.expressions import Expressions
from playground.language.syntax.imports import Imports
from playground.language.syntax.left_out import dotted, readable
from playground.language.syntax.numpy_calls import NumpyCalls, instead_of
from playground.language.syntax.python_parser import Places, python_tree
from playground.language.syntax.refusals import UNLIKE_PYTORCH

_LOGIC = {ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}


_GENERATOR = re.compile(
    r"^([ \t]*)\w+[ \t]*=[ \t]*torch\.Generator\([^()\n]*\)\.manual_seed\(([^()\n]*)\)", re.MULTILINE
)
_NO_GENERATOR = re.compile(r",[ \t]*generator[ \t]*=[ \t]*\w+")


_OF_ONE_NUMBER = ("grad", "jacrev", "jacfwd")  # of a function whose value is one number, these are one
_DERIVATIVES = (*_OF_ONE_NUMBER, "value_and_grad", "grad_and_value", "hessian", "vjp", "jvp", "jacobian")


class ProgramExpressions(Expressions):
    """`callables` are the names that may be called: functions of the text, and inside one also what it is given."""

    def __init__(self, text: str, places: Places) -> None:
        super().__init__(text, places)
        self.imports = Imports()
        self.callables: set[str] = set()
        self.holders: set[str] = set()  # names that hold several functions
        self.devices: set[str] = set()  # names that stand for a device
        self._kinds |= {
            ast.IfExp: self._conditional,
            ast.BoolOp: self._logic,
            ast.ListComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.Lambda: self._lambda,
            ast.JoinedStr: self._formatted,
        }

    def given(self, node: ast.expr) -> tree.Expression:
        """Convert what is given to a name, to a function or to a tuple: a value, or a function by its name."""
        return self._function(node) or self.convert(node)

    def _items(self, node: ast.Tuple | ast.List) -> tuple[tree.Expression, ...]:
        if not any(map(self.is_function, node.elts)):
            return super()._items(node)
        return tuple(map(self.given, node.elts))

    def is_function(self, node: ast.expr) -> bool:
        """Tell whether a function stands here by its name: `torch.sin`, `lambda x: x`, one of the text."""
        if isinstance(node, ast.Name) and node.id in self.callables:
            return True
        return isinstance(node, ast.Lambda) or self._row(node) is not None

    def holds_functions(self, node: ast.expr) -> bool:
        """Tell whether there are functions among what is gone through: `(torch.sin, torch.cos)`."""
        match node:
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Call(args=parts):
                return any(self.is_function(part) or self.holds_functions(part) for part in parts)
        return isinstance(node, ast.Name) and node.id in self.holders

    def _row(self, node: ast.expr) -> tuple[str, str, tuple[str, ...]] | None:
        """Home, name and what it needs, of a function that stands by its name."""
        match node:
            case ast.Name(id=name) if name not in self.assigned and name not in CONSTANTS and len(name) > 1:
                home = ""
            case ast.Attribute(value=value, attr=name) if (prefix := self._prefix(value)) is not None:
                home = PREFIXES.get(prefix, prefix)
            case _:
                return None
        if home == "math" and name in MATH:
            return home, name, ("x",)
        function = find(home, name) if home in ("", *PREFIXES.values()) else None
        if function is None or name in PREFIXED_CONSTANTS:
            return None
        needed = tuple(one.name for one in function.parameters if one.is_required and not one.by_name_only)
        return (home, name, needed) if needed else None

    def _function(self, node: ast.expr) -> tree.Lambda | None:
        """`torch.sin` as `lambda input: torch.sin(input)`."""
        found = self._row(node)
        if found is None:
            return None
        home, name, needed = found
        span = self.places.of(node)
        arguments = tuple(tree.CallArgument("", tree.Name(one, span), span) for one in needed)
        call = tree.Call(home, name, None, arguments, span, span)
        return tree.Lambda(tuple(tree.Parameter(one, None, span) for one in needed), call, span)

    def _formatted(self, node: ast.JoinedStr) -> tree.Expression:
        written = self.places.of(node).of(self.text)
        self.refuse(
            f"`{written[:40]}` is a text, not a value", node, "texts are allowed in print(...), which is left out"
        )

    def _conditional(self, node: ast.IfExp) -> tree.Expression:
        test, then, other = self.convert(node.test), self.given(node.body), self.given(node.orelse)
        return tree.Conditional(test, then, other, self.places.of(node))

    def _logic(self, node: ast.BoolOp) -> tree.Expression:
        how = "and" if isinstance(node.op, ast.And) else "or"
        return tree.Logic(how, tuple(map(self.convert, node.values)), self.places.of(node))

    def _unary(self, node: ast.UnaryOp) -> tree.Expression:
        if isinstance(node.op, ast.Not):
            return tree.Logic("not", (self.convert(node.operand),), self.places.of(node))
        return super()._unary(node)

    def _comparison(self, node: ast.Compare) -> tree.Expression:
        if len(node.ops) > 1 and any(type(one) in _LOGIC for one in node.ops):
            self.refuse("`in` and `is` compare two values", node, "join two comparisons by `and`")
        how = _LOGIC.get(type(node.ops[0]))
        if how is None:
            return super()._comparison(node)
        return tree.Logic(how, (self.convert(node.left), self.convert(node.comparators[0])), self.places.of(node))

    def _chain(self, node: ast.Compare) -> tree.Expression:
        """`a < b < c` is `a < b and b < c`; where `b` is a call, it would be called twice."""
        if any(isinstance(part, ast.Call) for middle in node.comparators[:-1] for part in ast.walk(middle)):
            return super()._chain(node)
        operands, pairs = (node.left, *node.comparators), []
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            pair = ast.Compare(left, [operator], [right])
            pair.lineno, pair.col_offset = left.lineno, left.col_offset
            pair.end_lineno, pair.end_col_offset = right.end_lineno, right.end_col_offset
            pairs.append(self._comparison(pair))
        return tree.Logic("and", tuple(pairs), self.places.of(node))

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> tree.Expression:
        before, found, callables = set(self.assigned), [], self.callables
        for part in node.generators:
            if part.is_async:
                self.refuse("`async` is not allowed", node, "write for x in xs")
            iterable = self.convert(part.iter)
            targets, unpack = self.loop_target(part.target)
            self.assigned |= {target.id for target in targets}
            if self.holds_functions(part.iter):
                self.callables = self.callables | {target.id for target in targets}
            found.append(tree.Generator(targets, unpack, iterable, tuple(map(self.convert, part.ifs))))
        element = self.convert(node.elt)
        self.assigned, self.callables = before, callables  # the names end with the comprehension
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
            parameters.append(tree.Parameter(name.arg, None if default is None else self.given(default), span))
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

    def _binary(self, node: ast.BinOp) -> tree.Expression:
        match node:
            case ast.BinOp(left=ast.Name(id=above), op=ast.Div(), right=ast.Name(id=below)):
                self._check_derivative(node, above, below)
        return super()._binary(node)

    def _check_derivative(self, node: ast.BinOp, above: str, below: str) -> None:
        """`dy/dx` where `y` and `x` are values of the text."""
        y, x = above[1:], below[1:]
        is_known = y in self.assigned and (x in self.assigned or x in self.free)
        if above[0] == below[0] == "d" and is_known and not {above, below} & (self.assigned | self.free.keys()):
            new = f"grad({y}, {x}, create_graph=True)[0]"
            message = f"`{above}/{below}` is a quotient of two new names, not a derivative"
            hint = f"the gradient stands beside `{x}`; as a value: grad({y}, {x})[0]"
            self.refuse(message, node, hint, self.replace(self.places.of(node), new, f"write {new}"))

    def _call(self, node: ast.Call) -> tree.Expression:
        first = dotted(node.func)
        written = "" if first.partition(".")[0] in self.assigned else self.imports.prefix(first)
        if isinstance(node.func, ast.Attribute) and (is_move(node, self.devices) or is_numbers_only(node)):
            return self.convert(node.func.value)
        node = without_device(node, self.devices)
        if written in TENSOR_KINDS and len(node.args) == 1 and isinstance(node.args[0], ast.List) and not node.keywords:
            return self._call(typed_tensor(node, TENSOR_KINDS[written]))
        if written.startswith(("nn.", "torch.nn.")) and ".functional." not in written:
            self._module(node, written)
        if written.startswith(("torch.optim.", "optim.")) and "optim" not in self.assigned:
            self.refuse(
                f"`{written}` is not here: an optimizer's step is written out",
                node,
                "with torch.no_grad(): w -= 0.1 * w.grad",
            )
        match node.func:
            case ast.Attribute() if written.startswith("np."):
                self._refuse_numpy(node.func, written)
            case ast.Name(id=name) if name in self.callables:
                return self._call_own(node)
            case ast.Name(id=name) if name not in self.assigned and (found := self.imports.function(name)) is not None:
                prefix, real = found
                if find("", name) is None or prefix in ("math", "np"):
                    return self._imported(node, prefix, real)
            case ast.Call() | ast.Lambda() if isinstance(node.func, ast.Lambda) or self._is_own(node.func):
                return self._call_own(node)
            case ast.Subscript(value=ast.Name(id=name)) if name in self.holders:
                return self._call_own(node)
            case ast.Attribute(attr=name) if self._prefix(node.func.value) == "math" and name in MATH:
                return self._call_math(node, name)
            case ast.Call(func=maker) if dotted(maker).rpartition(".")[2] in _DERIVATIVES:
                self._refuse_derivative(node, node.func)
            case ast.Call(func=inner) if self.imports.prefix(dotted(inner)).startswith(("nn.", "torch.nn.")):
                self.convert(node.func)  # `nn.ReLU()(x)`
            case ast.Attribute(value=ast.Call(func=maker)) if self.imports.prefix(dotted(maker)) == "torch.Generator":
                self._refuse_generator(node)
        return super()._call(node)

    def _refuse_derivative(self, node: ast.Call, made: ast.Call) -> NoReturn:
        """`grad(f)(x)`: the gradient of a value is taken, here as in torch.autograd."""
        written = self.places.of(made).of(self.text)
        message = f"`{written[:40]}` would make a function; a gradient is taken of a value here"
        if len(made.args) != 1 or made.keywords or node.keywords or not node.args:
            self.refuse(message, node, "write grad(f(x), x)[0]")
        function, given = (self.places.of(part).of(self.text) for part in (made.args[0], node.args[0]))
        function = f"({function})" if isinstance(made.args[0], ast.Lambda) else function
        arguments = ", ".join(self.places.of(part).of(self.text) for part in node.args)
        new = f"grad({function}({arguments}), {given}, create_graph=True)[0]"
        is_one = isinstance(node.args[0], ast.Name) and dotted(made.func).rpartition(".")[2] in _OF_ONE_NUMBER
        repair = self.replace(self.places.of(node), new) if is_one else None
        self.refuse(message, node, f"write grad({function}({arguments}), {given})[0]", repair)

    def _missing_operator(self, node: ast.Call) -> NoReturn:
        place = self.places.of(node)
        if self.text[: place.start].rstrip().endswith("d/") and place.of(self.text).startswith("d"):
            hint = "every gradient stands beside its leaf; as a value: grad(y, x)[0]"
            self.refuse("`d/dx` is no function here", place, hint)
        super()._missing_operator(node)

    def _module(self, node: ast.Call, written: str) -> NoReturn:
        """`nn.ReLU()`: a function does the same; layers with weights are built on another page."""
        name = written.rpartition(".")[2]
        if (word := UNLIKE_PYTORCH.get(name)) is not None:
            self.refuse(f"`{written}` is not here", node, word)
        if name == "Parameter":
            hint = "write torch.tensor(..., requires_grad=True)"
            self.refuse("`nn.Parameter` is not needed here", node, hint, self._parameter(node))
        function = MODULE_FUNCTIONS.get(name)
        if function is None:
            hint = "write its formula, as x @ W.T + b; layers are built on the layers page"
            self.refuse(f"`{written}` makes a layer with weights of its own", node, hint)
        takes = "prediction, target" if name.endswith("Loss") else "x"
        parts: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        given = [self.places.of(part).of(self.text) for part in parts]
        new = f"(lambda {takes}: F.{function}({', '.join([takes, *given])}))"
        hint = f"call the function: F.{function}({', '.join([takes, *given])})"
        repair = self.replace(self.places.of(node), new, f"write F.{function}")
        self.refuse(f"`{written}` makes a module, and here functions are called", node, hint, repair)

    def _parameter(self, node: ast.Call) -> Repair | None:
        """`nn.Parameter(t)` as the tensor `t` that requires a gradient."""
        if len(node.args) != 1 or node.keywords:
            return None
        given = self.places.of(node.args[0]).of(self.text)
        match node.args[0]:
            case ast.Call(keywords=options) as call if self.imports.prefix(
                dotted(call.func)
            ) in MAKERS and "requires_grad" not in {one.arg for one in options}:
                new = f"{given[:-1].rstrip().rstrip(',')}, requires_grad=True)"
            case ast.Name() | ast.Call() | ast.Subscript():
                new = f"{given}.detach().requires_grad_()"
            case _:
                new = f"({given}).detach().requires_grad_()"
        return self.replace(self.places.of(node), new, f"write {new}" if len(new) < 40 else "write requires_grad=True")

    def _refuse_generator(self, node: ast.Call) -> NoReturn:
        """`torch.Generator().manual_seed(7)`: the same numbers come from the one source that there is here."""
        hint = "write torch.manual_seed(7), and leave out generator=: the same numbers come"
        mended = _NO_GENERATOR.sub("", _GENERATOR.sub(r"\1torch.manual_seed(\2)", self.text))
        repair = None if mended == self.text else Repair("write torch.manual_seed", mended)
        self.refuse("a text has one source of random numbers, and no generators", node, hint, repair)

    def _refuse_numpy(self, node: ast.Attribute, prefixed: str) -> NoReturn:
        """`np.sin(x)`: PyTorch has a function for it, and every other one of NumPy in the text is mended with it."""
        name = prefixed.removeprefix("np.")
        written = self.places.of(node).of(self.text)
        owner = "NumPy's" if written.startswith(("np.", "numpy.")) else "another library's"
        module, places = python_tree(readable(self.text)[0])
        mended = NumpyCalls(self.text, places, self._name_in_numpy).rewritten(module)
        hint = instead_of(name)
        self.refuse(
            f"`{written}` is {owner}: it knows nothing of PyTorch's gradients",
            node,
            hint,
            None if mended == self.text else Repair(hint if " " not in hint[6:] else "write PyTorch's", mended),
        )

    def _name_in_numpy(self, node: ast.Call) -> str:
        """What of NumPy a call means, '' for anything else."""
        found = self.imports.function(node.func.id) if isinstance(node.func, ast.Name) else None
        written = self.imports.prefix(dotted(node.func)) if found is None else ".".join(found)
        return written.removeprefix("np.") if written.startswith("np.") else ""

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
        return tree.CallOwn(self.convert(node.func), self._given(node, self.given), self.places.of(node))

    def _given(
        self, node: ast.Call, convert: Callable[[ast.expr], tree.Expression] | None = None
    ) -> tuple[tree.CallArgument, ...]:
        convert = convert or self.convert
        arguments = [tree.CallArgument("", convert(value), self.places.of(value)) for value in node.args]
        for keyword in node.keywords:
            if keyword.arg is None:
                self.refuse("`**` in front of an argument is not allowed", keyword, "write the arguments out")
            arguments.append(tree.CallArgument(keyword.arg, convert(keyword.value), self.places.of(keyword)))
        return tuple(arguments)

    def _attribute(self, node: ast.Attribute) -> tree.Expression:
        span = self.places.of(node)
        if node.attr == "data" and self._prefix(node.value) is None:
            return tree.Call("Tensor", "detach", self.convert(node.value), (), span, self._last(node))
        if node.attr == "newaxis" and self._prefix(node.value) == "np":
            return tree.Literal("None", None, span)
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
