"""The boxes and links of the forward pass: one box per leaf and op, one link per use."""

from __future__ import annotations

from playground.explain.numbers import shape_text
from playground.trace.records import Op, Value
from playground.views.graph.box_contents import SHOWN_OUTPUTS, TITLE_LENGTH, BoxContents, cut
from playground.views.graph.graph import Box, BoxKind, CellRow, Link


class ForwardGraph:
    """The drawing of one trace's forward pass."""

    def __init__(self, contents: BoxContents) -> None:
        self.contents = contents
        self.trace = contents.trace
        self.names = contents.names

    def boxes(self) -> list[Box]:
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
        rows = self.contents.rows(value)
        if value.is_leaf and value.requires_grad and self.trace.passes:
            rows.append(CellRow((self.contents.grad_cell(value.id),), ".grad"))
        kind: BoxKind = "constant" if value.kind == "constant" else "leaf"
        name = self.names.show(value.id)
        label = f"{value.kind} {name}" + (f" of shape {shape_text(value.shape)}" if value.shape else "")
        return Box(
            f"value-{value.id}", kind, cut(name, TITLE_LENGTH), label, tuple(rows), self.contents.shape_notes(value),
            detached=not value.requires_grad, module=self.contents.leaf_module(value),
        )  # fmt: skip

    def op_box(self, op: Op) -> Box:
        """An op: its equation and a row per output."""
        outputs = [self.trace.values[output] for output in op.outputs]
        title = self.names.equation(op)
        if len(outputs) == 1:
            rows = self.contents.rows(outputs[0])
            notes = self.contents.shape_notes(outputs[0])
        else:
            shown = outputs[:SHOWN_OUTPUTS]
            rows = [row for value in shown for row in self.contents.rows(value, self.names.show(value.id))]
            hidden = len(outputs) - SHOWN_OUTPUTS
            notes = (f"… {hidden} more outputs",) if hidden > 0 else ()
        detached = not any(value.requires_grad for value in outputs)
        return Box(
            f"op-{op.id}", "op", cut(title, TITLE_LENGTH), title + (", outside autograd" if detached else ""),
            tuple(rows), notes, detached=detached, module=op.module,
        )  # fmt: skip

    def links(self, *, contributions: bool) -> list[Link]:
        """Draw one link per use of a value by an op."""
        links = []
        for op in self.trace.ops:
            for position, argument in enumerate(op.inputs):
                value = self.trace.values[argument.value]
                key = f"use-{op.id}-{position}"
                tail = f"value-{value.id}" if value.op is None else f"op-{value.op}"
                carries = contributions and (op.id, argument.path) in self.contents.returned
                slot = f"{key}.contribution" if carries else ""
                label = shape_text(value.shape) if value.shape else ""
                links.append(Link(key, "forward", tail, f"op-{op.id}", label, slot, not value.requires_grad))
        return links
