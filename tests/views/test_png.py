"""Pictures of a data set as PNGs, read again by another library."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from playground.views.png import photo_uri

GREY = np.array([[[0], [255], [40]]], dtype=np.uint8)
COLOURS = np.array([[[255, 0, 10]], [[0, 200, 30]]], dtype=np.uint8)


def read(uri: str) -> NDArray[np.uint8]:
    picture = Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))))
    return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize(("is_ink", "expected"), [(True, 255 - GREY), (False, GREY)], ids=["ink", "photo"])
def test_a_grey_picture_is_dark_on_light_where_it_is_ink_and_else_as_it_was(
    is_ink: bool, expected: NDArray[np.uint8]
) -> None:
    found = read(photo_uri(GREY, is_ink=is_ink, scale=1))
    np.testing.assert_array_equal(found, np.repeat(expected, 3, axis=2))


@pytest.mark.parametrize("is_ink", [True, False])
def test_colours_stay_and_each_pixel_is_enlarged(is_ink: bool) -> None:
    found = read(photo_uri(COLOURS, is_ink=is_ink, scale=3))
    np.testing.assert_array_equal(found, COLOURS.repeat(3, axis=0).repeat(3, axis=1))
