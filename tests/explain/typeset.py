"""A way to read formulas as they are typeset: LaTeX and the plain line, each as a number for given numbers.

Tensors are read as scalars: what is compared is which symbols stand where, under which function, fraction or sum. Axes
are written in plain lines only.
"""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

Number = Any  # a NumPy float
_TOKEN = re.compile(r"\\begin\{cases\}|\\end\{cases\}|\\text\{[^{}]*\}|\\[A-Za-z]+|\\.|\d[\d.]*|\S")
_PRODUCTS = (r"\cdot", r"\odot", r"\,", r"\;", r"\ ")
_CLOSING = {"(": ")", "{": "}", r"\left(": ")"}
_RELATIONS: dict[str, Callable[[Number, Number], Any]] = {
    ">": np.greater,
    "<": np.less,
    "=": np.equal,
    r"\le": np.less_equal,
    r"\ge": np.greater_equal,
    r"\ne": np.not_equal,
}
_SYMBOLS = {r"\sigma": "sigma", r"\Phi": "Phi", r"\varphi": "phi", r"\psi": "psi"}
_MATHEMATICS: dict[str, Callable[..., Number]] = {
    **{name: getattr(np, name) for name in ("log", "sin", "cos", "sinh", "cosh", "tanh", "exp", "sqrt", "abs", "sign")},
    **{name: getattr(np, name) for name in ("trunc", "floor", "clip")},
    "max": np.maximum,
}


def called(name: str, *given: Number) -> Number:
    """A function of numbers; one that mathematics does not know is any one that depends on its name and all it gets."""
    if name in _MATHEMATICS:
        return _MATHEMATICS[name](*given)
    weighted = sum(float(x) * (k + 1.0) for k, x in enumerate(given))
    return np.float64(np.sin(1.7 * weighted + zlib.crc32(name.encode()) % 1000) + 2)


class Typeset:
    """The number that a formula in LaTeX is. ValueError where it is no formula."""

    def __init__(self, latex: str, names: Mapping[str, Number]) -> None:
        self.tokens: list[str] = _TOKEN.findall(latex.replace(r"\textstyle", ""))
        self.names = names
        self.place = 0

    def value(self) -> Number:
        found = self.sum()
        if self.next():
            raise ValueError(f"{self.next()!r} is left over")
        return found

    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.next()
        if not token or (expected and token != expected):
            raise ValueError(f"{token!r} instead of {expected!r} at {self.place} of {self.tokens}")
        self.place += 1
        return token

    def has(self, token: str) -> bool:
        if self.next() == token:
            self.place += 1
            return True
        return False

    def sum(self) -> Number:
        found = -self.product() if self.has("-") else self.product()
        while self.next() in ("+", "-"):
            found = found + self.product() if self.take() == "+" else found - self.product()
        return found

    def product(self) -> Number:
        found = self.factor()
        while True:
            if self.has("/"):
                found = found / self.factor()
            elif self.has(r"\times"):
                found = called("cross", found, self.factor())
            elif self.next() in _PRODUCTS and not self.tokens[self.place + 1].startswith(r"\text"):
                self.take()
            elif self.is_factor():
                found = found * self.factor()
            else:
                return found

    def is_factor(self) -> bool:
        token = self.next()
        ends = (*"+-)]}|&,", "", r"\ ", r"\\", r"\right", r"\rfloor", r"\end{cases}", *_RELATIONS)
        return token not in ends

    def factor(self) -> Number:
        if self.has(r"\sum"):
            return called("from_here", self.product()) if self.under() else called("sum", self.product())
        if self.has(r"\prod"):
            self.under()
            self.product()
            return called("others")
        begin = self.place
        found = self.atom()
        scripts = ["_"] if "_" in self.tokens[begin : self.place] and self.tokens[begin] not in _CLOSING else []
        while self.next() in ("^", "_", "'"):
            script = self.take()
            if script in scripts:
                raise ValueError(f"two scripts {script!r} at one symbol")
            scripts.append(script)
            found = self.scripted(found, script)
        return found

    def under(self) -> bool:
        """What stands below a sum or product sign."""
        if not self.has("_"):
            return False
        self.take("{")
        self.take()
        self.take("}")
        return True

    def scripted(self, base: Number, script: str) -> Number:
        if script == "'":
            raise ValueError("a prime of no function")
        if script == "_":
            if self.has("k"):
                return base
            self.take("{")
            self.take("[")
            index = self.sum()
            self.take("]")
            self.take("}")
            return called("at", base, index)
        self.take("{")
        negative = self.next() == "-" and self.tokens[self.place + 1] == r"\top"
        self.place += negative
        if self.has(r"\top"):
            self.take("}")
            return called("T", called("inv", base) if negative else base)
        power = self.sum()
        self.take("}")
        return base**power

    def atom(self) -> Number:
        token = self.take()
        if token == r"\left":
            token = self.take()
            found = self.sum()
            self.take(r"\right")
            self.take(_CLOSING[token])
            return found
        if token in _CLOSING:
            found = self.sum()
            self.take(_CLOSING[token])
            return found
        if token == "|":
            found = abs(self.sum())
            self.take("|")
            return found
        if token == "[":
            held = self.condition()
            self.take("]")
            return held
        if token in (r"\frac", r"\tfrac"):
            return self.atom() / self.atom()
        if token == r"\sqrt":
            return np.sqrt(self.atom())
        if token == r"\lfloor":
            found = np.floor(self.sum())
            self.take(r"\rfloor")
            return found
        if token == r"\begin{cases}":
            return self.cases()
        if token == r"\pi":
            return np.float64(np.pi)
        if token == r"\mathbf":
            for expected in ("{", "1", "}", "_", "{"):
                self.take(expected)
            found = called("onehot", self.sum())
            self.take("}")
            return found
        if token == "e" and self.has("^"):
            self.take("{")
            found = np.exp(self.sum())
            self.take("}")
            return found
        if token == r"\operatorname":
            return self.function(self.braced())
        if token in (r"\mathrm", r"\bar"):
            return self.name(self.braced())
        if token in _SYMBOLS:
            return self.function(_SYMBOLS[token] + "prime" * self.has("'"))
        if token[1:] in _MATHEMATICS and token.startswith("\\"):
            return self.function(token[1:])
        if re.fullmatch(r"\d[\d.]*", token):
            return np.float64(token)
        if re.fullmatch("[a-z]", token):
            return self.name(token)
        raise ValueError(f"{token!r} at {self.place} of {self.tokens}")

    def braced(self) -> str:
        self.take("{")
        word = ""
        while not self.has("}"):
            word += self.take().replace(r"\_", "_")
        return word

    def name(self, word: str) -> Number:
        """A symbol with its number below it."""
        if self.next() == "_" and self.tokens[self.place + 1 : self.place + 3] != ["{", "["]:
            self.take("_")
            word += self.braced()
        return self.names[word]

    def function(self, word: str) -> Number:
        if self.has("'"):
            word += "prime"
        is_tall = self.has(r"\left")
        if not self.has("("):
            return called(word, self.factor())
        given = [self.sum()]
        while self.has(","):
            self.has(r"\ ")
            given.append(self.sum())
        if is_tall:
            self.take(r"\right")
        self.take(")")
        return called(word, *given)

    def condition(self) -> Number:
        """1 where it holds, else 0; what is told in words is a number that depends on them."""
        if self.next().startswith(r"\text"):
            return called(self.words())
        held, left = True, self.sum()
        if self.has(r"\ "):
            return called(self.words(), left)
        while self.next() in _RELATIONS:
            relation = _RELATIONS[self.take()]
            right = self.sum()
            held, left = held and bool(relation(left, right)), right
        if self.has(","):
            self.has(r"\ ")
            return np.float64(held) * self.condition()
        return np.float64(held)

    def words(self) -> str:
        return self.take().removeprefix(r"\text{").removesuffix("}")

    def cases(self) -> Number:
        found = None
        while True:
            part = self.sum()
            self.take("&")
            held = np.float64(1) if self.has(r"\text{else}") else self.condition()
            if found is None and held:
                found = part
            if not self.has(r"\\"):
                break
        self.take(r"\end{cases}")
        assert found is not None
        return found


