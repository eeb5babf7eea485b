"""`python -m playground trace ...` and `... train ...`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from playground.__main__ import main
from playground.data.datasets import load
from playground.lessons.runs import RUNS
from playground.training.records import TrainRecord
from tests.training.export.scripts import lines_of, printed

L04 = ["trace", "f = log(x1) + x1*x2 - sin(x2)", "x1=2.0", "x2=5.0"]


def test_table_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(L04) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "forward", "primal", "adjoint", "reverse"]
    assert any(line.startswith("x2") and "1.716" in line for line in lines)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*L04, "--json"]) == 0
    values = {value["name"]: value for value in json.loads(capsys.readouterr().out)["values"]}
    assert values["x1"]["adjoint"] == 5.5
    assert values["x1"]["shape"] == [] and values["x1"]["dtype"] == "float32"


def test_several_lines_and_nested_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "y = W @ x\ns = y.sum()", "W=[[1, 2], [3, 4]]", "x=[1.0, -1.0]", "--json"]) == 0
    values = {value["label"]: value for value in json.loads(capsys.readouterr().out)["values"]}
    assert values["s"]["data"] == -2.0
    assert values["W"]["adjoint"] == [[1.0, -1.0], [1.0, -1.0]]


@pytest.mark.parametrize(("option", "begins"), [("--svg", "<svg"), ("--html", "<!doctype html>")])
def test_files(tmp_path: Path, option: str, begins: str) -> None:
    file = tmp_path / "out"
    assert main([*L04, option, str(file)]) == 0
    assert file.read_text(encoding="utf-8").lstrip().lower().startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trace", "f = sine(x)", "x=1"], "line 1, column 5: unknown function `sine`"),
        (["trace", "y = θ * α +", "θ=1", "α=2"], "line 1, column 11"),
        (["trace", "y = x * 2"], "`x` has no value"),
        (["trace", "y = x * 2", "x=two words"], "two words"),
        (["trace", "y = x * 2", "x"], "is not NAME=VALUE"),
        (["trace", "zeros(10**9)"], "10^9"),
        (["trace", "x", "x=1", "--svg", "/nonexistent/graph.svg"], "/nonexistent/graph.svg"),
    ],
)
def test_mistakes_exit_with_2_and_say_where(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err and printed.out == ""


def test_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "playground", *L04], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0 and "11.652" in done.stdout, done.stderr


SMALL = ["--set", "train_size=200", "--set", "test_size=50", "--set", "batch=20", "--set", "epochs=2"]


def test_train_prints_a_table_and_writes_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *SMALL, "--set", "text=Flatten Linear(10)", "--data", "digits", "--out", str(tmp_path)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert "train error %" in head and "test error %" in head
    names = {"records.csv", "run.json", "weights.safetensors", "train.py"}
    assert {path.name for path in tmp_path.iterdir()} == names == {Path(line).name for line in lines[-4:]}
    document = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert document["config"]["text"] == "Flatten Linear(10)" and document["config"]["epochs"] == 2
    last = document["records"][-1]
    assert f"{100 * (1 - last['test_accuracy']):.4g}" in lines[-5].split()


def test_train_reads_toml_json_and_what_a_run_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = tmp_path / "run.toml"
    toml.write_text('text = "Flatten Linear(10)"\ntrain_size = 100\nsteps = 2\nlearning_rate = 0.05\n')
    assert main(["train", str(toml), "--set", "normalise=true", "--out", str(tmp_path / "first")]) == 0
    left = json.loads((tmp_path / "first" / "run.json").read_text(encoding="utf-8"))
    assert left["config"]["normalise"] is True and left["config"]["learning_rate"] == 0.05
    plain = tmp_path / "plain.json"
    plain.write_text(json.dumps(left["config"]))
    for name, file in (("second", tmp_path / "first" / "run.json"), ("third", plain)):
        assert main(["train", str(file), "--out", str(tmp_path / name)]) == 0
        again = json.loads((tmp_path / name / "run.json").read_text(encoding="utf-8"))
        assert [record["loss"] for record in again["records"]] == [record["loss"] for record in left["records"]]
    capsys.readouterr()


def test_train_begins_with_an_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    preset = next(entry for entry in RUNS.presets if entry.document.data == "digits")
    changes = ["--set", "steps=2", "--set", "train_size=200", "--set", "folds=0"]
    assert main(["train", "--preset", preset.id, *changes, "--out", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["config"]
    assert config == {**preset.document.fields(), "steps": 2, "train_size": 200, "folds": 0}
    capsys.readouterr()


def pictures(folder: Path) -> Path:
    """Two classes of ten pictures each, one dark and one light."""
    for name, level in (("night", 20), ("day", 200)):
        (folder / name).mkdir(parents=True)
        for number in range(10):
            Image.fromarray(np.full((20, 20, 3), level + number, np.uint8)).save(folder / name / f"{number}.png")
    return folder


def table(folder: Path) -> Path:
    folder.mkdir()
    rows = [f"{number / 10},{number % 3},{'big' if number > 15 else 'small'}" for number in range(30)]
    (folder / "table.csv").write_text("\n".join(["width,height,kind", *rows]))
    return folder / "table.csv"


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", pictures(folder)))


UPLOADS = {
    "folder": (pictures, ["--side", "12", "--colour"], (3, 12, 12)),
    "zip": (zipped, [], (1, 28, 28)),
    "table": (table, ["--label", "kind"], (2,)),
}


@pytest.mark.parametrize(
    ("make", "reading", "shape"),
    [pytest.param(*case, marks=pytest.mark.slow, id=kind) for kind, case in UPLOADS.items()],
)
def test_train_takes_an_upload_and_its_script_prints_the_same(
    make: Callable[[Path], Path],
    reading: list[str],
    shape: tuple[int, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path, out = make(tmp_path / "mine"), tmp_path / "out"
    small = ["--set", "text=Flatten Linear(2)", "--set", "batch=7", "--set", "record_every=1"]
    assert main(["train", "--data", str(path), *reading, *small, "--out", str(out)]) == 0
    capsys.readouterr()
    left = json.loads((out / "run.json").read_text(encoding="utf-8"))
    name = left["config"]["data"]
    assert load(name).input_shape == shape and (out / f"{name}.safetensors").is_file()
    lines = printed((out / "train.py").read_text(encoding="utf-8"), out)
    assert lines == lines_of([TrainRecord.from_json(record) for record in left["records"]])
    assert main(["train", str(out / "run.json"), "--out", str(tmp_path / "again")]) == 0  # by its name
    again = json.loads((tmp_path / "again" / "run.json").read_text(encoding="utf-8"))
    assert [record["loss"] for record in again["records"]] == [record["loss"] for record in left["records"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "epoch=3"], "no setting is called 'epoch'"),
        (["--set", "epochs=many"], "a whole number"),
        (["--set", "optimizer=Adamm"], "SGD, Adam, AdamW"),
        (["--set", "epochs"], "is not NAME=VALUE"),
        (["--data", "Imagenet"], "digits, XOR, MNIST"),
        (["--data", "Imagenet"], "a folder, a .zip or a .tar.gz with one folder of pictures per class"),
        (["--data", "{folder}/bad.toml"], "bad.toml cannot be read as data"),
        (["--data", "{folder}/bad.csv"], "line 3, column 1 (`a`): 'x' is not a number"),
        (["--data", "{folder}/bad.csv", "--colour"], "What can be said is label, missing, words, predict."),
        (["--data", "{folder}"], "there are no pictures (3 files are no pictures:"),
        (["--data", "digits", "--side", "20"], "side say how data of your own is read"),
        (["--preset", "none"], "there is no example 'none'"),
        (["/nonexistent/run.toml"], "/nonexistent/run.toml"),
        (["{folder}/bad.toml"], "cannot be read"),
        (["{folder}/list.json"], "holds no settings"),
        (["--set", "text=Flatten Linaer(10)"], "Linaer"),
        (["--threads", "0"], "a whole number from 1 to"),
    ],
)
def test_mistakes_of_train(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.toml").write_text("epochs: 3")
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "bad.csv").write_text("a,label\n1,yes\nx,no\n")
    assert main(["train", *(argument.format(folder=tmp_path) for argument in arguments)]) == 2
    printed = capsys.readouterr()
    assert said in printed.err and printed.out == ""


def test_a_loss_that_is_not_finite_still_leaves_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = ["--set", "learning_rate=1000", "--set", "loss=MSELoss", "--set", "epochs=9", "--out", str(tmp_path)]
    assert main(["train", *SMALL, *wild]) == 1
    assert "the loss is" in capsys.readouterr().err
    assert (tmp_path / "records.csv").read_text(encoding="utf-8").count("\n") > 1


@pytest.mark.slow
def test_control_c_writes_what_there_is(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "playground", "train", "--set", "epochs=200", "--out", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the headings: it trains
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=250)
    assert process.returncode == 130 and "stopped after " in said
    assert {path.name for path in tmp_path.iterdir()} >= {"records.csv", "weights.safetensors"}
