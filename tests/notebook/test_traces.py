"""`from playground import record, run, train`: what a notebook gets."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import playground
from playground import PlaygroundError, Trace, compare, record, run, train
from playground.data.uploads.table import from_table
from playground.notebook.train import carry_out
from playground.training import loop
from playground.training.config import TrainConfig
from playground.training.examples import data_of


def test_run_and_record_give_the_same_trace() -> None:
    typed = run("log(x1) + x1*x2 - sin(x2)", {"x1": 2.0, "x2": 5.0})
    coded = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)
    assert [value.data for value in typed.values] == [value.data for value in coded.values]
    assert [value.adjoint for value in typed.values] == [value.adjoint for value in coded.values]


def test_two_traces_are_compared() -> None:
    found = compare(run("f = relu(x)", {"x": -1.0}), run("f = tanh(x)", {"x": -1.0}))
    assert repr(found).splitlines() == [
        "1 of 2 values and 1 of 2 gradients differ.",
        "f: 0 → −0.7616, apart by 0.76, relative 1",
        "x.grad: 0 → 0.42, apart by 0.42, relative 1",
    ]


def test_a_trace_shows_itself_offline() -> None:
    html = run("y = x*x", {"x": 3.0})._repr_html_()
    assert html is not None and "<svg" in html and "9" in html
    assert "http://" not in html.replace("http://www.w3.org/", "") and "https://" not in html


def test_errors_are_marked() -> None:
    with pytest.raises(PlaygroundError) as caught:
        run("y = sine(x)", {"x": 3.0})
    assert "^^^^" in caught.value.marked()


def test_names_are_the_public_ones() -> None:
    traces = {"Comparison", "Leaf", "PlaygroundError", "Trace", "compare", "record", "run"}
    assert set(playground.__all__) == traces | {"TrainedRun", "train"}
    assert Trace is type(run("x*x", {"x": 1.0}))
    with pytest.raises(AttributeError):
        _ = playground.nothing


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, playground; sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=250).returncode == 0


def test_train_gives_records_a_model_and_a_chart(tmp_path: Path) -> None:
    settings = {"train_size": 200, "test_size": 50, "batch": 20, "epochs": 2, "device": "cpu"}
    run = train("Flatten Linear(8) ReLU Linear(10)", progress=False, **settings)
    config = TrainConfig.from_fields({"text": "Flatten Linear(8) ReLU Linear(10)", **settings})
    assert run.config == config and not run.is_interrupted
    assert [record.loss for record in run.records] == [record.loss for record in loop.train(config, data_of(config))]
    assert [row["loss"] for row in run.frame()] == [record.loss for record in run.records]
    assert len(run.plot().data) == 2 and len(run.plot("weight_norm", x="epoch").data) == 2
    assert list(run.plot().data[0].x) == [record.step for record in run.records]
    accuracy = (run.model(run.learner.test_set.x).argmax(1) == run.learner.test_set.labels).float().mean().item()
    assert run.records[-1].test_accuracy == accuracy
    assert "20 of 20 steps" in repr(run)
    assert {path.name for path in run.save(tmp_path, ("csv", "weights"))} == {"records.csv", "weights.safetensors"}


def test_train_takes_settings_in_three_ways(capsys: pytest.CaptureFixture[str]) -> None:
    small = {"text": "Flatten Linear(10)", "train_size": 100, "steps": 2}
    for config in (small, TrainConfig.from_fields(small)):
        run = train(config, rng_seed=3)
        assert run.config == TrainConfig.from_fields({**small, "rng_seed": 3})
    assert "2/2" in capsys.readouterr().err  # the bar


def test_train_reads_an_upload_from_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "table.csv"
    path.write_text("kind,width\n" + "".join(f"{'big' if n > 9 else 'small'},{n}\n" for n in range(20)))
    for data in (path, str(path)):
        run = train("Linear(2)", data=data, reading={"label": "kind"}, steps=2, progress=False)
        assert run.config.data == from_table(path.read_bytes()).name and run.learner.classes == ("big", "small")
    with pytest.raises(PlaygroundError, match="cannot be read with `side`"):
        train("Linear(2)", data=path, reading={"side": 20}, progress=False)
    with pytest.raises(PlaygroundError, match="no data set, folder or file 'nowhere'"):
        train("Linear(2)", data="nowhere", progress=False)


def test_what_train_refuses() -> None:
    for settings, message in (
        ({"epoch": 3}, "no setting is called 'epoch'"),
        ({"text": "Flatten Linaer(10)"}, "Linaer"),
        ({"learning_rate": 1000.0, "loss": "MSELoss", "train_size": 500, "batch": 10}, "the loss is"),
    ):
        with pytest.raises(PlaygroundError, match=message):
            train(progress=False, **settings)
    run = train("Flatten Linear(10)", train_size=100, steps=1, progress=False)
    with pytest.raises(PlaygroundError, match="no chart 'lost'"):
        run.plot("lost")
    with pytest.raises(PlaygroundError, match="'pickle'"):
        run.save("unused", ("pickle",))


def test_the_first_interrupt_ends_a_run_between_two_steps() -> None:
    before = signal.getsignal(signal.SIGINT)

    def press(record: object, _: object) -> None:
        if getattr(record, "step", 0) == 3:
            signal.raise_signal(signal.SIGINT)

    run = carry_out(TrainConfig("Flatten Linear(10)", train_size=500, record_every=1), progress=False, on_record=press)
    assert run.is_interrupted and [record.step for record in run.records] == [1, 2, 3] and run.learner.step == 3
    assert signal.getsignal(signal.SIGINT) == before
