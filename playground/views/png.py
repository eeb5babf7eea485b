"""Small PNGs in data URIs: a tensor as a heat map, a picture that is data."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# positive and negative colour by kind: negative is darker and redder, so the two differ in lightness and hue
COLOURS = {
    "primal": ((92, 86, 214), (20, 134, 150)),
    "adjoint": ((224, 122, 34), (163, 56, 92)),
}
NOT_A_NUMBER = (20, 20, 20, 255)
SCALE = 4  # pixels a side per element: crisp where the browser smooths


def data_uri(rows: Sequence[Sequence[float]], kind: Literal["primal", "adjoint"] = "primal") -> str:
    """A picture of a matrix: colour is sign, opacity is magnitude relative to the largest; NaN is black, ∞ opaque."""
    return _uri(png(pixels(rows, kind)))


def photo_uri(photo: NDArray[np.uint8], *, is_ink: bool, scale: int = SCALE) -> str:
    """A picture of a data set, (height, width, 1 or 3); `is_ink`: where it is grey, 255 is ink, dark as on paper."""
    if photo.shape[2] == 1:
        photo = np.repeat(255 - photo if is_ink else photo, 3, axis=2)
    return _uri(png([[(red, green, blue, 255) for red, green, blue in row] for row in photo.tolist()], scale))


def pixels(
    rows: Sequence[Sequence[float]], kind: Literal["primal", "adjoint"]
) -> list[list[tuple[int, int, int, int]]]:
    """Red, green, blue, alpha of every element."""
    positive, negative = COLOURS[kind]
    largest = max((abs(x) for row in rows for x in row if math.isfinite(x)), default=0.0) or 1.0

    def pixel(x: float) -> tuple[int, int, int, int]:
        if math.isnan(x):
            return NOT_A_NUMBER
        strength = 1.0 if math.isinf(x) else abs(x) / largest
        return (*(negative if x < 0 else positive), round(255 * (0.08 + 0.92 * strength)))

    return [[pixel(x) for x in row] for row in rows]


def png(picture: list[list[tuple[int, int, int, int]]], scale: int = SCALE) -> bytes:
    """An RGBA picture as PNG, each element `scale` pixels a side."""
    lines = []
    for row in picture:
        line = b"\0" + b"".join(bytes(pixel) * scale for pixel in row)
        lines += [line] * scale
    width, height = scale * len(picture[0]) if picture else 0, scale * len(picture)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = zlib.compress(b"".join(lines), 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


__all__ = ["data_uri", "photo_uri", "pixels", "png"]
