"""The receptive field: the places of the input that one output depends on, followed along each axis by arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Kind, pair
from playground.layers.catalogue.spec import LayerSpec, Shape

# These mix whole axes, or slide no window of one size over their input; Softmax mixes channels, which are not followed.
UNFOLLOWED = {"Linear", "LayerNorm", "Flatten", "Reshape", "AdaptiveAvgPool2d", "ConvTranspose2d", "Upsample"}
UNFOLLOWED |= {"GroupNorm", "InstanceNorm2d", "PixelShuffle"}
UNFOLLOWED |= {"MultiheadAttention", "TransformerEncoderLayer", "LSTM", "GRU", "RNN", "Embedding"}


class Reach(NamedTuple):
    """Along one axis: output i depends on the places from first + i·step to last + i·step of the input."""

    first: int = 0
    last: int = 0
    step: int = 1

    @property
    def size(self) -> int:
        """Count these places, those beyond the border too."""
        return self.last - self.first + 1

    def through(self, kernel: int, stride: int, padding: int) -> Reach:
        """Widen by a window that slides over these (Araujo et al., 2019)."""
        first = self.first - padding * self.step
        return Reach(first, self.last + (kernel - 1 - padding) * self.step, self.step * stride)


Field = tuple[Reach, ...]  # one for each axis but the channels


def field_of_input(shape: Shape) -> Field | None:
    """Every place is itself; None of plain features, which have no places."""
    return (Reach(),) * (len(shape) - 1) or None


def field_after(field: Field | None, layer: LayerSpec, kind: Kind) -> Field | None:
    """The field of a layer's outputs; None from the first layer on that cannot be followed.

    >>> from playground.layers.catalogue.table import kind_of
    >>> conv = LayerSpec("Conv2d", (("out_channels", 2), ("kernel_size", (3, 5)), ("stride", 2)))
    >>> [(reach.size, reach.step) for reach in field_after((Reach(), Reach()), conv, kind_of("Conv2d"))]
    [(3, 2), (5, 2)]
    """
    given = kind.given(layer)
    if field is None or kind.name in UNFOLLOWED:
        return None
    if kind.name in ("ZeroPad2d", "ReflectionPad2d"):
        sides = shape_rules.sides(given["padding"])
        return tuple(reach.through(1, 1, before) for reach, (before, _) in zip(field, sides, strict=True))
    if "kernel_size" not in given:
        return field
    before = [start for start, _ in shape_rules.borders(given)]
    windows = zip(shape_rules.reach(given), pair(shape_rules.pooling_stride(given)), before, strict=True)
    return tuple(reach.through(*window) for reach, window in zip(field, windows, strict=False))  # a signal: one axis


def joined_field(fields: Sequence[Field | None]) -> Field | None:
    """Join the fields of outputs that depend on all of these; None where one is not known, or their steps differ."""
    known = [field for field in fields if field is not None]
    steps = {tuple(reach.step for reach in field) for field in known}
    if len(known) < len(fields) or len(steps) != 1:
        return None
    return tuple(
        Reach(min(reach.first for reach in axis), max(reach.last for reach in axis), axis[0].step)
        for axis in zip(*known, strict=True)
    )
