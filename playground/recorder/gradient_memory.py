"""The memory of gradients: what the recorder keeps of the engine's tensors, and which leaves look at one memory.

AccumulateGrad takes a first gradient over where nobody else holds that tensor, and copies it otherwise; later passes
add in place. So two leaves can get views of one memory, which the next pass adds to twice, and whoever holds the
gradient hides that. The recorder therefore keeps aliases: tensors of its own on the same memory, their numbers copied
before anything overwrites them. (Sources: `torch/csrc/autograd/functions/accumulate_grad.h`; pytorch issue 34082.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from playground.recorder.memory import is_same_view, memory_of, overlap, snapshot
from playground.recorder.tape import NodeEvent, Tape, TapeChange, TapePass, TapeValue
from playground.recorder.value_names import value_names
from playground.trace.records import Note


class GradientMemory:
    """Knows, for one recording, which kept tensors, values and `.grad`s lie in one memory."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._aliases: dict[int, Tensor] = {}  # id(tensor of the engine) -> its alias, in the pass that is running
        self._leaves: dict[int, dict[int, Tensor]] = {}  # memory -> id(leaf) -> leaf whose `.grad` was put there
        self._kept: dict[int, list[Tensor]] = {}  # memory -> tensors of the events read so far
        self._read: dict[int, tuple[int, int]] = {}  # id(pass) -> how many events and results of it were read
        self._copies: dict[int, Tensor] = {}  # id(kept tensor) -> its numbers, from before they were overwritten
        self._seeds: dict[int, bool] = {}  # id(tensor) of seeds that the user gave -> whether it was noted
        self._together: dict[tuple[int, int, bool], None] = {}  # pairs of values to be noted; whether both are leaves

    def alias(self, tensor: Tensor) -> Tensor:
        """A tensor object of our own with these numbers: the same one for the same tensor, as long as it lives."""
        if tensor.layout is not torch.strided:
            return snapshot(tensor)
        known = self._aliases.get(id(tensor))  # an id may be used again: then the memory tells
        if known is None or not is_same_view(known, tensor) or known._version != tensor._version:
            known = self._aliases[id(tensor)] = tensor.detach()
        return known

    def starts_from(self, seeds: Iterable[Tensor]) -> None:
        """The recorder's own pass starts from these, which are its own: they need no alias."""
        self._aliases.update({id(seed): seed for seed in seeds})

    def pass_ended(self) -> None:
        """No tensor of the engine is handed on any more."""
        self._aliases.clear()

    def seeded(self, values: Iterable[TapeValue]) -> None:
        """A pass starts from these tensors of the user."""
        for value in values:
            self._seeds.setdefault(id(value.tensor), False)

    def stored(self, leaf: Tensor) -> None:
        """The leaf has got a `.grad`."""
        memory = None if leaf.grad is None else memory_of(leaf.grad)
        if memory is not None:
            self._leaves.setdefault(memory, {})[id(leaf)] = leaf

    def protect(self, written: Tensor, running: NodeEvent | None = None) -> None:
        """Copy the kept numbers on the memory that is going to be overwritten; `running`: of this event, too."""
        memory = memory_of(written)
        if memory is None:
            return
        self._read_events()
        found = self._kept.pop(memory, [])
        if running is not None:
            found += [tensor for tensor in running.incoming if tensor is not None and memory_of(tensor) == memory]
        for tensor in found:
            if id(tensor) not in self._copies:
                self._copies[id(tensor)] = snapshot(tensor)

    def sharers(self, written: Tensor) -> list[Tensor]:
        """The leaves whose `.grad` has numbers in the memory of this tensor."""
        memory = memory_of(written)
        leaves = self._leaves.get(memory, {}) if memory is not None else {}
        return [leaf for leaf in leaves.values() if leaf.grad is not None and overlap(leaf.grad, written)]

    def changes_by(self, written: list[TapeValue]) -> tuple[TapeChange, ...]:
        """The `.grad`s that a call of the user changed by overwriting these values."""
        leaves = {id(leaf): leaf for value in written for leaf in self.sharers(value.tensor)} if self._leaves else {}
        return tuple(self._changed(list(leaves.values())))

    def before_adding(self, leaf: Tensor, event: NodeEvent) -> list[TapeValue]:
        """AccumulateGrad is going to add to `leaf.grad` in place: the values that it changes with that."""
        grad = leaf.grad
        if grad is None or memory_of(grad) is None:
            return []
        self.protect(grad, event)
        found = [value for value in self._tape.sharing(grad) if overlap(value.tensor, grad)]
        for value in found:
            value.numbers = snapshot(value.data)
            value.was_modified = True
        return [value for value in found if value.op is None or self._tape.ops[value.op].name != "grad"]

    def after_adding(self, leaf: Tensor, values: list[TapeValue]) -> tuple[TapeChange, ...]:
        """What AccumulateGrad has changed beside `leaf.grad`, to be noted."""
        tape, own, changes = self._tape, self._tape.find(leaf), []
        for value in values:
            if own is not None and self._seeds.get(id(value.tensor)) is False:
                self._together[own.id, value.id, False] = None
                self._seeds[id(value.tensor)] = True
            changes.append(TapeChange(value.id, "value", snapshot(value.tensor)))
            if value.op is None:  # the next use of it is of these numbers
                tape.add_value(value.tensor, value.kind, snapshot(value.tensor), name=value.name, span=value.span)
        others = [] if leaf.grad is None else [other for other in self.sharers(leaf.grad) if other is not leaf]
        for change in self._changed(others):
            if own is not None:
                self._together[min(own.id, change.value), max(own.id, change.value), True] = None
            changes.append(change)
        return tuple(changes)

    def finish(self) -> None:
        """The recording is over: whoever writes to a `.grad` from now on does not write to what was kept."""
        for leaves in self._leaves.values():
            for leaf in leaves.values():
                if leaf.grad is not None:
                    self.protect(leaf.grad)
                    for value in self._tape.sharing(leaf.grad):
                        value.numbers = snapshot(value.data)
        if self._copies:
            for watched in self._passes():
                self._replace(watched)
        self._tape.notes += self._notes()

    def _changed(self, leaves: list[Tensor]) -> Iterator[TapeChange]:
        for leaf in leaves:
            value = self._tape.find(leaf)
            if value is not None and leaf.grad is not None:
                yield TapeChange(value.id, "grad", snapshot(leaf.grad))

    def _passes(self) -> list[TapePass]:
        return [event for event in self._tape.events if isinstance(event, TapePass)]

    def _read_events(self) -> None:
        """Sort what has been kept since the last time by memory."""
        for watched in self._passes():
            events_read, delivered_read = self._read.get(id(watched), (0, 0))
            self._read[id(watched)] = len(watched.events), len(watched.delivered)
            kept = list(watched.delivered.values())[delivered_read:]
            kept += [] if events_read else watched.seeds
            events = [event for event in watched.events[events_read:] if isinstance(event, NodeEvent)]
            kept += [t for event in events for t in (*event.incoming, *event.outgoing, *event.locals) if t is not None]
            for tensor in kept:
                memory = memory_of(tensor)
                if memory is not None:
                    self._kept.setdefault(memory, []).append(tensor)

    def _replace(self, watched: TapePass) -> None:
        """Put the copies in place of the tensors that were overwritten."""
        watched.seeds = tuple([self._kept_of(seed) for seed in watched.seeds])
        watched.delivered = {index: self._kept_of(tensor) for index, tensor in watched.delivered.items()}
        for event in watched.events:
            if isinstance(event, NodeEvent):
                event.incoming = tuple([t if t is None else self._kept_of(t) for t in event.incoming])
                event.outgoing = tuple([t if t is None else self._kept_of(t) for t in event.outgoing])
                event.locals = tuple([t if t is None else self._kept_of(t) for t in event.locals])
                event.grad_after = None if event.grad_after is None else self._kept_of(event.grad_after)

    def _kept_of(self, tensor: Tensor) -> Tensor:
        return self._copies.get(id(tensor), tensor)

    def _notes(self) -> list[Note]:
        names = value_names(self._tape) if self._together else []
        notes = []
        for leaf, other, both in self._together:
            if both:
                what = f"{names[leaf]}.grad and {names[other]}.grad are views of one memory: PyTorch gave both leaves"
                why = "one gradient without a copy, so what a later pass adds to one is added to the other, too"
            else:
                seed = self._tape.values[other].label or names[other]
                what = f"{names[leaf]}.grad is a view of {seed}: PyTorch took that tensor over without a copy"
                why = f"so what a later pass adds to the gradient is added to {seed}, too"
            notes.append(Note("shared_gradient", f"{what}{' ' if both else ', '}{why}", value=leaf))
        return notes
