"""The files that a training run is exported as: one row of RUN_EXPORTS each."""

from __future__ import annotations

import html

from playground.data.uploads.store import is_upload
from playground.training.export.result import RunResult, to_csv, to_events, to_json, to_script, upload_of
from playground.views.charts.curves import charts, columns, figure, layers_of
from playground.views.export import NOTEBOOK, PYTHON, Export
from playground.views.jupyter import to_notebook

_BINARY = "application/octet-stream"


def charts_html(result: RunResult) -> str:
    """Write all curves on one page that works offline: Plotly is in it."""
    import plotly.io

    name = result.name
    filled = {name: columns(result.records)}
    drawn = [figure(chart, filled) for chart in charts([name], [layers_of(result.records)])]
    parts = [
        plotly.io.to_html(one, full_html=False, include_plotlyjs=number == 0, validate=False)
        for number, one in enumerate(one for one in drawn if one["data"])
    ]
    title = html.escape(name)
    head = (
        f'<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>'
    )
    return f'<!doctype html>\n<html lang="en">{head}\n<body><h1>{title}</h1>\n{"".join(parts)}\n</body></html>\n'


RUN_EXPORTS: tuple[Export[RunResult], ...] = (
    Export("Records", "CSV, one row a record", "records.csv", "text/csv", to_csv, kind="csv"),
    Export("Run", "JSON: settings, records, versions", "run.json", "application/json", to_json, kind="json"),
    Export(
        "Weights",
        "safetensors, for PyTorch",
        "weights.safetensors",
        _BINARY,
        lambda result: result.weights or b"",
        lambda result: result.weights is not None,
        kind="weights",
    ),
    Export("Script", "PyTorch that prints these numbers", "train.py", PYTHON, to_script, kind="script"),
    Export(
        "Notebook",
        "The script for Jupyter",
        "train.ipynb",
        NOTEBOOK,
        lambda result: to_notebook(to_script(result), "A training run, in plain PyTorch"),
        kind="notebook",
    ),
    Export("Charts", "One HTML file that works offline", "charts.html", "text/html", charts_html, kind="charts"),
    Export(
        "TensorBoard",
        "An event file: tensorboard --logdir .",
        "events.out.tfevents.0.playground",
        _BINARY,
        to_events,
        kind="events",
    ),
    Export(
        "Own data",
        "safetensors, for the script",
        lambda result: f"{result.config.data}.safetensors",
        _BINARY,
        upload_of,
        lambda result: is_upload(result.config.data),
        kind="data",
    ),
)
