"""Data that a notebook or a shell names by its path: a folder or a zip of pictures, or a table."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playground.data.dataset import Data
from playground.data.datasets import DATA_NAMES
from playground.data.uploads.images import from_images
from playground.data.uploads.picture_files import ARCHIVES
from playground.data.uploads.store import is_upload
from playground.data.uploads.table import ENDINGS, from_table, is_table
from playground.errors import PlaygroundError

_KINDS = f"a folder, a .zip or a .tar.gz with one folder of pictures per class, or a table ({', '.join(ENDINGS)})"


def is_path(data: object) -> bool:
    """Tell whether this names a place and no data set; a data set's name is never a path.

    >>> [is_path(data) for data in ("MNIST", "own-0123456789abcdef", "pets", "pets.zip", "data/pets", Path("pets"))]
    [False, False, True, True, True, True]
    """
    if isinstance(data, Path):
        return True
    return isinstance(data, str) and data not in DATA_NAMES and not is_upload(data)


def from_path(path: str | Path, *, on_progress: Callable[[int], None] | None = None, **reading: Any) -> Data:
    """Read it by `from_images` or `from_table`, and keep it under its name; `reading`: their options: side, colour and
    without, or label, missing, words and predict. `on_progress(pictures so far)`. Raises PlaygroundError as they do,
    and for a path that leads to neither."""
    place = Path(path).expanduser()
    if not place.exists():
        hint = f"There are {', '.join(DATA_NAMES)}; or give the path of data of your own: {_KINDS}."
        raise PlaygroundError(f"there is no data set, folder or file {os.fspath(path)!r}", hint=hint)
    if place.is_dir() or place.name.lower().endswith(ARCHIVES):
        _check_options(from_images, "pictures", reading)
        return from_images(place, file_name=place.name, on_progress=on_progress, **reading)
    if is_table(place.name):
        _check_options(from_table, "a table", reading)
        return from_table(place.read_bytes(), file_name=place.name, **reading)
    raise PlaygroundError(f"{place} cannot be read as data", hint=f"Give {_KINDS}.")


def _check_options(read: Callable[..., Data], what: str, reading: dict[str, Any]) -> None:
    known = [
        name
        for name, given in inspect.signature(read).parameters.items()
        if given.kind is given.KEYWORD_ONLY and name not in ("on_progress", "file_name")
    ]
    for name in reading:
        if name not in known:
            raise PlaygroundError(
                f"{what} cannot be read with `{name}`", hint=f"What can be said is {', '.join(known)}."
            )
