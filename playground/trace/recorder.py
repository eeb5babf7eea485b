"""`record`: run any PyTorch callable once, forward and backward, and keep what happened as a `Trace`.

Forward, a `TorchFunctionMode` sees every call at the level the user wrote it (`sin`, `linear`, `cross_entropy`); it is
thread-local, so nothing is patched. Backward, hooks on PyTorch's own nodes see the engine work (`watcher.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from playground.errors import PlaygroundError, Span
from playground.trace.assemble import assemble
from playground.trace.calls import Callee, callee, writes_in_place
from playground.trace.differences import Differences
from playground.trace.engine import Engine
from playground.trace.inputs import as_leaf, modules_of, name_arguments, name_parameters, name_tensors, variables_of
from playground.trace.memory import memory_of, snapshot, version_of
from playground.trace.nested import tensors_in, tensors_of_call
from playground.trace.nodes import created_nodes, gradient_edge, leaf_of, node_name, sequence_number
from playground.trace.optimizer_step import fresh_arguments, output_after, parameters_of, take_step, versions_of
from playground.trace.records import Note, ValueKind
from playground.trace.replay import Replay
from playground.trace.tape import Tape, TapeOp, TapeValue, ZeroGrad
from playground.trace.trace import Trace

_current: ContextVar[Recorder | None] = ContextVar("recorder", default=None)
_WRITES_BUFFERS = frozenset({"batch_norm", "instance_norm"})  # running statistics, without counting a new version
_transform: Callable[[], Any] = torch._C._functorch.peek_interpreter_stack


def current() -> Recorder | None:
    """The recorder at work in this thread, if any: the language tells it where in the text each call stands."""
    return _current.get()


@dataclass(slots=True, eq=False)
class _Call:
    """A call under way."""

    func: Any
    known: Callee
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: list[tuple[str, TapeValue]]
    overwritten: list[TapeValue] = field(default_factory=list)  # everything on memory that it writes to
    first_sequence: int = 0  # the autograd nodes it makes are numbered from here
    last_sequence: int = 0  # to here


class Recorder(TorchFunctionMode):
    """Writes every PyTorch call made in this thread onto a tape."""

    def __init__(self, inputs: Mapping[int, str], parameters: Mapping[int, str], around: Mapping[int, str]) -> None:
        super().__init__()
        self.tape = Tape()
        self.engine = Engine(self.tape)
        self.span: Span | None = None  # where in the typed text the next call stands
        self._inputs = inputs  # id(tensor) -> name
        self._parameters = parameters  # the same of parameters and buffers
        self._around = around  # the same of variables that the function refers to
        self._module: tuple[str, ...] = ()
        self._first_sequence = sequence_number()

    def label(self, tensor: Tensor, name: str, span: Span | None = None) -> None:
        """The user calls this tensor `name`."""
        value = self.value_of(tensor)
        if value.kind == "constant" and value.name is None:
            value.name, value.span = name, value.span or span
        elif value.op is not None and value.label is None:
            value.label = name

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
        """One more output of an op that has been recorded: seen only now that it is used."""
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
                if node_name(target) == "AccumulateGrad":
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
        self._append(TapeOp(op_id, name, qualname, None, (), {}, paths, (value.id,), self.span, self._module, nodes))
        return value

    def _append(self, op: TapeOp) -> None:
        self.tape.owner.update(dict.fromkeys(op.nodes, op.id))
        self.tape.ops.append(op)
        self.tape.events.append(op)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        known = callee(func)
        if known.is_silent or _under_transform():
            return func(*args, **kwargs)
        if func is torch.Tensor.backward or func is torch.autograd.grad:
            return self.engine.run(self, func, args, kwargs)
        if known.sets and known.name == "grad":
            return self._set_grad(func, *args)
        inputs = [(path, self.value_of(tensor)) for path, tensor in tensors_of_call(args, kwargs)]
        call = _Call(func, known, args, kwargs, inputs)
        if writes_in_place(func, known, args, kwargs):
            call.overwritten = self._about_to_be_written(args, kwargs)
        call.first_sequence = sequence_number()
        result = func(*args, **kwargs)
        call.last_sequence = sequence_number()
        if not any(v.version != version_of(v.tensor) or v.tensor.is_inference() for v in call.overwritten):
            call.overwritten = []  # dropout in eval mode, though it was told `inplace=True`
        outputs = [tensor for _, tensor in tensors_in(result)]
        touched = [value for _, value in inputs if version_of(value.tensor) != value.version]
        if known.name in _WRITES_BUFFERS:
            touched += [value for _, value in inputs if value.kind == "buffer" and not _as_recorded(value)]
        if outputs or touched:
            self._add_op(call, outputs, touched)
        return result

    def _set_grad(self, func: Any, tensor: Tensor, grad: Tensor | None) -> None:
        """`x.grad = ...`: a step of its own where it clears a gradient."""
        had = tensor.grad if tensor.is_leaf else None
        func(tensor, grad)
        if grad is None and had is not None:
            self.tape.events.append(ZeroGrad(((self.value_of(tensor).id, had.detach()),)))

    def _about_to_be_written(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[TapeValue]:
        """Copy the numbers of everything that looks at the memory which an in-place call is going to overwrite."""
        found: dict[int, TapeValue] = {}
        for _, tensor in tensors_in([args[:1] or kwargs.get("input"), kwargs.get("out")]):
            own = self.value_of(tensor)
            for value in (own, *self.tape.sharing(tensor)):
                found[value.id] = value
                if memory_of(value.data) == memory_of(tensor):
                    value.data = snapshot(value.data)
        return list(found.values())

    def _add_op(self, call: _Call, outputs: list[Tensor], touched: list[TapeValue]) -> None:
        tape, known = self.tape, call.known
        for value in touched:
            value.was_modified = True
            if value.kind == "buffer":  # running statistics: bookkeeping, not part of the computation
                tape.add_value(value.tensor, "buffer", snapshot(value.tensor), name=value.name)
            elif all(value.tensor is not output for output in outputs):
                outputs = [*outputs, value.tensor]
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
        stale = self._stale(call.overwritten, visible) if call.overwritten else []
        sources = [*visible, *(value.tensor for value in stale)] if stale else visible
        self._append(
            TapeOp(
                op_id,
                known.name,
                known.qualname,
                call.func,
                call.args,
                call.kwargs,
                tuple([(path, value.id) for path, value in call.inputs]),
                tuple(made),
                self.span,
                self._module,
                created_nodes(sources, tape.owner, call.first_sequence, call.last_sequence),
                in_place=bool(call.overwritten) or any(value.kind != "buffer" for value in touched),
                overwrites_others=bool(stale),
                grad_enabled=torch.is_grad_enabled(),
            )
        )
        tape.overwritten(stale, op_id)

    def _stale(self, overwritten: list[TapeValue], visible: list[Tensor]) -> list[TapeValue]:
        """Of the values on overwritten memory, those whose tensors are no outputs of the call."""
        written = {id(tensor) for tensor in visible}
        stale = [value for value in overwritten if id(value.tensor) not in written and value.kind != "buffer"]
        for value in stale:
            value.was_modified = True
        return [value for value in stale if self.tape.is_newest(value)]

    @contextmanager
    def inside(self, prefix: str, module: nn.Module) -> Iterator[None]:
        """Notes the nesting of modules by hooks on these instances (never the process-wide ones)."""

        def enter(path: tuple[str, ...]) -> Callable[..., None]:
            def hook(*_: Any) -> None:
                if current() is self:  # another thread may run the same module meanwhile
                    stack.append(self._module)
                    self._module = path

            return hook

        def leave(_: nn.Module, __: Any, output: Any) -> None:
            if current() is self:
                if not _under_transform():
                    for _path, tensor in tensors_in(output):
                        self.value_of(tensor)  # one that nobody announced belongs to this module
                self._module = stack.pop()

        stack: list[tuple[str, ...]] = []
        with ExitStack() as hooks:
            for name, submodule in module.named_modules(prefix=prefix):
                path = tuple(name.split(".")) if name else ()
                hooks.callback(submodule.register_forward_pre_hook(enter(path)).remove)
                hooks.callback(submodule.register_forward_hook(leave, always_call=True).remove)
            yield


def record(
    fn: Callable[..., Any],
    *inputs: Any,
    names: Sequence[str] | None = None,
    text: str = "",
    spans: Mapping[str, Span] | None = None,
    seed: Tensor | None = None,
    passes: int = 1,
    zero_grad: bool = False,
    tangent: Mapping[str, Any] | None = None,
    second: str | None = None,
    optimizer: torch.optim.Optimizer | None = None,
) -> Trace:
    """Run `fn(*inputs)` once, then the backward pass from what it returned, and return what happened.

    `fn` is any callable over tensors, an `nn.Module` included. Tensors among `inputs` are used as they are; lists,
    tuples and dicts of tensors are allowed; where no input is a tensor, numbers become float32 leaves that require
    grad. `names` names the inputs (default: the parameters of `fn`). If `fn` calls `backward()` itself, that is
    recorded, and no further pass is run.

    `seed`: the first adjoint, of the output's shape (default ones). `passes`: how often to run `backward()` (0: only
    look at the graph it would take); `zero_grad`: clear every `.grad` between passes. `tangent`: forward mode, input
    name -> direction of its shape. `second`: take the gradient with respect to this input with `create_graph`, and
    differentiate that instead. `optimizer`: one `step()` of it comes next, and the first output once more after it;
    for that `fn` runs a second time. Model and optimizer are left as they were.
    The `.grad` of parameters and inputs is left as it was. Raises PlaygroundError where the backward pass cannot run;
    what `fn` itself raises is passed on.

    >>> trace = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)
    >>> trace["x1"].adjoint.item(), [op.name for op in trace.ops]
    (5.5, ['log', 'mul', 'add', 'sin', 'sub'])
    """
    if current() is not None:
        raise PlaygroundError("a recording is already under way", hint="call record() outside of the recorded function")
    arguments = inputs if tensors_in(inputs) else tuple(map(as_leaf, inputs))
    optimized = [] if optimizer is None else parameters_of(optimizer)
    versions, again = versions_of(optimized), fresh_arguments(arguments, optimized) if optimized else ()
    named = name_arguments(fn, arguments, names)
    tensors = name_tensors(named)
    around = variables_of(fn)
    modules = modules_of(fn, around | dict(named))
    recorder = Recorder(
        {id(tensor): name for name, tensor in tensors},
        name_parameters(modules),
        {id(tensor): name for name, tensor in around.items() if isinstance(tensor, Tensor)},
    )
    leaves = {name: recorder.value_of(tensor) for name, tensor in tensors}
    for name, value in leaves.items():
        value.span = (spans or {}).get(name)
    token = _current.set(recorder)
    try:
        with torch.enable_grad(), ExitStack() as scope:
            for name, module in modules.items():
                scope.enter_context(recorder.inside(name, module))
            with recorder:
                result = fn(*arguments)
            outputs = [tensor for _, tensor in tensors_in(result)]
            recorder.span = None

            def step() -> None:
                if optimizer is not None:
                    take_step(optimizer, recorder.tape, versions)

            _backward(recorder, outputs, seed, passes, zero_grad, second, dict(tensors), step)
    finally:
        _current.reset(token)
    if outputs and recorder.tape.update is not None:
        place = next((index for index, output in enumerate(outputs) if output.requires_grad), 0)
        buffers = [buffer for module in modules.values() for buffer in module.buffers()]
        value = recorder.value_of(outputs[place])
        output_after(recorder.tape, value.id, place, lambda: fn(*again), buffers)
    replay = Replay(recorder.tape)
    if tangent:
        replay.tangents({leaves[name].id: direction for name, direction in tangent.items() if name in leaves})
    differences = Differences(recorder.tape, replay)
    if reason := differences.missing():
        recorder.tape.notes.append(Note("no_check", f"no finite differences: {reason}"))
    return assemble(recorder.tape, text, differences.check)


def _backward(
    recorder: Recorder,
    outputs: list[Tensor],
    seed: Tensor | None,
    passes: int,
    zero_grad: bool,
    second: str | None,
    inputs: Mapping[str, Tensor],
    step: Callable[[], None],
) -> None:
    """The backward pass that the user's code left to us, and the optimizer's `step` while the gradients are there."""
    tape = recorder.tape
    tape.outputs = tuple(recorder.value_of(output).id for output in outputs)
    if recorder.engine.ran_backward:
        return step()
    roots = [output for output in outputs if output.requires_grad]
    if not roots:
        tape.notes.append(_no_gradient(recorder, outputs))
        return
    if passes == 0:
        recorder.engine.look(recorder, roots)
        return
    if seed is None and (len(roots) > 1 or roots[0].numel() != 1):
        message = "not a scalar: the backward pass starts from ones, which gives the gradient of the sum"
        tape.notes.append(Note("seed", message, value=recorder.value_of(roots[0]).id))
    try:
        seeds = [torch.ones_like(root) if seed is None else seed for root in roots]
        if second is not None:
            roots = list(recorder.engine.gradient(recorder, roots, seeds, inputs[second]))
            tape.outputs = tuple(recorder.value_of(root).id for root in roots)
            seeds = [torch.ones_like(root) for root in roots]
            if roots[0].grad_fn is None:
                message = f"the gradient with respect to {second} is constant: its own derivative is 0"
                tape.notes.append(Note("no_gradient", message))
                return
        with recorder.engine.gradients_kept(roots):
            for index in range(passes):
                if index and zero_grad:
                    tape.events.append(ZeroGrad(recorder.engine.clear_gradients()))
                recorder.engine.implicit(recorder, roots, seeds, retain_graph=index + 1 < passes)
            step()
    except (RuntimeError, NotImplementedError, ValueError, TypeError) as error:
        message = str(error).splitlines()[0]
        again = "second time" in message
        hint = "a backward pass inside the function is recorded where it is written y.backward()" if again else ""
        raise PlaygroundError(f"PyTorch could not run the backward pass: {message}", hint=hint) from error


def _no_gradient(recorder: Recorder, outputs: list[Tensor]) -> Note:
    if not outputs:
        return Note("no_gradient", "nothing was returned that a backward pass could start from")
    value = recorder.value_of(outputs[-1])
    return Note("no_gradient", "the output does not depend on any tensor that requires grad", value=value.id)


def _under_transform() -> bool:
    """Whether `vmap` or `torch.func.grad` is at work: its tensors are no ordinary ones, so it shows as one op."""
    return _transform() is not None


def _as_recorded(value: TapeValue) -> bool:
    return torch.equal(value.data, value.tensor)


def is_bookkeeping(value: TapeValue | None, name: str) -> bool:
    """An in-place write to a buffer (BatchNorm's `num_batches_tracked.add_`)."""
    return value is not None and value.kind == "buffer" and name.endswith("_")
