"""Which names a list has. It is kept as a tuple, so that one that grows is a new one, which other names would miss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playground.language.syntax.tree import Attribute, Index, Name, Sequence, Slice
from playground.layers.pasted.tree import Choose, Dictionary, Logic, Unnested


def names_in(value: Any) -> Iterator[str]:
    """The names whose values are held by that of an expression: `b` and `self.c` by `[a + 1, b, self.c]`."""
    match value:
        case Name(id=name):
            yield name
        case Attribute(operand=Name(id="self"), name=name):
            yield f"self.{name}"
        case Sequence(items=parts) | Logic(operands=parts):
            for part in parts:
                yield from names_in(part)
        case Choose(yes=yes, no=no):
            yield from (*names_in(yes), *names_in(no))
        case Dictionary(items=items):
            for _, part in items:
                yield from names_in(part)
        case Unnested(value=part):
            yield from names_in(part)


def is_new(value: Any, *, of_parts: bool = False) -> bool:
    """Tell whether an expression makes a list that nothing else holds, or is made of such (`of_parts`)."""
    if isinstance(value, Index):
        return isinstance(value.index, Slice)
    return (isinstance(value, Sequence) and not of_parts) or next(names_in(value), None) is None
