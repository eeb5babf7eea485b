"""The train page's session without a browser: settings as they are typed, links, who may do what, what is sent."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import torch

from playground.data.datasets import DATASETS, DatasetRow
from playground.errors import PlaygroundError
from playground.layers.document import OPTIMIZERS, StackDocument
from playground.lessons.runs import RUNS
from playground.runs.limits import LIMITS
from playground.runs.run import Run
from playground.runs.store import Store
from playground.training.config import SETTINGS, TrainConfig
from playground.training.examples import data_of
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.pace import steps_of
from playground.training.records import LayerRecord, TrainRecord
from playground.ui.shared.hand_over import from_stack
from playground.ui.train import followed_run as train_follow
from playground.ui.train import runs as train_runs
from playground.ui.train.captions import state
from playground.ui.train.links import MOST_SHOWN, restore_train, train_query
from playground.ui.train.net_check import check
from playground.ui.train.preview import preview_html
from playground.ui.train.session import TrainSession
from playground.ui.train.settings import GROUPS, differing, fields, read_settings

CONFIG = TrainConfig(train_size=200, test_size=50, batch=20, epochs=2)


class Queue:
    """An engine that only keeps the queue: nobody works on it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.cancelled = list[str]()

    def submit(self, config: TrainConfig, *, owner: str = "", title: str = "") -> Run:
        return self.store.submit(config, owner=owner, title=title)

    def cancel(self, run: str) -> None:
        self.cancelled.append(run)
        self.store.stop(run)

    def ensure(self) -> None:
        pass


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(Store(f"sqlite:///{tmp_path / 'runs.db'}"))
    yield made
    made.store.engine.dispose()


@pytest.fixture(scope="module")
def records() -> list[TrainRecord]:
    return list(train(CONFIG, data_of(CONFIG)))


@pytest.fixture(scope="module", params=["loss", "test loss", "weights"])
def diverged(request: pytest.FixtureRequest) -> str:
    """What the training loop says of a net whose last step went too far, as it is noticed here or there."""
    config = replace(CONFIG, text="Flatten Linear(5) ReLU Linear(10)", steps=3)
    learner = Learner(config, data_of(config))
    name, number = ("linear1.bias", -math.inf) if request.param == "weights" else ("linear2.weight", math.nan)
    spoilt_after = 2 if request.param == "loss" else 3

    def spoil(*_: Any) -> None:
        if learner.step + 1 == spoilt_after:
            with torch.no_grad():
                learner.model.get_parameter(name).view(-1)[0] = number

    learner.optimizer.register_step_post_hook(spoil)
    with pytest.raises(PlaygroundError) as caught:
        list(train(config, data_of(config), learner=learner))
    assert re.match(f"the {request.param} (is|are) ", caught.value.message)
    return f"{caught.value.message}; {caught.value.hint}"


def opened(engine: Queue, **params: list[str]) -> TrainSession:
    return TrainSession.opened(params, engine, CONFIG)


def typed(session: TrainSession, **changes: Any) -> dict[str, Any]:
    """What the browser sends: all fields as they stand in the form, with some changed."""
    frame = session.setup_frame()
    values = {field["name"]: field["value"] for field in frame["fields"]} | {"text": frame["text"]}
    return {"sequence": session.sequence + 1, "owner": session.owner, "fields": values | changes, "do": ""}


def act(session: TrainSession, engine: Queue, what: str, run: str = "", content: Any = "", owner: str = "") -> None:
    sent = {"sequence": session.acted + 1, "owner": owner or session.owner, "do": what, "run": run, "content": content}
    session.take_action(sent, engine)


def works(engine: Queue, records: list[TrainRecord]) -> str:
    """Claim the next run and report these records of it; the worker's name."""
    worker = f"worker-{time.monotonic_ns()}"
    run = engine.store.claim(worker)
    assert run is not None
    engine.store.report(run.id, worker, records, step=records[-1].step, steps=20, seconds=records[-1].seconds)
    return worker


