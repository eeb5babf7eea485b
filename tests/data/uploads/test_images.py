"""Own pictures: what a folder and a zip become, and every wrong or hostile file refused by name."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from playground.data import datasets
from playground.data.uploads import images, picture_files
from playground.data.uploads.images import from_images
from playground.errors import PlaygroundError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    datasets._cached.clear()
    return tmp_path / "cache" / "playground"


def picture(pixels: np.ndarray, format: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format)
    return buffer.getvalue()


def flat(value: int | tuple[int, ...], side: int = 8, format: str = "PNG") -> bytes:
    channels = np.atleast_1d(np.array(value, dtype=np.uint8))
    return picture(np.broadcast_to(channels, (side, side, len(channels))).squeeze().copy(), format)


GOOD = {"cat/1.png": flat(0), "cat/2.jpg": flat(0, format="JPEG"), "dog/1.bmp": flat(255, format="BMP"),
        "dog/2.webp": flat(255, 40, "WEBP")}  # fmt: skip

NOISE = picture(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))


def packed(files: dict[str, bytes], **settings: int) -> BytesIO:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", **settings) as archive:  # type: ignore[arg-type]
        for name, content in files.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


ZIP = packed(GOOD).getvalue()


def unpacked(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_zip_a_zip_on_disk_and_a_folder_are_the_same_data_set(tmp_path: Path) -> None:
    data = from_images(packed(GOOD), side=6)
    assert data.classes == ("cat", "dog") and data.input_shape == (1, 6, 6)
    for part in (data.train, data.test):
        assert part.labels.tolist() == [0, 1]
        torch.testing.assert_close(part.x[0], torch.zeros(1, 6, 6))
        torch.testing.assert_close(part.x[1], torch.ones(1, 6, 6))
    (tmp_path / "mine.zip").write_bytes(packed(GOOD).getvalue())
    folder = unpacked(GOOD, tmp_path / "mine")
    assert from_images(tmp_path / "mine.zip", side=6).name == from_images(str(folder), side=6).name == data.name


def test_kept_without_unpacking_and_found_by_name(own_cache: Path) -> None:
    data = from_images(packed(GOOD), side=6)
    assert [path.name for path in own_cache.rglob("*") if path.is_file()] == [f"{data.name}.safetensors"]
    found = datasets.load(data.name)
    assert found.classes == data.classes and torch.equal(found.train.x, data.train.x)
    assert torch.equal(found.test.labels, data.test.labels)
    other = from_images(packed({**GOOD, "dog/2.webp": flat(254)}), side=6)
    assert other.name != data.name


def test_clutter_and_folders_around_the_classes_are_left_out() -> None:
    files = {f"pets/{name}": content for name, content in GOOD.items()}
    clutter = {"__MACOSX/pets/cat/._1.png": b"x", "pets/.DS_Store": b"x", "pets/cat/Thumbs.db": b"x"}
    assert from_images(packed({**files, **clutter})).name == from_images(packed(GOOD)).name


def test_colour_transparency_sixteen_bits_and_rotation() -> None:
    gradient = np.zeros((2, 4, 3), np.uint8)
    gradient[:, :2] = 255  # left half white, and said to be lying on its side
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(gradient).save(buffer, "PNG", exif=exif)
    files = {
        "0 red/1.png": flat((255, 0, 0)),
        "0 red/2.png": flat((255, 0, 0)),
        "1 clear/1.png": flat((0, 0, 0, 0)),
        "1 clear/2.png": flat((0, 0, 0, 0)),
        "2 sixteen/1.png": picture(np.full((4, 4), 0x80FF, np.uint16)),
        "2 sixteen/2.png": picture(np.full((4, 4), 0x80FF, np.uint16)),
        "3 turned/1.png": buffer.getvalue(),
        "3 turned/2.png": buffer.getvalue(),
    }
    data = from_images(packed(files), side=4, colour=True)
    assert data.input_shape == (3, 4, 4)
    red, clear, sixteen, turned = data.train.x
    assert red[:, 0, 0].tolist() == [1, 0, 0]
    assert bool((clear == 1).all())
    torch.testing.assert_close(sixteen, torch.full((3, 4, 4), 0x80 / 255))
    assert turned[0, 0].tolist() == [1] * 4 and turned[0, 3].tolist() == [0] * 4  # white above
    grey = from_images(packed(files), side=4).train.x[0]
    torch.testing.assert_close(grey, torch.full((1, 4, 4), 76 / 255))  # ITU-R 601: 0.299 red


def huge_png(side: int) -> bytes:
    """A PNG whose header promises side x side pixels, and which holds none."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "there are no pictures"),
        ({"cat/notes.txt": b"hello"}, "there are no pictures (1 file is no picture: cat/notes.txt)"),
        ({"cat/1.png": NOISE[: len(NOISE) // 2]}, "cat/1.png cannot be read"),
        ({"cat/1.png": b""}, "cat/1.png is no picture"),
        (
            {"cat/1.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>"},
            "there are no pictures (1 file is no picture: cat/1.svg)",
        ),
        (
            {"cat/1.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n"},
            "there are no pictures (1 file is no picture: cat/1.eps)",
        ),
        ({"1.png": flat(0)}, "1.png lies in no folder"),
        ({"cat/1.png": flat(0), "cat/2.png": flat(0)}, "only the class `cat`"),
        ({**GOOD, "cow/1.png": flat(9)}, "the class `cow` has 1 example"),
        ({"../cat/1.png": flat(0)}, "leads out of the archive"),
        ({"/etc/cat/1.png": flat(0)}, "leads out of the archive"),
        ({"C:/cat/1.png": flat(0)}, "leads out of the archive"),
        ({"cat\\..\\1.png": flat(0)}, "leads out of the archive"),
        ({"cat/1.png": huge_png(8000)}, "cat/1.png is 8,000 × 8,000 pixels large"),
        ({"cat/1.png": huge_png(60000)}, "cat/1.png"),
        ({"cat/inner.zip": packed(GOOD).getvalue()}, "there are no pictures (1 file is no picture: cat/inner.zip)"),
    ],
)
def test_a_wrong_file_is_named(files: dict[str, bytes], words: str, own_cache: Path) -> None:
    with pytest.raises(PlaygroundError) as caught:
        from_images(packed(files))
    assert words in caught.value.message and caught.value.hint
    assert not own_cache.exists()


def test_a_bomb_is_refused_by_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "MOST_BYTES", 1 << 20)
    bomb = packed({f"cat/{number}.png": bytes(1 << 18) for number in range(5)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb.getvalue()) < 1 << 13
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("something was unpacked"))
    with pytest.raises(PlaygroundError, match="1 MB or more"):
        from_images(bomb)