_PLAIN = (
    *((r"10⁻¹²", "1e-12"), (r"\[…, None, None\]", ""), (r", dim=\w+", ""), (r", keepdim=True", "")),
    *((r"(\w+) summed from the end", r"from_here(\1)"), (r"product of the others", "others()")),
    *((r"\[(\w+) (is \w+(?: number)?)\]", r"words('\2', \1)"), (r"\[((?:not )?(?:mask|condition))\]", r"words('\1')")),
    *((r"\|([^|]+)\|", r"abs(\1)"), (r"\((\w+)⁻¹\)ᵀ", r"T(inv(\1))"), (r"(\w+)ᵀ", r"T(\1)")),
    *((r"(\w+) ⊗ (\w+)", r"\1 * T(\2)"), ("²", "**2"), ("³", "**3"), (r"\^", "**"), (r"√", "sqrt"), ("′", "prime")),
    *((r" @ ", "*"), ("[·×]", "*"), ("−", "-"), ("≤", "<="), ("≥", ">="), ("≠", "!="), (r"(?<![<>!]) = ", " == ")),
    *(("σ", "sigma"), ("Φ", "Phi"), ("φ", "phi"), ("ψ", "psi"), ("π", "pi")),
)
_OPERATORS: dict[type, Callable[[Number, Number], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.Gt: np.greater,
    ast.Lt: np.less,
    ast.GtE: np.greater_equal,
    ast.LtE: np.less_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


def plain_value(text: str, names: Mapping[str, Number]) -> Number:
    """The number that a formula of a plain line is."""
    for pattern, meant in _PLAIN:
        text = re.sub(pattern, meant, text)
    return _plain(ast.parse(text, mode="eval").body, names)


def _plain(tree: ast.AST, names: Mapping[str, Number]) -> Number:
    match tree:
        case ast.Constant():
            return np.float64(tree.value)
        case ast.Name():
            return np.float64(np.pi) if tree.id == "pi" else names[tree.id]
        case ast.BinOp():
            return _OPERATORS[type(tree.op)](_plain(tree.left, names), _plain(tree.right, names))
        case ast.UnaryOp():
            return -_plain(tree.operand, names)
        case ast.BoolOp():
            return np.prod([_plain(value, names) for value in tree.values])
        case ast.Compare():
            terms = [_plain(term, names) for term in (tree.left, *tree.comparators)]
            pairs = zip(tree.ops, terms, terms[1:], strict=False)
            return np.float64(all(bool(_OPERATORS[type(op)](a, b)) for op, a, b in pairs))
        case ast.List():
            return _plain(tree.elts[0], names)
        case ast.Subscript():
            return called("at", _plain(tree.value, names), _plain(tree.slice, names))
        case ast.Call(func=ast.Name(id="where"), args=[condition, one, other]):
            return _plain(one if _plain(condition, names) else other, names)
        case ast.Call(func=ast.Name(id="words"), args=[ast.Constant(value=str(words)), *given]):
            return called(words, *(_plain(each, names) for each in given))
        case ast.Call(func=ast.Name(id=name), args=given):
            return called(name, *(_plain(each, names) for each in given))
    raise ValueError(ast.dump(tree))


_LETTERS = re.compile(r"@(?:([abcypgshz])|\{(\w+)\})")
_AXES = ("along", "rows")  # of plain lines only
_POWERS = {"p": ("b1 − 1", "b_{1} - 1"), "twoless": ("b1 − 2", "b_{1} - 2")}


def written(formula: str, *, latex: bool) -> str:
    """A formula of the table with a name that has a number below it for each letter and setting."""

    def name(match: re.Match[str]) -> str:
        letter = match[1] or match[2]
        if letter in _AXES:
            return ""
        if letter in _POWERS:
            return _POWERS[letter][latex] if latex else f"({_POWERS[letter][latex]})"
        if not latex:
            return f"{letter}1"
        if letter in "gskh" or letter == "by_class":
            return rf"\bar{{{letter}}}_{{1}}" if letter != "by_class" else r"\mathrm{by\_class}_{1}"
        return f"{letter}_{{1}}" if len(letter) == 1 else rf"\mathrm{{{letter}}}_{{1}}"

    return _LETTERS.sub(name, formula)


def draws(count: int) -> Iterator[dict[str, Number]]:
    """Numbers for all names: any, some of them equal, some at 0 and at usual limits."""
    generator = np.random.default_rng(0)
    special = np.array([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0])
    names = [*"abcypgshzn", "by_class", "n", "k"]
    names += ["alpha", "beta", "scale", "input_scale", "threshold", "weight", "value", "lambd", "min", "max", "min_val"]
    names += ["max_val", "negative_slope", "delta", "pos_weight", "target", "ignore_index", "total_weight", "freedom"]
    names += [
        "power",
        "ord",
        "p",
        "dim",
        "diagonal",
        "count",
        "targets",
        "kept",
        "label_smoothing",
        "falling",
        "twoless",
    ]
    for _ in range(count):
        drawn = np.where(generator.random(len(names)) < 0.5, generator.choice(special, len(names)), 0)
        drawn = np.where(drawn == 0, generator.normal(size=len(names)) * 2, drawn)
        numbers = dict(zip((f"{name}1" for name in names), drawn, strict=True))
        yield {**numbers, "n": np.float64(abs(drawn[-1]) + 1)}


def slips(latex: str) -> Iterator[str]:
    """What TeX refuses or sets otherwise than it is meant: two scripts at one symbol, signs that are not TeX's."""
    outside = re.sub(r"\\(?:text|mathrm|operatorname)\{(?:[^{}]|\\[{}])*\}", " x ", latex)
    yield from (f"{sign!r} in {latex!r}" for sign in "−·×⊗√²³ᵀ≤≥≠∞" if sign in outside)
    tokens = re.findall(r"\\[A-Za-z]+|\\.|\S", outside)
    if tokens.count("{") != tokens.count("}") or tokens.count(r"\left") != tokens.count(r"\right"):
        yield f"not closed: {latex!r}"
        return
    had: list[set[str]] = [set()]  # the scripts of the last symbol, for each open brace
    for place, token in enumerate(tokens):
        if token in ("^", "_"):
            if token in had[-1]:
                yield f"two scripts {token!r} at one symbol: {latex!r}"
            had[-1].add(token)
        elif token == "{":
            had.append(set())
        elif token == "}":
            had.pop()
            begin = _opening(tokens, place)
            if begin == 0 or tokens[begin - 1] not in ("^", "_"):
                had[-1].clear()
        elif place == 0 or tokens[place - 1] not in ("^", "_"):
            had[-1].clear()


def _opening(tokens: list[str], closing: int) -> int:
    depth = 0
    for place in range(closing, -1, -1):
        depth += (tokens[place] == "}") - (tokens[place] == "{")
        if depth == 0:
            return place
    raise ValueError("not opened")
