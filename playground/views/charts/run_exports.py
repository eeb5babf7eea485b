"""Everything leaves: the files that a training run can be taken away as. One row of RUN_EXPORTS each."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass

from playground.training.export.result import RunResult, to_csv, to_events, to_json, to_script, upload_of
from playground.views.charts.curves import charts, columns, figure, layers_of
from playground.views.notebook import to_notebook


@dataclass(frozen=True, slots=True)
class RunExport:
    """One way out: what its button says in bold and beside it, and how the file is made.

    `is_there`: whether a run has it.
    """

    id: str
    label: str
    about: str
    file_name: str
    mime: str
    make: Callable[[RunResult], str | bytes]
    is_there: Callable[[RunResult], bool] = lambda _: True

    def name_for(self, result: RunResult) -> str:
        """The name of the file."""
        return self.file_name.format(data=result.config.data)

    def content(self, result: RunResult) -> bytes:
        """The file. PlaygroundError where it cannot be made."""
        made = self.make(result)
        return made.encode() if isinstance(made, str) else made


def charts_html(result: RunResult) -> str:
    """All curves on one page that works offline: Plotly is in it."""
    import plotly.io

    name = result.name
    filled = {name: columns(result.records)}
    drawn = [figure(chart, filled) for chart in charts([name], layers_of(result.records))]
    parts = [
        plotly.io.to_html(one, full_html=False, include_plotlyjs=number == 0, validate=False)
        for number, one in enumerate(one for one in drawn if one["data"])
    ]
    title = html.escape(name)
    head = (
        f'<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>'
    )
    return f'<!doctype html>\n<html lang="en">{head}\n<body><h1>{title}</h1>\n{"".join(parts)}\n</body></html>\n'


def _weights(result: RunResult) -> bytes:
    return result.weights or b""


RUN_EXPORTS: tuple[RunExport, ...] = (
    RunExport("csv", "Records", "CSV, one row a record", "records.csv", "text/csv", to_csv),
    RunExport("json", "Run", "JSON: settings, records, versions", "run.json", "application/json", to_json),
    RunExport(
        "weights",
        "Weights",
        "safetensors, for PyTorch",
        "weights.safetensors",
        "application/octet-stream",
        _weights,
        lambda result: result.weights is not None,
    ),
    RunExport("script", "Script", "PyTorch that prints these numbers", "train.py", "text/x-python", to_script),
    RunExport(
        "notebook",
        "Notebook",
        "The script for Jupyter",
        "train.ipynb",
        "application/x-ipynb+json",
        lambda result: to_notebook(to_script(result), "A training run, in plain PyTorch"),
    ),
    RunExport("charts", "Charts", "One HTML file that works offline", "charts.html", "text/html", charts_html),
    RunExport(
        "events",
        "TensorBoard",
        "An event file: tensorboard --logdir .",
        "events.out.tfevents.0.playground",
        "application/octet-stream",
        to_events,
    ),
    RunExport(
        "data",
        "Own data",
        "safetensors, for the script",
        "{data}.safetensors",
        "application/octet-stream",
        upload_of,
        lambda result: result.config.data.startswith("own-"),
    ),
)


def exports_of(result: RunResult) -> tuple[RunExport, ...]:
    """Those that this run has."""
    return tuple(export for export in RUN_EXPORTS if export.is_there(result))


__all__ = ["RUN_EXPORTS", "RunExport", "charts_html", "exports_of"]
