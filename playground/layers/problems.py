"""What keeps a stack from being built: the layer that does not fit, why, and the repairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.errors import PlaygroundError, Repair
from playground.language.limits import spell
from playground.layers import rules
from playground.layers.kind import Mend, Misfit
from playground.layers.limits import LIMITS
from playground.layers.spec import LayerSpec, Path, Shape, Stack, walk
from playground.layers.text import to_text


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


class Found(Exception):
    """Ends the way through a stack at its first problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def check_sizes(stack: Stack) -> None:
    """Raise Found for more layers, or a larger input, than the limits allow."""
    everything = walk(stack.layers)
    if len(everything) > LIMITS.layers:
        path = everything[LIMITS.layers][0]
        raise Found(Problem(path, f"a stack of {len(everything)} layers", f"the limit is {LIMITS.layers} layers", ()))
    shape = stack.input_shape
    if not shape or any(size < 1 for size in shape) or len(shape) > 4 or math.prod(shape) > LIMITS.input:
        message = f"an input of shape {rules.text(shape)}"
        hint = f"one to four sizes of at least 1, at most {spell(LIMITS.input)} elements in all"
        raise Found(Problem((0,), message, hint, ()))


def misfit_problem(stack: Stack, path: Path, layer: LayerSpec, misfit: Misfit) -> Problem:
    """A layer that cannot take what comes in, with the repairs that its shape rule knows."""
    repairs = tuple(Repair(mend.label, to_text(_mended(stack, path, layer, mend).layers)) for mend in misfit.mends)
    message = f"{layer.kind} expects {misfit.expected}, and got {misfit.got}"
    return Problem(path, message, repairs[0].label if repairs else "", repairs)


def sum_problem(stack: Stack, path: Path, layer: LayerSpec, shape: Shape, out: Shape) -> Problem:
    """A Residual whose body does not keep the shape, with the layer that would end it well."""
    message = f"the body turns {rules.text(shape)} into {rules.text(out)}, which cannot be added to its input"
    repairs = []
    if len(out) == len(shape) == 3 and out[1:] == shape[1:]:
        mended = stack.insert((*path, 0, len(layer.branches[0])), _conv1x1(shape[0]))
        repairs.append(Repair(f"end with Conv2d({shape[0]}, 1)", to_text(mended.layers)))
    elif len(out) == len(shape) == 1:
        mended = stack.insert((*path, 0, len(layer.branches[0])), _linear(shape[0]))
        repairs.append(Repair(f"end with Linear({shape[0]})", to_text(mended.layers)))
    return Problem(path, message, "the body of a Residual keeps the shape", tuple(repairs))


def join_problem(path: Path, outs: Sequence[Shape]) -> Problem:
    """Branches whose shapes differ beyond their first axis."""
    shapes = " and ".join(map(rules.text, outs))
    hint = "branches are joined along their first axis: all the others have to agree"
    return Problem(path, f"branches of shapes {shapes} cannot be joined", hint, ())


def _mended(stack: Stack, path: Path, layer: LayerSpec, mend: Mend) -> Stack:
    for name, content in mend.set:
        layer = layer.with_arg(name, content)
    if mend.unpin:
        layer = layer.with_pin(mend.unpin, None)
    if mend.take:
        layer = replace(layer, kind=mend.take)
    stack = stack.replace(path, layer)
    return stack if mend.insert is None else stack.insert(path, mend.insert)


def _conv1x1(channels: int) -> LayerSpec:
    return LayerSpec("Conv2d", (("out_channels", channels), ("kernel_size", 1)))


def _linear(features: int) -> LayerSpec:
    return LayerSpec("Linear", (("out_features", features),))
