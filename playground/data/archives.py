"""torchvision's data sets: find or download their files, compare checksums, and have torchvision read them."""

from __future__ import annotations

import importlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from playground.data.dataset import Data, Examples
from playground.data.download import Progress, fetch, md5_of
from playground.data.folders import cache_folder, data_folders, writable_data_folder
from playground.errors import PlaygroundError

# The name that a data set has here, and the class that reads it.
CLASSES = {"MNIST": "MNIST", "Fashion-MNIST": "FashionMNIST", "KMNIST": "KMNIST", "CIFAR-10": "CIFAR10"}
UNPACKED_CIFAR = "cifar-10-batches-py"
LEFT_BEHIND = 24 * 3600.0  # seconds after which nobody is still unpacking
OFFLINE = "The bundled digits need no file and no network."


@dataclass(frozen=True, slots=True)
class Archive:
    """One file as it is published: its place below a data folder, its checksum, and where it can be had."""

    path: str
    md5: str
    urls: tuple[str, ...]


def archives(name: str) -> tuple[Archive, ...]:
    """The files of a data set, as torchvision lists them. Raises PlaygroundError where torchvision does not work."""
    reader = _reader(name)
    if name == "CIFAR-10":
        return (Archive(reader.filename, reader.tgz_md5, (reader.url,)),)
    folder = f"{reader.__name__}/raw"
    return tuple(
        Archive(f"{folder}/{file}", md5, tuple(mirror + file for mirror in reader.mirrors))
        for file, md5 in reader.resources
    )


def obtain(name: str, on_progress: Progress | None = None) -> list[Path]:
    """The verified files of a data set, downloaded where they are missing; none where CIFAR-10 lies unpacked.

    Raises PlaygroundError, which names the file, for one that is not what was published, or cannot be had.
    """
    if name == "CIFAR-10" and _unpacked_cifar():
        return []
    return [_found(name, archive) or _fetched(name, archive, on_progress) for archive in archives(name)]


def is_here(name: str) -> bool:
    """Tell whether its packed files are on this computer, whatever is in them. torchvision is not imported."""
    folders = data_folders()
    if name == "CIFAR-10" and any((folder / UNPACKED_CIFAR).is_dir() for folder in folders):
        return True
    return all(any((folder / path).is_file() for folder in folders) for path in paths(name))


def paths(name: str) -> tuple[str, ...]:
    """Name the places of its packed files below a data folder.

    >>> paths("MNIST")[0]
    'MNIST/raw/train-images-idx3-ubyte.gz'
    """
    if name == "CIFAR-10":
        return ("cifar-10-python.tar.gz",)
    parts = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    return tuple(f"{CLASSES[name]}/raw/{part}" for part in parts)


def read(name: str, files: list[Path]) -> Data:
    """The data set in these verified files, pixels within [0, 1], float32. Raises PlaygroundError, naming the file."""
    with _reading(name):
        if name == "CIFAR-10":
            return _cifar(files)
        reader = _reader(name)
        with _scratch() as folder:  # nothing unpacked is kept: only the packed files have a checksum
            raw = folder / reader.__name__ / "raw"
            raw.mkdir(parents=True)
            for file in files:
                shutil.copyfile(file, raw / file.name)
            train, test = (_examples(reader(folder, train=is_train, download=True)) for is_train in (True, False))
        return Data(name, train, test, ())


def _reader(name: str) -> Any:
    return getattr(torchvision_datasets(), CLASSES[name])


def _found(name: str, archive: Archive) -> Path | None:
    for folder in data_folders():
        path = folder / archive.path
        if path.is_file():
            _verify(name, path, archive.md5)
            return path
    return None


def _verify(name: str, path: Path, md5: str) -> None:
    try:
        found = md5_of(path)
    except OSError as error:
        raise PlaygroundError(f"{path} cannot be read: {error.strerror or error}", hint=OFFLINE) from error
    if found != md5:
        size = path.stat().st_size
        raise PlaygroundError(
            f"{path} is not the file of {name}: truncated, or another one ({size:,} bytes, MD5 {found}, not {md5})",
            hint=f"Delete it, and it is downloaded when {name} is next chosen; or put the whole file there. {OFFLINE}",
        )


def _fetched(name: str, archive: Archive, on_progress: Progress | None) -> Path:
    try:
        target = writable_data_folder() / archive.path
        fetch(archive.urls, target, archive.md5, on_progress)
    except (PlaygroundError, OSError) as error:
        reason = error.message if isinstance(error, PlaygroundError) else f"{error.filename}: {error.strerror or error}"
        places = " or ".join(str((folder / archive.path).parent) for folder in data_folders())
        hint = f"{OFFLINE} Or put {Path(archive.path).name} in {places}, or try again: what has arrived is kept."
        raise PlaygroundError(f"{name} is not on this computer. {reason}", hint=hint) from error
    _verify(name, target, archive.md5)
    return target


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise PlaygroundError(f"{name} cannot be read: {error}", hint=OFFLINE) from error


@contextmanager
def _scratch() -> Iterator[Path]:
    parent = cache_folder()
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob("unpacking-*"):  # by a process that was killed
        if _age(left) > LEFT_BEHIND:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix="unpacking-") as folder:
        yield Path(folder)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # removed by another process between our two polls
        return 0


def _unpacked_cifar() -> Path | None:
    base = _reader("CIFAR-10").base_folder
    return next((folder for folder in data_folders() if (folder / base).is_dir()), None)


def _cifar(files: list[Path]) -> Data:
    reader = _reader("CIFAR-10")
    folder = _unpacked_cifar() or _unpack_cifar(reader, files[0])
    for file, md5 in [*reader.train_list, *reader.test_list, (reader.meta["filename"], reader.meta["md5"])]:
        _verify("CIFAR-10", folder / reader.base_folder / file, md5)  # torchvision does not say which one it is
    train, test = (_examples(reader(folder, train=is_train)) for is_train in (True, False))
    return Data("CIFAR-10", train, test, ())


def _unpack_cifar(reader: Any, archive: Path) -> Path:
    """Unpacks beside its place and moves it there whole, so that nobody sees half of it."""
    folder = cache_folder() / "data"
    with _scratch() as scratch:
        shutil.copyfile(archive, scratch / archive.name)
        reader(scratch, download=True)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            (scratch / reader.base_folder).rename(folder / reader.base_folder)
        except OSError:
            if not (folder / reader.base_folder).is_dir():  # else another process was faster
                raise
    return folder


def _examples(dataset: Any) -> Examples:
    pixels = torch.as_tensor(dataset.data)
    x = pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
    labels: Tensor = torch.as_tensor(dataset.targets, dtype=torch.int64)
    return Examples(x.to(torch.float32, memory_format=torch.contiguous_format).div_(255), labels)


def torchvision_datasets() -> Any:
    """The module `torchvision.datasets`. Raises PlaygroundError where it is missing or does not match torch."""
    try:
        return importlib.import_module("torchvision.datasets")
    except Exception as error:  # a torchvision built for another torch raises whatever its first missing symbol raises
        hint = "Install the two that belong together: pip install --upgrade torch torchvision."
        message = f"torchvision {_version('torchvision')} does not work with torch {_version('torch')}: {error}"
        raise PlaygroundError(message, hint=f"{hint} The bundled digits need no torchvision.") from error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
