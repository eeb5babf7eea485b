"""`Recorder`: writes every PyTorch call of a thread onto a tape.

Forward, a `TorchFunctionMode` sees every call at the level the user wrote it (`sin`, `linear`, `cross_entropy`); it is
thread-local, so nothing is patched. Backward, hooks on PyTorch's own nodes see the engine work (`watcher.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from playground.errors import Span
from playground.recorder.calls import Callee, callee, writes_in_place
from playground.recorder.engine import WatchedEngine
from playground.recorder.given import tensors_within
from playground.recorder.memory import memory_of, snapshot
from playground.recorder.nodes import accumulates, created_nodes, gradient_edge, leaf_of, sequence_number
from playground.recorder.tape import Tape, TapeOp, TapeValue, ZeroGrad, is_bookkeeping
from playground.recorder.tensor_paths import settled, tensors_in, tensors_of_call
from playground.trace.array import version_of
from playground.trace.records import Note, ValueKind

_current: ContextVar[Recorder | None] = ContextVar("recorder", default=None)
_WRITES_BUFFERS = frozenset({"batch_norm", "instance_norm"})  # running statistics, without counting a new version
_unseen_reading = torch._C.DisableTorchFunction  # what the recorder itself reads of a tensor is no call of the user's
_transform: Callable[[], Any] = torch._C._functorch.peek_interpreter_stack


def current() -> Recorder | None:
    """The recorder at work in this thread, if any: the language tells it where in the text each call stands."""
    return _current.get()


@contextmanager
def at_work(recorder: Recorder) -> Iterator[None]:
    """Inside, `current()` is this recorder."""
    token = _current.set(recorder)
    try:
        yield
    finally:
        _current.reset(token)


@dataclass(slots=True, eq=False)
class _Call:
    """A call that has run."""

    func: Any
    known: Callee
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: list[tuple[str, TapeValue]]
    overwritten: list[TapeValue]  # everything on memory that it wrote to
    first_sequence: int  # the autograd nodes it made are numbered from here
    last_sequence: int  # to here


class Recorder(TorchFunctionMode):
    """Writes every PyTorch call made in this thread onto a tape."""

    def __init__(self, inputs: Mapping[int, str], parameters: Mapping[int, str], around: Mapping[int, str]) -> None:
        super().__init__()
        self.tape = Tape()
        self.engine = WatchedEngine(self.tape)
        self.span: Span | None = None  # where in the typed text the next call stands
        self._inputs = inputs  # id(tensor) -> name
        self._parameters = parameters  # the same of parameters and buffers
        self._around = around  # the same of variables that the function refers to
        self.module: tuple[str, ...] = ()  # the one that is running
        self.is_watching = False
        self._first_sequence = sequence_number()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, the user's function runs, and every call of it is seen."""
        self.is_watching = True
        try:
            with self:
                yield
        finally:
            self.is_watching = False

    def label(self, tensor: Tensor, name: str, span: Span | None = None) -> None:
        """The user calls this tensor `name`."""
        with _unseen_reading():
            value = self.value_of(tensor)
        if value.kind in ("constant", "input") and value.name is None:
            value.name, value.span = name, value.span or span
        elif value.op is not None and value.label is None:
            value.label = name

    def notice(self, result: Any) -> None:
        """Put the tensors onto the tape that a module returned, as far as nobody announced them."""
        with _unseen_reading():
            for _, tensor in tensors_within(result):
                self.value_of(tensor)

    def value_of(self, tensor: Tensor) -> TapeValue:
        """The value that stands for this tensor now; one that was made outside the recording is added to the tape."""
        value = self.tape.find(tensor)
        if value is None:
            return self._unseen(tensor)
        if value.node is None and tensor.requires_grad:
            if tensor.grad_fn is not None:  # a custom Function computed it without gradients, then gave it its own node
                return self._unannounced(tensor)
            value.node, value.output_nr = gradient_edge(tensor)  # `requires_grad_()` made a leaf of it
            value.kind = "input" if value.kind == "constant" else value.kind
        return value

    def _unseen(self, tensor: Tensor) -> TapeValue:
        tape = self.tape
        writer = tape.writer(tensor)
        if writer is not None:
            return self._further_output(tensor, writer)
        if id(tensor) in self._inputs:
            return tape.add_value(tensor, "input", snapshot(tensor), name=self._inputs[id(tensor)])
        kind: ValueKind = "parameter" if isinstance(tensor, nn.Parameter) else "buffer"
        if id(tensor) in self._parameters:
            return tape.add_value(tensor, kind, snapshot(tensor), name=self._parameters[id(tensor)])
        if tensor.grad_fn is not None:
            return self._unannounced(tensor)
        if kind == "buffer":
            kind = "input" if tensor.requires_grad else "constant"
        return tape.add_value(tensor, kind, snapshot(tensor), name=self._around.get(id(tensor)), span=self.span)

    def _further_output(self, tensor: Tensor, op_id: int) -> TapeValue:
        """Record one more output of a known op: seen only now that it is used."""
        op = self.tape.ops[op_id]
        value = self.tape.add_value(tensor, "intermediate", op=op_id, output_index=len(op.outputs))
        op.outputs = (*op.outputs, value.id)
        return value

    def _unannounced(self, tensor: Tensor) -> TapeValue:
        """The result of what PyTorch does not announce (`torch.autograd.Function.apply`, `vmap`), or of the past."""
        tape = self.tape
        node = tensor.grad_fn
        if node in tape.owner:
            return self._further_output(tensor, tape.owner[node])
        nodes = created_nodes([tensor], tape.owner, self._first_sequence, sequence_number())
        if not nodes:  # computed before the recording
            return tape.add_value(tensor, "intermediate", name=self._around.get(id(tensor)), span=self.span)
        inputs: dict[int, None] = {}
        for target, number in (edge for own in nodes for edge in own.next_functions):
            if target is not None and target not in nodes:
                if accumulates(target):
                    self.value_of(leaf_of(target))
                source = tape.at_edge(target, number)
                if source is not None:
                    inputs[source.id] = None
        function = getattr(type(nodes[-1]), "_forward_cls", None)
        name = "unannounced" if function is None else str(function.__name__)
        qualname = name if function is None else f"{function.__module__}.{function.__qualname__}"
        message = f"{name} was computed out of sight: its backward nodes are shown, the calls inside it are not"
        op_id = len(tape.ops)
        if not any(note.kind == "external" for note in tape.notes):
            tape.notes.append(Note("external", message, op=op_id))
        value = tape.add_value(tensor, "intermediate", op=op_id)
        paths = tuple((str(index), source_id) for index, source_id in enumerate(inputs))
        self._append(TapeOp(op_id, name, qualname, None, (), {}, paths, (value.id,), self.span, self.module, nodes))
        return value

    def _append(self, op: TapeOp) -> None:
        for node in op.nodes:
            self.tape.owner[node] = op.id
        self.tape.ops.append(op)
        self.tape.events.append(op)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        known = callee(func)
        if known.is_silent or under_transform():
            return func(*args, **kwargs)
        if func is torch.Tensor.backward or func is torch.autograd.grad:
            return self.engine.run(self, func, args, kwargs)
        if known.sets and known.name == "grad":
            return self._set_grad(func, *args)
        inputs = [(path, self.value_of(tensor)) for path, tensor in tensors_of_call(args, kwargs)]
        overwritten = self._about_to_be_written(args, kwargs) if writes_in_place(known, args, kwargs) else []
        first = sequence_number()
        result = func(*args, **kwargs)
        last = sequence_number()
        if overwritten and not any(v.version != version_of(v.tensor) or v.tensor.is_inference() for v in overwritten):
            overwritten = []  # dropout in eval mode, though it was told `inplace=True`
        outputs = [tensor for _, tensor in tensors_in(result)]
        touched = [value for _, value in inputs if version_of(value.tensor) != value.version]
        if known.name in _WRITES_BUFFERS:
            touched += [v for _, v in inputs if v.kind == "buffer" and not torch.equal(v.data, v.tensor)]
        if outputs or touched:
            self._add_op(_Call(func, known, args, kwargs, inputs, overwritten, first, last), outputs, touched)
        return result

    def _set_grad(self, func: Any, tensor: Tensor, grad: Tensor | None) -> None:
        """`x.grad = ...`: a step of its own."""
        had = tensor.grad if tensor.is_leaf else None
        func(tensor, grad)
        if tensor.is_leaf and (had is not None or grad is not None):
            before, after = (None if each is None else snapshot(each) for each in (had, grad))
            self.tape.events.append(ZeroGrad(((self.value_of(tensor).id, before),), after))
            self.engine.memory.stored(tensor)

    def _about_to_be_written(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[TapeValue]:
        """Copy the numbers of everything that looks at the memory which an in-place call is going to overwrite."""
        found: dict[int, TapeValue] = {}
        for _, tensor in tensors_in([args[:1] or kwargs.get("input"), kwargs.get("out")]):
            own = self.value_of(tensor)
            self.engine.memory.protect(tensor)
            for value in (own, *self.tape.sharing(tensor)):
                found[value.id] = value
                if memory_of(value.numbers) == memory_of(tensor):
                    value.numbers = snapshot(value.numbers)
        return list(found.values())

    def _add_op(self, call: _Call, outputs: list[Tensor], touched: list[TapeValue]) -> None:
        tape, known = self.tape, call.known
        for value in touched:
            value.was_modified = True
            if value.kind == "buffer":  # running statistics: bookkeeping, not part of the computation
                tape.add_value(value.tensor, "buffer", snapshot(value.tensor), name=value.name)
            elif all(value.tensor is not output for output in outputs):
                outputs = [*outputs, value.tensor]
        visible = outputs
        if known.writes:
            visible = [output for output in outputs if not is_bookkeeping(tape.find(output), known.name)]
        if not visible or (known.name == "grad" and tape.find(visible[0]) is not None):  # read a second time
            return
        if not call.inputs and not any(output.grad_fn is not None for output in visible):
            for output in visible:  # zeros(3), tensor([1, 2]): born here, a constant or a leaf
                kind: ValueKind = "input" if output.requires_grad else "constant"
                tape.add_value(output, kind, span=self.span)
            return
        op_id = len(tape.ops)
        made = []
        for index, output in enumerate(visible):
            same = tape.find(output)  # handed on as it came: dropout in eval mode, `x.grad` read twice
            alias = None if same is None else same.id
            made.append(tape.add_value(output, "intermediate", op=op_id, output_index=index, alias_of=alias).id)
        stale = tape.stale(call.overwritten, visible) if call.overwritten else []
        sources = [*visible, *(value.tensor for value in stale)] if stale else visible
        self._append(
            TapeOp(
                op_id,
                known.name,
                known.qualname,
                call.func,
                settled(call.args),
                settled(call.kwargs) if call.kwargs else {},
                tuple([(path, value.id) for path, value in call.inputs]),
                tuple(made),
                self.span,
                self.module,
                created_nodes(sources, tape.owner, call.first_sequence, call.last_sequence),
                in_place=bool(call.overwritten) or any(value.kind != "buffer" for value in touched),
                overwrites_others=bool(stale),
                grad_enabled=torch.is_grad_enabled(),
                changes=self.engine.memory.changes_by(call.overwritten),
            )
        )
        tape.overwritten(stale, op_id)


def under_transform() -> bool:
    """Tell whether `vmap` or `torch.func.grad` is at work: its tensors are no ordinary ones, so it shows as one op."""
    return _transform() is not None
