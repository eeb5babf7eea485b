"""Boxes merged into one: the box of a module or of a long run, and the links that are left."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from playground.views.graph.graph import Box, CellRow, Graph, GraphKind, Link

RUN = "more-"  # the middle of a long run is drawn as a module of this name
_INFIX = re.compile(r" (\*\*|//|[-+*/@%&|]|[<>=!]=?) ")


def group_key(path: str, *, backward: bool) -> str:
    """The key of the box that stands for a module or run, by its dotted path.

    >>> group_key("features.0", backward=False), group_key("more-0", backward=True)
    ('module-features.0', 'more-0-backward')
    """
    return ("" if path.startswith(RUN) else "module-") + path + ("-backward" if backward else "")


def merge(
    graph: Graph,
    into: Mapping[str, str],
    notes: Mapping[str, tuple[str, ...]] | None = None,
    *,
    can_open: bool = False,
) -> Graph:
    """The graph with boxes replaced by the ones that take them in, and links between the same two gathered.

    `notes` are written on the boxes of modules, by dotted path; where the reader `can_open` them, they say what opens.
    """
    members: dict[str, list[Box]] = defaultdict(list)
    for box in graph.boxes:
        members[into.get(box.key, box.key)].append(box)
    home = dict(graph.home) | {key: name for key, name in into.items() if key != name}
    outside = _used_outside(graph, into)
    boxes = tuple(
        boxes[0] if key == boxes[0].key else _group_box(key, boxes, outside, notes or {}, graph.kind, can_open)
        for key, boxes in members.items()
    )
    gathered: dict[tuple[str, str, str], list[Link]] = defaultdict(list)
    for link in graph.links:
        tail, head = into.get(link.tail, link.tail), into.get(link.head, link.head)
        if tail == head:
            home[link.key] = tail
        else:
            alone = link.tail not in into and link.head not in into and len(graph.links) < 1000
            gathered[tail, head, link.key if alone else link.kind].append(link)
    links = []
    for (tail, head, _), parts in gathered.items():
        home |= {part.key: parts[0].key for part in parts[1:]}
        links.append(_gather(tail, head, parts))
    present = {box.key for box in boxes}
    pairs = _pairs(graph, into, present)
    return replace(graph, boxes=boxes, links=tuple(links), pairs=pairs, home=home)


def _pairs(graph: Graph, into: Mapping[str, str], present: set[str]) -> tuple[tuple[str, str], ...]:
    """The pairs of what is drawn; a box stands beside one other only."""
    kept: list[tuple[str, str]] = []
    taken: set[str] = set()
    for first, second in graph.pairs:
        pair = into.get(first, first), into.get(second, second)
        if present.issuperset(pair) and taken.isdisjoint(pair):
            kept.append(pair)
            taken.update(pair)
    return tuple(kept)


def _used_outside(graph: Graph, into: Mapping[str, str]) -> set[str]:
    """Boxes whose result leaves the group that they are in, or the graph."""
    used = {link.tail for link in graph.links if link.kind == "forward"}
    crossing = {
        link.tail
        for link in graph.links
        if link.kind == "forward" and into.get(link.tail, link.tail) != into.get(link.head, link.head)
    }
    return crossing | {box.key for box in graph.boxes if box.key not in used}


def _group_box(
    key: str,
    boxes: list[Box],
    outside: set[str],
    notes: Mapping[str, tuple[str, ...]],
    kind: GraphKind,
    can_open: bool,
) -> Box:
    """The box of a module or run: what it holds and gives in notes, and the numbers of its one result."""
    steps = [box for box in boxes if box.kind not in ("leaf", "constant", "seed")]
    leaves = sum(1 for box in boxes if box.kind == "leaf")
    backward = boxes[0].backward
    count = sum(box.held for box in steps)
    what = ("backward node" if backward else "op") + ("" if count == 1 else "s")
    path = key.removeprefix("module-").removesuffix("-backward")
    is_run = path.startswith(RUN)
    title = f"… {count} more {what}" if is_run else path
    held = "" if is_run or not count else f"{count} {what}"
    also = f"{leaves} {'leaf' if leaves == 1 else 'leaves'}" if leaves else ""
    names = Counter(_op_name(box) for box in steps if box.kind != "module")
    common = ", ".join(f"{number} {name}" for name, number in names.most_common(3))
    lines = [", ".join(filter(None, [held, also])), common + (", …" if len(names) > 3 else "")]
    results = [box for box in steps if box.key in outside and box.rows and not backward]
    rows = _first_value(results[0].rows) if len(results) == 1 else ()
    if len(results) == 1:
        lines += [f"gives {note}" for note in results[0].notes[:1] if note.startswith("(")]
        lines += [note for note in results[0].notes if note.startswith("gives ")]
    if not is_run and backward == (kind == "backward"):
        lines += notes.get(path, ())
    lines = list(filter(None, lines))
    return Box(
        key, "module", title, f"{title}: {', '.join(lines)}", rows, tuple(lines), backward=backward,
        module=tuple(path.split("."))[:-1], held=max(1, count), opens=path if can_open else "",
    )  # fmt: skip


def _op_name(box: Box) -> str:
    """The name of one op or node: `sin`, `*`, `[ ]`, `MulBackward0`."""
    call = box.title.rpartition(" = ")[2]
    between = _INFIX.search(call)
    if between is not None and "(" not in call[: between.start()]:
        return between[1]
    return "[ ]" if "[" in call.partition("(")[0] else call.partition("(")[0].rpartition(".")[2][:20]


def _gather(tail: str, head: str, parts: list[Link]) -> Link:
    first = replace(parts[0], tail=tail, head=head)
    if len(parts) == 1:
        return first
    labels = {part.label for part in parts}
    label = labels.pop() if len(labels) == 1 else f"{len(parts)} tensors"
    return replace(first, label=label, slot="", detached=all(part.detached for part in parts), count=len(parts))


def _first_value(rows: tuple[CellRow, ...]) -> tuple[CellRow, ...]:
    """The rows of a box's first value, without its name and its `.grad`."""
    value = rows[0].cells[0].slot.partition(".")[0] + "."
    kept = [row.cells for row in rows if row.cells[0].slot.startswith(value) and row.cells[0].kind != "grad"]
    return tuple(map(CellRow, kept))
