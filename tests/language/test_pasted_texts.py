"""Texts as they are pasted run as plain Python runs them, or say the one thing to change; what is left out is said."""

from __future__ import annotations

import runpy
import tomllib
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.interpreter import Interpreter
from playground.language.export.script import to_python

TEXTS = tomllib.loads(Path(__file__).with_name("pasted_texts.toml").read_text(encoding="utf-8"))["text"]
RUN = [entry for entry in TEXTS if "says" not in entry]
REFUSED = [entry for entry in TEXTS if "says" in entry]


def name(entry: dict[str, Any]) -> str:
    return str(entry["id"])


def test_there_are_enough() -> None:
    assert len({entry["id"] for entry in TEXTS}) == len(TEXTS) >= 40


def in_python(text: str, folder: Path) -> tuple[dict[str, Any], str]:
    """What plain Python has under every name after this text, which stands in our own file; and what it printed."""
    file = folder / "text.py"
    file.write_text(text, encoding="utf-8")
    with redirect_stdout(printed := StringIO()), torch.random.fork_rng():
        return runpy.run_path(str(file)), printed.getvalue()


@pytest.mark.parametrize("entry", RUN, ids=name)
def test_a_pasted_text_runs_as_in_python(entry: dict[str, Any], tmp_path: Path) -> None:
    document = Document(entry["text"])
    trace = document.run()
    left_out = document.program().left_out
    assert len(left_out) >= entry.get("left_out", 0)
    assert bool(left_out) == any(note.kind == "left_out" for note in trace.notes)
    if not entry["compare"]:
        return
    run = Interpreter(document.program(), {leaf.name: leaf.tensor() for leaf in document.used_leaves()})
    run.result()
    plain, _ = in_python(entry["text"], tmp_path)
    for wanted in entry["compare"]:
        expected, found = plain[wanted.removesuffix(".grad")], run.values[wanted.removesuffix(".grad")]
        if wanted.endswith(".grad"):
            expected, found = expected.grad, found.grad
        assert isinstance(found, Tensor) and torch.equal(found.nan_to_num(7.0), expected.nan_to_num(7.0)), wanted


@pytest.mark.parametrize("entry", RUN, ids=name)
def test_its_script_prints_the_numbers_of_the_page(entry: dict[str, Any], tmp_path: Path) -> None:
    document = Document(entry["text"])
    trace = document.run()
    script = to_python(document.program(), {leaf.name: leaf for leaf in document.used_leaves()})
    _, out = in_python(script, tmp_path)
    printed = dict(line.split(" = ", 1) for line in out.splitlines())
    outputs = [trace.values[output].data.tolist() for output in trace.outputs]
    first = next(iter(printed.values()))
    assert first == str(outputs[0] if len(outputs) == 1 else outputs)
    for leaf in document.used_leaves():
        if f"{leaf.name}.grad" in printed:
            grad = trace[leaf.name].grad
            assert printed[f"{leaf.name}.grad"] == str(None if grad is None else grad.tolist())


@pytest.mark.parametrize("entry", REFUSED, ids=name)
def test_or_it_says_the_one_thing_to_change(entry: dict[str, Any]) -> None:
    with pytest.raises(PlaygroundError) as caught:
        Document(entry["text"]).run()
    assert entry["says"] in caught.value.message and caught.value.hint
    if "mended" in entry:
        assert caught.value.repair is not None and caught.value.repair.text == entry["mended"]
        assert Document(entry["mended"]).run().values
