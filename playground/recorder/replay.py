"""Running a recording again, in float64, with some values moved: what finite differences and forward mode need.

A replay repeats the recorded calls on the recorded inputs. Calls whose outputs need no gradient are not repeated: their
outputs are held constant, as the backward pass holds them. A gradient that the recording computes with is computed
again, by differentiating what led to it (`torch.func.vjp`), so that it moves with everything else.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from playground.computing.device import CPU, KINDS
from playground.recorder.nodes import accumulates
from playground.recorder.recorded_gradients import (
    GradientStep,
    LeafGradientStep,
    RunOrder,
    RunStep,
    hands_on,
    outputs_of,
    parts_of,
)
from playground.recorder.tape import Tape, TapeOp, TapePass, TapeValue
from playground.recorder.tensor_paths import substitute, tensors_in
from playground.trace.records import Note

# Calls that draw random numbers: a second run would differ from the first.
_RANDOM = frozenset(
    {
        *("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"),
        *("feature_dropout", "native_dropout", "rrelu", "bernoulli", "multinomial", "normal", "poisson"),
        *("rand_like", "randn_like", "randint_like", "uniform_", "normal_", "exponential_", "bernoulli_", "random_"),
        *("gumbel_softmax", "fractional_max_pool2d", "fractional_max_pool3d"),
        *("fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices"),
    }
)
# Calls that convert; a replay stays in double precision.
_TO_REAL = frozenset({"float", "half", "bfloat16", "double"})
_TO_COMPLEX = frozenset({"cfloat", "chalf", "cdouble"})
# Calls that move; a replay stays on the CPU, to which the numbers were brought.
_TO_DEVICE = frozenset(KINDS)
_DOUBLES = {
    **dict.fromkeys((torch.float32, torch.float16, torch.bfloat16), torch.float64),
    **dict.fromkeys((torch.complex64, torch.complex32), torch.complex128),
}

# Calls that multiply matrices: their work grows faster than the sizes of what they read and write.
_CONTRACTIONS = frozenset(
    {
        *(
            "linear",
            "bilinear",
            "matmul",
            "rmatmul",
            "mm",
            "bmm",
            "mv",
            "dot",
            "einsum",
            "tensordot",
            "addmm",
            "baddbmm",
        ),
        *("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
        *("multi_head_attention_forward", "scaled_dot_product_attention", "lstm", "gru", "rnn_tanh", "rnn_relu"),
    }
)

SAME = 1e-2  # relative difference between a recorded gradient and the same in double precision
MOST_WORK = (
    80_000_000  # of a replay that only compares gradients, in elements read or written: about a fifth of a second
)

_make_dual: Callable[[Tensor, Tensor], Tensor] = forward_ad.make_dual  # their stubs have no types
_unpack_dual: Callable[[Tensor], Any] = forward_ad.unpack_dual


@dataclass(frozen=True)
class Masks:
    """Elements that some calls read as zeros."""

    ops: frozenset[int]
    finite: Mapping[int, Tensor]  # value -> where it is kept


NO_MASKS = Masks(frozenset(), {})


class Replay:
    """The differentiable part of a tape, to be run again."""

    def __init__(self, tape: Tape) -> None:
        self._values = tape.values
        self._tape = tape

    @cached_property
    def steps(self) -> list[RunStep]:
        """The calls, and the passes whose gradients are computed with, in order."""
        return RunOrder(self._tape).steps

    @cached_property
    def produced(self) -> set[int]:
        """The values that a replay computes."""
        return {index for step in self.steps for index in outputs_of(step)}

    @cached_property
    def gradients(self) -> list[GradientStep | LeafGradientStep]:
        """The steps that differentiate."""
        return [step for step in self.steps if not isinstance(step, TapeOp)]

    def inside_gradients(self) -> set[int]:
        """The computed values whose adjoint is not the derivative by that value alone, once a gradient is used again.

        What lies on the way of a gradient is saved by its calls before it could be moved (`exp` saves its result), and
        a gradient can be what the engine computed another one from. A root of the last pass has its seed.
        """
        passes = [event for event in self._tape.events if isinstance(event, TapePass)]
        steps = [part for step in self.gradients for part in parts_of(step)]
        found = {index for step in steps for inner in step.path for index in outputs_of(inner)}
        results = {index for step in self.gradients for index in outputs_of(step)}
        engines = {index for op in self._tape.ops if op.func is None for _, index in op.inputs}
        return found | (results & (engines | set(passes[-1].roots)))

    def obstacle(self) -> str:
        """The reason why this recording cannot be repeated; empty if it can."""
        calls = [step for step in self.steps if isinstance(step, TapeOp)]
        if any(is_random(op) and not self._handed_on(op) for op in calls):
            return "a random call"
        if any(op.overwrites_others for op in calls):
            return "an in-place call on memory that other values share"
        for event in self._tape.events:
            if isinstance(event, TapeOp) and event.func is None and not hands_on(event):
                return f"{event.name} (a custom Function, vmap or a checkpoint, whose calls are not recorded)"
        return self._gradient_obstacle

    @cached_property
    def _gradient_obstacle(self) -> str:
        """A recorded gradient that a second run does not come to again: a hook changes it, or its call has no rule."""
        if not self.gradients:
            return ""
        if self.work() > MOST_WORK:
            return "its size"
        results = [index for step in self.gradients for index in outputs_of(step)]
        try:
            with torch.no_grad():
                again = self.run({}, {})
        except (RuntimeError, NotImplementedError, TypeError, ValueError) as error:
            return f"a gradient that cannot be computed again ({str(error).splitlines()[0]})"
        if all(_is_same(self._values[index].data, again[index]) for index in results):
            return ""
        return "a gradient that comes out otherwise the second time (a hook on it, or an in-place call)"

    def _handed_on(self, op: TapeOp) -> bool:
        return all(self._values[index].alias_of is not None for index in op.outputs)  # dropout in eval mode

    def work(self) -> float:
        """Elements that one replay reads and writes; four multiplications of a matrix product count as one."""
        return sum(self._work_of_step(step) for step in self.steps)

    def _work_of_step(self, step: RunStep) -> float:
        if isinstance(step, TapeOp):
            return work_of(step, self._values)
        if isinstance(step, LeafGradientStep):
            return sum(map(self._work_of_step, step.passes))
        return 3 * sum(map(self._work_of_step, step.path))  # forwards, and twice as much backwards

    def run(
        self,
        given: Mapping[int, Tensor],
        moved: Mapping[int, Tensor],
        also: Iterable[int] = (),
        masks: Masks = NO_MASKS,
    ) -> dict[int, Tensor]:
        """Every value, with `given` in place of leaves and each of `moved` added where that value arises.

        Leaves are among them where a call reads them, or `also` names them.
        """
        frame = Frame(self._values, given, moved, masks=masks)
        for step in self.steps:
            frame.execute(step)
        wanted = sorted(frame.known.keys() | given.keys() | moved.keys() | set(also))
        return {index: frame.value(index) for index in wanted}

    def tangents(self, directions: Mapping[int, Any]) -> None:
        """Forward mode: one pass with dual numbers; every value's tangent goes onto the tape. Runs in float64."""
        if obstacle := self.obstacle():
            message = f"forward mode runs the calls a second time, which {obstacle} does not allow"
            self._tape.notes.append(Note("no_tangent", message))
            return
        _load_forward_mode()
        try:
            self._run_dual(directions)
        except (NotImplementedError, RuntimeError) as error:
            message = f"PyTorch has no forward mode for this: {str(error).splitlines()[0]}"
            self._tape.notes.append(Note("no_tangent", message))

    def _run_dual(self, directions: Mapping[int, Any]) -> None:
        with torch.no_grad(), forward_ad.dual_level():
            given = {}
            for index, direction in directions.items():
                primal = as_float64(self._values[index].data)
                tangent = torch.as_tensor(direction, dtype=primal.dtype, device=CPU).broadcast_to(primal.shape).clone()
                given[index] = _make_dual(primal.clone(), tangent)
            for index, tensor in self.run(given, {}).items():
                value = self._values[index]
                tangent_ = _unpack_dual(tensor).tangent
                if tangent_ is None and value.data.is_floating_point():
                    tangent_ = torch.zeros_like(tensor)
                value.tangent = None if tangent_ is None else tangent_.detach().to(value.data.dtype)