def test_every_setting_has_a_field() -> None:
    assert {"text", *(name for names in GROUPS.values() for name in names)} == set(SETTINGS)


def test_a_form_sent_back_unchanged_changes_nothing(engine: Queue) -> None:
    for preset in RUNS.presets:
        session = TrainSession.opened({}, engine, preset.document)
        session.take_setup(typed(session), engine)
        assert session.typed.config == preset.document and not session.typed.refused


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("epochs", "many"), ("epochs", "0"), ("batch", "1e3"), ("batch", "1,000"), ("learning_rate", "nan"),
        ("learning_rate", "-1"), ("optimizer", "Magic"), ("data", "../../etc"), ("rng_seed", "1.5"), ("folds", "1"),
        ("normalise", "perhaps"), ("momentum", "1"), ("text", 7), ("epochs", None), ("epochs", ["3"]),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_marked_at_its_field_and_the_rest_is_taken(
    engine: Queue, name: str, content: Any
) -> None:
    session = opened(engine)
    session.take_setup(typed(session, **{name: content}, clip="2.5") | {"do": "train"}, engine)
    assert set(session.typed.refused) == {name}
    assert session.typed.config.clip == 2.5
    assert getattr(session.typed.config, name) == getattr(CONFIG, name)
    assert name in session.said and not session.runs.ids
    if name != "text":
        field = next(field for field in session.setup_frame()["fields"] if field["name"] == name)
        assert field["refused"] and (field["kind"] == "flag" or field["value"] == str(content))
    mended = str(getattr(CONFIG, name))
    session.take_setup(typed(session, **{name: mended}), engine)
    assert not session.typed.refused


@pytest.mark.parametrize("row", DATASETS, ids=lambda row: row.name)
def test_choosing_data_brings_a_batch_and_epochs_that_suit_it(engine: Queue, row: DatasetRow) -> None:
    session = TrainSession.opened({}, engine, RUNS.presets[0].document)
    session.take_setup(typed(session, data=row.name), engine)
    config = session.typed.config
    assert (config.data, config.batch, config.epochs) == (row.name, row.batch, row.epochs)
    shown = {field["name"]: field["value"] for field in session.setup_frame()["fields"]}
    assert (shown["batch"], shown["epochs"]) == (str(row.batch), str(row.epochs))
    assert steps_of(config, row.train_size) <= 2000
    session.take_setup(typed(session, data="digits"), engine)
    assert session.typed.config == RUNS.presets[0].document


def test_a_batch_that_was_typed_stays_with_other_data_and_a_link_keeps_its_own(engine: Queue) -> None:
    session = TrainSession.opened({}, engine, RUNS.presets[0].document)
    session.take_setup(typed(session, batch="7"), engine)
    session.take_setup(typed(session, data="MNIST"), engine)
    assert (session.typed.config.batch, session.typed.config.epochs) == (7, 2)
    session.take_setup(typed(session, data="KMNIST", epochs="9"), engine)  # at once
    assert (session.typed.config.batch, session.typed.config.epochs) == (7, 9)
    session.take_setup(typed(session, data="digits", batch="many"), engine)
    assert session.typed.refused.keys() == {"batch"} and session.typed.config.batch == 7
    link = opened(engine, text=["Flatten Linear(10)"], data=["MNIST"], batch=["20"], epochs=["10"])
    link.take_setup(typed(link, learning_rate="0.2"), engine)
    assert (link.typed.config.batch, link.typed.config.epochs) == (20, 10)
    preset = RUNS.preset("L4.4b").document
    session.open(preset)
    session.take_setup(typed(session), engine)
    assert session.typed.config == preset


