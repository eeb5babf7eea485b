"""Kinds of numbers and shapes: half precision, complex, empty, without dimensions."""

from __future__ import annotations

import pytest
import torch

from playground.recorder.record import record
from tests.recorder.helpers import assert_consistent, leaf, random_leaf


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_real_numbers(dtype: torch.dtype) -> None:
    trace = record(lambda x: (x * x).sum(), leaf(1.5, 2.0, dtype=dtype))
    name = str(dtype).removeprefix("torch.")
    assert {value.dtype for value in trace.values} == {name}
    assert trace["x"].grad is not None
    assert (trace["x"].grad.tolist(), trace["x"].grad.dtype) == ([3, 4], name)
    assert_consistent(trace)


def test_float32_is_checked_in_double_precision() -> None:
    trace = record(lambda x: torch.exp(x).sum(), random_leaf(3, dtype=torch.float32))
    assert max(check.gap for check in trace.checks) < 1e-6
    assert all(check.uncertainty < 1e-6 for check in trace.checks)


def test_complex_numbers() -> None:
    z = torch.tensor([1 + 2j, 3 - 1j], dtype=torch.complex128, requires_grad=True)
    trace = record(lambda z: (z * z.conj()).real.sum(), z)
    assert trace["z"].grad is not None
    assert trace["z"].grad.tolist() == [2 + 4j, 6 - 2j]
    assert_consistent(trace)


def test_lazily_conjugated_tensors_are_read_right() -> None:
    z = torch.tensor([1 + 2j], dtype=torch.complex64, requires_grad=True)
    trace = record(lambda z: z.conj() * 2, z)
    assert trace["v1"].data.tolist() == [1 - 2j]


@pytest.mark.parametrize("function", [lambda x: x.sum(), lambda x: x * 2, lambda x: x.T @ x])
def test_empty_tensors(function: object) -> None:
    trace = record(function, random_leaf(0, 3), names=["x"])  # type: ignore[arg-type]
    assert trace["x"].grad is not None
    assert (trace["x"].grad.shape, trace["x"].grad.tolist()) == ((0, 3), [])
    assert trace["x"].data.statistics.minimum is None
    assert_consistent(trace)


def test_tensors_without_dimensions() -> None:
    trace = record(lambda x: x * 2, torch.tensor(3.0, requires_grad=True))
    assert (trace["x"].shape, trace["x"].data.tolist()) == ((), 3.0)


def test_a_step_between_kinds_of_numbers() -> None:
    trace = record(lambda x: (x.to(torch.float64) * 2).sum(), leaf(1, 2, dtype=torch.float32))
    assert [value.dtype for value in trace.values] == ["float32", "float64", "float64", "float64"]
    assert trace["x"].grad is not None and trace["x"].grad.dtype == "float32"
    assert_consistent(trace)


def test_booleans_and_integers_are_exact() -> None:
    trace = record(lambda i: (i > 2, i * 2), torch.tensor([2**62, -(2**62), 3]))
    assert [value.data.tolist() for value in trace.values[1:]] == [[True, False, True], [-(2**63), -(2**63), 6]]


def test_non_contiguous_tensors() -> None:
    trace = record(lambda x: (x[:, ::2] * 2).sum(), random_leaf(2, 4).detach().T.contiguous().T.requires_grad_())
    assert_consistent(trace)


def test_a_sparse_input() -> None:
    sparse = torch.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse().requires_grad_()
    trace = record(lambda a, b: torch.sparse.mm(a, b).sum(), sparse, torch.ones(2, 1))
    assert trace["a"].data.tolist() == [[0, 2], [0, 0]]
    assert trace["a"].grad is not None and trace["a"].grad.tolist() == [[0, 1], [0, 0]]
