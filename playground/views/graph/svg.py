"""Scene -> SVG text with every number in place, for pictures that stand alone. Every text in it is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

from playground.views.graph.dot import printable
from playground.views.graph.graph import image_slot
from playground.views.graph.scene import BoxData, FormData, LinkData, ModuleFrameData, PartData, SceneData


@dataclass(frozen=True, slots=True)
class Filled:
    """The contents of the slots of a picture that does not move: texts, strengths and heat maps."""

    texts: Mapping[str, str]
    strengths: Mapping[str, float]
    images: Mapping[str, str]


def inner_svg(scene: SceneData, filled: Filled) -> str:
    """Frames of modules, links and boxes."""
    parts = [_frame(frame) for frame in scene["frames"]]
    parts += [_link(link, filled) for link in scene["links"]]
    parts += [_box(box, scene["forms"][box["form"]], filled) for box in scene["boxes"]]
    return "".join(parts)


def escape(text: str) -> str:
    """Text content, drawn as typed."""
    return xml_escape(printable(text))


def attribute(text: str) -> str:
    """A quoted attribute value."""
    return quoteattr(printable(text))


def _frame(frame: ModuleFrameData) -> str:
    place = _place(frame["x"], frame["y"], frame["width"], frame["height"])
    title = _text("cluster", frame["x"] + 10, frame["y"] + 15, 11, frame["title"], "start")
    return f'<g class="cluster"><rect {place} rx="10"/>{title}</g>'


def _place(x: float, y: float, width: float, height: float) -> str:
    return f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'


def _box(box: BoxData, form: FormData, filled: Filled) -> str:
    texts, slots, slot = iter(box["texts"]), iter(box["slots"]), ""
    parts = [
        f'<g class="item {box["classes"]}" data-key={attribute(box["key"])} '
        f'aria-label={attribute(box["label"])} transform="translate({box["x"]} {box["y"]})">'
        f'<rect class="box" width="{form["width"]}" height="{form["height"]}" rx="{form["radius"]:g}"/>'
    ]
    for part in form["parts"]:
        if part["kind"] in ("title", "note", "label"):
            parts.append(_text(part["kind"], part["x"], part["y"], part["size"], next(texts)))
            continue
        slot = next(slots) if part["kind"] == "tint" else slot
        parts.append(_cell(part, slot, filled))
    return "".join([*parts, "</g>"])


def _cell(part: PartData, slot: str, filled: Filled) -> str:
    """A tint, a heat map, or the number of a slot."""
    if part["kind"] == "slot":
        classes = "slot " + ("adjoint grad" if part["of"] == "grad" else part["of"])
        return _text(classes, part["x"], part["y"], part["size"], filled.texts.get(slot, ""))
    place = _place(part["x"], part["y"], part["width"], part["height"])
    if part["kind"] == "image":
        link = filled.images.get(image_slot(slot))
        source = "" if link is None else f" href={attribute(link)}"
        return f'<image preserveAspectRatio="none" image-rendering="pixelated"{source} {place}/>'
    kind = "adjoint" if part["of"] == "grad" else part["of"]
    strength = filled.strengths.get(slot)
    if strength is None:
        return f'<rect class="tint {kind}" {place} rx="5"/>'
    return f'<rect class="tint {kind} has-value" fill-opacity="{0.04 + 0.28 * strength:.2f}" {place} rx="5"/>'


def _text(classes: str, x: float, y: float, size: float, content: str, anchor: str = "middle") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text class="{classes}" {place}>{escape(content)}</text>'


def _link(link: LinkData, filled: Filled) -> str:
    parts = [
        f'<g class="item edge {link["classes"]}" data-key={attribute(link["key"])} '
        f'aria-label={attribute(link["label"])}><path class="line" d="{path(link["points"])}"/>'
    ]
    if link["arrow"]:
        parts.append(f'<polygon points="{" ".join(f"{number:g}" for number in link["arrow"])}"/>')
    for text in link["texts"]:
        content = text["text"] if "text" in text else filled.texts.get(text["slot"], "")
        parts.append(_text(text["classes"], text["x"], text["y"], text["size"], content, text["anchor"]))
    return "".join([*parts, "</g>"])


def path(points: list[float]) -> str:
    """The cubic curves through these control points, as SVG writes them.

    >>> path([0.0, 0.0, 0.0, 4.5, 9.0, 4.5, 9.0, 10.0])
    'M0,0C0,4.5 9,4.5 9,10'
    """
    pairs = [f"{x:g},{y:g}" for x, y in zip(points[::2], points[1::2], strict=True)]
    return f"M{pairs[0]}C{' '.join(pairs[1:])}"