def test_all_examples_are_said_so(engine: Queue) -> None:
    session = TrainSession.opened({}, engine, TrainConfig())
    shown = {field["name"]: field["value"] for field in session.setup_frame()["fields"]}
    assert shown["train_size"] == shown["test_size"] == "all" and shown["folds"] == "0"
    session.take_setup(typed(session, train_size="300", test_size=" All "), engine)
    assert (session.typed.config.train_size, session.typed.config.test_size) == (300, 0)
    assert differing([TrainConfig(), session.typed.config]) == [("Training examples", ["all", "300"])]
    session.take_setup(typed(session, train_size="0", epochs="all"), engine)
    assert session.typed.config.train_size == 0 and session.typed.refused.keys() == {"epochs"}


def test_settings_that_depend_on_each_other_may_come_in_any_order() -> None:
    for given in ({"nesterov": True, "momentum": "0.9"}, {"fold": "3", "folds": "5"}):
        read = read_settings(TrainConfig(), given)
        assert not read.refused and read.config != TrainConfig()
    assert "momentum" in read_settings(TrainConfig(), {"nesterov": True}).refused["nesterov"][1]


def test_only_fields_that_matter_are_shown() -> None:
    read = read_settings(TrainConfig(), {"optimizer": "Adam"})
    shown = {field["name"] for field in fields(read) if field["shown"]}
    assert "momentum" not in shown and "decay" not in shown and "learning_rate" in shown


def test_the_check_names_the_layer_that_does_not_fit() -> None:
    good = check(TrainConfig("Flatten Linear(10)"))
    assert good["problem"] is None and good["parameters"] == 784 * 10 + 10
    assert [row["gives"] for row in good["rows"]] == ["(N, 784)", "(N, 10)"]
    bad = check(TrainConfig("Flatten Linear(50) Conv2d(4, 3)"))["problem"]
    assert bad is not None and "Conv2d" in bad["message"]
    assert check(TrainConfig("Flatten ReLU"))["problem"] is not None
    assert check(TrainConfig("Flatten Linaer(10)"))["problem"]["repairs"]
    assert check(TrainConfig("Flatten Linear(10)", data="CIFAR-10"))["parameters"] == 3 * 32 * 32 * 10 + 10


def test_train_submits_what_is_typed_and_the_link_names_the_run(engine: Queue) -> None:
    session = opened(engine)
    session.take_setup(typed(session, epochs="7") | {"do": "train"}, engine)
    [run] = engine.store.runs()
    assert run.config == session.typed.config and run.config.epochs == 7 and run.owner == session.owner
    assert session.query == f"v=1&run={run.id}" and session.runs.interval is not None
    again = opened(engine, v=["1"], run=[run.id])
    assert again.typed.config == run.config and again.runs.ids == [run.id] and not again.problems


def test_a_page_looks_less_often_the_longer_its_run_has_to_wait(engine: Queue, records: list[TrainRecord]) -> None:
    waiting = [engine.submit(CONFIG, owner=f"owner {number}").id for number in range(60)]
    seconds = []
    for run in waiting:
        session = opened(engine, v=["1"], run=[run])
        assert session.runs_frame(engine)["runs"][0]["state"] == state(session.runs.followed[0].run, waiting.index(run))
        assert session.runs.interval is not None
        seconds.append(session.runs.interval)
    assert seconds[:3] == [0.2, 0.5, 0.5] and seconds == sorted(seconds) and seconds[-1] == 10
    assert sum(1 / every for every in seconds) < 30  # of all of them, a second
    engine.store.claim("a worker")
    assert opened(engine, v=["1"], run=[waiting[0]]).runs.interval == 0.2  # until its first point
    assert opened(engine, v=["1"], run=[waiting[1]]).runs.interval == 0.2  # it is the next
    engine.store.report(waiting[0], "a worker", records[:1], step=1, seconds=19)
    assert opened(engine, v=["1"], run=[waiting[0]]).runs.interval == 0.5
    engine.store.report(waiting[0], "a worker", records[1:2], step=2, seconds=21)
    assert opened(engine, v=["1"], run=[waiting[0]]).runs.interval == 1.25  # its curve changes less with every point
    engine.store.pause(waiting[0])
    assert opened(engine, v=["1"], run=[waiting[0]]).runs.interval == 0.2  # somebody waits for it to pause


