"""Where PyTorch's gradient is not the slope, by its own design: how each gap is recognised, what is said, and where.

A row is asked only about a gradient that differs from its finite difference, and about one thing that lies between the
value and what the pass started from: a call, or the value itself.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from playground.recorder.recorded_gradients import RunStep, inputs_of, outputs_of
from playground.recorder.tape import Tape, TapeOp, TapeValue
from playground.trace.array import version_of
from playground.trace.records import BY_DESIGN, DifferenceCheck


@dataclass(frozen=True)
class Case:
    """A gradient beside another difference, and a call that its value goes through."""

    tape: Tape
    check: DifferenceCheck
    op: TapeOp
    has_drifted: bool = False  # the run came to another value than the same run in float64

    def argument(self, name: str) -> Any:
        """One argument of the call by its name in PyTorch's signature; None where it has none."""
        if name in self.op.kwargs:
            return self.op.kwargs[name]
        place = _place(self.op.func, name)
        return self.op.args[place] if place is not None and place < len(self.op.args) else None

    def read(self) -> list[Tensor]:
        """The tensors that the call read, as they were."""
        return [self.tape.values[index].data for _, index in self.op.inputs]

    def made(self) -> list[Tensor]:
        """The tensors that the call made."""
        return [self.tape.values[index].data for index in self.op.outputs]


@dataclass(frozen=True)
class DesignGap:
    """One row: the calls it is about, what must hold, and what is said."""

    calls: frozenset[str]
    holds: Callable[[Case], bool]
    sentence: str
    source: str

    @property
    def note(self) -> str:
        """The sentence with its source."""
        return f"{BY_DESIGN}{self.sentence} (PyTorch: {self.source})"


@lru_cache(maxsize=1024)
def _place(func: Any, name: str) -> int | None:
    try:
        return list(inspect.signature(func).parameters).index(name)
    except (TypeError, ValueError):
        return None


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _always(_: Case) -> bool:
    return True


def _is_padding(case: Case) -> bool:
    padding, index = case.argument("padding_idx"), case.check.index
    if padding is None or case.tape.values[case.check.value].data.dim() < 2:
        return False
    weight = next((v for v in case.read() if v.is_floating_point() and v.dim() == 2), None)
    return weight is not None and (index is None or index[0] == padding % len(weight))


def _has_equal_elements(case: Case) -> bool:
    numbers = case.read()[0]
    return len(torch.unique(numbers)) < numbers.numel()


def _has_repeated_index(case: Case) -> bool:
    """Tell whether a call writes to one place twice: then the last one wins."""
    indices = [tensor for tensor in case.read() if not tensor.is_floating_point() and tensor.dtype != torch.bool]
    return any(index.numel() > torch.unique(index).numel() for index in indices)


def _is_off_diagonal(case: Case) -> bool:
    """Tell whether the gradient is one of an element that has a twin in the other triangle, or of what leads to it."""
    index = case.check.index
    is_read = any(source == case.check.value for _, source in case.op.inputs)
    return index is None or not is_read or len(index) < 2 or index[-1] != index[-2]


def _has_repeated_eigenvalue(case: Case) -> bool:
    """Tell whether two eigenvalues or singular values are the same, or one of a singular value problem is 0."""
    for numbers in case.made():
        if numbers.dim() and numbers.shape[-1] > 1 and not numbers.is_complex():
            ordered = numbers.sort(-1).values
            close = ordered.diff(dim=-1).abs() <= NEAR * ordered.abs().amax(-1, keepdim=True)
            if close.any():
                return True
        if numbers.is_complex() and numbers.dim() and numbers.shape[-1] > 1:
            apart = (numbers.unsqueeze(-1) - numbers.unsqueeze(-2)).abs() + torch.eye(numbers.shape[-1])
            if (apart <= NEAR).any():
                return True
    return False


def _is_singular(case: Case) -> bool:
    matrix = case.read()[0]
    return bool((torch.linalg.svdvals(matrix.double()).amin(-1) <= NEAR * matrix.double().abs().amax()).any())


def _has_no_length(case: Case) -> bool:
    return bool((case.read()[0] <= 0).any())


def _is_hidden_write(case: Case) -> bool:
    return case.op.in_place and not case.op.grad_enabled


