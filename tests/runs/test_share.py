"""The host reads a data set before it forks: its workers have it at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from playground.data.archives import archives, is_here
from playground.runs.host import share
from playground.training.config import TrainConfig


def test_nothing_is_downloaded_for_sharing(tmp_path: Path) -> None:
    script = (
        "import sys; from playground.runs.host import share; from playground.training.config import TrainConfig;"
        "share(TrainConfig(data='MNIST')); print('torchvision' in sys.modules)"
    )
    environment = {"PLAYGROUND_DATA": str(tmp_path / "data"), "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_files_that_are_not_what_they_should_be_do_not_end_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert not is_here("KMNIST")
    for archive in archives("KMNIST"):
        path = tmp_path / archive.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not this one")
    assert is_here("KMNIST")
    share(TrainConfig(data="KMNIST"))
