"""The items of a picture that can be clicked: their details, where they are typed and drawn, their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from playground.errors import Span
from playground.explain.details import DetailLine, Details
from playground.explain.explanation import Explanation
from playground.explain.why import Why
from playground.trace.array import Array
from playground.trace.records import BackwardNode, BackwardPass, Op, Value
from playground.views.graph.graph import Box, Graph
from playground.views.stepper.picture_data import ItemData, WhyData, WhyLineData

EXPLAINED_VALUES = 80  # derivations are written out up to this many values
LISTED_VALUES = 300  # beyond, only what is drawn can be opened
TOLD_VALUES = 1_000  # beyond, what is drawn is told when it is asked for
SENT_ELEMENTS = 60_000  # elements of tensors in one picture

_KEY = re.compile(r"(value|op|node|use|edge|seed)-([0-9]{1,9})(?:-([0-9]{1,9}))?")


class ItemDetails:
    """The items of one picture with their details: everything in a trace of ordinary size, else what is drawn."""

    def __init__(self, explanation: Explanation, graph: Graph) -> None:
        self.explanation = explanation
        self.trace = explanation.trace
        self.graph = graph
        self._unsent = SENT_ELEMENTS

    def all(self, *, short: bool = False) -> dict[str, ItemData]:
        """Items by key, values first, then ops, nodes, modules and seeds, each with its edges.

        `short`: of a long trace only those about its first values; others are asked for one by one.
        """
        trace, graph = self.trace, self.graph
        drawn = {box.key for box in graph.boxes} | {link.key for link in graph.links}
        everything = len(trace.values) <= LISTED_VALUES
        most = TOLD_VALUES if short else len(trace.values) + len(trace.nodes)
        found: dict[str, ItemData] = {}
        for value in trace.values[:most]:
            key = f"value-{value.id}"
            if everything or key in drawn or (value.op is not None and f"op-{value.op}" in drawn):
                found[key] = self.value(value)
        for op in trace.ops[:most]:
            if everything or f"op-{op.id}" in drawn:
                found[f"op-{op.id}"] = self.op(op)
            for position in range(len(op.inputs)):
                if (key := f"use-{op.id}-{position}") in drawn:
                    found[key] = self.use(op, position)
        for node in trace.nodes[:most]:
            if everything or f"node-{node.id}" in drawn:
                found[f"node-{node.id}"] = self.node(node)
            for position in range(len(node.edges)):
                if (key := f"edge-{node.id}-{position}") in drawn:
                    found[key] = self.edge(node, position)
        found |= {box.key: self._item(box.kind, _of_box(box)) for box in graph.boxes if box.kind in ("module", "seed")}
        for started in trace.passes:
            for position in range(len(started.roots)):
                if (key := f"seed-{started.id}-{position}") in drawn:
                    found[key] = self.seed(started, position)
        for link in graph.links:
            if link.key in found and link.count > 1:
                found[link.key]["lines"].insert(0, ["stands for", f"{link.count} edges", 0])
        return found

    def item(self, key: str) -> ItemData | None:
        """The item of one value, op, node or edge; None where there is no such thing."""
        found = _KEY.fullmatch(key)
        if found is None:
            return None
        kind, number = found[1], int(found[2])
        position = None if found[3] is None else int(found[3])
        records: dict[str, tuple[Sequence[Any], Callable[..., ItemData], Callable[[Any], Sequence[Any]] | None]] = {
            "value": (self.trace.values, self.value, None),
            "op": (self.trace.ops, self.op, None),
            "node": (self.trace.nodes, self.node, None),
            "use": (self.trace.ops, self.use, lambda op: op.inputs),
            "edge": (self.trace.nodes, self.edge, lambda node: node.edges),
            "seed": (self.trace.passes, self.seed, lambda started: started.roots),
        }
        listed, describe, parts = records[kind]
        if number >= len(listed) or (parts is None) != (position is None):
            return None
        if parts is None or position is None:
            return describe(listed[number])
        return describe(listed[number], position) if position < len(parts(listed[number])) else None

    def value(self, value: Value) -> ItemData:
        """Describe one tensor, with its numbers and why its gradient is what it is."""
        op = None if value.op is None else self.trace.ops[value.op]
        related = ([f"op-{op.id}"] if op else []) + ([f"node-{value.node}"] if value.node is not None else [])
        item = self._item("value", self.explanation.value(value.id), related, value.span or (op.span if op else None))
        item["shape"] = list(value.shape)
        item["data"], item["adjoint"] = self._numbers(value.data), self._numbers(value.adjoint)
        if len(self.trace.values) <= EXPLAINED_VALUES:  # ops and nodes are related to it
            item["why"] = _why(self.explanation.why(value.id))
        return item

    def op(self, op: Op) -> ItemData:
        """Describe one call, with the numbers of its one result."""
        related = [f"value-{output}" for output in op.outputs] + [f"node-{node}" for node in op.nodes]
        item = self._item("op", self.explanation.op(op.id), related, op.span)
        if len(op.outputs) == 1:
            output = self.trace.values[op.outputs[0]]
            item["data"], item["adjoint"] = self._numbers(output.data), self._numbers(output.adjoint)
        return item

    def node(self, node: BackwardNode) -> ItemData:
        """Describe one backward node, with the adjoint that came in."""
        outputs = [output for output in node.outputs if output is not None]
        op = None if node.op is None else self.trace.ops[node.op]
        related = [f"value-{output}" for output in outputs] + ([f"op-{op.id}"] if op else [])
        item = self._item("node", self.explanation.node(node.id), related, op.span if op else None)
        if outputs:
            item["adjoint"] = self._numbers(self.trace.values[outputs[0]].adjoint)
        return item

    def use(self, op: Op, position: int) -> ItemData:
        """A forward edge, and the backward edge along which its gradient came back."""
        argument = op.inputs[position]
        back = self.explanation.returned.get((op.id, argument.path))
        related = [f"value-{argument.value}", f"op-{op.id}"] + ([f"edge-{back[0]}-{back[1]}"] if back else [])
        return self._item("edge", self.explanation.use(op.id, position), related, op.span)

    def edge(self, node: BackwardNode, position: int) -> ItemData:
        """A backward edge, and the forward edge that it mirrors."""
        edge = node.edges[position]
        related = [f"node-{node.id}"] + ([f"node-{edge.node}"] if edge.node is not None else [])
        if edge.use is not None:
            op = self.trace.ops[edge.use[0]]
            related.append(f"use-{op.id}-{[a.path for a in op.inputs].index(edge.use[1])}")
        return self._item("edge", self.explanation.edge(node.id, position), related)

    def seed(self, started: BackwardPass, position: int) -> ItemData:
        """The seed of a backward pass at one of its roots."""
        return self._item("edge", self.explanation.seed(started.id, position), [f"value-{started.roots[position]}"])

    def _numbers(self, array: Array | None) -> Any:
        if array is None or array.numel > self._unsent or not array.is_exact:
            return None
        self._unsent -= array.numel
        return array.encoded()

    def _item(self, kind: str, details: Details, related: Iterable[str] = (), span: Span | None = None) -> ItemData:
        return {
            "kind": kind,
            "title": details.title,
            "lines": [list(line) for line in details.lines],
            "spans": [] if span is None else [[span.start, span.end]],
            "related": list(dict.fromkeys(place for key in related for place in self.graph.drawn(key))),
            "data": None,
            "adjoint": None,
            "why": None,
            "shape": None,
        }


def _of_box(box: Box) -> Details:
    """The box of a module or a seed as label and text."""
    lines: list[DetailLine] = []
    for note in box.notes:
        first, _, rest = note.partition(" ")
        is_said = first in ("gives", "saves", "zero", "dead")
        lines.append(DetailLine(first, rest) if is_said else DetailLine("holds", note))
    return Details(box.label if box.kind == "seed" else box.title, tuple(lines))


def _why(why: Why) -> WhyData:
    lines: list[WhyLineData] = []
    for line in why.lines:
        lines.append({"title": line.title, "latex": line.latex, "text": line.text})
        if line.note:
            lines[-1]["note"] = line.note
        if line.is_symbolic:
            lines[-1]["symbolic"] = True
    return {"lines": lines, "check": [list(row) for row in why.check], "since": why.since}
