"""A lens as JSON-safe data for the browser."""

from __future__ import annotations

import base64

import torch
from torch import Tensor

from playground.explain.lens.frame import Axis, Board, Curve, LensFrame, Operand, Pick
from playground.explain.names import DisplayNames
from playground.trace.trace import Trace
from playground.views.lens.lens_data import (
    LensAxisData,
    LensBoardData,
    LensCurveData,
    LensData,
    LensOperandData,
    LensPickData,
)


def lens_data(trace: Trace, frame: LensFrame) -> LensData:
    """All that the browser needs to draw a lens and to go through its cells by itself."""
    names, terms = DisplayNames(trace), frame.terms
    shape = terms.operands[0].cells.shape
    return {
        "family": frame.family,
        "op": frame.op,
        "title": frame.title,
        "formula": frame.formula,
        "written": frame.written,
        "notes": list(frame.notes),
        "result": _board(names, frame.result),
        "operands": [_board(names, board) for board in frame.operands],
        "combine": terms.combine,
        "count": shape[1],
        "terms": [_operand(operand) for operand in terms.operands],
        "factor": None if terms.factor is None else _packed(terms.factor.expand(shape), torch.float64),
        "added": None if terms.added is None else _operand(terms.added),
        "rest": None if terms.rest is None else _packed(terms.rest, torch.float64),
        "picks": [_pick(pick) for pick in frame.picks],
        "curve": None if frame.curve is None else _curve(frame.curve),
    }


def _board(names: DisplayNames, board: Board) -> LensBoardData:
    return {
        "key": board.key,
        "item": f"value-{board.value}",
        "name": names.show(board.value),
        "axes": [_axis(axis) for axis in board.axes],
        "numbers": _packed(board.numbers, torch.float64),
        "gradient": None if board.gradient is None else _packed(board.gradient, torch.float64),
        "copies": list(board.copies),
    }


def _axis(axis: Axis) -> LensAxisData:
    return {"name": axis.name, "size": axis.size, "start": axis.start, "stop": axis.stop}


def _operand(operand: Operand) -> LensOperandData:
    base, offset = operand.cells[:, :1], operand.cells[:1] - operand.cells[:1, :1]
    even = bool((operand.cells >= 0).all()) and torch.equal(base + offset, operand.cells)
    return {
        "key": operand.key,
        "cells": None if even else _packed(operand.cells, torch.int32),
        "base": _packed(base, torch.int32) if even else None,
        "offset": _packed(offset, torch.int32) if even else None,
        "local": None if operand.local is None else _packed(operand.local, torch.float64),
    }


def _pick(pick: Pick) -> LensPickData:
    return {"axis": pick.axis, "size": pick.size, "at": pick.at, "width": pick.width}


def _curve(curve: Curve) -> LensCurveData:
    return {"points": list(curve.points), "values": list(curve.values), "slopes": list(curve.slopes)}


def _packed(numbers: Tensor, dtype: torch.dtype) -> str:
    """The bytes of a tensor, as every browser's machine has them: little-endian."""
    return base64.b64encode(numbers.detach().to(dtype).contiguous().numpy().tobytes()).decode()
