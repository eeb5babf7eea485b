"""Records as columns and charts, and as the lines of a console, beside the run that made them."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from plotly.graph_objects import Figure

from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.loop import train
from playground.training.records import LayerRecord, TrainRecord
from playground.views.charts.console import Console
from playground.views.charts.curves import PALETTES, charts, columns, figure, layers_of, smoothed, thinned

CONFIG = TrainConfig(epochs=3, batch=20, train_size=500, test_size=100)


@pytest.fixture(scope="module")
def records() -> list[TrainRecord]:
    return list(train(CONFIG, data_of(CONFIG)))


def test_columns_hold_what_the_records_hold(records: list[TrainRecord]) -> None:
    found = columns(records)
    assert found["step"] == [record.step for record in records]
    assert found["loss"] == pytest.approx([record.loss for record in records], rel=1e-5)
    assert {len(column) for column in found.values()} == {len(records)}
    layer = records[-1].layers[0]
    assert found[f"gradient_norm:{layer.name}"][-1] == pytest.approx(layer.gradient_norm, rel=1e-5)
    norms = [layer.gradient_norm for layer in records[-1].layers if layer.gradient_norm is not None]
    assert found["gradient_norm"][-1] == pytest.approx(math.sqrt(sum(norm**2 for norm in norms)), rel=1e-5)
    json.dumps(found, allow_nan=False)


def test_what_is_not_finite_is_left_out() -> None:
    layer = LayerRecord("linear1", gradient_norm=math.inf, update_ratio=math.nan)
    found = columns([TrainRecord(1, 1.0, 1.0, 0.5, 0.1, 0.0, 0.0, (layer,))])
    assert found["gradient_norm"] == [None] and "update_ratio:linear1" not in found


def test_thinning_keeps_the_last_record_and_the_tests(records: list[TrainRecord]) -> None:
    kept = thinned(records, 20)
    assert len(kept) <= 20 and kept[-1] == records[-1]
    assert [r for r in kept if r.test_loss is not None] == [r for r in records if r.test_loss is not None]
    gaps = [after.step - before.step for before, after in itertools.pairwise(kept)]
    assert max(gaps) <= 3 * math.ceil(len(records) / 20)
    assert thinned(records, len(records)) == records


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("x", ["step", "epoch", "seconds"])
def test_every_chart_is_a_figure_that_plotly_takes(records: list[TrainRecord], x: str, log: bool) -> None:
    found = columns(records)
    for chart in charts(["A"], [layers_of(records)]):
        made = figure(chart, {"A": found}, x=x, log=log, smoothing=0.9)
        Figure(made)
        assert bool(made["data"]) == (chart["id"] != "error")  # of a run that classifies
    loss = figure(charts(["A"])[0], {"A": found}, x=x)["data"]
    assert list(loss[0]["x"]) == found[x] and loss[0]["y"] == found["loss"]
    assert len(loss[1]["x"]) == CONFIG.epochs  # a test at the end of each


def test_accuracy_is_drawn_in_per_cent(records: list[TrainRecord]) -> None:
    made = figure(charts(["A"])[1], {"A": columns(records)})
    assert all(0 <= y <= 100 for trace in made["data"] for y in trace["y"])
    assert made["data"][0]["y"][-1] == pytest.approx(100 * records[-1].accuracy, rel=1e-5)


def test_runs_that_are_compared_differ_in_more_than_colour() -> None:
    for chart in charts(["A", "B", "C", "D", "E", "F"]):
        looks = [(trace["colour"], trace["dash"], trace["symbol"], trace["mode"]) for trace in chart["traces"]]
        assert len(set(looks)) == len(looks)
        assert {trace["run"] for trace in chart["traces"]} == set("ABCDEF")
    for chart in charts(["A", "B"], names=["ReLU", "Tanh"]):
        solid = {trace["run"] for trace in chart["traces"] if trace["dash"] == "solid"}
        assert solid <= {"A"}, "the run before is drawn with dashes"


def test_layers_of_runs_that_are_compared_keep_their_curves() -> None:
    deep = [f"layer {number}" for number in range(20)]
    layers = [["linear1", "relu1", "linear2"], ["linear1", "tanh1", "linear2"], deep]
    made = {chart["id"]: chart["traces"] for chart in charts(["A", "B", "C"], layers, ["ReLU", "Tanh", "deep"])}
    norms = made["gradient_norm"]
    assert [(trace["run"], trace["column"], trace["name"]) for trace in norms[:4]] == [
        ("A", "gradient_norm:linear1", "A linear1"),
        ("A", "gradient_norm:relu1", "A relu1"),
        ("A", "gradient_norm:linear2", "A linear2"),
        ("B", "gradient_norm:linear1", "B linear1"),
    ]
    looks = [(trace["colour"], trace["dash"]) for trace in norms]
    assert len(set(looks)) == len(looks) == 12, "of a deep net some, the first and the last among them"
    assert {norms[6]["name"], norms[-1]["name"]} == {"C layer 0", "C layer 19"}
    assert norms[0]["colour"] == norms[3]["colour"] and norms[0]["dash"] != norms[3]["dash"]
    assert [trace["name"] for trace in made["whole_gradient"]] == ["A ReLU", "B Tanh", "C deep"]


def test_a_name_in_a_legend_is_no_markup() -> None:
    found = columns([TrainRecord(1, 1.0, 1.0, 0.5, 0.1, 0.0, 0.0)])
    made = figure(charts(["A", "B"], names=["<b>mine</b>", "& other"])[0], {"A": found, "B": found})
    assert {trace["name"] for trace in made["data"][::2]} == {"A &lt;b&gt;mine&lt;/b&gt;", "B &amp; other"}


@pytest.mark.parametrize(("theme", "ground"), [("light", "#ffffff"), ("dark", "#14131c")])
def test_curves_can_be_seen(theme: str, ground: str) -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for colour in PALETTES[theme]:
        dark, light = sorted((luminance(colour), luminance(ground)))
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_smoothing() -> None:
    assert smoothed([1, 5, 2], 0.0) == [1, 5, 2]
    assert smoothed([3.0] * 10, 0.9) == pytest.approx([3.0] * 10)
    assert max(smoothed([0, 1] * 20, 0.9)[5:]) < 0.8


def test_the_console_sums_up_every_batch_once(records: list[TrainRecord]) -> None:
    whole, parts = Console(CONFIG.batch, CONFIG.train_size), Console(CONFIG.batch, CONFIG.train_size)
    whole.add(records)
    for record in records:
        parts.add([record])
    assert whole.lines == parts.lines
    ends = [line for line in whole.lines if line[4] is not None]
    assert [line[0] for line in ends] == [1, 2, 3]
    assert ends[-1][4] == pytest.approx(100 * (1 - records[-1].test_accuracy))  # type: ignore[operator]
    batches = CONFIG.train_size // CONFIG.batch
    assert {line[1] for line in whole.lines if line[0] == 2} == {5, 10, 15, 20, 25} and batches == 25
    first = [record for record in records if record.step <= 5]
    assert whole.lines[0][3] == pytest.approx(100 * sum(1 - record.accuracy for record in first) / 5)


def test_the_console_prints_by_100_batches() -> None:
    records = [
        TrainRecord(step, step / 600, 1.0, 0.5 + 0.0001 * step, 0.1, step / 100, 0.0, (), None, None)
        for step in range(20, 1220, 20)
    ]
    console = Console(100)
    console.add(records)
    assert [line[:2] for line in console.lines] == [(1 + i // 6, 100 * (i % 6 + 1)) for i in range(12)]
    assert console.lines[0][3] == pytest.approx(100 * sum(1 - record.accuracy for record in records[:5]) / 5)


def test_a_smaller_last_batch_counts_for_what_it_holds() -> None:
    config = TrainConfig(epochs=1, batch=64, train_size=200, test_size=20)
    found = list(train(config, data_of(config)))
    console = Console(config.batch, config.train_size)
    console.add(found)
    sizes = [64, 64, 64, 8]
    wrong = sum((1 - record.accuracy) * size for record, size in zip(found, sizes, strict=True))
    counted = sum(line[3] / 100 * size for line, size in zip(console.lines, sizes, strict=True))
    assert counted == pytest.approx(wrong)