def _goes_both_ways(case: Case) -> bool:
    return case.op.name in CHOICES and _is_unfinished(case)


def _has_few_digits(case: Case) -> bool:
    return any(tensor.dtype in (torch.float16, torch.bfloat16) for tensor in (*case.read(), *case.made()))


def _is_unfinished(case: Case) -> bool:
    """Tell whether the gradient is no number though the slope is one."""
    return not math.isfinite(case.check.gradient) and math.isfinite(case.check.difference)


NEAR = 1e-6  # relative distance of two eigenvalues that count as one
EIGEN = "linalg_eigh linalg_eigvalsh linalg_eig linalg_eigvals linalg_svd linalg_svdvals svd symeig pca_lowrank"
TRIANGLES = "linalg_eigh linalg_eigvalsh linalg_cholesky linalg_cholesky_ex cholesky"
CHOICES = _names(
    "where masked_fill masked_fill_ masked_scatter masked_scatter_ clamp clamp_ clip nan_to_num nansum nanmean"
)
WRITES = (
    "scatter scatter_ index_put index_put_ setitem index_copy index_copy_ put put_ index_fill"
    " max_unpool1d max_unpool2d max_unpool3d"
)

SHARED = DesignGap(
    frozenset(),
    _always,
    "the memory of a gradient was added to while it was still on its way to others",
    "torch/csrc/autograd/functions/accumulate_grad.h",
)
HOOKED = DesignGap(
    _names("BackwardHookFunction"),
    _always,
    "a hook changes the gradient on its way",
    "torch.Tensor.register_hook, torch.nn.Module.register_full_backward_hook",
)
GAPS = (
    DesignGap(
        _names("embedding embedding_bag"),
        _is_padding,
        "the row of padding_idx gets no gradient, so that training leaves it as it is",
        "torch.nn.Embedding, padding_idx",
    ),
    DesignGap(
        _names("embedding embedding_bag"),
        lambda case: bool(case.argument("scale_grad_by_freq")),
        "the gradient of a row is divided by the number of times that the batch uses it",
        "torch.nn.Embedding, scale_grad_by_freq",
    ),
    DesignGap(
        _names("embedding embedding_bag"),
        lambda case: case.argument("max_norm") is not None,
        "rows longer than max_norm are shortened before they are read, and the gradient is by the shortened row",
        "torch.nn.Embedding, max_norm",
    ),
    DesignGap(
        _names(EIGEN),
        _has_repeated_eigenvalue,
        "two eigenvalues or singular values are equal, and the formula of the gradient divides by their difference",
        "torch.linalg.eigh and torch.linalg.svd, warnings",
    ),
    DesignGap(
        _names("det linalg_det"),
        _is_singular,
        "the matrix is singular: its gradient is taken from LU factors with a pivot of 0, and comes out as 0; the"
        " difference is right, and gives the cofactors",
        "issue 104675",
    ),
    DesignGap(
        _names("slogdet linalg_slogdet logdet"),
        _is_singular,
        "the matrix is singular, and the gradient needs its inverse",
        "torch.linalg.slogdet, notes",
    ),
    DesignGap(
        _names(TRIANGLES),
        _is_off_diagonal,
        "one triangle of a symmetric matrix is read, and the gradient is spread over both: the difference moves one"
        " element, the gradient a pair",
        "torch.linalg.eigh and torch.linalg.cholesky, notes",
    ),
    DesignGap(
        _names("cholesky_inverse cholesky_solve"),
        _always,
        "one triangle of the factor is read, and the gradient is computed with the whole matrix, as if both were",
        "derivatives.yaml, cholesky_inverse and cholesky_solve",
    ),
    DesignGap(
        _names("linalg_pinv pinverse"),
        _is_singular,
        "the matrix has not its full rank: where the rank changes the pseudoinverse jumps, and the gradient is that of"
        " changes which keep the rank",
        "derivatives.yaml, pinv_backward; Golub and Pereyra, 1973",
    ),
    DesignGap(
        _names("linalg_pinv linalg_matrix_sqrth"),
        lambda case: _is_off_diagonal(case) and (case.op.name != "linalg_pinv" or bool(case.argument("hermitian"))),
        "one triangle of a Hermitian matrix is read, and the gradient is spread over both",
        "torch.linalg.pinv, hermitian",
    ),
    DesignGap(
        _names(WRITES),
        _has_repeated_index,
        "two elements are written to one place: the last one wins, and the gradient counts each",
        "torch.Tensor.scatter_, notes",
    ),
    DesignGap(
        _names("mode"),
        _has_equal_elements,
        "equal elements are one number to mode, and the gradient goes to the one whose position it reports: moved"
        " alone, that is the most frequent number no more",
        "derivatives.yaml, mode; torch.mode, notes",
    ),
    DesignGap(
        _names("polar"),
        _has_no_length,
        "the direction is read off the result: there is none where the length is 0, and the opposite where it is below",
        "derivatives.yaml, polar_backward",
    ),
    DesignGap(
        _names("as_strided as_strided_ as_strided_scatter"),
        _always,
        "the windows overlap, and the gradient counts each of them",
        "torch.as_strided, overlapping memory",
    ),
    DesignGap(
        _names("ctc_loss"),
        _always,
        "the gradient takes its input for the result of log_softmax, whose derivative it contains",
        "torch.nn.CTCLoss, log_probs",
    ),
    DesignGap(
        _names(
            "fake_quantize_per_tensor_affine fake_quantize_per_channel_affine fused_moving_avg_obs_fake_quant"
            " _fake_quantize_learnable_per_tensor_affine"
        ),
        _always,
        "the gradient goes straight through the rounding, as if it were not there (a straight-through estimator)",
        "torch.fake_quantize_per_tensor_affine",
    ),
    HOOKED,
    DesignGap(
        frozenset(),
        _is_hidden_write,
        "an in-place call under no_grad changes the value, and the gradient does not know of it",
        "Autograd mechanics, Locally disabling gradient computation",
    ),
    DesignGap(
        frozenset(),
        _has_few_digits,
        "half precision keeps two or three digits, the difference is computed in double precision",
        "Numerical accuracy, Reduced precision",
    ),
    DesignGap(
        frozenset(),
        lambda case: case.has_drifted,
        "the run lost digits or overflowed in its own precision, and the difference is that of the same run in double"
        " precision, which comes to another value",
        "Numerical accuracy, Extremal values",
    ),
    DesignGap(
        frozenset(),
        _goes_both_ways,
        "the gradient is 0 times infinity on a path that the value does not take: `where` and masks choose values, and"
        " the backward pass still goes through both branches",
        "issue 10729; torch.masked, Distinguishing between 0 and NaN gradient",
    ),
    DesignGap(
        frozenset(),
        _is_unfinished,
        "the chain rule multiplies slope by slope, and one of them is not a finite number here, though the slope of the"
        " whole is",
        "Autograd mechanics, Gradients for non-differentiable functions",
    ),
)
OVERWRITTEN = DesignGap(
    frozenset(),
    _always,
    "a value that the backward pass reads was overwritten through `.data`, which autograd does not notice",
    "Autograd mechanics, In-place correctness checks",
)


def gap_of(
    tape: Tape,
    steps: Iterable[RunStep],
    check: DifferenceCheck,
    changed: Callable[[], frozenset[int]],
    has_drifted: bool,
    is_shared: bool = False,
) -> str:
    """The note on a gradient that differs from its finite difference; empty where no row explains it. `changed`: the
    values whose adjoint is not the sum of what came to it; `is_shared`: gradients lie in one memory."""
    reached, ops = {check.value}, []
    for step in steps:
        if not reached.isdisjoint(inputs_of(step)):
            reached.update(outputs_of(step))
            if isinstance(step, TapeOp):
                ops.append(step)
    values = [tape.values[index] for index in reached]
    if not changed().isdisjoint(reached):
        return (SHARED if is_shared else HOOKED).note
    cases = [Case(tape, check, op, has_drifted) for op in ops]
    for gap in GAPS:
        if any((not gap.calls or case.op.name in gap.calls) and gap.holds(case) for case in cases):
            return gap.note
    return OVERWRITTEN.note if any(map(_was_overwritten, values)) else ""


def _was_overwritten(value: TapeValue) -> bool:
    return value.was_modified and version_of(value.tensor) == value.version
