"""Curves of records: columns of numbers, and charts that say which column is drawn how; all of it plain data.

The live page fills the same charts in the browser (`frontend/train/charts.js`); `figure` fills them here, for Plotly.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from playground.training.records import LayerRecord, TrainRecord

MOST_POINTS = 500  # of one curve
MOST_LAYERS = 12  # with curves of their own
AXES = {"step": "steps", "epoch": "epochs", "seconds": "seconds of training"}
LAYER_CURVES = {
    "gradient_norm": "Gradient norms",
    "update_ratio": "Size of a step relative to the weights",
    "weight_norm": "Weight norms",
    "zeros": "Activations that are 0, part of the layer",
    "dead": "Dead units, 0 for a whole batch, part of the layer",
}
# Two by two told apart with every common colour blindness (after Okabe & Ito), each 3:1 or more on its ground.
PALETTES = {
    "light": ("#0072b2", "#c25400", "#007a5a", "#a3407e", "#6b5b00", "#4a4a4a"),
    "dark": ("#56b4e9", "#e69f00", "#00c08b", "#e58fc3", "#f0e442", "#cccccc"),
}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
_NO_LAYER = LayerRecord("")
_WHOLE = ("step", "epoch", "seconds", "loss", "learning_rate", "test_loss")


def thinned(records: Sequence[TrainRecord], most: int = MOST_POINTS) -> list[TrainRecord]:
    """At most so many records, evenly, with the last one and, where they fit, all that hold a test.

    >>> records = [TrainRecord(step, step / 10, 1.0, 0.5, 0.1, 0.0, 0.0) for step in range(1, 100)]
    >>> [record.step for record in thinned(records, 4)]
    [25, 50, 75, 99]
    """
    if len(records) <= most:
        return list(records)
    tests = [index for index, record in enumerate(records) if record.test_loss is not None]
    if len(tests) > most // 2:
        tests = []
    count = most - len(tests)
    even = {math.ceil((number + 1) * len(records) / count) - 1 for number in range(count)}
    return [records[index] for index in sorted(even.union(tests))]


class TraceData(TypedDict):
    """One curve: `column` of a run's columns; `colour` counts in a palette."""

    run: str
    column: str
    name: str
    mode: str
    smooth: bool
    colour: int
    dash: str
    symbol: str


class ChartData(TypedDict):
    """Curves with a title; every number is drawn times `factor`."""

    id: str
    title: str
    factor: int
    traces: list[TraceData]


def columns(records: Sequence[TrainRecord]) -> dict[str, list[float | None]]:
    """Return one list for each curve, all as long as the records; None where there is no finite number.

    A layer's are called `gradient_norm:linear1`; `gradient_norm` alone is the norm of the whole gradient.
    """
    score = "error" if records and records[-1].error is not None else "accuracy"
    whole = (*_WHOLE, score, f"test_{score}")
    found = {name: [_number(getattr(record, name)) for record in records] for name in whole}
    found["gradient_norm"] = [_whole(record) for record in records]
    layers = [{layer.name: layer for layer in record.layers} for record in records]
    for name in layers_of(records):
        here = [of_record.get(name, _NO_LAYER) for of_record in layers]
        for curve in LAYER_CURVES:
            numbers = [_number(getattr(layer, curve)) for layer in here]
            if any(number is not None for number in numbers):
                found[f"{curve}:{name}"] = numbers
    return found


def layers_of(records: Sequence[TrainRecord]) -> list[str]:
    """The layers that get curves of their own: all, or some of a deep net, the first and the last among them."""
    return evenly([layer.name for layer in records[-1].layers] if records else [], MOST_LAYERS)


def evenly(names: Sequence[str], most: int) -> list[str]:
    """At most so many, the first and the last among them.

    >>> evenly(["a", "b", "c", "d", "e"], 3)
    ['a', 'c', 'e']
    """
    if len(names) <= most:
        return list(names)
    return [names[round(index * (len(names) - 1) / (most - 1))] for index in range(most)]


def charts(runs: Sequence[str], layers: Sequence[Sequence[str]] = (), names: Sequence[str] = ()) -> list[ChartData]:
    """The charts of runs with these letters: what each run has reached, and its layers, the same of each run.

    `names`: what to call them beside each other. A trace's `colour` counts in a palette.

    >>> [chart["id"] for chart in charts(["A"], [["linear1"]])][:4]
    ['loss', 'accuracy', 'error', 'gradient_norm']
    """
    several = len(runs) > 1
    called = [f"{run} {name}" for run, name in zip(runs, names, strict=True)] if names else runs
    both = (("loss", "Loss", 1), ("accuracy", "Accuracy, %", 100), ("error", "Mean absolute error", 1))
    found = [
        _chart(id, title, [trace for i in range(len(runs)) for trace in _pair(runs, called, i, id)], factor)
        for id, title, factor in both
    ]
    if several:
        found.append(_chart("whole_gradient", "Norm of the whole gradient", _each(runs, called, "gradient_norm")))
    for curve, title in LAYER_CURVES.items() if any(layers) else ():
        found.append(_chart(curve, title, _of_layers(runs, layers, curve)))
    return [*found, _chart("learning_rate", "Learning rate", _each(runs, called, "learning_rate"))]


