"""Gaps between gradient and difference that are PyTorch's design: each row of the table, on a case of its own."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.explain.explanation import explain
from playground.recorder.checks.design_gaps import GAPS, OVERWRITTEN
from playground.recorder.record import record
from playground.trace.records import BY_DESIGN
from playground.trace.trace import Trace
from tests.recorder.helpers import assert_consistent, assert_differences_agree, leaf, random_leaf

PLACES = torch.tensor([0, 1, 1])


def matrix(*rows: list[float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64, requires_grad=True)


def with_module(module: nn.Module, *inputs: Tensor) -> Trace:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=generator)
    return record(module, *inputs)


def hooked(x: Tensor) -> Tensor:
    y = x * 2
    y.register_hook(lambda adjoint: adjoint * 10)
    return (y * y).sum()


def hooked_node(x: Tensor) -> Tensor:
    y = x * 2
    assert y.grad_fn is not None
    y.grad_fn.register_prehook(lambda adjoints: (adjoints[0] * 10,))
    return (y * y).sum()


def module_hooked(x: Tensor) -> Tensor:
    module = nn.Linear(2, 1).double()
    module.register_full_backward_hook(lambda _, given, __: (given[0] * 2,) if given[0] is not None else None)
    result: Tensor = module(x)
    return result.sum()


def overwritten(x: Tensor) -> Tensor:
    y = (x * x).sum()
    x.data.mul_(3)
    return y


def hidden(x: Tensor) -> Tensor:
    y = x * x
    with torch.no_grad():
        y.mul_(3)
    return y.sum()


def assigned(x: Tensor, s: Tensor) -> Tensor:
    y = x * 1
    y[torch.tensor([0, 0])] = s
    return y.sum()


def added_on_the_way(a: Tensor, b: Tensor) -> Tensor:
    seed = torch.ones(1).double()
    total = a.reshape(-1) + (a.reshape(-1) + b.reshape(-1)).reshape(-1)
    for _ in range(2):
        total.view_as(seed).backward(seed, retain_graph=True)  # `.grad` of b is this seed: the second pass adds to it
    return total


SINGULAR = [[1.0, 2.0], [2.0, 4.0]]
CASES: dict[str, tuple[str, Callable[[], Trace]]] = {
    "padding_idx": ("the row of padding_idx", lambda: with_module(nn.Embedding(3, 2, padding_idx=0), PLACES)),
    "padding_idx from the end": (
        "the row of padding_idx",
        lambda: with_module(nn.Embedding(3, 2, padding_idx=-2), PLACES),
    ),
    "scale_grad_by_freq": (
        "the gradient of a row",
        lambda: with_module(nn.Embedding(3, 2, scale_grad_by_freq=True), PLACES),
    ),
    "scale_grad_by_freq of a bag": (
        "the gradient of a row",
        lambda: with_module(nn.EmbeddingBag(3, 2, scale_grad_by_freq=True, mode="sum"), PLACES[None]),
    ),
    "max_norm": ("rows longer than max_norm", lambda: with_module(nn.Embedding(3, 2, max_norm=0.5), PLACES)),
    "max_norm of a bag": (
        "rows longer than max_norm",
        lambda: with_module(nn.EmbeddingBag(3, 2, max_norm=0.5), PLACES[None]),
    ),
    "a hook": ("a hook", lambda: record(hooked, leaf(1.0, 2.0))),
    "a hook of a module": ("a hook", lambda: record(module_hooked, random_leaf(1, 2))),
    "equal eigenvalues": (
        "two eigenvalues",
        lambda: record(lambda m: torch.linalg.eigh(m)[1][0].square().sum(), torch.eye(2).double().requires_grad_()),
    ),
    "equal singular values": (
        "two eigenvalues",
        lambda: record(lambda m: torch.linalg.svd(m)[0][0].square().sum(), torch.eye(3).double().requires_grad_()),
    ),
    "a singular det": ("the matrix is singular", lambda: record(torch.det, matrix(*SINGULAR))),
    "a singular linalg.det": ("the matrix is singular", lambda: record(torch.linalg.det, matrix(*SINGULAR))),
    "eigh": (
        "one triangle of a symmetric",
        lambda: record(lambda m: torch.linalg.eigh(m)[0][0], matrix([2.0, 1.0], [1.0, 3.0])),
    ),
    "cholesky": (
        "one triangle of a symmetric",
        lambda: record(lambda m: torch.linalg.cholesky(m).sum(), matrix([2.0, 1.0], [1.0, 3.0])),
    ),
    "pinv": (
        "one triangle of a Hermitian",
        lambda: record(lambda m: torch.linalg.pinv(m, hermitian=True).sum(), matrix([2.0, 1.0], [1.0, 3.0])),
    ),
    "pinv of less than full rank": (
        "the matrix has not its full rank",
        lambda: record(lambda m: torch.linalg.pinv(m).sum(), torch.ones(2, 3).double().requires_grad_()),
    ),
    "pinverse of less than full rank": (
        "the matrix has not its full rank",
        lambda: record(lambda m: torch.pinverse(m).sum(), torch.ones(3, 2).double().requires_grad_()),
    ),
    "scatter": (
        "two elements are written",
        lambda: record(lambda x, s: x.scatter(0, torch.tensor([0, 0]), s).sum(), leaf(1.0, 2.0), leaf(3.0, 4.0)),
    ),
    "item assignment": ("two elements are written", lambda: record(assigned, leaf(1.0, 2.0), leaf(3.0, 4.0))),
    "unpooling": (
        "two elements are written",
        lambda: record(lambda x: F.max_unpool1d(x, torch.tensor([[1, 1]]), 2).sum(), random_leaf(1, 2)),
    ),
    "windows": (
        "the windows overlap",
        lambda: record(
            lambda x, s: torch.as_strided_scatter(x, s, (2, 2), (1, 1)).sum(), random_leaf(3), random_leaf(2, 2)
        ),
    ),
    "a Cholesky factor that is no triangle": (
        "one triangle of the factor",
        lambda: record(lambda m: torch.cholesky_inverse(m).sum(), matrix([2.0, 5.0], [1.0, 3.0])),
    ),
    "a Cholesky factor": (
        "one triangle of the factor",
        lambda: record(
            lambda m: torch.cholesky_solve(torch.ones(2, 1).double(), m).sum(), matrix([2.0, 0.0], [1.0, 3.0])
        ),
    ),
    "a hook of a node": ("a hook", lambda: record(hooked_node, leaf(1.0, 2.0))),
    "lost digits": (
        "the run lost digits",
        lambda: record(lambda x: x.exp().log().sum(), leaf(100.0, 2.0, dtype=torch.float32)),
    ),
    "0 times infinity in a chain": (
        "the chain rule multiplies",
        lambda: record(lambda x: (x * x).sum().sqrt() ** 2, leaf(0.0, 0.0)),
    ),
    "mode": ("equal elements are one number", lambda: record(lambda x: x.mode()[0], leaf(2.0, 2.0, 2.0))),
    "shared memory": ("the memory of a gradient was added to", lambda: record(added_on_the_way, leaf(1.0), leaf(2.0))),
    "polar": ("the direction is read off", lambda: record(lambda r: torch.polar(r, r + 1).real.sum(), leaf(0.0, 2.0))),
    "ctc_loss": (
        "the gradient takes its input",
        lambda: record(
            lambda q: F.ctc_loss(q, torch.tensor([[1]]), torch.tensor([3]), torch.tensor([1])), random_leaf(3, 1, 2)
        ),
    ),
    "fake quantization": (
        "the gradient goes straight",
        lambda: record(
            lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, 0, 255).sum(),
            leaf(0.31, 0.72, dtype=torch.float32),
        ),
    ),
    "in place under no_grad": ("an in-place call under no_grad", lambda: record(hidden, leaf(1.0, 2.0))),
    "where": (
        "the gradient is 0 times infinity",
        lambda: record(lambda x: torch.where(x > 0, x.log(), x).sum(), leaf(2.0, 0.0)),
    ),
    "bfloat16": (
        "half precision",
        lambda: record(lambda x: (x.sigmoid() * x.exp()).sum(), leaf(0.3, 0.7, dtype=torch.bfloat16)),
    ),
    ".data": ("a value that the backward pass reads", lambda: record(overwritten, leaf(1.0, 2.0))),
}


@pytest.mark.parametrize("name", CASES)
def test_a_gap_by_design_is_explained(name: str) -> None:
    sentence, make = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trace = make()
        noted = [check for check in trace.checks if check.note and trace.values[check.value].is_leaf]
    assert noted, "no gap"
    assert {check.note.startswith(BY_DESIGN + sentence) for check in noted} == {True}
    assert all(check.is_comparable for check in noted)
    assert_differences_agree(trace, tolerance=1e-2 if name == "bfloat16" else 1e-5)


def test_every_row_has_its_case_and_its_source() -> None:
    sentences = [sentence for sentence, _ in CASES.values()]
    for gap in (*GAPS, OVERWRITTEN):
        needs_one = "slogdet" not in gap.calls  # where the value is -infinity there is no slope to compare
        assert any(gap.sentence.startswith(sentence) for sentence in sentences) or not needs_one, gap.sentence
        assert gap.source and gap.note.endswith(")")


def test_no_row_explains_what_agrees() -> None:
    module = nn.Sequential(nn.Embedding(3, 2, padding_idx=2, max_norm=50.0), nn.Linear(2, 1)).double()
    trace = record(module, PLACES)
    assert {check.note for check in trace.checks} == {""}
    for function in (torch.det, torch.linalg.det, lambda m: torch.linalg.eigvalsh(m).sum()):
        trace = record(function, matrix([2.0, 0.0], [0.0, 5.0]))
        assert {check.note for check in trace.checks} == {""}


def test_a_hook_that_changes_nothing_has_no_note() -> None:
    def looked_at(x: Tensor) -> Tensor:
        y = x * 2
        y.register_hook(lambda adjoint: None)
        return (y * y).sum()

    trace = record(looked_at, leaf(1.0, 2.0))
    assert {check.note for check in trace.checks} == {""}
    assert_consistent(trace)


def test_a_hook_that_changes_nothing_is_not_blamed() -> None:
    def looked_up(w: Tensor) -> Tensor:
        w.register_hook(lambda adjoint: None)
        return F.embedding(PLACES, w, padding_idx=0).square().sum()

    notes = {check.note for check in record(looked_up, random_leaf(3, 2)).checks}
    assert any(note.startswith(BY_DESIGN + "the row of padding_idx") for note in notes)
    assert not any("hook" in note for note in notes)


def test_what_the_page_says_beside_such_a_gradient() -> None:
    trace = record(torch.det, matrix(*SINGULAR), names=["A"])
    rows = dict(explain(trace).why(trace["A"].id).check)
    assert rows["PyTorch at [0, 0]"] == "0"
    assert rows["finite difference at [0, 0]"].startswith("4")
    assert rows["gap"] == "4"
    assert "singular" in rows["why they differ"]


def test_a_hook_on_a_stored_gradient_has_a_word() -> None:
    module = nn.Linear(1, 1, bias=False)
    module.weight.register_post_accumulate_grad_hook(lambda weight: None)
    trace = record(module, torch.ones(1, 1))
    assert any("a hook runs after weight.grad is stored" in note.message for note in trace.notes)
