"""`scene`: Graph + Layout -> what is drawn and where, as JSON-safe data; the SVG here and the browser draw the same.

`Scene` of frontend/stepper/contract.d.ts. Sizes and places are in pixels of the picture, y grows downwards.
"""

from __future__ import annotations

import math
from typing import NotRequired, TypedDict

from playground.views.graph.boxes import NOTE_SIZE, Arrangement, Part, arrange_all
from playground.views.graph.dot import frame_title, printable
from playground.views.graph.geometry import Curve, Frame, Layout, Point
from playground.views.graph.graph import Box, CellKind, Graph, Link

BORDER = 8.0  # around the whole picture
CONTRIBUTION_SIZE = 11.5
NEAR = 4.0  # a label that an edge passes closer than this is written over it
MOST_ASIDE = 34.0  # a label stands no further than this from where Graphviz put its middle
_WEIGHTS = [((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3) for t in (n / 16 for n in range(17))]


class PartData(TypedDict):
    """One thing in a box: `size` of letters, `width` and `height` of tints and images, `of` what a cell holds."""

    kind: str
    x: float
    y: float
    size: NotRequired[float]
    width: NotRequired[float]
    height: NotRequired[float]
    of: NotRequired[CellKind]


class FormData(TypedDict):
    """What boxes of one form have in common; titles, labels and notes stand in the order of a box's texts, and each
    tint begins the next of its slots."""

    width: float
    height: float
    radius: float
    parts: list[PartData]


class BoxData(TypedDict):
    """A box; `form`: its number; `opens`, `within`: dotted paths of the module that it opens, and stands in."""

    key: str
    classes: str
    label: str
    x: float
    y: float
    form: int
    texts: list[str]
    slots: list[str]
    opens: NotRequired[str]
    within: NotRequired[str]


class LinkTextData(TypedDict):
    """A text beside a link, or the slot whose number stands there."""

    classes: str
    x: float
    y: float
    size: float
    anchor: str
    text: NotRequired[str]
    slot: NotRequired[str]


class LinkData(TypedDict):
    """A link: x and y of the control points of its cubic curves, and of the corners of its arrow."""

    key: str
    classes: str
    label: str
    points: list[float]
    arrow: list[float]
    texts: list[LinkTextData]


class ModuleFrameData(TypedDict):
    """The frame of a module; `closes`: its dotted path, where it can be closed."""

    title: str
    x: float
    y: float
    width: float
    height: float
    closes: NotRequired[str]


class SceneData(TypedDict):
    """A whole picture without its numbers, which go into slots; `view`: x, y, width and height of all of it."""

    title: str
    view: list[float]
    forms: list[FormData]
    frames: list[ModuleFrameData]
    links: list[LinkData]
    boxes: list[BoxData]


def scene(graph: Graph, layout: Layout) -> SceneData:
    """Everything that is drawn, in the order in which it is."""
    sizes = arrange_all(graph)
    numbers: dict[int, int] = {}  # of a form, by the identity of its arrangement: boxes of one form share one
    forms: list[FormData] = []
    boxes = []
    for box in graph.boxes:
        if box.key not in layout.boxes:
            continue
        arrangement = sizes[box.key]
        number = numbers.setdefault(id(arrangement), len(forms))
        if number == len(forms):
            forms.append(_form(arrangement))
        boxes.append(_box(box, layout.boxes[box.key], number, can_close=graph.modules is not None))
    return {
        "title": printable(graph.title),
        "view": [-BORDER, -BORDER, round(layout.width + 2 * BORDER), round(layout.height + 2 * BORDER)],
        "forms": forms,
        "frames": [_frame(path, frame, can_close=graph.modules is not None) for path, frame in layout.clusters],
        "links": [_link(link, layout.links[link.key]) for link in graph.links if link.key in layout.links],
        "boxes": boxes,
    }


def _form(arrangement: Arrangement) -> FormData:
    parts = [_part(part) for part in arrangement.parts]
    return {"width": arrangement.width, "height": arrangement.height, "radius": arrangement.radius, "parts": parts}


def _part(part: Part) -> PartData:
    data: PartData = {"kind": part.kind, "x": round(part.x, 1), "y": round(part.y, 1)}
    if part.size:
        data["size"] = part.size
    if part.width:
        data["width"], data["height"] = round(part.width, 1), round(part.height, 1)
    if part.of is not None:
        data["of"] = part.of
    return data


def _box(box: Box, frame: Frame, form: int, *, can_close: bool) -> BoxData:
    more = [
        name for name, holds in (("backward", box.backward), ("detached", box.detached), ("copy", box.shows)) if holds
    ]
    data: BoxData = {
        "key": box.item,
        "classes": " ".join([box.kind, *more]),
        "label": printable(box.label),
        "x": frame.x,
        "y": frame.y,
        "form": form,
        "texts": list(map(printable, box.texts)),
        "slots": [cell.slot for cell in box.cells],
    }
    if box.opens:
        data["opens"] = box.opens
    if can_close and box.module:
        data["within"] = ".".join(box.module)
    return data


def _frame(path: tuple[str, ...], frame: Frame, *, can_close: bool) -> ModuleFrameData:
    data: ModuleFrameData = {
        "title": printable(frame_title(path)),
        "x": frame.x,
        "y": frame.y,
        "width": frame.width,
        "height": frame.height,
    }
    if can_close:
        data["closes"] = ".".join(path)
    return data


def _link(link: Link, curve: Curve) -> LinkData:
    return {
        "key": link.key,
        "classes": f"{link.kind} detached" if link.detached else link.kind,
        "label": printable(_link_label(link)),
        "points": [number for point in curve.points for number in point],
        "arrow": [] if curve.tip is None else _arrow(curve.points[0 if curve.reversed else -1], curve.tip),
        "texts": [] if curve.label is None else _link_texts(link, curve, curve.label),
    }


def _link_label(link: Link) -> str:
    many = f"{link.count} edges" if link.count > 1 else "edge"
    return f"{many} {link.key}" + (f" of shape {link.label}" if link.label else "")


def _link_texts(link: Link, curve: Curve, label: Point) -> list[LinkTextData]:
    lines = bool(link.label) + bool(link.slot)
    y = round(label[1] + 2.4 - 6.5 * (lines - 1), 1)
    x, anchor = _beside(curve, label[0], y - 9, y + 13 * (lines - 1) + 3)
    texts: list[LinkTextData] = []
    if link.label:
        texts.append({"classes": "note", "x": x, "y": y, "size": NOTE_SIZE, "anchor": anchor, "text": link.label})
        y += 13
    if link.slot:
        classes = "slot contribution"
        texts.append(
            {"classes": classes, "x": x, "y": y, "size": CONTRIBUTION_SIZE, "anchor": anchor, "slot": link.slot}
        )
    return texts


def _beside(curve: Curve, x: float, top: float, bottom: float) -> tuple[float, str]:
    """The place where texts between two heights begin (or end) next to a curve, on the side that Graphviz kept free."""
    crossed = _crossed(curve, top, bottom)
    if not crossed or min(crossed) - NEAR < x < max(crossed) + NEAR:
        return round(x, 1), "middle"
    if x > max(crossed):
        return round(max(max(crossed) + 5.0, x - MOST_ASIDE), 1), "start"
    return round(min(min(crossed) - 5.0, x + MOST_ASIDE), 1), "end"


def _crossed(curve: Curve, top: float, bottom: float) -> list[float]:
    """The places across at which a curve, followed in small steps, is between two heights."""
    found: list[float] = []
    for start in range(0, len(curve.points) - 3, 3):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = curve.points[start : start + 4]
        if min(ay, by, cy, dy) > bottom or max(ay, by, cy, dy) < top:
            continue  # it stays between its control points
        for i, j, k, m in _WEIGHTS:
            if top <= i * ay + j * by + k * cy + m * dy <= bottom:
                found.append(i * ax + j * bx + k * cx + m * dx)
    return found


def _arrow(base: Point, tip: Point) -> list[float]:
    """A slim triangle from the end of the curve to the tip."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy) or 1.0
    wide_x, wide_y = -dy / length * 3.2, dx / length * 3.2
    corners = (base[0] + wide_x, base[1] + wide_y, *tip, base[0] - wide_x, base[1] - wide_y)
    return [round(number, 1) for number in corners]
