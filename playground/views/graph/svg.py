"""Graph + Layout -> SVG text. Every text in it is escaped; numbers are left to slots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

from playground.views.graph.boxes import NOTE_SIZE, RANGE_SIZE, SLOT_SIZE, TITLE_SIZE, Arrangement, Part, arrange_all
from playground.views.graph.dot import frame_title
from playground.views.graph.geometry import Curve, Frame, Layout, Point
from playground.views.graph.graph import Box, Graph, Link

BORDER = 8.0  # around the whole picture
CONTRIBUTION_SIZE = 11.5
NEAR = 4.0  # a label that an edge passes closer than this is written over it
MOST_ASIDE = 34.0  # a label stands no further than this from where Graphviz put its middle
_WEIGHTS = [((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3) for t in (n / 16 for n in range(17))]


@dataclass(frozen=True, slots=True)
class Filled:
    """The contents of the slots of a picture that does not move: texts, strengths and heat maps."""

    texts: Mapping[str, str]
    strengths: Mapping[str, float]
    images: Mapping[str, str]


EMPTY = Filled({}, {}, {})


def svg(graph: Graph, layout: Layout) -> str:
    """The picture with empty slots, a view box and no size of its own."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" viewBox="{view_box(layout)}" '
        f'role="group" aria-label={attribute(graph.title)}>{inner_svg(graph, layout, EMPTY)}</svg>'
    )


def view_box(layout: Layout) -> str:
    """The whole picture with a border around it."""
    return f"{-BORDER:g} {-BORDER:g} {layout.width + 2 * BORDER:.0f} {layout.height + 2 * BORDER:.0f}"


def inner_svg(graph: Graph, layout: Layout, filled: Filled) -> str:
    """Frames of modules, links and boxes."""
    parts = [_cluster(path, frame, can_close=graph.modules is not None) for path, frame in layout.clusters]
    parts += [_link(link, layout.links[link.key], filled) for link in graph.links if link.key in layout.links]
    sizes = arrange_all(graph)
    parts += [
        _box(box, sizes[box.key], layout.boxes[box.key], filled, can_close=graph.modules is not None)
        for box in graph.boxes
        if box.key in layout.boxes
    ]
    return "".join(parts)


def escape(text: str) -> str:
    """Text content, drawn as typed; characters that XML forbids become a replacement character."""
    return xml_escape(_allowed(text))


def attribute(text: str) -> str:
    """A quoted attribute value."""
    return quoteattr(_allowed(text))


def _allowed(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in text)


def _cluster(path: tuple[str, ...], frame: Frame, *, can_close: bool) -> str:
    title = frame_title(path)
    x, place = frame.x + 10, _place(frame.x, frame.y, frame.width, frame.height)
    parts = [f'<g class="cluster"><rect {place} rx="10"/>']
    if can_close:
        reachable = f'tabindex="0" role="button" aria-expanded="true" aria-label={attribute("close " + title)}'
        parts.append(_badge(".".join(path), frame.x + 5, frame.y + 3, opens=False, more=reachable))
        x += 14
    parts.append(f'<text class="cluster" x="{x:.1f}" y="{frame.y + 15:.1f}" font-size="11">{escape(title)}</text></g>')
    return "".join(parts)


def _badge(path: str, x: float, y: float, *, opens: bool, more: str = "") -> str:
    """The button that opens (+) or closes (-) a module: the sign in its square, and around it room for a finger."""
    sign = "M3.5 7.5h8M7.5 3.5v8" if opens else "M3.5 7.5h8"
    return (
        f'<g class="toggle" data-toggle={attribute(("+" if opens else "-") + path)} {more} '
        f'transform="translate({x:.1f} {y:.1f})"><rect class="hit" x="-5" y="-5" width="25" height="25"/>'
        f'<rect class="badge" width="15" height="15" rx="4"/><path d="{sign}"/></g>'
    )


def _place(x: float, y: float, width: float, height: float) -> str:
    return f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'


def _box(box: Box, arrangement: Arrangement, frame: Frame, filled: Filled, *, can_close: bool) -> str:
    classes = " ".join(
        filter(None, ["item", box.kind, "backward" * box.backward, "detached" * box.detached, "copy" * bool(box.shows)])
    )
    radius = frame.height / 2 if box.kind == "seed" else 8
    parts = [
        f'<g class="{classes}" data-key={attribute(box.item)} tabindex="0" role="button" ',
        f'aria-label={attribute(box.label)} transform="translate({frame.x} {frame.y})"',
        f"{_state(box, can_close=can_close)}>",
        f'<rect class="box" width="{frame.width}" height="{frame.height}" rx="{radius:g}"/>',
    ]
    parts += [_part(part, filled) for part in arrangement.parts]
    if box.opens:
        parts.append(_badge(box.opens, frame.width - 20, 5, opens=True, more='aria-hidden="true"'))
    return "".join([*parts, "</g>"])


