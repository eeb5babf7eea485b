"""Large graphs made small: boxes gather in closed modules, then the middle of a long run; the reader opens both."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import replace
from math import inf

from playground.views.graph.graph import Box, Graph, Modules
from playground.views.graph.merged_boxes import RUN, group_key, merge
from playground.views.graph.unfolding import Unfolding

LINKS_PER_BOX = 3  # with more, nobody can follow them
LEAST_GROUPS = 4  # fewer module boxes than these say too little: their parts are drawn
PARTS, PART = 12, 24  # an opened run is so many smaller ones, or its boxes where there are no more than these

Path = tuple[str, ...]


def collapse(
    graph: Graph,
    limit: int,
    room: int,
    unfolding: Unfolding | None = None,
    notes: Mapping[str, tuple[str, ...]] | None = None,
) -> Graph:
    """The same graph in at most about `limit` boxes: modules closed from some depth on, and long runs if need be.

    With an `unfolding` modules are open and closed as the reader says, within `room` boxes. `notes` stand
    on the boxes of modules, by dotted path.
    """
    limit = 2 * limit if graph.kind == "both" else limit
    wanted = Unfolding() if unfolding is None else unfolding
    tree = _Tree(graph)
    depth = 1 if wanted.base == "none" else _depth(tree, limit)
    closed = tree.opened_above(depth)
    is_long = not tree.fits(closed, limit)
    room = max(room, len(tree.shown(closed)) + limit // 2)
    opened, message = _opened(tree, closed, wanted, room)
    drawn = merge(graph, tree.into(opened), notes, can_open=unfolding is not None)
    modules = tree.named
    if is_long:
        tagged = _tagged(drawn, limit)
        runs = _Tree(tagged, of_runs=True)
        open_runs, refused = _opened(runs, frozenset(), wanted, room)
        drawn = merge(tagged, runs.into(open_runs), can_open=unfolding is not None)
        modules, opened, message = modules | runs.named, opened | open_runs, message or refused
    if unfolding is None:
        return drawn
    framed = frozenset(path for path, is_open in wanted.marks if is_open and path in opened)
    return replace(drawn, modules=Modules(len(modules), opened, framed, message))


class _Tree:
    """The modules of a graph and the boxes in them; or its runs, which `_tagged` made modules of."""

    def __init__(self, graph: Graph, *, of_runs: bool = False) -> None:
        self.graph = graph
        self.places: dict[str, tuple[Path, bool]] = {
            box.key: (box.module, box.backward) for box in graph.boxes if _is_run(box) is of_runs
        }
        paths = dict.fromkeys(path[:length] for path, _ in self.places.values() for length in range(1, len(path) + 1))
        self.paths = sorted(paths, key=len)  # the outer ones first, else in the order of the graph
        self.named = frozenset(map(".".join, self.paths))

    def opened_above(self, depth: float) -> frozenset[str]:
        """The modules that are open where those from this depth on are closed."""
        return frozenset(".".join(path) for path in self.paths if len(path) < depth)

    def into(self, opened: Collection[str]) -> dict[str, str]:
        """Box key -> key of the box of the outermost closed module around it."""
        closed: dict[Path, str | None] = {}
        found = {}
        for key, (path, backward) in self.places.items():
            if path not in closed:
                names = (".".join(path[:length]) for length in range(1, len(path) + 1))
                closed[path] = next((name for name in names if name not in opened), None)
            if (name := closed[path]) is not None:
                found[key] = group_key(name, backward=backward)
        return found

    def shown(self, opened: Collection[str]) -> set[str]:
        """The keys of the boxes that are drawn."""
        into = self.into(opened)
        return {into.get(box.key, box.key) for box in self.graph.boxes}

    def fits(self, opened: Collection[str], limit: int) -> bool:
        """Tell whether about `limit` boxes and their links are enough."""
        if len(self.shown(opened)) > limit:
            return False
        into, links = self.into(opened), set()
        is_large = len(self.graph.links) >= 1000
        for link in self.graph.links:
            tail, head = into.get(link.tail, link.tail), into.get(link.head, link.head)
            alone = not is_large and link.tail not in into and link.head not in into
            if tail != head:
                links.add((tail, head, link.key if alone else link.kind))
        return len(links) <= LINKS_PER_BOX * limit


def _is_run(box: Box) -> bool:
    return bool(box.module) and box.module[0].startswith(RUN)


def _depth(tree: _Tree, limit: int) -> float:
    """The depth from which on modules are closed: none where all fits, else the outermost ones that say enough."""
    if tree.fits(tree.named, limit):
        return inf
    deepest = max(map(len, tree.paths), default=1)
    fitting = [depth for depth in range(1, deepest + 1) if tree.fits(tree.opened_above(depth), limit)]
    for depth in fitting:
        groups = {name for name in tree.into(tree.opened_above(depth)).values() if not name.endswith("-backward")}
        if len(groups) >= LEAST_GROUPS:
            return depth
    return fitting[-1] if fitting else 1


def _opened(tree: _Tree, at_first: frozenset[str], wanted: Unfolding, room: int) -> tuple[frozenset[str], str]:
    """The open modules: those open `at_first`, and of the reader's the oldest that there is room for."""
    marks = {path: is_open for path, is_open in wanted.marks if path in tree.named}
    opens = [path for path, is_open in marks.items() if is_open]
    if wanted.base == "all":
        opens = [path for path in map(".".join, tree.paths) if marks.get(path, True) and path not in at_first] + opens
    start = at_first - {path for path, is_open in marks.items() if not is_open}

    def is_too_much(count: int) -> bool:
        return not tree.fits(start.union(opens[:count]), room)

    count = len(opens)
    if is_too_much(count):
        count = max(0, bisect_right(range(count), False, key=is_too_much) - 1)
    opened = start.union(opens[:count])
    visible = {path for path in tree.paths if all(".".join(path[:n]) in opened for n in range(1, len(path) + 1))}
    return opened, _refusal(tree, len(visible), opens[count:], wanted, room)