def test_one_large_file_in_a_zip_is_not_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "MOST_FILE_BYTES", 1000)
    with pytest.raises(PlaygroundError, match=r"cat/1\.png is too large"):
        from_images(packed({"cat/1.png": bytes(100_000)}, compression=zipfile.ZIP_DEFLATED))


def test_a_zip_that_lies_about_its_sizes() -> None:
    content = bytes(100_000)
    bomb = bytearray(packed({"cat/1.png": content}, compression=zipfile.ZIP_DEFLATED).getvalue())
    size = struct.pack("<I", len(content))
    while (at := bomb.find(size)) >= 0:
        bomb[at : at + 4] = struct.pack("<I", 10)
    with pytest.raises(PlaygroundError, match="the archive cannot be read"):
        from_images(BytesIO(bytes(bomb)))


@pytest.mark.parametrize("damage", [lambda content: content[:-40], lambda content: b"PK" + content[2:200]])
def test_a_damaged_zip(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(PlaygroundError, match="the archive cannot be read") as caught:
        from_images(BytesIO(damage(packed(GOOD).getvalue())))
    assert "again" in caught.value.hint


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4))
def test_whatever_was_changed_in_a_zip_it_is_a_data_set_or_an_error_in_words(changes: list[tuple[int, int]]) -> None:
    content = bytearray(ZIP)
    for at, value in changes:
        content[at % len(content)] = value
    try:
        data = from_images(BytesIO(bytes(content)))
    except PlaygroundError as error:
        assert error.message and error.hint
    else:
        assert len(data.classes) >= 2


def test_a_zip_with_a_password() -> None:
    content = bytearray(packed({"cat/1.png": flat(0)}).getvalue())
    content[6] |= 1
    content[content.find(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(PlaygroundError, match="has a password"):
        from_images(BytesIO(bytes(content)))


def test_too_many_files_and_too_many_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(picture_files, "MOST_FILES", 3)
    for source in (packed(GOOD), unpacked(GOOD, tmp_path / "mine")):
        with pytest.raises(PlaygroundError, match="more than 3 files"):
            from_images(source)
    monkeypatch.setattr(picture_files, "MOST_FILES", 10)
    monkeypatch.setattr(images, "MOST_BYTES", 100 * 100 * 4 * 3)
    with pytest.raises(PlaygroundError, match="more than 3 pictures of 100 × 100"):
        from_images(packed(GOOD), side=100)


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = unpacked(GOOD, tmp_path / "mine")
    (folder / "cat" / "3.png").symlink_to(folder / "dog" / "1.bmp")
    with pytest.raises(PlaygroundError, match=r"cat/3\.png is a link"):
        from_images(folder)


def test_no_such_place_and_no_such_side(tmp_path: Path) -> None:
    with pytest.raises(PlaygroundError, match="no folder or file"):
        from_images(tmp_path / "nothing")
    with pytest.raises(PlaygroundError, match="10000 × 10000"):
        from_images(packed(GOOD), side=10_000)