def test_the_first_points_are_drawn_before_the_page_looks_less_often(
    engine: Queue, records: list[TrainRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    for module in (train_follow, train_runs):
        monkeypatch.setattr(module, "monotonic", lambda: now)
    session = opened(engine, v=["1"], run=[engine.submit(CONFIG, owner="an owner").id])
    works(engine, records[:2])
    session.runs.poll(engine.store)
    assert session.runs.interval == 0.2, "another number would have the page run anew first"
    assert session.runs_frame(engine)["runs"][0]["last"] == 2
    assert session.runs.interval == 0.2
    now += 1
    session.runs_frame(engine)
    assert session.runs.interval == 0.5


def test_a_net_that_does_not_fit_is_not_started(engine: Queue) -> None:
    session = opened(engine)
    session.take_setup(typed(session, text="Flatten Linear(50) Conv2d(4, 3)") | {"do": "train"}, engine)
    assert "Conv2d" in session.said and not engine.store.runs()


def test_links_round_trip() -> None:
    for config in (TrainConfig(), TrainConfig("Flatten\nLinear(10)", normalise=True, shuffle=False, momentum=0.9)):
        read = restore_train(parse_qs(train_query(config, ["abcdef12"]), keep_blank_values=True))
        assert (read.document, read.runs, read.problems) == (config, ("abcdef12",), ())
    assert restore_train({}).document is None


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"run": ["../../etc/passwd"]}, "run"),
        ({"run": ["<img src=x onerror=alert(1)>"]}, "run"),
        ({"run": [f"{n:06x}" for n in range(20)]}, f"first {MOST_SHOWN}"),
        ({"v": ["99"], "text": ["ReLU"]}, "version"),
        ({"epochs": ["1e9"], "text": ["ReLU"]}, "epochs"),
        ({"__class__": ["x"]}, "understood"),
        ({"text": ["x" * 100_000]}, "longer"),
        ({"run": ["abcdef123456"]}, "no run"),
    ],
)
def test_hostile_links_open_with_a_message(engine: Queue, params: dict[str, list[str]], word: str) -> None:
    session = TrainSession.opened(params, engine, CONFIG)
    assert any(word in problem for problem in session.problems)
    json.dumps([session.setup_frame(), session.runs_frame(engine)], allow_nan=False)


def test_only_news_travel_and_a_browser_that_lost_a_part_gets_everything(
    engine: Queue, records: list[TrainRecord]
) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    worker = works(engine, records[:5])
    session.runs.poll(engine.store)
    [first] = session.runs_frame(engine)["runs"]
    assert (first["after"], first["last"]) == (-1, 5) and first["columns"]["step"] == [1, 2, 3, 4, 5]
    [idle] = session.runs_frame(engine)["runs"]
    assert (idle["after"], idle["last"], idle["columns"]["step"], idle["lines"]) == (5, 5, [], [])
    engine.store.report(first["id"], worker, records[5:], step=20)
    [news] = session.runs_frame(engine)["runs"]
    assert (news["after"], news["columns"]["step"]) == (5, [record.step for record in records[5:]])
    act(session, engine, "again")
    [whole] = session.runs_frame(engine)["runs"]
    assert whole["after"] == -1 and whole["columns"]["step"] == [record.step for record in records]
    assert whole["lines"] == first["lines"] + news["lines"]
    assert f"{100 * records[-1].test_accuracy:.1f} %" in whole["sentence"]  # type: ignore[operator]


