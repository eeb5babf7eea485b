"""Store of uploads, each under the digest of its content, so that any process finds it by name. Nothing is pickled."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from playground.data.dataset import Data, Examples
from playground.data.folders import cache_folder
from playground.errors import PlaygroundError

NAME = re.compile(r"own-[0-9a-f]{16}")
MOST_BYTES = 2 << 30  # of all uploads together; what was not used for longest goes first
_AGAIN = "Choose the file again, or the bundled digits."


@dataclass(frozen=True, slots=True)
class UploadRow:
    """The sizes and classes of an upload, known without reading it whole; `input_shape` as in `Data`."""

    name: str
    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    train_size: int
    test_size: int
    told: Told = field(default_factory=lambda: Told())


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to say of an upload: the name of its file, what was done to read it, and of a table what its
    columns (name, role, why) are taken for, with its first rows and its `Recipe`, None where it has none."""

    title: str = ""
    said: tuple[str, ...] = ()
    columns: Sequence[Mapping[str, str]] = ()
    rows: Sequence[Sequence[str]] = ()
    recipe: Mapping[str, Any] | None = None


def is_upload(name: str) -> bool:
    """Tell whether a data set of this name was uploaded."""
    return name.startswith("own-")


def keep(data: Data, told: Told | None = None) -> Data:
    """Write the data set to the cache folder, and return it as `load` will, with its name `own-<digest>`.

    `told`: what `describe` says of it. Pictures are kept with 8 bits per pixel. Raises PlaygroundError where the folder
    cannot be written.
    """
    tensors = {
        "train_x": _packed(data.train.x, data.is_pictures),
        "train_labels": data.train.labels.contiguous(),
        "test_x": _packed(data.test.x, data.is_pictures),
        "test_labels": data.test.labels.contiguous(),
    }
    name = _name(tensors, data.classes)
    path = _path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:  # so that nobody reads half of it
            said = {"classes": json.dumps(data.classes), "told": json.dumps(asdict(told or Told()))}
            save_file(tensors, Path(scratch) / path.name, said)
            (Path(scratch) / path.name).replace(path)
        _drop_unused(path)
    except (OSError, SafetensorError) as error:
        hint = "Is the disk full? XDG_CACHE_HOME may name a folder on another one."
        raise PlaygroundError(f"{path} cannot be written: {error}", hint=hint) from error
    return _data(name, tensors, data.classes)


def load(name: str) -> Data:
    """The data set that `keep` has named so. Raises PlaygroundError where it is not there, or not what it was."""
    path = _existing(name)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in ("train_x", "train_labels", "test_x", "test_labels")}
            classes = tuple(json.loads((file.metadata() or {})["classes"]))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise PlaygroundError(f"{path} is damaged: {error}", hint=_AGAIN) from error
    if _name(tensors, classes) != name:
        raise PlaygroundError(f"{path} is damaged: its content is not what its name says", hint=_AGAIN)
    with suppress(OSError):
        os.utime(path)
    return _data(name, tensors, classes)


def describe(name: str) -> UploadRow:
    """The shape and the classes of the data set of that name, read off the beginning of its file.

    Raises PlaygroundError where it is not there, or damaged.
    """
    path = _existing(name)
    try:
        with safe_open(path, framework="pt") as file:
            (train_size, *shape), (test_size, *_) = (file.get_slice(f"{p}_x").get_shape() for p in ("train", "test"))
            said = file.metadata() or {}
            classes = tuple(json.loads(said["classes"]))
            told = Told(**json.loads(said.get("told", "{}")))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise PlaygroundError(f"{path} is damaged: {error}", hint=_AGAIN) from error
    return UploadRow(name, tuple(shape), classes, train_size, test_size, told)


def title_of(name: str) -> str:
    """The name of the file that a data set came from; where it is not known, or not an upload, its own."""
    try:
        return (describe(name).told.title if is_upload(name) else "") or name
    except PlaygroundError:
        return name


def _existing(name: str) -> Path:
    path = _path(name) if NAME.fullmatch(name) else None
    if path is None or not path.is_file():
        raise PlaygroundError(f"there is no data set `{name}` on this computer", hint=_AGAIN)
    return path


def _path(name: str) -> Path:
    return cache_folder() / "own" / f"{name}.safetensors"


def _packed(x: Tensor, is_pictures: bool) -> Tensor:
    return (x * 255).round_().to(torch.uint8).contiguous() if is_pictures else x.contiguous()


def _unpacked(x: Tensor) -> Tensor:
    return x.float().div_(255) if x.dtype == torch.uint8 else x


def _data(name: str, tensors: dict[str, Tensor], classes: tuple[str, ...]) -> Data:
    train, test = (Examples(_unpacked(tensors[f"{part}_x"]), tensors[f"{part}_labels"]) for part in ("train", "test"))
    return Data(name, train, test, classes)


def _name(tensors: dict[str, Tensor], classes: tuple[str, ...]) -> str:
    digest = hashlib.sha256(json.dumps(classes).encode())
    for key, tensor in tensors.items():
        digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)};".encode())
        digest.update(tensor.numpy().tobytes())
    return f"own-{digest.hexdigest()[:16]}"


def _drop_unused(newest: Path) -> None:
    os.utime(newest)
    kept = 0
    for path in sorted(newest.parent.glob("own-*.safetensors"), key=lambda path: -path.stat().st_mtime_ns):
        kept += path.stat().st_size
        if kept > MOST_BYTES and path != newest:
            path.unlink(missing_ok=True)
