"""How far two traces are apart, against the same computed in plain PyTorch."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given

from playground import Leaf, Trace, run
from playground.explain.comparison.comparison import Alone, compare
from playground.explain.comparison.differences import Difference, Gap
from playground.trace.array import Array
from tests.strategies import programs

NET = "h = relu(W @ x + b)\nf = (h * h).sum()"
W, X, B = [[0.1, 0.2], [0.3, -0.7]], [1.1, 0.9], [0.03, 0.05]


def net(dtype: str, text: str = NET) -> Trace:
    return run(text, {name: Leaf(name, str(value), dtype) for name, value in (("W", W), ("x", X), ("b", B))})


def of(found: tuple[Difference, ...], trace: Trace, name: str, kind: str) -> Difference:
    return next(one for one in found if trace.values[one.right].label == name and one.of == kind)


def plain(dtype: torch.dtype, *, with_relu: bool = True) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    w, x, b = (torch.tensor(numbers, dtype=dtype, requires_grad=True) for numbers in (W, X, B))
    h = w @ x + b
    h = torch.relu(h) if with_relu else h
    f = (h * h).sum()
    f.backward()
    assert w.grad is not None
    return h.detach().double(), f.detach().double(), w.grad.double()


def apart(one: torch.Tensor, other: torch.Tensor) -> tuple[float, float]:
    gaps = (one - other).abs()
    sizes = torch.stack([one.abs(), other.abs()]).amax(0)
    return float(gaps.max()), float((gaps / sizes)[gaps > 0].max())


@given(program=programs())
def test_a_trace_differs_from_itself_nowhere(program: tuple[str, dict[str, float]]) -> None:
    found = compare(run(*program), run(*program))
    assert (found.differences, found.alone) == ((), (Alone((), ()), Alone((), ())))
    assert found.summary == "Every value and every gradient is the same."


@given(program=programs())
def test_in_double_precision_every_call_has_its_partner(program: tuple[str, dict[str, float]]) -> None:
    text, values = program
    single, double = (run(text, {n: Leaf(n, repr(v), d) for n, v in values.items()}) for d in ("float32", "float64"))
    found = compare(single, double)
    assert len(found.pairing.ops) == len(single.ops) == len(double.ops)
    for one in found.differences:
        assert one.gap is not None or one.before is None or one.after is None


def test_single_against_double_precision() -> None:
    single, double = net("float32"), net("float64")
    found = compare(single, double).differences
    for name, kind, place in (("h", "primal", 0), ("f", "primal", 1), ("W", "grad", 2)):
        gap = of(found, double, name, kind).gap
        assert gap is not None
        assert (gap.absolute, gap.relative) == apart(plain(torch.float32)[place], plain(torch.float64)[place])
        assert 0 < gap.relative < 1e-6


def test_with_and_without_relu() -> None:
    with_, without = net("float64"), net("float64", NET.replace("relu(W @ x + b)", "W @ x + b"))
    comparison = compare(with_, without)
    gap = of(comparison.differences, without, "f", "primal").gap
    assert gap is not None
    f, f_without = plain(torch.float64)[1], plain(torch.float64, with_relu=False)[1]
    assert (gap.absolute, gap.relative) == apart(f, f_without)
    assert comparison.alone == (Alone((2,), ()), Alone((), ()))
    assert comparison.summary.endswith(" relu only before.")


def test_what_has_the_same_name_is_compared_however_it_came_about() -> None:
    with_, without = net("float64"), net("float64", NET.replace("relu(W @ x + b)", "W @ x + b"))
    gap = of(compare(with_, without).differences, without, "h", "primal").gap
    assert gap is not None
    assert (gap.absolute, gap.relative) == apart(plain(torch.float64)[0], plain(torch.float64, with_relu=False)[0])


def test_calls_and_leaves_without_a_partner_are_named() -> None:
    left, right = run("f = tanh(x) * y", {"x": 1.0, "y": 2.0}), run("f = sin(cos(exp(x))).abs() + x", {"x": 1.0})
    assert compare(left, right).summary.endswith("y and tanh only before. exp, cos, sin and 1 more only now.")


def test_values_come_in_the_order_of_computing_then_gradients_from_the_end() -> None:
    found = compare(net("float32"), net("float64")).differences
    kinds = ["forward" if one.of == "primal" else "backward" for one in found]
    assert kinds == sorted(kinds, reverse=True)
    forward = [one.right for one in found if one.of == "primal"]
    backward = [one.right for one in found if one.of != "primal"]
    assert forward == sorted(forward) and backward == sorted(backward, reverse=True)


def test_a_gradient_on_one_side_only() -> None:
    left = run("f = w*x", {"w": Leaf("w", "2.0"), "x": Leaf("x", "3.0")})
    right = run("f = w*x", {"w": Leaf("w", "2.0"), "x": Leaf("x", "3.0", requires_grad=False)})
    [only] = compare(left, right).differences
    assert (right.values[only.right].name, only.of, only.text) == ("x", "grad", "only before")


def test_another_shape() -> None:
    left, right = run("f = (x*x).sum()", {"x": [1.0, 2.0]}), run("f = (x*x).sum()", {"x": [1.0, 2.0, 3.0]})
    assert of(compare(left, right).differences, right, "x", "primal").text == "shapes (2,) and (3,)"


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ([1.0, 2.0], [1.0, 2.0], None),
        ([math.nan, 1.0], [math.nan, 1.0], None),
        ([0.0], [-0.0], None),
        ([math.inf], [math.inf], None),
        ([1.0, 2.0], [1.0, 3.0], (1.0, 1 / 3)),
        ([0.0, 100.0], [0.5, 101.0], (1.0, 1.0)),
        ([math.nan], [1.0], (math.inf, math.inf)),
        ([math.inf], [1.0], (math.inf, math.inf)),
        ([1 + 1j], [1 - 1j], (2.0, 2 / math.sqrt(2))),
        ([True], [False], (1.0, 1.0)),
        ([], [], None),
    ],
)
def test_the_gap_of_two_arrays(one: list[object], other: list[object], wanted: tuple[float, float] | None) -> None:
    gap = Gap.between(Array(torch.tensor(one)), Array(torch.tensor(other)))
    assert (None if gap is None else (gap.absolute, gap.relative)) == (
        None if wanted is None else pytest.approx(wanted)
    )


def test_whole_numbers_are_compared_exactly() -> None:
    one, other = (Array(torch.tensor([2**60 + k])) for k in (0, 1))
    assert Gap.between(one, other) is not None
    single, whole = Array(torch.tensor([2.0**24])), Array(torch.tensor([2**24 + 1]))
    assert Gap.between(single, whole) == Gap(1.0, 1 / (2**24 + 1))


def test_traces_that_were_read_from_a_file() -> None:
    left, right = (run("f = (x*s).sum()", {"x": f"linspace(0, 1, {2000})", "s": s}) for s in (1.0, 2.0))
    again = compare(*(Trace.from_json(trace.to_json()) for trace in (left, right)))
    texts = {right.values[one.right].label: one.text for one in again.differences if one.of == "primal"}
    assert texts["v1"] == "too large to compare" and texts["s"] == "apart by 1, relative 0.5"
    assert "x" not in texts, "its summary is the same"
