"""What several tests of the recorder need: leaves with fixed numbers, and the checks that every trace must pass."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from playground.trace.trace import Trace


def leaf(*numbers: float, dtype: torch.dtype = torch.float64) -> Tensor:
    """A vector that requires grad."""
    return torch.tensor(numbers, dtype=dtype, requires_grad=True)


def random_leaf(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """A tensor of that shape with numbers that are the same in every run."""
    numbers = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return numbers.requires_grad_()


def assert_consistent(trace: Trace, tolerance: float = 1e-6) -> None:
    """The edges add up to the adjoints, and the finite differences agree."""
    assert all(check.gap == 0 for check in trace.sums)
    assert_differences_agree(trace, tolerance)


def assert_differences_agree(trace: Trace, tolerance: float = 1e-6) -> None:
    """The finite differences agree, or say why not."""
    for check in trace.checks:
        if not check.note:
            scale = max(1.0, abs(check.gradient))
            assert check.gap <= tolerance * scale + 10 * check.uncertainty, (trace.values[check.value].name, check)


def op_names(trace: Trace) -> list[str]:
    return [op.name for op in trace.ops]


def node_names(trace: Trace) -> list[str]:
    return [node.name for node in trace.nodes]


def step_names(trace: Trace) -> list[str]:
    """Every step by what it did: 'log', 'seed', 'MulBackward0', 'x.grad'."""
    found = []
    for step in trace.steps:
        if step.kind in ("accumulate", "zero_grad") and step.node is not None:
            leaf_id = trace.nodes[step.node].leaf
            assert leaf_id is not None
            prefix = "clear " if step.kind == "zero_grad" else ""
            found.append(f"{prefix}{trace.values[leaf_id].name}.grad")
        elif step.kind == "op" and step.op is not None:
            found.append(trace.ops[step.op].name)
        else:
            found.append(step.kind if step.node is None else trace.nodes[step.node].name)
    return found


def note_kinds(trace: Trace) -> list[str]:
    return [note.kind for note in trace.notes]


def close(number: object, expected: float, tolerance: float = 1e-6) -> bool:
    return isinstance(number, int | float) and math.isclose(number, expected, rel_tol=tolerance, abs_tol=tolerance)
