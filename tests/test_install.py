"""Which build of PyTorch `make run` installs: tried with a stand-in for its index, into an environment of its own."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.pytorch import has_nvidia, wanted, why_not

ROOT = Path(__file__).parents[1]
BUILDS = {"torch": "2.99.0+cpu", "torchvision": "0.99.0+cpu"}


def wheel(folder: Path, name: str, version: str) -> None:
    """A package that says its version, and nothing else."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
        for path, content in files.items()
    }
    lines = [f"{path},sha256={digests[path]},{len(content)}" for path, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as packed:
        for path, content in files.items():
            packed.writestr(path, content)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """An index as `pip` knows them: a folder for each package, which lists its files."""
    for name, version in BUILDS.items():
        wheel(tmp_path / "index" / name, name, version)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "index"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def silent() -> Iterator[str]:
    """An index that takes a question and never answers."""
    asked = threading.Event()

    class Silent(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.wait(30)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        asked.set()
        server.shutdown()


def test_an_index_that_answers_is_used(index: str) -> None:
    assert why_not(index) == ""
    assert "does not answer" in why_not(f"{index}/elsewhere")


def test_an_index_that_does_not_answer_is_waited_for_no_longer_than_said(silent: str) -> None:
    started = time.monotonic()
    assert "does not answer within 0.5 s" in why_not(silent, within=0.5)
    assert time.monotonic() - started < 10


def test_an_index_without_pytorch_is_not_used(index: str, tmp_path: Path) -> None:
    for file in (tmp_path / "index" / "torch").iterdir():
        file.unlink()
    assert "does not list torch" in why_not(index)


@pytest.mark.parametrize("place", ["proc/driver/nvidia/version", "dev/nvidia0", "usr/lib/wsl/lib/libcuda.so.1"])
def test_a_device_of_nvidia_is_seen(place: str, tmp_path: Path) -> None:
    assert not has_nvidia(tmp_path)
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).touch()
    assert has_nvidia(tmp_path)


def test_what_the_program_of_the_driver_lists_counts(tmp_path: Path) -> None:
    program = tmp_path / "usr" / "bin" / "nvidia-smi"
    program.parent.mkdir(parents=True)
    for answer, is_there in (("No devices were found", False), ("GPU 0: Some (UUID: 1)", True)):
        program.write_text(f"#!/bin/sh\necho '{answer}'\n")
        program.chmod(0o755)
        assert has_nvidia(tmp_path) == is_there


def test_what_is_wanted_is_what_requirements_txt_says() -> None:
    assert [line.partition(">")[0] for line in wanted()] == ["torch", "torchvision"]


@pytest.mark.slow
@pytest.mark.skipif(has_nvidia(), reason="an NVIDIA device is here")
def test_the_build_for_the_cpu_is_installed_once(index: str, silent: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"

    def install(at: str) -> str:
        named = {key: content for key, content in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
        environment = named | {"PYTORCH_CPU_INDEX": at, "PIP_CONFIG_FILE": os.devnull}
        command = [python, ROOT / "scripts" / "pytorch.py"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr

    assert "ordinary build, with CUDA: PYTORCH_CPU_INDEX is empty" in install("")
    assert "no NVIDIA device is here: PyTorch's build for the CPU" in install(index)
    command = [python, "-c", "import torch; print(torch.__version__)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == BUILDS["torch"]
    assert install(silent) == ""  # it is there: nobody is asked