def _refusal(tree: _Tree, opened: int, refused: list[str], wanted: Unfolding, room: int) -> str:
    """The message about modules that stay closed; empty where there are none."""
    if not refused:
        return ""
    if wanted.base == "all":
        return f"{opened} of {len(tree.paths)} modules are open: there is room for {room} boxes."
    name = refused[-1]
    return f"{name} stays closed: there is room for {room} boxes. Close another module first."


def _tagged(graph: Graph, limit: int) -> Graph:
    """The graph with the middle of both passes as modules `more-0`, of which `merge` makes one box each."""
    kept = limit
    while True:
        tags = _middles(graph, kept)
        boxes = tuple(replace(box, module=tags[box.key]) if box.key in tags else box for box in graph.boxes)
        tagged = replace(graph, boxes=boxes)
        if kept <= 4 or _Tree(tagged, of_runs=True).fits((), limit):
            return tagged
        kept //= 2


def _middles(graph: Graph, kept: int) -> dict[str, Path]:
    """Box key -> the run and its parts around it; about `kept` boxes at both ends stay, inputs and outputs."""
    sides = [
        [box for box in graph.boxes if box.backward is backward and box.kind != "seed"] for backward in (False, True)
    ]
    share = kept // max(1, sum(1 for side in sides if side)) - 2
    tags: dict[str, Path] = {}
    for side in sides:
        if len(side) > share + 2:
            first = max(1, share // 2)
            _part([box.key for box in side[first : max(first + 2, len(side) - first)]], (f"{RUN}0",), tags)
    return tags


def _part(keys: list[str], path: Path, tags: dict[str, Path]) -> None:
    if len(keys) <= PART:
        tags |= dict.fromkeys(keys, path)
        return
    size = max(PART, -(-len(keys) // PARTS))
    for start in range(0, len(keys), size):
        _part(keys[start : start + size], (*path, str(start // size)), tags)
