"""What the explanation says about each thing that can be clicked: values, ops, backward nodes, edges, modules."""

from __future__ import annotations

from typing import Any

from playground.errors import Span
from playground.explain.broadcasting import summed_from
from playground.explain.narration import Narrator
from playground.explain.numbers import brief, format_number, range_text, shape_text
from playground.explain.why import Explainer
from playground.trace.array import Array
from playground.trace.json_numbers import encode
from playground.trace.records import BackwardNode, Contribution, Op, Value
from playground.trace.trace import Trace
from playground.views.graph.backward import BackwardGraph
from playground.views.graph.box_contents import Room
from playground.views.graph.graph import Graph

EXPLAINED_VALUES = 80  # derivations are written out up to this many values
LISTED_VALUES = 300  # beyond, only what is drawn can be opened
SENT_ELEMENTS = 60_000  # elements of tensors in one picture

Item = dict[str, Any]
Line = list[str]


class Items:
    """The items of one picture."""

    def __init__(self, trace: Trace, graph: Graph, narrator: Narrator) -> None:
        self.trace = trace
        self.graph = graph
        self.narrator = narrator
        self.names = narrator.names
        self._room = SENT_ELEMENTS
        self._explainer = Explainer(trace, narrator) if len(trace.values) <= EXPLAINED_VALUES else None
        self._after = {step.update.value: step.update.after for step in trace.steps if step.update is not None}
        self._parts: dict[tuple[int, int], Contribution] = {}
        self._uses: dict[tuple[int, str], tuple[int, int]] = {}
        for step in trace.steps:
            if step.kind == "node" and step.node is not None:
                for part in step.contributions:
                    self._parts[step.node, part.edge] = part
                    use = trace.nodes[step.node].edges[part.edge].use
                    if use is not None:
                        self._uses[use] = (step.node, part.edge)

    def all(self) -> dict[str, Item]:
        """By key: everything in a trace of ordinary size, else what is drawn."""
        trace, graph = self.trace, self.graph
        drawn = {box.key for box in graph.boxes} | {link.key for link in graph.links}
        everything = len(trace.values) <= LISTED_VALUES
        items: dict[str, Item] = {}
        for value in trace.values:
            key = f"value-{value.id}"
            if everything or key in drawn or (value.op is not None and f"op-{value.op}" in drawn):
                items[key] = self.value(value)
        for op in trace.ops:
            if everything or f"op-{op.id}" in drawn:
                items[f"op-{op.id}"] = self.op(op)
            for position in range(len(op.inputs)):
                if f"use-{op.id}-{position}" in drawn:
                    items[f"use-{op.id}-{position}"] = self.use(op, position)
        for node in trace.nodes:
            if everything or f"node-{node.id}" in drawn:
                items[f"node-{node.id}"] = self.node(node)
            for position in range(len(node.edges)):
                if f"edge-{node.id}-{position}" in drawn:
                    items[f"edge-{node.id}-{position}"] = self.edge(node, position)
        for box in graph.boxes:
            if box.kind in ("module", "seed"):
                lines = [list(_noted(note)) for note in box.notes]
                items[box.key] = self._item(box.kind, box.label if box.kind == "seed" else box.title, lines)
        for roots, number in BackwardGraph(Room(self.trace, self.narrator)).seeds.items():
            for position, root in enumerate(roots):
                if f"seed-{number}-{position}" in drawn:
                    lines = [["carries", brief(self.trace.passes[number].seeds[position])]]
                    title = f"seed → {self.names.bar(root)}"
                    items[f"seed-{number}-{position}"] = self._item("edge", title, lines, [], [f"value-{root}"])
        for link in graph.links:
            if link.key in items and link.count > 1:
                items[link.key]["lines"].insert(0, ["stands for", f"{link.count} edges"])
        return items

    def value(self, value: Value) -> Item:
        """One tensor: what it is, its numbers, its gradient and why."""
        name = self.names.show(value.id)
        lines = [["kind", value.kind], ["primal", brief(value.data)]]
        lines += [["after the step", brief(self._after[value.id])]] if value.id in self._after else []
        lines += [["shape", shape_text(value.shape)]] * bool(value.shape)
        lines += [["dtype", value.dtype], ["requires_grad", str(value.requires_grad)]]
        lines += [["called", value.name]] * (value.name != self.names.plain(value.id))
        if value.version:
            lines.append(["version", f"{value.version}: an in-place op wrote to this tensor"])
        if value.was_modified:
            lines.append(["overwritten", "a later in-place op changed it; this is what it held before"])
        if value.alias_of is not None:
            lines.append(["same tensor as", self.names.show(value.alias_of)])
        if value.shape:
            lines += self._statistics(value.data)
        if value.tangent is not None:
            lines.append(["tangent", brief(value.tangent)])
        if value.adjoint is not None:
            lines.append(["gradient" if value.is_leaf else "adjoint", brief(value.adjoint)])
        if value.is_leaf and value.requires_grad:
            lines.append([".grad at the end", "None" if value.grad is None else brief(value.grad)])
        op = None if value.op is None else self.trace.ops[value.op]
        related = ([f"op-{op.id}"] if op else []) + ([f"node-{value.node}"] if value.node is not None else [])
        spans = [span for span in (value.span, op.span if op else None) if span is not None][:1]
        title = self.names.equation(op) if op is not None and len(op.outputs) == 1 else name
        item = self._item("value", title, lines, spans, related)
        item["shape"] = list(value.shape)
        item["data"], item["adjoint"] = self._numbers(value.data), self._numbers(value.adjoint)
        item["why"] = self._explainer.why(value.id) if self._explainer else None  # ops and nodes are related to it
        return item

    def op(self, op: Op) -> Item:
        """One call: what it took, what it recorded for the backward pass."""
        lines = [["function", op.qualname]]
        lines += [["module", ".".join(op.module)]] * bool(op.module)
        lines += [
            ["input", f"{self.names.show(a.value)} = {brief(self.trace.values[a.value].data)}"] for a in op.inputs[:8]
        ]
        lines += [["output", f"{self.names.show(o)} = {brief(self.trace.values[o].data)}"] for o in op.outputs[:8]]
        for number in op.nodes:
            node = self.trace.nodes[number]
            saved = self.narrator.saved(node)
            lines.append(["records", f"{node.name}" + (f", saving {', '.join(saved[:6])}" if saved else "")])
        if not op.nodes:
            lines.append(["records", "nothing for the backward pass"])
        if op.in_place:
            lines.append(["in place", "its result overwrites its first argument"])
        if op.first_backward is not None:
            lines.append(
                ["made by", f"{self.trace.nodes[op.first_backward].name}, while it ran with create_graph=True"]
            )
        related = [f"value-{output}" for output in op.outputs] + [f"node-{node}" for node in op.nodes]
        item = self._item("op", self.names.equation(op), lines, [op.span] if op.span else [], related)
        if len(op.outputs) == 1:
            output = self.trace.values[op.outputs[0]]
            item["data"], item["adjoint"] = self._numbers(output.data), self._numbers(output.adjoint)
        return item

    def node(self, node: BackwardNode) -> Item:
        """One backward node: what it saved, and what it hands on."""
        lines = []
        if node.leaf is not None:
            lines.append(["adds to", f"{self.names.show(node.leaf)}.grad"])
        elif node.op is None:
            lines.append(["recorded", "outside: the op that made it was not seen"])
        lines += [["saved", text] for text in self.narrator.saved(node)]
        for position, edge in enumerate(node.edges):
            if edge.node is None:
                continue
            target = self.trace.nodes[edge.node].name if edge.value is None else self.names.show(edge.value)
            formula = self.narrator.formulas.local(node, position)
            part = self._parts.get((node.id, position))
            carried = f" = {brief(part.data)}" if part is not None else ""
            lines.append([f"to {target}", f"{formula or 'vector–Jacobian product'}{carried}"])
        outputs = [output for output in node.outputs if output is not None]
        related = [f"value-{output}" for output in outputs] + ([f"op-{node.op}"] if node.op is not None else [])
        op = None if node.op is None else self.trace.ops[node.op]
        item = self._item("node", node.name, lines, [op.span] if op and op.span else [], related)
        if outputs:
            item["adjoint"] = self._numbers(self.trace.values[outputs[0]].adjoint)
        return item

    def use(self, op: Op, position: int) -> Item:
        """A forward edge: the value it carries, and the gradient that came back along it."""
        argument = op.inputs[position]
        value = self.trace.values[argument.value]
        lines = [["carries", brief(value.data)], ["argument", argument.path]]
        back = self._uses.get((op.id, argument.path))
        if back is not None:
            lines += self._carried(*back)
        title = f"{self.names.show(value.id)} → {op.name}"
        related = [f"value-{value.id}", f"op-{op.id}"] + ([f"edge-{back[0]}-{back[1]}"] if back else [])
        return self._item("edge", title, lines, [op.span] if op.span else [], related)

    def edge(self, node: BackwardNode, position: int) -> Item:
        """A backward edge: its vector-Jacobian product."""
        edge = node.edges[position]
        following = "" if edge.node is None else self.trace.nodes[edge.node].name
        target = following if edge.value is None else self.names.bar(edge.value)
        related = [f"node-{node.id}"] + ([f"node-{edge.node}"] if edge.node is not None else [])
        if edge.use is not None:
            op = self.trace.ops[edge.use[0]]
            related.append(f"use-{op.id}-{[a.path for a in op.inputs].index(edge.use[1])}")
        return self._item("edge", f"{node.name} → {target}", self._carried(node.id, position), [], related)

    def _carried(self, node: int, position: int) -> list[Line]:
        lines: list[Line] = []
        formula = self.narrator.formulas.local(self.trace.nodes[node], position)
        part = self._parts.get((node, position))
        if formula:
            number = f" = {brief(part.local)}" if part is not None and part.local is not None else ""
            lines.append(["local derivative" if part and part.local else "product", formula + number])
        if part is not None:
            lines.append(["contribution", brief(part.data)])
            if (stretched := summed_from(part)) is not None:
                summed = f"{shape_text(stretched)} to {shape_text(part.data.shape)}, over the broadcast axes"
                lines.append(["summed", summed])
        return lines

    def _statistics(self, array: Array) -> list[Line]:
        found = array.statistics
        lines = [["range", range_text(array, 4)]]
        if found.mean is not None and found.norm is not None:
            lines += [["mean", format_number(found.mean)], ["norm", format_number(found.norm)]]
        return lines + [["zeros", f"{found.zeros} of {array.numel}"]] * bool(found.zeros)

    def _numbers(self, array: Array | None) -> Any:
        if array is None or array.numel > self._room or not array.is_exact:
            return None
        self._room -= array.numel
        return encode(array.tolist())

    def _item(
        self,
        kind: str,
        title: str,
        lines: list[Line],
        spans: list[Span] | None = None,
        related: list[str] | None = None,
    ) -> Item:
        found = dict.fromkeys(place for key in related or [] for place in self.graph.drawn(key))
        return {
            "kind": kind,
            "title": title,
            "lines": lines,
            "spans": [[span.start, span.end] for span in spans or []],
            "related": list(found),
            "data": None,
            "adjoint": None,
            "why": None,
            "shape": None,
        }


def _noted(note: str) -> tuple[str, str]:
    """A note of a module's box as label and text."""
    first, _, rest = note.partition(" ")
    return (first, rest) if first in ("gives", "saves", "dead") else ("holds", note)


__all__ = ["EXPLAINED_VALUES", "Item", "Items"]
