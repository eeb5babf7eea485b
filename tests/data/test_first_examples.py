"""The first examples of a data set whose files are here: read without the rest, and bad files told by name."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from playground.data import first_examples as first
from playground.data.first_examples import MOST, batch_of_first, first_examples, is_ready
from playground.errors import PlaygroundError
from tests.data.idx_files import write_idx


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own, and nothing left in memory."""
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "data"
    first._first_examples.cache_clear()


def test_they_are_the_first_of_the_file(folder: Path) -> None:
    assert not is_ready("MNIST")
    pixels, labels = write_idx(folder, MOST + 3)
    assert is_ready("MNIST") and not is_ready("KMNIST")
    examples = first_examples("MNIST")
    assert examples.x.equal(pixels[:MOST, None].float() / 255) and examples.labels.equal(labels[:MOST].long())
    x, drawn = batch_of_first("MNIST", 5, 3)
    again, _ = batch_of_first("MNIST", 5, 3)
    other, _ = batch_of_first("MNIST", 5, 4)
    assert x.shape == (5, 1, 28, 28) and x.equal(again) and not x.equal(other)
    places = [int((examples.x == one).flatten(1).all(1).nonzero()[0]) for one in x]
    assert drawn.equal(examples.labels[places])


def test_a_file_that_is_missing_or_wrong_is_told_by_name(folder: Path) -> None:
    with pytest.raises(PlaygroundError, match="MNIST is not on this computer"):
        first_examples("MNIST")
    write_idx(folder, MOST - 1)
    with pytest.raises(PlaygroundError, match="does not begin with 2,048 examples"):
        first_examples("MNIST")
    images = folder / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    for content in (images.read_bytes()[:2000], b"no archive"):
        images.write_bytes(content)
        with pytest.raises(PlaygroundError, match=r"train-images-idx3-ubyte\.gz cannot be read"):
            first_examples("MNIST")


def test_of_cifar_only_the_published_file_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (MOST + 2, 3072), dtype=np.uint8)
    file = folder / "cifar-10-batches-py" / "data_batch_1"
    file.parent.mkdir(parents=True)
    file.write_bytes(pickle.dumps({"data": pixels, "labels": [n % 10 for n in range(len(pixels))]}))
    assert is_ready("CIFAR-10")
    with pytest.raises(PlaygroundError, match="not the file that was published"):
        first_examples("CIFAR-10")
    monkeypatch.setattr(first, "CIFAR_MD5", hashlib.md5(file.read_bytes()).hexdigest())
    examples = first_examples("CIFAR-10")
    assert examples.x.shape == (MOST, 3, 32, 32) and examples.labels[:3].tolist() == [0, 1, 2]
    assert float(examples.x[1, 2, 31, 31]) == pytest.approx(float(pixels[1, -1]) / 255)


def test_the_checksum_is_torchvisions() -> None:
    from torchvision.datasets import CIFAR10

    assert ["data_batch_1", first.CIFAR_MD5] in CIFAR10.train_list
