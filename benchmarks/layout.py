"""What a layout costs and how good it is: Graphviz, with and without copies of leaves, our own, and two peers.

CPU seconds of each layout (Graphviz: of its process; the peers: of the call, in Node.js); pairs of links that cross, of
those without a common end, and links that run through a box that is not theirs. The peers get the same boxes, sizes and
copies, and no frames of modules. Whoever computes for longer than `PATIENCE` is ended.

    python -m benchmarks.layout            # the table, written to benchmarks/results/layout.md
    python -m benchmarks.layout --quick    # the first graph, printed only
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from playground.computing.garbage import settle
from playground.explain.explanation import explain
from playground.language.run import run
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.views.graph import dot_process, layout
from playground.views.graph.boxes import arrange_all
from playground.views.graph.build import build_graph
from playground.views.graph.geometry import Curve, Frame, Layout
from playground.views.graph.graph import Graph, GraphKind
from playground.views.graph.layered.layout import layered
from playground.views.graph.layered.nodes import nodes_of, wires_of
from playground.views.graph.rows import first_of_pair

PEERS = Path(__file__).resolve().parent / "peers"
INSTALLED = PEERS.parents[1] / ".venv" / "peers"
RESULTS = PEERS.parent / "results" / "layout.md"
PATIENCE = 15.0  # s
COUNTED = 800  # links, among which crossings are counted

Places = tuple[dict[str, Frame], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Found:
    """One layout: CPU seconds, and where they were counted crossings and links through boxes."""

    seconds: float
    crossings: int | None = None
    through: int | None = None

    def __str__(self) -> str:
        quality = "" if self.crossings is None else f", {self.crossings} / {self.through}"
        return f"{self.seconds:.3f} s{quality}"


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1).requires_grad_()


def weight() -> Tensor:
    return (torch.eye(3) / 2).requires_grad_()


def loop() -> Trace:
    return run("f = x\n" + "f = f*s + s\n" * 20, {"x": 1.0, "s": 0.9})


def shared(steps: int) -> Trace:
    given = {"x": column(1, 2, 3), "W": weight(), "b": column(1, 1, 1)}
    return run("h = x\n" + "h = tanh(W @ h + b)\n" * steps, given)


def gru() -> Trace:
    """Ten steps by hand."""
    gates = "z = sigmoid(Wz @ x + Uz @ h)\nr = sigmoid(Wr @ x + Ur @ h)\n"
    step = gates + "n = tanh(Wn @ x + Un @ (r * h))\nh = (1 - z) * n + z * h\n"
    names = ("Wz", "Uz", "Wr", "Ur", "Wn", "Un")
    return run("h = x\n" + step * 10, {"x": column(1, 2, 3)} | {name: weight() for name in names})


def convolutions() -> Trace:
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(968, 10)
    )
    return record(net, torch.randn(2, 1, 28, 28))


def transformer() -> Trace:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    return record(nn.TransformerEncoder(layer, 12, enable_nested_tensor=False).train(), torch.randn(1, 3, 8))


def chain(ops: int) -> Trace:
    def computed(x: Tensor) -> Tensor:
        for _ in range(ops):
            x = x.sin()
        return x

    return record(computed, 1.0)


def tree(leaves: int) -> Trace:
    def summed(*values: Tensor) -> Tensor:
        while len(values) > 1:
            values = tuple(a + b for a, b in zip(values[::2], values[1::2], strict=True))
        return values[0]

    return record(summed, *(float(n) for n in range(leaves)))


GRAPHS: dict[str, tuple[Callable[[], Trace], GraphKind]] = {
    "20 lines of `f = f*s + s`, both": (loop, "both"),
    "`h = tanh(W @ h + b)`, 13 times, both": (partial(shared, 13), "both"),
    "`h = tanh(W @ h + b)`, 33 times, forward": (partial(shared, 33), "forward"),
    "a GRU by hand, 10 steps, forward": (gru, "forward"),
    "a GRU by hand, 10 steps, both": (gru, "both"),
    "two convolutions, both": (convolutions, "both"),
    "12 encoder layers, forward": (transformer, "forward"),
    "a chain of 1,000, forward": (partial(chain, 1000), "forward"),
    "a tree of 1,023, forward": (partial(tree, 512), "forward"),
}


def graphviz(graph: Graph) -> Layout | None:
    """By Graphviz, whether it suits the graph or not."""
    layout._run.cache_clear()
    return layout.by_graphviz(graph)


def measured(graph: Graph, place: Callable[[Graph], Layout | None]) -> Found | None:
    """The least of three runs where they are short."""
    found, least = None, float("inf")
    for _ in range(3):
        before = cpu()
        found = place(graph)
        least = min(least, cpu() - before)
        if found is None:
            return None
        if least > 1:
            break
    assert found is not None
    return judged(graph, least, (found.boxes, {key: along(curve) for key, curve in found.links.items()}))


def cpu() -> float:
    """Seconds of this process and of those that it has waited for."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def along(curve: Curve) -> np.ndarray:
    """Points on a curve."""
    t = np.linspace(0, 1, 9)[:, None]
    weights = np.concatenate([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3], axis=1)
    parts = [weights @ np.array(curve.points[start : start + 4]) for start in range(0, len(curve.points) - 3, 3)]
    return np.concatenate(parts)


