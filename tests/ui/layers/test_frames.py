"""What the list of layers is told of a setting that does not fit the stack, or the other settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from playground.data import first_examples
from playground.data.first_examples import MOST
from playground.layers.document import StackDocument
from playground.layers.limits import LIMITS
from playground.layers.net.net import net_of
from playground.ui.layers.frames import Answer, show_stack, stack_frame
from tests.data.idx_files import write_idx
from tests.layers.pasted_classes import DOCUMENTS

LARGE = StackDocument("Conv2d(1000, 3, padding=1) Flatten Linear(10)")


def told(document: StackDocument) -> dict[str, Any]:
    frame: dict[str, Any] = stack_frame(net_of(document), [], show_stack(net_of(document)), Answer())
    return frame


@pytest.mark.parametrize(
    ("document", "field", "mended"),
    [
        (replace(LARGE, batch=LIMITS.batch), "batch", LARGE),
        (StackDocument("Flatten Linear(10)", (3, 8, 8)), "data",
         StackDocument("Flatten Linear(10)", (3, 8, 8), data="random")),
        (replace(DOCUMENTS["tied"], data="digits"), "data", DOCUMENTS["tied"]),
    ],
    ids=["batch", "data", "data of a class"],
)  # fmt: skip
def test_a_setting_that_does_not_fit_is_told_at_its_field(
    document: StackDocument, field: str, mended: StackDocument
) -> None:
    error = told(document)["error"]
    assert error["field"] == field and error["message"] and error["hint"]
    assert told(document)["rows"] and told(document)["problem"] is None
    assert told(replace(mended, batch=2))["error"] is None


def test_that_files_are_missing_is_forgotten_once_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    document = StackDocument("Flatten Linear(10)", data="MNIST", batch=3, rng_seed=11)
    assert told(document)["error"]["message"].startswith("MNIST is not on this computer")
    write_idx(tmp_path / "data", MOST)
    assert told(document)["error"] is None
    first_examples._first_examples.cache_clear()


def test_what_of_a_text_is_not_listed_is_told_beside_the_list() -> None:
    document = replace(DOCUMENTS["tied"], text=f"{DOCUMENTS['tied'].text}\n\ndef train(net):\n    net.train()\n")
    assert told(document)["note"] == "This is Tied(). Not used: function train."
    assert told(DOCUMENTS["tied"])["note"] == told(StackDocument("Flatten Linear(10)"))["note"] == ""


def test_a_mistake_in_the_text_is_of_no_setting() -> None:
    assert told(StackDocument("Flatten Linaer(10)"))["error"]["field"] is None
    text = DOCUMENTS["tied"].text.replace("return", "retrun")
    assert told(replace(DOCUMENTS["tied"], text=text))["error"]["field"] is None
