"""Read an uploaded file in a process of its own, so that the page server goes on answering others.

`python -m playground.data.uploads.reader` waits for a line of JSON, `[file, kind, options]`. It says how far it is in
lines of JSON, the last of which is `{"name": ...}` or `{"message": ..., "hint": ...}`. The file is a copy of its own:
it is removed once it is open.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, Literal

import torch

from playground.data.uploads.images import from_images
from playground.data.uploads.store import UploadRow, describe
from playground.data.uploads.table import from_table
from playground.errors import PlaygroundError

Kind = Literal["table", "pictures"]
NICE = 10  # pages are answered first
_COMMAND = [sys.executable, "-m", "playground.data.uploads.reader"]
IDLE = 600.0  # seconds after which a program that nobody gave a file is ended
_reading = threading.Lock()  # one file at a time, for each takes up to a few gigabytes


class Reading:
    """A file that is being read while whoever asked for it goes on; when nobody knows of it any more, it is given up.

    `pictures`: how many were read so far, told now and then; None while another file is read.
    """

    def __init__(self, content: bytes, kind: Kind, options: Mapping[str, Any]) -> None:
        self._begun = monotonic()
        self._told: list[int] = []
        self._data: Future[UploadRow] = Future()
        given_up = threading.Event()
        self.give_up = weakref.finalize(self, given_up.set)
        arguments = (self._data, given_up, self._told, content, kind, options)
        threading.Thread(target=_fulfil, args=arguments, name="upload", daemon=True).start()

    def is_over(self, within: float = 0.0) -> bool:
        """Tell whether `data` answers at once, or will so `within` some seconds, for which it waits."""
        return bool(wait([self._data], within).done)

    @property
    def seconds(self) -> float:
        """Since it was begun; that includes waiting for other readings."""
        return monotonic() - self._begun

    @property
    def pictures(self) -> int | None:
        return self._told[-1] if self._told else None

    def data(self) -> UploadRow:
        """The data set. Raises PlaygroundError as `read_in_subprocess` does."""
        return self._data.result()


class _GivenUp(Exception):
    pass


def _fulfil(  # knows no Reading: it would keep it
    data: Future[UploadRow],
    given_up: threading.Event,
    told: list[int],
    content: bytes,
    kind: Kind,
    options: Mapping[str, Any],
) -> None:
    def on_progress(count: int) -> None:
        told.append(count)
        if given_up.is_set():
            raise _GivenUp

    try:
        data.set_result(read_in_subprocess(content, kind, options, on_progress))
    except Exception as error:
        data.set_exception(error)


class StandBy:
    """At most one program that has imported all that a reading needs and waits for its file: a second or two less."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._program: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Have one that waits; it is ended when it has waited for `IDLE` seconds."""
        with self._lock:
            if self._program is not None and self._program.poll() is None:
                return
            self._program = program = _started()
        timer = threading.Timer(IDLE, self.end, (program,))
        timer.daemon = True
        timer.start()

    def take(self) -> subprocess.Popen[str]:
        """The one that waits, or a new one."""
        with self._lock:
            program, self._program = self._program, None
        return program if program is not None and program.poll() is None else _started()

    def end(self, program: subprocess.Popen[str]) -> None:
        """End this program, unless it was taken."""
        with self._lock:
            if self._program is not program:
                return
            self._program = None
        with program:
            program.kill()


STAND_BY = StandBy()


def _started() -> subprocess.Popen[str]:
    return subprocess.Popen(_COMMAND, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def read_in_subprocess(
    content: bytes, kind: Kind, options: Mapping[str, Any], on_progress: Callable[[int], None] | None = None
) -> UploadRow:
    """Read a file by `from_table` or `from_images`, whose `options` they are. Raises PlaygroundError as these do.

    `on_progress` is told 0 when the file's turn has come, then how many pictures were read; its exception ends it.
    """
    with _reading, tempfile.TemporaryDirectory() as folder:
        if on_progress is not None:
            on_progress(0)
        path = Path(folder, "file")
        try:
            path.write_bytes(content)
        except OSError as error:
            raise PlaygroundError(f"the file cannot be kept: {error}", hint="Is the disk full?") from error
        with STAND_BY.take() as program:
            try:
                _tell(program, [str(path), kind, options])
                return describe(_name(program, on_progress))
            finally:
                program.kill()


def _tell(program: subprocess.Popen[str], what: object) -> None:
    assert program.stdin is not None
    with suppress(BrokenPipeError):  # that it says nothing tells why
        os.write(program.stdin.fileno(), f"{json.dumps(what)}\n".encode())


def _name(program: subprocess.Popen[str], on_progress: Callable[[int], None] | None) -> str:
    assert program.stdout is not None
    for line in program.stdout:
        said = json.loads(line)
        if "name" in said:
            return str(said["name"])
        if "message" in said:
            raise PlaygroundError(said["message"], hint=said["hint"])
        if on_progress is not None:
            on_progress(said["pictures"])
    raise PlaygroundError("reading it ended early", hint="A smaller file needs less memory; or try again.")


def main() -> None:
    """Wait for one file and read it: the program."""
    _give_way()
    line = sys.stdin.readline()
    if not line:  # whoever asked has ended, or wants nothing
        return
    file, kind, options = json.loads(line)
    threading.Thread(target=_end_with_asker, daemon=True).start()
    try:
        with open(file, "rb") as opened:
            _take_away(Path(file))
            _read(opened, kind, options)
    except BrokenPipeError:  # nobody hears it
        return


def _read(file: BinaryIO, kind: str, options: Mapping[str, Any]) -> None:
    try:
        if kind == "table":
            data = from_table(file.read(), **options)
        else:
            data = from_images(file, on_progress=lambda count: _say(pictures=count), **options)
        _say(name=data.name)
    except PlaygroundError as error:
        _say(message=error.message, hint=error.hint)


def _give_way() -> None:
    os.nice(NICE)
    torch.set_num_threads(1)


def _take_away(file: Path) -> None:
    """Remove an opened file and its folder: however this program and whoever asked end, nothing stays on the disk."""
    with suppress(OSError):  # a system that keeps opened files; then whoever asked removes it
        file.unlink()
        file.parent.rmdir()


def _end_with_asker() -> None:
    """End this program when whoever asked is killed: nothing is ever said over this pipe, and its end means that.

    Read by the system's call: a thread that waits in `sys.stdin` keeps its lock, and Python's end needs that.
    """
    while os.read(0, 1):
        pass
    os._exit(1)


def _say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
