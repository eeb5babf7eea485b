"""`record`: run any PyTorch callable once, forward and backward, and keep what happened as a `Trace`.

Forward, a `TorchFunctionMode` sees every call at the level the user wrote it (`sin`, `linear`, `cross_entropy`); it is
thread-local, so nothing is patched. Backward, hooks on PyTorch's own nodes see the engine work (`engine.py`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from playground.errors import PlaygroundError, Span
from playground.trace.assemble import assemble
from playground.trace.engine import Engine
from playground.trace.records import Note, ValueKind
from playground.trace.replay import Replay
from playground.trace.tape import Tape, TapeOp, TapeValue, ZeroGrad, created_nodes, tensors_in, tensors_of_call
from playground.trace.trace import Trace

_current: ContextVar[Recorder | None] = ContextVar("recorder", default=None)
_sequence_number: Callable[[], int] = torch._C._autograd._get_sequence_nr

# Calls that only look at a tensor or change how autograd treats it: no node of the graph.
_SILENT = frozenset({"requires_grad_", "retain_grad", "register_hook", "is_leaf", "grad_fn", "requires_grad"})


def current() -> Recorder | None:
    """The recorder at work in this thread, if any: the language tells it where in the text each call stands."""
    return _current.get()


class Recorder(TorchFunctionMode):
    """Writes every PyTorch call made in this thread onto a tape."""

    def __init__(self, names: Mapping[int, str], parameters: Mapping[int, str]) -> None:
        super().__init__()
        self.tape = Tape()
        self.engine = Engine(self.tape)
        self.span: Span | None = None  # where in the typed text the next call stands
        self._names = names  # id(tensor) -> name, of inputs
        self._parameters = parameters  # the same of parameters and buffers
        self._module: tuple[str, ...] = ()

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
        if value is not None:
            return value
        if id(tensor) in self._names:
            return self.tape.add_value(tensor, "input", snapshot(tensor), name=self._names[id(tensor)])
        if id(tensor) in self._parameters:
            kind: ValueKind = "parameter" if isinstance(tensor, nn.Parameter) else "buffer"
            return self.tape.add_value(tensor, kind, snapshot(tensor), name=self._parameters[id(tensor)])
        if tensor.grad_fn is not None:  # computed out of sight: torch.autograd.Function, or before
            return self.tape.add_value(tensor, "intermediate", span=self.span)
        kind = "parameter" if isinstance(tensor, nn.Parameter) else "input" if tensor.requires_grad else "constant"
        return self.tape.add_value(tensor, kind, snapshot(tensor), span=self.span)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = call_name(func)
        if name in _SILENT:
            return func(*args, **kwargs)
        if func is torch.Tensor.backward or func is torch.autograd.grad:
            return self.engine.run(self, func, args, kwargs)
        inputs = [(path, self.value_of(tensor)) for path, tensor in tensors_of_call(args, kwargs)]
        written = self._about_to_be_written(func, name, args, kwargs)
        first = _sequence_number()
        result = func(*args, **kwargs)
        last = _sequence_number()
        outputs = [tensor for _, tensor in tensors_in([result])]
        touched = [value for _, value in inputs if value.tensor._version != value.version]
        if outputs or touched:
            self._add_op(func, name, args, kwargs, inputs, outputs, touched, written, (first, last))
        return result

    def _about_to_be_written(
        self, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Tensor, ...]:
        """Copy the numbers of tensors that an in-place call is going to overwrite."""
        if not writes_in_place(func, name, args, kwargs):
            return ()
        targets = tuple(tensor for _, tensor in tensors_in([args[:1], kwargs.get("out")]))
        for tensor in targets:
            value = self.value_of(tensor)
            if value.data.data_ptr() == tensor.data_ptr():
                value.data = snapshot(tensor)
        return targets

    def _add_op(
        self,
        func: Any,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        inputs: list[tuple[str, TapeValue]],
        outputs: list[Tensor],
        touched: list[TapeValue],
        written: tuple[Tensor, ...],
        window: tuple[int, int],
    ) -> None:
        tape = self.tape
        for value in touched:
            value.was_modified = True
            if value.kind == "buffer":  # running statistics: bookkeeping, not part of the computation
                tape.add_value(value.tensor, "buffer", snapshot(value.tensor), name=value.name)
            elif all(value.tensor is not output for output in outputs):
                outputs = [*outputs, value.tensor]
        visible = [output for output in outputs if not is_bookkeeping(tape.find(output), name)]
        if not visible:
            return
        if not inputs and func is not None and not any(output.grad_fn is not None for output in visible):
            for output in visible:  # zeros(3), tensor([1, 2]): born here, a constant or a leaf
                kind: ValueKind = "input" if output.requires_grad else "constant"
                tape.add_value(output, kind, span=self.span)
            return
        op_id = len(tape.ops)
        by_object = {id(value.tensor): value for _, value in inputs}
        made = []
        for index, output in enumerate(visible):
            same = by_object.get(id(output))
            alias = same.id if same is not None and same.version == output._version else None
            value = tape.add_value(output, "intermediate", op=op_id, output_index=index, alias_of=alias)
            made.append(value.id)
        nodes = created_nodes(visible, tape.owner, *window)
        tape.owner.update(dict.fromkeys(nodes, op_id))
        op = TapeOp(
            id=op_id,
            name=name,
            qualname=qualified_name(func),
            func=func,
            args=args,
            kwargs=kwargs,
            inputs=tuple((path, value.id) for path, value in inputs),
            outputs=tuple(made),
            span=self.span,
            module=self._module,
            nodes=nodes,
            in_place=bool(written) or any(value.kind != "buffer" for value in touched),
            grad_enabled=torch.is_grad_enabled(),
        )
        tape.ops.append(op)
        tape.events.append(op)

    @contextmanager
    def inside(self, module: nn.Module) -> Iterator[None]:
        """Notes the nesting of modules by hooks on these instances (never the process-wide ones)."""

        def enter(path: tuple[str, ...]) -> Callable[..., None]:
            def hook(*_: Any) -> None:
                stack.append(self._module)
                self._module = path

            return hook

        def leave(*_: Any) -> None:
            self._module = stack.pop()

        stack: list[tuple[str, ...]] = []
        with ExitStack() as hooks:
            for name, submodule in module.named_modules():
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
) -> Trace:
    """Run `fn(*inputs)` once, then the backward pass from what it returned, and return what happened.

    `fn` is any callable over tensors, an `nn.Module` included. Tensors among `inputs` are used as they are; lists,
    tuples and dicts of tensors are allowed; where no input is a tensor, numbers become float32 leaves that require
    grad. `names` names the inputs (default: the parameters of `fn`). If `fn` calls `backward()` itself, that is
    recorded, and no further pass is run.

    `seed`: the first adjoint, of the output's shape (default ones). `passes`: how often to run `backward()`;
    `zero_grad`: clear every `.grad` between passes. `tangent`: forward mode, input name -> direction of its shape.
    `second`: take the gradient with respect to this input with `create_graph`, and differentiate that instead.
    The `.grad` of parameters and inputs is left as it was. Raises PlaygroundError where the backward pass cannot run;
    what `fn` itself raises is passed on.

    >>> trace = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)
    >>> trace["x1"].adjoint.item(), [op.name for op in trace.ops]
    (5.5, ['log', 'mul', 'add', 'sin', 'sub'])
    """
    arguments = inputs if any(True for _ in tensors_in(inputs)) else tuple(as_leaf(value) for value in inputs)
    input_names = name_inputs(fn, arguments, names)
    recorder = Recorder({id(t): n for n, t in input_names}, parameter_names(fn))
    for name, tensor in input_names:
        value = recorder.value_of(tensor)
        value.span = (spans or {}).get(name)
    token = _current.set(recorder)
    try:
        module = fn if isinstance(fn, nn.Module) else getattr(fn, "__self__", None)
        with torch.enable_grad(), ExitStack() as scope:
            if isinstance(module, nn.Module):
                scope.enter_context(recorder.inside(module))
            with recorder:
                result = fn(*arguments)
                outputs = [tensor for _, tensor in tensors_in([result])]
            recorder.span = None
            _backward(recorder, outputs, seed, passes, zero_grad, second, dict(input_names))
    finally:
        _current.reset(token)
    replay = Replay(recorder.tape)
    if tangent:
        replay.tangents({recorder.value_of(t).id: tangent[n] for n, t in input_names if n in tangent})
    return assemble(recorder.tape, text, replay.check)


def _backward(
    recorder: Recorder,
    outputs: list[Tensor],
    seed: Tensor | None,
    passes: int,
    zero_grad: bool,
    second: str | None,
    inputs: Mapping[str, Tensor],
) -> None:
    """The backward pass that the user's code left to us."""
    tape = recorder.tape
    tape.outputs = tuple(recorder.value_of(output).id for output in outputs)
    if recorder.engine.ran_backward:
        return
    roots = [output for output in outputs if output.requires_grad]
    if not roots:
        tape.notes.append(_no_gradient(recorder, outputs))
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
    except (RuntimeError, NotImplementedError, ValueError, TypeError) as error:
        raise PlaygroundError(f"PyTorch could not run the backward pass: {str(error).splitlines()[0]}") from error


