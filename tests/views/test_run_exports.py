"""The table of files that a run can be taken away as."""

from __future__ import annotations

import json
import re

import pytest

from playground.training.checkpoint import weights
from playground.training.chosen import data_of
from playground.training.config import TrainConfig
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.result import Result, to_script
from playground.views.run_exports import RUN_EXPORTS, charts_html, exports_of

CONFIG = TrainConfig("Flatten Linear(10)", train_size=100, test_size=20, batch=20, epochs=2)


@pytest.fixture(scope="module")
def result() -> Result:
    learner = Learner(CONFIG, data_of(CONFIG))
    return Result(CONFIG, tuple(train(CONFIG, data_of(CONFIG), learner=learner)), weights(learner), title="<b>&mine")


def test_every_row_makes_a_file(result: Result) -> None:
    assert len({export.id for export in RUN_EXPORTS}) == len({e.file_name for e in RUN_EXPORTS}) == len(RUN_EXPORTS)
    made = {export.id: export.content(result) for export in exports_of(result)}
    assert set(made) == {export.id for export in RUN_EXPORTS} - {"data"}
    assert all(made.values())
    cells = [cell for cell in json.loads(made["notebook"])["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines() if line]
    assert lines == [line for line in to_script(result).splitlines() if line]
    for cell in cells:
        compile("".join(cell["source"]), "cell", "exec")


def test_what_a_run_does_not_have_is_not_offered() -> None:
    assert "weights" not in {export.id for export in exports_of(Result(CONFIG, ()))}
    own = exports_of(Result(TrainConfig(data="own-0123456789abcdef"), ()))
    assert (
        next(export for export in own if export.id == "data").name_for(
            Result(TrainConfig(data="own-0123456789abcdef"), ())
        )
        == "own-0123456789abcdef.safetensors"
    )


def test_charts_work_offline_and_escape_titles(result: Result) -> None:
    page = charts_html(result)
    assert "<b>&mine" not in page and "&lt;b&gt;&amp;mine" in page
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert page.count("Plotly.newPlot(") >= 5
