"""Large graphs made small: boxes gather by module path, then the middle of a long run becomes one box."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace

from playground.views.graph import Box, Graph, Link, Row

_INFIX = re.compile(r" (\*\*|//|[-+*/@%&|]|[<>=!]=?) ")
LINKS_PER_BOX = 3  # Graphviz slows with links even where boxes are few


def collapse(graph: Graph, limit: int) -> Graph:
    """The same graph in at most about `limit` boxes: by the deepest module grouping that fits, else by runs as well."""
    limit = 2 * limit if graph.kind == "both" else limit
    if _fits(graph, limit):
        return graph
    for depth in range(max((len(box.module) for box in graph.boxes), default=0), 0, -1):
        smaller = _merge(graph, _by_module(graph, depth))
        if _fits(smaller, limit):
            return smaller
        last = smaller
    graph = last if any(box.module for box in graph.boxes) else graph
    kept = limit
    while not _fits(smaller := _merge(graph, _by_run(graph, kept)), limit) and kept > 4:
        kept //= 2
    return smaller


def _fits(graph: Graph, limit: int) -> bool:
    return len(graph.boxes) <= limit and len(graph.links) <= LINKS_PER_BOX * limit


def _by_module(graph: Graph, depth: int) -> dict[str, str]:
    """Box key -> key of the module box that takes it in, for modules of at least two boxes."""
    groups: dict[str, list[str]] = defaultdict(list)
    for box in graph.boxes:
        if len(box.module) >= depth:
            name = "module-" + ".".join(box.module[:depth])
            groups[name + "-backward" if box.backward else name].append(box.key)
    return {key: name for name, keys in groups.items() if len(keys) > 1 for key in keys}


def _by_run(graph: Graph, kept: int) -> dict[str, str]:
    """Box key -> key of the box for the middle; about `kept` boxes at both ends stay, outputs and inputs alike."""
    into: dict[str, str] = {}
    sides = [
        [box for box in graph.boxes if box.backward is backward and box.kind != "seed"] for backward in (False, True)
    ]
    share = kept // max(1, sum(1 for side in sides if side)) - 2
    for side, name in zip(sides, ("more-0", "more-0-backward"), strict=True):
        if len(side) > share + 2:
            first = max(1, share // 2)
            into |= {box.key: name for box in side[first : max(first + 2, len(side) - first)]}
    return into


def _merge(graph: Graph, into: dict[str, str]) -> Graph:
    """The graph with boxes replaced by the ones that take them in, and links between the same two gathered."""
    members: dict[str, list[Box]] = defaultdict(list)
    for box in graph.boxes:
        members[into.get(box.key, box.key)].append(box)
    home = dict(graph.home) | {key: name for key, name in into.items() if key != name}
    outside = _used_outside(graph, into)
    boxes = tuple(
        boxes[0] if key == boxes[0].key else _group_box(key, boxes, outside) for key, boxes in members.items()
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
    pairs = dict.fromkeys((into.get(first, first), into.get(second, second)) for first, second in graph.pairs)
    kept = tuple(pair for pair in pairs if present.issuperset(pair))
    return Graph(graph.kind, boxes, tuple(links), kept, home)


def _used_outside(graph: Graph, into: dict[str, str]) -> set[str]:
    """Boxes whose result leaves the group that they are in, or the graph."""
    used = {link.tail for link in graph.links if link.kind == "forward"}
    crossing = {
        link.tail
        for link in graph.links
        if link.kind == "forward" and into.get(link.tail, link.tail) != into.get(link.head, link.head)
    }
    return crossing | {box.key for box in graph.boxes if box.key not in used}


def _group_box(key: str, boxes: list[Box], outside: set[str]) -> Box:
    """The box of a module or run: what it holds in a note, and the numbers of its one result."""
    steps = [box for box in boxes if box.kind not in ("leaf", "constant", "seed")]
    leaves = sum(1 for box in boxes if box.kind == "leaf")
    backward = boxes[0].backward
    count = sum(box.held for box in steps)
    what = "backward nodes" if backward else "ops"
    is_run = key.startswith("more-")
    title = f"… {count} more {what}" if is_run else key.removeprefix("module-").removesuffix("-backward")
    held = "" if is_run else f"{count} {what}"
    also = f"{leaves} {'leaf' if leaves == 1 else 'leaves'}" if leaves else ""
    notes = [", ".join(filter(None, [held, also]))]
    names = Counter(_op_name(box) for box in steps if box.kind != "module")
    common = ", ".join(f"{number} {name}" for name, number in names.most_common(3))
    notes.append(common + (", …" if len(names) > 3 else ""))
    results = [box for box in steps if box.key in outside and box.rows and not backward]
    rows = tuple(Row(row.cells) for row in results[0].rows[:1]) if len(results) == 1 else ()
    module = () if is_run else tuple(key.removeprefix("module-").removesuffix("-backward").split("."))[:-1]
    label = f"{title}: {', '.join(filter(None, notes))}"
    notes = list(filter(None, notes))
    return Box(
        key, "module", title, label, rows, tuple(notes), backward=backward, module=module, held=max(1, count)
    )  # fmt: skip


def _op_name(box: Box) -> str:
    """What one op or node does: `sin`, `*`, `[ ]`, `MulBackward0`."""
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


__all__ = ["collapse"]
