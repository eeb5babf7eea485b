"""Convert Python's expressions into ours: a whitelist, one small method per kind."""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from playground.errors import PlaygroundError, Repair, Span
from playground.language.function import Function
from playground.language.functions.table import (
    ATTRIBUTES,
    CONSTANTS,
    PREFIXED_CONSTANTS,
    PREFIXES,
    find,
    method_names,
    suggest,
)
from playground.language.limits import LIMITS, spell
from playground.language.syntax import tree
from playground.language.syntax.in_place import made_anew
from playground.language.syntax.python_parser import Places
from playground.language.syntax.refusals import BINARY, COMPARISONS, REFUSED_EXPRESSIONS, UNARY, UNLIKE_PYTORCH

_SPELLED = {"true": "True", "false": "False", "null": "None", "nil": "None", "none": "None"}


class Expressions:
    """Converts expressions of one text, and notes which names are free."""

    def __init__(self, text: str, places: Places) -> None:
        self.text = text
        self.places = places
        self.assigned: set[str] = set()
        self.free: dict[str, list[Span]] = {}
        self._kinds: dict[type[ast.expr], Callable[[Any], tree.Expression]] = {
            ast.Constant: self._literal,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._comparison,
            ast.Tuple: self._tuple,
            ast.List: self._list,
            ast.Subscript: self._index,
            ast.Slice: self._slice,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
        }

    def convert(self, node: ast.expr) -> tree.Expression:
        """Convert one expression of Python to one of ours; PlaygroundError where it is not allowed."""
        kind = self._kinds.get(type(node))
        if kind is None:
            message, hint = REFUSED_EXPRESSIONS.get(type(node), ("this is not allowed", ""))
            self.refuse(message, node, hint)
        return kind(node)

    def refuse(
        self,
        message: str,
        place: ast.expr | ast.stmt | ast.keyword | Span,
        hint: str = "",
        repair: Repair | None = None,
    ) -> NoReturn:
        """Raises the one error of this text."""
        span = place if isinstance(place, Span) else self.places.of(place)
        raise PlaygroundError(message, span=span, hint=hint, repair=repair, text=self.text)

    def replace(self, span: Span, new: str, label: str = "") -> Repair:
        """The repair that writes `new` in place of what stands at `span`."""
        return Repair(label or f"write {new}", self.text[: span.start] + new + self.text[span.end :])

    def _literal(self, node: ast.Constant) -> tree.Literal:
        value, span = node.value, self.places.of(node)
        if isinstance(value, bytes | complex):
            self.refuse("only real numbers are values here", span, "complex numbers and bytes are not allowed")
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LIMITS.integer:
            self.refuse(
                f"a whole number of {_digits(value)} digits; the limit is {spell(LIMITS.integer)}",
                span,
                "write it as 1e20",
            )
        if isinstance(value, str) and len(value) > 100:
            self.refuse("a quoted word of more than 100 characters", span)
        text = "..." if value is ... else "1e999" if value == math.inf else repr(value)
        return tree.Literal(text, value, span)

    def _name(self, node: ast.Name) -> tree.Expression:
        name, span = node.id, self.places.of(node)
        if name in self.assigned:
            return tree.Name(name, span)
        if name in CONSTANTS:
            return tree.NamedConstant(name, name, span)
        if (constant := _SPELLED.get(name)) is not None:
            mended = re.sub(rf"\b{name}\b", constant, self.text)
            repair = Repair(f"write {constant}", mended)
            self.refuse(f"`{name}` is another language's", span, f"Python writes {constant}", repair)
        if name.startswith("__"):
            self.refuse(f"`{name}` is not a name that can be used", span, "names do not begin with two underscores")
        if name in PREFIXES:
            self.refuse(f"`{name}` is where functions are, not a value", span, f"write {name}. and a function's name")
        function = find("", name)
        if function is not None and len(name) > 1:  # `t` is a function, and a good name for a time
            example = f"{name}({function.signature})"
            self.refuse(f"`{name}` is a function, not a value", span, f"call it: {example}", None)
        self.free.setdefault(name, []).append(span)
        return tree.Name(name, span)

    def _unary(self, node: ast.UnaryOp) -> tree.Expression:
        symbol = UNARY.get(type(node.op))
        if symbol is None:
            self.refuse("`not` does not work on tensors", node, "write ~(x > 0)")
        return tree.Unary(symbol, self.convert(node.operand), self.places.of(node))

    def _binary(self, node: ast.BinOp) -> tree.Expression:
        symbol = BINARY.get(type(node.op))
        if symbol is None:
            self.refuse("`<<` and `>>` are not allowed", node, "multiply or divide by powers of 2")
        return tree.Binary(symbol, self.convert(node.left), self.convert(node.right), self.places.of(node))

    def _comparison(self, node: ast.Compare) -> tree.Expression:
        symbol = COMPARISONS.get(type(node.ops[0]))
        if symbol is None:
            self.refuse("`in` and `is` are not allowed", node, "compare with == < <= > >= !=")
        if len(node.ops) > 1:
            return self._chain(node)
        return tree.Binary(symbol, self.convert(node.left), self.convert(node.comparators[0]), self.places.of(node))

    def _chain(self, node: ast.Compare) -> tree.Expression:
        """`a < b < c`."""
        operands = (node.left, *node.comparators)
        parts = [self.places.of(operand).of(self.text) for operand in operands]
        signs = [COMPARISONS.get(type(operator), "==") for operator in node.ops]
        mended = " & ".join(f"({a} {sign} {b})" for a, sign, b in zip(parts, signs, parts[1:], strict=False))
        span = self.places.of(node)
        self.refuse(
            "two comparisons in one do not work on tensors", span, f"write {mended}", self.replace(span, mended)
        )

    def _items(self, node: ast.Tuple | ast.List) -> tuple[tree.Expression, ...]:
        if len(node.elts) > LIMITS.items:
            self.refuse(f"{spell(len(node.elts))} elements; the limit is {spell(LIMITS.items)}", node)
        return tuple(self.convert(item) for item in node.elts)

    def _tuple(self, node: ast.Tuple) -> tree.Expression:
        return tree.Sequence("tuple", self._items(node), self.places.of(node))

    def _list(self, node: ast.List) -> tree.Expression:
        return tree.Sequence("list", self._items(node), self.places.of(node))

    def _index(self, node: ast.Subscript) -> tree.Expression:
        return tree.Index(self.convert(node.value), self.convert(node.slice), self.places.of(node))

    def _slice(self, node: ast.Slice) -> tree.Expression:
        start, stop, step = (
            None if part is None else self.convert(part) for part in (node.lower, node.upper, node.step)
        )
        return tree.Slice(start, stop, step, self.places.of(node))

    def _attribute(self, node: ast.Attribute) -> tree.Expression:
        span = self.places.of(node)
        prefix = self._prefix(node.value)
        if prefix is not None:
            if node.attr in PREFIXED_CONSTANTS and prefix in ("torch", "math"):
                return tree.NamedConstant(node.attr, f"{prefix}.{node.attr}", span)
            if find(PREFIXES.get(prefix, ""), node.attr) is not None:
                self.refuse(f"`{prefix}.{node.attr}` is a function, not a value", span, f"call it: {node.attr}(...)")
            self._unknown_function(node.attr, PREFIXES.get(prefix, ""), span, self._last(node))
        if node.attr not in ATTRIBUTES:
            self._unknown_attribute(node, span)
        return tree.Attribute(self.convert(node.value), node.attr, span)

    def _unknown_attribute(self, node: ast.Attribute, span: Span) -> NoReturn:
        place = self._last(node)
        known = "allowed are .T .mT .shape .ndim .dtype .grad .requires_grad .is_leaf, and methods"
        if node.attr in method_names():
            self.refuse(
                f"`{node.attr}` is a method: it is called",
                span,
                f"write .{node.attr}()",
                self.replace(Span(span.end, span.end), "()", f"write .{node.attr}()"),
            )
        if node.attr == "data":
            self.refuse("`.data` is not allowed", place, "write .detach()", self.replace(place, "detach()"))
        if node.attr == "grad_fn":
            self.refuse("`.grad_fn` is not a value here", place, "the graph beside the text shows it")
        self.refuse(f"a tensor has no `{node.attr}` here", place, known)

    def _call(self, node: ast.Call) -> tree.Expression:
        span = self.places.of(node)
        receiver: tree.Expression | None = None
        if isinstance(node.func, ast.Attribute):
            name, name_span = node.func.attr, self._last(node.func)
            prefix = self._prefix(node.func.value)
            home = "Tensor" if prefix is None else PREFIXES.get(prefix, "")
        elif isinstance(node.func, ast.Name):
            name, name_span, prefix, home = node.func.id, self.places.of(node.func), "", ""
        else:
            if isinstance(node.func, ast.Call) and isinstance(node.func.func, ast.Attribute):
                self._prefix(node.func.func.value)  # torch.func.grad(f)(x)
            self._missing_operator(node)
        if home == "" and name in self.assigned:
            self._missing_operator(node)
        self._check_root(node.func, name)
        function = find(home, name)
        if function is not None:
            self._check_keywords(node, function)
        if function is None:
            self._unknown_function(name, home, span if name == "print" else name_span, name_span, node)
        if home == "Tensor" and isinstance(node.func, ast.Attribute):
            receiver = self.convert(node.func.value)
        arguments = [tree.CallArgument("", self.convert(value), self.places.of(value)) for value in node.args]
        for keyword in node.keywords:
            if keyword.arg is None:
                self.refuse("`**` in front of an argument is not allowed", keyword, "write the arguments out")
            if any(given.name == keyword.arg for given in arguments):
                self.refuse(f"`{keyword.arg}` is given twice", keyword)
            arguments.append(tree.CallArgument(keyword.arg, self.convert(keyword.value), self.places.of(keyword)))
        return tree.Call(home, name, receiver, tuple(arguments), span, name_span)

    def _check_root(self, node: ast.expr, name: str) -> None:
        """`tourch.sin(x)`: a slip in the name of torch would be a leaf."""
        match node:
            case ast.Attribute(value=ast.Name(id=root) as place) if root not in self.assigned and root not in PREFIXES:
                if difflib.get_close_matches(root, ("torch",), cutoff=0.8) and find("torch", name) is not None:
                    mended = re.sub(rf"\b{root}\b", "torch", self.text)
                    repair = Repair("write torch", mended, is_guess=True)
                    self.refuse(f"`{root}` is not known", place, "did you mean `torch`?", repair)

    def _check_keywords(self, node: ast.Call, function: Function) -> None:
        """`requires_gard=True`: a slip in the name of an argument."""
        known = [parameter.name for parameter in function.parameters]
        for keyword in node.keywords:
            if keyword.arg is None or function.also_called(keyword.arg) in known:
                continue
            close = difflib.get_close_matches(keyword.arg, known, n=1, cutoff=0.8)
            if close and len(keyword.arg) > 3:
                start = self.places.of(keyword).start
                place = Span(start, start + len(keyword.arg))
                repair = replace(self.replace(place, close[0]), is_guess=True)
                message = f"`{function.name}` has no argument `{keyword.arg}`"
                self.refuse(message, place, f"did you mean `{close[0]}`?", repair)

    def _missing_operator(self, node: ast.Call) -> NoReturn:
        function, whole = self.places.of(node.func), self.places.of(node)
        written = function.of(self.text)
        bracket = self.text.index("(", function.end)
        mended = self.text[:bracket].rstrip(" ") + "*" + self.text[bracket:]
        self.refuse(
            f"`{written[:40]}` is a value, not a function",
            whole,
            "to multiply write * before the bracket",
            Repair("write *", mended),
        )

    def _unknown_function(
        self, name: str, home: str, span: Span, place: Span, call: ast.Call | None = None
    ) -> NoReturn:
        if name == "print" and call is not None and len(call.args) == 1:
            inner = self.places.of(call.args[0]).of(self.text)
            self.refuse("`print` is not needed", span, "the value of the last line is shown", self.replace(span, inner))
        if name in ("eval", "exec", "open", "compile", "getattr", "setattr", "globals", "__import__"):
            self.refuse(f"`{name}` is not a function here", place, "the reference lists every function")
        kind = "method" if home == "Tensor" else "function"
        if (word := UNLIKE_PYTORCH.get(name)) is not None:
            self.refuse(f"`{name}` is not here", place, word)
        if name.endswith("_") and find("Tensor", name[:-1]) is not None and home == "Tensor":
            self.refuse(
                f"`{name}` is not allowed",
                place,
                f"write .{name[:-1]}(), which makes a new tensor",
                (call and made_anew(self.text, self.places.of(call))) or self.replace(place, name[:-1]),
            )
        if find("Tensor", name) is not None and home != "Tensor":
            self.refuse(f"`{name}` is a method, not a function", place, f"write x.{name}(...)")
        if find("", name) is not None:
            self.refuse(f"no {kind} `{name}` here", place, f"write {name}(...) as a function")
        guesses = suggest(name, home) or suggest(name)
        if name.endswith("_"):  # what writes in place is not replaced by what does not
            guesses = tuple(guess for guess in guesses if guess.endswith("_"))
        repair = replace(self.replace(place, guesses[0]), is_guess=True) if guesses else None
        if not guesses and home == "" and len(name) <= 2 and call is not None and call.args:
            self._missing_operator(call)
        hint = (
            "did you mean " + " or ".join(f"`{guess}`" for guess in guesses) + "?"
            if guesses
            else ("the reference lists every function")
        )
        self.refuse(f"unknown {kind} `{name}`", place, hint, repair)

    def _prefix(self, node: ast.expr) -> str | None:
        """'torch.nn.functional' for what is written in front of a function, else None: it is a value then."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self.assigned:
            return None
        written = ".".join([node.id, *reversed(parts)])
        if written in PREFIXES or written == "math":
            return written
        if node.id in ("torch", "F", "nn", "np", "numpy", "os", "sys"):
            span = self.places.of(node)
            self.refuse(f"`{written}` is not here", Span(span.start, span.start + len(written)), _instead(written))
        return None

    def _last(self, node: ast.Attribute) -> Span:
        """Find where the name after the last point stands."""
        end = self.places.of(node).end
        return Span(max(end - len(node.attr), 0), end)


def _instead(prefix: str) -> str:
    """What to write in place of functions behind a prefix that is not here."""
    if prefix in ("torch.func", "torch.autograd.functional"):
        return "a gradient is taken of a value: y = f(x), then grad(y, x)[0], or y.backward() and x.grad"
    return "functions stand in torch, F (torch.nn.functional), torch.linalg and torch.autograd"


def _digits(number: int) -> int:
    return math.floor(math.log10(abs(number))) + 1
