"""`record`: run any PyTorch callable once, forward and backward, and keep what happened as a `Trace`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from playground.computing.device import in_words
from playground.errors import PlaygroundError, Span
from playground.recorder.assemble import assemble
from playground.recorder.differences import Differences
from playground.recorder.given import (
    as_tensors,
    refuse_endless,
    refuse_without_numbers,
    settle_sizes,
    tensors_within,
    uncompiled,
    unread,
)
from playground.recorder.home import bring_home
from playground.recorder.inputs import (
    as_leaf,
    modules_of,
    name_arguments,
    name_parameters,
    name_tensors,
    unregistered,
    variables_of,
)
from playground.recorder.modules import inside_modules
from playground.recorder.optimizer_step import fresh_arguments, output_after, parameters_of, take_step, versions_of
from playground.recorder.overwritten import OVERWRITTEN, overwritten
from playground.recorder.recorder import Recorder, at_work, current
from playground.recorder.replay import Replay
from playground.recorder.tape import ZeroGrad
from playground.recorder.value_names import value_names
from playground.trace.records import Note
from playground.trace.trace import Trace


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
    notes: Sequence[Note] = (),
    **keywords: Any,
) -> Trace:
    """Run `fn(*inputs, **keywords)` once, then the backward pass from what it returned, and return what happened.

    `fn` is any callable over tensors, an `nn.Module` included; of a compiled one, what it was made of. Tensors among
    the inputs are used as they are, also in lists, dicts, dataclasses and what else PyTorch's pytree knows; arrays of
    NumPy become leaves; where no input is a tensor, numbers become float32 leaves that require grad. What `fn` returns
    is looked into in the same way. `names` names the inputs (default: the parameters of `fn`). If `fn` calls
    `backward()` itself, that is recorded, and no further pass is run.

    `seed`: the first adjoint, of the output's shape (default ones). `passes`: how often to run `backward()` (0: only
    look at the graph it would take); `zero_grad`: clear every `.grad` between passes. `tangent`: forward mode, input
    name -> direction of its shape. `second`: take the gradient with respect to this input with `create_graph`, and
    differentiate that instead. `optimizer`: one `step()` of it comes next, and the first output once more after it;
    for that `fn` runs a second time. Model and optimizer are left as they were. `notes`: what the reader of `text` has
    to say, after the recorder's own notes.
    The `.grad` of parameters and inputs is left as it was. Raises PlaygroundError where the backward pass cannot run;
    what `fn` itself raises is passed on.

    >>> trace = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)
    >>> trace["x1"].adjoint.item(), [op.name for op in trace.ops]
    (5.5, ['log', 'mul', 'add', 'sin', 'sub'])
    """
    if current() is not None:
        raise PlaygroundError("a recording is already under way", hint="call record() outside of the recorded function")
    fn = uncompiled(fn)
    refuse_endless((inputs, keywords))
    arguments, by_name = as_tensors(inputs), as_tensors(keywords)
    if not tensors_within([arguments, by_name]):
        arguments = tuple(map(as_leaf, arguments))
        by_name = {name: as_leaf(content) for name, content in by_name.items()}
    optimized = [] if optimizer is None else parameters_of(optimizer)
    again = fresh_arguments((arguments, by_name), optimized) if optimized else ((), {})
    named = [*name_arguments(fn, arguments, names), *by_name.items()]
    tensors = name_tensors(named)
    around = variables_of(fn)
    modules = modules_of(fn, around | dict(named))
    around |= (held := unregistered(modules))
    modules |= {name: content for name, content in held.items() if isinstance(content, nn.Module)}
    settle_sizes(modules.values(), lambda: fn(*arguments, **by_name))
    versions = versions_of(optimized)
    recorder = Recorder(
        {id(tensor): name for name, tensor in tensors},
        name_parameters(modules),
        {id(tensor): name for name, tensor in around.items() if isinstance(tensor, Tensor)},
    )
    for name in sorted({*(tangent or {}), *([] if second is None else [second])} - dict(tensors).keys()):
        hint = f"the inputs are {', '.join(name for name, _ in tensors) or 'none'}"
        raise PlaygroundError(f"there is no input `{name}` to differentiate by", hint=hint)
    leaves = {name: recorder.value_of(tensor) for name, tensor in tensors}
    for name, value in leaves.items():
        value.span = (spans or {}).get(name)
    with at_work(recorder), torch.enable_grad(), ExitStack() as scope:
        for name, module in modules.items():
            scope.enter_context(inside_modules(recorder, name, module))
        with recorder.watching():
            result = fn(*arguments, **by_name)
        outputs = [tensor for _, tensor in tensors_within(result)]
        recorder.span = None
        refuse_without_numbers(value.tensor for value in recorder.tape.values)

        def step() -> None:
            if optimizer is not None:
                take_step(optimizer, recorder.tape, versions)

        try:
            _backward(recorder, outputs, seed, passes, zero_grad, second, dict(tensors), step, unread(result))
        except PlaygroundError as error:
            raise (overwritten(recorder.tape, text) if OVERWRITTEN in error.message else None) or error from error
        recorder.engine.memory.finish()
    if outputs and recorder.tape.update is not None:
        place = next((index for index, output in enumerate(outputs) if output.requires_grad), 0)
        buffers = [buffer for module in modules.values() for buffer in module.buffers()]
        value = recorder.value_of(outputs[place])
        output_after(recorder.tape, value.id, place, lambda: fn(*again[0], **again[1]), buffers)
    bring_home(recorder.tape)
    replay = Replay(recorder.tape)
    if tangent:
        replay.tangents({leaves[name].id: direction for name, direction in tangent.items() if name in leaves})
    where = in_words(recorder.tape.device)
    recorder.tape.notes += [*_stored_hooks(recorder), *([Note("device", where)] if where else []), *notes]
    return assemble(recorder.tape, text, Differences(recorder.tape, replay))


def _stored_hooks(recorder: Recorder) -> list[Note]:
    """A word on leaves whose `.grad` a hook may change after it was stored, out of sight of the recorder."""
    hooked = [
        v for v in recorder.tape.values if v.op is None and getattr(v.tensor, "_post_accumulate_grad_hooks", None)
    ]
    names = value_names(recorder.tape) if hooked else []
    message = "a hook runs after {}.grad is stored, and may change it: that is not shown"
    return [Note("external", message.format(names[value.id]), value=value.id) for value in hooked]


def _backward(
    recorder: Recorder,
    outputs: list[Tensor],
    seed: Tensor | None,
    passes: int,
    zero_grad: bool,
    second: str | None,
    inputs: Mapping[str, Tensor],
    step: Callable[[], None],
    returned: str,
) -> None:
    """The backward pass that the user's code left to us, and the optimizer's `step` while the gradients are there."""
    tape = recorder.tape
    tape.outputs = tuple(recorder.value_of(output).id for output in outputs)
    if recorder.engine.ran_backward:
        return step()
    roots = [output for output in outputs if output.requires_grad]
    if not roots:
        tape.notes.append(_no_gradient(recorder, outputs, returned))
        return
    if passes == 0:
        recorder.engine.look(recorder, roots)
        return
    if seed is None and (len(roots) > 1 or roots[0].numel() != 1):
        message = "not a scalar: the backward pass starts from ones, which gives the gradient of the sum"
        tape.notes.append(Note("seed", message, value=recorder.value_of(roots[0]).id))
    try:
        given = None if seed is None else seed.clone()  # a leaf may take it over, and later passes add to it
        seeds = [torch.ones_like(root) if given is None else given for root in roots]
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
                seeds = [s if index == 0 or s is given else torch.ones_like(s) for s in seeds]  # as `y.backward()` has
                recorder.engine.implicit(recorder, roots, seeds, retain_graph=index + 1 < passes)
            step()
    except (RuntimeError, NotImplementedError, ValueError, TypeError) as error:
        message = str(error).splitlines()[0]
        again = "second time" in message
        hint = "a backward pass inside the function is recorded where it is written y.backward()" if again else ""
        raise PlaygroundError(f"PyTorch could not run the backward pass: {message}", hint=hint) from error


def _no_gradient(recorder: Recorder, outputs: list[Tensor], returned: str) -> Note:
    if returned and not outputs:
        instead = "return tensors, or lists, dicts or dataclasses of them"
        return Note("no_gradient", f"a {returned} was returned, which is not looked into: {instead}")
    if not outputs:
        return Note("no_gradient", "nothing was returned that a backward pass could start from")
    value = recorder.value_of(outputs[-1])
    return Note("no_gradient", "the output does not depend on any tensor that requires grad", value=value.id)
