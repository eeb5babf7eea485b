"""The data of a caution for the browser; two linear maps in a row come with the one matrix that they are."""

from __future__ import annotations

from playground.explain.numbers import format_number, range_text, shape_text
from playground.layers.document import StackDocument
from playground.layers.run.warnings import Caution
from playground.layers.stack.composed_linear import OneMap, one_map
from playground.trace.array import Array
from playground.ui.layers.frame_data import CautionData, MatrixData, OneMapData
from playground.views.png import data_uri

_WRITTEN = 8  # so many rows and columns are written as numbers; a larger matrix is a heat map


def caution_data(caution: Caution, document: StackDocument | None = None) -> CautionData:
    """A caution; with its document also what has to be computed for it."""
    found = None
    if document is not None and caution.id == "one-map":
        found = one_map(document, caution.path)
    return {
        "path": list(caution.path),
        "level": caution.level,
        "message": caution.message,
        "reason": caution.reason,
        "lecture": caution.lecture,
        "cures": [{"label": cure.label, "text": cure.text, "loss": cure.loss} for cure in caution.repairs],
        "one_map": None if found is None else _one_map(found),
    }


def _one_map(found: OneMap) -> OneMapData:
    outputs = len(found.weight)
    bias = "" if found.bias is None else f" and the bias {found.bias_formula}"
    return {
        "message": f"One Linear({outputs}) with the matrix W₂·W₁{bias} does the same.",
        "weight": _matrix("W₂·W₁", Array(found.weight)),
        "bias": None if found.bias is None else _matrix(found.bias_formula, Array(found.bias[None])),
    }


def _matrix(name: str, array: Array) -> MatrixData:
    """A small matrix as rows of rounded numbers, a large one as a heat map."""
    height, width = array.shape
    is_small = max(height, width) <= _WRITTEN
    numbers = array.tolist() if is_small else None
    written = [[format_number(x, 2) for x in row] for row in numbers] if isinstance(numbers, list) else None
    return {
        "name": name,
        "shape": shape_text(array.shape if height > 1 or name == "W₂·W₁" else array.shape[1:]),
        "range": range_text(array),
        "numbers": written,
        "image": None if is_small else data_uri(array.thumbnail),
    }
