"""Variants of a document that people compare it with: in another precision, without its activations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.functions.activation import ACTIVATIONS
from playground.language.syntax import tree
from playground.language.syntax.program import Program
from playground.language.syntax.walk import expressions, parts
from playground.variant import Variant

PRECISIONS = ("float64", "float32")
BETWEEN_LAYERS = frozenset({one.name for one in ACTIVATIONS if one.example.endswith("(y)")} | {"tanh", "sigmoid"})
_REAL = ("float16", "bfloat16", "float32", "float64")  # dtypes that a text may speak of
CREATING = frozenset({"tensor", "zeros", "ones", "full", "eye", "linspace", "logspace", "rand", "randn"})


def variants(document: Document) -> tuple[Variant[Document], ...]:
    """The variants that there are of a document: none of a text that cannot be read.

    >>> [one.label for one in variants(Document("f = relu(w*x)"))]
    ['in float64', 'without relu']
    """
    try:
        program = document.program()
    except PlaygroundError:
        return ()
    found = [in_precision(document, program), without_activations(document, program)]
    return tuple(one for one in found if one is not None)


def in_precision(document: Document, program: Program) -> Variant[Document] | None:
    """The document with leaves and new tensors in float64, in float32 where all are float64; None: it has no leaf."""
    real = [leaf for leaf in document.used_leaves() if leaf.dtype.startswith(("float", "bfloat"))]
    if not real:
        return None
    dtype = next(name for name in PRECISIONS if any(leaf.dtype != name for leaf in real))
    stated = {free.name for free in program.free_names if free.stated is not None}
    leaves = {leaf.name: replace(leaf, dtype=dtype) for leaf in real if leaf.name not in stated}
    text = _changed(program.text, [*_dtypes(program, dtype)])
    return Variant(dtype, f"in {dtype}", replace(document.with_leaves(leaves), text=text))


def without_activations(document: Document, program: Program) -> Variant[Document] | None:
    """The document with what stands in the activations of its text instead of them; None: it has none."""
    called = (node for node in expressions(program.statements) if isinstance(node, tree.Call))
    found = [(call, operand) for call in called if call.name in BETWEEN_LAYERS and (operand := _operand(call))]
    if not found:
        return None
    changes = [change for call, operand in found for change in _unwrapped(call, operand)]
    names = " and ".join(dict.fromkeys(call.name for call, _ in found))
    return Variant("no-activation", f"without {names}", replace(document, text=_changed(program.text, changes)))


_Change = tuple[int, int, str]  # from, to, what stands there instead


def _changed(text: str, changes: list[_Change]) -> str:
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _operand(call: tree.Call) -> tree.Expression | None:
    """The tensor that an activation is called on."""
    if call.receiver is not None:
        return call.receiver
    return next((one.value for one in call.arguments if one.name in ("", "input")), None)


def _unwrapped(call: tree.Call, operand: tree.Expression) -> list[_Change]:
    """What leaves only the operand of a call, in brackets where it is a sum or the like."""
    stands_alone = isinstance(
        operand, tree.Name | tree.Literal | tree.Call | tree.Index | tree.Attribute | tree.Sequence
    )
    opens, closes = ("", "") if stands_alone else ("(", ")")
    return [(call.span.start, operand.span.start, opens), (operand.span.end, call.span.end, closes)]


def _dtypes(program: Program, dtype: str) -> Iterator[_Change]:
    """The changes that make the tensors that a text states or creates ones of this dtype."""
    written = f"torch.{dtype}"
    for node in expressions(program.statements):
        match node:
            case tree.NamedConstant(name=name) if name in _REAL:
                yield node.span.start, node.span.end, written
            case tree.Call(name=name, receiver=None, arguments=arguments) if name in CREATING and arguments:
                if all(one.name != "dtype" for one in arguments) and not (name == "tensor" and _is_whole(arguments[0])):
                    end = arguments[-1].span.end
                    yield end, end, f", dtype={written}"
    for statement in program.statements:
        if isinstance(statement, tree.State) and not isinstance(statement.value, tree.Call):
            span = statement.value.span
            value = span.of(program.text)
            yield span.start, span.end, f"torch.tensor({value}, dtype={written}, requires_grad=True)"


def _is_whole(argument: tree.CallArgument) -> bool:
    """Tell whether there is no fraction in it: PyTorch makes whole numbers of it."""
    return all(type(one.value) is int for one in parts(argument.value) if isinstance(one, tree.Literal))
