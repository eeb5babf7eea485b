"""NaN and infinity: the first call that made one, and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.recorder.record import record
from playground.trace.records import Note
from playground.trace.trace import Trace
from tests.recorder.helpers import leaf


def note_of(trace: Trace) -> Note:
    (note,) = [note for note in trace.notes if note.kind == "non_finite"]
    return note


@pytest.mark.parametrize(
    ("function", "x", "message"),
    [
        (torch.log, -1.0, "log made the first NaN: the logarithm of a negative number is not real"),
        (torch.log, 0.0, "log made the first infinity: the logarithm of 0 is -infinity"),
        (lambda x: x / x, 0.0, "div made the first NaN: 0 / 0 has no value"),
        (lambda x: 1 / x, 0.0, "rdiv made the first infinity: something was divided by 0"),
        (torch.sqrt, -1.0, "sqrt made the first NaN: a root of a negative number is not real"),
        (lambda x: x**0.5, -1.0, "pow made the first NaN: a root of a negative number is not real"),
        (torch.asin, 2.0, "asin made the first NaN: it is defined between -1 and 1 only"),
        (
            lambda x: torch.exp(x),
            100.0,
            "exp made the first infinity: the result overflows: it lies beyond the limit"
            " of 3.4e+38, the largest float32",
        ),
    ],
)
def test_the_reason_is_named(function: Callable[[Tensor], Tensor], x: float, message: str) -> None:
    trace = record(function, x)
    note = note_of(trace)
    assert note.message == message
    assert note.op == 0
    assert note.value == trace.ops[0].outputs[0]


LOG_OF_0 = "the logarithm of 0 is -infinity"
LOG_OF_NEGATIVE = "the logarithm of a negative number is not real"
GROWS = "it grows beyond every limit there"
POLE = "it has a pole there, and grows beyond every limit"
OVER_0 = "something was divided by 0"
NO_MEAN = "0 / 0 has no value: it is the mean of no numbers"
UNKNOWN = "its inputs are finite, its result is not"
OVERFLOW = "the result overflows: it lies beyond the limit of 1.8e+308, the largest float64"
BY_STEPS = (
    "it overflows: the result, or a number on the way to it, lies beyond the limit of 1.8e+308, the largest float64"
)
ON_THE_WAY = (
    "a number on the way to it overflows, beyond the limit of 1.8e+308, the largest float64, "
    "and what is computed with infinity has no value"
)
NAN, INFINITY = float("nan"), float("inf")


def reason_of(function: Callable[[Tensor], Tensor], *numbers: float, dtype: torch.dtype = torch.float64) -> str:
    return note_of(record(function, leaf(*numbers, dtype=dtype))).message.partition("made the first ")[2]


@pytest.mark.parametrize(
    ("function", "numbers", "message"),
    [
        (torch.log1p, [-1.0], f"infinity: {LOG_OF_0}"),
        (torch.log1p, [-1.0, 3.0], f"infinity: {LOG_OF_0}"),
        (torch.log1p, [-2.0], f"NaN: {LOG_OF_NEGATIVE}"),
        (torch.log2, [3.0, 0.0], f"infinity: {LOG_OF_0}"),
        (torch.log10, [0.0, -3.0], f"NaN: {LOG_OF_NEGATIVE}"),
        (torch.logit, [0.0], f"infinity: {LOG_OF_0}"),
        (torch.logit, [1.0], "infinity: x / (1 − x) is a division by 0 there"),
        (torch.logit, [2.0], f"NaN: x / (1 − x) is negative there, and {LOG_OF_NEGATIVE}"),
        (lambda x: torch.xlogy(x, x - x), [1.0], f"infinity: {LOG_OF_0}"),
        (lambda x: torch.special.xlog1py(x, -x), [1.0], f"infinity: {LOG_OF_0}"),
        (torch.lgamma, [0.0], f"infinity: {POLE}"),
        (torch.lgamma, [-1.0], f"infinity: {POLE}"),
        (torch.lgamma, [1e308], f"infinity: {BY_STEPS}"),
        (torch.digamma, [0.0], f"infinity: {POLE}"),
        (torch.digamma, [-1.0], f"NaN: {POLE}"),
        (lambda x: torch.polygamma(1, x), [0.0], f"infinity: {POLE}"),
        (lambda x: x.polygamma(1), [0.0], f"infinity: {POLE}"),
        (torch.erfinv, [1.0], f"infinity: {GROWS}"),
        (torch.erfinv, [1.5], "NaN: it is defined between -1 and 1 only"),
        (torch.atanh, [-1.0], f"infinity: {GROWS}"),
        (torch.atanh, [1.0, 2.0], "NaN: it is defined between -1 and 1 only"),
        (torch.special.ndtri, [0.0], f"infinity: {GROWS}"),
        (torch.special.entr, [-1.0], "infinity: it is -infinity there by definition"),
        (torch.acosh, [0.5], "NaN: it is defined from 1 on only"),
        (torch.rsqrt, [0.0], "infinity: it divides by the root of 0"),
        (torch.rsqrt, [-1.0], "NaN: a root of a negative number is not real"),
        (torch.reciprocal, [0.0], f"infinity: {OVER_0}"),
        (torch.reciprocal, [1e-310], f"infinity: {OVERFLOW}"),
        (lambda x: torch.addcdiv(x, x, x - x), [1.0], f"infinity: {OVER_0}"),
        (lambda x: torch.addcdiv(x, x, x), [0.0], "NaN: 0 / 0 has no value"),
        (lambda x: x / 1e-300, [0.0, 1e200], f"infinity: {OVERFLOW}"),
        (lambda x: x / 0, [1.0, 0.0], "NaN: 0 / 0 has no value"),
        (lambda x: x[:, None] / x, [1.0, 0.0], "NaN: 0 / 0 has no value"),
        (lambda x: 1 / x, [1e-310], f"infinity: {OVERFLOW}"),
        (lambda x: x**2, [0.0, 1e200], f"infinity: {OVERFLOW}"),
        (lambda x: torch.float_power(x, -1), [0.0], "infinity: 0 to a negative power is a division by 0"),
        (lambda x: torch.pow(0, x), [-1.0], "infinity: 0 to a negative power is a division by 0"),
        (lambda x: torch.pow(exponent=-1, input=x), [0.0], "infinity: 0 to a negative power is a division by 0"),
        (lambda x: 2**x, [0.0, 2000.0], f"infinity: {OVERFLOW}"),
        (lambda x: (-2.0) ** x, [0.5], "NaN: a root of a negative number is not real"),
    ],
)
def test_the_reason_is_that_of_the_element(
    function: Callable[[Tensor], Tensor], numbers: list[float], message: str
) -> None:
    assert reason_of(function, *numbers) == message


@pytest.mark.parametrize(
    ("function", "number", "message"),
    [
        (lambda x: x * NAN, 2.0, "NaN: NaN is what it was given"),
        (lambda x: x**NAN, 2.0, "NaN: NaN is what it was given"),
        (lambda x: x * INFINITY, 2.0, "infinity: infinity is what it was given"),
        (lambda x: x * INFINITY, 0.0, "NaN: 0 × ∞ has no value"),
        (lambda x: torch.where(x > 0, x, -INFINITY), 0.0, "infinity: infinity is what it was given"),
    ],
)
def test_what_was_given_is_not_explained_otherwise(
    function: Callable[[Tensor], Tensor], number: float, message: str
) -> None:
    assert reason_of(function, number) == message


@pytest.mark.parametrize(
    ("function", "numbers", "message"),
    [
        (torch.sum, [1e308, 1e308], f"infinity: {BY_STEPS}"),
        (torch.cosh, [710.2] * 16, f"infinity: {BY_STEPS}"),  # PyTorch halves an exponential: cosh itself is 1.4e308
        (torch.mean, [1e308, 1e308], f"infinity: {BY_STEPS}"),  # the mean is 1e308: the sum overflows
        (torch.prod, [1e200, 1e200, 0.0], f"NaN: {ON_THE_WAY}"),
        (torch.norm, [1e200, 1e200], f"infinity: {BY_STEPS}"),
        (torch.var, [1e200, -1e200], f"infinity: {BY_STEPS}"),
        (lambda x: x[:0].mean(), [1.0], f"NaN: {NO_MEAN}"),
        (lambda x: torch.nn.functional.l1_loss(x[:0], x[:0]), [1.0], f"NaN: {NO_MEAN}"),
        (lambda x: x[:0].median(), [1.0], "NaN: it was given no numbers to compute it from"),
        (lambda x: x.reshape(1, 2).logit(eps=0.0), [1.0, 0.5], f"infinity: {UNKNOWN}"),
        (lambda x: torch.nn.functional.layer_norm(x, (2,), eps=0.0), [1.0, 1.0], f"NaN: {UNKNOWN}"),
    ],
)
def test_a_call_that_reads_many_numbers(
    function: Callable[[Tensor], Tensor], numbers: list[float], message: str
) -> None:
    assert reason_of(function, *numbers) == message


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
def test_the_spread_of_one_number() -> None:
    said = "NaN: 0 / 0 has no value: the spread of a single number is 0, and it is divided by 1 − 1"
    assert reason_of(torch.var, 1.0) == reason_of(lambda x: x.std(), 1.0) == said
    assert reason_of(lambda x: torch.var(x, correction=2), 1.0, 2.0) == f"infinity: {UNKNOWN}"


@pytest.mark.parametrize(
    ("function", "matrix", "message"),
    [
        (torch.logdet, [1.0, 2.0, 2.0, 1.0], f"NaN: the determinant is negative, and {LOG_OF_NEGATIVE}"),
        (torch.logdet, [1.0, 2.0, 2.0, 4.0], f"infinity: the determinant comes out as 0, and {LOG_OF_0}"),
        (
            lambda m: torch.linalg.slogdet(m)[1],
            [1.0, 2.0, 2.0, 4.0],
            f"infinity: the determinant comes out as 0, and {LOG_OF_0}",
        ),
    ],
)
def test_the_logarithm_of_a_determinant(
    function: Callable[[Tensor], Tensor], matrix: list[float], message: str
) -> None:
    assert reason_of(lambda x: function(x.reshape(2, 2)), *matrix) == message
    assert reason_of(lambda x: function(torch.stack([torch.eye(2).double(), x.reshape(2, 2)])), *matrix) == message


def test_a_loss_that_leaves_every_target_out() -> None:
    loss = torch.nn.functional.cross_entropy
    x = torch.ones(2, 2, requires_grad=True)
    ignored, weights = torch.tensor([-100, -100]), torch.tensor([0.0, 1.0])
    note = note_of(record(lambda x: loss(x, ignored), x)).message
    assert note == (
        "cross_entropy made the first NaN: 0 / 0 has no value: every target is left out (ignore_index), "
        "and it is the mean of the others"
    )
    note = note_of(record(lambda x: loss(x, torch.tensor([0, 0]), weight=weights), x)).message
    assert note.endswith("0 / 0 has no value: the weights of all targets are 0, and their sum divides the loss")
    assert "weights" in note_of(record(lambda x: loss(x, torch.tensor([0, -100]), weight=weights), x)).message


@pytest.mark.parametrize(
    ("function", "number", "dtype", "message"),
    [
        (lambda x: x.half(), 1e6, torch.float32, "65504, the largest float16"),
        (lambda x: x.to(torch.bfloat16), 3.4e38, torch.float32, "3.39e+38, the largest bfloat16"),
        (lambda x: x.float(), 1e300, torch.float64, "3.4e+38, the largest float32"),
        (lambda x: x * x, 3e38, torch.bfloat16, "3.39e+38, the largest bfloat16"),
        (lambda x: torch.exp(x.detach().long()) * x, 100.0, torch.float32, "3.4e+38, the largest float32"),
    ],
)
def test_the_limit_is_that_of_the_result(
    function: Callable[[Tensor], Tensor], number: float, dtype: torch.dtype, message: str
) -> None:
    assert reason_of(function, number, dtype=dtype) == (
        f"infinity: the result overflows: it lies beyond the limit of {message}"
    )


SINGLE = "it lies beyond the limit of 3.4e+38, the largest float32"
HALF = "it lies beyond the limit of 65504, the largest float16"


@pytest.mark.parametrize(
    ("function", "number", "dtype", "message"),
    [
        (lambda x: x * 1e39, 1e-10, torch.float32, f"float32 holds 1e+39 as infinity: {SINGLE}"),  # not 1e29
        (lambda x: x * 1e39, 0.0, torch.float32, f"float32 holds 1e+39 as infinity: {SINGLE}"),
        (lambda x: 1e39 / x, 1e10, torch.float32, f"float32 holds 1e+39 as infinity: {SINGLE}"),
        (lambda x: x * torch.tensor(1e39).double(), 1e-10, torch.float32, ""),  # a float32 already infinite
        (
            lambda x: x * torch.tensor(1e39, dtype=torch.float64),
            1e-10,
            torch.float32,
            "float32 holds 1e+39 as infinity",
        ),
        (lambda x: torch.tensor(1e6) * x, 1e-4, torch.float16, f"float16 holds 1e+06 as infinity: {HALF}"),
        (lambda x: torch.xlogy(x, 1e6), 1e-4, torch.float16, f"float16 holds 1e+06 as infinity: {HALF}"),
        (lambda x: x / 1e-46, 1e-20, torch.float32, "float32 holds 1e-46 as 0: it is too small"),
        (lambda x: torch.xlogy(x, 1e-50), 1.0, torch.float32, "float32 holds 1e-50 as 0: it is too small"),
        (lambda x: x * 1e30, 1e30, torch.float32, f"the result overflows: {SINGLE}"),
    ],
)
@pytest.mark.parametrize("count", [1, 2000])
def test_a_number_that_the_dtype_does_not_hold(
    function: Callable[[Tensor], Tensor], number: float, dtype: torch.dtype, message: str, count: int
) -> None:
    trace = record(function, torch.full((count,), number, dtype=dtype, requires_grad=True))
    notes = [note.message for note in trace.notes if note.kind == "non_finite"]
    assert message in notes[0] if message else not notes


@pytest.mark.parametrize(
    ("function", "number", "message"),
    [
        (torch.log, 0j, LOG_OF_0),
        (lambda z: 1 / z, 0j, OVER_0),
        (lambda z: z / z, 0j, "0 / 0 has no value"),
        (lambda z: z**-1, 0j, "0 to a negative power is a division by 0"),
        (lambda z: z**1j, 0j, UNKNOWN),
        (torch.exp, 1000 + 0j, "the largest float32"),
    ],
)
def test_complex_numbers(function: Callable[[Tensor], Tensor], number: complex, message: str) -> None:
    note = note_of(record(lambda z: function(z).real, torch.tensor(number, requires_grad=True)))
    assert note.message.endswith(message)


@pytest.mark.parametrize(
    ("function", "number", "message"),
    [
        (torch.log, 0.0, f"infinity: {LOG_OF_0}"),
        (torch.log, -1.0, f"NaN: {LOG_OF_NEGATIVE}"),
        (torch.logit, 2.0, f"NaN: x / (1 − x) is negative there, and {LOG_OF_NEGATIVE}"),
        (lambda x: x / x, 0.0, "NaN: 0 / 0 has no value"),
        (lambda x: 1 / x, 0.0, f"infinity: {OVER_0}, or {OVERFLOW}"),
        (lambda x: x**2, 1e200, f"infinity: 0 to a negative power is a division by 0, or {OVERFLOW}"),
        (torch.exp, 1000.0, f"infinity: {OVERFLOW}"),
    ],
)
def test_of_large_tensors_all_that_it_can_be_is_said(
    function: Callable[[Tensor], Tensor], number: float, message: str
) -> None:
    trace = record(function, torch.full((2000,), number, dtype=torch.float64, requires_grad=True))
    assert note_of(trace).message.endswith(message)
    assert note_of(Trace.from_json(trace.to_json())) == note_of(trace)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize(
    "function",
    [
        *(torch.exp, torch.exp2, torch.expm1, torch.cosh, torch.sinh, torch.square, torch.reciprocal, torch.lgamma),
        *(torch.special.erfcx, torch.special.i0, torch.special.i1, torch.special.entr, torch.rad2deg, torch.log),
        *(torch.rsqrt, torch.atanh, torch.digamma, torch.erfinv, torch.special.ndtri, torch.logit),
        *(lambda x: x * 1000, lambda x: x / 1e-3, lambda x: x**-3, lambda x: x**3, lambda x: 10.0**x),
    ],
)
def test_what_overflows_is_too_large_in_double_precision(
    function: Callable[[Tensor], Tensor], dtype: torch.dtype
) -> None:
    for number in (-1e5, -40.0, -1.0, 0.0, 1e-38, 1e-7, 0.5, 1.0, 2.0, 11.5, 50.0, 89.2, 90.0, 300.0, 6e4, 1e38):
        x = torch.tensor(number, dtype=dtype)
        if not x.isfinite():
            continue
        try:
            notes = record(function, x.clone().requires_grad_()).notes
        except (PlaygroundError, NotImplementedError):  # PyTorch has none in half precision
            return
        beside = x.double() + (1e-6 * abs(number) or 1e-3)  # a pole is at one number alone
        near = torch.stack([x.double(), beside])
        for note in notes:
            if note.kind == "non_finite" and "the result overflows" in note.message:
                assert bool((function(near).abs() > torch.finfo(dtype).max * 0.99).all()), (number, note.message)


def test_only_the_first_call_is_blamed() -> None:
    trace = record(lambda x: (torch.log(x) * 2 + 1).exp(), -1.0)
    assert note_of(trace).op == 0


def test_a_nan_that_was_given_is_nobodys_fault() -> None:
    assert record(lambda x: x * 2, float("nan")).notes == ()
    assert record(lambda x: x * 2, INFINITY).notes == ()


WITH_INFINITY = "one of the numbers that it was given is infinity, and not all that is computed with it has a value"


@pytest.mark.parametrize(
    ("function", "numbers", "message"),
    [
        (lambda x: x - x, [INFINITY], "NaN: ∞ − ∞ has no value"),
        (lambda x: x[0] + x[1], [INFINITY, -INFINITY], "NaN: ∞ − ∞ has no value"),
        (lambda x: 0 * x, [-INFINITY], "NaN: 0 × ∞ has no value"),
        (lambda x: x / x, [INFINITY], "NaN: ∞ / ∞ has no value"),
        (lambda x: 1 / (x - x), [INFINITY], "NaN: ∞ − ∞ has no value"),
        (torch.sin, [1.0, INFINITY], f"NaN: {WITH_INFINITY}"),
        (lambda x: x.softmax(0), [1.0, INFINITY], f"NaN: {WITH_INFINITY}"),
        (torch.log, [INFINITY, -1.0], f"NaN: {LOG_OF_NEGATIVE}"),
        (lambda x: x - x, [INFINITY] * 70_000, f"NaN: {WITH_INFINITY}"),  # only a summary is kept
    ],
)
def test_a_nan_out_of_infinities_that_were_given(
    function: Callable[[Tensor], Tensor], numbers: list[float], message: str
) -> None:
    assert reason_of(function, *numbers) == message


def test_the_trap_of_where() -> None:
    trace = record(lambda x: torch.where(x > 0, torch.log(x), torch.zeros_like(x)).sum(), leaf(1.0, 0.0))
    assert note_of(trace).message.startswith("log made the first infinity")
    assert trace["x"].grad is not None
    assert repr(trace["x"].grad.tolist()) == "[1.0, nan]"  # 0 * (1 / 0)


def test_half_precision_overflows_early() -> None:
    trace = record(lambda x: x * x, leaf(1000.0, dtype=torch.float16))
    assert "65504" in note_of(trace).message


def test_finite_runs_have_no_such_note() -> None:
    assert record(torch.exp, 1.0).notes == ()
