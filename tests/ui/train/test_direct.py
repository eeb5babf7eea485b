"""The runs' side asks by itself: what a session answers, and that Streamlit's own way gives the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.ui.shared.direct import DESK
from playground.ui.train import session as of_session
from playground.ui.train.polling import Intervals
from playground.ui.train.runs import FIRST
from playground.ui.train.session import TrainSession
from tests.ui.train.test_session import Queue, act

CONFIG = TrainConfig(train_size=200, test_size=50, batch=20, epochs=2)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    made = Queue(Store(f"sqlite:///{tmp_path / 'runs.db'}"))
    monkeypatch.setattr(of_session, "configured_engine", lambda: made)
    monkeypatch.setattr(of_session, "keep_going", lambda runs: None)
    monkeypatch.setattr(of_session, "INTERVALS", Intervals())  # as if no other page had polled
    DESK.open("/direct-edit")
    yield made
    DESK.open("")
    made.store.engine.dispose()


@pytest.fixture
def session(engine: Queue) -> TrainSession:
    opened = TrainSession.opened({}, engine, CONFIG)
    opened.train(engine)
    return opened


def test_an_answer_is_the_frame_of_now(session: TrainSession, engine: Queue) -> None:
    frame = session.answer({"sequence": 0, "do": "poll"})
    assert frame["direct"] == {"path": "/direct-edit", "ticket": session.ticket}
    assert (frame["every"], frame["page_due"], frame["sequence"]) == (FIRST, False, 0)
    assert frame["runs"][0]["status"] == "queued"
    assert json.loads(json.dumps(session.answer({"do": "poll"}), allow_nan=False))["query"] == frame["query"]


def test_an_action_is_done_and_answered(session: TrainSession, engine: Queue) -> None:
    (run,) = session.runs.ids
    frame = session.answer({"sequence": 4, "owner": session.owner, "do": "stop", "run": run, "content": ""})
    assert frame["sequence"] == 4 and engine.store.run(run).wanted == "stop"


def test_a_poll_takes_nothing_away_that_is_to_be_read(session: TrainSession, engine: Queue) -> None:
    act(session, engine, "stop", "no-such-run")
    said = session.answer({"do": "poll"})["said"]
    assert said and session.answer({"do": "poll"})["said"] == said
    act(session, engine, "poll")  # as it comes through the socket
    assert session.answer({"do": "poll"})["said"] == said


def test_a_poll_that_comes_late_is_no_older_action(session: TrainSession, engine: Queue) -> None:
    session.take_action({"sequence": 7, "owner": session.owner, "do": "owner"}, engine)
    session.take_action({"sequence": 6, "owner": "", "do": "poll"}, engine)
    assert session.answer({"sequence": 0, "do": "poll"})["sequence"] == 7


def test_the_browser_is_told_that_the_page_is_due(session: TrainSession, engine: Queue) -> None:
    (run,) = session.runs.ids
    frame = session.answer({"sequence": 1, "owner": session.owner, "do": "settings", "run": run})
    assert frame["page_due"] and session.answer({"do": "poll"})["page_due"], "until the page has run"


def test_where_nothing_goes_on_nothing_is_asked_for(session: TrainSession, engine: Queue) -> None:
    engine.cancel(session.runs.ids[0])
    assert session.answer({"do": "poll"})["every"] is None


def test_where_nobody_answers_the_frame_says_so(session: TrainSession, engine: Queue) -> None:
    DESK.open("")
    assert session.runs_frame(engine)["direct"] is None
