"""`train` of a notebook and a shell beside a run of the page: the same numbers, and what is said meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from playground import PlaygroundError, train
from playground.data.dataset import Data
from playground.runs.engine import LocalEngine
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from tests.runs.processes import local_engine, until

TEXT = "Flatten Linear(600) BatchNorm1d ReLU Linear(10)"
WIDE = TrainConfig(TEXT, train_size=400, test_size=100, epochs=1, record_every=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    yield from local_engine(f"sqlite:///{tmp_path / 'runs.db'}")


def losses(config: TrainConfig, threads: int) -> list[tuple[int, float]]:
    run = train(config, threads=threads, progress=False)
    return [(record.step, record.loss) for record in run.records]


@pytest.mark.slow
def test_the_page_the_shell_and_the_notebook_give_the_same_bits(
    engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_RUNS_THREADS", "2")  # of the host's workers, and of the shell
    run = engine.submit(WIDE)
    (tmp_path / "run.json").write_text(json.dumps(WIDE.fields()), encoding="utf-8")
    command = [sys.executable, "-m", "playground", "train", str(tmp_path / "run.json"), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    until(lambda: engine.store.run(run.id).has_ended, "the end")
    page = [(record.step, record.loss) for record in engine.store.records(run.id)]
    left = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert [(record["step"], record["loss"]) for record in left["records"]] == page
    assert "torch.set_num_threads(2)" in (tmp_path / "train.py").read_text(encoding="utf-8")
    assert losses(WIDE, 2) == page
    if losses(WIDE, 1) == page:
        pytest.skip("on this machine one thread gives the same bits: how many there were cannot be told from them")


def test_afterwards_pytorch_has_as_many_threads_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before, seen = torch.get_num_threads(), list[int]()

    def loading(config: TrainConfig, told: Callable[[str, int, int], None]) -> Data:
        seen.append(torch.get_num_threads())
        return data_of(config, told)

    monkeypatch.setattr("playground.notebook.train.data_of", loading)
    run = train("Flatten Linear(10)", train_size=100, steps=1, progress=False, threads=before + 2)
    with pytest.raises(PlaygroundError, match="the loss is"):
        train(learning_rate=1000.0, loss="MSELoss", train_size=500, batch=10, progress=False, threads=before + 3)
    assert seen == [before + 2, before + 3] and torch.get_num_threads() == before
    assert run.result().threads == before + 2


@pytest.mark.parametrize("threads", [0, True, 10**6])
def test_a_number_of_threads_that_cannot_be(threads: int) -> None:
    with pytest.raises(PlaygroundError, match="threads"):
        train("Flatten Linear(10)", train_size=100, steps=1, progress=False, threads=threads)


def test_a_download_moves_a_bar_of_its_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def loading(config: TrainConfig, told: Callable[[str, int, int], None]) -> Data:
        told("first.gz", 0, 0)  # another session fetches it: how long it is, is not known
        for done in (500, 200, 2000):  # a connection that breaks begins anew
            told("first.gz", done, 2000)
        told("second.gz", 30, 40)
        return data_of(config)

    monkeypatch.setattr("playground.notebook.train.data_of", loading)
    train("Flatten Linear(10)", train_size=100, steps=1)
    said = capsys.readouterr().err
    assert "first.gz: 100%" in said and "2.00k/2.00k" in said
    assert "second.gz:  75%" in said and "30.0/40.0" in said
    assert "1/1" in said