def _no_gradient(recorder: Recorder, outputs: list[Tensor]) -> Note:
    if not outputs:
        return Note("no_gradient", "nothing was returned that a backward pass could start from")
    value = recorder.value_of(outputs[-1])
    return Note("no_gradient", "the output does not depend on any tensor that requires grad", value=value.id)


def snapshot(tensor: Tensor) -> Tensor:
    """A copy of the numbers as they are now, safe from later in-place writes."""
    return tensor.detach().clone()


def as_leaf(value: Any) -> Any:
    """A bare number becomes a float32 leaf that requires grad; everything else stays."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return torch.tensor(float(value), dtype=torch.float32, requires_grad=True)
    return value


def name_inputs(
    fn: Callable[..., Any], arguments: tuple[Any, ...], names: Sequence[str] | None
) -> list[tuple[str, Tensor]]:
    """Every input tensor with its name: given, or the parameter names of `fn`, or `input`."""
    given = list(names) if names is not None else _parameter_names_of(fn, len(arguments))
    found: dict[int, tuple[str, Tensor]] = {}
    for name, argument in zip(given, arguments, strict=True):
        for path, tensor in tensors_in(argument):
            found.setdefault(id(tensor), (f"{name}.{path}" if path else name, tensor))
    return list(found.values())


def _parameter_names_of(fn: Callable[..., Any], count: int) -> list[str]:
    target = fn.forward if isinstance(fn, nn.Module) else fn
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        parameters = []  # type: ignore[assignment]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names + [f"input{index}" for index in range(len(names), count)]


def parameter_names(fn: Callable[..., Any]) -> dict[int, str]:
    """id -> name of every parameter and buffer of a module, or of the module a bound method belongs to."""
    module = fn if isinstance(fn, nn.Module) else getattr(fn, "__self__", None)
    if not isinstance(module, nn.Module):
        return {}
    named = [*module.named_parameters(), *module.named_buffers()]
    return {id(tensor): name for name, tensor in named}


def is_bookkeeping(value: TapeValue | None, name: str) -> bool:
    """An in-place write to a buffer (BatchNorm's `num_batches_tracked.add_`)."""
    return value is not None and value.kind == "buffer" and name.endswith("_")


@lru_cache(maxsize=4096)
def call_name(func: Any) -> str:
    """The short name of a call: 'sin', 'mul', 'getitem', 'T'; reflected operators by their own name ('rsub')."""
    owner = getattr(func, "__self__", None)
    name = getattr(func, "__name__", type(func).__name__)
    if name == "__get__" and owner is not None:  # a property of Tensor: x.T, x.grad
        name = getattr(owner, "__name__", None) or owner.fget.__name__
    return str(name).strip("_") if str(name).startswith("__") else str(name)


@lru_cache(maxsize=4096)
def qualified_name(func: Any) -> str:
    """Where PyTorch has the function: 'torch.sin', 'torch.Tensor.mul', 'torch.nn.functional.linear'."""
    return str(resolve_name(func) or f"{getattr(func, '__module__', None) or 'torch'}.{call_name(func)}")


@lru_cache(maxsize=4096)
def _in_place_position(func: Any) -> int | None:
    """Where the function takes `inplace` among its positional arguments."""
    try:
        return list(inspect.signature(func).parameters).index("inplace")
    except (TypeError, ValueError):
        return None


def writes_in_place(func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether this call is going to overwrite one of its arguments."""
    raw = getattr(func, "__name__", "")
    if raw in ("__invert__", "__index__", "__int__"):
        return False
    if (
        name.endswith("_")
        or raw.startswith("__i")
        or raw in ("__setitem__", "__set__")
        or kwargs.get("out") is not None
    ):
        return True
    if kwargs.get("inplace"):
        return True
    if not any(argument is True for argument in args):
        return False
    position = _in_place_position(func)
    return position is not None and position < len(args) and args[position] is True
