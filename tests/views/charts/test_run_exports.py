"""The table of files that a run can be taken away as."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

import pytest

from playground.runs import worker
from playground.runs.limits import ServerLimits
from playground.runs.result import result_of
from playground.runs.store import Store
from playground.runs.worker import work
from playground.training.checkpoint import weights
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.export.result import RunResult, to_script
from playground.training.learner import Learner
from playground.training.loop import train
from playground.views.charts.run_exports import RUN_EXPORTS, charts_html
from playground.views.export import exports_of
from tests.training.export.scripts import lines_of, printed

CONFIG = TrainConfig("Flatten Linear(10)", train_size=100, test_size=20, batch=20, epochs=2)


@pytest.fixture(scope="module")
def result() -> RunResult:
    learner = Learner(CONFIG, data_of(CONFIG))
    return RunResult(CONFIG, tuple(train(CONFIG, data_of(CONFIG), learner=learner)), weights(learner), title="<b>&mine")


def test_every_row_makes_a_file(result: RunResult) -> None:
    assert len({export.kind for export in RUN_EXPORTS}) == len({e.file_name for e in RUN_EXPORTS}) == len(RUN_EXPORTS)
    made = {export.kind: export.content(result) for export in exports_of(RUN_EXPORTS, result)}
    assert set(made) == {export.kind for export in RUN_EXPORTS} - {"data"}
    assert all(made.values())
    cells = [cell for cell in json.loads(made["notebook"])["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines() if line]
    assert lines == [line for line in to_script(result).splitlines() if line]
    for cell in cells:
        compile("".join(cell["source"]), "cell", "exec")


def test_what_a_run_does_not_have_is_not_offered() -> None:
    assert "weights" not in {export.kind for export in exports_of(RUN_EXPORTS, RunResult(CONFIG, ()))}
    own = exports_of(RUN_EXPORTS, RunResult(TrainConfig(data="own-0123456789abcdef"), ()))
    assert (
        next(export for export in own if export.kind == "data").name_for(
            RunResult(TrainConfig(data="own-0123456789abcdef"), ())
        )
        == "own-0123456789abcdef.safetensors"
    )


def test_charts_work_offline_and_escape_titles(result: RunResult) -> None:
    page = charts_html(result)
    assert "<b>&mine" not in page and "&lt;b&gt;&amp;mine" in page
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert page.count("Plotly.newPlot(") >= 5


SPARSE = TrainConfig("Flatten Linear(20) Dropout(0.2) Linear(10)", train_size=230, test_size=60, batch=10, epochs=2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'runs.db'}")


def worked(store: Store) -> None:
    run = store.claim("me")
    assert run is not None
    work(store, run)


def assert_script_prints(store: Store, run: str, folder: Path) -> None:
    result = result_of(store, run)
    assert printed(to_script(result), folder) == lines_of(result.records)


@pytest.mark.slow
def test_the_script_of_a_run_that_was_stopped_and_tried_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped by the limit of seconds after steps 1, 2 and 3, of which the last has a record only therefore."""
    run = store.submit(TrainConfig.from_fields({**SPARSE.fields(), "record_every": 5, "schedule": "cosine"})).id
    with monkeypatch.context() as patch:
        patch.setattr(worker, "LIMITS", ServerLimits(seconds=0))
        for step in (1, 2, 3):
            worked(store)
            assert (store.run(run).status, store.run(run).step) == ("stopped", step)
            assert_script_prints(store, run, tmp_path)
            store.retry(run)
    worked(store)
    assert store.run(run).status == "finished"
    assert [record.step for record in store.records(run)][:5] == [1, 2, 3, 4, 5]
    assert_script_prints(store, run, tmp_path)


def test_the_script_of_a_run_that_its_owner_stopped(store: Store, tmp_path: Path) -> None:
    config = TrainConfig("Flatten Linear(1500) ReLU Linear(1500) ReLU Linear(10)", batch=1, record_every=10_000)
    run = store.submit(config).id
    thread = threading.Thread(target=worked, args=(store,))
    thread.start()
    while not store.records(run):
        assert thread.is_alive()
        time.sleep(0.02)  # between two polls
    store.stop(run)
    thread.join(60)
    assert store.run(run).status == "stopped" and store.records(run)[-1].step == store.run(run).step > 1
    assert_script_prints(store, run, tmp_path)
