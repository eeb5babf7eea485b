"""The rows of the list of layers (docs/layers.md), their totals, and the menu of what can be added."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from playground.layers.catalogue.rules import text as shape_text
from playground.layers.catalogue.spec import LayerSpec, Path, walk
from playground.layers.catalogue.table import KINDS, kind_of
from playground.layers.stack.analysis import Analysis, Row
from playground.layers.stack.text import layer_text


@lru_cache(maxsize=1)
def catalogue_data() -> list[dict[str, str]]:
    """Every kind of layer, for the menu."""
    return [{"name": kind.name, "family": kind.family, "meaning": kind.meaning} for kind in KINDS]


def row_data(analysis: Analysis, batch: int) -> list[dict[str, Any]]:
    """One row for each layer, blocks before what is in them; counts are for the whole batch."""
    return [_row(path, layer, analysis.row(path), batch) for path, layer in walk(analysis.stack.layers)]


def _row(path: Path, layer: LayerSpec, row: Row | None, batch: int) -> dict[str, Any]:
    kind = kind_of(layer.kind)
    given, pins = kind.given(layer), dict(layer.pins)
    arguments = [
        {"name": a.name, "kind": a.kind, "content": given[a.name], "meaning": a.meaning, "inferred": False}
        for a in kind.arguments
    ]
    arguments += [
        {
            "name": pin,
            "kind": "pin",
            "content": pins.get(pin),
            "meaning": "a number pins it",
            "inferred": True,
        }
        for pin in kind.pins
    ]
    told: dict[str, Any] = {"gives": None}
    if row is not None:
        told = {
            "name": row.name,
            "gives": shape_text(row.gives).replace("N", str(batch), 1),
            "formula": row.formula,
            "parameters": row.parameters,
            "parameters_formula": row.parameters_formula,
            "multiplications": row.multiplications * batch,
            "saved": row.saved * batch,
            "field": None if row.field is None else [reach.size for reach in row.field],
        }
    return {
        "path": list(path),
        "kind": layer.kind,
        "text": layer_text(layer),
        "meaning": kind.meaning,
        "shape_rule": kind.formula,
        "arguments": arguments,
        "branches": len(layer.branches),
        "more_branches": kind.branches > 1,
        **told,
    }


def totals_data(analysis: Analysis, batch: int) -> dict[str, Any]:
    """What the layers sum to; `output` is None where one does not fit."""
    return {
        "parameters": analysis.parameters,
        "multiplications": analysis.multiplications * batch,
        "saved": analysis.saved * batch,
        "output": None if analysis.output is None else shape_text(analysis.output).replace("N", str(batch), 1),
    }