def test_only_the_owner_controls_a_run(engine: Queue, records: list[TrainRecord]) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    other = opened(engine, run=[run])
    assert not other.runs_frame(engine)["runs"][0]["mine"]
    for what in ("pause", "stop", "rate", "epoch"):
        act(other, engine, what, run, "0.5")
        assert "started" in other.said_runs and engine.store.run(run).status == "queued"
    act(session, engine, "pause", run)
    assert engine.store.run(run).status == "paused"
    act(session, engine, "resume", run)
    works(engine, records[:3])
    session.runs.poll(engine.store)
    act(session, engine, "rate", run, "0.02")
    assert engine.store.run(run).learning_rate == 0.02
    act(session, engine, "rate", run, "fast")
    assert "no number" in session.said_runs
    act(session, engine, "epoch", run)
    assert engine.store.run(run).more_epochs == 1
    act(session, engine, "stop", run)
    assert engine.store.run(run).wanted == "stop" and "stopping" in session.runs_frame(engine)["runs"][0]["state"]
    act(session, engine, "explode", run)
    assert session.said_runs


def test_stop_is_the_engines_to_carry_out_once_and_for_the_owner_alone(engine: Queue) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    act(session, engine, "pause", run)
    act(opened(engine, run=[run]), engine, "stop", run)
    assert engine.cancelled == []
    act(session, engine, "stop", run)
    assert engine.cancelled == [run] and engine.store.run(run).status == "stopped"
    act(session, engine, "stop", run)  # a button that was drawn before
    assert engine.cancelled == [run]


def test_the_token_that_a_browser_keeps_makes_its_runs_its_own_again(engine: Queue) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    later = opened(engine, run=session.runs.ids)
    act(later, engine, "owner", owner=session.owner)
    frame = later.runs_frame(engine)
    assert frame["runs"][0]["mine"] and [run["id"] for run in frame["list"]] == session.runs.ids
    act(later, engine, "owner", owner="short")
    assert later.owner == session.owner


def test_a_changed_setting_marks_the_numbers_as_of_the_old_one(engine: Queue, records: list[TrainRecord]) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    works(engine, records[:3])
    session.take_setup(typed(session, learning_rate="0.5", text="Flatten Linear(10)"), engine)
    frame = session.runs_frame(engine)
    assert ["Learning rate", "0.1", "0.5"] in frame["stale"] and "text=" in frame["query"]
    assert engine.store.run(session.runs.ids[0]).config == CONFIG  # the run itself goes on as it was begun
    act(session, engine, "settings", session.runs.ids[0])
    assert session.runs_frame(engine)["stale"] == [] and session.typed.config == CONFIG


def test_runs_are_compared_and_a_new_one_joins_them(engine: Queue) -> None:
    session = opened(engine)
    for rate in ("0.1", "0.2"):
        session.take_setup(typed(session, learning_rate=rate) | {"do": "train"}, engine)
    second, first = session.runs.ids
    assert [run.id for run in engine.store.runs()] == [second, first], "the new one joins the one before it"
    frame = session.runs_frame(engine)
    assert [run["name"] for run in frame["runs"]] == ["lr 0.2", "lr 0.1"]
    assert {trace["name"] for trace in frame["charts"][0]["traces"]} == {"A lr 0.2", "B lr 0.1", "A test", "B test"}
    assert frame["differences"] == [["Learning rate", "0.2", "0.1"]]
    assert [run["letter"] for run in frame["runs"]] == ["A", "B"] and frame["query"].count("run=") == 2
    session.take_setup(typed(session, learning_rate="0.3") | {"do": "train"}, engine)
    assert len(session.runs.ids) == 3
    assert "2 runs ahead" in session.runs_frame(engine)["runs"][0]["state"]
    act(session, engine, "hide", second)
    assert second not in session.runs.ids
    act(session, engine, "only", first)
    assert session.runs.ids == [first]


def test_no_more_runs_join_than_there_are_colours(engine: Queue) -> None:
    ids = [engine.submit(CONFIG, owner=f"owner {number}").id for number in range(MOST_SHOWN)]
    session = opened(engine, run=ids)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    assert session.runs.ids[1:] == ids[:-1] and len(session.runs.ids) == MOST_SHOWN


