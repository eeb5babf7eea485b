"""Expressions of a program: those of the language, and beside them comprehensions, own functions, choices, imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import NoReturn

from playground.errors import Repair, Span
from playground.language.functions.plain import MATH
from playground.language.functions.synonyms import CALLED_HERE
from playground.language.functions.table import PREFIXED_CONSTANTS, find
from playground.language.syntax import tree
from playground.language.syntax.expressions import Expressions
from playground.language.syntax.imports import Imports
from playground.language.syntax.left_out import dotted
from playground.language.syntax.python_parser import Places

_LOGIC = {ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}


_NUMPY = re.compile(r"\b(?:np|numpy|jnp)\.((?:linalg\.|random\.|fft\.)?\w+)(?=\()")
_GENERATOR = re.compile(
    r"^([ \t]*)\w+[ \t]*=[ \t]*torch\.Generator\([^()\n]*\)\.manual_seed\(([^()\n]*)\)", re.MULTILINE
)
_NO_GENERATOR = re.compile(r",[ \t]*generator[ \t]*=[ \t]*\w+")


MODULE_FUNCTIONS = {  # modules without weights, and the functions that do the same
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Flatten": "flatten",
    "MaxPool2d": "max_pool2d",
    "AvgPool2d": "avg_pool2d",
}


TENSOR_KINDS = {  # the old names of a tensor's constructor, each of one dtype
    "torch.Tensor": "float32",
    "torch.FloatTensor": "float32",
    "torch.DoubleTensor": "float64",
    "torch.IntTensor": "int32",
    "torch.LongTensor": "int64",
}


def _typed_tensor(node: ast.Call, dtype: str) -> ast.Call:
    """`torch.Tensor([1, 2])` as `torch.tensor([1, 2], dtype=torch.float32)`."""

    def of_torch(name: str) -> ast.expr:
        return ast.copy_location(ast.Attribute(ast.copy_location(ast.Name("torch"), node.func), name), node.func)

    keyword = ast.copy_location(ast.keyword("dtype", of_torch(dtype)), node.args[0])
    return ast.copy_location(ast.Call(of_torch("tensor"), node.args, [keyword]), node)


def _is_move(node: ast.Call, devices: set[str]) -> bool:
    """Tell whether a method only moves a tensor to a device: `.to(device)`, `.cpu()`, `.cuda()`."""
    if not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr in ("cpu", "cuda"):
        return not node.keywords and len(node.args) <= 1
    return node.func.attr == "to" and len(node.args) == 1 and not node.keywords and _is_device(node.args[0], devices)


def _is_device(node: ast.expr, devices: set[str]) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.partition(":")[0] in ("cpu", "cuda", "mps")
    return isinstance(node, ast.Name) and node.id in devices


def _without_device(node: ast.Call, devices: set[str]) -> ast.Call:
    """A call without `device=`: everything runs on the CPU."""
    kept = [one for one in node.keywords if one.arg != "device" or not _is_device(one.value, devices)]
    return node if len(kept) == len(node.keywords) else ast.copy_location(ast.Call(node.func, node.args, kept), node)


def _torch_name(name: str) -> str:
    """The name that PyTorch has for a function of NumPy, '' where there is none: `linalg.norm` for `linalg.norm`."""
    home, _, last = name.rpartition(".")
    if home in ("linalg", "fft") and find(home, last) is not None:
        return name
    name = last
    return next((known for known in (name, CALLED_HERE.get(name, "")) if find("torch", known) is not None), "")


class ProgramExpressions(Expressions):
    """`callables` are the names that may be called: functions of the text, and inside one also what it is given."""

    def __init__(self, text: str, places: Places) -> None:
        super().__init__(text, places)
        self.imports = Imports()
        self.callables: set[str] = set()
        self.devices: set[str] = set()  # names that stand for a device
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
        if len(node.ops) > 1 and any(type(one) in _LOGIC for one in node.ops):
            self.refuse("`in` and `is` compare two values", node, "join two comparisons by `and`")
        how = _LOGIC.get(type(node.ops[0]))
        if how is None:
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
        if isinstance(node.func, ast.Attribute) and _is_move(node, self.devices):
            return self.convert(node.func.value)
        node = _without_device(node, self.devices)
        if written in TENSOR_KINDS and len(node.args) == 1 and isinstance(node.args[0], ast.List) and not node.keywords:
            return self._call(_typed_tensor(node, TENSOR_KINDS[written]))
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
            case ast.Attribute(attr=name) if self._prefix(node.func.value) == "math" and name in MATH:
                return self._call_math(node, name)
            case ast.Call(func=inner) if self.imports.prefix(dotted(inner)).startswith(("nn.", "torch.nn.")):
                self.convert(node.func)  # `nn.ReLU()(x)`
            case ast.Attribute(value=ast.Call(func=maker)) if self.imports.prefix(dotted(maker)) == "torch.Generator":
                self._refuse_generator(node)
        return super()._call(node)

    def _missing_operator(self, node: ast.Call) -> NoReturn:
        place = self.places.of(node)
        if self.text[: place.start].rstrip().endswith("d/") and place.of(self.text).startswith("d"):
            hint = "every gradient stands beside its leaf; as a value: grad(y, x)[0]"
            self.refuse("`d/dx` is no function here", place, hint)
        super()._missing_operator(node)

    def _module(self, node: ast.Call, written: str) -> NoReturn:
        """`nn.ReLU()`: a function does the same; layers with weights are built on another page."""
        name = written.rpartition(".")[2]
        if name == "Parameter":
            hint = "write torch.tensor(..., requires_grad=True)"
            self.refuse("`nn.Parameter` is not needed here", node, hint)
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

    def _refuse_generator(self, node: ast.Call) -> NoReturn:
        """`torch.Generator().manual_seed(7)`: the same numbers come from the one source that there is here."""
        hint = "write torch.manual_seed(7), and leave out generator=: the same numbers come"
        mended = _NO_GENERATOR.sub("", _GENERATOR.sub(r"\1torch.manual_seed(\2)", self.text))
        repair = None if mended == self.text else Repair("write torch.manual_seed", mended)
        self.refuse("a text has one source of random numbers, and no generators", node, hint, repair)

    def _refuse_numpy(self, node: ast.Attribute, prefixed: str) -> NoReturn:
        """`np.sin(x)`: PyTorch has a function for it, and every other one of NumPy in the text is mended with it."""
        name = _torch_name(prefixed.removeprefix("np."))
        mended = _NUMPY.sub(lambda found: f"torch.{_torch_name(found[1]) or found[1]}", self.text)
        written = self.places.of(node).of(self.text)
        owner = "NumPy's" if written.startswith(("np.", "numpy.")) else "another library's"
        self.refuse(
            f"`{written}` is {owner}: it knows nothing of PyTorch's gradients",
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
