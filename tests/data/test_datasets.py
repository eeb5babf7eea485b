"""The data sets by name: the bundled one, torchvision's from files and from a server, and what is said of bad files."""

from __future__ import annotations

import functools
import gzip
import hashlib
import importlib
import io
import os
import pickle
import shutil
import struct
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from playground.data import archives, datasets
from playground.data.datasets import DATA_NAMES, DATASETS, load
from playground.data.digits import digits
from playground.data.folders import data_folders, writable_data_folder
from playground.data.split import hold_out, prepare
from playground.errors import PlaygroundError

FOUR = [f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder for each test, no data folder, and nothing left in memory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PLAYGROUND_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    yield tmp_path / "cache" / "playground"
    datasets._cached.clear()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that it is served at."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def idx_files(pixels: np.ndarray, labels: np.ndarray) -> tuple[bytes, bytes]:
    """The two packed files of MNIST's format."""
    images = struct.pack(">IIII", 0x803, *pixels.shape) + pixels.tobytes()
    return gzip.compress(images, mtime=0), gzip.compress(struct.pack(">II", 0x801, len(labels)) + labels.tobytes())


@pytest.fixture
def small_fashion(served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, np.ndarray, np.ndarray]:
    """Fashion-MNIST with 20 pictures, published at a server of our own. Its folder, all pixels and all labels."""
    folder, address = served
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 28, 28), dtype=np.uint8)
    labels = (np.arange(40) % 10).astype(np.uint8)
    contents = [*idx_files(pixels[:20], labels[:20]), *idx_files(pixels[20:], labels[20:])]
    reader = importlib.import_module("torchvision.datasets").FashionMNIST
    resources = []
    for name, content in zip(FOUR, contents, strict=True):
        (folder / f"{name}.gz").write_bytes(content)
        resources.append((f"{name}.gz", md5(content)))
    monkeypatch.setattr(reader, "mirrors", [address])
    monkeypatch.setattr(reader, "resources", resources)
    return folder, pixels, labels


@pytest.fixture
def small_cifar(served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, np.ndarray]:
    """CIFAR-10 with 2 pictures a file, published at a server of our own. The packed file, and all pixels."""
    folder, address = served
    reader = importlib.import_module("torchvision.datasets").CIFAR10
    pixels = np.random.default_rng(1).integers(0, 256, (12, 3072), dtype=np.uint8)
    lists: dict[str, list[list[str]]] = {"train_list": [], "test_list": []}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:

        def add(name: str, content: dict[str, Any]) -> str:
            data = pickle.dumps(content)
            entry = tarfile.TarInfo(f"{reader.base_folder}/{name}")
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
            return md5(data)

        for number in range(6):
            name = f"data_batch_{number + 1}" if number < 5 else "test_batch"
            rows = slice(2 * number, 2 * number + 2)
            digest = add(name, {"data": pixels[rows], "labels": [number, number + 1]})
            lists["train_list" if number < 5 else "test_list"].append([name, digest])
        meta = {**reader.meta, "md5": add("batches.meta", {"label_names": list("abcdefghij")})}
    content = buffer.getvalue()
    (folder / reader.filename).write_bytes(content)
    for attribute, value in {**lists, "meta": meta, "tgz_md5": md5(content), "url": address + reader.filename}.items():
        monkeypatch.setattr(reader, attribute, value)
    return folder / reader.filename, pixels


def test_the_table_agrees_with_the_settings_and_with_torchvision() -> None:
    assert tuple(row.name for row in DATASETS) == DATA_NAMES
    assert not DATASETS[0].needs_download  # the default
    assert [row.name for row in DATASETS if not row.needs_download] == ["digits", "XOR"]
    for row in DATASETS[2:]:
        reader = getattr(importlib.import_module("torchvision.datasets"), archives.CLASSES[row.name])
        assert row.needs_download and row.name in archives.CLASSES
        if row.name == "MNIST":
            assert row.classes == tuple(name[0] for name in reader.classes)
        elif row.name != "CIFAR-10":  # torchvision reads those from the file
            assert row.classes == tuple(reader.classes)


@pytest.mark.parametrize("name", archives.CLASSES)
def test_the_places_of_files_agree_with_torchvision(name: str) -> None:
    assert archives.paths(name) == tuple(archive.path for archive in archives.archives(name))
    assert importlib.import_module("torchvision.datasets").CIFAR10.base_folder == archives.UNPACKED_CIFAR


def test_bundled_digits_need_neither_network_nor_file(own_cache: Path) -> None:
    data, row = load("digits"), DATASETS[0]
    assert (data.name, data.input_shape, data.classes) == (row.name, row.input_shape, row.classes)
    assert (len(data.train), len(data.test)) == (row.train_size, row.test_size)
    assert len(data.train) + len(data.test) == len(digits()[1])
    shares = torch.bincount(data.test.labels) / torch.bincount(digits()[1])
    torch.testing.assert_close(shares, torch.full((10,), 0.2), atol=0.01, rtol=0)
    assert load("digits") is data
    assert not own_cache.exists()