class Frame:
    """The values of one run; a run inside it (a gradient's) recomputes some of them and reads the others."""

    def __init__(
        self,
        values: Sequence[TapeValue],
        given: Mapping[int, Tensor],
        moved: Mapping[int, Tensor],
        outer: Frame | None = None,
        masks: Masks = NO_MASKS,
    ) -> None:
        self.known: dict[int, Tensor] = {}
        self._values = values
        self._given = given
        self._moved = moved
        self._outer = outer
        self._masks = masks

    def value(self, index: int) -> Tensor:
        """A value as it is in this run."""
        found = self.known.get(index)
        if found is None:
            value = self._values[index]
            outer = self._outer
            found = as_float64(self._given.get(index, value.data)) if outer is None else outer.value(index)
            if value.kind == "buffer":
                found = found.clone()
            if index in self._moved:
                found = found + self._moved[index]
            self.known[index] = found
        return found

    def execute(self, step: RunStep) -> None:
        """Do one step, and keep what it makes."""
        if isinstance(step, TapeOp):
            self._call(step)
        elif isinstance(step, GradientStep):
            gradients = self._gradients(step)
            for result, source in step.results.items():
                self._keep(result, gradients[source])
        else:
            added = torch.stack([self._gradients(one)[step.source] for one in step.passes]).sum(0)
            self._keep(step.result, added if step.constant is None else added + as_float64(step.constant))

    def _hand_on(self, op: TapeOp) -> None:
        by_edge = {(self._values[i].node, self._values[i].output_nr): i for _, i in op.inputs}
        for index in op.outputs:
            node = self._values[index].node
            source = None if node is None else by_edge.get(node.next_functions[self._values[index].output_nr])
            if source is not None:
                self._keep(index, self.value(source))

    def _call(self, op: TapeOp) -> None:
        if op.func is None:
            return self._hand_on(op)
        by_path = dict(op.inputs)

        def fill(path: str, _: Tensor) -> Tensor:
            index = by_path[path]
            tensor = self.value(index)
            if op.id in self._masks.ops and index in self._masks.finite:
                tensor = torch.where(self._masks.finite[index], tensor, 0)
            return tensor.clone() if op.in_place else tensor

        result = repeat_call(op, substitute(op.args, fill), substitute(op.kwargs, fill))
        for index, output in zip(op.outputs, result, strict=False):
            self._keep(index, output)

    def _gradients(self, step: GradientStep) -> dict[int, Tensor]:
        """The gradients of one pass by its sources, computed by running what lies between once more."""
        roots = step.watched.roots

        def ahead(*displacements: Tensor) -> tuple[Tensor, ...]:
            inner = Frame(self._values, {}, dict(zip(step.sources, displacements, strict=True)), self)
            for inner_step in step.path:
                inner.execute(inner_step)
            return tuple([inner.value(root) for root in roots])

        starts = [
            torch.full_like(self.value(source), -0.0) for source in step.sources
        ]  # what + leaves every x as it is
        outputs, pull_back = torch.func.vjp(ahead, *starts)[:2]
        given = step.watched.seed_values or (None,) * len(roots)
        seeds = [
            (as_float64(seed) if index is None else self.value(index)).expand_as(output).to(output.dtype)
            for index, seed, output in zip(given, step.watched.seeds, outputs, strict=True)
        ]
        return dict(zip(step.sources, pull_back(tuple(seeds)), strict=True))

    def _keep(self, index: int, tensor: Tensor) -> None:
        frame: Frame | None = self
        while frame is not None:  # what an outer run moves is moved here, too
            if index in frame._moved:
                tensor = tensor + frame._moved[index]
            frame = frame._outer
        self.known[index] = tensor


