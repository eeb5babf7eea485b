"""The train page as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from playground.lessons.runs import RUNS
from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.ui.train.page import SESSION
from tests import hostile_links
from tests.sampled import sampled

APP = Path(__file__).parents[2] / "streamlit_app.py"
PAGE = "pages/train.py"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setenv("PLAYGROUND_DB", url)
    yield url
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if url in process.cmdline():
                process.kill()


def opened(**query: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=250)
    app.switch_page(PAGE)
    for name, content in query.items():
        app.query_params[name] = content
    return app.run()


def frames(app: AppTest) -> dict[str, dict[str, Any]]:
    """What the page sends, by part."""
    found = [json.loads(component.proto.json)["frame"] for component in app.get("bidi_component")]
    return {frame["part"]: frame for frame in found}


def test_opens_on_the_first_example(database: str) -> None:
    app = opened()
    assert not app.exception and not app.warning and not app.error
    shown = frames(app)
    assert shown["setup"]["text"] == RUNS.presets[0].document.text
    assert shown["setup"]["check"]["problem"] is None
    [run] = shown["runs"]["runs"]
    assert not run["mine"] and set(run["can"]) <= {"epoch", "open"} and shown["runs"]["stale"] == []
    [kept] = Store(database).runs()
    assert (run["id"], run["name"], kept.config) == (kept.id, RUNS.presets[0].title, RUNS.presets[0].document)
    again = opened()
    assert [one["id"] for one in frames(again)["runs"]["runs"]] == [kept.id], "it is trained once"
    assert frames(opened(embed="true"))["runs"]["runs"] and not frames(opened(v="1"))["runs"]["runs"]
    assert len(Store(database).runs()) == 1


@pytest.mark.parametrize("preset", sampled(RUNS.presets, 5, name=lambda preset: preset.id))
def test_every_example_opens(database: str, preset: Any) -> None:
    app = opened()
    app.button(key=f"run-{preset.id}").click().run()
    assert not app.exception
    setup = frames(app)["setup"]
    assert setup["text"] == preset.document.text and setup["check"]["problem"] is None
    assert {field["name"]: field["value"] for field in setup["fields"]}["data"] == preset.document.data


def test_a_link_opens_its_run_and_settings(database: str) -> None:
    run = Store(database).submit(TrainConfig(epochs=7), owner="someone")
    app = opened(run=run.id)
    shown = frames(app)
    assert [one["id"] for one in shown["runs"]["runs"]] == [run.id] and not shown["runs"]["runs"][0]["mine"]
    assert "someone" not in json.dumps(shown)
    assert app.session_state[SESSION].typed.config == run.config


def test_a_bad_link_opens_with_a_message(database: str) -> None:
    app = opened(run="<b>", epochs="1e9", v="3")
    assert not app.exception and "version" in app.warning[0].value
    assert {"setup", "runs"} == set(frames(app))


@pytest.mark.parametrize("query", sampled(hostile_links.TRAIN, 4))
def test_hostile_links_open_with_a_message(database: str, query: str) -> None:
    app = opened(**parse_qs(query, keep_blank_values=True))
    assert not app.exception
    setup = frames(app)["setup"]
    told = [box.value for box in (*app.warning, *app.error)]
    assert told or setup["check"]["problem"]
    assert all("Traceback" not in words and not re.search(r"(?<!\\)<", words) for words in told), "Markdown, escaped"


def test_a_database_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("PLAYGROUND_DB", f"sqlite:///{tmp_path / 'file' / 'runs.db'}")
    app = opened()
    assert not app.exception and "PLAYGROUND" in app.error[0].value
