"""Identities on a tape: nodes numbered, adjoints matched to values, backward edges to the uses of arguments."""

from __future__ import annotations

from torch.autograd.graph import Node

from playground.recorder.tape import NodeEvent, Tape, TapeOp, TapePass, ZeroGrad
from playground.trace.records import Edge


class Wiring:
    """The backward graph of one tape, matched to its values and calls."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.by_edge: dict[tuple[Node, int], int] = {}  # where an adjoint arrives -> the value it belongs to
        self.rewritten: set[Node] = set()  # of leaves that were written to in place
        for value in tape.values:
            if value.node is not None and value.alias_of is None:
                first = self.by_edge.setdefault((value.node, value.output_nr), value.id)
                if first != value.id:
                    self.rewritten.add(value.node)
        self.node_ids: dict[Node, int] = {}
        self.output_counts: dict[Node, int] = {}  # how many outputs a node has, where a pass has shown it
        for event in tape.events:
            if isinstance(event, TapePass):
                for node_event in event.events:
                    if isinstance(node_event, NodeEvent):
                        self.node_ids.setdefault(node_event.node, len(self.node_ids))
                        self.output_counts[node_event.node] = len(node_event.incoming)
        for op in tape.ops:
            for node in op.nodes:
                self.node_ids.setdefault(node, len(self.node_ids))
        resets = [event for event in tape.events if isinstance(event, ZeroGrad)]
        cleared = [tape.values[leaf].node for event in resets for leaf, _ in event.leaves]
        for reached in (*tape.edges, *cleared):  # a pass could have reached these
            if reached is not None:
                self.node_ids.setdefault(reached, len(self.node_ids))
        self.uses: dict[tuple[Node, int], tuple[int, str]] = {}
        for op in tape.ops:
            self._match_uses(op)

    def edges_of(self, node: Node) -> tuple[tuple[Node | None, int], ...]:
        """The targets of a node's results: (node, input number)."""
        edges = self._tape.edges.get(node)
        return node.next_functions if edges is None else edges

    def values_at(self, node: Node) -> tuple[int | None, ...]:
        """The values whose adjoints arrive at a node, by input number."""
        outputs = self.output_counts.get(node) or len(node._input_metadata) or 1
        return tuple([self.by_edge.get((node, number)) for number in range(outputs)])

    def edges(self, node: Node) -> tuple[Edge, ...]:
        """The edges of a node as plain data, with the values that their adjoints belong to."""
        return tuple([self._edge(node, number, *edge) for number, edge in enumerate(self.edges_of(node))])

    def _edge(self, node: Node, number: int, target: Node | None, input_nr: int) -> Edge:
        if target is None:
            return Edge(number, None, 0, None, None)
        use = self.uses.get((node, number))
        value = self.by_edge.get((target, input_nr))
        if use is not None:  # the very use: an alias rather than what it stands for
            op, path = use
            value = dict(self._tape.ops[op].inputs)[path]
        return Edge(number, self.node_ids.get(target), input_nr, value, use)

    def _match_uses(self, op: TapeOp) -> None:
        """Each gradient that leaves an op's nodes belongs to one of its arguments: the one whose adjoint it feeds."""
        own = set(op.nodes)
        waiting: dict[tuple[Node, int], list[str]] = {}
        for path, index in op.inputs:
            value = self._tape.values[index]
            if value.node is not None:
                waiting.setdefault((value.node, value.output_nr), []).append(path)
        for node in reversed(op.nodes):
            for number, (target, input_nr) in enumerate(self.edges_of(node)):
                paths = None if target is None or target in own else waiting.get((target, input_nr))
                if paths:
                    self.uses[node, number] = (op.id, paths.pop(0) if len(paths) > 1 else paths[0])
