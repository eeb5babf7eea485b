"""Nothing that somebody types in a shell ends in a traceback: a sentence on stderr, and an exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from playground.__main__ import BAD_TEXT, INTERRUPTED, OWN_MISTAKE, main

SMALL = ["--set", "train_size=20", "--set", "test_size=5", "--set", "steps=1"]
TYPED = ["y = x*x", "x=2", "x=[1, 2]", "--json", "--table", "-h", "--", "x=\udc80"]
SET = ["text=Flatten # \udc80", "epochs=" + "[" * 3000, "data=x\0.csv", "text=[", "fold=9", "q"]
words, settings_words = st.text(max_size=12) | st.sampled_from(TYPED), st.sampled_from(SET)


def status_of(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as ended:  # argparse's own refusals, and --help
        return int(ended.code or 0)


@given(st.lists(words, max_size=4))
@example(["", "-:", "x=\udc80"])  # a byte that is no UTF-8, as Python hands it on
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_any_words_trace_or_are_refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status = status_of(["trace", *arguments])
    said = capsys.readouterr().err
    assert status in (0, BAD_TEXT) and "Traceback" not in said and bool(said) == bool(status)


@given(st.lists(st.text(max_size=12) | settings_words, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
def test_any_settings_train_or_are_refused(capsys: pytest.CaptureFixture[str], given_settings: list[str]) -> None:
    options = [part for one in given_settings for part in ("--set", one)]
    status = status_of(["train", *options, *SMALL])
    said = capsys.readouterr().err
    assert status in (0, BAD_TEXT) and "Traceback" not in said and "nobody foresaw" not in said


@pytest.mark.parametrize("name", ["deep.json", "deep.toml", "bytes.json", "list.json", "empty.toml", "folder"])
def test_hostile_files_of_settings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    file = tmp_path / name
    content = {"deep.json": b"[" * 100_000, "deep.toml": b"a = " + b"[" * 50_000, "bytes.json": b"\xff\x00\xed"}
    if name == "folder":
        file.mkdir()
    else:
        file.write_bytes(content.get(name, b"[1]" if name == "list.json" else b"q ="))
    assert status_of(["train", str(file), *SMALL]) == BAD_TEXT
    said = capsys.readouterr().err
    assert name in said and "Traceback" not in said and "nobody foresaw" not in said


def test_what_nobody_foresaw_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("playground.language.run.record", fails)
    assert main(["trace", "y = x", "x=1"]) == OWN_MISTAKE
    assert capsys.readouterr().err.startswith("nobody foresaw this: KeyError: 'x'\n")
    monkeypatch.setenv("PLAYGROUND_TRACEBACK", "1")
    with pytest.raises(KeyError):
        main(["trace", "y = x", "x=1"])


def test_ctrl_c_ends_without_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("playground.language.run.record", interrupted)
    assert main(["trace", "y = x", "x=1"]) == INTERRUPTED
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_a_reader_that_has_read_enough_is_no_error() -> None:
    program = [sys.executable, "-m", "playground", "trace", "y = x*x", "x=3", "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stderr is not None
        writer.stdout.close()  # as `| head -0` does
        said = writer.stderr.read().decode()
    assert said == "" and writer.returncode == 0


@pytest.mark.slow
def test_letters_that_the_terminal_has_not_are_written_all_the_same() -> None:
    program = [sys.executable, "-m", "playground", "trace", "α = θ*θ", "θ=3"]
    done = subprocess.run(program, env={"PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0 and done.stderr == "" and r"\u03b8" in done.stdout
