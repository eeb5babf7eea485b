"""Pictures of a data set as PNGs, read again by another library."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from playground.frontend import FRONTEND
from playground.views.png import COLOURS as SIGNS
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


# What red, green and blue light becomes in eyes without one kind of cone (Machado, Oliveira and Fernandes 2009).
EYES = {
    "all cones": np.eye(3),
    "no red": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "no green": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "no blue": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}


def lab(colour: tuple[int, int, int], eye: NDArray[np.float64]) -> NDArray[np.float64]:
    """A colour as an eye sees it, in CIE L*a*b*, where distance is difference."""
    share = np.array(colour) / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(eye @ light, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
    f = np.cbrt(np.maximum(xyz / [0.9505, 1.0, 1.089], 0.008856))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("kind", ["primal", "adjoint"])
def test_signs_differ_in_every_eye(kind: str, eye: str) -> None:
    positive, negative = SIGNS[kind]
    assert np.linalg.norm(lab(positive, EYES[eye]) - lab(negative, EYES[eye])) > 20


def test_the_legend_has_the_colours_of_the_signs() -> None:
    css = (FRONTEND / "stepper" / "stepper.css").read_text(encoding="utf-8")
    found = re.findall(r"legend b\.(\w+)\.(above|below) \{\s*--sign: #(\w{6});", css)
    written = {(kind, place): tuple(bytes.fromhex(colour)) for kind, place, colour in found}
    assert written == {
        (kind, place): colour
        for kind, pair in SIGNS.items()
        for place, colour in zip(("above", "below"), pair, strict=True)
    }