def figure(
    chart: ChartData,
    filled: Mapping[str, Mapping[str, Sequence[float | None]]],
    *,
    x: str = "step",
    log: bool = False,
    smoothing: float = 0.0,
    theme: str = "light",
) -> dict[str, Any]:
    """A chart filled with the columns of each run, as a Plotly figure.

    `x`: step, epoch or seconds; `smoothing`: of `smoothed`. Curves that a run does not have are left out.
    """
    data = []
    for trace in chart["traces"]:
        of_run = filled.get(trace["run"], {})
        if trace["column"] not in of_run:
            continue
        points = [
            (at, y * chart["factor"])
            for at, y in zip(of_run[x], of_run[trace["column"]], strict=True)
            if at is not None and y is not None
        ]
        ys = [y for _, y in points]
        colour = PALETTES[theme][trace["colour"] % len(PALETTES[theme])]
        data.append(
            {
                "type": "scatter",
                "name": html.escape(trace["name"], quote=False),  # Plotly reads some tags
                "x": [at for at, _ in points],
                "y": smoothed(ys, smoothing) if trace["smooth"] else ys,
                "mode": trace["mode"],
                "line": {"color": colour, "dash": trace["dash"], "width": 2},
                "marker": {"color": colour, "symbol": trace["symbol"], "size": 8},
            }
        )
    axes = {"xaxis": {"title": {"text": AXES[x]}}, "yaxis": {"type": "log" if log else "linear"}}
    return {"data": data, "layout": {"title": {"text": chart["title"]}, **axes}}


def smoothed(numbers: Sequence[float], weight: float) -> list[float]:
    """The running mean in which a number before counts `weight` times as much as the next; unbiased at the start.

    >>> smoothed([1.0, 1.0, 4.0], 0.5)
    [1.0, 1.0, 2.714...]
    """
    total, count, found = 0.0, 0.0, []
    for number in numbers:
        total, count = weight * total + number, weight * count + 1
        found.append(total / count)
    return found


def _number(number: float | None) -> float | None:
    if number is None or not math.isfinite(number):
        return None
    return float(f"{number:.6g}")


def _whole(record: TrainRecord) -> float | None:
    norms = [layer.gradient_norm for layer in record.layers if layer.gradient_norm is not None]
    return _number(math.hypot(*norms)) if norms else None


def _chart(id: str, title: str, traces: list[TraceData], factor: int = 1) -> ChartData:
    return {"id": id, "title": title, "factor": factor, "traces": traces}


def _line(run: str, column: str, name: str, index: int) -> TraceData:
    return {
        "run": run,
        "column": column,
        "name": name,
        "mode": "lines",
        "smooth": True,
        "colour": index,
        "dash": DASHES[index % len(DASHES)],
        "symbol": SYMBOLS[index % len(SYMBOLS)],
    }


def _of_layers(runs: Sequence[str], layers: Sequence[Sequence[str]], curve: str) -> list[TraceData]:
    """A curve a layer: of several runs a layer has one colour, and each run its own dashes."""
    if len(runs) == 1:
        return [_line(runs[0], f"{curve}:{name}", name, place) for some in layers for place, name in enumerate(some)]
    return [
        _line(run, f"{curve}:{name}", f"{run} {name}", place) | {"dash": DASHES[number]}
        for number, (run, some) in enumerate(zip(runs, layers, strict=False))
        for place, name in enumerate(evenly(some, len(DASHES)))
    ]


def _each(runs: Sequence[str], called: Sequence[str], column: str) -> list[TraceData]:
    names = called if len(runs) > 1 else [column.replace("_", " ")] * len(runs)
    return [
        _line(run, column, name, place) | {"smooth": False}
        for place, (run, name) in enumerate(zip(runs, names, strict=True))
    ]


def _pair(runs: Sequence[str], called: Sequence[str], place: int, column: str) -> list[TraceData]:
    """Training and test: of one run in two colours; of several in each run's own, all but the first with dashes."""
    run, several = runs[place], len(runs) > 1
    measured = _line(run, column, called[place] if several else "training", place)
    tested = _line(run, f"test_{column}", f"{run} test" if several else "test", place if several else 1)
    return [measured, tested | {"dash": "dot", "mode": "lines+markers", "smooth": False}]
