"""The load client against a scratch page that has the same component and state as the real one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.load import Level, complaint, conclusion, knee, main, measure, next_edit, percentile, row
from benchmarks.server import serve

PAGE = '''
import time
import streamlit as st

stepper = st.components.v2.component("stepper", js="""
export default function () {{}}
""")
state = st.session_state.get("page", {{}})
edit = state.get("edit") or {{"sequence": 0, "text": "f = x", "leaves": {{}}}}
{body}
frame = {{"sequence": edit["sequence"], "document": edit, "error": None}}
stepper(key="page", data={{"frame": frame}}, on_edit_change=lambda: None)
'''


@pytest.fixture
def scratch(tmp_path: Path):
    def scratch(body: str = "time.sleep(0.005)") -> Path:
        page = tmp_path / "page.py"
        page.write_text(PAGE.format(body=body), encoding="utf-8")
        return page

    return scratch


def test_every_edit_is_answered_and_timed(scratch) -> None:
    with serve(scratch()) as server:
        level = asyncio.run(measure(server.url, sessions=3, seconds=1.5, period=0.2))
    assert level.errors == Counter()
    assert len(level.seconds) >= 9
    assert all(0.005 <= seconds < 5 for seconds in level.seconds)


def test_an_exception_on_the_page_is_an_error(scratch) -> None:
    with serve(scratch("if edit['sequence'] == 2: raise ValueError('no')")) as server:
        level = asyncio.run(measure(server.url, sessions=1, seconds=1, period=0.2))
    assert list(level.errors) == ["LoadError: the page shows an exception"]


@pytest.mark.slow
def test_a_page_without_the_component_is_an_error(scratch) -> None:
    with serve(scratch("st.stop()")) as server:
        level = asyncio.run(measure(server.url, sessions=1, seconds=0.5, period=0.2))
    assert set(level.errors) == {"LoadError: the page shows no component named stepper"}
    assert level.seconds == []


@pytest.mark.slow
def test_the_table_is_printed(scratch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sessions", "1", "2", "--seconds", "1", "--period", "0.2", "--app", str(scratch())]) == 0
    heading, columns, first, second, last = capsys.readouterr().out.splitlines()
    assert heading.startswith("one edit every 0.2 s per session, 1 s per row")
    assert columns.split() == ["sessions", "edits", "median", "ms", "p95", "ms", "errors"]
    assert [first.split()[0], second.split()[0]] == ["1", "2"]
    assert last.startswith("knee: ")


@pytest.mark.parametrize(
    "arguments",
    [["--sessions", "0"], ["--sessions", "5000"], ["--seconds", "0"], ["--seconds", "1e9"], ["--period", "0"]],
    ids=" ".join,
)
def test_a_run_is_bounded(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_the_knee_is_the_first_median_above_twice_the_first() -> None:
    levels = [Level(1, [0.010]), Level(10, [0.020]), Level(50, [0.021]), Level(100, [0.5])]
    assert knee(levels) is levels[2]
    assert conclusion(levels) == "knee: 50 sessions (their median is 2.1 times that of 1 session)"
    assert knee(levels[:2]) is None
    assert conclusion(levels[:2]) == "knee: none up to 10 sessions (no median above twice that of 1 session)"


def test_a_row_shows_milliseconds_and_all_errors() -> None:
    level = Level(25, [0.010, 0.030, 0.020], Counter({"a": 2, "b": 1}))
    assert row(level).split() == ["25", "3", "20.0", "30.0", "3"]
    assert row(Level(1)).split() == ["1", "0", "nan", "nan", "0"]


@pytest.mark.parametrize(("percent", "expected"), [(1, 1.0), (50, 5.0), (95, 10.0), (100, 10.0)])
def test_percentile(percent: float, expected: float) -> None:
    assert percentile([float(value) for value in range(10, 0, -1)], percent) == expected


def test_the_next_edit_keeps_the_document_and_changes_the_text() -> None:
    data = {"document": {"text": "f = x", "graph": "both", "leaves": {"x": {"value": 2.0}}}, "picture": {"key": "abc"}}
    edit = next_edit(data, 7, random.Random(0))
    assert edit["sequence"] == 7 and edit["graph"] == "both" and edit["have"] == "abc"
    assert edit["text"].startswith("f = log(x1) + ") and edit != next_edit(data, 7, random.Random(1))


def test_an_answer_must_be_to_the_edit_and_without_error() -> None:
    edit = {"sequence": 3}
    assert complaint({"sequence": 3, "error": None}, edit) is None
    assert complaint({"sequence": 2, "error": None}, edit) == "the answer is to edit 2, not to 3"
    assert complaint({"sequence": 3, "error": {"message": "no"}}, edit) is not None
