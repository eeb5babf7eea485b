"""Turn a live tape into a `Trace`: number the values, match backward edges to forward uses, list the steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from playground.recorder.constants import constants_of_call, saved_text
from playground.recorder.differences import Differences
from playground.recorder.matching import Wiring
from playground.recorder.nodes import node_name
from playground.recorder.optimizer_step import update_steps
from playground.recorder.tape import NodeEvent, Tape, TapeChange, TapeOp, TapePass, TapeValue, ZeroGrad
from playground.recorder.value_names import value_names
from playground.trace.array import Array, version_of
from playground.trace.late import Late
from playground.trace.records import (
    BackwardNode,
    BackwardPass,
    Change,
    ConstantArgument,
    Contribution,
    DifferenceCheck,
    Note,
    Op,
    Records,
    Saved,
    Step,
    TensorArgument,
    Value,
)
from playground.trace.trace import Trace

# Nodes whose gradients the engine sums over broadcast axes: both of their results have the output's shape first.
_BROADCASTING = frozenset(
    f"{name}Backward"
    for name in ("Add", "Sub", "Rsub", "Mul", "Div", "Pow", "Maximum", "Minimum", "Where", "Atan2", "Expand", "Lerp")
)


def assemble(tape: Tape, text: str, differences: Differences) -> Trace:
    """The trace of a finished tape. Its records are made when one of them is first read."""
    versions = tape.versions()  # now: a later write to one of the tensors has to be noticed
    records = Late(lambda: _Assembly(tape, versions).records(differences.missing()))

    def checks(trace: Trace) -> tuple[DifferenceCheck, ...]:
        records()  # in making them, every value on the tape gets its adjoint
        return differences.check(trace)

    return Trace(records, tape.outputs, text, tape.device, checks, tape)


class _Assembly:
    def __init__(self, tape: Tape, versions: dict[int, int]) -> None:
        self._tape = tape
        self._versions = versions
        self._arrays: dict[int, Array] = {}  # by id(tensor), of tensors that the tape holds
        self._numbers = [Array(value.numbers, versions[id(value.numbers)]) for value in tape.values]
        self._names = value_names(tape)
        self._wiring = Wiring(tape)
        self._aliases = tuple([value.id for value in tape.values if value.alias_of is not None])
        self._passes: list[BackwardPass] = []
        self._steps: list[Step] = []

    def records(self, no_check: str) -> Records:
        """All records of the tape. `no_check`: the reason why there are no finite differences, if so."""
        tape = self._tape
        grads: dict[int, Array] = {}
        for event in tape.events:
            if isinstance(event, TapeOp):
                changes = self._changes(event.changes, grads)
                self._steps.append(Step(len(self._steps), "forward", "op", op=event.id, changes=changes))
            elif isinstance(event, ZeroGrad):
                self._zero_grad(event, grads)
            else:
                self._pass(event, grads)
        if tape.update is not None:
            self._steps += update_steps(tape.update, len(self._steps), self._numbers, self._array)
        return Records(
            values=tuple([self._value(value, grads.get(value.id)) for value in tape.values]),
            ops=tuple([self._op(op) for op in tape.ops]),
            nodes=tuple([self._node(node) for node in self._wiring.node_ids]),
            passes=tuple(self._passes),
            steps=tuple(self._steps),
            notes=(*tape.notes, *([Note("no_check", f"no finite differences: {no_check}")] if no_check else [])),
        )

    def _array(self, tensor: Tensor) -> Array:
        """Return one `Array` per tensor object: an adjoint that one node sends and the next receives is read once."""
        known = self._arrays.get(id(tensor))
        if known is None:
            known = self._arrays[id(tensor)] = Array(tensor, self._versions[id(tensor)])
        return known

    def _maybe(self, tensor: Tensor | None) -> Array | None:
        return None if tensor is None else self._array(tensor)

    def _pass(self, watched: TapePass, grads: dict[int, Array]) -> None:
        tape = self._tape
        pass_id = len(self._passes)
        seeds = tuple(self._array(seed) for seed in watched.seeds)
        self._passes.append(
            BackwardPass(
                id=pass_id,
                roots=watched.roots,
                seeds=seeds,
                kind="grad" if watched.kind == "grad" else "backward",
                implicit=watched.implicit,
                create_graph=watched.create_graph,
            )
        )
        self._steps.append(Step(len(self._steps), "backward", "seed", backward_pass=pass_id, incoming=seeds))
        for root, seed in zip(watched.roots, watched.seeds, strict=True):
            tape.values[root].adjoint, tape.values[root].reached = seed, pass_id
        arrived: dict[tuple[Node, int], int] = {}  # of leaves with several versions: the newest that was used
        for event in watched.events:
            if isinstance(event, TapeOp):
                self._steps.append(Step(len(self._steps), "backward", "op", op=event.id, backward_pass=pass_id))
                continue
            step = self._node_step(event, pass_id)
            if self._wiring.rewritten:
                self._arrivals(event, arrived)
            for number, adjoint in enumerate(event.incoming):
                index = self._wiring.by_edge.get((event.node, number))
                if index is not None and adjoint is not None:
                    value = tape.values[arrived.get((event.node, number), index)]
                    value.adjoint, value.reached = adjoint, pass_id
                    if event.grad_after is not None:
                        grads[index] = self._array(event.grad_after)
            self._steps.append(replace(step, changes=self._changes(event.changes, grads)) if event.changes else step)
        for index, gradient in watched.delivered.items():
            value = tape.values[self._original(index)]
            value.adjoint, value.reached = gradient, pass_id
        if self._aliases:
            self._shares(watched, pass_id)

    def _original(self, index: int) -> int:
        alias = self._tape.values[index].alias_of
        return index if alias is None else self._original(alias)

    def _shares(self, watched: TapePass, pass_id: int) -> None:
        """Give a tensor that a call handed on as it came what reached it by that name: a part of its one adjoint."""
        shares = dict(zip(watched.roots, watched.seeds, strict=True))
        for event in watched.events:
            if isinstance(event, TapeOp):
                continue
            for edge in self._wiring.edges(event.node):
                sent = event.outgoing[edge.number] if edge.number < len(event.outgoing) else None
                if edge.value in self._aliases and sent is not None:
                    so_far = shares.get(edge.value)
                    shares[edge.value] = sent if so_far is None else so_far + sent
        for index in reversed(self._aliases):
            value = self._tape.values[index]
            share = shares.get(index)
            if share is None:
                continue
            self._versions.setdefault(id(share), version_of(share))  # a sum is none of the tape's own tensors
            value.adjoint, value.reached = share, pass_id
            if value.alias_of is not None and value.alias_of in self._aliases:
                before = shares.get(value.alias_of)
                shares[value.alias_of] = share if before is None else before + share

    def _arrivals(self, event: NodeEvent, arrived: dict[tuple[Node, int], int]) -> None:
        """A leaf written to in place has several values and one node: an adjoint belongs to the newest one used."""
        for number, (target, input_nr) in enumerate(self._wiring.edges_of(event.node)):
            use = self._wiring.uses.get((event.node, number))
            if use is not None and target is not None and target in self._wiring.rewritten:
                op, path = use
                value = dict(self._tape.ops[op].inputs)[path]
                arrived[target, input_nr] = max(value, arrived.get((target, input_nr), value))

    def _node_step(self, event: NodeEvent, pass_id: int) -> Step:
        accumulates = node_name(event.node) == "AccumulateGrad"
        return Step(
            index=len(self._steps),
            phase="backward",
            kind="accumulate" if accumulates else "node",
            op=event.op,
            node=self._wiring.node_ids[event.node],
            backward_pass=pass_id,
            incoming=tuple([self._maybe(adjoint) for adjoint in event.incoming]),
            contributions=tuple(self._contributions(event)),
            grad_before=self._maybe(event.grad_before),
            grad_after=self._maybe(event.grad_after),
        )

    def _contributions(self, event: NodeEvent) -> list[Contribution]:
        found = []
        incoming = event.incoming[0] if len(event.incoming) == 1 else None
        name = node_name(event.node)
        edges = self._wiring.edges_of(event.node)
        for number, sent in enumerate(event.outgoing):
            if sent is None or edges[number][0] is None:
                continue
            local = event.locals[number] if number < len(event.locals) else None
            reduced = (
                incoming is not None and incoming.shape != sent.shape and name.rstrip("0123456789") in _BROADCASTING
            )
            found.append(
                Contribution(
                    edge=number,
                    data=self._array(sent),
                    local=None if local is None else self._local(local, sent),
                    reduced_from=tuple(incoming.shape) if reduced and incoming is not None else None,
                )
            )
        return found

    def _local(self, local: Tensor, sent: Tensor) -> Array:
        """A local derivative, of the shape of what was sent."""
        if local.shape == sent.shape:
            return self._array(local)
        return Array(local.reshape(sent.shape), self._versions[id(local)])

    def _zero_grad(self, event: ZeroGrad, grads: dict[int, Array]) -> None:
        for index, had in event.leaves:
            grads.pop(self._leaf(index), None)
            if event.after is not None:
                grads[self._leaf(index)] = self._array(event.after)
            node = self._tape.values[index].node
            self._steps.append(
                Step(
                    index=len(self._steps),
                    phase="backward",
                    kind="zero_grad",
                    node=None if node is None else self._wiring.node_ids.get(node),
                    backward_pass=len(self._passes) - 1 if self._passes else None,
                    grad_before=self._maybe(had),
                    grad_after=self._maybe(event.after),
                )
            )

    def _changes(self, changes: tuple[TapeChange, ...], grads: dict[int, Array]) -> tuple[Change, ...]:
        found = []
        for change in changes:
            after = self._array(change.after)
            value = self._leaf(change.value) if change.of == "grad" else change.value
            if change.of == "grad":
                grads[value] = after
            found.append(Change(value, change.of, after))
        return tuple(found)

    def _leaf(self, index: int) -> int:
        """The value that stands for a leaf: its first version, which its AccumulateGrad names."""
        node = self._tape.values[index].node
        return index if node is None else self._wiring.by_edge.get((node, 0), index)

    def _value(self, value: TapeValue, grad: Array | None) -> Value:
        name = self._names[value.id]
        return Value(
            id=value.id,
            name=name,
            label=value.label or name,
            kind=value.kind,
            data=self._numbers[value.id],
            requires_grad=value.node is not None,
            is_leaf=value.op is None if value.node is None else node_name(value.node) == "AccumulateGrad",
            op=value.op,
            output_index=value.output_index,
            node=None if value.node is None else self._wiring.node_ids.get(value.node),
            output_nr=value.output_nr,
            version=value.version,
            span=value.span,
            alias_of=value.alias_of,
            adjoint=self._maybe(value.adjoint),
            grad=grad,
            tangent=self._maybe(value.tangent),
            was_modified=value.was_modified,
        )

    def _op(self, op: TapeOp) -> Op:
        return Op(
            id=op.id,
            name=op.name,
            qualname=op.qualname,
            inputs=tuple([TensorArgument(path, index) for path, index in op.inputs]),
            constants=tuple([ConstantArgument(path, text) for path, text in constants_of_call(op)]),
            outputs=op.outputs,
            span=op.span,
            module=op.module,
            nodes=tuple([self._wiring.node_ids[node] for node in op.nodes]),
            in_place=op.in_place,
            grad_enabled=op.grad_enabled,
            first_backward=None if op.first_backward is None else self._wiring.node_ids[op.first_backward],
        )

    def _node(self, node: Node) -> BackwardNode:
        name = node_name(node)
        return BackwardNode(
            id=self._wiring.node_ids[node],
            name=name,
            op=self._tape.owner.get(node),
            leaf=self._wiring.by_edge.get((node, 0)) if name == "AccumulateGrad" else None,
            edges=self._wiring.edges(node),
            saved=tuple([self._saved(node, *saved) for saved in self._tape.saved.get(node, ())]),
            outputs=self._wiring.values_at(node),
        )

    def _saved(self, node: Node, name: str, content: Any) -> Saved:
        if not isinstance(content, Tensor):
            return Saved(name, None, None, saved_text(content))
        value = self._tape.find_saved(node, content)
        array = self._array(content) if value is None else self._numbers[value.id]
        return Saved(name, None if value is None else value.id, array, "")
