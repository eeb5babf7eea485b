"""PyTorch's own operator database: every operator with a derivative is recorded, and its gradients are PyTorch's.

The exceptions, with their reasons, are in operator_exceptions.toml.
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from playground.recorder.record import record
from playground.recorder.tensor_paths import tensors_in
from playground.trace.trace import Trace

EXCEPTIONS = tomllib.loads((Path(__file__).parent / "operator_exceptions.toml").read_text(encoding="utf-8"))
CANNOT_BE_RECORDED: dict[str, str] = EXCEPTIONS["cannot_be_recorded"]
DIFFER: dict[str, str] = EXCEPTIONS["differ_from_finite_differences"]
CHUNKS = 8
LEAST_SHARE = 0.97  # of the operators


@lru_cache(maxsize=1)
def operators() -> tuple[Any, ...]:
    """Every entry of the database with a derivative on the CPU; loading it takes a second or two."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal import common_utils
        from torch.testing._internal.common_methods_invocations import op_db
    # It looks for a unittest.TestCase on the stack, which is pytest's: nine tenths of the time of each sample.
    common_utils.extract_test_fn = lambda: None
    return tuple(op for op in op_db if op.supports_autograd and dtypes_of(op))


def dtypes_of(op: Any) -> list[torch.dtype]:
    supported = op.supported_backward_dtypes("cpu")
    return [dtype for dtype in (torch.float64, torch.float32) if dtype in supported]


class Sample:
    """One call of an operator, as the database suggests it."""

    def __init__(self, op: Any, sample: Any) -> None:
        self.op = op
        self.sample = sample
        self.arguments = (sample.input, *sample.args)
        found = tensors_in(list(self.arguments)) + tensors_in(sample.kwargs)
        self.leaves = list({id(t): t for _, t in found if t.requires_grad}.values())

    def __call__(self, *arguments: Any) -> Any:
        output = self.op(*arguments, **self.sample.kwargs)
        process = self.sample.output_process_fn_grad
        return output if process is None else process(output)

    def gradients(self) -> list[Tensor | None]:
        """What torch.autograd.grad computes for the sum of all outputs."""
        torch.manual_seed(0)
        roots = [t for _, t in tensors_in(self(*self.arguments)) if t.requires_grad]
        if not roots or not self.leaves:
            return [None] * len(self.leaves)
        seeds = [torch.ones_like(root) for root in roots]
        return list(torch.autograd.grad(roots, self.leaves, seeds, allow_unused=True))

    def record(self) -> Trace:
        torch.manual_seed(0)
        if not tensors_in(list(self.arguments)):  # numbers would become leaves, which not every operator takes
            return record(lambda: self(*self.arguments))
        return record(self, *self.arguments, names=[f"argument{index}" for index in range(len(self.arguments))])

    def recorded_gradients(self, trace: Trace) -> list[Tensor | None]:
        by_place = {id(t): f"argument{path}" for path, t in reversed(tensors_in(list(self.arguments)))}
        found: list[Tensor | None] = []
        for leaf in self.leaves:
            if id(leaf) in by_place:
                grad = trace[by_place[id(leaf)]].grad
            else:  # a keyword argument, which the recorder was not told about
                (grad,) = [v.grad for v in trace.values if v.op is None and same_numbers(v.data.tensor(), leaf)][
                    :1
                ] or [None]
            found.append(None if grad is None else grad.tensor())
        return found


def same_numbers(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and bits(one) == bits(plain(other))


def plain(tensor: Tensor) -> Tensor:
    """Dense, with nothing left to be done when it is read."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor._is_zerotensor():
        return torch.zeros(tensor.shape, dtype=tensor.dtype)
    return tensor.resolve_conj().resolve_neg()


def bits(tensor: Tensor) -> bytes:
    return bytes(plain(tensor).contiguous().numpy().tobytes())


def samples(op: Any, dtype: torch.dtype, count: int | None) -> Iterator[Sample]:
    """The samples that PyTorch itself can differentiate."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        for sample in islice(op.sample_inputs("cpu", dtype, requires_grad=True), count):
            made = Sample(op, sample)
            try:
                made.gradients()
            except (RuntimeError, NotImplementedError, TypeError):
                continue
            yield made


def complaints(sample: Sample) -> Iterator[str]:
    """What is wrong with the trace of one sample."""
    expected = sample.gradients()
    trace = sample.record()
    for mine, theirs in zip(sample.recorded_gradients(trace), expected, strict=True):
        if theirs is None:
            if mine is not None and mine.any():
                yield "a gradient where PyTorch has none"
        elif mine is None:
            yield "no gradient"
        elif bits(mine) != bits(theirs):
            yield "another gradient"
    if any(check.gap > 0 for check in trace.sums):
        yield "contributions do not add up"


def mistaken_differences(trace: Trace) -> list[str]:
    return [
        f"{trace.values[check.value].name}{list(check.index or ())}: {check.gradient} against {check.difference}"
        for check in trace.checks
        if not check.note and not check.gap <= 1e-5 * max(1.0, abs(check.gradient)) + 10 * check.uncertainty
    ]


def sweep(chunk: int, dtype: torch.dtype | None, count: int | None, *, thoroughly: bool) -> None:
    """Record every operator of a chunk; fail with the list of those that are wrong without being exceptions."""
    with ThreadPoolExecutor(1) as short:  # its stack, which PyTorch formats for every seed where there is no GPU
        short.submit(_sweep, chunk, dtype, count, thoroughly=thoroughly).result()


def _sweep(chunk: int, dtype: torch.dtype | None, count: int | None, *, thoroughly: bool) -> None:
    wrong: dict[str, str] = {}
    differ: dict[str, str] = {}
    swept = operators()[chunk::CHUNKS]
    for op in swept:
        name = op.formatted_name
        wanted = dtype or dtypes_of(op)[0]
        if wanted not in dtypes_of(op):
            continue
        for sample in samples(op, wanted, count):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    found = list(complaints(sample))
                except Exception as error:  # whatever it is, it is the finding
                    found = [f"{type(error).__name__}: {error}"]
                if found:
                    wrong.setdefault(name, found[0])
                elif thoroughly:
                    trace = sample.record()
                    if Trace.from_json(trace.to_json()) != trace:
                        wrong.setdefault(name, "JSON changed it")
                    if wanted is torch.float64 and (mistaken := mistaken_differences(trace)):
                        differ.setdefault(name, mistaken[0])
    assert {name: why for name, why in wrong.items() if name not in CANNOT_BE_RECORDED} == {}
    assert {name: why for name, why in differ.items() if name not in DIFFER} == {}
    if thoroughly and dtype is torch.float64:
        names = {op.formatted_name for op in swept}
        unneeded = (CANNOT_BE_RECORDED.keys() - wrong.keys()) | (DIFFER.keys() - differ.keys())
        assert unneeded & names == set(), "exceptions no longer needed"


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_two_samples_of_every_operator(chunk: int) -> None:
    sweep(chunk, None, 2, thoroughly=False)


def test_almost_every_operator_is_covered() -> None:
    names = {op.formatted_name for op in operators()}
    assert len(names) > 500
    assert set(CANNOT_BE_RECORDED) | set(DIFFER) <= names, "exceptions for operators that do not exist"
    assert 1 - len(CANNOT_BE_RECORDED) / len(names) >= LEAST_SHARE


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_every_sample_of_every_operator(chunk: int, dtype: torch.dtype) -> None:
    sweep(chunk, dtype, None, thoroughly=True)
