"""Running a recording again, in float64, with some values moved: finite differences and forward mode.

A replay repeats the recorded calls on the recorded inputs. Calls whose outputs need no gradient are not repeated: their
outputs are held constant, as the backward pass holds them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from playground.trace.records import DifferenceCheck, Note
from playground.trace.tape import Tape, TapeOp, TapePass, TapeValue, node_name, reachable, substitute, tensors_in
from playground.trace.trace import Trace

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
_DOWNCASTS = frozenset({"float", "half", "bfloat16", "double"})
_FLOATING = (torch.float32, torch.float16, torch.bfloat16)

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

ELEMENTS_IN_FULL = 128  # above this many elements in all, values are checked along one direction each
BUDGET = 400_000_000  # work of all the replays of one check, in elements read or written: about a second
BATCH = 5_000_000  # numbers held at once by replays that run together
RELATIVE_STEP = 1e-3
SMALLEST_SCALE = 1e-2
KINK = 1e-3  # one-sided differences further apart than this, relatively, mean a kink


_make_dual: Callable[[Tensor, Tensor], Tensor] = forward_ad.make_dual  # their stubs have no types
_unpack_dual: Callable[[Tensor], Any] = forward_ad.unpack_dual

Objective = Callable[[dict[int, Tensor]], Tensor]  # displacements by value id -> a scalar in float64


class Replay:
    """The differentiable part of a tape, to be run again."""

    def __init__(self, tape: Tape) -> None:
        self._values = tape.values
        self._tape = tape
        self._passes = [event for event in tape.events if isinstance(event, TapePass)]
        self._ops = [op for op in tape.ops if op.func is not None and self._is_differentiable(op)]
        self._produced = {index for op in self._ops for index in op.outputs}

    def _is_differentiable(self, op: TapeOp) -> bool:
        outputs = [self._values[index] for index in op.outputs]
        return any(v.node is not None and (v.alias_of is not None or not _is_leaf(v)) for v in outputs)

    def obstacle(self) -> str:
        """Why this recording cannot be repeated; empty if it can."""
        if any(_is_random(op) and not self._handed_on(op) for op in self._ops):
            return "a random call"
        if any(op.overwrites_others for op in self._ops):
            return "an in-place call on memory that other values share"
        if any(isinstance(event, TapeOp) and event.func is None for event in self._tape.events):
            return "a value computed out of sight"
        return ""

    def _handed_on(self, op: TapeOp) -> bool:
        return all(self._values[index].alias_of is not None for index in op.outputs)  # dropout in eval mode

    def missing(self) -> str:
        """Why gradients that were computed are not checked by finite differences; empty if they are."""
        if not self._passes:
            return ""
        if obstacle := self.obstacle():
            return f"{obstacle} does not allow a second run"
        if any(value.tensor._backward_hooks for value in self._values if value.node is not None):
            return "a hook on a tensor may change its gradient"
        if not self._can_be_objective():
            return "the last backward pass started from neither a value nor a first derivative"
        if 5 * self._work() > BUDGET:
            return "a second run in float64 would take too long"
        return ""

    def _work(self) -> float:
        """Elements that one replay reads and writes; four multiplications of a matrix product count as one."""
        work = 0.0
        for op in self._ops:
            sizes = [self._values[index].data.numel() for _, index in op.inputs]
            sizes += [self._values[index].data.numel() for index in op.outputs]
            work += sum(sizes)
            if op.name in _CONTRACTIONS:
                work += math.sqrt(math.prod(sorted(sizes)[-3:]))  # exact/4 for 3 x 3 kernels, a bound for matrices
        return work

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
            result = _call(op, args, kwargs)
            for index, output in zip(op.outputs, result, strict=False):
                known[index] = output + moved[index] if index in moved else output
        return {index: current(index) for index in sorted(known.keys() | given.keys() | moved.keys())}

    def tangents(self, directions: Mapping[int, Any]) -> None:
        """Forward mode: one pass with dual numbers; every value's tangent goes onto the tape. Runs in float64."""
        if obstacle := self.obstacle():
            message = f"forward mode runs the calls a second time, which {obstacle} does not allow"
            self._tape.notes.append(Note("no_tangent", message))
            return
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

    def check(self, _: Trace) -> tuple[DifferenceCheck, ...]:
        """Central differences with two step sizes (Richardson), against the adjoints of the last pass."""
        if not self._passes or self.missing():
            return ()
        try:
            with torch.no_grad():
                return self._differences(*self._plan(self._targets()), self._objective())
        except (RuntimeError, NotImplementedError, TypeError, ValueError):  # float64 or a copy is refused
            return ()

    def _targets(self) -> list[TapeValue]:
        """The values whose adjoint is the derivative of what the last pass started from, and can be moved."""
        last = len(self._passes) - 1
        before = [v.node for v in self._values if v.node is not None and v.op is None and not _is_leaf(v)]
        outside = set(reachable(before, self._tape.edges)).difference(before)
        return [
            value
            for value in self._values
            if value.adjoint is not None and value.reached == last and value.alias_of is None
            if value.data.is_floating_point() and value.node not in outside
            if value.op is None or _is_leaf(value) or (value.id in self._produced and not self._is_second_order())
        ]

    def _is_second_order(self) -> bool:
        return len(self._passes) > 1 and all(root in self._passes[-2].results for root in self._passes[-1].roots)

    def _can_be_objective(self) -> bool:
        if self._is_second_order():
            return all(root in self._produced for root in self._passes[-2].roots)
        return all(root in self._produced or self._values[root].op is None for root in self._passes[-1].roots)

    def _objective(self) -> Objective:
        """What the last pass differentiated, as a function of displacements: sum of seed * root."""
        last = self._passes[-1]
        if not self._is_second_order():
            return partial(self._weighted_sum, dict(zip(last.roots, last.seeds, strict=True)))
        first = self._passes[-2]  # the roots are gradients that this pass computed: differentiate its objective again
        inner = partial(self._weighted_sum, dict(zip(first.roots, first.seeds, strict=True)))

        def gradients(moved: dict[int, Tensor]) -> Tensor:
            total = torch.zeros((), dtype=torch.float64)
            for root, seed in zip(last.roots, last.seeds, strict=True):
                source = first.results[root]

                def along(displacement: Tensor, source: int = source) -> Tensor:
                    return inner({**moved, source: displacement})

                start = moved.get(source, torch.zeros(self._values[source].data.shape, dtype=torch.float64))
                total = total + (torch.func.grad(along)(start) * as_float64(seed)).sum()
            return total

        return gradients

    def _weighted_sum(self, weights: Mapping[int, Tensor], moved: dict[int, Tensor]) -> Tensor:
        values = self.run({}, moved)
        return torch.stack([(values[i] * as_float64(weight)).sum().real for i, weight in weights.items()]).sum()

    def _plan(self, targets: list[TapeValue]) -> tuple[list[TapeValue], bool]:
        """The most thorough check that the budget allows: every element, each value, each leaf, one leaf."""
        work = self._work() + 1
        leaves = [value for value in targets if value.id not in self._produced]
        elements = sum(value.data.numel() for value in targets)
        if elements <= ELEMENTS_IN_FULL and 4 * elements * work <= BUDGET:
            return targets, True
        for some in (targets, leaves):
            if some and 4 * len(some) * work <= BUDGET:
                return some, False
        return leaves[:1], False

    def _differences(
        self, targets: list[TapeValue], in_full: bool, objective: Objective
    ) -> tuple[DifferenceCheck, ...]:
        probes = [probe for value in targets for probe in _probes(value, in_full)]
        if not probes:
            return ()
        steps = [fraction * probe.step for probe in probes for fraction in (1.0, -1.0, 0.5, -0.5)]
        rows = {v.id: v.data.new_zeros(len(steps) + 1, *v.data.shape, dtype=torch.float64) for v in targets}
        for index, step in enumerate(steps):
            probe = probes[index // 4]
            rows[probe.value.id][index] = probe.direction * step
        results = self._evaluate(objective, rows)
        at_rest = results[-1]
        if not self._is_second_order() and not self._repeats(at_rest):
            return ()
        return tuple(
            _difference(probe, results[4 * index : 4 * index + 4], at_rest) for index, probe in enumerate(probes)
        )

    def _repeats(self, at_rest: float) -> bool:
        """Whether a replay comes to what was recorded; if not, something in it was random after all."""
        last = self._passes[-1]
        terms = [self._values[root].data * seed for root, seed in zip(last.roots, last.seeds, strict=True)]
        recorded = sum(float(term.to(torch.complex128).real.sum()) for term in terms)
        size = sum(float(term.abs().sum()) for term in terms)
        return not abs(at_rest - recorded) > 1e-2 * size + 1e-6  # NaN is no difference: it is noted as such

    def _evaluate(self, objective: Objective, rows: dict[int, Tensor]) -> list[float]:
        """The objective for every row of displacements: at once under vmap, else one by one."""
        count = next(iter(rows.values())).shape[0]
        try:
            if count * sum(value.data.numel() for value in self._values) <= BATCH:
                return [float(x) for x in torch.vmap(objective)(rows).tolist()]
        except (RuntimeError, ValueError, NotImplementedError):  # some calls have no batching rule
            pass
        return [float(objective({index: row[k] for index, row in rows.items()})) for k in range(count)]


class _Probe:
    """One direction in which one value is moved."""

    def __init__(self, value: TapeValue, index: tuple[int, ...] | None, direction: Tensor, scale: float) -> None:
        self.value = value
        self.index = index
        self.direction = direction
        self.step = RELATIVE_STEP * max(scale, SMALLEST_SCALE)

    @property
    def gradient(self) -> float:
        adjoint = self.value.adjoint
        assert adjoint is not None  # only values that a pass reached are probed
        return float((adjoint.to(torch.float64) * self.direction).sum())


def _probes(value: TapeValue, in_full: bool) -> list[_Probe]:
    numbers = value.data.to(torch.float64)
    if in_full:
        count = numbers.numel()
        flat = torch.eye(count, dtype=torch.float64, device=numbers.device).reshape(count, *numbers.shape)
        indices = [tuple(index) for index in torch.ones_like(numbers, dtype=torch.bool).nonzero().tolist()]
        return [
            _Probe(value, index, direction, abs(float(numbers[index])))
            for index, direction in zip(indices, flat, strict=True)
        ]
    generator = torch.Generator().manual_seed(value.id)
    direction = torch.randn(numbers.shape, generator=generator, dtype=torch.float64).to(numbers.device)
    norm = float(direction.norm())
    scale = float(numbers.norm()) / math.sqrt(max(1, numbers.numel())) if numbers.numel() else 0.0
    return [_Probe(value, None, direction / norm, scale)] if norm > 0 and math.isfinite(scale) else []


def _difference(probe: _Probe, results: list[float], at_rest: float) -> DifferenceCheck:
    up, down, half_up, half_down = results
    coarse = (up - down) / (2 * probe.step)
    fine = (half_up - half_down) / probe.step
    note = ""
    if not all(map(math.isfinite, (*results, at_rest))):
        note = "not finite near this point"
    else:
        right, left = (half_up - at_rest) / (probe.step / 2), (at_rest - half_down) / (probe.step / 2)
        far_right, far_left = (up - at_rest) / probe.step, (at_rest - down) / probe.step
        size = max(1.0, abs(right), abs(left))
        if abs(right - left) > KINK * size and abs(right - left) > 0.75 * abs(far_right - far_left):
            note = "not differentiable here: the slopes on the two sides differ, and PyTorch picks one"
    return DifferenceCheck(
        value=probe.value.id,
        index=probe.index,
        gradient=probe.gradient,
        difference=(4 * fine - coarse) / 3,
        uncertainty=abs(fine - coarse) / 3,
        note=note,
    )


def _is_leaf(value: TapeValue) -> bool:
    return value.node is not None and node_name(value.node) == "AccumulateGrad"


def _is_random(op: TapeOp) -> bool:
    """Whether the call draws random numbers, so that a second one would differ from the first."""
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
    if tensor.is_complex():
        return tensor.to(torch.complex128)
    return tensor.to(torch.float64) if tensor.is_floating_point() else tensor


def _call(op: TapeOp, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """Repeat one call in double precision; the outputs that were recorded."""
    assert op.func is not None  # only the user's own calls are replayed
    if op.name in _DOWNCASTS:
        return [args[0]]
    args, kwargs = _doubled(args), _doubled(kwargs)
    result = op.func(*args, **kwargs)
    outputs = [tensor for _, tensor in tensors_in([result])]
    return outputs or [args[0]]  # x[0] = y returns nothing: its output is the tensor it wrote to


def _doubled(obj: Any) -> Any:
    """float32 given as an argument (`dtype=`, `.to(...)`) becomes float64, so that the replay keeps its precision."""
    if isinstance(obj, torch.dtype):
        return torch.float64 if obj in _FLOATING else obj
    if isinstance(obj, tuple | list) and not hasattr(obj, "_fields"):
        return type(obj)(_doubled(element) for element in obj)
    if isinstance(obj, dict):
        return {key: _doubled(element) for key, element in obj.items()}
    return obj
