"""Expressions of pasted classes: those of the language, and beside them layers, `self`, methods and comprehensions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from playground.errors import Span
from playground.language.functions.plain import MATH
from playground.language.functions.table import ATTRIBUTES, PREFIXES, method_names
from playground.language.syntax.expressions import Expressions
from playground.language.syntax.python_parser import Places
from playground.language.syntax.tree import Attribute, Call, CallArgument, Literal, Name, Sequence
from playground.layers.catalogue.table import OF_CLASSES, nearest, of_class
from playground.layers.pasted import tree
from playground.layers.pasted.constructors import ONLY_IN_INIT, is_passing
from playground.layers.pasted.usual import Ordered

CONTAINERS = ("ModuleList", "ModuleDict", "Sequential")
LAYERS = frozenset(["Parameter", *CONTAINERS, *(kind.name for kind in OF_CLASSES)])
INITIALISERS = (
    *("uniform_", "normal_", "trunc_normal_", "constant_", "ones_", "zeros_", "eye_"),
    *("xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_", "calculate_gain"),
)
_WRITTEN = (ast.Constant, ast.List, ast.Tuple, ast.UnaryOp, ast.unaryop, ast.expr_context)
_INIT = ("nn.init", "torch.nn.init", "init")
_PARTS = ("items", "values", "keys", "modules", "children", "parameters")
BACKWARD = ("backward", "grad")  # the playground's own work: a forward pass that runs them would not be bounded
_NUMPY, _OF_NUMPY = ("np", "numpy"), ("prod", "sqrt", "exp", "log", "log2", "log10", "floor", "ceil")  # of numbers
ReadFunction = Callable[[ast.FunctionDef | ast.Lambda, "PastedExpressions"], tree.Method]
_PYTORCH = {"torch": torch, "F": nn.functional, "nn": nn, "torch.nn": nn, "nn.functional": nn.functional}
_PYTORCH |= {"torch.nn.functional": nn.functional}
_NONE = {ast.Is: "is None", ast.IsNot: "is not None"}


class LogicExpressions(Expressions):
    """Expressions with `and`, `or`, `not`, `is None`, `isinstance` and `a if test else b`."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._kinds |= {ast.BoolOp: self._logic, ast.IfExp: self._choose}

    def _logic(self, node: ast.BoolOp) -> Any:
        how = "and" if isinstance(node.op, ast.And) else "or"
        return tree.Logic(how, tuple(self.convert(part) for part in node.values), self.places.of(node))

    def _choose(self, node: ast.IfExp) -> Any:
        test, yes, no = (self.convert(part) for part in (node.test, node.body, node.orelse))
        return tree.Choose(test, yes, no, self.places.of(node))

    def _unary(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return tree.Logic("not", (self.convert(node.operand),), self.places.of(node))
        return super()._unary(node)

    def _comparison(self, node: ast.Compare) -> Any:
        how, right = _NONE.get(type(node.ops[0])), node.comparators[0]
        if how is not None and len(node.ops) == 1 and isinstance(right, ast.Constant) and right.value is None:
            return tree.Logic(how, (self.convert(node.left),), self.places.of(node))
        return super()._comparison(node)

    def _is_kind(self, node: ast.Call) -> Any:
        hint = "for instance isinstance(layer, nn.Linear)"
        if len(node.args) != 2 or node.keywords:
            self.refuse("`isinstance` takes a layer and a kind of layer", node, hint)
        kinds = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
        written = [ast.unparse(kind).removeprefix("torch.").removeprefix("nn.") for kind in kinds]
        for name, kind in zip(written, kinds, strict=True):
            if not name.isidentifier():
                self.refuse("`isinstance` takes a layer and a kind of layer", kind, hint)
        return tree.IsKind(self.convert(node.args[0]), tuple(written), self.places.of(node))


@dataclass(frozen=True, slots=True)
class Around:
    """What an expression can use besides its own names: classes of the text, its functions and constants, and of the
    class that it stands in the methods and the class of the text that it continues."""

    classes: frozenset[str]
    names: frozenset[str] = frozenset()  # of functions and constants
    methods: frozenset[str] = frozenset()
    base: tree.PastedClass | None = None


class PastedExpressions(LogicExpressions):
    """Expressions of one method or function. `read` reads a function within it."""

    def __init__(self, text: str, places: Places, around: Around, in_init: bool, read: ReadFunction) -> None:
        super().__init__(text, places)
        self.around, self.in_init, self.read = around, in_init, read
        self.known, self.methods, self.base = around.classes, around.methods, around.base
        self.assigned |= around.names
        self._kinds |= {
            ast.ListComp: self._each,
            ast.GeneratorExp: self._each,
            ast.Lambda: self._lambda,
            ast.Dict: self._dict,
            Ordered: self._dict,
            ast.JoinedStr: self._formatted,
        }

    def kept(self, node: ast.expr) -> Any:
        """What a name is given. A list of what is not written out is a list that may grow, in `forward`, too."""
        if isinstance(node, ast.IfExp):
            test, yes, no = self.convert(node.test), self.kept(node.body), self.kept(node.orelse)
            return tree.Choose(test, yes, no, self.places.of(node))
        is_numbers = (
            isinstance(node, ast.List) and node.elts and all(isinstance(part, _WRITTEN) for part in ast.walk(node))
        )
        if isinstance(node, ast.List) and not is_numbers:
            return Sequence("tuple", self._items(node), self.places.of(node))
        return self.convert(node)

    def _formatted(self, node: ast.JoinedStr) -> Any:
        pieces, values = [""], []
        for part in node.values:
            if isinstance(part, ast.Constant):
                pieces[-1] += str(part.value)
            elif isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None:
                values.append(part.value)
                pieces.append("")
            else:
                self.refuse("a text is put together of plain values", node, 'for instance f"block{i}"')
        return self._words(pieces, values, node)

    def _words(self, pieces: list[str], values: list[ast.expr], node: ast.expr, whole: tuple[int, ...] = ()) -> Any:
        if len(pieces) != len(values) + 1:
            self.refuse("a text is put together of plain values", node, 'for instance "block{}".format(i)')
        return tree.Words(tuple(pieces), tuple(map(self.convert, values)), self.places.of(node), whole)

    def _binary(self, node: ast.BinOp) -> Any:
        """`"block%d" % i`."""
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            pieces, kinds = [""], list[str]()
            for part in re.split("(%[ds%])", node.left.value):
                if part in ("%d", "%s"):
                    kinds.append(part)
                    pieces.append("")
                else:
                    pieces[-1] += "%" if part == "%%" else part
            whole = tuple(number for number, kind in enumerate(kinds) if kind == "%d")
            return self._words(pieces, values, node, whole)
        return super()._binary(node)

    def inside(self, in_init: bool) -> PastedExpressions:
        """Those of a function within this one: it knows the names that are known here."""
        found = PastedExpressions(self.text, self.places, self.around, in_init, self.read)
        found.assigned |= self.assigned
        return found

    def _lambda(self, node: ast.Lambda) -> Any:
        """It is called when `forward` runs, also where `__init__` keeps it."""
        return tree.Lambda(self.read(node, self.inside(in_init=False)), self.places.of(node))

    def _dict(self, node: ast.Dict) -> Any:
        if not self.in_init:
            self.refuse("dictionaries are made in `__init__`", node, "keep it there: self.sizes = {...}")
        items: list[tuple[Any, Any]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or type(key.value) not in (str, int, float):
                self.refuse("the keys of a dictionary are quoted words or numbers", key or node, '{"width": 64}')
            items.append((key.value, self.convert(value)))
        return tree.Dictionary(tuple(items), self.places.of(node), isinstance(node, Ordered))

    def loop_target(self, node: ast.expr) -> tuple[tuple[Name, ...], bool]:
        """The names that a comprehension gives to its items."""
        parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
        for part in parts:
            if not isinstance(part, ast.Name) or part.id in PREFIXES or part.id.startswith("__") or part.id == "self":
                self.refuse("only a name can be given a value", part, "for instance: for a, b in zip(sizes, sizes[1:])")
        names = tuple(Name(part.id, self.places.of(part)) for part in parts if isinstance(part, ast.Name))
        return names, isinstance(node, ast.Tuple | ast.List)

    def items(self, node: ast.expr) -> tree.LoopItems:
        """Return what a loop runs over."""
        value: Any = self.convert(node)
        return value if isinstance(value, tree.LoopItems) else tree.LoopItems("", (value,), self.places.of(node))

    def _each(self, node: ast.ListComp | ast.GeneratorExp) -> Any:
        first = node.generators[0]
        if len(node.generators) > 1 or first.ifs or first.is_async:
            self.refuse("a comprehension has one `for` here, and no `if`", node, "write a `for` loop with .append")
        items = self.items(first.iter)
        targets, unpack = self.loop_target(first.target)
        before = set(self.assigned)
        self.assigned.update(target.id for target in targets)
        element = self.convert(node.elt)
        self.assigned = before  # the names end with the comprehension
        return tree.Each(element, targets, unpack, items, self.places.of(node))

    def _list(self, node: ast.List) -> Any:
        """In `__init__` lists hold sizes and layers; in `forward` they are tensors, as everywhere in the language."""
        return Sequence("tuple", self._items(node), self.places.of(node)) if self.in_init else super()._list(node)

    def _name(self, node: ast.Name) -> Any:
        if node.id == "self":
            self.refuse("`self` stands before a point", node, "for instance self.weight")
        if node.id in self.known:
            return Name(node.id, self.places.of(node))
        return super()._name(node)

    def _attribute(self, node: ast.Attribute) -> Any:
        span, root = self.places.of(node), root_of(node)
        if node.attr == "__name__" and isinstance(node.value, ast.Attribute) and node.value.attr == "__class__":
            return tree.KindOf(self.convert(node.value.value), span)
        if node.attr.startswith("__"):
            self.refuse(
                f"`{node.attr}` is not a name that can be used", span, "names do not begin with two underscores"
            )
        if is_self(node.value):
            if node.attr in self.methods and node.attr not in ("forward", "__init__"):
                return tree.MethodName(node.attr, span)
            return Attribute(Name("self", span), node.attr, span)
        if dotted(node.value) in ("nn", "torch.nn") and node.attr in LAYERS and root not in self.assigned:
            return tree.KindName(node.attr, span)
        is_language = node.attr in (*ATTRIBUTES, "data", "grad_fn") or node.attr in method_names()
        if is_language or (root != "self" and root not in self.assigned | self.known):
            return super()._attribute(node)
        return Attribute(self.convert(node.value), node.attr, span)

    def _call(self, node: ast.Call) -> Any:
        written = dotted(node.func)
        prefix, _, name = written.rpartition(".")
        span, place = self.places.of(node), self.places.of(node.func)
        if written in ("zip", "enumerate") and written not in self.assigned:
            if node.keywords or not node.args or (written == "enumerate" and len(node.args) > 1):
                self.refuse(f"`{written}` takes only what the loop runs over", span, "zip(sizes, sizes[1:])")
            return tree.LoopItems(written, tuple(self.items(part) for part in node.args), span)
        if self.in_init and written in ("torch.empty", "empty"):  # what is in it before nn.init has no meaning
            return super()._call(renamed(node, "zeros"))
        if written == "isinstance" and written not in self.assigned:
            return self._is_kind(node)
        if written in ("hasattr", "getattr", "self.__getattr__") and self._is_of_module(node, written):
            owner = self.owner(node.args[0] if len(node.args) == 2 else None)
            return tree.Has(owner, self.convert(node.args[-1]), written != "hasattr", span)
        is_plain = (prefix == "math" and name in MATH) or (prefix in _NUMPY and name in _OF_NUMPY)
        if is_plain and prefix not in self.assigned and not node.keywords:
            return Call("math", name, None, self.arguments(node), span, place)
        if written == "hasattr" and len(node.args) == 2 and dotted(node.args[0]) in _PYTORCH:
            known = isinstance(node.args[1], ast.Constant) and hasattr(
                _PYTORCH[dotted(node.args[0])], str(node.args[1].value)
            )
            return Literal(str(known), known, span)
        if written == "hasattr":
            self.refuse("`hasattr` looks at the module here", span, 'for instance hasattr(self, "shortcut")')
        if prefix in _INIT and prefix not in self.assigned:
            return self._initialise(node, name, place)
        if written and written not in self.assigned and self._is_class(prefix, name):
            return self._make(node, prefix, name, place)
        if isinstance(node.func, ast.Attribute):
            special = self._method(node, node.func, span)
            if special is not None:
                return special
        if is_self(node.func):
            self.refuse("a module does not call itself", span, "call its layers: self.layer(x)")
        if isinstance(node.func, ast.Call) and not self._is_layer(node.func):
            made = self.convert(node.func)
            if isinstance(made, tree.Make):  # `nn.ReLU()(x)`
                return tree.Apply(made, self.arguments(node), span)
        if self._is_layer(node.func):
            return tree.Apply(self.convert(node.func), self.arguments(node), span)
        if (
            isinstance(node.func, ast.Attribute | ast.Name)
            and (written or last_name(node.func)).split(".")[-1] in BACKWARD
        ):
            self.refuse("the backward pass is not part of a module", span, "it is run for you after `forward`")
        return super()._call(node)

    def _is_of_module(self, node: ast.Call, written: str) -> bool:
        """Tell whether a name is looked up in the module, or in a layer of it."""
        number = 1 if written.startswith("self.") else 2
        return len(node.args) == number and not node.keywords and (number == 1 or root_of(node.args[0]) == "self")

    def owner(self, node: ast.expr | None) -> Any:
        """The module that something is done to; None is `self`."""
        return None if node is None or is_self(node) else self.convert(node)

    def _is_class(self, prefix: str, name: str) -> bool:
        if prefix:
            return prefix in ("nn", "torch.nn")
        return name in self.known or name in LAYERS or name[0].isupper()

    def _is_layer(self, func: ast.expr) -> bool:
        root = root_of(func)
        if root == "self" and isinstance(func, ast.Attribute):
            return is_self(func.value) or func.attr not in method_names()
        if isinstance(func, ast.Call):
            return dotted(func.func) in ("getattr", "self.__getattr__") and root_of(func.args[0]) == "self"
        is_index = isinstance(func, ast.Subscript)
        return (is_index and root == "self") or (root in self.assigned and (is_index or isinstance(func, ast.Name)))

    def _make(self, node: ast.Call, prefix: str, name: str, place: Span) -> tree.Make:
        is_pasted = not prefix and name in self.known
        if not is_pasted and name not in LAYERS:
            near = nearest(name)
            hint = f"did you mean nn.{near.name}?" if near else "the catalogue lists every layer"
            repair = self.replace(place, f"nn.{near.name}") if near else None
            self.refuse(f"unknown layer `{name}`", place, hint, repair)
        kind = None if is_pasted else of_class(name)
        if not self.in_init and (kind is None or not is_passing(kind)):
            hint = f"write self.layer = {place.of(self.text)}(...) in __init__, and self.layer(x) here"
            self.refuse(ONLY_IN_INIT, place, hint)
        is_ordered = name == "Sequential" and len(node.args) == 1 and isinstance(node.args[0], Ordered)
        if (name == "ModuleDict" or is_ordered) and not is_pasted:
            return tree.Make(name, is_pasted, self._dictionary(node), self.places.of(node), place)
        return tree.Make(name, is_pasted, self.arguments(node), self.places.of(node), place)

    def arguments(self, node: ast.Call) -> tuple[CallArgument, ...]:
        """The arguments of a call, `*layers` among them."""
        arguments = [CallArgument("", self._argument(part), self.places.of(part)) for part in node.args]
        for keyword in node.keywords:
            name = keyword.arg or "**"
            if any(name == given.name for given in arguments):
                self.refuse(f"`{name}` is given twice", keyword)
            arguments.append(CallArgument(name, self.convert(keyword.value), self.places.of(keyword)))
        return tuple(arguments)

    def _method(self, node: ast.Call, func: ast.Attribute, span: Span) -> Any:
        """`self.encode(x)`, `super().forward(x)`, `self.layers.items()`; None where it is something else."""
        if isinstance(func.value, ast.Call) and ast.unparse(func.value.func) == "super":
            found = None if self.base is None else self.base.find(func.attr, self.in_init)
            if found is None:
                self.refuse(f"there is no `{func.attr}` above this class", span, "super() is the class in brackets")
            return tree.Invoke(func.attr, self.base, self.arguments(node), span)
        if is_self(func.value) and func.attr in self.methods:
            if func.attr == "forward" or func.attr.startswith("__"):
                self.refuse("a module does not call itself", span, "call its layers: self.layer(x)")
            return tree.Invoke(func.attr, None, self.arguments(node), span)
        if func.attr == "format" and isinstance(func.value, ast.Constant) and isinstance(func.value.value, str):
            return self._words(func.value.value.split("{}"), node.args, node)
        if func.attr == "apply" and self.in_init and len(node.args) == 1 and not node.keywords:
            return tree.ForEach(self.owner(func.value), self.convert(node.args[0]), span)
        is_part = root_of(func) == "self" or (root_of(func) in self.assigned and func.attr in _PARTS[:3])
        if func.attr in _PARTS and is_part and not node.args and not node.keywords:
            owner: Any = None if is_self(func.value) else self.convert(func.value)
            return tree.Parts(owner, func.attr, span)
        return None

    def _initialise(self, node: ast.Call, name: str, place: Span) -> tree.Initialise:
        if f"{name}_" in INITIALISERS and hasattr(nn.init, name):
            name = f"{name}_"  # its name of old, which PyTorch still has
        if name not in INITIALISERS:
            near = f"{name}_" if f"{name}_" in INITIALISERS else ""
            hint = f"did you mean nn.init.{near}?" if near else f"allowed are {', '.join(INITIALISERS)}"
            repair = self.replace(place, f"nn.init.{near}") if near else None
            self.refuse(f"`nn.init.{name}` is not here", place, hint, repair)
        if not self.in_init:
            self.refuse("`nn.init` belongs in `__init__`", place, "what is drawn there is what training starts from")
        return tree.Initialise(name, self.arguments(node), self.places.of(node))

    def _dictionary(self, node: ast.Call) -> tuple[CallArgument, ...]:
        given = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if not isinstance(given, ast.Dict):
            self.refuse("nn.ModuleDict takes layers by name", node, 'write nn.ModuleDict({"first": nn.Linear(3, 4)})')
        items = []
        for key, value in zip(given.keys, given.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or not key.value.isidentifier():
                self.refuse("the names in a ModuleDict are quoted words", key or given, 'for instance {"first": ...}')
            items.append((key.value, self.convert(value)))
        span = self.places.of(given)
        made = tree.Dictionary(tuple(items), span, isinstance(given, Ordered))
        return (CallArgument("", made, span),)  # type: ignore[arg-type]  # a record of ours

    def _argument(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Starred):
            return tree.Spread(self.convert(node.value), self.places.of(node))
        return self.convert(node)


def is_self(node: ast.AST) -> bool:
    """Tell whether it is the name `self`."""
    return isinstance(node, ast.Name) and node.id == "self"


def renamed(node: ast.Call, name: str) -> ast.Call:
    """The same call of another function with the same prefix."""
    func = node.func
    if isinstance(func, ast.Attribute):
        new: ast.expr = ast.Attribute(func.value, name, func.ctx)
    else:
        new = ast.Name(name, ast.Load())
    return ast.copy_location(ast.Call(ast.copy_location(new, func), node.args, node.keywords), node)


def root_of(node: ast.expr) -> str:
    """The name that a chain of points and indices begins with; '' where it begins with something else."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.expr) -> str:
    """'nn.Linear' for a name with points, else ''."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def last_name(node: ast.expr) -> str:
    """'weight' of `self.weight`, else ''."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
