"""Every recorded call alone once more: its function on its recorded arguments gives its recorded results, bit for bit.

A call that draws random numbers begins in the state of the generator that it found, which `Draws` has noted. Of a call
that leaves its memory as it comes (`new_empty`) only shape and type can be the same. A call that PyTorch does not
announce (a custom Function, a scripted module, vmap) has no function to call again; it is counted by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from playground.recorder.memory import memory_of
from playground.recorder.replay import is_random
from playground.recorder.tape import Tape, TapeOp, TapeValue
from playground.recorder.tensor_paths import substitute, tensors_in
from playground.trace.trace import Trace

UNFILLED = frozenset({"new_empty", "empty_like", "new_empty_strided", "resize_"})  # what was in that memory, is in it


@dataclass
class Replayed:
    """How many calls a recording has, and how many of them came out the same."""

    calls: int = 0
    same: int = 0
    in_place: int = 0  # of them
    random: int = 0  # of them
    unannounced: int = 0
    different: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = f"{self.in_place} in place, {self.random} random, {self.unannounced} unannounced"
        return f"{self.calls} calls ({kinds}), {self.same} the same bit for bit"


class Draws(TorchFunctionMode):
    """Around a recording: the state of the generator before each call that draws, by the tensor that came out."""

    def __init__(self) -> None:
        super().__init__()
        self._states: dict[tuple[int, int], Tensor] = {}  # id and version; the tape holds the tensors

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        before = torch.get_rng_state()
        result = func(*args, **(kwargs or {}))
        if not torch.equal(before, torch.get_rng_state()):
            self._states.update({(id(tensor), tensor._version): before for _, tensor in tensors_in(result)})
        return result

    def before(self, value: TapeValue) -> Tensor | None:
        """The state from which this value was drawn; None where it was not."""
        return self._states.get((id(value.tensor), value.version))


def replayed(trace: Trace, draws: Draws | None = None) -> Replayed:
    """Repeat every call of a recording."""
    tape = trace._tape
    assert isinstance(tape, Tape)
    found, versions = Replayed(), tape.versions()
    with torch.random.fork_rng(devices=[]):
        for op in tape.ops:
            found.calls += 1
            if op.func is None:
                found.unannounced += 1
                continue
            state = None if draws is None else draws.before(tape.values[op.outputs[0]])
            if state is not None:
                assert is_random(op), f"{op.name} draws random numbers, which the recorder does not know"
                torch.set_rng_state(state)
            found.random += state is not None
            found.in_place += op.in_place
            again = results_again(tape, op)
            wrong = [index for index in op.outputs if not is_same(op, tape.values[index].data, again[index])]
            found.same += not wrong
            found.different += [f"{op.id} {op.name} in {'.'.join(op.module)}: result {index}" for index in wrong]
    assert tape.versions() == versions, "the tape was written to"
    return found


def assert_replayed(trace: Trace, draws: Draws | None = None) -> Replayed:
    """Every call that can be repeated comes out the same."""
    found = replayed(trace, draws)
    assert found.calls and not found.different, found.different[:5]
    assert found.same == found.calls - found.unannounced
    return found


def results_again(tape: Tape, op: TapeOp) -> dict[int, Tensor]:
    """The results of one call on what the tape keeps of its arguments, by value; nothing on the tape is written to."""
    assert op.func is not None
    memory = _Memory(tape, op)
    by_path = dict(op.inputs)

    def fill(path: str, _: Tensor) -> Tensor:
        return memory.argument(tape.values[by_path[path]])

    with torch.set_grad_enabled(op.grad_enabled):
        returned = tensors_in(op.func(*substitute(op.args, fill), **substitute(op.kwargs, fill)))
    again = {}
    for place, index in enumerate(op.outputs):
        written = memory.written(tape.values[index])
        again[index] = returned[place][1] if written is None else written
    return again


class _Memory:
    """The arguments of one call. Those in memory that it overwrites are copies, which lie in one memory as they did."""

    def __init__(self, tape: Tape, op: TapeOp) -> None:
        self._overwritten = {memory_of(tape.values[index].tensor) for index in op.outputs} if op.in_place else set()
        self._storages: dict[int | None, torch.UntypedStorage] = {}
        self._arguments: dict[int, Tensor] = {}
        for index in op.outputs if op.overwrites_others else ():  # a tensor that sees what is written to a view of it
            tensor = tape.values[index].tensor
            earlier = [value for value in tape.values[:index] if value.tensor is tensor]
            if earlier:
                self.argument(earlier[-1])

    def argument(self, value: TapeValue) -> Tensor:
        """What stands for this value in the call: the same object wherever the call has it."""
        if value.id not in self._arguments:
            self._arguments[value.id] = self._copy(value)
        return self._arguments[value.id]

    def _copy(self, value: TapeValue) -> Tensor:
        memory = memory_of(value.tensor)
        if memory in self._overwritten and memory is not None:
            size = value.tensor.untyped_storage().nbytes()
            own = self._storages.setdefault(memory, torch.empty(size, dtype=torch.uint8).untyped_storage())
            return _placed(own, value.tensor).copy_(value.data)
        is_written = value.kind == "buffer"  # running statistics
        return (value.data.clone() if is_written else value.data.detach()).requires_grad_(value.node is not None)

    def written(self, value: TapeValue) -> Tensor | None:
        """What stands after the call in the memory of this value; None where the call did not write there."""
        storage = self._storages.get(memory_of(value.tensor))
        return None if storage is None else _placed(storage, value.tensor)


def _placed(storage: torch.UntypedStorage, like: Tensor) -> Tensor:
    """A tensor in this memory, at the place and with the strides of another in its own."""
    empty = torch.empty(0, dtype=like.dtype)
    return empty.set_(storage, like.storage_offset(), like.shape, like.stride())


def is_same(op: TapeOp, one: Tensor, other: Tensor) -> bool:
    """Tell whether two results have one shape, one type and the same bits: NaN is NaN, and -0.0 is not 0.0."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if op.name in UNFILLED:
        return True
    bits = [tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1) for tensor in (one, other)]
    return not one.numel() or torch.equal(*[each.view(torch.uint8) for each in bits])
