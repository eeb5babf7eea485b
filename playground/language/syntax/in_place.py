"""Lines that change a value in place, written so that they make a new one."""

from __future__ import annotations

import re

from playground.errors import Repair, Span

_AUGMENTED = re.compile(r"(?P<name>[^\W\d]\w*)[ \t]*(?P<operator>\*\*|//|[-+*/%@&|^])=[ \t]*(?P<value>[^\n]+)")
_METHOD = re.compile(r"(?P<name>[^\W\d]\w*)\.(?P<method>\w*[^\W_])_\((?P<arguments>[^\n]*)\)")
_BINDS_LESS = re.compile(r"[-+*/%@&|^<>=]|\b(?:and|or|not|if|lambda)\b")


def made_anew(text: str, span: Span) -> Repair | None:
    """`y += 1` as `y = y + 1`, `y.add_(1)` as `y = y.add(1)`; None where this is no such line by itself.

    >>> made_anew("y = exp(x)\\ny *= a + b", Span(11, 21))
    Repair(label='write y = y * (a + b)', text='y = exp(x)\\ny = y * (a + b)')
    """
    before = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    after = text[span.end :].partition("\n")[0].strip()
    if before.strip() or (after and after[0] not in "#;"):
        return None
    written = span.of(text)
    new = None
    if found := _AUGMENTED.fullmatch(written):
        name, operator, value = found.group("name", "operator", "value")
        new = f"{name} = {name} {operator} {f'({value})' if _BINDS_LESS.search(value) else value}"
    elif found := _METHOD.fullmatch(written):
        name, method, arguments = found.group("name", "method", "arguments")
        new = f"{name} = {name}.{method}({arguments})"
    return None if new is None else Repair(f"write {new}", text[: span.start] + new + text[span.end :])
