"""Arguments of a layer that is added: sensible ones, from the shapes that are known at its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from playground.layers.catalogue.spec import Content, Shape

Arguments = dict[str, Content]
_SOME = 8  # features or channels, where nothing is known or little comes in
_MOST = 512
_HEADS = (4, 2, 1)
_PARAMETERS = 4_000_000  # that one new layer brings at most


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a layer to come. `takes`: the shape of one example that it is given, () where that is not known."""

    takes: Shape
    wanted: int  # outputs that fit the loss
    is_last: bool = False  # no layer with weights stands between it and the loss
    keeps_shape: bool = False  # in the body of a Residual

    @property
    def channels(self) -> int:
        """How many channels, or features of one row, come in."""
        return self.takes[0] if self.takes else 0

    @property
    def features(self) -> int:
        """How many numbers the last axis has."""
        return self.takes[-1] if self.takes else 0


Fresh = Callable[[Place], Arguments]


def width_between(features: int, wanted: int) -> int:
    """A power of two about halfway, by factors, from what comes in to what is wanted.

    >>> width_between(784, 10), width_between(2, 2)
    (64, 8)
    """
    halfway = 1 << round(math.log2(math.sqrt(max(1, features) * wanted)))
    return max(1, min(max(_SOME, halfway), _MOST, _PARAMETERS // max(1, features)))


def linear(place: Place) -> Arguments:
    """The outputs that the loss wants, or a width on the way there.

    >>> linear(Place((784,), 10, is_last=True)), linear(Place((784,), 10))
    ({'out_features': 10}, {'out_features': 64})
    """
    if place.is_last or not place.takes:
        return {"out_features": place.wanted}
    if place.keeps_shape:
        return {"out_features": place.features}
    return {"out_features": width_between(place.features, place.wanted)}


def convolution(place: Place) -> Arguments:
    """Twice the channels that come in, at least 8; the windows keep height and width.

    >>> convolution(Place((16, 14, 14), 10))
    {'out_channels': 32, 'kernel_size': 3, 'padding': 1}
    """
    channels = place.channels if place.keeps_shape else min(max(_SOME, 2 * place.channels), _MOST)
    return {"out_channels": channels or _SOME, "kernel_size": 3, "padding": 1}


def transposed(place: Place) -> Arguments:
    """Half the channels, at twice the height and width."""
    if place.keeps_shape:
        return {"out_channels": place.channels or _SOME, "kernel_size": 3, "padding": 1}
    return {"out_channels": min(max(1, place.channels // 2), _MOST), "kernel_size": 2, "stride": 2}


def pooling(place: Place) -> Arguments:
    """Windows of two, or of all that there is."""
    return {"kernel_size": min((2, *place.takes[1:]))}


def recurrent(place: Place) -> Arguments:
    """A state as wide as what comes in at every step."""
    return {"hidden_size": max(1, min(place.features or _SOME, 128))}


def attention(place: Place) -> Arguments:
    """As many heads as divide the features."""
    return {"num_heads": _divisor(place.features)}


def encoder(place: Place) -> Arguments:
    """The same, with four times the features between its two Linear."""
    return {"nhead": _divisor(place.features), "dim_feedforward": max(1, min(4 * place.features, 2048))}


def groups(place: Place) -> Arguments:
    """As many groups as divide the channels."""
    return {"num_groups": _divisor(place.channels)}


def flat(place: Place) -> Arguments:
    """One axis, which fits whatever comes in; in the body of a Residual the shape that comes in."""
    return {"shape": place.takes if place.keeps_shape and place.takes else (-1,)}


def _divisor(size: int) -> int:
    return next(heads for heads in _HEADS if size % heads == 0)