def test_a_run_is_named_by_its_owner_alone(engine: Queue) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    own = session.runs_frame(engine)["runs"][0]["name"]
    act(session, engine, "name", run, " <b>mine</b>\n ")
    frame = session.runs_frame(engine)
    assert engine.store.run(run).title == "<b>mine</b>" == frame["runs"][0]["name"] == frame["list"][0]["name"]
    act(opened(engine, run=[run]), engine, "name", run, "yours")
    act(session, engine, "name", run, "x" * 61)
    assert "60 at most" in session.said_runs and engine.store.run(run).title == "<b>mine</b>"
    act(session, engine, "name", run, "")
    assert session.runs_frame(engine)["runs"][0]["name"] == own and session.said_runs == ""


def test_layers_keep_their_curves_beside_another_run(engine: Queue, records: list[TrainRecord]) -> None:
    session = opened(engine)
    for rate in ("0.1", "0.2"):
        session.take_setup(typed(session, learning_rate=rate) | {"do": "train"}, engine)
        works(engine, records[:5])
    session.runs.poll(engine.store)
    frame = session.runs_frame(engine)
    norms = next(chart for chart in frame["charts"] if chart["id"] == "gradient_norm")
    assert "gradient_norm" in frame["layer_charts"]
    assert {trace["run"] for trace in norms["traces"]} == {"A", "B"}
    assert all("gradient_norm:linear1" in run["columns"] for run in frame["runs"])


def test_any_run_is_shown_beside_the_others_by_its_link_or_its_id(engine: Queue) -> None:
    theirs = [engine.submit(replace(CONFIG, epochs=epochs), owner="somebody else").id for epochs in range(3, 6)]
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    mine = session.runs.ids[0]
    act(session, engine, "add", content=f" {theirs[0]} ")
    assert session.runs.ids == [mine, theirs[0]] and session.said_add == ""
    assert [run["mine"] for run in session.runs_frame(engine)["runs"]] == [True, False]
    link = f"http://127.0.0.1:8501/train?{train_query(CONFIG, theirs)}&embed=true#top"
    act(session, engine, "add", content=link)
    assert session.runs.ids == [mine, *theirs] and session.said_add == ""
    act(session, engine, "add", content=link)  # once more changes nothing
    assert session.runs.ids == [mine, *theirs] and session.typed.config == CONFIG


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "no run is named"),
        ("   ", "no run is named"),
        ("my best run", "neither a link"),
        ("http://[", "neither a link"),
        ("http://127.0.0.1:8501/train?v=1&epochs=3", "neither a link"),
        ("http://127.0.0.1:8501/train?run=../../etc/passwd", "neither a link"),
        ("<img src=x onerror=alert(1)>?run=%00", "neither a link"),
        ("?run=" + "a" * 100_000, "neither a link"),
        ("abcdef123456", "there is no run 'abcdef123456'"),
        ("/train?run=abcdef123456", "there is no run 'abcdef123456'"),
        (["abcdef123456"], "neither a link"),
        (None, "neither a link"),
    ],
)
def test_what_is_no_run_is_refused_where_it_was_typed(engine: Queue, content: Any, word: str) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    shown = list(session.runs.ids)
    act(session, engine, "add", content=content)
    frame = session.runs_frame(engine)
    assert word in frame["said_add"] and len(frame["said_add"]) < 200 and frame["said"] == ""
    assert session.runs.ids == shown


def test_what_was_said_outlives_what_the_browser_asks_of_itself(engine: Queue) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    for what, field in (("rate", "said_runs"), ("add", "said_add")):
        act(session, engine, what, session.runs.ids[0], "fast")
        said = getattr(session, field)
        for unasked in ("again", "owner"):
            act(session, engine, unasked)
            assert said and getattr(session, field) == said
        act(session, engine, "hide", "abcdef123456")
        assert getattr(session, field) == ""


def test_no_more_runs_are_added_than_there_are_colours(engine: Queue) -> None:
    ids = [engine.submit(CONFIG, owner=f"owner {number}").id for number in range(MOST_SHOWN + 1)]
    session = opened(engine, run=ids[:MOST_SHOWN])
    act(session, engine, "add", content=ids[-1])
    assert f"{MOST_SHOWN} runs at most" in session.said_add and session.runs.ids == ids[:MOST_SHOWN]
    act(session, engine, "show", ids[-1])
    assert f"{MOST_SHOWN} runs at most" in session.said_runs and session.said_add == ""
    act(session, engine, "add", content=ids[0])  # it is there
    assert session.said_add == "" and session.runs.ids == ids[:MOST_SHOWN]


