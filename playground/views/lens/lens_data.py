"""The data of a lens, field by field (frontend/stepper/contract.d.ts): numbers and cells are base64 of their bytes."""

from __future__ import annotations

from typing import TypedDict


class LensAxisData(TypedDict):
    """One axis of a board, and which part of it is shown."""

    name: str
    size: int
    start: int
    stop: int


class LensBoardData(TypedDict):
    """One tensor's shown part: `numbers` and `gradient` are float64, in row-major order."""

    key: str
    item: str  # the stepper's key of the value
    name: str
    axes: list[LensAxisData]
    numbers: str
    gradient: str | None
    copies: list[int]


class LensOperandData(TypedDict):
    """Which cells of a board the terms take.

    Either `cells` has one for each result and term (int32, -1: none), or a term's cell is `base` of its result plus
    `offset` of the term.
    """

    key: str
    cells: str | None
    base: str | None
    offset: str | None
    local: str | None


class LensPickData(TypedDict):
    """An axis of which a part is shown, and where it begins."""

    axis: str
    size: int
    at: int
    width: int


class LensCurveData(TypedDict):
    """A function over a range, with its derivative; None where it is not finite."""

    points: list[float]
    values: list[float | None]
    slopes: list[float | None]


class LensData(TypedDict):
    """One call as a picture of its own arithmetic."""

    family: str
    op: int
    title: str
    formula: str
    written: str
    notes: list[str]
    result: LensBoardData
    operands: list[LensBoardData]
    combine: str
    count: int  # terms of each result
    terms: list[LensOperandData]
    factor: str | None
    added: LensOperandData | None
    rest: str | None
    picks: list[LensPickData]
    curve: LensCurveData | None
