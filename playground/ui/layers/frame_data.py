"""The frame of the list of layers as it travels to the browser: `StackFrameData` is `StackFrame` of
frontend/layers/contract.d.ts, which says what the fields mean."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from playground.ui.shared.frame_data import ErrorData, RepairData

FieldKind = Literal["choice", "int", "float", "shape"]


class CureData(RepairData):
    """A repair that may set another loss."""

    loss: NotRequired[str | None]


class ArgumentData(TypedDict):
    """One argument of a layer."""

    name: str
    kind: str
    content: Any
    meaning: str
    inferred: bool


class RowData(TypedDict):
    """One layer; what is not known of one that does not fit is left out."""

    path: list[int]
    kind: str
    text: str
    meaning: str
    shape_rule: str
    arguments: list[ArgumentData]
    branches: int
    more_branches: NotRequired[bool]
    editable: NotRequired[bool]
    start: NotRequired[int]
    end: NotRequired[int]
    name: NotRequired[str]
    gives: str | None
    formula: NotRequired[str]
    parameters: NotRequired[int]
    parameters_formula: NotRequired[str]
    multiplications: NotRequired[int]
    saved: NotRequired[int | None]
    field: NotRequired[list[int] | None]


class MatrixData(TypedDict):
    """A matrix; `numbers`: the rounded rows of a small one; `image`: a heat map of a large one."""

    name: str
    shape: str
    range: str
    numbers: list[list[str]] | None
    image: str | None


class ComposedLinearData(TypedDict):
    """The one linear map that two in a row are."""

    message: str
    weight: MatrixData
    bias: MatrixData | None


class CautionData(TypedDict):
    """A caution about what PyTorch accepts in silence."""

    path: list[int]
    level: str
    message: str
    reason: str
    lecture: str
    cures: list[CureData]
    one_map: ComposedLinearData | None


class TotalsData(TypedDict):
    """The sums over the layers; `output` is None where one does not fit."""

    parameters: int
    multiplications: int
    saved: int | None
    output: str | None


class ProblemData(TypedDict):
    """The layer that does not fit."""

    path: list[int]
    message: str
    hint: str
    repairs: list[RepairData]


class StackErrorData(ErrorData):
    """An error of the text, or of one setting (`field`)."""

    field: str | None


class RefusedData(TypedDict):
    """A setting or an argument that was sent last and refused."""

    field: str
    path: list[int] | None
    message: str


class KindData(TypedDict):
    """A kind of layer, for the menu."""

    name: str
    family: str
    meaning: str


class StackSettingData(TypedDict):
    """A setting as a field of the form; `kind`: a choice, or the numbers that it reads."""

    name: str
    label: str
    kind: FieldKind
    choices: list[str]


class StackFrameData(TypedDict):
    """The data that the list shows."""

    sequence: int
    query: str
    document: dict[str, Any]
    rows: list[RowData]
    editable: bool
    input: str
    totals: TotalsData | None
    note: str
    problem: ProblemData | None
    error: StackErrorData | None
    starters: list[RepairData]
    refused: RefusedData | None
    place: list[int] | None
    cautions: list[CautionData]
    results: dict[str, Any] | None
    catalogue: list[KindData]
    settings: list[StackSettingData]
