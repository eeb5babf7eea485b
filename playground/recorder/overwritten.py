"""A backward pass that cannot run, because a value which it saved was changed in place: which, by whom, for whom."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from playground.errors import PlaygroundError
from playground.recorder.memory import memory_of
from playground.recorder.nodes import saved_of
from playground.recorder.tape import Tape, TapeOp, TapeValue
from playground.trace.array import version_of

OVERWRITTEN = "has been modified by an inplace operation"  # how PyTorch says it, of a pass and of a saved tensor
_LONGEST = 40
_OF_RESULTS = ("result", "output")


class Overwritten(PlaygroundError):
    """The error for a value that was changed in place after a call had saved it; `span` marks the change.

    `is_anew`: a new value in its place would cure it.
    """

    is_anew = False


def overwritten(tape: Tape, text: str) -> Overwritten | None:
    """The first saved value that the engine missed on its way, in the order in which it runs; None: none is found."""
    by_itself = None
    with torch._C.DisableTorchFunction():  # a node that is read holds its lock, and a recorder would ask for it again
        for op, name in _missed(tape):
            value = _saved_value(tape, op, name)
            writer = None if value is None else _writer(tape, value, op)
            if value is not None and writer is not None:
                return _error(value, op, writer, text)
            if value is None and by_itself is None:
                by_itself = op
    return None if by_itself is None else _of_itself(by_itself, text)


def _missed(tape: Tape) -> Iterator[tuple[TapeOp, str]]:
    """Calls, the last first, whose backward nodes cannot read what they saved; and PyTorch's name for it."""
    for op in reversed(tape.ops):
        for node in reversed(op.nodes):
            for name, content in saved_of(node) if not tape.edges or node in tape.edges else ():
                if isinstance(content, str) and OVERWRITTEN in content:
                    yield op, name


def _saved_value(tape: Tape, op: TapeOp, name: str) -> TapeValue | None:
    """The value that the call saved under this name, of those that were written to since."""
    inputs = [tape.values[index] for _, index in op.inputs]
    outputs = [tape.values[index] for index in op.outputs]
    candidates = [*outputs, *inputs] if name.startswith(_OF_RESULTS) else [*inputs, *outputs]
    return next((value for value in candidates if value.version != version_of(value.tensor)), None)


def _writer(tape: Tape, value: TapeValue, after: TapeOp) -> TapeOp | None:
    """The first call after this one that wrote into the memory of the value."""
    memory = memory_of(value.tensor)
    for op in tape.ops[after.id + 1 :]:
        touched = [tape.values[index].tensor for index in (*op.outputs, *(index for _, index in op.inputs[:1]))]
        if op.in_place and any(memory_of(tensor) == memory for tensor in touched):
            return op
    return None


def _error(value: TapeValue, saver: TapeOp, writer: TapeOp, text: str) -> Overwritten:
    name = value.label or value.name
    saved = "a value" if name is None else f"`{name}`"
    message = (
        f"{saved} is changed in place by `{_written(writer, text)}`, "
        f"and the backward pass of `{_written(saver, text)}` needs it as it was"
    )
    kept = "its own result" if value.id in saver.outputs else "its argument"
    is_unseen = writer.span is not None and ".data" in writer.span.of(text)  # autograd does not count such writes
    is_anew = writer.grad_enabled and not is_unseen
    way_out = "make a new value instead of changing this one" if is_anew else "call backward() before this line"
    hint = f"`{saver.name}` saves {kept} for its derivative: {way_out}"
    if is_unseen:
        hint += "; PyTorch does not notice a change through .data, and would give the gradient at the new numbers"
    error = Overwritten(message, span=writer.span, hint=hint, text=text or None)
    error.is_anew = is_anew
    return error


def _of_itself(op: TapeOp, text: str) -> Overwritten:
    """The error for a call that overwrites what its own derivative needs, as `linalg.cond` does in PyTorch 2.14."""
    message = f"PyTorch cannot differentiate `{_written(op, text)}`: inside it a value is overwritten that is needed"
    return Overwritten(message, span=op.span, hint="write it out by other calls", text=text or None)


def _written(op: TapeOp, text: str) -> str:
    """A call as it stands in the text, else by its name."""
    written = "" if op.span is None else op.span.of(text)
    return written if 0 < len(written) <= _LONGEST and "\n" not in written else op.name
