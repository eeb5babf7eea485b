"""The first frame, kept from one process to the next."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from playground.lessons.presets import EXPRESSIONS
from playground.ui.expressions.frame import frame
from playground.ui.start import warm

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the first frame would be kept; a folder that is not there yet."""
    path = tmp_path / "cache" / "first-0123456789abcdef.json"
    monkeypatch.setattr(warm, "_kept", lambda: path)
    monkeypatch.setattr(warm, "_made", [])
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return path


def test_the_first_frame_is_that_of_the_default_page(kept: Path) -> None:
    assert warm.first_frame() is None
    data, _ = frame(EXPRESSIONS.presets[0].document, None)
    warm._keep(data)
    assert warm.first_frame() == json.loads(json.dumps(data))


def test_what_this_process_made_comes_before_what_was_kept(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm._keep({"picture": {}})
    data, _ = frame(EXPRESSIONS.presets[0].document, None)
    monkeypatch.setattr(warm, "_made", [data])
    assert warm.first_frame() is data


def test_an_older_frame_is_removed_and_nothing_else_left(kept: Path) -> None:
    kept.parent.mkdir()
    kept.with_name("first-0000000000000000.json").write_text("{}")
    kept.with_name("warm.cpython-311.pyc").write_bytes(b"")
    warm._keep({"picture": {}})
    assert sorted(path.name for path in kept.parent.iterdir()) == [kept.name, "warm.cpython-311.pyc"]


def test_a_broken_file_is_as_none(kept: Path) -> None:
    kept.parent.mkdir()
    kept.write_text('{"picture"')
    assert warm.first_frame() is None


def test_nothing_is_written_where_python_writes_no_compiled_modules(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    warm._keep({"picture": {}})
    assert not kept.parent.exists()


@pytest.mark.parametrize("change", ["monkeypatch.setenv", "source"], ids=["a setting", "a source file"])
def test_the_name_changes_with_what_the_frame_depends_on(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code.py").write_text("x = 1")
    monkeypatch.setattr(warm, "_PACKAGE", tmp_path)
    name = warm._kept.__wrapped__
    before = name()
    assert name() == before
    if change == "source":
        (tmp_path / "code.py").write_text("x = 12")
    else:
        monkeypatch.setenv("PLAYGROUND_DRAWN_BOXES", "7")
    assert name() != before


def test_the_opening_needs_no_pytorch() -> None:
    """Nor pandas: both take longer to import than the rest of the first page."""
    program = "import sys; sys.modules.update(torch=None, pandas=None, numpy=None); import playground.ui.start.loading"
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert finished.returncode == 0, finished.stderr
