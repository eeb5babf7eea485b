"""Small PNGs in data URIs: a tensor as a heat map, a picture that is data.

Written here, not by Pillow: at 16 x 16 elements and fewer Pillow takes 0.15 ms longer for each, and a graph has many.
"""

from __future__ import annotations

import base64
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
BLACK = (20, 20, 20, 255)
SCALE = 4  # pixels a side per element: crisp where the browser smooths


def data_uri(rows: Sequence[Sequence[float]], kind: Literal["primal", "adjoint"] = "primal") -> str:
    """A picture of a matrix: colour is sign, opacity is magnitude relative to the largest; NaN is black, ∞ opaque."""
    numbers = np.array(rows, dtype=np.float64)
    size, is_nan, positive, negative = np.abs(numbers), np.isnan(numbers), *COLOURS[kind]
    size /= size.max(where=np.isfinite(size), initial=0.0) or 1.0
    size[is_nan] = 0.0
    picture = np.empty((*numbers.shape, 4), dtype=np.uint8)
    picture[..., :3] = np.where((numbers < 0)[..., None], negative, positive)
    picture[..., 3] = np.rint(255 * (0.08 + 0.92 * size.clip(max=1.0)))
    picture[is_nan] = BLACK
    return _uri(picture, SCALE)


def photo_uri(photo: NDArray[np.uint8], *, is_ink: bool, scale: int = SCALE) -> str:
    """A picture of a data set, (height, width, 1 or 3); `is_ink`: where it is grey, 255 is ink, dark as on paper."""
    picture = np.full((*photo.shape[:2], 4), 255, dtype=np.uint8)
    picture[..., :3] = 255 - photo if is_ink and photo.shape[2] == 1 else photo
    return _uri(picture, scale)


def _uri(picture: NDArray[np.uint8], scale: int) -> str:
    """An RGBA picture (height, width, 4) as PNG, each element `scale` pixels a side."""
    height, width = scale * picture.shape[0], scale * picture.shape[1]
    lines = np.zeros((height, 1 + 4 * width), dtype=np.uint8)  # a line begins with its filter: none
    lines[:, 1:] = picture.repeat(scale, 0).repeat(scale, 1).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
