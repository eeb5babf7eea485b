"""The independent checks that every trace carries: finite differences, and sums over edges."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.recorder import differences
from playground.recorder.differences import KINKED, TORN
from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.recorder.helpers import assert_consistent, leaf, note_kinds, random_leaf

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "exp": torch.exp,
    "log": lambda x: torch.log(x.abs()),
    "a steep log": lambda x: torch.log(x.abs() * 1e-4),
    "tanh": torch.tanh,
    "power": lambda x: x**5,
    "softmax": lambda x: torch.softmax(x, -1)[..., 0],
    "log-sum-exp": lambda x: torch.logsumexp(x, -1),
    "norm": torch.linalg.vector_norm,
    "matrix product": lambda x: x @ x.mT,
    "inverse": lambda x: torch.linalg.inv(x @ x.mT + torch.eye(2, dtype=x.dtype)),
    "gather": lambda x: x.gather(1, torch.tensor([[0, 2, 2], [1, 1, 0]])),
    "cumulative product": lambda x: x.cumprod(1),
    "layer norm": lambda x: F.layer_norm(x, (3,)) * x,
    "sort": lambda x: x.sort().values * torch.arange(3),
    "interpolate": lambda x: F.interpolate(x[None], scale_factor=2, mode="linear"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_finite_differences_agree(name: str) -> None:
    trace = record(FUNCTIONS[name], random_leaf(2, 3), names=["x"])
    assert len([check for check in trace.checks if trace.values[check.value].name == "x"]) == 6
    assert_consistent(trace)


def test_every_element_of_leaves_and_intermediates_is_checked() -> None:
    trace = record(lambda x: (x.exp() * 2).sum(), random_leaf(3))
    assert len(trace.checks) == 3 + 3 + 3 + 1
    assert {check.index for check in trace.checks if trace.values[check.value].name == "v1"} == {(0,), (1,), (2,)}


def test_many_elements_are_checked_along_one_direction() -> None:
    trace = record(lambda x: (x.exp() * 2).sum(), random_leaf(30, 30))
    assert [check.index for check in trace.checks] == [None] * 4
    assert_consistent(trace)


def test_the_direction_has_unit_length() -> None:
    trace = record(lambda x: (x * 3).sum(), random_leaf(30, 30))
    check = trace.checks[0]
    assert abs(check.gradient) <= 3 * 30 + 1e-9


def test_heavy_runs_are_left_out_with_a_reason() -> None:
    layers = nn.Sequential(*[nn.Linear(2048, 2048) for _ in range(12)])
    trace = record(layers, torch.ones(256, 2048))
    assert trace.checks == ()
    assert [note.message for note in trace.notes if note.kind == "no_check"] == [
        "no finite differences: a second run in float64 would take too long"
    ]


@pytest.mark.parametrize(("function", "sides"), [(torch.relu, (0.0, 1.0)), (torch.abs, (-1.0, 1.0))])
def test_a_kink_is_noted(function: Callable[[Tensor], Tensor], sides: tuple[float, float]) -> None:
    trace = record(function, 0.0, names=["x"])
    (check,) = [check for check in trace.checks if trace.values[check.value].name == "x"]
    assert check.note == KINKED
    assert check.gradient == 0.0
    assert check.difference == pytest.approx(sum(sides) / 2)


def test_equal_elements_that_are_sorted_are_noted() -> None:
    x = torch.zeros(3, requires_grad=True)
    weights = torch.tensor([3.0, 2.0, 3.0])  # along each element the slope is 3, on both sides
    trace = record(lambda x: (x.sort().values * weights).sum(), x, names=["x"])
    checks = [check for check in trace.checks if trace.values[check.value].name == "x"]
    assert [check.gradient for check in checks] == [3.0, 2.0, 3.0]
    assert [check.difference for check in checks] == pytest.approx([3.0, 3.0, 3.0])
    assert [check.note for check in checks] == ["", TORN, ""]


@pytest.mark.parametrize("count", [3, 300], ids=["each element", "one direction"])
def test_a_wrong_gradient_is_no_tear(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences._Probe, "gradient", 7.0)
    trace = record(lambda x: (x * x).sum(), random_leaf(count))
    assert all(check.note == "" for check in trace.checks)
    assert min(check.gap for check in trace.checks) > 0.1


def test_a_kink_nearby_is_passed_by() -> None:
    trace = record(torch.relu, 2e-6, names=["x"])
    (check,) = [check for check in trace.checks if trace.values[check.value].name == "x"]
    assert (check.note, check.gradient) == ("", 1.0)
    assert check.gap < 1e-6


def test_a_sharp_bend_is_no_kink() -> None:
    trace = record(lambda x: (x * x + 1e-4).sqrt(), 0.0)
    assert all(check.note == "" for check in trace.checks)
    assert_consistent(trace)


def test_a_point_where_the_function_ends() -> None:
    trace = record(torch.sqrt, 0.0, names=["x"])
    (check,) = [check for check in trace.checks if trace.values[check.value].name == "x"]
    assert check.note == "not finite near this point"


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.dropout(x, 0.5),
        lambda x: x * torch.bernoulli(x.detach().sigmoid()) + F.rrelu(x, training=True),
        lambda x: F.gumbel_softmax(x),
    ],
)
def test_random_calls_are_not_repeated(function: Callable[[Tensor], Tensor]) -> None:
    trace = record(function, leaf(1.0, 2.0))
    assert (trace.checks, "no_check" in note_kinds(trace)) == ((), True)


def test_random_constants_are_held() -> None:
    trace = record(lambda x: (x * torch.rand(2)).sum(), leaf(1.0, 2.0))
    assert_consistent(trace)
    assert trace.checks


def test_a_hidden_source_of_chance_is_found_out() -> None:
    trace = record(lambda x: torch.ops.aten.native_dropout(x, 0.5, True)[0], torch.ones(100, requires_grad=True))
    assert trace.checks == ()


def test_detached_factors_are_held_constant() -> None:
    trace = record(lambda x: x.detach() * x, leaf(3.0))
    assert [check.gradient for check in trace.checks if trace.values[check.value].name == "x"] == [3.0]
    assert_consistent(trace)


def test_a_given_seed_weighs_the_outputs() -> None:
    seed = torch.tensor([1.0, -2.0], dtype=torch.float64)
    assert_consistent(record(lambda x: x.exp(), leaf(0.1, 0.2), seed=seed))


def test_in_place_calls_are_repeated_on_copies() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * 2
        y.mul_(x)
        return y.sum()

    trace = record(fn, leaf(1.0, 2.0))
    assert trace.checks
    assert_consistent(trace)


def test_second_derivatives_are_checked_too() -> None:
    trace = record(lambda x: (x.sin() * x).sum(), leaf(0.5, 1.5), second="x")
    assert len(trace.checks) == 2
    assert_consistent(trace)


def test_a_pass_of_torch_autograd_grad_is_checked() -> None:
    trace = record(lambda x: torch.autograd.grad((x**3).sum(), x)[0], leaf(1.0, 2.0))
    assert {trace.values[check.value].name for check in trace.checks} >= {"x", "v1", "v2"}
    assert_consistent(trace)


def test_checks_wait_until_they_are_asked_for() -> None:
    trace = record(lambda x: x * 2, 1.0)
    assert callable(trace._check)
    assert trace.checks is trace.checks


def sums_of(trace: Trace) -> dict[str, float]:
    return {trace.values[check.value].name: check.gap for check in trace.sums}


def test_sums_cover_every_value_that_the_pass_reached() -> None:
    trace = record(lambda x, y: (x * y + x.sin()) * x, 2.0, 3.0)
    assert sums_of(trace) == dict.fromkeys(["x", "y", "v1", "v2", "v3", "v4"], 0.0)


def test_sums_of_tensors_too_large_to_keep() -> None:
    trace = record(lambda x: x * x + x, random_leaf(100, 100))
    assert sums_of(trace)["x"] == 0.0


def test_sums_of_both_passes() -> None:
    trace = record(lambda x: x * x, 2.0, passes=2)
    assert [check.backward_pass for check in trace.sums if trace.values[check.value].name == "x"] == [0, 1]


def test_a_hook_shows_in_the_sums() -> None:
    def fn(x: Tensor) -> Tensor:
        y = x * 2
        y.register_hook(lambda gradient: gradient * 10)
        return y * y

    assert sums_of(record(fn, leaf(1.0)))["v1"] == 36.0


@pytest.mark.parametrize("order", [1, -1])
def test_a_leaf_that_is_itself_a_result_beside_a_kink(order: int) -> None:
    results = lambda x, y: (x, torch.relu(y))[::order]  # noqa: E731
    trace = record(results, 2.0, 0.0)
    assert {trace.values[c.value].name: c.note for c in trace.checks} == {"x": "", "y": KINKED, "v1": ""}
    assert_consistent(trace)


def test_a_leaf_that_is_the_only_result() -> None:
    assert_consistent(record(lambda x: x, leaf(1.0, 2.0)))
    assert_consistent(record(lambda x, y: (x, y, x.detach() * y), leaf(1.0), leaf(2.0)))
