"""The trace table: forward primal trace and reverse adjoint trace side by side, as in a lecture."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import NamedTuple

from playground.explain.explanation import Explanation, explain
from playground.explain.numbers import brief
from playground.trace.array import Array
from playground.trace.records import Value
from playground.trace.trace import Trace
from playground.views.stepper.picture_data import CellData, TableLineData, TraceTableData

LONGEST_TABLE = 400
AFTER = "after the step"


class Column(NamedTuple):
    """One column: its title, what it says of a value, and in a picture the slot whose numbers appear step by step."""

    title: str
    text: Callable[[Explanation, Value], str]
    slot: str = ""


COLUMNS = (
    Column("name", lambda explanation, value: explanation.names.show(value.id)),
    Column("forward", lambda explanation, value: explanation.origin(value.id)),
    Column("primal", lambda explanation, value: brief(value.data), "primal"),
    Column("tangent", lambda explanation, value: _brief(value.tangent), "tangent"),
    Column("adjoint", lambda explanation, value: _brief(value.adjoint), "adjoint"),
    Column(AFTER, lambda explanation, value: _after(explanation.trace, value), "after"),
    Column("reverse", lambda explanation, value: explanation.products(value.id)),
)


def _brief(array: Array | None) -> str:
    return "" if array is None else brief(array)


def _after(trace: Trace, value: Value) -> str:
    return brief(trace.updates[value.id].after) if value.id in trace.updates else ""


def columns(trace: Trace) -> list[Column]:
    """The numbers before the long products; a tangent column only in forward mode, one for what the optimizer's step
    changes only where there is one."""
    left_out = {"tangent"} if all(value.tangent is None for value in trace.values) else set()
    left_out |= set() if trace.updates else {AFTER}
    return [column for column in COLUMNS if column.title not in left_out]


def shown_values(trace: Trace) -> list[Value]:
    """The rows: leaves first, then every op's results in order."""
    leaves = [value for value in trace.values if value.op is None and value.kind != "constant"]
    return leaves + [value for value in trace.values if value.op is not None]


def table_data(explanation: Explanation) -> TraceTableData:
    """The table of a picture: numbers are slots, so that they appear step by step."""
    shown = columns(explanation.trace)
    rows: list[TableLineData] = [
        {"key": f"value-{value.id}", "cells": [_cell(explanation, value, column) for column in shown]}
        for value in shown_values(explanation.trace)[:LONGEST_TABLE]
    ]
    return {"columns": [column.title for column in shown], "rows": rows}


def _cell(explanation: Explanation, value: Value, column: Column) -> CellData:
    slot, is_updated = column.slot, value.id in explanation.trace.updates
    if not slot or (slot == "after" and not is_updated):
        return {"text": column.text(explanation, value)}
    if slot == "primal" and is_updated:
        slot = "before"  # the value's box shows what it is now, the table what it was and what it is
    return {"slot": f"value-{value.id}.{slot}"}


def to_csv(trace: Trace) -> str:
    """The table as CSV, a header first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    titles, *rows = _lines(trace)
    writer.writerow(titles)
    writer.writerows(map(_safe, row) for row in rows)
    return text.getvalue()


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(("=", "+", "@", "\t")) else cell


def to_text(trace: Trace) -> str:
    """The table for a shell: columns padded with blanks."""
    lines = _lines(trace)
    widths = [max(map(_width, cells)) for cells in zip(*lines, strict=True)]
    padded = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]
    rule = "  ".join("─" * width for width in widths)
    return "\n".join(line.rstrip() for line in [padded[0], rule, *padded[1:]]) + "\n"


def _lines(trace: Trace) -> list[list[str]]:
    """The titles, then every row as texts."""
    explanation, shown = explain(trace), columns(trace)
    rows = [[column.text(explanation, value) for column in shown] for value in shown_values(trace)]
    return [[column.title for column in shown], *rows]


def _width(text: str) -> int:
    return sum(1 for character in text if character not in "\u0304\u0305")
