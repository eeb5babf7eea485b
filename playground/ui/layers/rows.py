"""The rows of the list of layers (docs/layers.md), their totals, and the menu of what can be added."""

from __future__ import annotations

from functools import lru_cache

from playground.layers.catalogue.shape_rules import text as shape_text
from playground.layers.catalogue.spec import Shape
from playground.layers.catalogue.table import KINDS, of_class
from playground.layers.listing import ListedLayer, Listing
from playground.ui.layers.frame_data import KindData, RowData, TotalsData


@lru_cache(maxsize=1)
def catalogue_data() -> list[KindData]:
    """Every kind of layer, for the menu."""
    return [{"name": kind.name, "family": kind.family, "meaning": kind.meaning} for kind in KINDS]


def listing_data(listing: Listing, batch: int) -> tuple[list[RowData], TotalsData]:
    """Return a row for each listed layer, and their totals; counts are for the whole batch."""
    totals: TotalsData = {
        "parameters": listing.parameters,
        "multiplications": listing.multiplications,
        "saved": listing.saved,
        "output": _shape(listing.output, batch),
    }
    return [_row(row, batch) for row in listing.rows], totals


def _row(row: ListedLayer, batch: int) -> RowData:
    kind = of_class(row.kind)
    told: RowData = {
        "path": list(row.path),
        "kind": row.kind,
        "text": row.text,
        "meaning": kind.meaning if kind is not None else f"The class {row.kind} of the text.",
        "shape_rule": kind.formula if kind is not None else "",
        "arguments": [
            {"name": a.name, "kind": a.kind, "content": a.content, "meaning": a.meaning, "inferred": a.inferred}
            for a in row.arguments
        ],
        "branches": row.branches,
        "more_branches": row.can_branch,
        "gives": None,
    }
    if row.name:
        told |= {
            "name": row.name,
            "gives": _shape(row.gives, batch),
            "formula": row.formula,
            "parameters": row.parameters,
            "parameters_formula": row.parameters_formula,
            "multiplications": row.multiplications,
            "saved": row.saved,
            "field": None if row.field is None else list(row.field),
        }
    if row.span is not None:  # of a text that is edited as a text
        told |= {"editable": False, "start": row.span.start, "end": row.span.end}
    return told


def _shape(shape: Shape | None, batch: int) -> str | None:
    return None if shape is None else shape_text(shape).replace("N", str(batch), 1)
