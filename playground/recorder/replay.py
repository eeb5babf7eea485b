"""Running a recording again, in float64, with some values moved: what finite differences and forward mode need.

A replay repeats the recorded calls on the recorded inputs. Calls whose outputs need no gradient are not repeated: their
outputs are held constant, as the backward pass holds them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from playground.recorder.nodes import accumulates
from playground.recorder.tape import Tape, TapeOp, TapeValue
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

_make_dual: Callable[[Tensor, Tensor], Tensor] = forward_ad.make_dual  # their stubs have no types
_unpack_dual: Callable[[Tensor], Any] = forward_ad.unpack_dual


class Replay:
    """The differentiable part of a tape, to be run again."""

    def __init__(self, tape: Tape) -> None:
        self._values = tape.values
        self._tape = tape

    @cached_property
    def _ops(self) -> list[TapeOp]:
        return [op for op in self._tape.ops if op.func is not None and self._is_differentiable(op)]

    @cached_property
    def produced(self) -> set[int]:
        """The values that a replay computes."""
        return {index for op in self._ops for index in op.outputs}

    def _is_differentiable(self, op: TapeOp) -> bool:
        outputs = [self._values[index] for index in op.outputs]
        return any(v.node is not None and (v.alias_of is not None or not is_leaf(v)) for v in outputs)

    def obstacle(self) -> str:
        """The reason why this recording cannot be repeated; empty if it can."""
        if any(is_random(op) and not self._handed_on(op) for op in self._ops):
            return "a random call"
        if any(op.overwrites_others for op in self._ops):
            return "an in-place call on memory that other values share"
        if any(isinstance(event, TapeOp) and event.func is None for event in self._tape.events):
            return "a value computed out of sight"
        return ""

    def _handed_on(self, op: TapeOp) -> bool:
        return all(self._values[index].alias_of is not None for index in op.outputs)  # dropout in eval mode

    def work(self) -> float:
        """Elements that one replay reads and writes; four multiplications of a matrix product count as one."""
        return sum(work_of(op, self._values) for op in self._ops)

    def run(self, given: Mapping[int, Tensor], moved: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """Every value, with `given` in place of leaves and each of `moved` added where that value arises."""
        known: dict[int, Tensor] = {}

        def current(index: int) -> Tensor:
            if index not in known:
                value = self._values[index]
                tensor = given.get(index, value.data)
                known[index] = as_float64(tensor.clone() if value.kind == "buffer" else tensor)
                if index in moved:
                    known[index] = known[index] + moved[index]
            return known[index]

        for op in self._ops:
            by_path = dict(op.inputs)

            def fill(path: str, _: Tensor, by_path: dict[str, int] = by_path, copied: bool = op.in_place) -> Tensor:
                tensor = current(by_path[path])
                return tensor.clone() if copied else tensor

            args, kwargs = substitute(op.args, fill), substitute(op.kwargs, fill)
            result = repeat_call(op, args, kwargs)
            for index, output in zip(op.outputs, result, strict=False):
                known[index] = output + moved[index] if index in moved else output
        return {index: current(index) for index in sorted(known.keys() | given.keys() | moved.keys())}

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
                tangent = torch.as_tensor(direction, dtype=primal.dtype).broadcast_to(primal.shape).clone()
                given[index] = _make_dual(primal.clone(), tangent)
            for index, tensor in self.run(given, {}).items():
                value = self._values[index]
                tangent_ = _unpack_dual(tensor).tangent
                if tangent_ is None and value.data.is_floating_point():
                    tangent_ = torch.zeros_like(tensor)
                value.tangent = None if tangent_ is None else tangent_.detach().to(value.data.dtype)


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
    if op.name in _TO_REAL:
        return [args[0]]
    if op.name in _TO_COMPLEX:
        return [args[0].to(torch.complex128)]
    result = op.func(*_doubled(args), **_doubled(kwargs))
    outputs = [tensor for _, tensor in tensors_in(result)]
    return outputs or [args[0]]  # x[0] = y returns nothing: its output is the tensor it wrote to


def _doubled(obj: Any) -> Any:
    """float32 given as an argument (`dtype=`, `.to(...)`) becomes float64, so that the replay keeps its precision."""
    if isinstance(obj, torch.dtype):
        return _DOUBLES.get(obj, obj)
    if isinstance(obj, tuple | list) and not hasattr(obj, "_fields"):
        return type(obj)(_doubled(element) for element in obj)
    if isinstance(obj, dict):
        return {key: _doubled(element) for key, element in obj.items()}
    return obj
