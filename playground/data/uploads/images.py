"""Pictures as data: each of a folder or an archive, turned upright, resized, and as numbers between 0 and 1."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from playground.data.dataset import Data
from playground.data.split import hold_out
from playground.data.uploads import store
from playground.data.uploads.labels import class_names
from playground.data.uploads.picture_files import LAYOUT, Found, contents, pictures_in
from playground.errors import PlaygroundError

FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "AVIF")
MOST_BYTES = 1 << 30  # of all pictures together as numbers, after resizing
MOST_PIXELS = 50_000_000  # of one picture
SIDES = (4, 256)
TOLD_EVERY = 200  # pictures between two reports
NAMED = 5  # files that are named
_TOO_MANY_PIXELS = (Image.DecompressionBombError, Image.DecompressionBombWarning)  # Pillow's own, larger limits


def from_images(
    source: str | Path | IO[bytes],
    *,
    side: int = 28,
    colour: bool = False,
    without: Sequence[str] = (),
    file_name: str = "",
    on_progress: Callable[[int], None] | None = None,
) -> Data:
    """Read a data set from the pictures in a folder, a zip or a tar; the folder that a picture lies in is its class.

    Each is resized to `side` x `side` (its proportions are not kept), grey or in `colour`, its transparent parts
    white. `without`: classes that are left out. Files that are no pictures are left out, which `store.describe` says. A
    fifth of each class is held out as test examples. The result is kept, and `datasets.load` finds it by its name;
    `on_progress(pictures so far)` is called now and then. Raises PlaygroundError, which names the file, for a picture
    that cannot be read or is too large.
    """
    if not SIDES[0] <= side <= SIDES[1]:
        raise PlaygroundError(f"pictures of {side} × {side}", hint=f"The side is {SIDES[0]} to {SIDES[1]} pixels.")
    pictures: list[np.ndarray] = []
    folders: list[str] = []
    most = MOST_BYTES // (side * side * (3 if colour else 1) * 4)
    with pictures_in(source) as found:
        chosen = [file for file in found.pictures if file.folder not in without]
        for file, content in contents(chosen):
            if len(pictures) == most:
                hint = "Choose a smaller side, grey instead of colour, or fewer pictures."
                raise PlaygroundError(f"more than {most:,} pictures of {side} × {side}", hint=hint)
            pictures.append(_pixels(file.name, content, side, colour))
            folders.append(file.folder)
            if on_progress is not None and len(pictures) % TOLD_EVERY == 0:
                on_progress(len(pictures))
    if not pictures:
        raise PlaygroundError(f"there are no pictures{_aside(found.others)}", hint=LAYOUT)
    classes, labels = class_names(folders)
    x = torch.from_numpy(np.stack(pictures))  # as bytes, which take a quarter of the memory
    return store.keep(hold_out(x, labels, classes), _told(found, file_name, without))


def _told(found: Found, file_name: str, without: Sequence[str]) -> store.Told:
    """What the folders were taken for: every class with its count, and what was left out."""
    counts = Counter(file.folder for file in found.pictures)
    columns = [
        {"name": name, "role": "left out" if name in without else "class", "why": f"{count:,} pictures"}
        for name, count in sorted(counts.items())
    ]
    said = []
    if found.splits:
        said.append(f"The folders {' and '.join(found.splits)} are read together.")
    if found.others:
        said.append(_aside(found.others).strip(" ()") + ".")
    return store.Told(file_name, tuple(said), columns)


def _aside(others: Sequence[str]) -> str:
    """The files that are no pictures, in parentheses; '' where there are none.

    >>> _aside(["README.md"])
    ' (1 file is no picture: README.md)'
    """
    if not others:
        return ""
    named = ", ".join(others[:NAMED]) + (", …" if len(others) > NAMED else "")
    return f" ({len(others):,} {'file is no picture' if len(others) == 1 else 'files are no pictures'}: {named})"


def _pixels(name: str, content: BytesIO, side: int, colour: bool) -> np.ndarray:
    """The picture as (channels, side, side), uint8."""
    try:
        picture: Image.Image = Image.open(content, formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            hint = f"One picture may have {MOST_PIXELS // 1_000_000} million pixels."
            raise PlaygroundError(f"{name} is {picture.width:,} × {picture.height:,} pixels large", hint=hint)
        ImageOps.exif_transpose(picture, in_place=True)
        picture, mode = _eight_bits(picture), "RGB" if colour else "L"
        picture = picture if picture.mode == mode else picture.convert(mode)
        if picture.size != (side, side):
            picture = picture.resize((side, side), Image.Resampling.BILINEAR)
        array = np.asarray(picture)
    except UnidentifiedImageError as error:
        hint = f"Pictures are {', '.join(FORMATS)}. Remove the file, or save it as one of these."
        raise PlaygroundError(f"{name} is no picture that can be read", hint=hint) from error
    except (OSError, SyntaxError, ValueError, EOFError, zlib.error, *_TOO_MANY_PIXELS) as error:
        hint = "Is it whole? Save it again, or remove it."
        raise PlaygroundError(f"{name} cannot be read: {error}", hint=hint) from error
    return array.transpose(2, 0, 1) if colour else array[None]


def _eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits per pixel, which Pillow would cut off at 255
        return Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA"))
    return picture
