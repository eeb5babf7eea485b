"""A second way to what is written: plain formulas and lines of numbers are read back and evaluated.

Nothing here comes from the table of derivatives: names are looked up in the trace, symbols are mathematics.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from playground.explain.broadcasting import summed_from
from playground.explain.explanation import Explanation
from playground.explain.formulas import Formulas, Written
from playground.trace.array import Array
from playground.trace.records import Contribution, Step
from playground.trace.trace import Trace
from tests.explain.typeset import slips

HOLES = (
    r"  ",  # two spaces: something between them is missing
    r" [,.](?!\d|\.\.)| :(?![\d,\]])| ;(?! )",
    r",\s*(?:;|\.(?!\.\.))",
    r"\b(?:to|and|of|by|with|saves|saved|overwrites|sends) *[.;]",
    r"\b(?:to|and|saves|saved|overwrites|sends|records) *,",
    r"\bover (?:axis|axes) (?!\d)",
    r"@[a-z{]",  # a letter of the table of derivatives
    r"\bNone (?:to|and|is|sends)\b",
    r"''",
    r"\(, |, \)|\[, |(?<!\d), \]|\[\] =",
)
_SUPER = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_LETTER = r"(?:[^\W⁰¹²³⁴-⁹ᵀ]|\u0304)"  # of a name; a power is not a part of it
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.Mod: lambda a, b: torch.outer(a, b),  # written ⊗
}
_COMPARED: dict[type, Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def holes(sentence: str) -> list[str]:
    """The patterns of a missing word that a sentence has."""
    return [pattern for pattern in HOLES if re.search(pattern, sentence)]


class Reader:
    """Reads the formulas of one explanation and compares them with what was recorded."""

    def __init__(self, explanation: Explanation) -> None:
        self.trace: Trace = explanation.trace
        self.explanation = explanation
        self.formulas = Formulas(self.trace, explanation.names)

    def complaints(self) -> Iterator[str]:
        """Everything that is written and not so."""
        for step in self.trace.steps:
            if step.kind == "node":
                for part in step.contributions:
                    for call in (True, False):
                        written = self.formulas.local(step, part, call=call)
                        if written is not None:
                            yield from self._wrong(step, part, written)
        for k in range(len(self.trace.steps)):
            text = self.explanation.step(k)
            yield from (f"{text.title}: hole {hole!r} in {text.sentence!r}" for hole in holes(text.sentence))
            yield from (f"{text.title}: hole {hole!r} in {text.arithmetic!r}" for hole in holes(text.arithmetic))
            yield from wrong_numbers(text.arithmetic)
        for value in self.trace.values:
            lines = self.explanation.derivation(value.id)
            for line in lines:
                yield from wrong_numbers(line.text)
                yield from slips(line.latex)
                yield from (f"{line.title}: hole {hole!r} in {line.text!r}" for hole in holes(line.text))
                yield from (f"{line.title}: hole {hole!r} in {line.note!r}" for hole in holes(line.note))
            yield from _disagreeing([line.text for line in lines if line.title in ("Numbers", "Sum", "Result")])

    def _wrong(self, step: Step, part: Contribution, written: Written) -> Iterator[str]:
        if part.data.numel > 4096 or not part.data.is_exact:
            return
        node = self.formulas.node(step)
        try:
            found = self.product(step, part, written)
        except Exception as error:
            yield f"{node.name}: cannot read {written.text!r}: {type(error).__name__}: {error}"
            return
        if not same(found, part.data.tensor()):
            yield f"{node.name}: {written.text!r} (times {written.adjoint.text}) is {found}, sent {part.data.tensor()}"

    def product(self, step: Step, part: Contribution, written: Written) -> Tensor:
        """The contribution that a written formula amounts to."""
        value = torch.as_tensor(_Reading(self, step, part, written).value(written.text))
        if not written.is_product:
            value = value * self.adjoint(step, written)
        shape = part.data.shape
        if tuple(value.shape) in (shape, (*[1] * (value.dim() - len(shape)), *shape)):  # a sum over one row
            return value.reshape(shape)
        return value.sum_to_size(shape) if summed_from(part) is not None else value.expand(shape)

    def adjoint(self, step: Step, written: Written) -> Tensor:
        """The adjoint that a formula is multiplied by, taken from the engine's own steps."""
        value = written.adjoint.value
        node = self.formulas.node(step)
        if value is None:
            (found,) = [array for array in step.incoming if array is not None][:1]
            return found.tensor()
        record = self.trace.values[value]
        if value in node.outputs:
            arrived = step.incoming[node.outputs.index(value)]
        else:
            (ran,) = [
                other
                for other in self.trace.steps
                if other.node == record.node and other.backward_pass == step.backward_pass
            ]
            arrived = ran.incoming[record.output_nr]
        assert arrived is not None
        return arrived.tensor()


