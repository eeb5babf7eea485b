"""`OwnFunction`: a function that a text defines, as a value; and how a call is matched with its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from playground.errors import PlaygroundError
from playground.language.function import Value
from playground.language.syntax import tree
from playground.language.syntax.walk import children, inner, own


@dataclass(frozen=True, slots=True, eq=False)
class OwnFunction:
    """A `def` or `lambda`; `outside` are the names around it, as they are when it is called."""

    name: str
    parameters: tuple[tree.Parameter, ...]
    defaults: dict[str, Value]
    body: tuple[tree.Statement, ...] | tree.Expression
    outside: dict[str, Value]
    depth: int  # how deep its expressions and statements are nested

    def bind(self, positional: list[Value], named: dict[str, Value]) -> dict[str, Value]:
        """The values of the parameters; PlaygroundError without a place where the call does not fit."""
        names = [parameter.name for parameter in self.parameters]
        hint = f"{self.name}({', '.join(names)})"
        if len(positional) > len(names):
            takes = f"{len(names)} argument" + ("s" if len(names) != 1 else "")
            raise PlaygroundError(f"`{self.name}` takes {takes}, here are {len(positional)}", hint=hint)
        given = dict(zip(names, positional, strict=False))
        for name, value in named.items():
            if name not in names:
                raise PlaygroundError(f"`{self.name}` has no argument `{name}`", hint=hint)
            if name in given:
                raise PlaygroundError(f"`{name}` is given twice", hint=hint)
            given[name] = value
        bound = self.defaults | given
        missing = next((name for name in names if name not in bound), None)
        if missing is not None:
            raise PlaygroundError(f"`{self.name}` needs `{missing}`", hint=hint)
        return bound


def depth_of(body: tuple[tree.Statement, ...] | tree.Expression) -> int:
    """Count the levels of a function's statements and expressions."""
    if isinstance(body, tuple):
        return max((1 + max(map(depth_of, (*own(node), inner(node))), default=0) for node in body), default=0)
    return 1 + max(map(depth_of, children(body)), default=0)
