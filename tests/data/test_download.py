"""Downloads against a server of our own that breaks off, ignores ranges, lies, refuses and hangs."""

from __future__ import annotations

import hashlib
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from playground.data import download
from playground.data.download import fetch, md5_of
from playground.errors import PlaygroundError

CONTENT = random.Random(0).randbytes(700_000)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


class Server:
    """Answers /NAME by `behaviours[NAME]`, and remembers the Range header of every request."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.behaviours: dict[str, Callable[[BaseHTTPRequestHandler, int], None]] = {}
        self.stopping = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers.get("Range", "")
                outer.asked.append((self.path, wanted))
                offset = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
                outer.behaviours[self.path](self, offset)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that stops reading is what some tests are about

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def at(self, path: str, behaviour: Callable[[BaseHTTPRequestHandler, int], None]) -> str:
        self.behaviours[path] = behaviour
        return f"http://127.0.0.1:{self.http.server_port}{path}"

    def close(self) -> None:
        self.stopping.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "TIMEOUT", 5.0)
    one = Server()
    yield one
    one.close()


def send(handler: BaseHTTPRequestHandler, content: bytes, offset: int, *, stop: int | None = None) -> None:
    """Answers with the rest of `content` from `offset`; with `stop`, the connection closes after so many bytes."""
    if offset >= len(content):
        handler.send_error(416)
        return
    handler.send_response(206 if offset else 200)
    if offset:
        handler.send_header("Content-Range", f"bytes {offset}-{len(content) - 1}/{len(content)}")
    handler.send_header("Content-Length", str(len(content) - offset))
    handler.end_headers()
    handler.wfile.write(content[offset:][:stop])


def whole(handler: BaseHTTPRequestHandler, offset: int) -> None:
    send(handler, CONTENT, offset)


def in_pieces(handler: BaseHTTPRequestHandler, offset: int) -> None:
    send(handler, CONTENT, offset, stop=300_000)


def breaking_at_once(handler: BaseHTTPRequestHandler, offset: int) -> None:
    send(handler, CONTENT, offset, stop=0)


def without_ranges(handler: BaseHTTPRequestHandler, offset: int) -> None:
    send(handler, CONTENT, 0)


def wrong_bytes(handler: BaseHTTPRequestHandler, offset: int) -> None:
    send(handler, b"<html>the file has moved</html>", offset)


def not_found(handler: BaseHTTPRequestHandler, offset: int) -> None:
    handler.send_error(404)


def test_a_whole_file_and_its_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    target = tmp_path / "deep" / "file.gz"
    fetch([server.at("/a", whole)], target, MD5, lambda *report: seen.append(report))
    assert target.read_bytes() == CONTENT
    assert seen[0] == ("file.gz", 0, len(CONTENT)) and seen[-1] == ("file.gz", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    fetch([server.at("/a", whole)], target, MD5)
    assert len(server.asked) == 1  # what is there is not fetched again


def test_a_connection_that_breaks_is_resumed(server: Server, tmp_path: Path) -> None:
    fetch([server.at("/a", in_pieces)], tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == ["", "bytes=300000-", "bytes=600000-"]


def test_a_download_that_was_stopped_goes_on_in_the_next_call(server: Server, tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(name: str, done: int, total: int) -> None:
        if done >= download.BLOCK:
            raise StoppedError

    url = server.at("/a", whole)
    with pytest.raises(StoppedError):
        fetch([url], tmp_path / "file", MD5, stop)
    held = (tmp_path / "file.part").stat().st_size
    assert 0 < held < len(CONTENT) and not (tmp_path / "file").exists()
    fetch([url], tmp_path / "file", MD5)
    assert server.asked[1:] == [("/a", f"bytes={held}-")]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_it_all_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    fetch([server.at("/a", without_ranges)], tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_part_of_another_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 1000)
    fetch([server.at("/a", whole)], tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == ["bytes=1000-", ""]


@pytest.mark.parametrize(("excess", "requests"), [(b"", 1), (b"more", 2)])
def test_a_part_with_nothing_after_it(server: Server, tmp_path: Path, excess: bytes, requests: int) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT + excess)
    fetch([server.at("/a", whole)], tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(server.asked) == requests


def test_another_range_than_asked_for_is_not_appended(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    with pytest.raises(PlaygroundError, match="another range"):
        fetch([server.at("/a", lambda handler, offset: send(handler, CONTENT, offset + 1))], tmp_path / "file", MD5)
    assert (tmp_path / "file.part").read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (wrong_bytes, "sent another file (31 bytes, MD5"),
        (not_found, "the server answers 404 Not Found"),
        (breaking_at_once, "the connection broke after 0 of 700,000 bytes"),
    ],
)
def test_the_next_mirror_and_the_reason_where_there_is_none(
    server: Server, tmp_path: Path, behaviour: Callable[[BaseHTTPRequestHandler, int], None], words: str
) -> None:
    bad, good = server.at("/bad", behaviour), server.at("/good", whole)
    with pytest.raises(PlaygroundError) as caught:
        fetch([bad], tmp_path / "file", MD5)
    assert words in caught.value.message and bad in caught.value.message and "file could not" in caught.value.message
    assert not (tmp_path / "file").exists()
    fetch([bad, good], tmp_path / "file", MD5)
    assert md5_of(tmp_path / "file") == MD5


def test_a_server_that_hangs_is_given_up(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hanging(handler: BaseHTTPRequestHandler, offset: int) -> None:
        send(handler, CONTENT, offset, stop=1000 if not offset else 0)
        server.stopping.wait(60)

    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with pytest.raises(PlaygroundError, match=r"nothing arrived for 0\.2 seconds"):
        fetch([server.at("/a", hanging)], tmp_path / "file", MD5)
    assert (tmp_path / "file.part").read_bytes() == CONTENT[:1000]  # and what came before it is kept


def test_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/a"
        with pytest.raises(PlaygroundError, match="refused"):
            fetch([url], tmp_path / "file", MD5)


def test_more_than_any_data_set_is_not_written(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LARGEST", 100_000)
    with pytest.raises(PlaygroundError, match="larger than 100,000 bytes"):
        fetch([server.at("/a", whole)], tmp_path / "file", MD5)


def test_a_full_disk_is_not_blamed_on_the_network(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").mkdir()
    with pytest.raises(PlaygroundError, match="cannot be written"):
        fetch([server.at("/a", without_ranges)], tmp_path / "file", MD5)


def test_many_sessions_fetch_it_once_and_all_see_progress(server: Server, tmp_path: Path) -> None:
    waiting = threading.Event()

    def when_another_waits(handler: BaseHTTPRequestHandler, offset: int) -> None:
        assert waiting.wait(60)
        whole(handler, offset)

    url = server.at("/a", when_another_waits)
    seen: list[list[tuple[str, int, int]]] = [[] for _ in range(4)]

    def session(number: int) -> None:
        def progress(name: str, done: int, total: int) -> None:
            seen[number].append((name, done, total))
            if not total:  # only one that waits for another does not know
                waiting.set()

        fetch([url], tmp_path / "file", MD5, progress)

    threads = [threading.Thread(target=session, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(server.asked) == 1
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert sum(1 for reports in seen if reports and reports[-1][2] == len(CONTENT)) == 1
    assert any(reports and reports[0] == ("file", 0, 0) for reports in seen)


def test_many_processes_fetch_it_once(server: Server, tmp_path: Path) -> None:
    waiting = threading.Event()

    def when_another_waits(handler: BaseHTTPRequestHandler, offset: int) -> None:
        assert waiting.wait(60)
        whole(handler, offset)

    code = (
        "import sys; from pathlib import Path; from playground.data.download import fetch\n"
        "fetch([sys.argv[1]], Path(sys.argv[2]), sys.argv[3], lambda name, done, total: print(done, total, flush=True))"
    )
    arguments = [sys.executable, "-c", code, server.at("/a", when_another_waits), str(tmp_path / "file"), MD5]
    with (
        subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as first,
        subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as second,
    ):
        lines: list[str] = []

        def read(process: subprocess.Popen[str]) -> None:
            for line in process.stdout or ():
                lines.append(line.strip())
                if line.strip() == "0 0":  # one of them waits for the other: now let the server answer
                    waiting.set()

        readers = [threading.Thread(target=read, args=(process,)) for process in (first, second)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(60)
    assert first.returncode == second.returncode == 0
    assert len(server.asked) == 1
    assert "0 0" in lines and f"{len(CONTENT)} {len(CONTENT)}" in lines
    assert (tmp_path / "file").read_bytes() == CONTENT
