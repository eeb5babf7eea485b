"""A picture as it travels to the browser, of `Picture` in frontend/stepper/contract.d.ts; docs/stepper.md says more."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from playground.views.graph.graph import GraphKind
from playground.views.graph.scene import SceneData


class StepTextData(TypedDict):
    """The texts of a step."""

    title: str
    sentence: str
    arithmetic: str


class StepWordsData(StepTextData):
    """All that is said of a step: `spans` where in the text, `saved` what it stored for the backward pass."""

    spans: list[list[int]]
    saved: list[str]


class StepData(TypedDict):
    """One step; `active`, `flow`: the boxes and edges that it lights up. Of a long trace most words are told later."""

    phase: Literal["forward", "backward", "update"]
    kind: str
    active: list[str]
    flow: list[str]
    words: StepWordsData | None


class WhyLineData(TypedDict):
    """One line of a derivation."""

    title: str
    latex: str
    text: str
    note: NotRequired[str]
    symbolic: NotRequired[bool]


class WhyData(TypedDict):
    """The derivation of a gradient, and a check of it as label and text; known from a position of the stepper on."""

    since: int
    lines: list[WhyLineData]
    check: list[list[str]]


class ItemData(TypedDict):
    """The texts of a selected box or edge; `lines`: label, text, and from which step on; `shape`: of values."""

    kind: str
    title: str
    lines: list[list[str | int]]
    spans: list[list[int]]
    related: list[str]
    data: Any
    adjoint: Any
    why: WhyData | None
    shape: list[int] | None


class CellData(TypedDict):
    """A text, or the slot whose numbers appear step by step."""

    text: NotRequired[str]
    slot: NotRequired[str]


class TableLineData(TypedDict):
    """One value's row; `key`: of its box."""

    key: str
    cells: list[CellData]


class TraceTableData(TypedDict):
    """The trace table."""

    columns: list[str]
    rows: list[TableLineData]


class TraceNoteData(TypedDict):
    """A note of the recorder; `key`: of the box that it is about."""

    kind: str
    message: str
    key: str | None


class ResultData(TypedDict):
    """What the text gives: its name, what it is, its number or numbers, and the box that it stands in."""

    key: str
    term: str
    of: Literal["primal", "tangent", "grad"]
    text: str


class ModulesData(TypedDict):
    """The numbers of modules that can be opened, and that are."""

    count: int
    open: int
    message: str


class ToldData(TypedDict):
    """What a picture of a long trace left out and the browser asked for: the words of steps from `start` on, items."""

    start: int
    words: list[StepWordsData]
    items: dict[str, ItemData]


class DifferenceData(TypedDict):
    """One line of what differs: the numbers on both sides, and the boxes that they stand in."""

    name: str
    of: Literal["primal", "tangent", "adjoint", "grad"]
    before: str
    now: str
    gap: str
    keys: list[str]


class ComparisonData(TypedDict):
    """What corresponds in two pictures, before and now; `alone`: the boxes on each side without a partner."""

    summary: str
    keys: list[list[str]]
    steps: list[list[int]]
    differing: list[list[str]]
    alone: list[list[str]]
    rows: list[DifferenceData]
    unlisted: int


class RestData(TypedDict):
    """A picture without its drawing; `slots`, `images`: by slot what it holds from which step on."""

    version: int
    graph: GraphKind
    text: str
    initial: StepTextData
    steps: list[StepData]
    slots: dict[str, list[Any]]
    images: dict[str, list[Any]]
    items: dict[str, ItemData]
    table: TraceTableData
    notes: list[TraceNoteData]
    results: list[ResultData]
    modules: NotRequired[ModulesData | None]


class PictureData(RestData):
    """A whole picture; `scene`: None where the browser has the one with this key."""

    key: str
    scene: SceneData | None
