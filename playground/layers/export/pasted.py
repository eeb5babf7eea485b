"""A pasted class as a plain PyTorch script: the text as it was written, with what the language leaves out put in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from torch import nn

from playground.errors import PlaygroundError
from playground.language.function import PYTHON
from playground.language.functions.plain import BUILTINS
from playground.language.functions.table import find
from playground.language.syntax import tree
from playground.language.syntax.python_parser import INDENTED
from playground.layers.catalogue import modules
from playground.layers.document import StackDocument
from playground.layers.export.script import SOME_GRADIENTS, NetWriter
from playground.layers.listing import Listing
from playground.layers.pasted.tree import Apply, Edit, Initialise, IsKind, KindName, Make, PastedClass, PastedSource

_OURS = ("Bias", "Reshape", "Residual", "Parallel")  # kinds that PyTorch lacks
_PREFIXES = {"F": "F.", "torch": "torch.", PYTHON: ""}


class PastedWriter(NetWriter):
    """The script of a pasted class. Raises PlaygroundError where the class does not run."""

    gradients = SOME_GRADIENTS

    def __init__(self, document: StackDocument, source: PastedSource, listing: Listing) -> None:
        super().__init__(document, listing.parameters)
        self.source, self.listing = source, listing
        if listing.error is not None:
            raise listing.error

    def definitions(self) -> list[str]:
        text, ours = plain_python(self.source)
        return [*(inspect.getsource(getattr(modules, name)) for name in ours), *_classes(text)]

    def net(self) -> list[str]:
        return [self.seeded(f"net = {self.source.made}")]

    def outputs(self) -> int:
        output = self.listing.output
        if output is None or len(output) != 1:
            raise PlaygroundError("forward gives no row of numbers for each example", hint="return (N, classes)")
        return output[0]


def plain_python(source: PastedSource) -> tuple[str, tuple[str, ...]]:
    """The text as Python alone understands it, and which of the page's own layers it uses.

    >>> from playground.layers.pasted.parse import parse_module
    >>> source = parse_module("class A(nn.Module):\\n    def forward(self, x):\\n        return relu(x) + [1, 2]")
    >>> print(plain_python(source)[0].splitlines()[-1])
            return torch.relu(x) + torch.tensor([1, 2])
    """
    edits: set[Edit] = set(source.left_out)
    ours: dict[str, None] = {}
    for part, in_init in _parts(source):
        for node in _walk(part):
            if isinstance(node, Make | KindName) and not _is_pasted(node) and node.name in _OURS:
                ours[node.name] = None
            edits |= set() if in_init and _is_builtin(node) else set(_edits(node, source.text))
            edits |= set() if in_init else set(_tensors(node, source.text))
    taken = next((one for one in source.classes if one.name in ours), None)
    if taken is not None:
        message = f"the class `{taken.name}` hides the layer nn.{taken.name}"
        raise PlaygroundError(message, span=taken.span, hint="take another name", text=source.text)
    text = source.text
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text, tuple(ours)


def _parts(source: PastedSource) -> Iterator[tuple[Any, bool]]:
    """What is read of a text, and whether it may make layers: lists are lists there."""
    for one in source.classes:
        yield from [(method, True) for method in one.makers] + [(method, False) for method in one.methods]
    for function in source.functions:
        yield from [(function.making, True), (function.running, False)]
    yield from [(constant, True) for constant in source.constants]


def _is_builtin(node: Any) -> bool:
    """`max(1, n)` of plain numbers."""
    return isinstance(node, tree.Call) and node.home == "" and node.name in BUILTINS


def _is_pasted(node: Make | KindName) -> bool:
    return isinstance(node, Make) and node.is_pasted


def _walk(node: Any) -> Iterator[Any]:
    """A record and all that is in it; a base class is walked where it stands."""
    if isinstance(node, tuple | list):
        for part in node:
            yield from _walk(part)
    elif is_dataclass(node) and not isinstance(node, PastedClass):
        yield node
        for entry in fields(node):
            yield from _walk(getattr(node, entry.name))


def _edits(node: Any, text: str) -> Iterator[Edit]:
    """Names without the module that they are in."""
    if isinstance(node, Make) and not node.is_pasted:
        prefix = "" if node.name in _OURS else "nn."
        yield node.name_span.start, node.name_span.end, prefix + node.name
    elif isinstance(node, Initialise) and node.span.of(text).startswith("init."):
        yield node.span.start, node.span.start, "nn."
    elif isinstance(node, IsKind):
        written = node.span.of(text)
        names = [name for name in node.names if hasattr(nn, name)]
        mended = re.sub(rf"(?<![\w.])({'|'.join(names) or '!'})\b", r"nn.\1", written)
        yield node.span.start, node.span.end, mended
    elif isinstance(node, tree.NamedConstant):
        yield node.span.start, node.span.end, f"torch.{node.name}"
    elif isinstance(node, tree.Call):
        function = find("", node.name) if node.home == "" else None
        if function is not None and not node.span.of(text).startswith("math."):
            home = next(home for home in ("torch", "F", *function.homes) if home in function.homes)
            place = node.name_span.start
            yield place, place, _PREFIXES.get(home, f"torch.{home}.")
        elif node.span.of(text).startswith(("linalg.", "special.")) and node.receiver is None:
            yield node.span.start, node.span.start, "torch."


def _tensors(node: Any, text: str) -> Iterator[Edit]:
    """Lists that stand for tensors in the language."""
    operands: tuple[tree.Expression | None, ...] = ()
    match node:
        case tree.Binary(left=left, right=right):
            operands = (left, right)
        case tree.Unary(operand=operand) | tree.Index(operand=operand):
            operands = (operand,)
        case tree.Assign(value=value) | tree.Augmented(value=value):
            operands = (value,)
        case Apply(inputs=inputs):
            operands = tuple(part for part in inputs if _is_written_out(part))  # of tensors it is a list there, too
        case tree.Call(receiver=receiver):
            operands = (receiver,)
        case tree.Return(value=value):
            operands = (value,)
    for part in operands:
        if isinstance(part, tree.Sequence) and part.kind == "list":
            yield part.span.start, part.span.start, "torch.tensor(" if _is_written_out(part) else "torch.stack("
            yield part.span.end, part.span.end, ")"


def _is_written_out(node: Any) -> bool:
    kinds = (tree.Sequence, tree.Literal, tree.Unary, tree.NamedConstant)
    return all(isinstance(inner, kinds) for inner in _walk(node) if hasattr(inner, "span"))


def _classes(text: str) -> list[str]:
    """The text cut before every class."""
    return [
        part for part in re.split(r"(?m)^(?=class\b)", inspect.cleandoc(text) if INDENTED.match(text) else text) if part
    ]
