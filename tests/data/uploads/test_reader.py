"""A visitor's file is read by a program of its own: same data, same refusals, and nothing is left behind."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from playground.data.uploads import reader
from playground.data.uploads.images import TOLD_EVERY, from_images
from playground.data.uploads.reader import Reading, StandBy, read_in_subprocess
from playground.data.uploads.table import from_table
from playground.errors import PlaygroundError

TABLE = b"a,b,kind\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def pictures(count: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for index in range(count):
            picture = io.BytesIO()
            Image.fromarray(np.full((6, 6), index % 256, dtype=np.uint8)).save(picture, "PNG")
            file.writestr(f"{'ab'[index % 2]}/{index}.png", picture.getvalue())
    return packed.getvalue()


def children() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "playground.data.uploads.reader" in child.cmdline():
                found.append(child)
    return found


def test_a_table_becomes_the_same_data_set() -> None:
    row = read_in_subprocess(TABLE, "table", {"label": "kind"})
    assert (row.name, row.input_shape, row.classes) == (from_table(TABLE, label="kind").name, (2,), ("x", "y"))
    assert children() == []


def test_pictures_become_the_same_data_set_and_tell_how_far_it_is() -> None:
    packed, told = pictures(TOLD_EVERY + 1), list[int]()
    row = read_in_subprocess(packed, "pictures", {"side": 8, "colour": True}, told.append)
    assert row.name == from_images(io.BytesIO(packed), side=8, colour=True).name
    assert row.input_shape == (3, 8, 8)
    assert told == [0, TOLD_EVERY]


@pytest.mark.parametrize(
    ("kind", "content"),
    [("table", b"kind,a\nx,1\ny,dog\n"), pytest.param("pictures", b"no zip", marks=pytest.mark.slow)],
)
def test_what_is_wrong_is_said_as_it_is_in_the_same_process(kind: reader.Kind, content: bytes) -> None:
    direct: dict[str, Callable[[], object]] = {
        "table": lambda: from_table(content),
        "pictures": lambda: from_images(io.BytesIO(content)),
    }
    with pytest.raises(PlaygroundError) as here:
        direct[kind]()
    with pytest.raises(PlaygroundError) as apart:
        read_in_subprocess(content, kind, {})
    assert (apart.value.message, apart.value.hint) == (here.value.message, here.value.hint)


def test_a_program_that_is_killed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_COMMAND", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    with pytest.raises(PlaygroundError, match="reading it ended early"):
        read_in_subprocess(TABLE, "table", {})


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandBy]:
    stand_by = StandBy()
    monkeypatch.setattr(reader, "STAND_BY", stand_by)
    yield stand_by
    with stand_by.take() as program:
        program.kill()


def test_a_program_that_waits_takes_the_next_file(waiting: StandBy) -> None:
    waiting.start()
    waiting.start()
    [program] = children()
    told: list[int] = []

    def listen(count: int) -> None:
        told.append(count)
        assert count == 0 or children() == [program]

    row = read_in_subprocess(pictures(TOLD_EVERY), "pictures", {"side": 8}, listen)
    assert row.train_size + row.test_size == TOLD_EVERY == told[-1]
    assert children() == []


@pytest.mark.slow
def test_a_program_that_waits_ends_when_nothing_comes(monkeypatch: pytest.MonkeyPatch, waiting: StandBy) -> None:
    monkeypatch.setattr(reader, "IDLE", 0.1)
    waiting.start()
    [program] = children()
    program.wait(timeout=30)
    assert children() == []
    assert read_in_subprocess(TABLE, "table", {}).classes == ("x", "y")


@pytest.mark.slow
def test_who_leaves_ends_it(tmp_path: Path) -> None:
    class Left(BaseException):
        pass

    def leave(count: int) -> None:
        if count == 0:
            return
        assert len(children()) == 1
        raise Left

    with pytest.raises(Left):
        read_in_subprocess(pictures(3 * TOLD_EVERY), "pictures", {"side": 8}, leave)
    assert children() == []
    assert not list((tmp_path / "cache").rglob("*.safetensors"))


@pytest.mark.slow
def test_a_reading_goes_on_by_itself_and_says_how_far_it_is() -> None:
    reading = Reading(pictures(TOLD_EVERY + 1), "pictures", {"side": 8})
    row = reading.data()
    assert row.name == from_images(io.BytesIO(pictures(TOLD_EVERY + 1)), side=8).name
    assert (reading.is_over(), reading.pictures) == (True, TOLD_EVERY)


@pytest.mark.slow
def test_a_reading_says_what_is_wrong() -> None:
    with pytest.raises(PlaygroundError, match="zip"):
        Reading(b"no zip", "pictures", {}).data()


def test_a_reading_that_waits_for_another_says_so_and_is_not_begun_once_given_up() -> None:
    with reader._reading:
        reading = Reading(pictures(2), "pictures", {"side": 8})
        assert (reading.is_over(), reading.pictures) == (False, None)
        reading.give_up()
    with pytest.raises(reader._GivenUp):
        reading.data()
    assert reading.pictures == 0


def test_a_reading_that_nobody_knows_of_is_given_up(tmp_path: Path) -> None:
    with reader._reading:
        Reading(pictures(2), "pictures", {"side": 8})
    threads = [one for one in threading.enumerate() if one.name == "upload"]
    for thread in threads:
        thread.join(60)
    assert not list((tmp_path / "cache").rglob("*.safetensors"))


@pytest.mark.slow
def test_one_file_is_read_at_a_time() -> None:
    most, ended = list[int](), threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            most.append(len(children()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    readers = [threading.Thread(target=read_in_subprocess, args=(TABLE, "table", {})) for _ in range(2)]
    for thread in readers:
        thread.start()
    for thread in readers:
        thread.join()
    ended.set()
    watcher.join()
    assert max(most) == 1


@pytest.mark.slow
def test_it_gives_way_to_the_pages() -> None:
    script = "import sys; from playground.data.uploads import reader; reader._give_way(); import os; print(os.nice(0))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) == min(19, os.nice(0) + reader.NICE)  # the tests themselves may give way


ASKER = """
import sys
from pathlib import Path
from playground.data.uploads.reader import read_in_subprocess
def told(count):
    print(count, flush=True)
    if count:
        sys.stdin.read()  # it is killed in the middle
read_in_subprocess(Path(sys.argv[1]).read_bytes(), "pictures", {"side": 8}, told)
"""


@pytest.mark.slow
def test_a_killed_server_leaves_neither_a_reader_nor_its_file(tmp_path: Path) -> None:
    packed, scratch = tmp_path / "packed.zip", tmp_path / "scratch"
    packed.write_bytes(pictures(4 * TOLD_EVERY))
    scratch.mkdir()
    command = [sys.executable, "-c", ASKER, str(packed)]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as asker:
        assert asker.stdout is not None and asker.stdout.readline() == b"0\n" and asker.stdout.readline() != b""
        (program,) = psutil.Process(asker.pid).children()
        assert not list(scratch.rglob("file")), "it is open, and in no folder any more"
        asker.kill()
    psutil.wait_procs([program], timeout=60)
    assert not program.is_running() and not list(scratch.iterdir())