def test_the_digits_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    bunch, (images, labels) = load_digits(), digits()
    assert labels.tolist() == bunch.target.tolist()
    small = torch.tensor(bunch.images, dtype=torch.float32)[:, None] / 16
    large = torch.nn.functional.interpolate(small, size=(28, 28), mode="bilinear", align_corners=False)
    assert torch.equal(images, large.clamp(0, 1))


def test_the_digits_are_read_without_scikit_learn() -> None:
    code = "import sys; from playground.data.digits import digits; digits(); print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_the_four_points_of_xor_are_all_there_are() -> None:
    data, row = load("XOR"), next(row for row in DATASETS if row.name == "XOR")
    assert (data.name, data.input_shape, data.classes) == (row.name, row.input_shape, row.classes)
    assert (len(data.train), len(data.test)) == (row.train_size, row.test_size)
    assert not data.is_pictures and data.test is data.train
    for point, label in zip(data.train.x.tolist(), data.train.labels.tolist(), strict=True):
        assert label == (point[0] != point[1])


def test_mnist_from_a_read_only_folder(data_folder: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA", str(data_folder))
    before = sorted(data_folder.rglob("*"))
    data = load("MNIST")
    row = next(row for row in DATASETS if row.name == "MNIST")
    assert (data.name, data.input_shape, data.classes) == (row.name, row.input_shape, row.classes)
    assert (len(data.train), len(data.test)) == (row.train_size, row.test_size)
    assert data.train.x.dtype == torch.float32 and data.train.labels.dtype == torch.int64
    assert (float(data.train.x.min()), float(data.train.x.max())) == (0, 1)
    assert data.train.labels[:3].tolist() == [5, 0, 4]  # as in LeCun's own listing
    assert sorted(data_folder.rglob("*")) == before
    assert not list(own_cache.rglob("*"))  # what was unpacked is gone again
    normalisation = prepare(data, normalise=True).normalisation
    assert normalisation is not None
    (mean,), (deviation,) = normalisation
    assert (round(mean, 4), round(deviation, 4)) == (0.1307, 0.3081)  # the numbers of every MNIST tutorial
    assert (
        sum(
            (folder / archive.path).stat().st_size
            for folder in data_folders()[:1]
            for archive in archives.archives("MNIST")
        )
        == row.download_bytes
    )


def test_a_truncated_mnist_file_is_named(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(data_folder / "MNIST", tmp_path / "MNIST")
    bad = tmp_path / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
    content = bad.read_bytes()
    bad.unlink()
    bad.write_bytes(content[:-1])
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path))
    with pytest.raises(PlaygroundError) as caught:
        load("MNIST")
    assert str(bad) in caught.value.message and f"{len(content) - 1:,} bytes" in caught.value.message
    assert "bundled digits" in caught.value.hint


def test_fetched_once_then_read_without_the_server(
    small_fashion: tuple[Path, np.ndarray, np.ndarray], own_cache: Path
) -> None:
    folder, pixels, labels = small_fashion
    seen: list[str] = []
    data = load("Fashion-MNIST", on_progress=lambda file, done, total: seen.append(file))
    assert set(seen) == {f"{name}.gz" for name in FOUR}
    together = torch.cat([data.train.x, data.test.x])
    assert torch.equal(together, torch.from_numpy(pixels)[:, None] / 255)
    assert torch.cat([data.train.labels, data.test.labels]).tolist() == labels.tolist()
    assert data.classes[0] == "T-shirt/top"
    assert load("Fashion-MNIST") is data
    datasets._cached.clear()
    shutil.rmtree(folder)
    assert torch.equal(load("Fashion-MNIST").train.x, data.train.x)


def test_what_a_killed_process_left_unpacked_is_removed_after_a_day(
    small_fashion: tuple[Path, np.ndarray, np.ndarray], own_cache: Path
) -> None:
    old, new = own_cache / "unpacking-old", own_cache / "unpacking-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    load("Fashion-MNIST")
    assert not old.exists() and new.exists()


