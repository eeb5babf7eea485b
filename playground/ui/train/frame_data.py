"""The two frames of the train page as they travel to the browser: `SetupFrame` and `RunsFrame` of
frontend/train/contract.d.ts, which says what the fields mean."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from playground.ui.shared.frame_data import DirectData, RepairData
from playground.views.charts.curves import ChartData


class SettingFieldData(TypedDict):
    """One field of the form; `refused`: why what was typed cannot be used."""

    name: str
    group: str
    label: str
    help: str
    kind: Literal["choice", "number", "flag"]
    choices: list[str]
    titles: dict[str, str]  # of choices that are shown by another name
    value: str | bool
    shown: bool
    refused: str


class NetProblemData(TypedDict):
    """A problem of the text."""

    message: str
    hint: str
    start: int | None
    end: int | None
    repairs: list[RepairData]


class NetLayerData(TypedDict):
    """One layer; `gives`: the shape of a batch of N."""

    text: str
    gives: str
    parameters: int | None


class NetCheckData(TypedDict):
    """The net before it is trained; `classes`: the names of an upload's."""

    input: str
    rows: list[NetLayerData]
    parameters: int | None
    problem: NetProblemData | None
    classes: list[str]


class NoteCureData(TypedDict):
    """A button that sets these fields."""

    label: str
    fields: dict[str, str | bool]


class NoteData(TypedDict):
    """A note beside the settings."""

    text: str
    cures: list[NoteCureData]


class FoldsData(TypedDict):
    """The button that trains all folds."""

    label: str
    note: str


class SetupFrameData(TypedDict):
    """The data that the settings' side shows."""

    part: Literal["setup"]
    sequence: int
    owner: str
    query: str
    chosen: int
    text: str
    fields: list[SettingFieldData]
    check: NetCheckData
    notes: list[NoteData]
    folds: FoldsData | None
    said: str
    waits: bool


class FigureData(TypedDict):
    """A figure that a lecture reports, and the same of this run, in words."""

    lecture: str
    yours: str


class SymptomData(TypedDict):
    """Why a run does not learn, in a sentence; `do`: the action that trains it again with what `label` says."""

    text: str
    label: str
    do: Literal["tenth", "cure"]


class SampleData(TypedDict):
    """A test example; `src` is None for a row of a table."""

    src: str | None
    label: str
    index: int
    classes: list[str]


class RunNewsData(TypedDict):
    """The records that the browser has not got yet, which follow after the step `after`."""

    after: int
    last: int
    columns: dict[str, list[float | None]]
    lines_from: int
    lines: list[list[Any]]


class ShownRunData(RunNewsData):
    """One run that is shown."""

    id: str
    letter: str
    name: str
    status: str
    state: str
    left: str
    step: int
    steps: int
    share: float | None
    seconds: float
    parameters: int
    device: str
    learning_rate: float
    rate_said: str
    mine: bool
    can: list[str]
    sentence: str
    figures: list[FigureData]
    symptom: SymptomData | None
    samples: list[list[float]]
    pictures: list[SampleData]


class TableRowData(TypedDict):
    """One row; `kind`: measured here, reported by others, or the sum of the rows."""

    kind: Literal["own", "reported", "sum"]
    cells: list[str]


class RunTableData(TypedDict):
    """A table below the runs."""

    id: str
    caption: str
    head: list[str]
    rows: list[TableRowData]
    note: str
    open: bool


class ListedRunData(TypedDict):
    """A run of the visitor's own that can be chosen."""

    id: str
    name: str
    status: str
    created: float
    shown: bool


class _Listed(TypedDict):
    list: list[ListedRunData]  # `list` could not be used beside such a field


class ShownRunsData(_Listed):
    """The runs that are shown, and all that stands around them."""

    runs: list[ShownRunData]
    charts: list[ChartData]
    layer_charts: dict[str, str]
    axes: dict[str, str]
    palettes: dict[str, list[str]]
    headings: list[str]
    differences: list[list[Any]]
    tables: list[RunTableData]
    stale: list[list[Any]]


class RunsFrameData(ShownRunsData):
    """The data that the runs' side shows."""

    part: Literal["runs"]
    sequence: int
    owner: str
    query: str
    frozen: int | None
    said: str
    said_add: str
    direct: DirectData | None
    every: float | None  # seconds until the browser asks for the next frame; None: nothing goes on
    page_due: bool  # something that stands outside of the runs' side has changed
