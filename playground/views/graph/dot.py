"""Graph -> DOT: what Graphviz lays out, and what a reader downloads."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import graphviz

from playground.views.graph.boxes import PAIR_GAP, Arrangement, arrange_all
from playground.views.graph.graph import Box, Graph, Link
from playground.views.graph.merged_boxes import RUN
from playground.views.graph.palette import BLUE, FILLS, INK, LINK_COLOURS, MUTED, ORANGE
from playground.views.graph.rows import leaves

FONT = "Helvetica,Arial,sans-serif"
EFFORT = {"nslimit": "4", "mclimit": "0.5"}  # how long Graphviz improves a layout
STEM_WEIGHT, LEAF_WEIGHT = "20", "1"  # what computes stands upright, the leaves to its sides
BADGE_SPACE = " " * 6  # before the title of a frame that can be closed
NUMBER_SPACE = " " * 17  # as wide as a contribution that is a number
TENSOR_SPACE = " " * 22  # as wide as "norm 10274.6"


def to_dot(graph: Graph, numbers: Mapping[str, str] | None = None, *, texts: bool = True) -> str:
    """DOT text, with `numbers` (slot -> text) in the labels; sizes depend on names and shapes, never on numbers.

    Without `texts` boxes have their sizes only, which is all that a layout depends on.
    """
    writer = _DotWriter(graph, numbers or {}, texts)
    dot = graphviz.Digraph(
        "trace",
        graph_attr={"nodesep": "0.3", "ranksep": "0.4", "fontname": FONT, "fontsize": "11",
                    "newrank": "true", "bgcolor": "transparent", "fontcolor": MUTED} | EFFORT,
        node_attr={"shape": "box", "style": "rounded,filled", "fontname": FONT, "fontsize": "11", "fixedsize": "true",
                   "fontcolor": INK, "penwidth": "1.2"},
        edge_attr={"weight": STEM_WEIGHT, "fontname": FONT, "fontsize": "11", "arrowsize": "0.7", "fontcolor": MUTED},
    )  # fmt: skip
    writer.boxes(dot, list(graph.boxes), ())
    for link in graph.links:
        if link.kind != "match":
            writer.link(dot, link)
    return str(dot.source)


def identifiers(graph: Graph) -> dict[str, str]:
    """Box or link key -> DOT name of letters, digits and underscores, unique and the same in every run."""
    taken: dict[str, str] = {}
    used: set[str] = set()
    for key in [box.key for box in graph.boxes] + [link.key for link in graph.links]:
        name = plain = re.sub(r"[^A-Za-z0-9]", "_", key)
        number = 2
        while name in used:
            name, number = f"{plain}_{number}", number + 1
        used.add(name)
        taken[key] = name
    return taken


def cluster_paths(graph: Graph) -> list[tuple[str, ...]]:
    """The modules that get a frame, in the order in which `to_dot` numbers them: those around two boxes or more."""
    counts: dict[tuple[str, ...], int] = {}
    for box in graph.boxes:
        for depth in range(1, len(box.module) + 1):
            counts[box.module[:depth]] = counts.get(box.module[:depth], 0) + 1
    framed = frozenset[str]() if graph.modules is None else graph.modules.framed
    return [path for path, count in counts.items() if count > 1 or ".".join(path) in framed]


def frame_title(path: tuple[str, ...]) -> str:
    """The title over the frame of a module, or of a part of a long run.

    >>> frame_title(("features", "0")), frame_title(("more-0", "2"))
    ('features.0', 'middle, part 3')
    """
    if not path[0].startswith(RUN):
        return ".".join(path)
    return ", part ".join(["middle", *(str(int(part) + 1) for part in path[1:])])


def label_text(text: str) -> str:
    """Write one line of any text as a DOT label that is drawn as typed: no escapes, no entities, no HTML."""
    escaped: str = graphviz.escape(printable(text).replace("&", "&amp;"))  # a str that is marked as not HTML
    return escaped


def _lines(lines: list[str]) -> str:
    label: str = graphviz.nohtml(r"\n".join(map(label_text, lines)))
    return label


class _DotWriter:
    """Writes the boxes and links of one graph."""

    def __init__(self, graph: Graph, numbers: Mapping[str, str], writes_texts: bool) -> None:
        self.graph = graph
        self.numbers = numbers
        self.writes_texts = writes_texts
        self.ids = identifiers(graph)
        self.sizes = arrange_all(graph)
        self.partner = dict(graph.pairs)
        self.paired = {second: first for first, second in graph.pairs}
        self.framed = cluster_paths(graph)
        self.known = {box.key: box for box in graph.boxes}
        self.leaves = leaves(graph)

    def boxes(self, dot: graphviz.Digraph, boxes: list[Box], path: tuple[str, ...]) -> None:
        """The boxes of one module, each framed module in it as a cluster of its own."""
        inner: dict[tuple[str, ...], list[Box]] = {}
        for box in boxes:
            deeper = [box.module[:depth] for depth in range(len(path) + 1, len(box.module) + 1)]
            frame = next((candidate for candidate in deeper if candidate in self.framed), None)
            if frame is not None:
                inner.setdefault(frame, []).append(box)
            elif box.key in self.partner:
                self.pair(dot, box, self.known[self.partner[box.key]])
            elif box.key not in self.paired:
                self.box(dot, box)
        for frame, members in inner.items():
            with dot.subgraph(name=f"cluster_{self.framed.index(frame)}") as cluster:
                space = "" if self.graph.modules is None else BADGE_SPACE
                name = label_text(space + frame_title(frame if frame[0].startswith(RUN) else frame[len(path) :]))
                cluster.attr(label=name, style="rounded", color="#c9c9d8", penwidth="1", labeljust="l", margin="10")
                self.boxes(cluster, members, frame)

    def box(self, dot: graphviz.Digraph, box: Box) -> None:
        """Write one box of a fixed size."""
        size = self.sizes[box.key]
        attributes = {
            "label": _lines(self.texts(box)),
            "width": f"{size.width / 72:.3f}",
            "height": f"{size.height / 72:.3f}",
            "fillcolor": FILLS[box.kind],
            "color": _frame_colour(box),
        }
        if box.detached:
            attributes["style"] = "rounded,filled,dashed"
        dot.node(self.ids[box.key], **attributes)

    def pair(self, dot: graphviz.Digraph, first: Box, second: Box) -> None:
        """A forward box and its backward box as one node of two cells, so that they stay together."""
        cells = [self.cell(first, "f"), self.cell(second, "b")]
        gap = f'<TD FIXEDSIZE="TRUE" WIDTH="{PAIR_GAP:.0f}" HEIGHT="{PAIR_GAP:.0f}"></TD>'
        rows = f"<TR>{cells[0]}{gap}{cells[1]}</TR>"
        table = f'<<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="0">{rows}</TABLE>>'
        dot.node(self.ids[first.key], label=table.replace(gap, gap.replace("<TD", '<TD BORDER="0"')), shape="plain",
                 style="", fixedsize="false")  # fmt: skip

    def cell(self, box: Box, port: str) -> str:
        """Write one half of a pair."""
        size: Arrangement = self.sizes[box.key]
        text = "<BR/>".join(html.escape(printable(line)) for line in self.texts(box))
        return (
            f'<TD PORT="{port}" FIXEDSIZE="TRUE" WIDTH="{size.width:.0f}" HEIGHT="{size.height:.0f}" '
            f'BGCOLOR="{FILLS[box.kind]}" COLOR="{_frame_colour(box)}" STYLE="ROUNDED">{text}</TD>'
        )

    def texts(self, box: Box) -> list[str]:
        """The lines of a box: title, numbers where known, notes."""
        if not self.writes_texts:
            return []
        lines = [box.title]
        for row in box.rows:
            filled = [self.numbers[cell.slot] for cell in row.cells if self.numbers.get(cell.slot)]
            if filled:
                lines.append(f"{row.label} {'   '.join(filled)}".strip())
        return [*lines, *box.notes]

    def link(self, dot: graphviz.Digraph, link: Link) -> None:
        """Write one link; a backward one goes from head to tail, so that left and right are the same in both passes."""
        attributes = {"id": self.ids[link.key], "color": LINK_COLOURS[link.kind]}
        label = [link.label] if link.label else []
        if link.slot:
            label.append(self.numbers.get(link.slot) or (TENSOR_SPACE if link.label else NUMBER_SPACE))
            attributes["fontcolor"] = ORANGE
        if label:
            attributes["label"] = _lines(label)
        if link.detached:
            attributes["style"] = "dashed"
        if not self.leaves.isdisjoint((link.tail, link.head)):
            attributes["weight"] = LEAF_WEIGHT
        if link.kind == "backward":
            dot.edge(self.end(link.head, "out"), self.end(link.tail, "in"), dir="back", **attributes)
        else:
            dot.edge(self.end(link.tail, "out"), self.end(link.head, "in"), **attributes)

    def end(self, key: str, side: str) -> str:
        """The port where a link meets a box; in a pair, of the right cell."""
        if self.graph.kind != "both" or (key not in self.partner and key not in self.paired):
            return self.ids[key]
        compass = {"out": "s", "in": "n"}[side]
        port = "f" if key in self.partner else "b"
        return f"{self.ids[self.paired.get(key, key)]}:{port}:{compass}"


def _frame_colour(box: Box) -> str:
    if box.detached:
        return "#8a8a9c"
    return ORANGE if box.backward else BLUE if box.kind in ("leaf", "op") else "#9a9aae"


def printable(text: str) -> str:
    """A text in which what cannot be seen, like what turns the direction of writing, is a replacement character."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