def _state(box: Box, *, can_close: bool) -> str:
    """The attributes that say what a key opens there, and what it closes."""
    opens = f' aria-expanded="false" data-opens={attribute(box.opens)}' if box.opens else ""
    return opens + (f" data-within={attribute('.'.join(box.module))}" if can_close and box.module else "")


def _part(part: Part, filled: Filled) -> str:
    if part.kind in ("title", "note", "label"):
        size = TITLE_SIZE if part.kind == "title" else NOTE_SIZE if part.kind == "note" else SLOT_SIZE
        return _text(part.kind, part.x, part.y, size, escape(part.text))
    cell = part.cell
    if cell is None:
        return ""
    place = _place(part.x, part.y, part.width, part.height)
    if part.kind == "tint":
        kind = "adjoint" if cell.kind == "grad" else cell.kind
        strength = filled.strengths.get(cell.slot)
        if strength is None:
            return f'<rect class="tint {kind}" data-tint="{cell.slot}" {place} rx="5"/>'
        opacity = 0.04 + 0.28 * strength
        return (
            f'<rect class="tint {kind} has-value" data-tint="{cell.slot}" fill-opacity="{opacity:.2f}" {place} rx="5"/>'
        )
    if part.kind == "image":
        link = filled.images.get(cell.image_slot)
        source = "" if link is None else f" href={attribute(link)}"
        drawn = 'preserveAspectRatio="none" image-rendering="pixelated"'
        return f'<image data-slot="{cell.image_slot}" {drawn}{source} {place}/>'
    size = RANGE_SIZE if cell.wide else SLOT_SIZE
    classes = f"slot {'adjoint grad' if cell.kind == 'grad' else cell.kind}"
    return _text(classes, part.x, part.y, size, escape(filled.texts.get(cell.slot, "")), cell.slot)


def _text(classes: str, x: float, y: float, size: float, content: str, slot: str = "", anchor: str = "middle") -> str:
    name = f' data-slot="{slot}"' if slot else ""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text class="{classes}"{name} {place}>{content}</text>'


def _link(link: Link, curve: Curve, filled: Filled) -> str:
    classes = f"item edge {link.kind}{' detached' if link.detached else ''}"
    start, *rest = curve.points
    path = f"M{start[0]},{start[1]}C" + " ".join(f"{x},{y}" for x, y in rest)
    reachable = ' tabindex="0" role="button"' if link.kind != "match" else ""
    parts = [
        f'<g class="{classes}" data-key={attribute(link.key)}{reachable} aria-label={attribute(_link_label(link))}>'
        f'<path class="hit" d="{path}"/><path class="line" d="{path}"/>'
    ]
    if curve.tip is not None:
        base = curve.points[0] if curve.reversed else curve.points[-1]
        parts.append(f'<polygon points="{_arrow(base, curve.tip)}"/>')
    if curve.label is not None:
        lines = bool(link.label) + bool(link.slot)
        y = curve.label[1] + 2.4 - 6.5 * (lines - 1)
        x, anchor = _beside(curve, y - 9, y + 13 * (lines - 1) + 3)
        if link.label:
            parts.append(_text("note", x, y, NOTE_SIZE, escape(link.label), anchor=anchor))
            y += 13
        if link.slot:
            text = escape(filled.texts.get(link.slot, ""))
            parts.append(_text("slot contribution", x, y, CONTRIBUTION_SIZE, text, link.slot, anchor))
    return "".join([*parts, "</g>"])


def _beside(curve: Curve, top: float, bottom: float) -> tuple[float, str]:
    """The place where texts between two heights begin (or end) next to a curve, on the side that Graphviz kept free."""
    if curve.label is None:
        return 0.0, "middle"
    x = curve.label[0]
    crossed = [point[0] for point in _along(curve) if top <= point[1] <= bottom]
    if not crossed or min(crossed) - NEAR < x < max(crossed) + NEAR:
        return x, "middle"
    if x > max(crossed):
        return max(max(crossed) + 5.0, x - MOST_ASIDE), "start"
    return min(min(crossed) - 5.0, x + MOST_ASIDE), "end"


def _along(curve: Curve) -> list[Point]:
    """Points on the curve, close to one another."""
    found: list[Point] = []
    for start in range(0, len(curve.points) - 3, 3):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = curve.points[start : start + 4]
        found += [(i * ax + j * bx + k * cx + m * dx, i * ay + j * by + k * cy + m * dy) for i, j, k, m in _WEIGHTS]
    return found


def _link_label(link: Link) -> str:
    many = f"{link.count} edges" if link.count > 1 else "edge"
    return f"{many} {link.key}" + (f" of shape {link.label}" if link.label else "")


def _arrow(base: tuple[float, float], tip: tuple[float, float]) -> str:
    """A slim triangle from the end of the curve to the tip."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy) or 1.0
    wide_x, wide_y = -dy / length * 3.2, dx / length * 3.2
    corners = ((base[0] + wide_x, base[1] + wide_y), tip, (base[0] - wide_x, base[1] - wide_y))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