def by_peer(graph: Graph, name: str) -> Found | None:
    """By a library of JavaScript, in a process of its own."""
    nodes, wires = nodes_of(graph, arrange_all(graph)), wires_of(graph)
    asked = {
        "nodes": [{"id": key, "width": node.width, "height": node.height} for key, node in nodes.items()],
        "edges": [
            {"id": w.key, "from": w.upper, "to": w.lower, "width": w.label[0], "height": w.label[1]} for w in wires
        ],
    }
    try:
        done = subprocess.run(
            ["node", INSTALLED / "layout.mjs", name],
            input=json.dumps(asked).encode(), capture_output=True, timeout=2 * PATIENCE, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    found = json.loads(done.stdout)
    boxes = {key: Frame(*found["nodes"][key], node.width, node.height) for key, node in nodes.items()}
    return judged(graph, found["seconds"], (boxes, {key: np.array(way) for key, way in found["edges"].items()}))


def judged(graph: Graph, seconds: float, places: Places) -> Found:
    """Count what crosses and what runs through boxes, pairs as one box."""
    links = [link for link in graph.links if link.kind != "match" and link.key in places[1]]
    if len(links) > COUNTED:
        return Found(seconds)
    first = first_of_pair(graph)
    ends = {link.key: {first.get(link.tail, link.tail), first.get(link.head, link.head)} for link in links}
    ways = {link.key: places[1][link.key] for link in links}
    crossed = sum(
        ends[a].isdisjoint(ends[b]) and cross(ways[a], ways[b])
        for a, b in combinations([link.key for link in links], 2)
    )
    through = 0
    for link in links:
        x, y = ways[link.key].T
        through += any(
            first.get(key, key) not in ends[link.key]
            and bool(
                np.any((box.x + 1 < x) & (x < box.x + box.width - 1) & (box.y + 1 < y) & (y < box.y + box.height - 1))
            )
            for key, box in places[0].items()
        )
    return Found(seconds, crossed, through)


def cross(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two polylines have a point in common."""
    if one[:, 1].max() < other[:, 1].min() or other[:, 1].max() < one[:, 1].min():
        return False
    if one[:, 0].max() < other[:, 0].min() or other[:, 0].max() < one[:, 0].min():
        return False
    a, b, c, d = one[:-1, None], one[1:, None], other[None, :-1], other[None, 1:]

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        turned: np.ndarray = (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (
            r[..., 0] - p[..., 0]
        )
        return turned

    return bool(np.any((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)))


def without_copies(graph: Graph) -> Graph:
    """Every leaf once, as builds before had it."""
    item = {box.key: box.item for box in graph.boxes}
    links = tuple(replace(link, tail=item[link.tail], head=item[link.head]) for link in graph.links)
    pairs = tuple(pair for pair in graph.pairs if item[pair[0]] == pair[0])
    return replace(graph, boxes=tuple(box for box in graph.boxes if not box.shows), links=links, pairs=pairs)


def install_peers() -> bool:
    """What `peers/package-lock.json` names; False without npm."""
    if shutil.which("npm") is None:
        return False
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "layout.mjs"):
        shutil.copy(PEERS / name, INSTALLED)
    subprocess.run(["npm", "ci", "--prefix", INSTALLED, "--ignore-scripts", "--no-audit", "--no-fund"], check=True)
    return True


def table(names: list[str]) -> str:
    """One row for each graph."""
    has_peers = install_peers()
    lines = [
        "| graph | boxes, links | Graphviz, each leaf once | Graphviz | our own | dagre 3.1.3 | ELK 0.12.1 "
        "| the app takes | of Graphviz, each leaf once |",
        "|" + "---|" * 9,
    ]
    for name in names:
        make, kind = GRAPHS[name]
        graph = build_graph(explain(make()), kind, limit=100_000)
        before, now, own = (
            measured(without_copies(graph), graphviz), measured(graph, graphviz), measured(graph, layered)
        )  # fmt: skip
        peers = [by_peer(graph, peer) if has_peers else None for peer in ("dagre", "elk")]
        taken = now if layout.suits_graphviz(graph) else own
        ratio = (taken.seconds if taken else 0.0) / (before.seconds if before else PATIENCE)
        cells = ["not in 15 s" if found is None else str(found) for found in (before, now, own, *peers)]
        which = "Graphviz" if taken is now else "our own"
        lines.append(
            f"| {name} | {len(graph.boxes)}, {len(graph.links)} | {' | '.join(cells)} | {which} | "
            f"{'under ' if before is None else ''}{ratio:.3f} |"
        )
        print(lines[-1], file=sys.stderr)
    return "\n".join(lines)


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the first graph, printed only")
    is_quick = parser.parse_args().quick
    dot_process.SECONDS = PATIENCE
    settle()  # as page servers, and the processes that draw for them
    start = time.perf_counter()
    found = table(list(GRAPHS)[:1] if is_quick else list(GRAPHS))
    print(found)
    if not is_quick:
        head = (
            "# What a layout costs\n\n`python -m benchmarks.layout`: CPU seconds; pairs of links that cross / links "
            "through boxes of others. Limits of the last column: 0.1 where weights are shared, 0.25 at 1,000 boxes.\n\n"
        )
        RESULTS.write_text(head + found + "\n", encoding="utf-8")
        print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
