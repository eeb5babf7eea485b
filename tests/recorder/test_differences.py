"""The independent checks that every trace carries: finite differences, and sums over edges."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.recorder import differences
from playground.recorder.checks.probes import (
    CHANCE,
    INNER,
    JUMP,
    KINKED,
    ONE_SIDED,
    ROUGH,
    STEEP,
    TORN,
    UNDEFINED,
    Probe,
    probes_of,
)
from playground.recorder.record import record
from playground.recorder.tape import TapeValue
from playground.trace.records import BY_DESIGN
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


def test_a_kink_too_small_to_be_noted_is_in_the_uncertainty() -> None:
    """At 0 the slope goes from 18 to 18.006: PyTorch says 18, half the way between is 18.003."""
    check = record(lambda x: 18 * x + 0.006 * torch.relu(x), 0.0).checks[0]
    assert (check.note, check.gradient) == ("", 18.0)
    assert check.difference == pytest.approx(18.003, abs=1e-6)
    assert check.uncertainty == pytest.approx(0.003, rel=1e-3)


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
    def mistaken(value: TapeValue, in_full: bool) -> list[Probe]:
        found = probes_of(value, in_full)
        for probe in found:
            probe.gradient = 7.0
        return found

    monkeypatch.setattr(differences, "probes_of", mistaken)
    trace = record(lambda x: (x * x).sum(), random_leaf(count))
    assert all(check.note == "" for check in trace.checks)
    assert min(check.gap for check in trace.checks) > 0.1


def test_a_kink_nearby_is_passed_by() -> None:
    trace = record(torch.relu, 2e-6, names=["x"])
    (check,) = [check for check in trace.checks if trace.values[check.value].name == "x"]
    assert (check.note, check.gradient) == ("", 1.0)
    assert check.gap < 1e-6


NEARBY: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "the end of a logarithm": (torch.log, 1e-6),
    "the end of an entropy": (lambda p: -p * p.log(), 1e-6),
    "the end of a root": (lambda x: x**0.5, 1e-8),
    "the end of a logarithm in between": (lambda x: torch.log(1 - x), 0.9999999),
    "the end of an arc": (torch.asin, 0.99999),
    "a pole": (torch.atanh, 0.999999),
    "the other branch of a tangent": (torch.tan, 1.57079),
    "relu's kink": (torch.relu, 1e-9),
    "another value as large": (lambda x: torch.maximum(x, 0 * x), 1e-9),
    "a root of squares": (lambda x: torch.sqrt(x * x + x * x), 1e-9),
    "a length": (lambda x: torch.hypot(x, x), 1e-9),
    "a step": (torch.floor, 2.0000001),
    "steps narrower than the difference": (lambda x: torch.round(x, decimals=3), -2.5),
    "the end of a fraction": (torch.frac, 1.9999999),
    "many waves": (lambda x: torch.sin(1e5 * x), 1.0),
    "many waves before": (torch.sin, 1e5),
}


@pytest.mark.parametrize("name", NEARBY)
def test_what_is_nearby_is_not_here(name: str) -> None:
    function, place = NEARBY[name]
    trace = record(function, leaf(place), names=["x"])
    assert {check.note for check in trace.checks} == {""}
    for check in trace.checks:
        assert check.difference == pytest.approx(check.gradient, rel=1e-4, abs=1e-6)


IN_FEW_DIGITS: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {
    "an overflow": (lambda x: x.exp().log(), leaf(100.0, dtype=torch.float32)),
    "a probability of 0": (lambda x: torch.log(torch.softmax(x, 0)).sum(), leaf(0.0, 200.0, dtype=torch.float32)),
    "a difference of large numbers": (lambda x: ((x + 1e8) - 1e8).sum(), leaf(1.0, 2.0, dtype=torch.float32)),
    "a variance": (lambda x: (x * x).mean() - x.mean() ** 2, leaf(1e4, 10001.0, dtype=torch.float32)),
    "half precision": (lambda x: (x * x).sum(), leaf(300.0, 2.0, dtype=torch.float16)),
}


@pytest.mark.parametrize("name", IN_FEW_DIGITS)
def test_a_run_that_loses_digits_is_not_called_random(name: str) -> None:
    trace = record(*IN_FEW_DIGITS[name], names=["x"])
    checks = [check for check in trace.checks if check.value == trace["x"].id]
    assert all(check.is_comparable for check in checks)
    for check in checks:
        agrees = check.difference == pytest.approx(check.gradient, rel=1e-2)
        assert check.note.startswith(BY_DESIGN + "the run lost digits") is not agrees


def test_rounding_is_no_jump() -> None:
    trace = record(lambda x: (1 - x.cos()) / (x * x), leaf(1e-4, dtype=torch.float32), names=["x"])
    assert [check.note for check in trace.checks if check.value == trace["x"].id] == [ROUGH]


def test_a_sharp_bend_is_no_kink() -> None:
    trace = record(lambda x: (x * x + 1e-4).sqrt(), 0.0)
    assert all(check.note == "" for check in trace.checks)
    assert_consistent(trace)


def test_a_point_where_the_function_ends() -> None:
    trace = record(torch.sqrt, 0.0, names=["x"])
    (check,) = [check for check in trace.checks if trace.values[check.value].name == "x"]
    assert check.note == ONE_SIDED


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


def test_chance_that_no_name_tells_of_is_said() -> None:
    noise = torch.zeros(100)
    torch.manual_seed(0)
    trace = record(
        lambda x: torch.ops.aten.rrelu_with_noise(x, noise, 0.1, 0.9, True), -torch.ones(100, requires_grad=True)
    )
    assert {check.note for check in trace.checks} == {CHANCE}


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


# Points where there is no slope.


def notes_of(trace: Trace, name: str = "x") -> list[str]:
    return [check.note for check in trace.checks if trace.values[check.value].name == name]


NO_SLOPE: dict[str, tuple[Callable[[Tensor], Tensor], float, str]] = {
    "sign": (torch.sign, 0.0, JUMP),
    "sgn": (torch.sgn, 0.0, JUMP),
    "floor": (torch.floor, 0.0, JUMP),
    "ceil": (torch.ceil, 2.0, JUMP),
    "trunc": (torch.trunc, 1.0, JUMP),
    "frac": (torch.frac, 3.0, JUMP),
    "round": (torch.round, 0.5, JUMP),
    "a small jump": (lambda x: 1e-5 * torch.sign(x) + x, 0.0, JUMP),
    "remainder": (lambda x: torch.remainder(x, 2.0), 4.0, JUMP),
    "angle": (torch.angle, 0.0, JUMP),
    "atan2, upwards": (lambda x: torch.atan2(x, torch.zeros_like(x)), 0.0, JUMP),
    "atan2, along": (lambda x: torch.atan2(torch.zeros_like(x), x), 0.0, JUMP),
    "abs": (torch.abs, 0.0, KINKED),
    "relu": (torch.relu, 0.0, KINKED),
    "clamp": (lambda x: x.clamp(max=1.0), 1.0, KINKED),
    "a norm": (lambda x: torch.linalg.vector_norm(x, dim=None), 0.0, KINKED),
    "a tie": (lambda x: torch.maximum(x, x.detach()), 1.0, KINKED),
    "the square root": (torch.sqrt, 0.0, ONE_SIDED),
    "the inverse sine": (torch.asin, 1.0, ONE_SIDED),
    "0 to a power": (lambda x: torch.zeros_like(x) ** x, 0.0, ONE_SIDED),
    "a signed root": (lambda x: x.sign() * x.abs().sqrt(), 0.0, STEEP),
    "the reciprocal": (torch.reciprocal, 0.0, UNDEFINED),
    "the logarithm": (torch.log, 0.0, UNDEFINED),
    "0 / 0": (lambda x: x / x, 0.0, UNDEFINED),
}


@pytest.mark.parametrize("name", NO_SLOPE)
def test_a_point_without_a_slope_is_named(name: str) -> None:
    function, at, note = NO_SLOPE[name]
    assert notes_of(record(function, at, names=["x"])) == [note]


@pytest.mark.parametrize("name", NO_SLOPE)
def test_each_element_has_a_note_of_its_own(name: str) -> None:
    function, at, note = NO_SLOPE[name]
    apart = lambda x: torch.stack([function(x[0]), torch.tanh(x[1])]).sum()  # noqa: E731
    trace = record(apart, leaf(at, 0.3), names=["x"])
    assert notes_of(trace) == [note, ""]
    assert_consistent(trace)


def test_a_slope_within_the_jump_is_believed() -> None:
    trace = record(lambda x: F.normalize(x, dim=0).sum(), leaf(0.0, 0.0), names=["x"])
    assert notes_of(trace) == ["", ""]  # it is x / 1e-12 there
    assert_consistent(trace)


def test_a_number_that_is_not_finite_is_not_moved() -> None:
    assert notes_of(record(lambda x: torch.nan_to_num(x).sum(), leaf(1.0, torch.inf, torch.nan), names=["x"])) == [
        "",
        UNDEFINED,
        UNDEFINED,
    ]


# A finite gradient beside an infinity or a NaN.

BESIDE: dict[str, tuple[Callable[[Tensor], Tensor], list[float], list[float | str]]] = {
    "root": (lambda x: x.sqrt().sum(), [4, 0], [0.25, ONE_SIDED]),
    "logarithm": (lambda x: x.log().sum(), [2, 0], [0.5, UNDEFINED]),
    "a logarithm of what is negative": (lambda x: x.log().sum(), [2, -1], [0.5, UNDEFINED]),
    "a branch": (lambda x: torch.where(x > 2, x.log2(), 2 * x)[0], [3, 0], [0.480898347, "by design"]),
    "a mean": (lambda x: x.log().mean(), [2, 0, 4], [1 / 6, UNDEFINED, 1 / 12]),
    "no sum": (torch.log, [2, 0], [0.5, UNDEFINED]),
    "a weighted sum": (lambda x: -(x.log() @ torch.tensor([3.0, 1.0], dtype=x.dtype)), [2, 0], [-1.5, UNDEFINED]),
    "a reciprocal": (lambda x: (1 / x).sum() * 2, [2, 0], [-0.5, UNDEFINED]),
    "0 / 0": (lambda x: (x.sin() / x).sum(), [0, 1], [UNDEFINED, -0.301168679]),
    "two sums": (lambda x: x.log().sum() + (x * x).sum(), [2, 0], [4.5, UNDEFINED]),
    "rows": (lambda x: x.reshape(2, 2).log().sum(1).mean(), [2, 0, 1, 4], [0.25, UNDEFINED, 0.5, 0.125]),
    "an infinite leaf": (lambda x: (x * x).sum(), [3, torch.inf], [6, UNDEFINED]),
    "a chosen log-probability": (
        lambda x: F.nll_loss(x.reshape(2, 2).log(), torch.tensor([0, 1])), [0.5, 0.5, 1, 0], [-1, 0, 0, UNDEFINED],
    ),
    "a term of its own": (lambda x: (x + torch.tensor([torch.inf, 0.0])).sum(), [1, 2], [UNDEFINED, 1]),
    "a product": (lambda x: x.log().prod(), [2, 0], [UNDEFINED, UNDEFINED]),
    "an exponential of a sum": (lambda x: x.log().sum().exp(), [2, 0], [0, ONE_SIDED]),
    "a squared error": (lambda x: F.mse_loss(x.log(), torch.ones(2).double()), [1, 0], [-1, UNDEFINED]),
    "a softmax with a mask": (
        lambda x: x.masked_fill(torch.tensor([False, False, True]), -torch.inf).softmax(0)[0],
        [0, 0, 5], [0.25, -0.25, 0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_a_finite_gradient_is_checked_beside_what_is_not(name: str) -> None:
    function, at, expected = BESIDE[name]
    trace = record(function, leaf(*at), names=["x"])
    checks = [check for check in trace.checks if trace.values[check.value].name == "x"]
    gradient = trace["x"].adjoint
    assert gradient is not None
    assert [check.gradient for check in checks] == pytest.approx(gradient.tensor().tolist(), nan_ok=True)
    for check, wanted in zip(checks, expected, strict=True):
        if isinstance(wanted, str):
            assert check.note.startswith(wanted)
        else:
            assert (check.note, check.difference) == ("", pytest.approx(wanted, rel=1e-6, abs=1e-9))
    assert_consistent(trace)


def test_a_direction_leaves_out_what_is_not_finite() -> None:
    numbers = torch.rand(300, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.5
    numbers[7] = 0
    trace = record(lambda x: x.log().sum(), numbers.requires_grad_(), names=["x"])
    (check,) = [check for check in trace.checks if trace.values[check.value].name == "x"]
    assert (check.index, check.note) == (None, "")
    assert_consistent(trace)


def test_terms_with_an_infinite_partner_are_left_out_whole() -> None:
    trace = record(F.l1_loss, leaf(torch.inf, 1.0), leaf(0.5, 3.0), names=["x", "y"])
    assert notes_of(trace, "y") == [UNDEFINED, ""]
    assert_consistent(trace)


def test_sums_that_skip_a_nan_are_not_looked_into() -> None:
    trace = record(lambda x: torch.nansum(x), leaf(1.0, torch.inf), names=["x"])
    assert notes_of(trace) == [UNDEFINED, UNDEFINED]


def test_a_negative_zero_stays_one() -> None:
    trace = record(lambda x, y: (x / y).sum(), leaf(1.0, 2.0), leaf(2.0, -0.0), names=["x", "y"])
    assert notes_of(trace) == ["", UNDEFINED]
    assert_consistent(trace)


@pytest.mark.parametrize("function", [torch.median, lambda x: x.kthvalue(2).values])
def test_an_order_statistic_of_equal_elements(function: Callable[[Tensor], Tensor]) -> None:
    trace = record(function, leaf(2.0, 2.0, 2.0), names=["x"])
    assert TORN in notes_of(trace)
    assert_consistent(trace)


def test_a_probability_is_not_moved_below_zero() -> None:
    trace = record(lambda x: F.binary_cross_entropy(x, torch.ones_like(x)), leaf(0.0, 0.5), names=["x"])
    assert notes_of(trace) == [ONE_SIDED, ""]
    assert_consistent(trace)


# Results of one call that are computed from one another.


@pytest.mark.parametrize("cell", ["LSTMCell", "a function"])
def test_the_state_of_a_cell_is_not_moved_by_itself(cell: str) -> None:
    torch.manual_seed(0)
    module = nn.LSTMCell(2, 2).double()
    zeros = torch.zeros(1, 2, dtype=torch.float64)
    weights = list(module.parameters())
    call = module if cell == "LSTMCell" else lambda x: torch.lstm_cell(x, [zeros, zeros], *weights)
    trace = record(lambda x: torch.stack(call(x)).sum(), random_leaf(1, 2), names=["x"])
    (op,) = [op for op in trace.ops if op.name == "lstm_cell"]
    output, state = op.outputs
    assert {check.note for check in trace.checks if check.value == state} == {INNER}
    assert {check.note for check in trace.checks if check.value == output} == {""}
    assert_consistent(trace)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.stack(torch.std_mean(x)),
        lambda x: torch.cat(x.split(2, 1), 1),
        lambda x: x.sort().values,
        lambda x: torch.linalg.qr(x).R,
        lambda x: nn.GRUCell(3, 3).double()(x),
    ],
)
def test_results_that_do_not_feed_one_another_are_moved(function: Callable[[Tensor], Tensor]) -> None:
    trace = record(lambda x: (function(x) * 2).sum(), random_leaf(3, 3), names=["x"])
    assert all(check.note != INNER for check in trace.checks)
    assert_consistent(trace)
