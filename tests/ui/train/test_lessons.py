"""The lecture beside one's own runs, several runs by one click, uploads, and data that is not here."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import io
import json
import re
import statistics
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from playground.data import datasets
from playground.data.archives import OFFLINE, paths
from playground.data.dataset import Data
from playground.data.uploads.images import from_images
from playground.data.uploads.store import describe
from playground.data.uploads.table import from_table
from playground.lessons.lecun_1998 import TABLE
from playground.lessons.runs import RUNS, reported
from playground.runs.limits import LIMITS
from playground.runs.run import Run
from playground.runs.store import Store
from playground.runs.worker import work
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.records import TrainRecord
from playground.ui.train.links import MOST_SHOWN
from playground.ui.train.notes import missing, with_digits
from playground.ui.train.preview import preview_html
from playground.ui.train.session import TrainSession
from playground.ui.train.upload import described

FOLDS = TrainConfig("Flatten Linear(10)", train_size=200, folds=3, batch=50, epochs=1)


class Queue:
    """An engine that only keeps the queue: nobody works on it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def submit(self, config: TrainConfig, *, owner: str = "", title: str = "") -> Run:
        return self.store.submit(config, owner=owner, title=title)

    def cancel(self, run: str) -> None:
        self.store.stop(run)

    def ensure(self) -> None:
        pass


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache folder for each test, in which no data set lies, and no network."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PLAYGROUND_DATA", raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("no_proxy", "")
    yield
    datasets._cached.clear()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(Store(f"sqlite:///{tmp_path / 'runs.db'}"))
    yield made
    made.store.engine.dispose()


def opened(engine: Queue, config: TrainConfig) -> TrainSession:
    return TrainSession.opened({}, engine, config)


def press(session: TrainSession, engine: Queue, do: str) -> None:
    session.take_setup({"sequence": session.sequence + 1, "owner": session.owner, "fields": {}, "do": do}, engine)


def act(session: TrainSession, engine: Queue, what: str, run: str = "") -> None:
    session.take_action(
        {"sequence": session.acted + 1, "owner": session.owner, "do": what, "run": run, "content": ""}, engine
    )


def works(engine: Queue) -> str:
    """Train the next run of the queue to its end, as a worker does."""
    run = engine.store.claim("worker")
    assert run is not None
    work(engine.store, run)
    return run.id


def reports(engine: Queue, records: list[TrainRecord], end: str = "finished") -> str:
    """Say of the next run of the queue that it has these records."""
    run = engine.store.claim("worker")
    assert run is not None
    engine.store.report(run.id, "worker", records, step=records[-1].step, steps=records[-1].step)
    if end:
        engine.store.release(run.id, "worker", end)  # type: ignore[arg-type]
    return run.id


def record(step: int, epoch: float, test_accuracy: float | None = None) -> TrainRecord:
    test_loss = None if test_accuracy is None else 0.5
    return TrainRecord(step, epoch, 0.5, 0.75, 0.1, 1.0, 1.0, test_loss=test_loss, test_accuracy=test_accuracy)


def shown(session: TrainSession, engine: Queue) -> dict[str, Any]:
    session.runs.poll(engine.store)
    frame = session.runs_frame(engine)
    json.dumps(frame, allow_nan=False)
    return frame


