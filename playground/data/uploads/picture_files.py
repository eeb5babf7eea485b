"""The pictures of a folder, a zip or a tar, each with its class: the folder that it lies in, as ImageFolder has it.

What systems and programs add by themselves is no class and no picture; nothing is unpacked to disk, and no size that an
archive states is trusted.
"""

from __future__ import annotations

import lzma
import posixpath
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import IO

from playground.errors import PlaygroundError

ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".dib", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"}
    | {".avif"}
)
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"})
MOST_FILES = 50_000
MOST_FILE_BYTES = 32 << 20  # of one picture, as it lies in the file
MOST_BYTES = 1 << 30  # of all pictures together, unpacked
LAYOUT = "One folder per class, with that class's pictures in it: cat/1.png, cat/2.png, dog/1.png."
_CLUTTER = re.compile(r"(^|/)(\.|(__MACOSX|@eaDir|\$RECYCLE\.BIN|[Tt]humbs\.db|desktop\.ini)(/|$))")
_BAD_ARCHIVE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, NotImplementedError, OSError, RuntimeError, ValueError),
)

Read = Callable[[], bytes]  # at most one byte more than a picture may have


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One picture: its path, its class, and how it is read."""

    name: str
    folder: str
    read: Read


@dataclass(frozen=True, slots=True)
class Found:
    """The pictures, the files that are none, and the folders above the classes that were looked through."""

    pictures: tuple[PictureFile, ...]
    others: tuple[str, ...]
    splits: tuple[str, ...]


@contextmanager
def pictures_in(source: str | Path | IO[bytes]) -> Iterator[Found]:
    """The pictures of a folder or an archive, to be read inside. Raises PlaygroundError, which names a file."""
    if isinstance(source, str | Path) and Path(source).is_dir():
        yield _sorted_out(_in_folder(Path(source)))
        return
    try:
        if isinstance(source, str | Path):
            with Path(source).open("rb") as file:
                yield from _archive(file)
        else:
            yield from _archive(source)
    except FileNotFoundError as error:
        raise PlaygroundError(f"there is no folder or file {source}", hint=LAYOUT) from error
    except _BAD_ARCHIVE as error:
        hint = "Pack the folders of pictures into a zip again, without a password."
        raise PlaygroundError(f"the archive cannot be read: {error}", hint=hint) from error


def _archive(file: IO[bytes]) -> Iterator[Found]:
    beginning = file.read(4)
    file.seek(0)
    if beginning.startswith(b"PK") or not _is_tar(file):
        with zipfile.ZipFile(file) as packed:
            yield _sorted_out(_in_zip(packed))
        return
    with tarfile.open(fileobj=file) as tar:
        yield _sorted_out(_in_tar(tar))


def _is_tar(file: IO[bytes]) -> bool:
    found = tarfile.is_tarfile(file)
    file.seek(0)
    return found


def _in_zip(packed: zipfile.ZipFile) -> list[tuple[str, Read]]:
    entries = [entry for entry in packed.infolist() if entry.filename and not entry.is_dir()]
    found: list[tuple[str, Read]] = []
    total = 0
    for entry in entries:
        name = inside(entry.filename)
        if entry.flag_bits & 1:
            raise PlaygroundError(f"{name} has a password", hint="Pack the folders again, without a password.")
        total += entry.file_size
        found.append((name, partial(_unzipped, packed, entry)))
    _check_total(total)  # before anything is unpacked
    return found


def _unzipped(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with packed.open(entry) as file:  # whatever the zip says of its size, no more than this is unpacked
        return file.read(MOST_FILE_BYTES + 1)


def _in_tar(tar: tarfile.TarFile) -> list[tuple[str, Read]]:
    found: list[tuple[str, Read]] = []
    total = 0
    for member in tar:  # one header after the other: what is too large is not even passed over
        name = inside(member.name)
        total += max(0, member.size)
        _check_total(total)
        if not member.isfile():
            continue  # folders, and links, which are not followed
        found.append((name, partial(_untarred, tar, member)))
        _check_count(len(found))
    return found


def _untarred(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return b"" if file is None else file.read(MOST_FILE_BYTES + 1)


def _in_folder(folder: Path) -> list[tuple[str, Read]]:
    found: list[tuple[str, Read]] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if is_clutter(name) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            raise PlaygroundError(f"{name} is a link or no file", hint="Put the pictures themselves into the folder.")
        found.append((name, partial(_beginning, path)))
        _check_count(len(found))
    return found


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_FILE_BYTES + 1)


def inside(name: str) -> str:
    """A name in an archive, with the separators of POSIX; PlaygroundError for one that leads out of it."""
    plain = name.replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if plain.startswith("/") or ".." in parts or (parts and ":" in parts[0]):
        hint = "Pack the folders again, with names that stay inside the archive."
        raise PlaygroundError(f"{name!r} leads out of the archive", hint=hint)
    return "/".join(parts)


def is_clutter(name: str) -> bool:
    """Recognise what systems and programs add by themselves, and nobody means as a picture or a class.

    >>> [is_clutter(name) for name in ("cat/.ipynb_checkpoints/1.png", "@eaDir/cat/1.png", "cat/1.png")]
    [True, True, False]
    """
    return _CLUTTER.search(name) is not None


def _sorted_out(files: Sequence[tuple[str, Read]]) -> Found:
    """The pictures by class. The class is the uppermost folder, below those that hold everything together."""
    meant = sorted(((name, read) for name, read in files if not is_clutter(name)), key=itemgetter(0))
    _check_count(len(meant))
    pictures = [(name, read) for name, read in meant if _is_picture(name)]
    others = () if len(pictures) == len(meant) else tuple(name for name, _ in meant if not _is_picture(name))
    paths = [name.split("/") for name, _ in pictures]
    above = 0
    while paths and min(map(len, paths)) > above + 2 and len({parts[above] for parts in paths}) == 1:
        above += 1
    splits: tuple[str, ...] = ()
    if paths and min(map(len, paths)) > above + 2 and {parts[above].lower() for parts in paths} <= SPLITS:
        splits = tuple(sorted({parts[above] for parts in paths}))
        above += 1
    for (name, _), parts in zip(pictures, paths, strict=True):
        if len(parts) < above + 2:
            raise PlaygroundError(f"{name} lies in no folder, so it has no class", hint=LAYOUT)
    made = [PictureFile(name, parts[above], read) for (name, read), parts in zip(pictures, paths, strict=True)]
    return Found(tuple(made), others, splits)


def _is_picture(name: str) -> bool:
    return posixpath.splitext(name)[1].lower() in ENDINGS


def _check_count(count: int) -> None:
    if count > MOST_FILES:
        raise PlaygroundError(f"more than {MOST_FILES:,} files", hint="Take some of the pictures of each class.")


def _check_total(total: int) -> None:
    if total > MOST_BYTES:
        raise too_large_together(total)


def too_large_together(total: int) -> PlaygroundError:
    """The error for pictures that take too much when they are unpacked."""
    hint = f"All of them may take {MOST_BYTES >> 20:,} MB: make them smaller, or take fewer."
    return PlaygroundError(f"the pictures take {total >> 20:,} MB or more", hint=hint)


def contents(files: Sequence[PictureFile]) -> Iterator[tuple[PictureFile, BytesIO]]:
    """Each picture with its bytes, within the limits."""
    total = 0
    for file in files:
        content = file.read()
        total += len(content)
        _check_total(total)
        if len(content) > MOST_FILE_BYTES:
            hint = f"One picture may take {MOST_FILE_BYTES >> 20} MB: make it smaller."
            raise PlaygroundError(f"{file.name} is too large", hint=hint)
        yield file, BytesIO(content)
