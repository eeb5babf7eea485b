"""Pictures as data: a folder or a zip with one folder per class. Nothing is unpacked to disk; no size is trusted."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from playground.data.dataset import Data
from playground.data.split import hold_out
from playground.data.uploads import store
from playground.data.uploads.labels import class_names
from playground.errors import PlaygroundError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
MOST_FILES = 50_000
MOST_FILE_BYTES = 32 << 20  # of one picture, as it lies in the file
MOST_BYTES = 1 << 30  # of all pictures together: unpacked from the zip, and as numbers after resizing
MOST_PIXELS = 50_000_000  # of one picture
SIDES = (4, 256)
TOLD_EVERY = 200  # pictures between two reports
_TOO_MANY_PIXELS = (Image.DecompressionBombError, Image.DecompressionBombWarning)  # Pillow's own, larger limits
_BAD_ZIP = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, NotImplementedError, OSError, RuntimeError, ValueError),
)

_LAYOUT = "One folder per class, with that class's pictures in it: cat/1.png, cat/2.png, dog/1.png."


def from_images(
    source: str | Path | IO[bytes],
    *,
    side: int = 28,
    colour: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Data:
    """Read a data set from the pictures in a folder or a zip; the folder that a picture lies in is its class.

    Each is resized to `side` x `side` (its proportions are not kept), grey or in `colour`, its transparent parts
    white. A fifth of each class is held out as test examples. The result is kept, and `datasets.load` finds it by its
    name; `on_progress(pictures so far)` is called now and then. Raises PlaygroundError, which names the file, for
    anything that is no picture or too large.
    """
    if not SIDES[0] <= side <= SIDES[1]:
        raise PlaygroundError(f"pictures of {side} × {side}", hint=f"The side is {SIDES[0]} to {SIDES[1]} pixels.")
    pictures: list[np.ndarray] = []
    folders: list[str] = []
    most = MOST_BYTES // (side * side * (3 if colour else 1) * 4)
    for name, content in _files(source):
        if len(pictures) == most:
            hint = "Choose a smaller side, grey instead of colour, or fewer pictures."
            raise PlaygroundError(f"more than {most:,} pictures of {side} × {side}", hint=hint)
        pictures.append(_pixels(name, content, side, colour))
        folders.append(PurePosixPath(name).parent.name)
        if on_progress is not None and len(pictures) % TOLD_EVERY == 0:
            on_progress(len(pictures))
    if not pictures:
        raise PlaygroundError("there are no pictures", hint=_LAYOUT)
    classes, labels = class_names(folders)
    x = torch.from_numpy(np.stack(pictures)).float().div_(255)
    return store.keep(hold_out(x, labels, classes))


def _files(source: str | Path | IO[bytes]) -> Iterator[tuple[str, bytes]]:
    if isinstance(source, str | Path) and Path(source).is_dir():
        yield from _in_folder(Path(source))
        return
    try:
        with zipfile.ZipFile(source) as packed:
            yield from _in_zip(packed)
    except FileNotFoundError as error:
        raise PlaygroundError(f"there is no folder or file {source}", hint=_LAYOUT) from error
    except _BAD_ZIP as error:
        hint = "Pack the folders of pictures into a zip again, without a password."
        raise PlaygroundError(f"the zip cannot be read: {error}", hint=hint) from error


def _in_zip(packed: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = [entry for entry in packed.infolist() if entry.filename and not entry.is_dir()]
    entries = [entry for entry in entries if not _is_clutter(entry.filename)]
    _check_count(len(entries))
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in path.parts[0]:
            hint = "Pack the folders again, with names that stay inside the zip."
            raise PlaygroundError(f"{entry.filename!r} leads out of the zip", hint=hint)
        if entry.flag_bits & 1:
            raise PlaygroundError(
                f"{entry.filename} has a password", hint="Pack the folders again, without a password."
            )
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:  # before anything is unpacked
        raise _too_large_together(total)
    read = 0
    for entry in entries:
        with packed.open(entry) as file:  # whatever the zip says of its size, no more than this is unpacked
            content = file.read(MOST_FILE_BYTES + 1)
        read += len(content)
        if read > MOST_BYTES:
            raise _too_large_together(read)
        yield _checked(entry.filename, content), content


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    paths = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _is_clutter(name) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            raise PlaygroundError(f"{name} is a link or no file", hint="Put the pictures themselves into the folder.")
        paths.append((name, path))
        _check_count(len(paths))
    total = 0
    for name, path in paths:
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
        total += len(content)
        if total > MOST_BYTES:
            raise _too_large_together(total)
        yield _checked(name, content), content


def _is_clutter(name: str) -> bool:
    """Recognise what systems add by themselves, and nobody means as a picture."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1] in {"Thumbs.db", "desktop.ini"}


def _check_count(count: int) -> None:
    if count > MOST_FILES:
        raise PlaygroundError(f"more than {MOST_FILES:,} files", hint="Take some of the pictures of each class.")


def _too_large_together(total: int) -> PlaygroundError:
    hint = f"All of them may take {MOST_BYTES >> 20:,} MB: make them smaller, or take fewer."
    return PlaygroundError(f"the pictures take {total >> 20:,} MB or more", hint=hint)


def _checked(name: str, content: bytes) -> str:
    if len(PurePosixPath(name).parts) < 2:
        raise PlaygroundError(f"{name} lies in no folder, so it has no class", hint=_LAYOUT)
    if len(content) > MOST_FILE_BYTES:
        hint = f"One picture may take {MOST_FILE_BYTES >> 20} MB: make it smaller."
        raise PlaygroundError(f"{name} is too large", hint=hint)
    return name


def _pixels(name: str, content: bytes, side: int, colour: bool) -> np.ndarray:
    """The picture as (channels, side, side), uint8."""
    try:
        picture: Image.Image = Image.open(BytesIO(content), formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            hint = f"One picture may have {MOST_PIXELS // 1_000_000} million pixels."
            raise PlaygroundError(f"{name} is {picture.width:,} × {picture.height:,} pixels large", hint=hint)
        picture = ImageOps.exif_transpose(picture)
        picture = _eight_bits(picture).convert("RGB" if colour else "L")
        array = np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))
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
