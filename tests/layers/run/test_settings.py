"""The batch of a document: of a data set whose files are here, with the script that makes the same one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from playground.data import first_examples as first
from playground.data.first_examples import MOST
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.run.settings import batch_of, data_choices, with_its_data
from playground.layers.stack.problems import UnfitSetting
from playground.lessons.presets import STACKS
from tests.data.idx_files import write_idx
from tests.layers.scripts import printed, shown

MNIST = StackDocument("Flatten Linear(10)", data="MNIST", batch=8, rng_seed=2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with `data`, in which nothing lies yet."""
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path
    first._first_examples.cache_clear()


def test_data_sets_are_offered_when_their_files_are_here(folder: Path) -> None:
    assert data_choices(StackDocument()) == ("digits", "XOR", "random")
    assert data_choices(MNIST) == ("digits", "XOR", "MNIST", "random"), "what is chosen is shown"
    with pytest.raises(UnfitSetting, match="MNIST is not on this computer") as missing:
        batch_of(MNIST)
    assert missing.value.field == "data"
    write_idx(folder / "data", MOST)
    assert data_choices(StackDocument()) == ("digits", "XOR", "MNIST", "random")


def test_an_example_stands_on_what_it_trains_on_where_that_is_here_and_fits(folder: Path) -> None:
    document = STACKS.preset("L1.1").document
    assert (document.trains_on, with_its_data(document)) == ("MNIST", document)
    write_idx(folder / "data", MOST)
    found = with_its_data(document)
    assert found == replace(document, data="MNIST") and batch_of(found)[0].shape == (document.batch, 1, 28, 28)
    for other in (replace(document, input_shape=(3, 32, 32)), replace(document, data="random"), StackDocument()):
        assert with_its_data(other) == other


@pytest.mark.parametrize("classes", [10, 3, 0])
def test_the_script_takes_the_same_pictures(folder: Path, monkeypatch: pytest.MonkeyPatch, classes: int) -> None:
    write_idx(folder / "data", MOST + 5, unpacked=True)
    monkeypatch.chdir(folder)
    loss = "CrossEntropyLoss" if classes else "MSELoss"
    document = StackDocument(f"Flatten Linear({classes or 1})", loss=loss, classes=classes, data="MNIST", batch=8)
    recorded = record_net(net_of(document), *batch_of(document))
    assert [n for _, n in printed(script_of(document, "module"))] == pytest.approx([n for _, n in shown(recorded)])


def test_pictures_that_do_not_fit_are_told_at_the_field() -> None:
    with pytest.raises(UnfitSetting, match=r"MNIST does not fit an input of \(N, 3, 8, 8\)") as unfit:
        batch_of(StackDocument("Flatten Linear(10)", (3, 8, 8), data="MNIST"))
    assert (unfit.value.field, "pictures of MNIST are (1, 28, 28)" in unfit.value.hint) == ("data", True)