def test_too_many_runs_are_refused_in_words(engine: Queue) -> None:
    session = opened(engine)
    for _ in range(LIMITS.unfinished + 1):
        session.take_setup(typed(session) | {"do": "train"}, engine)
    assert "at most" in session.said and len(engine.store.runs()) == LIMITS.unfinished


@pytest.mark.parametrize("sent", [{}, {"fields": 3}, {"fields": {"epochs": {}}, "sequence": "x"}, {"owner": ["a"]}])
def test_nonsense_from_a_browser_changes_nothing(engine: Queue, sent: dict[str, Any]) -> None:
    session = opened(engine)
    session.take_setup(sent, engine)
    session.take_action(sent, engine)
    assert session.typed.config == CONFIG


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_layers_page_hands_its_stack_over(optimizer: str) -> None:
    document = StackDocument("Flatten Linear(10)", optimizer=optimizer, learning_rate=0.02, batch=50, rng_seed=3)
    config = from_stack(document)
    assert (config.text, config.learning_rate, config.batch, config.rng_seed) == ("Flatten Linear(10)", 0.02, 50, 3)
    assert config.momentum == (0.9 if "momentum" in optimizer else 0) and config.optimizer == optimizer.split()[0]


def test_looking_at_the_data_escapes_names() -> None:
    data = data_of(CONFIG)
    shown = preview_html(replace(data, classes=("<script>", *data.classes[1:])), CONFIG)
    assert "<script>" not in shown and "&lt;script&gt;" in shown
    assert shown.count("data:image/png") == 10 and "(20, 1, 28, 28)" in shown


def test_a_failed_run_says_why_and_may_be_tried_again(engine: Queue, records: list[TrainRecord], diverged: str) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    engine.store.release(run, works(engine, records[:2]), "failed", diverged)
    session.runs.poll(engine.store)
    [shown] = session.runs_frame(engine)["runs"]
    assert (
        diverged in shown["state"]
        and "step 3" in diverged
        and shown["can"] == ["retry", "tenth"]
        and session.runs.interval is None
    )
    assert shown["symptom"] is not None and shown["symptom"]["do"] == "tenth"
    assert shown["symptom"]["label"] == "Train again with lr 0.01" and "no number" in shown["symptom"]["text"]
    act(session, engine, "retry", run)
    assert engine.store.run(run).status == "queued"


def test_the_database_may_be_away(engine: Queue) -> None:
    session = opened(engine)
    engine.store.engine.dispose()
    Path(engine.store.url.removeprefix("sqlite:///")).unlink()
    with pytest.raises(PlaygroundError):
        session.runs_frame(engine)


def test_a_tenth_of_the_rate_is_a_run_of_its_own(engine: Queue, records: list[TrainRecord], diverged: str) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    act(session, engine, "tenth", run)
    assert session.runs.ids == [run]  # it has not failed
    engine.store.release(run, works(engine, records[:2]), "failed", diverged)
    act(session, engine, "tenth", run, owner="somebody-else-entirely-0123456789")
    assert "only the one who started" in session.said_runs and session.runs.ids == [run]
    session.owner = engine.store.run(run).owner
    act(session, engine, "tenth", run)
    new = engine.store.run(session.runs.ids[0])
    assert new.id != run and new.config == replace(CONFIG, learning_rate=CONFIG.learning_rate / 10)
    assert session.typed.config == new.config and session.is_page_due
    assert engine.store.records(run) == records[:2]


