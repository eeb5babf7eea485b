"""The frame of the workbench as it travels to the browser: `FrameData` is `Frame` of frontend/stepper/contract.d.ts."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from playground.errors import PlaygroundError, Repair
from playground.views.lens.lens_data import LensData
from playground.views.stepper.picture_data import ComparisonData, ToldData


class RepairData(TypedDict):
    """A button, and the text that it puts in."""

    label: str
    text: str


class ErrorData(TypedDict):
    """An error; `start`, `end`: the marked characters of the text, None where none are."""

    message: str
    hint: str
    start: int | None
    end: int | None
    repair: RepairData | None


class PageErrorData(TypedDict):
    """An error of the text, or of the value of one leaf."""

    message: str
    hint: str
    start: int
    end: int
    leaf: str | None
    repair: RepairData | None


class LeafSettingData(TypedDict):
    """The setting of a leaf: its value as text, and the range that a reader gave its slider."""

    value: str
    dtype: str
    requires_grad: bool
    slider_range: list[float] | None


class LeafRowData(LeafSettingData):
    """One leaf of the form; `minimum`, `maximum`, `step`: of its slider now; `stated`: where the text has the value."""

    name: str
    is_scalar: bool
    minimum: float | None
    maximum: float | None
    step: float | None
    spans: list[list[int]]
    stated: list[int] | None
    error: str | None


class DocumentData(TypedDict):
    """An expression with its settings."""

    text: str
    leaves: dict[str, LeafSettingData]
    graph: Literal["forward", "backward", "both"]
    mode: str
    tangent: Any
    second: Any
    passes: int
    zero_grad: bool
    rng_seed: int


class PictureTextData(TypedDict):
    """A picture; `scene` (JSON, too) is None where the browser has it, `rest` is the JSON of all else."""

    key: str
    scene: str | None
    rest: str


class RefusalData(TypedDict):
    """The reason that there is no answer."""

    message: str
    hint: str


class ElementAnswerData(TypedDict):
    """The answer about one element of a value, or the lens of a call; or why there is none."""

    number: int
    key: str
    index: str
    error: RefusalData | None
    answer: dict[str, Any] | None
    lens: LensData | None


class ToldAnswerData(ToldData):
    """What was left out of the picture of a long trace, and the number of the question that this answers."""

    number: int


class OpenedData(TypedDict):
    """The modules that a visitor opened and closed, and the number of the event that said so."""

    marks: list[str]
    sequence: int


class VariantData(TypedDict):
    """A change that a document can be compared after: its name, and what its button says."""

    name: str
    label: str


class BesideData(TypedDict):
    """The picture of the document before, beside that of now. `picture` is None where the browser has the one with
    this stamp, and where there is none, as the `message` says."""

    stamp: str
    picture: PictureTextData | None
    message: str
    comparison: ComparisonData | None
    told: ToldAnswerData | None


class DirectData(TypedDict):
    """Where edits may be posted, and the ticket of the session that they are of."""

    path: str
    ticket: str


class FrameData(TypedDict):
    """The data that the workbench shows; `opened`, `element` and `told` are left out before PyTorch is there,
    `variants` and `beside` on pages without comparison, `direct` where edits go through Streamlit's socket.

    `stale`: the picture is of an older text, as this one does not run."""

    opened: NotRequired[OpenedData]
    picture: PictureTextData | None
    stale: bool
    sequence: int
    query: str
    document: DocumentData | None
    leaves: list[LeafRowData]
    error: PageErrorData | None
    editable: bool
    step: int | None
    theme: str | None
    element: NotRequired[ElementAnswerData | None]
    told: NotRequired[ToldAnswerData | None]
    variants: NotRequired[list[VariantData]]
    beside: NotRequired[BesideData | None]
    direct: NotRequired[DirectData | None]


def error_data(error: PlaygroundError) -> ErrorData:
    """The message, what is allowed, the marked characters (None: none), and a repair where one is known."""
    return {
        "message": error.message,
        "hint": error.hint,
        "start": None if error.span is None else error.span.start,
        "end": None if error.span is None else error.span.end,
        "repair": None if error.repair is None else repair_data(error.repair),
    }


def repair_data(repair: Repair) -> RepairData:
    """A button, and the text that it puts in."""
    return {"label": repair.label, "text": repair.text}
