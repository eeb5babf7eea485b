"""Bringing a recording's numbers to the CPU, from whatever device it ran on.

Gradients and values were computed there; what reads them afterwards (sentences, JSON, finite differences in float64)
reads them often, and one by one. A device that is asked for each number waits each time.
"""

from __future__ import annotations

from torch import Tensor

from playground.computing.device import CPU
from playground.recorder.tape import NodeEvent, ParameterUpdate, Tape, TapeChange, TapePass, ZeroGrad


def bring_home(tape: Tape) -> None:
    """Replace the numbers of a finished tape by copies on the CPU, where they are elsewhere.

    What identifies a tensor (`TapeValue.tensor`, what a node has saved) stays; the tape notes the device.
    """
    away = next((value.numbers.device for value in tape.values if not value.numbers.is_cpu), None)
    if away is None:
        return
    tape.device = str(away)
    home = _Home()
    for value in tape.values:
        value.numbers = home.of(value.numbers)
    for event in tape.events:
        if isinstance(event, TapePass):
            _pass(event, home)
        elif isinstance(event, ZeroGrad):
            event.leaves = tuple([(index, home.maybe(had)) for index, had in event.leaves])
            event.after = home.maybe(event.after)
        else:
            _changes(event.changes, home)
    if tape.update is not None:
        for parameter in tape.update.parameters:
            _update(parameter, home)
        if tape.update.output is not None:
            index, after = tape.update.output
            tape.update.output = index, home.of(after)


class _Home:
    """The copies so far: what two events share stays one tensor."""

    def __init__(self) -> None:
        self._copies: dict[int, tuple[Tensor, Tensor]] = {}  # by id: the tensor, held so that its id stays its own

    def of(self, tensor: Tensor) -> Tensor:
        if tensor.is_cpu:
            return tensor
        known = self._copies.get(id(tensor))
        if known is None:
            known = self._copies[id(tensor)] = tensor, tensor.detach().to(CPU)
        return known[1]

    def maybe(self, tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else self.of(tensor)

    def all(self, tensors: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        return tuple([self.maybe(tensor) for tensor in tensors])


def _pass(watched: TapePass, home: _Home) -> None:
    watched.seeds = tuple([home.of(seed) for seed in watched.seeds])
    watched.delivered = {index: home.of(gradient) for index, gradient in watched.delivered.items()}
    for event in watched.events:
        _changes(event.changes, home)
        if isinstance(event, NodeEvent):
            event.incoming, event.outgoing = home.all(event.incoming), home.all(event.outgoing)
            event.locals = home.all(event.locals)
            event.grad_before, event.grad_after = home.maybe(event.grad_before), home.maybe(event.grad_after)


def _changes(changes: tuple[TapeChange, ...], home: _Home) -> None:
    for change in changes:
        change.after = home.of(change.after)


def _update(parameter: ParameterUpdate, home: _Home) -> None:
    parameter.before, parameter.gradient = home.of(parameter.before), home.of(parameter.gradient)
    parameter.after = home.of(parameter.after)
    parameter.state = tuple([(name, home.maybe(before), home.of(after)) for name, before, after in parameter.state])
