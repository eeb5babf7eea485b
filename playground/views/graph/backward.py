"""The boxes and links of the backward pass: one box per seed and backward node, one link per edge."""

from __future__ import annotations

from functools import cached_property

from playground.explain.numbers import brief, shape_text
from playground.trace.records import BackwardNode
from playground.views.graph.box_contents import SHOWN_OUTPUTS, BoxContents, cut
from playground.views.graph.graph import Box, CellRow, Link

SHOWN_NOTES = 4
NOTE_LENGTH = 34


class BackwardGraph:
    """The drawing of one trace's backward pass."""

    def __init__(self, contents: BoxContents) -> None:
        self.contents = contents
        self.trace = contents.trace
        self.names = contents.names

    @cached_property
    def seeds(self) -> dict[tuple[int, ...], int]:
        """The roots of a pass -> the first pass that started from them: its seed is the one drawn."""
        found: dict[tuple[int, ...], int] = {}
        for backward_pass in self.trace.passes:
            found.setdefault(backward_pass.roots, backward_pass.id)
        return found

    def boxes(self) -> list[Box]:
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
            row = CellRow((self.contents.grad_cell(leaf.id),), cut(f"{self.names.show(leaf.id)}.grad", NOTE_LENGTH))
            label = f"{node.name} of {self.names.show(leaf.id)}"
            return Box(key, "node", node.name, label, (row,), backward=True, module=self.contents.leaf_module(leaf))
        rows = [
            row
            for output in [output for output in node.outputs if output is not None][:SHOWN_OUTPUTS]
            if self.trace.values[output].adjoint is not None
            for row in self.contents.adjoint_rows(output)
        ]
        saved = self.names.saved(node)
        notes = [cut(f"saved {text}", NOTE_LENGTH) for text in saved[:SHOWN_NOTES]]
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

    def links(self) -> list[Link]:
        """A link from each seed to its nodes, from each node to the next ones."""
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

    def _seed_title(self, number: int) -> str:
        seeds = self.trace.passes[number].seeds
        return f"seed {brief(seeds[0])}" if len(seeds) == 1 and seeds[0].numel == 1 else "seed"

    def _listed(self, values: tuple[int, ...]) -> str:
        return ", ".join(self.names.show(value) for value in values)
