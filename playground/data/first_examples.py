"""The first training examples of a data set whose files are on this computer: read at once, the rest is left packed."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import zlib
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from playground.data import archives
from playground.data.dataset import Examples
from playground.data.folders import data_folders
from playground.errors import PlaygroundError

MOST = 2_048  # examples: the file of MNIST is unpacked up to there in some 20 ms
SIDE, COLOURS = 28, (3, 32, 32)
_HEAD = {3: 16, 1: 8}  # bytes before the numbers of an IDX file, by its number of axes
# CIFAR-10 is published as pickles, which can hold code: only the file that was published is read.
_CIFAR = f"{archives.UNPACKED_CIFAR}/data_batch_1"
CIFAR_MD5 = "c99cafc152244af753f735de768cd75f"


def is_ready(name: str) -> bool:
    """Tell whether the first examples of a torchvision data set can be read: its files are here, CIFAR-10 unpacked."""
    return all(_found(path) is not None for path in _paths(name))


def first_examples(name: str) -> Examples:
    """The first 2,048 training examples, pixels within [0, 1]. PlaygroundError where the files are missing or wrong."""
    return _first_examples(name, data_folders())


def batch_of_first(name: str, size: int, rng_seed: int) -> tuple[Tensor, Tensor]:
    """A batch of them in an order drawn from the seed: `x` (N, C, H, W) float32 and labels (N,) int64."""
    examples = first_examples(name)
    chosen = torch.randperm(len(examples), generator=torch.Generator().manual_seed(rng_seed))[:size]
    return examples.x[chosen], examples.labels[chosen]


@lru_cache(maxsize=4)
def _first_examples(name: str, _: tuple[Path, ...]) -> Examples:
    files = [_found(path) for path in _paths(name)]
    if None in files:
        raise PlaygroundError(f"{name} is not on this computer", hint="a run on the train page downloads it")
    known = [file for file in files if file is not None]
    try:
        pixels, labels = _cifar(known[0]) if name == "CIFAR-10" else _idx(*known)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise PlaygroundError(f"{known[0]} cannot be read: {error}", hint=archives.OFFLINE) from error
    return Examples(pixels.float().div_(255), labels.long())


def _paths(name: str) -> tuple[str, ...]:
    return (_CIFAR,) if name == "CIFAR-10" else archives.paths(name)[:2]


def _found(path: str) -> Path | None:
    return next((folder / path for folder in data_folders() if (folder / path).is_file()), None)


def _idx(images: Path, labels: Path) -> tuple[Tensor, Tensor]:
    pixels = _bytes(images, axes=3, each=SIDE * SIDE).reshape(-1, 1, SIDE, SIDE)
    return pixels, _bytes(labels, axes=1, each=1)


def _bytes(file: Path, axes: int, each: int) -> Tensor:
    """The numbers of the first examples in an IDX file: two zeros, 8 for bytes, the number of axes, their sizes."""
    with gzip.open(file) as packed:
        head, content = packed.read(_HEAD[axes]), packed.read(MOST * each)
    if head[:4] != bytes((0, 0, 8, axes)) or len(content) != MOST * each:
        raise ValueError(f"it does not begin with {MOST:,} examples")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)


def _cifar(file: Path) -> tuple[Tensor, Tensor]:
    packed = file.read_bytes()
    if hashlib.md5(packed, usedforsecurity=False).hexdigest() != CIFAR_MD5:
        raise ValueError("it is not the file that was published")
    content = pickle.loads(packed, encoding="latin1")  # the very bytes that were published
    return torch.from_numpy(content["data"][:MOST].copy()).reshape(-1, *COLOURS), torch.tensor(content["labels"][:MOST])
