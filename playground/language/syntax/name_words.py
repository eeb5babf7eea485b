"""What looks like something else: `x1x2`, `sinx`, `df` and `dx`, `1,5`. It is said what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from playground.language.functions.table import find
from playground.language.syntax import tree
from playground.language.syntax.walk import expressions, targets_in

_NUMBERED = re.compile(r"(([a-zA-Z])\d)(\2\d)")  # x1x2, beside neither x1 nor x2
_MOST = 100  # names that are compared with each other


def words_on_names(body: tuple[tree.Statement, ...], free: Iterable[str]) -> tuple[str, ...]:
    """One sentence for each free name that is probably meant otherwise.

    >>> from playground.language.syntax.program import parse
    >>> program = parse("x1 + x2 + x1x2 + sinx1")
    >>> for sentence in words_on_names(program.statements, ("x1", "x2", "x1x2", "sinx1")):
    ...     print(sentence)
    `x1x2` is one name, and a leaf of its own; the product is x1*x2.
    `sinx1` is one name, and a leaf of its own; the function is called as sin(x1).
    >>> words_on_names(parse("y = 1,5*x").statements, ("x",))
    ('`1,5` begins a pair; a decimal number has a point: 1.5.',)
    """
    names = list(dict.fromkeys(free))[:_MOST]
    known = {*names, *(target.id for target in targets_in(body))}
    ratios = {
        (node.left.id, node.right.id)
        for node in expressions(body)
        if isinstance(node, tree.Binary)
        and node.operator == "/"
        and isinstance(node.left, tree.Name)
        and isinstance(node.right, tree.Name)
    }
    found = []
    for name in names:
        quotient = next(((a, b) for a, b in sorted(ratios) if name == a and _is_differential(a, b, names)), None)
        if quotient is not None:
            y, x = (part[1:] for part in quotient)
            found.append(
                f"`d{y}` and `d{x}` are two leaves; a gradient stands beside its leaf: as a value, grad({y}, {x})[0]."
            )
        elif (parts := _product(name, known)) is not None:
            found.append(f"`{name}` is one name, and a leaf of its own; the product is {parts[0]}*{parts[1]}.")
        elif (call := _call(name, known)) is not None:
            found.append(
                f"`{name}` is one name, and a leaf of its own; the function is called as {call[0]}({call[1]})."
            )
    return (*found, *_decimal_commas(body))


def _decimal_commas(body: tuple[tree.Statement, ...]) -> Iterator[str]:
    """One sentence for each `1,5` that stands without brackets where a number may be meant."""
    for statement in body:
        pair = statement.value if isinstance(statement, tree.Evaluate | tree.Assign) else None
        if isinstance(pair, tree.Sequence) and pair.kind == "tuple" and len(pair.items) == 2:
            whole, decimals = pair.items[0], _leftmost(pair.items[1])
            if (
                all(isinstance(part, tree.Literal) and part.text.isdigit() for part in (whole, decimals))
                and pair.span.start == whole.span.start
                and decimals.span.start == whole.span.end + 1
            ):
                assert isinstance(whole, tree.Literal) and isinstance(decimals, tree.Literal)
                written = f"{whole.text},{decimals.text}"
                yield f"`{written}` begins a pair; a decimal number has a point: {whole.text}.{decimals.text}."


def _leftmost(node: tree.Expression) -> tree.Expression:
    while isinstance(node, tree.Binary):
        node = node.left
    return node


def _is_differential(above: str, below: str, free: list[str]) -> bool:
    return all(len(part) > 1 and part[0] == "d" and part in free for part in (above, below))


def _product(name: str, known: set[str]) -> tuple[str, str] | None:
    """The two names of the text that a name is made of; one letter each is not enough for that."""
    for place in range(1, len(name)):
        first, second = name[:place], name[place:]
        if first in known and second in known and name not in (first * 2,) and len(name) <= 40:
            return first, second
    numbered = _NUMBERED.fullmatch(name)
    return (numbered[1], numbered[3]) if numbered is not None and numbered[1] != numbered[3] else None


def _call(name: str, known: set[str]) -> tuple[str, str] | None:
    for place in range(3, len(name)):
        first, second = name[:place], name[place:]
        if find("", first) is not None and (second in known or second in ("x", "y", "t", "z")):
            return first, second
    return None
