"""The name of every value on a tape: the user's own, or `v1`, `v2`, ..."""

from __future__ import annotations

from playground.recorder.tape import Tape


def value_names(tape: Tape) -> list[str]:
    """A name for every value: its own, or `v1`, `v2`, ... in the order of computation; constants `c1`, `c2`, ..."""
    names: list[str] = [""] * len(tape.values)
    taken: set[str] = set()
    for value in tape.values:
        if value.name is not None and value.op is None:
            names[value.id] = unique(value.name, taken)
    intermediates = [value for value in tape.values if value.op is not None]
    rest = [value for value in tape.values if value.op is None and value.name is None]
    for letter, values in (("v", intermediates), ("c", rest)):
        number = 0
        for value in values:
            number += 1
            while f"{letter}{number}" in taken:
                number += 1
            names[value.id] = unique(f"{letter}{number}", taken)
    return names


def unique(name: str, taken: set[str]) -> str:
    """The name, or `name'`, `name''`, ... if there are earlier versions of it."""
    while name in taken:
        name += "'"
    taken.add(name)
    return name
