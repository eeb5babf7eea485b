"""`Layout`: the coordinates of one graph."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle by its upper left corner; y grows downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A link: cubic Bezier control points, the tip of its arrow, and the middle of its label."""

    points: tuple[Point, ...]
    tip: Point | None
    reversed: bool  # the tip belongs to the first point, not the last
    label: Point | None


@dataclass(frozen=True, slots=True)
class Layout:
    """The coordinates of one graph."""

    width: float
    height: float
    boxes: dict[str, Frame]  # by box key
    links: dict[str, Curve]  # by link key
    clusters: tuple[tuple[tuple[str, ...], Frame], ...]  # module path and frame, outermost first


def pair_line(first: Frame, second: Frame) -> Curve:
    """The short line between the two of a pair, side by side or one over the other."""
    if second.y >= first.y + first.height:
        x = round(first.x + min(first.width, second.width) / 2, 1)
        above, below = (x, round(first.y + first.height, 1)), (x, second.y)
        return Curve((above, above, below, below), None, False, None)
    y = round(first.y + first.height / 2, 1)
    start, end = (round(first.x + first.width, 1), y), (second.x, y)
    return Curve((start, start, end, end), None, False, None)
