"""The name of every value on a tape: the user's own, or `v1`, `v2`, ..."""

from __future__ import annotations

from playground.recorder.tape import Tape


def value_names(tape: Tape) -> list[str]:
    """A name for every value: its own, or `v1`, `v2`, ... by depth, then in order of execution; constants `c1`, ..."""
    depth = [0] * len(tape.values)
    for op in tape.ops:
        below = 1 + max((depth[index] for _, index in op.inputs), default=0)
        for index in op.outputs:
            depth[index] = below
    names: list[str] = [""] * len(tape.values)
    taken: set[str] = set()
    for value in tape.values:
        if value.name is not None and value.op is None:
            names[value.id] = unique(value.name, taken)
    intermediates = sorted((v for v in tape.values if v.op is not None), key=lambda v: (depth[v.id], v.id))
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
