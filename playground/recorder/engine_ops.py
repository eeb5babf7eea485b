"""Computations of the engine as ops on the tape: sums of adjoints, and backward nodes run with `create_graph`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor
from torch.autograd.graph import Node

from playground.recorder.tape import NodeEvent, Tape, TapeOp, TapePass, TapeValue

if TYPE_CHECKING:
    from playground.recorder.recorder import Recorder


def engine_op(
    op_id: int,
    name: str,
    inputs: list[TapeValue],
    outputs: list[TapeValue],
    nodes: tuple[Node, ...],
    recorder: Recorder,
) -> TapeOp:
    """An op that the engine ran, not the user."""
    return TapeOp(
        id=op_id,
        name=name,
        qualname=f"torch.autograd.{name}",
        func=None,
        args=(),
        kwargs={},
        inputs=tuple((str(index), value.id) for index, value in enumerate(inputs)),
        outputs=tuple(value.id for value in outputs),
        span=recorder.span,
        module=(),
        nodes=nodes,
        in_place=False,
        grad_enabled=True,
    )


def sent_to(tape: Tape, watched: TapePass, node: Node, number: int) -> list[Tensor]:
    """Every contribution that reached one input of a node so far, in order of arrival."""
    return [
        outgoing
        for event in watched.events
        if isinstance(event, NodeEvent)
        for outgoing, edge in zip(event.outgoing, tape.edges[event.node], strict=False)
        if outgoing is not None and edge == (node, number)
    ]
