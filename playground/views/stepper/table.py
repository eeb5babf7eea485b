"""The trace table: forward primal trace and reverse adjoint trace side by side, as in a lecture."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from playground.explain.broadcasting import summed_from
from playground.explain.contributions import contributions
from playground.explain.narration import Narrator
from playground.explain.numbers import brief, subscript
from playground.trace.records import Value
from playground.trace.trace import Trace

LONGEST_TABLE = 400
AFTER = "after the step"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One value of a trace."""

    value: int
    name: str
    expression: str  # 'log(x1)', or the kind of a leaf
    primal: str
    tangent: str
    reverse: str  # 'v̄₄ × 1', the products that were summed
    adjoint: str
    after: str  # the optimizer's step


def trace_rows(trace: Trace, narrator: Narrator | None = None, *, longest: int | None = None) -> list[TableRow]:
    """One row per value that matters: leaves first, then every op's results in order."""
    narrator = narrator or Narrator(trace)
    arrived = contributions(trace)
    roots = {root for p in trace.passes for root in p.roots}
    updated = {step.update.value: step.update.after for step in trace.steps if step.update is not None}
    rows = []
    for value in _shown(trace)[:longest]:
        products = []
        for step, part in arrived.get(value.id, []):
            node = trace.nodes[step.node or 0]
            product = narrator.formulas.product(node, part.edge)
            products.append(f"sum({product})" if summed_from(part) is not None else product)
        if value.id in roots:
            products.insert(0, "seed")
        rows.append(
            TableRow(
                value.id,
                narrator.names.show(value.id),
                _origin(trace, value) if value.op is None else narrator.names.expression(trace.ops[value.op]),
                brief(value.data),
                "" if value.tangent is None else brief(value.tangent),
                " + ".join(products),
                "" if value.adjoint is None else brief(value.adjoint),
                brief(updated[value.id]) if value.id in updated else "",
            )
        )
    return rows


def _origin(trace: Trace, value: Value) -> str:
    """What a leaf is; inputs with the number that evaluation traces give them: the last of them is v₀."""
    inputs = [other.id for other in trace.values if other.kind == "input"]
    if value.kind != "input":
        return value.kind
    number = inputs.index(value.id) + 1 - len(inputs)
    return f"v{'₋' if number else ''}{subscript(f'v{-number}')[1:]} (input)"


def _shown(trace: Trace) -> list[Value]:
    leaves = [value for value in trace.values if value.op is None and value.kind != "constant"]
    return leaves + [value for value in trace.values if value.op is not None]


def columns(trace: Trace) -> list[str]:
    """Titles of the columns, the numbers before the long products; a tangent column only in forward mode, one for what
    the optimizer's step changes only where there is one."""
    tangent = ["tangent"] if any(value.tangent is not None for value in trace.values) else []
    after = [AFTER] if any(step.update is not None for step in trace.steps) else []
    return ["name", "forward", "primal", *tangent, "adjoint", *after, "reverse"]


def _cells(row: TableRow, titles: list[str]) -> list[str]:
    cells = {"name": row.name, "forward": row.expression, "primal": row.primal, "tangent": row.tangent}
    return [(cells | {"reverse": row.reverse, "adjoint": row.adjoint, AFTER: row.after})[title] for title in titles]


def payload(trace: Trace, narrator: Narrator) -> dict[str, Any]:
    """The table of a picture: numbers are slots, so that they appear step by step."""
    titles = columns(trace)
    rows = []
    for row in trace_rows(trace, narrator, longest=LONGEST_TABLE):
        slots = {"primal": "primal", "tangent": "tangent", "adjoint": "adjoint"}
        if row.after:  # its box shows what it is now, the table what it was and what it is
            slots |= {"primal": "before", AFTER: "after"}
        cells = []
        for title, text in zip(titles, _cells(row, titles), strict=True):
            cells.append({"slot": f"value-{row.value}.{slots[title]}"} if title in slots else {"text": text})
        rows.append({"key": f"value-{row.value}", "cells": cells})
    return {"columns": titles, "rows": rows}


def to_csv(trace: Trace) -> str:
    """The table as CSV, a header first."""
    titles = columns(trace)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([_safe(cell) for cell in _cells(row, titles)] for row in trace_rows(trace))
    return text.getvalue()


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(("=", "+", "@", "\t")) else cell


def to_text(trace: Trace) -> str:
    """The table for a shell: columns padded with blanks."""
    titles = columns(trace)
    lines = [titles, *(_cells(row, titles) for row in trace_rows(trace))]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(titles))]
    padded = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]
    rule = "  ".join("─" * width for width in widths)
    return "\n".join(line.rstrip() for line in [padded[0], rule, *padded[1:]]) + "\n"


def _width(text: str) -> int:
    return sum(1 for character in text if character not in "\u0304\u0305")


__all__ = ["TableRow", "columns", "payload", "to_csv", "to_text", "trace_rows"]
