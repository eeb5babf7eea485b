"""Trace -> Graph: one box per leaf, op and backward node, one link per use and backward edge."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from itertools import takewhile

from playground.trace.narrate import Narrator
from playground.trace.numbers import brief, shape_text
from playground.trace.records import BackwardNode, Op, Value
from playground.trace.trace import Trace
from playground.views.collapse import collapse
from playground.views.graph import Box, BoxKind, Cell, Graph, GraphKind, Link, Row
from playground.views.opening import Opening

DRAWN_BOXES = int(os.environ.get("PLAYGROUND_DRAWN_BOXES", "150"))
SHOWN_OUTPUTS = 4
SHOWN_NOTES = 4
NOTE_LENGTH = 34
TITLE_LENGTH = 36
THUMBNAIL_SIDE = 16


def build_graph(trace: Trace, kind: GraphKind = "forward", *, limit: int | None = None) -> Graph:
    """The picture of a trace; more than `limit` boxes collapse by module, then by runs."""
    return Builder(trace, Narrator(trace)).graph(kind, limit)


class Builder:
    """The boxes and links of one trace, by kind of graph."""

    def __init__(self, trace: Trace, narrator: Narrator) -> None:
        self.trace = trace
        self.narrator = narrator
        self.names = narrator.names

    def graph(
        self,
        kind: GraphKind,
        limit: int | None = None,
        opening: Opening | None = None,
        notes: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Graph:
        """The graph of this kind, collapsed to at most `limit` boxes (twice as many where both passes are drawn).

        With an `opening` its modules can be opened; `notes` stand on their boxes, by dotted path.
        """
        boxes: list[Box] = []
        links: list[Link] = []
        home: dict[str, str] = {}
        if kind != "backward":
            boxes += self.forward_boxes()
            links += self.forward_links(contributions=kind == "forward")
            home |= {f"value-{value.id}": f"op-{value.op}" for value in self.trace.values if value.op is not None}
        if kind != "forward":
            boxes += self.backward_boxes()
            links += self.backward_links()
            home |= {f"seed-{p.id}": f"seed-{self.seeds[p.roots]}" for p in self.trace.passes}
            home = {key: place for key, place in home.items() if key != place}
        pairs = self.pairs() if kind == "both" else []
        if kind == "backward":
            home |= {f"op-{op.id}": f"node-{op.nodes[-1]}" for op in self.trace.ops if op.nodes}
            home |= {f"value-{value.id}": f"node-{value.node}" for value in self.trace.values if value.node is not None}
        links += [Link(f"match-{tail}", "match", tail, node) for tail, node in pairs]
        whole = Graph(kind, tuple(boxes), tuple(links), tuple(pairs), home)
        return collapse(whole, limit or DRAWN_BOXES, opening, notes)

    @cached_property
    def carried(self) -> dict[tuple[int, str], int]:
        """Forward uses (op, argument path) along which a gradient came back -> how many edges carried it."""
        counts: dict[tuple[int, str], int] = defaultdict(int)
        for step in self.trace.steps:
            if step.kind == "node" and step.node is not None:
                edges = self.trace.nodes[step.node].edges
                for part in step.contributions:
                    use = edges[part.edge].use
                    if use is not None:
                        counts[use] += 1
        return counts

    @cached_property
    def users(self) -> dict[int, list[Op]]:
        """Value id -> the ops that use it."""
        users: dict[int, list[Op]] = defaultdict(list)
        for op in self.trace.ops:
            for argument in op.inputs:
                users[argument.value].append(op)
        return users

    @cached_property
    def seeds(self) -> dict[tuple[int, ...], int]:
        """The roots of a pass -> the first pass that started from them: its seed is the one drawn."""
        found: dict[tuple[int, ...], int] = {}
        for backward_pass in self.trace.passes:
            found.setdefault(backward_pass.roots, backward_pass.id)
        return found

    # Forward -------------------------------------------------------------------------------------------------------

    def forward_boxes(self) -> list[Box]:
        """Leaves and constants just before their first use, then each op."""
        boxes: list[Box] = []
        placed: set[int] = set()
        for op in self.trace.ops:
            for argument in op.inputs:
                value = self.trace.values[argument.value]
                if value.op is None and value.id not in placed:
                    placed.add(value.id)
                    boxes.append(self.leaf_box(value))
            boxes.append(self.op_box(op))
        unused = [v for v in self.trace.values if v.op is None and v.id not in placed]
        return boxes + [self.leaf_box(value) for value in unused if value.kind in ("input", "parameter")]

    def leaf_box(self, value: Value) -> Box:
        """A leaf or constant, with the row of its `.grad`."""
        rows = [Row(self.cells(value))]
        if value.is_leaf and value.requires_grad and self.trace.passes:
            rows.append(Row((self.grad_cell(value.id),), ".grad"))
        kind: BoxKind = "constant" if value.kind == "constant" else "leaf"
        name = self.names.show(value.id)
        label = f"{value.kind} {name}" + (f" of shape {shape_text(value.shape)}" if value.shape else "")
        return Box(
            f"value-{value.id}", kind, _cut(name, TITLE_LENGTH), label, tuple(rows), self.shape_notes(value),
            detached=not value.requires_grad, module=self.leaf_module(value),
        )  # fmt: skip

    def op_box(self, op: Op) -> Box:
        """An op: its equation and a row per output."""
        outputs = [self.trace.values[output] for output in op.outputs]
        title = self.names.equation(op)
        if len(outputs) == 1:
            rows = [Row(self.cells(outputs[0]))]
            notes = self.shape_notes(outputs[0])
        else:
            rows = [Row(self.cells(value), self.names.show(value.id)) for value in outputs[:SHOWN_OUTPUTS]]
            hidden = len(outputs) - SHOWN_OUTPUTS
            notes = (f"… {hidden} more outputs",) if hidden > 0 else ()
        detached = not any(value.requires_grad for value in outputs)
        return Box(
            f"op-{op.id}", "op", _cut(title, TITLE_LENGTH), title + (", outside autograd" if detached else ""),
            tuple(rows), notes, detached=detached, module=op.module,
        )  # fmt: skip

    def cells(self, value: Value) -> tuple[Cell, ...]:
        """Room for the primal, and for tangent and adjoint where there are such."""
        wide = self._is_tensor(value.id)
        picture = picture_of(value.shape) if wide else None
        cells = [Cell("primal", f"value-{value.id}.primal", picture, wide)]
        if value.tangent is not None:
            cells.append(Cell("tangent", f"value-{value.id}.tangent", wide=wide))
        if value.adjoint is not None or (value.requires_grad and self.trace.passes and value.op is None):
            cells.append(Cell("adjoint", f"value-{value.id}.adjoint", picture, wide))
        return tuple(cells)

    def grad_cell(self, leaf: int) -> Cell:
        """Room for a leaf's `.grad`."""
        return Cell("grad", f"value-{leaf}.grad", wide=self._is_tensor(leaf))

    def adjoint_cell(self, value: int) -> Cell:
        """Room for the adjoint that comes into a backward node."""
        wide = self._is_tensor(value)
        picture = picture_of(self.trace.values[value].shape) if wide else None
        return Cell("adjoint", f"value-{value}.adjoint", picture, wide)

    def shape_notes(self, value: Value) -> tuple[str, ...]:
        """The shape of a tensor; the dtype where it is not float32."""
        parts = [shape_text(value.shape)] if value.shape else []
        if value.dtype != "float32":
            parts.append(value.dtype)
        return (" ".join(parts),) if parts else ()

    def leaf_module(self, value: Value) -> tuple[str, ...]:
        """The innermost module around every use of a parameter or buffer; inputs stand outside."""
        users = self.users.get(value.id)
        if value.kind == "input" or not users:
            return ()
        paths = [op.module for op in users]
        shared = takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))
        return tuple(names[0] for names in shared)

    def forward_links(self, *, contributions: bool) -> list[Link]:
        """One link per use of a value by an op."""
        links = []
        for op in self.trace.ops:
            for position, argument in enumerate(op.inputs):
                value = self.trace.values[argument.value]
                key = f"use-{op.id}-{position}"
                tail = f"value-{value.id}" if value.op is None else f"op-{value.op}"
                carries = contributions and (op.id, argument.path) in self.carried
                slot = f"{key}.contribution" if carries else ""
                label = shape_text(value.shape) if value.shape else ""
                links.append(Link(key, "forward", tail, f"op-{op.id}", label, slot, not value.requires_grad))
        return links

    # Backward ------------------------------------------------------------------------------------------------------

    def backward_boxes(self) -> list[Box]:
        """The seeds, then the nodes, those of the last op first."""
        seeds = [
            Box(
                f"seed-{number}",
                "seed",
                self._seed_title(number),
                f"seed of the backward pass at {self._listed(roots)}",
                backward=True,
            )
            for roots, number in self.seeds.items()
        ]
        return seeds + [self.node_box(node) for node in self.trace.nodes]

    def node_box(self, node: BackwardNode) -> Box:
        """A backward node: the adjoint that comes in, and what it saved in the forward pass."""
        key = f"node-{node.id}"
        if node.leaf is not None:
            leaf = self.trace.values[node.leaf]
            row = Row((self.grad_cell(leaf.id),), _cut(f"{self.names.show(leaf.id)}.grad", NOTE_LENGTH))
            label = f"{node.name} of {self.names.show(leaf.id)}"
            return Box(key, "node", node.name, label, (row,), backward=True, module=self.leaf_module(leaf))
        rows = [
            Row((self.adjoint_cell(output),), self.names.bar(output))
            for output in [output for output in node.outputs if output is not None][:SHOWN_OUTPUTS]
            if self.trace.values[output].adjoint is not None
        ]
        saved = self.narrator.saved(node)
        notes = [_cut(f"saved {text}", NOTE_LENGTH) for text in saved[:SHOWN_NOTES]]
        if len(saved) > SHOWN_NOTES:
            notes.append(f"… {len(saved) - SHOWN_NOTES} more saved")
        module = () if node.op is None else self.trace.ops[node.op].module
        label = f"backward node {node.name}" + (" from outside the recording" if node.op is None else "")
        return Box(
            key,
            "node",
            node.name,
            label,
            tuple(rows),
            tuple(notes),
            detached=node.op is None,
            backward=True,
            module=module,
        )

    def backward_links(self) -> list[Link]:
        """From each seed to its nodes, from each node to the next ones."""
        links = []
        for roots, number in self.seeds.items():
            for position, root in enumerate(roots):
                target = self.trace.values[root].node
                if target is not None:
                    links.append(Link(f"seed-{number}-{position}", "backward", f"seed-{number}", f"node-{target}"))
        for node in self.trace.nodes:
            for position, edge in enumerate(node.edges):
                if edge.node is None:
                    continue
                key = f"edge-{node.id}-{position}"
                shape = () if edge.value is None else self.trace.values[edge.value].shape
                label = shape_text(shape) if shape else ""
                links.append(
                    Link(key, "backward", f"node-{node.id}", f"node-{edge.node}", label, f"{key}.contribution")
                )
        return links

    def pairs(self) -> list[tuple[str, str]]:
        """Each op with the backward node of its (first) output, each leaf with its AccumulateGrad."""
        known = {node.id for node in self.trace.nodes}
        pairs: dict[str, str] = {}
        for value in self.trace.values:
            if value.node in known and (value.op is None or value.node in self.trace.ops[value.op].nodes):
                box = f"value-{value.id}" if value.op is None else f"op-{value.op}"
                pairs.setdefault(box, f"node-{value.node}")
        return list(pairs.items())

    def _seed_title(self, number: int) -> str:
        seeds = self.trace.passes[number].seeds
        return f"seed {brief(seeds[0])}" if len(seeds) == 1 and seeds[0].numel == 1 else "seed"

    def _is_tensor(self, value: int) -> bool:
        return len(self.trace.values[value].shape) > 0 and self.trace.values[value].data.numel > 1

    def _listed(self, values: tuple[int, ...]) -> str:
        return ", ".join(self.names.show(value) for value in values)


def picture_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the heat map of a tensor: of its last two axes, as `Array.thumbnail` draws it.

    >>> picture_of((5,)), picture_of((64, 784)), picture_of((8, 1, 3, 2))
    ((1, 5), (16, 16), (3, 2))
    """
    rows, columns = (1, *shape)[-2:]
    return min(rows, THUMBNAIL_SIDE), min(columns, THUMBNAIL_SIDE)


def _cut(text: str, length: int) -> str:
    """At most `length` characters on one line, an ellipsis for the rest."""
    text = " ".join(text.splitlines()) if "\n" in text or "\r" in text else text
    return text if len(text) <= length else text[: length - 1] + "…"


__all__ = ["DRAWN_BOXES", "Builder", "build_graph"]
