"""The second device of PyTorch's ordinary build, `lazy`: a tensor that was left on the CPU is refused beside one of it.

What its own views cannot do is in findings/lazy_device.sh, what its sums do in findings/lazy_accumulation.sh.
"""

from __future__ import annotations

import pytest
import torch

from playground.computing.device import device_of
from playground.trace.records import Note, Value
from playground.trace.trace import Trace

LAZY = device_of("lazy")


def assert_same(there: Trace, here: Trace, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """A trace of the device is that of the CPU: every record, every number to its last digits, and every check."""
    assert (there.device, here.device) == (str(LAZY), "cpu")
    for op, same_op in zip(there.ops, here.ops, strict=True):
        assert (op.name, op.inputs, op.outputs) == (same_op.name, same_op.inputs, same_op.outputs)
    assert [node.edges for node in there.nodes] == [node.edges for node in here.nodes]
    assert [(one.kind, one.op, one.node) for one in there.steps] == [(one.kind, one.op, one.node) for one in here.steps]
    assert_same_numbers(there, here, rtol, atol)
    for value, other in zip(there.values, here.values, strict=True):
        assert _described(value) == _described(other)
    assert _told(there) == _told(here)
    for check, expected in zip(there.checks, here.checks, strict=True):
        assert (check.value, check.index, check.note) == (expected.value, expected.index, expected.note)
        assert check.difference == pytest.approx(expected.difference, rel=1e-4, abs=1e-5, nan_ok=True)


def assert_same_numbers(there: Trace, here: Trace, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """Every number of every value."""
    for value, other in zip(there.values, here.values, strict=True):
        assert (value.name, value.shape, value.dtype) == (other.name, other.shape, other.dtype)
        for name in ("data", "adjoint", "grad", "tangent"):
            mine, theirs = getattr(value, name), getattr(other, name)
            assert (mine is None) == (theirs is None), (value.name, name)
            if mine is not None and mine.is_exact:
                same = torch.allclose(mine.tensor(), theirs.tensor(), rtol=rtol, atol=atol, equal_nan=True)
                assert same, (value.name, name)


def assert_same_results(there: Trace, here: Trace) -> None:
    """The results and the leaves' gradients; what lies between depends on strides, which a device may not have."""
    results = [[trace.values[index].data for index in trace.outputs] for trace in (there, here)]
    leaves = [[value.grad for value in trace.values if value.kind == "input"] for trace in (there, here)]
    for mine, theirs in zip(*results, strict=True):
        assert torch.allclose(mine.tensor(), theirs.tensor(), rtol=1e-5, atol=1e-6, equal_nan=True)
    for grad, other in zip(*leaves, strict=True):
        assert (grad is None) == (other is None)
        if grad is not None and other is not None:
            assert torch.allclose(grad.tensor(), other.tensor(), rtol=1e-5, atol=1e-6, equal_nan=True)


def _described(value: Value) -> tuple[object, ...]:
    place = value.op, value.node, value.alias_of, value.is_leaf, value.span
    return value.name, value.label, value.kind, value.shape, value.dtype, place


def _told(trace: Trace) -> list[Note]:
    return [note for note in trace.notes if note.kind != "device"]