def test_many_sessions_get_the_same_object(small_fashion: tuple[Path, np.ndarray, np.ndarray]) -> None:
    found = []
    threads = [threading.Thread(target=lambda: found.append(load("Fashion-MNIST"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4 and all(data is found[0] for data in found)


@pytest.mark.parametrize("change", [lambda content: content[: len(content) // 2], lambda content: b"<html></html>"])
def test_a_file_of_ours_that_was_changed_is_named(
    small_fashion: tuple[Path, np.ndarray, np.ndarray], own_cache: Path, change: Any
) -> None:
    load("Fashion-MNIST")
    datasets._cached.clear()
    path = own_cache / "data" / "FashionMNIST" / "raw" / f"{FOUR[0]}.gz"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(PlaygroundError, match="truncated, or another one") as caught:
        load("Fashion-MNIST")
    assert str(path) in caught.value.message
    path.unlink()  # as the hint says
    load("Fashion-MNIST")


def test_a_server_that_sends_something_else(
    small_fashion: tuple[Path, np.ndarray, np.ndarray], own_cache: Path
) -> None:
    (small_fashion[0] / f"{FOUR[0]}.gz").write_bytes(b"<html></html>")
    with pytest.raises(PlaygroundError, match="sent another file") as caught:
        load("Fashion-MNIST")
    assert "bundled digits" in caught.value.hint
    assert not list(own_cache.rglob("*.gz"))


def test_no_network_and_no_file(monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    reader = importlib.import_module("torchvision.datasets").KMNIST
    monkeypatch.setattr(reader, "mirrors", ["http://no-such-host.invalid/"])
    with pytest.raises(PlaygroundError, match="KMNIST is not on this computer") as caught:
        load("KMNIST")
    assert "bundled digits" in caught.value.hint and str(own_cache / "data" / "KMNIST" / "raw") in caught.value.hint


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))  # no folder can be made below a file
    with pytest.raises(PlaygroundError, match="Fashion-MNIST is not on this computer") as caught:
        load("Fashion-MNIST")
    assert str(tmp_path / "file") in caught.value.message


def test_cifar_fetched_unpacked_once_and_checked_each_time(
    small_cifar: tuple[Path, np.ndarray], own_cache: Path
) -> None:
    published, pixels = small_cifar
    data = load("CIFAR-10")
    assert data.input_shape == (3, 32, 32) and len(data.train) == 10 and len(data.test) == 2
    together = torch.cat([data.train.x, data.test.x])
    assert torch.equal(together, torch.from_numpy(pixels).view(12, 3, 32, 32) / 255)  # channel, row, column
    assert together.is_contiguous() and data.train.labels[:4].tolist() == [0, 1, 1, 2]
    assert data.classes[0] == "airplane"
    datasets._cached.clear()
    published.unlink()
    (own_cache / "data" / published.name).unlink()
    assert torch.equal(load("CIFAR-10").train.x, data.train.x)  # from the unpacked folder alone
    datasets._cached.clear()
    bad = own_cache / "data" / "cifar-10-batches-py" / "data_batch_3"
    bad.write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(PlaygroundError) as caught:
        load("CIFAR-10")
    assert str(bad) in caught.value.message


def test_cifar_packed_in_a_read_only_folder(
    small_cifar: tuple[Path, np.ndarray], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published, _ = small_cifar
    monkeypatch.setenv("PLAYGROUND_DATA", str(published.parent))
    load("CIFAR-10")
    assert (own_cache / "data" / "cifar-10-batches-py").is_dir()
    assert list(published.parent.iterdir()) == [published]


def test_downloads_go_to_the_named_folder_unless_it_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    assert writable_data_folder() == own_cache / "data"
    named = tmp_path / "named"
    monkeypatch.setenv("PLAYGROUND_DATA", str(named))
    assert data_folders() == (named, own_cache / "data")
    assert writable_data_folder() == named
    named.chmod(0o555)
    assert writable_data_folder() == own_cache / "data"
    named.chmod(0o755)


def test_at_most_two_data_sets_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "obtain", lambda name, on_progress: [])
    small = hold_out(*digits(), tuple("0123456789"))
    monkeypatch.setattr(archives, "read", lambda name, files: small)
    first = load("MNIST")
    load("KMNIST")
    assert load("MNIST") is first  # which makes KMNIST the one not used for longest
    load("CIFAR-10")
    assert len(datasets._cached) == datasets.CACHED
    assert load("MNIST") is first


@pytest.mark.parametrize(("name", "hint"), [("mnist", "Did you mean MNIST?"), ("cats", "There are digits, XOR, MNIST")])
def test_an_unknown_name(name: str, hint: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        load(name)
    assert hint in caught.value.hint


@pytest.mark.parametrize("error", [RuntimeError("operator torchvision::nms does not exist"), ImportError("no _C")])
def test_a_torchvision_that_does_not_match_torch(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = importlib.import_module

    def refuse(name: str, package: str | None = None) -> ModuleType:
        if name.startswith("torchvision"):
            raise error
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(PlaygroundError) as caught:
        load("MNIST")
    assert str(error) in caught.value.message and torch.__version__.split("+")[0] in caught.value.message
    assert "pip install" in caught.value.hint
    assert len(load("digits").train) == DATASETS[0].train_size  # the rest works


def test_torchvision_is_not_imported_before_it_is_needed() -> None:
    code = "import sys; from playground.data.datasets import load; load('digits'); print('torchvision' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