def table(frame: dict[str, Any], id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(table for table in frame["tables"] if table["id"] == id)
    return found


def notes(session: TrainSession) -> dict[str, dict[str, Any]]:
    """`{text, fields}` by the label of the button; '' is the last note without one."""
    found: dict[str, dict[str, Any]] = {}
    for note in session.setup_frame()["notes"]:
        for cure in note["cures"] or [{"label": "", "fields": {}}]:
            found[cure["label"]] = {"text": note["text"], "fields": cure["fields"]}
    return found


def test_the_lectures_figure_stands_beside_ones_own_while_it_trains_and_after(engine: Queue) -> None:
    config = RUNS.preset("L2.1").document
    [figure] = reported(config)
    session = opened(engine, config)
    assert figure.shown(figure.value) in notes(session)[""]["text"]
    press(session, engine, "train")
    [told] = shown(session, engine)["runs"][0]["figures"]
    assert told == {"lecture": "test accuracy after 3 epochs: lecture 80 %", "yours": "yours: not yet"}
    reports(engine, [record(600, 1.0, 0.5)], end="")
    assert shown(session, engine)["runs"][0]["figures"][0]["yours"] == "yours 50 % so far (epoch 1.0)"
    engine.store.report(session.runs.ids[0], "worker", [record(1800, 3.0, 0.8125), record(2400, 4.0, 0.9)], step=2400)
    assert shown(session, engine)["runs"][0]["figures"][0]["yours"] == f"yours {figure.shown(0.8125)}"
    act(session, engine, "again")
    assert shown(session, engine)["runs"][0]["figures"][0]["yours"] == f"yours {figure.shown(0.8125)}"
    other = opened(engine, replace(config, batch=101))
    press(other, engine, "train")
    assert shown(other, engine)["runs"][0]["figures"] == []


def test_a_group_is_trained_by_one_click_and_compared(engine: Queue) -> None:
    group = next(group for group in RUNS.groups if group.id == "L2.5")
    session = opened(engine, TrainConfig())
    session.train_together(engine, [(preset.document, preset.title) for preset in group.presets])
    frame = shown(session, engine)
    assert [run["name"] for run in frame["runs"]] == [preset.title for preset in group.presets]
    assert [engine.store.run(id).config for id in session.runs.ids] == [preset.document for preset in group.presets]
    assert session.typed.config == group.presets[0].document and session.said == ""
    reports(engine, [record(1800, 3.0, 0.8125)])
    rows = table(shown(session, engine), "results")["rows"]
    assert rows[0]["cells"][1:3] == ["81.25 %", "3"] and rows[1]["cells"][1] == ""
    assert [row["cells"][-1] for row in rows] == [
        f"{figure.metric} {figure.shown(figure.value)} {figure.when}"
        for preset in group.presets
        for figure in reported(preset.document)
    ]
    session.train_together(engine, [(preset.document, preset.title) for preset in group.presets])
    assert f"{LIMITS.unfinished} of your runs" in session.said and "3 of 4" in session.said
    assert len(session.runs.ids) == 3


def test_all_folds_train_and_their_mean_is_told(engine: Queue) -> None:
    session = opened(engine, FOLDS)
    assert session.setup_frame()["folds"]["label"] == "Train all 3 folds"
    press(session, engine, "folds")
    configs = [engine.store.run(id).config for id in session.runs.ids]
    assert configs == [replace(FOLDS, fold=fold) for fold in range(3)]
    for _ in range(2):
        works(engine)
    reached = [engine.store.records(id)[-1].test_accuracy or 0.0 for id in session.runs.ids[:2]]
    [*rows, last] = table(shown(session, engine), "folds")["rows"]
    assert [row["cells"][1] for row in rows] == ["finished", "finished", "queued"]
    mean, deviation = 100 * statistics.mean(reached), 100 * statistics.stdev(reached)
    assert last["kind"] == "sum" and last["cells"][1:] == ["2 of 3 finished", f"{mean:.2f} % ± {deviation:.2f} %"]
    act(session, engine, "only", session.runs.ids[2])  # the others count where they are not shown, too
    assert table(shown(session, engine), "folds")["rows"][-1] == last
    press(session, engine, "folds")
    assert "have been trained" in session.said and len(engine.store.runs()) == 3


def test_more_folds_than_runs_are_allowed_train_in_turns(engine: Queue) -> None:
    folds = LIMITS.unfinished + 2
    session = opened(engine, replace(FOLDS, folds=folds))
    assert f"At most {LIMITS.unfinished}" in session.setup_frame()["folds"]["note"]
    press(session, engine, "folds")
    assert f"{LIMITS.unfinished} of {folds} were started" in session.said and "again for the rest" in session.said
    assert len(session.runs.ids) == min(MOST_SHOWN, LIMITS.unfinished)
    for _ in range(2):
        reports(engine, [record(3, 1.0, 0.5)])
    press(session, engine, "folds")
    assert session.said == "" and {run.config.fold for run in engine.store.runs()} == set(range(folds))


def test_folds_are_refused_in_words_and_absent_where_there_are_none(engine: Queue) -> None:
    session = opened(engine, replace(FOLDS, text="Flatten Linear(5) Conv2d(2, 2)"))
    press(session, engine, "folds")
    assert "not started" in session.said and not engine.store.runs()
    assert opened(engine, TrainConfig()).setup_frame()["folds"] is None


def test_lecuns_table_holds_ones_own_mnist_runs_by_their_error(engine: Queue) -> None:
    session = opened(engine, RUNS.preset("L4.4b").document)
    press(session, engine, "train")
    reports(engine, [record(6000, 5.0, 0.96)])
    session.take_setup(
        {"sequence": 2, "owner": session.owner, "fields": {"epochs": "1", "test_size": "100"}, "do": "train"}, engine
    )
    reports(engine, [record(1200, 1.0, 0.99)])  # on 100 of them: another measure
    session.take_setup({"sequence": 3, "owner": session.owner, "fields": {"test_size": "0"}, "do": "train"}, engine)
    reports(engine, [record(1200, 1.0, 0.999)])
    found = table(shown(session, engine), "lecun")
    cells = [row["cells"] for row in found["rows"]]
    own = [row["cells"] for row in found["rows"] if row["kind"] == "own"]
    assert [(row[1], row[3]) for row in own] == [("0.1 %", "measured here"), ("4 %", "measured here")]
    assert len(cells) == len(TABLE) + 2 and cells[0] == own[0]
    errors = [float(row[1].removesuffix(" %")) for row in cells]
    assert errors == sorted(errors) and [row[0] for row in cells] == [str(1 + place) for place in range(len(cells))]
    assert "not measured here" in found["note"] and found["open"]
    act(session, engine, "only", engine.store.runs()[0].id)
    assert not table(shown(session, engine), "lecun")["open"]  # one epoch is no longer the lecture's


def test_lecuns_table_agrees_with_what_the_examples_report() -> None:
    group = next(group for group in RUNS.groups if group.id == "L4.4")
    told = {figure.value for preset in group.presets for figure in reported(preset.document)}
    assert told <= {row.error for row in TABLE}


def test_without_file_and_network_the_run_says_so_and_offers_the_digits(engine: Queue) -> None:
    config = replace(RUNS.preset("L1.1").document, train_size=5000)
    session = opened(engine, config)
    note = notes(session)["Use the bundled digits"]
    assert "MNIST is not on this computer" in note["text"] and "12 MB" in note["text"]
    press(session, engine, "train")
    works(engine)
    [run] = shown(session, engine)["runs"]
    assert "MNIST is not on this computer" in run["state"] and OFFLINE in run["state"] and "digits" in run["can"]
    other = opened(engine, config)
    other.runs.ids = [run["id"]]
    other.runs.poll(engine.store)
    act(other, engine, "digits")
    assert len(engine.store.runs()) == 1  # somebody else's
    act(session, engine, "digits")
    [again] = session.runs.ids
    assert engine.store.run(again).config == with_digits(config)
    works(engine)
    assert shown(session, engine)["runs"][0]["status"] == "finished"
    session.take_setup({"sequence": 9, "owner": session.owner, "fields": note["fields"]}, engine)
    suits = replace(with_digits(config), batch=20, epochs=10)  # to choose data is to get what suits it
    assert session.typed.config == suits and "Use the bundled digits" not in notes(session)


def test_digits_are_not_offered_where_the_net_does_not_fit_them(engine: Queue) -> None:
    session = opened(engine, TrainConfig("Conv2d(4, 31) Flatten Linear(10)", data="CIFAR-10"))
    press(session, engine, "train")
    run = engine.store.claim("worker")
    assert run is not None
    engine.store.release(run.id, "worker", "failed", f"CIFAR-10 is not on this computer; {OFFLINE}")
    assert "digits" not in shown(session, engine)["runs"][0]["can"]


@pytest.fixture
def halfway(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Fashion-MNIST at a server of our own, which sends half of the pictures and the rest when the event is set."""
    go_on = threading.Event()
    pixels, labels = np.random.default_rng(0).integers(0, 256, (1000, 28, 28), dtype=np.uint8), np.arange(1000) % 10
    images = gzip.compress(struct.pack(">IIII", 0x803, *pixels.shape) + pixels.tobytes())
    numbers = gzip.compress(struct.pack(">II", 0x801, 1000) + labels.astype(np.uint8).tobytes())
    files = {path.rpartition("/")[2]: images if "images" in path else numbers for path in paths("Fashion-MNIST")}

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files[self.path.removeprefix("/")]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            go_on.wait(30)
            self.wfile.write(content[len(content) // 2 :])

        def log_message(self, format: str, *args: object) -> None:
            pass

    reader = importlib.import_module("torchvision.datasets").FashionMNIST
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    digests = [(name, hashlib.md5(content, usedforsecurity=False).hexdigest()) for name, content in files.items()]
    monkeypatch.setattr(reader, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(reader, "resources", digests)
    monkeypatch.setenv("no_proxy", "*")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield go_on
    go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_is_told_in_the_state(engine: Queue, halfway: threading.Event) -> None:
    session = opened(engine, TrainConfig("Flatten Linear(10)", data="Fashion-MNIST", epochs=1))
    press(session, engine, "train")
    worker = threading.Thread(target=works, args=(engine,))
    worker.start()
    deadline = time.monotonic() + 200
    told, share = "", None
    while not re.search(r"[1-9]\d? %", told) and time.monotonic() < deadline:
        run = shown(session, engine)["runs"][0]
        told, share = run["state"], run["share"]
        time.sleep(0.02)  # between two polls
    halfway.set()
    worker.join()
    found = re.fullmatch(r"downloads train-images-idx3-ubyte\.gz (\d+) %", told)
    assert found is not None and 0 < int(found[1]) < 100
    assert share is not None and int(100 * share) == int(found[1])
    [run] = shown(session, engine)["runs"]
    assert run["status"] == "finished" and run["share"] is None and "downloads" not in run["state"]


def pictures(classes: str = "ab", side: int = 12) -> Data:
    buffer = io.BytesIO()
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(buffer, "w") as packed:
        for name in classes:
            for number in range(10):
                picture = io.BytesIO()
                Image.fromarray(rng.integers(0, 256, (side, side), dtype=np.uint8)).save(picture, "PNG")
                packed.writestr(f"class {name}/{number}.png", picture.getvalue())
    buffer.seek(0)
    return from_images(buffer, side=side)


def test_uploaded_pictures_are_chosen_and_checked(engine: Queue) -> None:
    data = pictures()
    session = opened(engine, TrainConfig("Flatten Linear(10)", train_size=1000))
    session.choose_upload(data.name, engine)
    frame = session.setup_frame()
    assert frame["check"]["input"] == "(1, 12, 12)" and frame["check"]["classes"] == ["class a", "class b"]
    assert frame["check"]["rows"][-1]["gives"] == "(N, 2)"  # the net is fitted to the data
    fields = {"text": "Flatten Linear(10)"}
    session.take_setup({"sequence": 1, "owner": session.owner, "fields": fields}, engine)
    frame = session.setup_frame()
    field = next(field for field in frame["fields"] if field["name"] == "data")
    assert field["value"] == data.name and data.name in field["choices"]
    mend = notes(session)["Set out_features to 2"]
    assert "10 outputs for 2 classes" in mend["text"]
    session.take_setup({"sequence": 2, "owner": session.owner, "fields": mend["fields"], "do": "train"}, engine)
    assert session.typed.config.text == "Flatten Linear(2)" and "Set out_features to 2" not in notes(session)
    works(engine)
    assert shown(session, engine)["runs"][0]["status"] == "finished"
    assert "class a, class b" in described(describe(data.name)) and "16 to train on" in described(describe(data.name))
    assert preview_html(data_of(session.typed.config), session.typed.config).count("data:image/png") == 2
    session.take_setup({"sequence": 2, "owner": session.owner, "fields": {"data": "digits"}}, engine)
    field = next(field for field in session.setup_frame()["fields"] if field["name"] == "data")
    assert data.name in field["choices"]  # it stays there to be chosen again


@pytest.mark.parametrize(
    ("id", "said", "label", "mended"),
    [
        ("L0.9a", "784 outputs for 10 classes", "Append Linear(10)", "Flatten Bias Linear(10)"),
        ("L0.9b", "100 outputs for 10 classes", "Set out_features to 10", "Flatten Linear(300) ReLU Linear(10)"),
    ],
)
def test_what_pytorch_accepts_in_silence_is_said_and_mended_by_one_click(
    engine: Queue, id: str, said: str, label: str, mended: str
) -> None:
    session = opened(engine, RUNS.preset(id).document)
    note = notes(session)[label]
    assert said in note["text"] and "PyTorch does not complain" in note["text"]
    session.take_setup({"sequence": 1, "owner": session.owner, "fields": note["fields"]}, engine)
    assert session.typed.config == replace(RUNS.preset(id).document, text=mended)
    assert not any("outputs" in note["text"] for note in session.setup_frame()["notes"])


def test_every_cure_of_a_note_has_its_button(engine: Queue) -> None:
    session = opened(engine, TrainConfig("Flatten Linear(10)", loss="NLLLoss"))
    found = [note for note in session.setup_frame()["notes"] if "NLLLoss without LogSoftmax" in note["text"]]
    assert [[cure["label"] for cure in note["cures"]] for note in found] == [
        ["Append LogSoftmax", "Use CrossEntropyLoss"]
    ]
    mend = notes(session)["Use CrossEntropyLoss"]
    session.take_setup({"sequence": 1, "owner": session.owner, "fields": mend["fields"]}, engine)
    assert session.typed.config == TrainConfig("Flatten Linear(10)") and not session.setup_frame()["notes"]


@pytest.mark.parametrize("id", ["digits-mlp", "digits-cnn", "L0.9c", "L1.1", "L1.3a", "L2.3", "L4.6a"])
def test_a_net_without_fault_has_no_note_about_it(engine: Queue, id: str) -> None:
    session = opened(engine, with_digits(RUNS.preset(id).document))
    assert session.setup_frame()["notes"] == []


def test_an_uploaded_table_is_to_be_normalised(engine: Queue) -> None:
    rows = "\n".join(f"{n},{1000 * n},{'low' if n < 10 else 'high'}" for n in range(20))
    session = opened(engine, TrainConfig("Linear(8) ReLU Linear(2)"))
    data = from_table(f"x,y,label\n{rows}\n".encode(), file_name="points.csv")
    session.choose_upload(data.name, engine)
    field = next(field for field in session.setup_frame()["fields"] if field["name"] == "data")
    assert field["titles"] == {data.name: "points.csv"}
    said = described(describe(data.name))
    for words in ("points.csv", "rows of 2 numbers", "The label is column 3 (label): by its name."):
        assert words in said
    assert session.setup_frame()["check"]["input"] == "(2,)"
    assert session.typed.config.normalise and "Normalise" not in notes(session)  # fitted to the data
    fields = {"normalise": False}
    session.take_setup({"sequence": 1, "owner": session.owner, "fields": fields}, engine)
    session.take_setup({"sequence": 2, "owner": session.owner, "fields": notes(session)["Normalise"]["fields"]}, engine)
    assert session.typed.config.normalise and "Normalise" not in notes(session)
    assert "data:image" not in preview_html(data_of(session.typed.config), session.typed.config)


def test_training_waits_for_a_file_that_is_being_read(engine: Queue) -> None:
    data = pictures()
    session = opened(engine, TrainConfig("Flatten Linear(10)"))
    session.take_setup({"sequence": 1, "owner": session.owner, "fields": {}, "do": "train"}, engine, is_reading=True)
    assert "still being read" in session.setup_frame()["said"] and not session.runs.ids
    session.choose_upload(data.name, engine)
    assert not session.setup_frame()["said"]
    [run] = session.runs.ids
    assert engine.store.run(run).config.data == data.name
    session.choose_upload(data.name, engine)
    assert session.runs.ids == [run]


def test_training_that_waits_ends_with_a_file_that_cannot_be_read(engine: Queue) -> None:
    session = opened(engine, TrainConfig("Flatten Linear(10)"))
    session.take_setup({"sequence": 1, "owner": session.owner, "fields": {}, "do": "folds"}, engine, is_reading=True)
    session.miss_upload()
    assert "could not be read" in session.setup_frame()["said"]
    session.choose_upload(pictures().name, engine)
    assert not session.runs.ids and not session.setup_frame()["said"]


def test_the_file_is_named_in_the_run(engine: Queue) -> None:
    rows = "\n".join(f"{n},{n % 3},{'low' if n < 10 else 'high'}" for n in range(20))
    session = opened(engine, TrainConfig("Linear(8) ReLU Linear(2)"))
    session.choose_upload(from_table(f"x,y,label\n{rows}\n".encode(), file_name="points.csv").name, engine)
    session.train(engine)
    [run] = shown(session, engine)["runs"]
    assert run["name"].startswith("points.csv · ")
    session.open(TrainConfig("Linear(2)"))
    assert ["Data", "points.csv", "digits"] in shown(session, engine)["stale"]


def test_a_link_with_an_upload_opened_elsewhere_says_what_is_missing(engine: Queue) -> None:
    query = {"v": ["1"], "text": ["Flatten Linear(10)"], "data": ["own-0123456789abcdef"]}
    session = TrainSession.opened(query, engine, TrainConfig())
    frame = session.setup_frame()
    assert "own-0123456789abcdef" in frame["check"]["problem"]["message"]
    assert "Own data" in notes(session)["Use the bundled digits"]["text"]
    press(session, engine, "train")
    assert "not started" in session.said and not engine.store.runs()


def test_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing("digits") is None and missing("own-0123456789abcdef") is None
    for name in ("MNIST", "CIFAR-10"):
        row = missing(name)
        assert row is not None and row.name == name
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path))
    (tmp_path / "cifar-10-batches-py").mkdir()
    assert missing("CIFAR-10") is None