class _Reading:
    """One formula of one step, read back."""

    def __init__(self, reader: Reader, step: Step, part: Contribution, written: Written) -> None:
        self.like = part.data.shape
        trace, names = reader.trace, reader.explanation.names
        node = reader.formulas.node(step)
        self.known: dict[str, Any] = {"pi": math.pi}
        self.texts: dict[str, str] = {}
        for value in trace.values:
            self._name(names.show(value.id), f"value_{value.id}", _whole(value.data))
        self._name(written.adjoint.text, "adjoint", reader.adjoint(step, written))
        for saved in node.saved:
            array = saved.data if saved.value is None else trace.values[saved.value].data
            if array is not None and array.is_exact:
                self.known[saved.name] = array.tensor()
        settings = {saved.name: saved.text for saved in node.saved if saved.text}
        self.dim = ast.literal_eval(settings["dim"]) if settings.get("dim", "None") != "None" else None
        if isinstance(self.dim, int) and self.like:
            self.dim %= len(self.like)
        op = None if node.op is None else trace.ops[node.op]
        shapes = [trace.values[argument.value].shape for argument in op.inputs[:2]] if op is not None else [self.like]
        self.known["n"] = torch.broadcast_shapes(*shapes).numel() if _broadcast(shapes) else math.nan

    def _name(self, text: str, placeholder: str, content: Any) -> None:
        self.texts[text] = placeholder
        self.known[placeholder] = content

    def value(self, text: str) -> Any:
        text = text.replace("10⁻¹²", "1e-12").replace("…", "...")
        text = re.sub(r"(?<![\w.])(\d[\d.]*(?:e[−+]\d+)?)i\b", r"\1j", text)
        ordered = sorted(self.texts, key=len, reverse=True)
        names = "|".join(rf"(?<!{_LETTER})(?<!\.){re.escape(name)}(?!{_LETTER})" for name in ordered)
        text = re.sub(names, lambda match: f" {self.texts[match[0]]} ", text) if names else text
        text = re.sub(r" (\w+)  summed from the end", r"summed_from_the_end(\1)", text)
        text = re.sub(r"product of the others", "others()", text)
        text = re.sub(r" (\w+)  is finite", r"isfinite(\1)", text)
        text = re.sub(r" (\w+)  is a number", r"isnumber(\1)", text)
        text = re.sub(r"not (condition|mask)", r"isfalse(\1)", text)
        text = re.sub(r"\|([^|]+)\|", r"abs(\1)", text)
        text = re.sub(r"(⁻?[²³⁰¹⁴-⁹]+)", lambda match: "**" + match[1].translate(_SUPER), text.replace("⁻¹", ".inv"))
        text = text.replace(" ᵀ", ".mT").replace("ᵀ", ".mT").replace("\u2032(", "_prime(")
        for symbol, plain in (
            *(("·", "*"), ("×", "*"), ("−", "-"), ("√", "sqrt"), ("⊗", "%"), ("^", "**"), ("≤", "<="), ("≥", ">=")),
            *(
                ("≠", "!="),
                (" = ", " == "),
                ("σ", "sigmoid"),
                ("Φ", "cdf"),
                ("φ", "pdf"),
                ("ψ", "digamma"),
                ("π", "pi"),
            ),
            *(("NaN", "nan"), ("∞", "inf")),
        ):
            text = text.replace(symbol, plain)
        text = re.sub(r"\s+\.", ".", re.sub(r"\]\[(?=:|N)", "][", text))
        text = re.sub(r"(\w+) +\[", r"\1[", text)
        tree = ast.parse(text.strip(), mode="eval").body
        top = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "sum"
        if top and isinstance(tree, ast.Call) and not tree.keywords:
            return self._of(tree.args[0]).sum_to_size(self.like)
        return self._of(tree)

    def _of(self, tree: ast.AST) -> Any:
        match tree:
            case ast.Constant():
                return tree.value
            case ast.Name():
                return _double(self.known[tree.id])
            case ast.Tuple():
                return tuple(self._of(element) for element in tree.elts)
            case ast.BinOp():
                return _BINARY[type(tree.op)](_tensor(self._of(tree.left)), _tensor(self._of(tree.right)))
            case ast.BoolOp():
                first, second = map(self._of, tree.values)
                return first & second
            case ast.UnaryOp():
                return -self._of(tree.operand)
            case ast.Attribute():
                inner = self._of(tree.value)
                return inner.mT if tree.attr == "mT" else torch.linalg.inv(inner)
            case ast.List():  # [condition]: 1 where it holds, else 0
                return torch.as_tensor(self._of(tree.elts[0])).to(torch.float64)
            case ast.Compare():
                terms = [self._of(tree.left), *map(self._of, tree.comparators)]
                pairs = zip(tree.ops, terms, terms[1:], strict=False)
                held = [torch.as_tensor(_COMPARED[type(op)](a, b)) for op, a, b in pairs]
                return held[0] if len(held) == 1 else held[0] & held[1]
            case ast.Subscript():
                index = self._index(tree.slice)  # an ignored target is nowhere, and counts 0 times
                return self._of(tree.value)[index.clamp(min=0) if isinstance(index, Tensor) else index]
            case ast.Call():
                return self._call(tree)
        raise ValueError(ast.dump(tree))

    def _index(self, tree: ast.AST) -> Any:
        if isinstance(tree, ast.Slice):
            return slice(None)
        if isinstance(tree, ast.Tuple):
            return tuple(self._index(element) for element in tree.elts)
        return self._of(tree)

    def _call(self, tree: ast.Call) -> Any:
        assert isinstance(tree.func, ast.Name)
        given = [self._of(argument) for argument in tree.args]
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in tree.keywords if keyword.arg}
        match tree.func.id:
            case "sum" | "mean":
                return getattr(given[0], tree.func.id)(**named) if named else getattr(given[0], tree.func.id)()
            case "softmax":
                return given[0].softmax(**named)
            case "onehot":
                axis = 1 if len(self.like) > 1 else 0
                numbers = torch.arange(self.like[axis]).reshape(-1, *[1] * (len(self.like) - axis - 1))
                return (numbers == given[0].unsqueeze(axis)).to(torch.float64)
            case "where":
                return torch.where(given[0], _tensor(given[1]), _tensor(given[2]))
            case "clip":
                return given[0].clamp(float(given[1]), float(given[2]))
            case "max":
                return given[0].clamp(min=float(given[1]))
            case "cross":
                return torch.linalg.cross(given[0], given[1], dim=named["dim"])
            case "summed_from_the_end":
                return given[0].flip(self.dim).cumsum(self.dim).flip(self.dim) if given[0].dim() else given[0]
            case "others":
                return self._others()
            case "tril" | "triu":
                return getattr(given[0], tree.func.id)(int(given[1]))
        return _FUNCTIONS[tree.func.id](_tensor(given[0]))

    def _others(self) -> Tensor:
        """The product of all elements but one, for each of them, element by element."""
        x = _double(self.known["self"])
        result = torch.empty_like(x)
        for place in torch.cartesian_prod(*map(torch.arange, x.shape)).reshape(-1, max(x.dim(), 1)) if x.dim() else []:
            index = tuple(place.tolist())
            line = x.clone()
            line[index] = 1.0
            along = line[(*index[: self.dim], slice(None), *index[self.dim + 1 :])] if self.dim is not None else line
            result[index] = along.prod()
        return result if x.dim() else torch.ones(())


