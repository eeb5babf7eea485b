"""What a stack can be compared with: each variant leaves out what it says, and fits."""

from __future__ import annotations

import pytest

from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.variants import ROWS, variants
from playground.lessons.presets import STACKS
from tests.layers.pasted_classes import DOCUMENTS

WHOLE = (
    "Conv2d(6, 3, padding=1) BatchNorm2d ReLU Residual(Conv2d(6, 3, padding=1) ReLU) Dropout(0.2) Flatten Linear(10)"
)


@pytest.mark.parametrize(
    ("name", "label", "text"),
    [
        ("no-activation", "without ReLU", WHOLE.replace(" ReLU", "")),
        ("no-normalisation", "without BatchNorm2d", WHOLE.replace("BatchNorm2d ", "")),
        ("no-dropout", "without Dropout", WHOLE.replace("Dropout(0.2) ", "")),
        ("no-way-around", "without the ways around",
         WHOLE.replace("Residual(Conv2d(6, 3, padding=1) ReLU)", "Conv2d(6, 3, padding=1) ReLU")),
    ],
    ids=[row.name for row in ROWS],
)  # fmt: skip
def test_each_variant(name: str, label: str, text: str) -> None:
    found = next(one for one in variants(StackDocument(WHOLE, batch=4)) if one.name == name)
    assert (found.label, found.document) == (label, StackDocument(text, batch=4))


def test_what_makes_scores_is_left_there() -> None:
    assert variants(StackDocument("Flatten Linear(10) LogSoftmax", loss="NLLLoss")) == ()


def test_a_block_that_would_be_empty_goes() -> None:
    (straight,) = [one for one in variants(StackDocument("Residual(ReLU) Flatten Linear(10)")) if "around" in one.name]
    assert straight.document.text == "ReLU Flatten Linear(10)"
    (linear, _) = variants(StackDocument("Residual(ReLU) Flatten Linear(10)"))
    assert linear.document.text == "Flatten Linear(10)"


def test_of_what_does_not_run_there_is_none() -> None:
    assert variants(StackDocument("Flatten ReLU Linear(")) == ()
    assert variants(StackDocument("Linear(3) ReLU Conv2d(2, 40)")) == ()
    assert variants(DOCUMENTS["tied"]) == ()


@pytest.mark.parametrize("preset", STACKS.presets, ids=lambda preset: preset.title)
def test_the_variants_of_every_example_fit(preset: object) -> None:
    for one in variants(preset.document):  # type: ignore[attr-defined]
        assert net_of(one.document).listing.problem is None, one.label