def _is_same(recorded: Tensor, again: Tensor) -> bool:
    """Tell whether two computations of one value agree, the first in its own precision."""
    recorded = as_float64(recorded)
    size = float(recorded.abs().nan_to_num(0, 0, 0).max()) if recorded.numel() else 0.0
    return torch.allclose(recorded, again, rtol=SAME, atol=SAME * max(size, 1e-30), equal_nan=True)


@lru_cache(maxsize=1)
def _load_forward_mode() -> None:
    """PyTorch loads these when they are first needed, and then warns of a deprecated function that it calls itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_module("torch._decomp.decompositions_for_jvp")


def is_leaf(value: TapeValue) -> bool:
    return value.node is not None and accumulates(value.node)


def work_of(op: TapeOp, values: Sequence[TapeValue]) -> float:
    """Elements that one call reads and writes, and a quarter of the multiplications of a matrix product."""
    sizes = [values[index].data.numel() for _, index in op.inputs]
    sizes += [values[index].data.numel() for index in op.outputs]
    if op.name not in _CONTRACTIONS:
        return sum(sizes)
    return sum(sizes) + math.sqrt(math.prod(sorted(sizes)[-3:]))  # exact/4 for 3 x 3 kernels, a bound for matrices


def is_random(op: TapeOp) -> bool:
    """Tell whether the call draws random numbers, so that a second one would differ from the first."""
    if op.name == "scaled_dot_product_attention":
        return bool(op.kwargs.get("dropout_p") or (*op.args, 0, 0)[4])
    if op.name == "multi_head_attention_forward":
        return bool(op.kwargs.get("training", True) and (*op.args, *(0,) * 11)[10])
    if op.name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
        dropout, train = next(pair for pair in zip(op.args, op.args[1:], strict=False) if isinstance(pair[0], float))
        return bool(dropout and train)
    return op.name in _RANDOM


def as_float64(tensor: Tensor) -> Tensor:
    """The same numbers in double precision; integers and bools stay."""
    return tensor.to(_DOUBLES.get(tensor.dtype, tensor.dtype))


def repeat_call(op: TapeOp, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """Repeat one call in double precision; the outputs that were recorded."""
    assert op.func is not None  # only the user's own calls are replayed
    if op.name in _TO_REAL | _TO_DEVICE:
        return [args[0]]
    if op.name in _TO_COMPLEX:
        return [args[0].to(torch.complex128)]
    if op.name == "to" and len(args) > 1 and isinstance(args[1], str):
        args = (args[0], CPU, *args[2:])
    result = op.func(*_doubled(args), **_doubled(kwargs))
    outputs = [tensor for _, tensor in tensors_in(result)]
    return outputs or [args[0]]  # x[0] = y returns nothing: its output is the tensor it wrote to


def _doubled(obj: Any) -> Any:
    """float32 given as an argument (`dtype=`, `.to(...)`) becomes float64, so that the replay keeps its precision; a
    device becomes the CPU."""
    if isinstance(obj, torch.dtype):
        return _DOUBLES.get(obj, obj)
    if isinstance(obj, torch.device):
        return CPU
    if isinstance(obj, tuple | list) and not hasattr(obj, "_fields"):
        return type(obj)(_doubled(element) for element in obj)
    if isinstance(obj, dict):
        return {key: CPU if key == "device" and element else _doubled(element) for key, element in obj.items()}
    return obj