def test_a_run_that_only_guesses_says_so_and_is_trained_again_with_one_thing_changed(engine: Queue) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    layer = LayerRecord("linear1", gradient_norm=1.0, weight_norm=1.0, update_ratio=0.5)
    guessing = [TrainRecord(step, step / 10, 2.4, 0.1, 0.1, step / 50, 400.0, (layer,)) for step in range(10, 210, 10)]
    worker = works(engine, guessing[:5])
    session.runs.poll(engine.store)
    assert session.runs_frame(engine)["runs"][0]["symptom"] is None, "every run begins so"
    engine.store.report(run, worker, guessing[5:], step=200)
    symptom = session.runs_frame(engine)["runs"][0]["symptom"]
    assert symptom is not None and symptom["do"] == "cure" and symptom["label"] == "Train again with lr 0.01"
    assert symptom["text"] == (
        "In steps 101 to 200 10.0 % are right, and guessing gives 10 %: "
        "a step changes the weights of linear1 by 50 % of their size, which is too much."
    )
    guest = opened(engine, run=[run])
    guest.runs_frame(engine)
    act(guest, engine, "cure", run)
    assert guest.typed.config.learning_rate == 0.01 and guest.runs.ids == [run], "the form is filled in"
    act(session, engine, "cure", run)
    new = engine.store.run(session.runs.ids[0])
    assert session.runs.ids == [new.id, run] and new.config == replace(CONFIG, learning_rate=0.01)
    assert session.typed.config == new.config and session.is_page_due
    act(session, engine, "cure", new.id)  # of which nothing is wrong yet
    act(session, engine, "cure", "abcdef123456")
    assert len(session.runs.ids) == 2


def test_a_failed_run_whose_rate_was_set_is_tried_again_as_another(engine: Queue, records: list[TrainRecord]) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    worker = works(engine, records[:5])
    act(session, engine, "rate", run, "0.5")
    engine.store.release(run, worker, "failed", "the loss is NaN in step 6; first not finite: linear1.weight")
    act(session, engine, "retry", run)
    assert engine.store.run(run).status == "failed" and engine.store.records(run) == records[:5]
    new = engine.store.run(session.runs.ids[0])
    assert new.id != run and new.config == replace(CONFIG, learning_rate=0.5) and new.learning_rate is None


def test_freeze_pauses_and_then_opens(engine: Queue, records: list[TrainRecord]) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    worker = works(engine, records[:5])
    session.runs.poll(engine.store)
    assert "freeze" in session.runs_frame(engine)["runs"][0]["can"]
    act(session, engine, "freeze", run)
    session.watch()
    assert engine.store.run(run).wanted == "pause" and session.frozen is None
    engine.store.release(run, worker, "paused")
    session.runs.poll(engine.store)
    session.watch()
    assert session.frozen is not None and session.frozen.run == run and session.is_page_due
    assert session.runs_frame(engine)["frozen"] == session.frozen.number
    assert parse_qs(session.query)["frozen"] == [run]
    again = TrainSession.opened(parse_qs(session.query), engine, CONFIG)
    assert again.frozen is not None and again.frozen.run == run and again.query == session.query
    session.close_step()
    assert "frozen" not in session.query


def test_who_resumes_meanwhile_gets_no_step(engine: Queue, records: list[TrainRecord]) -> None:
    session = opened(engine)
    session.take_setup(typed(session) | {"do": "train"}, engine)
    run = session.runs.ids[0]
    worker = works(engine, records[:5])
    act(session, engine, "freeze", run)
    act(session, engine, "resume", run)
    engine.store.release(run, worker, "finished")
    session.runs.poll(engine.store)
    session.watch()
    assert session.frozen is None
    act(session, engine, "open", run, owner="somebody-else-entirely-0123456789")  # whoever has the link may look
    assert session.frozen is not None


@pytest.mark.parametrize("frozen", ["../x", "<b>", "abc", "G" * 12, ""])
def test_a_frozen_run_that_is_none_is_named(engine: Queue, frozen: str) -> None:
    session = opened(engine, frozen=[frozen])
    assert session.frozen is None and len(session.problems) == bool(frozen)
