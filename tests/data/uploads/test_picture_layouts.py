"""Folders and archives of pictures as they exist in the world: forty layouts, read as ImageFolder reads them, or what
is otherwise said."""

from __future__ import annotations

import tarfile
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from playground.data.uploads import picture_files, store
from playground.data.uploads.images import from_images
from playground.errors import PlaygroundError


def picture(value: int, format: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.full((6, 6), value, np.uint8)).save(buffer, format)
    return buffer.getvalue()


def of(*classes: str, above: str = "", ending: str = "png", format: str = "PNG", each: int = 2) -> dict[str, bytes]:
    return {
        f"{above}{name}/{number}.{ending}": picture(20 * place, format)
        for place, name in enumerate(classes)
        for number in range(each)
    }


@dataclass(frozen=True)
class Layout:
    """Files, the classes that are meant with their counts, and what is said."""

    name: str
    files: dict[str, bytes]
    classes: dict[str, int]
    said: str = ""
    as_image_folder: bool = True  # else ImageFolder refuses it, or has other classes, which is said


TWO = {"cat": 2, "dog": 2}
NOTHING = {"README.md": b"x", "labels.csv": b"a,b", "notes.txt": b"", "cat/thumbs.db": b"x", "LICENSE": b"x"}
LAYOUTS = [
    Layout("plain", of("cat", "dog"), TWO),
    *(
        Layout(f"format {ending}", of("cat", "dog", ending=ending, format=format), TWO, as_image_folder=known)
        for ending, format, known in (
            ("jpg", "JPEG", True),
            ("jpeg", "JPEG", True),
            ("JPG", "JPEG", True),
            ("bmp", "BMP", True),
            ("webp", "WEBP", True),
            ("tif", "TIFF", True),
            ("tiff", "TIFF", True),
            ("ppm", "PPM", True),
            ("pgm", "PPM", True),
            ("gif", "GIF", False),
            ("avif", "AVIF", False),
        )
    ),
    Layout(
        "nested", of("indoor", "outdoor", above="cat/") | of("indoor", "outdoor", above="dog/"), {"cat": 4, "dog": 4}
    ),
    Layout("unevenly nested", of("cat", "dog") | of("more", above="cat/"), {"cat": 4, "dog": 2}),
    Layout("numbers", of("0", "1", "10", "2"), {"0": 2, "1": 2, "2": 2, "10": 2}),
    Layout("three", of("a", "b", "c", each=5), {"a": 5, "b": 5, "c": 5}),
    Layout("spaces", of("big cat", "small dog"), {"big cat": 2, "small dog": 2}),
    Layout("letters", of("größe", "étoile"), {"größe": 2, "étoile": 2}),
    Layout("capitals", of("Cat", "cat"), {"Cat": 2, "cat": 2}),
    Layout("dots in names", of("v1.0", "v2.0"), {"v1.0": 2, "v2.0": 2}),
    Layout("others beside", of("cat", "dog") | NOTHING, TWO, "4 files are no pictures: LICENSE, README.md"),
    Layout("one other", of("cat", "dog") | {"cat/labels.csv": b""}, TWO, "1 file is no picture: cat/labels.csv"),
    Layout("videos", of("cat", "dog") | {"cat/1.mp4": b"x", "dog/1.svg": b"x"}, TWO, "2 files are no pictures"),
    Layout("macOS", of("cat", "dog") | {"__MACOSX/cat/._1.png": b"x", ".DS_Store": b"x"}, TWO, as_image_folder=False),
    Layout("notebook", of("cat", "dog") | {"cat/.ipynb_checkpoints/1.png": picture(9)}, TWO, as_image_folder=False),
    Layout("cache", of("cat", "dog") | {".cache/1.png": picture(9)}, TWO, as_image_folder=False),
    Layout("Synology", of("cat", "dog") | {"@eaDir/1.png": picture(9)}, TWO, as_image_folder=False),
    Layout("Synology inside", of("cat", "dog") | {"cat/@eaDir/1.png": picture(9)}, TWO, as_image_folder=False),
    Layout("one folder above", of("cat", "dog", above="pets/"), TWO, as_image_folder=False),
    Layout("two folders above", of("cat", "dog", above="data/pets/"), TWO, as_image_folder=False),
    Layout("above, with a readme", of("cat", "dog", above="pets/") | {"pets/README": b"x"}, TWO, "README", False),
    *(
        Layout(
            f"split {first} {second}",
            of("cat", "dog", above=f"{first}/") | of("cat", "dog", above=f"{second}/"),
            {"cat": 4, "dog": 4},
            f"The folders {' and '.join(sorted((first, second)))} are read together",
            False,
        )
        for first, second in (("train", "test"), ("training", "validation"), ("Train", "Val"), ("train", "valid"))
    ),
    Layout(
        "splits below one folder",
        of("cat", "dog", above="pets/train/") | of("cat", "dog", above="pets/test/"),
        {"cat": 4, "dog": 4},
        "read together",
        False,
    ),
    Layout("train alone", of("cat", "dog", above="train/"), TWO, as_image_folder=False),
    Layout("classes called so", of("test", "train"), {"test": 2, "train": 2}),
    Layout("large letters", of("cat", "dog", ending="PNG"), TWO),
    Layout("an empty class", of("cat", "dog") | {"cow/notes.txt": b""}, TWO, "cow/notes.txt", False),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def zipped(files: dict[str, bytes]) -> BytesIO:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def tarred(files: dict[str, bytes], mode: str) -> BytesIO:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
    buffer.seek(0)
    return buffer


def unpacked(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_there_are_forty() -> None:
    assert len(LAYOUTS) >= 40 and len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_is_read_as_it_was_meant(layout: Layout, tmp_path: Path) -> None:
    folder = unpacked(layout.files, tmp_path / "mine")
    data = from_images(folder, side=6, file_name="mine")
    told = store.describe(data.name).told
    assert data.classes == tuple(layout.classes)
    assert {one["name"]: one["why"] for one in told.columns} == {
        name: f"{count} pictures" for name, count in layout.classes.items()
    }
    assert layout.said in " ".join(told.said)
    assert from_images(zipped(layout.files), side=6).name == data.name
    if layout.as_image_folder:
        expected = ImageFolder(str(folder))
        counts = {name: expected.targets.count(number) for name, number in expected.class_to_idx.items()}
        assert counts == layout.classes


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_the_same_as_a_zip(mode: str) -> None:
    files = of("cat", "dog", above="pets/") | {"pets/README.md": b"x"}
    assert from_images(tarred(files, mode), side=6).name == from_images(zipped(files), side=6).name


def test_windows_separators_in_a_zip() -> None:
    files = {name.replace("/", "\\"): content for name, content in of("cat", "dog").items()}
    assert from_images(zipped(files), side=6).classes == ("cat", "dog")


def test_a_class_can_be_left_out() -> None:
    data = from_images(zipped(of("cat", "dog", "cow")), side=6, without=["cow"])
    assert data.classes == ("cat", "dog")
    roles = {one["name"]: one["role"] for one in store.describe(data.name).told.columns}
    assert roles == {"cat": "class", "cow": "left out", "dog": "class"}


@pytest.mark.parametrize("name", ["../cat/1.png", "/etc/cat/1.png", "C:/cat/1.png", "cat\\..\\..\\1.png"])
def test_names_that_lead_out_of_a_tar(name: str) -> None:
    with pytest.raises(PlaygroundError, match="leads out of the archive"):
        from_images(tarred({name: picture(0)}, "w:gz"))


def test_links_in_a_tar_are_not_followed() -> None:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("cat/1.png", "dog/1.png"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            archive.addfile(link)
    buffer.seek(0)
    with pytest.raises(PlaygroundError, match="there are no pictures"):
        from_images(buffer)


def test_a_tar_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "MOST_BYTES", 1 << 20)
    bomb = tarred({f"cat/{number}.png": bytes(1 << 19) for number in range(4)}, "w:gz")
    assert len(bomb.getvalue()) < 1 << 13
    with pytest.raises(PlaygroundError, match="1 MB or more"):
        from_images(bomb)
