"""Problems that keep a stack from being built: the layer that does not fit, why, and the repairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.errors import PlaygroundError, Repair
from playground.language.limits import spell
from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Mend, Misfit
from playground.layers.catalogue.spec import LayerSpec, Path, Shape, Stack, walk
from playground.layers.limits import LIMITS
from playground.layers.stack.parse import parse_stack
from playground.layers.stack.repairs import ALLOWED, shape_after, stride_of, with_stride
from playground.layers.stack.text import layer_text, to_text


@dataclass(frozen=True, slots=True)
class Problem:
    """The layer that does not fit: everything before it stays."""

    path: Path
    message: str
    hint: str
    repairs: tuple[Repair, ...]

    def error(self, text: str) -> PlaygroundError:
        """The same as the exception that a user sees."""
        return PlaygroundError(
            self.message, hint=self.hint, repair=self.repairs[0] if self.repairs else None, text=text
        )


class UnfitSetting(PlaygroundError):
    """A setting that is allowed in itself, and does not fit the stack or the other settings.

    The page marks `field` of a StackDocument where it stands.
    """

    def __init__(self, field: str, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class ProblemFound(Exception):
    """Ends the way through a stack at its first problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def check_sizes(stack: Stack) -> None:
    """Raise ProblemFound for more layers, or a larger input, than the limits allow."""
    everything = walk(stack.layers)
    if len(everything) > LIMITS.layers:
        path = everything[LIMITS.layers][0]
        hint = f"the limit is {LIMITS.layers} layers"
        raise ProblemFound(Problem(path, f"a stack of {len(everything)} layers", hint, ()))
    try:
        check_input(stack.input_shape)
    except UnfitSetting as error:
        raise ProblemFound(Problem((0,), error.message, error.hint, ())) from None


def check_input(shape: Shape, batch: int = 1) -> None:
    """Raise UnfitSetting for an input, or a batch of it, that is larger than the limits allow.

    Whoever makes a batch asks first: each of its sizes is within limits of its own, and their product may not be.
    """
    each = math.prod(shape)
    if not shape or any(size < 1 for size in shape) or len(shape) > 4 or each > LIMITS.input:
        message = f"an input of shape {shape_rules.text(shape)}"
        hint = f"one to four sizes of at least 1, at most {spell(LIMITS.input)} elements in all"
        raise UnfitSetting("input_shape", message, hint)
    if not 1 <= batch <= LIMITS.batch:
        raise UnfitSetting("batch", f"a batch of {spell(batch)}", f"from 1 to {LIMITS.batch} examples")
    if each * batch > LIMITS.activations:
        hint = f"the limit is {spell(LIMITS.activations)}; a batch of {max(1, LIMITS.activations // each)} fits"
        raise UnfitSetting("batch", f"a batch of {batch} has {spell(each * batch)} numbers", hint)


def misfit_problem(stack: Stack, path: Path, layer: LayerSpec, misfit: Misfit) -> Problem:
    """A layer that cannot take what comes in, with the repairs that its shape rule knows."""
    repairs = tuple(one for mend in misfit.mends for one in _repair(mend.label, _mended(stack, path, layer, mend)))
    message = f"{layer.kind} expects {misfit.expected}, and got {misfit.got}"
    return Problem(path, message, repairs[0].label if repairs else "", repairs)


def sum_problem(stack: Stack, path: Path, layer: LayerSpec, shape: Shape, out: Shape) -> Problem:
    """A Residual whose body does not keep the shape, with the windows or the last layer that would keep it."""
    message = (
        f"the body turns {shape_rules.text(shape)} into {shape_rules.text(out)}, which cannot be added to its input"
    )
    body, label = layer.branches[0], []
    if out[1:] != shape[1:] and len(out) == len(shape):
        body = with_stride(body, 1) or body
        out = shape_after(body, shape) or out
        label = ["set stride to 1 and padding to half of each kernel"]
    if len(out) != len(shape) or out[1:] != shape[1:] or len(shape) > 3:
        return Problem(path, message, f"the body of a Residual keeps the shape: {ALLOWED}", ())
    if out[0] != shape[0]:
        last = _giving(shape)
        body, label = (*body, last), [*label, f"end with {layer_text(last)}"]
    mended = stack.replace(path, replace(layer, branches=(body,)))
    repairs, hint = _repair(", ".join(label), mended), "the body of a Residual keeps the shape"
    return Problem(path, message, hint if repairs else f"{hint}: {ALLOWED}", repairs)


def join_problem(stack: Stack, path: Path, layer: LayerSpec, shape: Shape, outs: Sequence[Shape]) -> Problem:
    """Branches whose shapes differ beyond their first axis, with one stride that would make them alike."""
    message = f"branches of shapes {' and '.join(map(shape_rules.text, outs))} cannot be joined"
    repairs: list[Repair] = []
    for stride in sorted({stride_of(branch) for branch in layer.branches}):
        branches = [with_stride(branch, stride) for branch in layer.branches]
        alike = tuple(branch for branch in branches if branch is not None)
        shapes = [shape_after(branch, shape) for branch in alike]
        sizes = {None if out is None else out[1:] for out in shapes}
        if len(alike) == len(branches) and len(sizes) == 1 and None not in sizes:
            mended = stack.replace(path, replace(layer, branches=alike))
            label = f"set stride to {stride} in all branches and padding to half of each kernel"
            repairs += _repair(label, mended)
    hint = "branches are joined along their first axis: all the others have to agree"
    return Problem(path, message, hint if repairs else f"{hint}; {ALLOWED}", tuple(repairs))


def _repair(label: str, mended: Stack) -> tuple[Repair, ...]:
    """The repair, where what it writes can be read: a rule knows what would fit, not which sizes are too large."""
    text = to_text(mended.layers)
    try:
        parse_stack(text)
    except PlaygroundError:
        return ()
    return (Repair(label, text),)


def _mended(stack: Stack, path: Path, layer: LayerSpec, mend: Mend) -> Stack:
    if mend.first:
        return replace(stack, layers=(layer, *stack.remove(path).layers))
    for name, content in mend.set:
        layer = layer.with_arg(name, content)
    if mend.unpin:
        layer = layer.with_pin(mend.unpin, None)
    if mend.take:
        layer = replace(layer, kind=mend.take)
    stack = stack.replace(path, layer)
    return stack if mend.insert is None else stack.insert(path, mend.insert)


def _giving(shape: Shape) -> LayerSpec:
    """A layer that gives as many features or channels as the shape has, and keeps the other sizes."""
    if len(shape) == 1:
        return LayerSpec("Linear", (("out_features", shape[0]),))
    return LayerSpec("Conv1d" if len(shape) == 2 else "Conv2d", (("out_channels", shape[0]), ("kernel_size", 1)))
