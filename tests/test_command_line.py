"""`python -m playground trace ...`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from playground.__main__ import main

L04 = ["trace", "f = log(x1) + x1*x2 - sin(x2)", "x1=2.0", "x2=5.0"]


def test_table_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(L04) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "forward", "primal", "adjoint", "reverse"]
    assert any(line.startswith("x2") and "1.716" in line for line in lines)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*L04, "--json"]) == 0
    values = {value["name"]: value for value in json.loads(capsys.readouterr().out)["values"]}
    assert values["x1"]["adjoint"] == 5.5
    assert values["x1"]["shape"] == [] and values["x1"]["dtype"] == "float32"


def test_several_lines_and_nested_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "y = W @ x\ns = y.sum()", "W=[[1, 2], [3, 4]]", "x=[1.0, -1.0]", "--json"]) == 0
    values = {value["label"]: value for value in json.loads(capsys.readouterr().out)["values"]}
    assert values["s"]["data"] == -2.0
    assert values["W"]["adjoint"] == [[1.0, -1.0], [1.0, -1.0]]


@pytest.mark.parametrize(("option", "begins"), [("--svg", "<svg"), ("--html", "<!doctype html>")])
def test_files(tmp_path: Path, option: str, begins: str) -> None:
    file = tmp_path / "out"
    assert main([*L04, option, str(file)]) == 0
    assert file.read_text(encoding="utf-8").lstrip().lower().startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trace", "f = sine(x)", "x=1"], "line 1, column 5: unknown function `sine`"),
        (["trace", "y = θ * α +", "θ=1", "α=2"], "line 1, column 11"),
        (["trace", "y = x * 2"], "`x` has no value"),
        (["trace", "y = x * 2", "x=two words"], "two words"),
        (["trace", "y = x * 2", "x"], "is not NAME=VALUE"),
        (["trace", "zeros(10**9)"], "10^9"),
        (["trace", "x", "x=1", "--svg", "/nonexistent/graph.svg"], "/nonexistent/graph.svg"),
    ],
)
def test_mistakes_exit_with_2_and_say_where(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err and printed.out == ""


def test_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "playground", *L04], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "11.652" in done.stdout, done.stderr
