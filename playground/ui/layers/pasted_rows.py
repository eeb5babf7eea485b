"""The rows of a pasted class in the list of layers (docs/layers.md): read-only, one for each call."""

from __future__ import annotations

from typing import Any

from playground.layers.catalogue.rules import text as shape_text
from playground.layers.catalogue.spec import Shape
from playground.layers.catalogue.table import find
from playground.layers.document import StackDocument
from playground.layers.pasted.analysis import OwnAnalysis, OwnRow, own_analysis
from playground.layers.pasted.expressions import CONTAINERS

LONG = 40  # characters


def own_rows(document: StackDocument) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows and the totals; counts are for the whole batch."""
    analysis = own_analysis(document)
    around = {row.path[:-2] for row in analysis.rows}  # of the rows that have others in them
    return [_row(row, document.batch, row.path in around) for row in analysis.rows], _totals(analysis, document.batch)


def _shape(shape: Shape | None, batch: int) -> str | None:
    return None if shape is None else shape_text(shape).replace("N", str(batch), 1)


def _row(row: OwnRow, batch: int, is_block: bool) -> dict[str, Any]:
    kind = find(row.kind)
    content = row.text
    if is_block and row.kind in CONTAINERS and len(content) > LONG:
        content = f"{content.partition('(')[0]}(…)"  # what is in it stands in the rows below
    written = {"name": row.name, "kind": "text", "content": content, "meaning": "as it is written", "inferred": False}
    return {
        "path": list(row.path),
        "kind": row.kind,
        "text": row.text,
        "meaning": kind.meaning if kind is not None else f"The class {row.kind} of the text.",
        "shape_rule": kind.formula if kind is not None else "",
        "arguments": [written],
        "branches": int(is_block),
        "more_branches": False,
        "editable": False,
        "name": row.name,
        "gives": _shape(row.gives, batch),
        "formula": row.formula,
        "parameters": row.parameters,
        "parameters_formula": row.parameters_formula,
        "multiplications": row.multiplications,
        "saved": row.saved,
        "field": None,
        "start": None if row.span is None else row.span.start,
        "end": None if row.span is None else row.span.end,
    }


def _totals(analysis: OwnAnalysis, batch: int) -> dict[str, Any]:
    return {
        "parameters": analysis.parameters,
        "multiplications": analysis.multiplications,
        "saved": analysis.saved,
        "output": _shape(analysis.output, batch),
    }


__all__ = ["own_rows"]
