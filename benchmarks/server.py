"""Serve the app, or a scratch one, on a free loopback port for as long as a `with` block lasts."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from playground.runs.lock import HostLock

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A served app: where it answers, and the file that holds what it printed."""

    url: str
    log_file: Path
    pid: int

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _wait_until_healthy(process: subprocess.Popen[bytes], server: Server, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _answers(f"{server.url}/_stcore/health"):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            raise RuntimeError(f"the server ended with status {process.returncode} before it answered:\n{server.log()}")
    raise RuntimeError(f"the server did not answer within {seconds:g} s:\n{server.log()}")


@contextlib.contextmanager
def serve(
    app: Path = ROOT / "app.py", *, seconds: float = 60, port: int | None = None, **environment: str
) -> Iterator[Server]:
    """Start `streamlit run app` in a process of its own, with `environment` added to ours; stop it at the end.

    The settings are those of this repository's `.streamlit/config.toml`, wherever `app` lies. `port`: None takes a free
    one.
    """
    port = port or _free_port()
    settings = ["--server.address=127.0.0.1", f"--server.port={port}"]
    command = [sys.executable, "-m", "streamlit", "run", str(app), *settings]
    with tempfile.TemporaryDirectory(prefix="playground-server-") as folder:
        log_file = Path(folder) / "server.log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "NO_COLOR": "1", **environment},
            )
        server = Server(f"http://127.0.0.1:{port}", log_file, process.pid)
        try:
            _wait_until_healthy(process, server, seconds)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def scratch_runs() -> Iterator[str]:
    """The address of an empty database; the host that serves it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="playground-runs-") as folder:
        url = f"sqlite:///{folder}/runs.db"
        try:
            yield url
        finally:
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error):
                    if url in process.cmdline():
                        process.kill()
                        process.wait(10)
            HostLock(url).path.unlink(missing_ok=True)
