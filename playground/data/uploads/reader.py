"""Read an uploaded file in a process of its own, so that the page server goes on answering others.

`python -m playground.data.uploads.reader FILE KIND OPTIONS` says how far it is in lines of JSON, the last of which is
`{"name": ...}` or `{"message": ..., "hint": ...}`. FILE is a copy of its own: it is removed once it is open.
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
from concurrent.futures import Future
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

    @property
    def is_over(self) -> bool:
        """Tell whether `data` answers at once."""
        return self._data.done()

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
        command = [*_COMMAND, str(path), kind, json.dumps(options)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as program:
            try:
                return describe(_name(program, on_progress))
            finally:
                program.kill()


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


def main(file: str, kind: str, options: str) -> None:
    """Read one file: the program."""
    _give_way()
    threading.Thread(target=_end_with_asker, daemon=True).start()
    try:
        with open(file, "rb") as opened:
            _take_away(Path(file))
            _read(opened, kind, options)
    except BrokenPipeError:  # nobody hears it
        return


def _read(file: BinaryIO, kind: str, options: str) -> None:
    try:
        if kind == "table":
            data = from_table(file.read(), **json.loads(options))
        else:
            data = from_images(file, on_progress=lambda count: _say(pictures=count), **json.loads(options))
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
    main(*sys.argv[1:])
