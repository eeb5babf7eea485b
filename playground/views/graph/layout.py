"""DOT -> coordinates, by Graphviz in a process of its own; the same text is laid out once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from playground.computing.turns import COMPUTING
from playground.errors import PlaygroundError
from playground.views.graph.boxes import arrange_all
from playground.views.graph.dot import cluster_paths, identifiers, to_dot
from playground.views.graph.graph import Graph

SECONDS = float(os.environ.get("PLAYGROUND_LAYOUT_SECONDS", "20"))
CACHED_LAYOUTS = 256
CURE = "install the Python package graphviz-pure, or Graphviz so that `dot` is on the PATH"

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


def lay_out(graph: Graph) -> Layout:
    """Coordinates of every box and link; PlaygroundError where there is no Graphviz or it takes too long."""
    if not graph.boxes:
        return Layout(1.0, 1.0, {}, {}, ())
    width, height, objects, edges = _run(to_dot(graph, texts=False))  # many texts have boxes of the same sizes
    keys = {name: key for key, name in identifiers(graph).items()}
    boxes = {keys[name]: frame for name, frame in objects.items() if name in keys}
    boxes |= _pairs(graph, boxes)
    paths = cluster_paths(graph)
    clusters = sorted(
        (paths[int(name.removeprefix("cluster_"))], frame)
        for name, frame in objects.items()
        if name.startswith("cluster_")
    )
    links = {keys[name]: curve for name, curve in edges.items()}
    links |= {link.key: _match(boxes[link.tail], boxes[link.head]) for link in graph.links if link.kind == "match"}
    return Layout(width, height, boxes, links, tuple(clusters))


def _pairs(graph: Graph, boxes: dict[str, Frame]) -> dict[str, Frame]:
    """The two halves of each node that stands for a pair."""
    sizes = arrange_all(graph) if graph.pairs else {}
    found = {}
    for first, second in graph.pairs:
        whole, one, two = boxes[first], sizes[first], sizes[second]
        found[first] = Frame(whole.x, whole.y, one.width, one.height)
        found[second] = Frame(round(whole.x + whole.width - two.width, 1), whole.y, two.width, two.height)
    return found


def _match(first: Frame, second: Frame) -> Curve:
    """The short line between the two of a pair."""
    y = round(first.y + first.height / 2, 1)
    start, end = (round(first.x + first.width, 1), y), (second.x, y)
    return Curve((start, start, end, end), None, False, None)


@lru_cache(maxsize=1)
def binary() -> str:
    """Graphviz: `PLAYGROUND_DOT`, else graphviz-pure of this environment, else `dot` on the PATH."""
    given = os.environ.get("PLAYGROUND_DOT")
    if given:
        return given
    folders = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    for folder in folders:
        found = shutil.which("graphviz-pure", path=str(folder))
        if found:
            return found
    found = shutil.which("graphviz-pure") or shutil.which("dot")
    if not found:
        raise PlaygroundError("the graph cannot be drawn: no Graphviz was found", hint=CURE)
    return found


@lru_cache(maxsize=CACHED_LAYOUTS)
def _run(dot: str) -> tuple[float, float, dict[str, Frame], dict[str, Curve]]:
    try:
        with COMPUTING.aside():
            done = subprocess.run(
                [binary(), "-Tjson0"], input=dot.encode(), capture_output=True, timeout=SECONDS, check=False
            )
    except FileNotFoundError as error:
        raise PlaygroundError(f"the graph cannot be drawn: {binary()} is missing", hint=CURE) from error
    except subprocess.TimeoutExpired as error:
        message = f"the graph took more than {SECONDS:g} seconds to lay out"
        raise PlaygroundError(message, hint="draw a smaller part of it") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise PlaygroundError(f"the graph could not be laid out: {said[-1]}", hint=CURE)
    return _read(json.loads(done.stdout))


def _read(document: dict[str, Any]) -> tuple[float, float, dict[str, Frame], dict[str, Curve]]:
    left, bottom, right, top = map(float, document["bb"].split(","))
    objects: dict[str, Frame] = {}
    for thing in document.get("objects", []):
        if "pos" in thing:
            x, y = map(float, thing["pos"].split(","))
            w, h = 72 * float(thing["width"]), 72 * float(thing["height"])
            objects[thing["name"]] = Frame(
                round(x - w / 2 - left, 1), round(top - y - h / 2, 1), round(w, 1), round(h, 1)
            )
        elif "bb" in thing and thing["name"].startswith("cluster_"):
            x0, y0, x1, y1 = map(float, thing["bb"].split(","))
            objects[thing["name"]] = Frame(
                round(x0 - left, 1), round(top - y1, 1), round(x1 - x0, 1), round(y1 - y0, 1)
            )
    edges = {edge["id"]: _curve(edge, left, top) for edge in document.get("edges", []) if "pos" in edge}
    return right - left, top - bottom, objects, edges


def _curve(edge: dict[str, Any], left: float, top: float) -> Curve:
    def point(text: str) -> Point:
        x, y = map(float, text.split(","))
        return round(x - left, 1), round(top - y, 1)

    tip: Point | None = None
    reversed_ = False
    points: list[Point] = []
    for part in edge["pos"].split(";")[0].split():
        if part[0] in "se" and part[1] == ",":
            tip, reversed_ = point(part[2:]), part[0] == "s"
        else:
            points.append(point(part))
    return Curve(tuple(points), tip, reversed_, point(edge["lp"]) if "lp" in edge else None)