_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    **{
        name: getattr(torch, name)
        for name in ("exp", "log", "cos", "sin", "cosh", "sinh", "tanh", "sqrt", "abs", "trunc")
    },
    **{name: getattr(torch, name) for name in ("floor", "sigmoid", "digamma", "isfinite", "conj")},
    "Re": torch.real,
    "sign": torch.sgn,
    "isnumber": lambda x: ~x.isnan(),
    "isfalse": lambda x: x == 0,
    "cdf": torch.special.ndtr,
    "pdf": lambda x: torch.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "digamma_prime": lambda x: torch.polygamma(1, x),
    "tanh_gelu_prime": lambda x: _slope(lambda at: torch.nn.functional.gelu(at, approximate="tanh"), x),
}


def _slope(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return (function(x + 1e-5) - function(x - 1e-5)) / 2e-5


def _broadcast(shapes: list[tuple[int, ...]]) -> bool:
    try:
        torch.broadcast_shapes(*shapes)
    except RuntimeError:
        return False
    return True


def _whole(array: Array) -> Tensor | None:
    """Every element, also of an array too large for a document, as long as the recording lives."""
    return array.dense() if array.is_exact or array._tensor is not None else None


def _double(content: Any) -> Any:
    if isinstance(content, Tensor) and content.is_floating_point():
        return content.double()
    return content.to(torch.complex128) if isinstance(content, Tensor) and content.is_complex() else content


def _tensor(content: Any) -> Tensor:
    if isinstance(content, complex):
        return torch.tensor(content, dtype=torch.complex128)
    return content if isinstance(content, Tensor) else torch.tensor(float(content), dtype=torch.float64)


def same(found: Tensor, sent: Tensor) -> bool:
    """Tell whether two tensors are the same numbers, up to the dtype's rounding and to settings of seven digits."""
    if sent.is_complex() or found.is_complex():
        found, sent = torch.view_as_real(found.to(torch.complex128)), torch.view_as_real(sent.to(torch.complex128))
    eps = {torch.float16: 3e-3, torch.bfloat16: 2e-2, torch.float32: 2e-4}.get(sent.dtype, 1e-5)
    low = found.to(sent.dtype) if sent.is_floating_point() else found
    return bool(
        torch.allclose(found.double(), sent.double(), rtol=eps, atol=eps * 1e-2, equal_nan=True)
        or torch.allclose(low.double(), sent.double(), rtol=eps, atol=eps, equal_nan=True)
    )


_NUMBER = r"(?:\d+(?:\.\d+)?(?:e[−+-]?\d+)?|NaN|∞)"
_NUMERIC = re.compile(rf"[()\s+−×]*{_NUMBER}(?:[()\s+−×]+{_NUMBER})*[)\s]*")


def wrong_numbers(line: str) -> Iterator[str]:
    """The chains `… = 2 × 5 = 10` of a line whose sides are not equal as written."""
    for clause in re.split(r" ; |, so |\. ", line):
        yield from _disagreeing([clause])


def _disagreeing(clauses: list[str]) -> Iterator[str]:
    sides = [side.strip() for clause in clauses for side in clause.split(" = ") if _NUMERIC.fullmatch(side.strip())]
    if len(sides) < 2:
        return
    numbers = [_number(side) for side in sides]
    scale = max(abs(n) if math.isfinite(n) else 0.0 for pair in numbers for n in pair)
    for (found, _), side in zip(numbers, sides, strict=True):
        last = numbers[-1][0]
        if not (found == last or (math.isnan(found) and math.isnan(last)) or abs(found - last) <= 2e-3 * scale + 1e-9):
            yield f"{side!r} is not {sides[-1]!r} in {clauses!r}"


def _number(side: str) -> tuple[float, float]:
    """The number that a side is, and the size of its terms."""
    text = side.replace("−", "-").replace("×", "*").replace("NaN", "nan").replace("∞", "inf")
    tree = ast.parse(text.strip(), mode="eval").body
    return _arithmetic(tree)


def _arithmetic(tree: ast.AST) -> tuple[float, float]:
    match tree:
        case ast.Constant():
            return float(tree.value), abs(float(tree.value))  # type: ignore[arg-type]
        case ast.Name():
            number = float(tree.id)
            return number, 0.0
        case ast.UnaryOp():
            number, size = _arithmetic(tree.operand)
            return -number, size
        case ast.BinOp():
            (left, a), (right, b) = _arithmetic(tree.left), _arithmetic(tree.right)
            if isinstance(tree.op, ast.Mult):
                return left * right, a * b
            return (left + right if isinstance(tree.op, ast.Add) else left - right), max(a, b)
    raise ValueError(ast.dump(tree))
