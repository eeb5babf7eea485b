"""Ties, limits, zeros, unusual arguments and empty axes: what is written there holds there, too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from unicodedata import normalize

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from playground.explain.explanation import explain
from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.explain.reading import Reader
from tests.sampled import sampled

TIES = [2.0, 2.0, 1.0, 0.0, -1.0]
MATRIX = [[2.0, 2.0, -1.0], [0.0, 1.0, 1.0]]


def leaf(content: Any, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor(content, dtype=dtype, requires_grad=True)


def complaints(trace: Trace) -> list[str]:
    return list(Reader(explain(trace)).complaints())


def said(trace: Trace, node: str) -> str:
    """The sentence and the arithmetic of the last step of a kind of node."""
    return [
        normalize("NFC", f"{t.sentence} | {t.arithmetic}") for t in explain(trace).steps if t.title.startswith(node)
    ][-1]


def products(trace: Trace, name: str) -> str:
    return explain(trace).products(trace[name].id)


ONE = """
    exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal neg abs sin cos tan asin acos atan sinh cosh
    tanh asinh acosh atanh sigmoid logit erf erfc erfinv lgamma digamma sinc deg2rad rad2deg i0 sign floor ceil trunc
    round frac nan_to_num relu selu celu hardshrink softmax_ sum nansum mean prod max min amax amin median var std norm
    logsumexp_ cumsum_ cumprod_ sort_ topk_
"""  # with an underscore: along an axis
MORE = """
    relu6 leaky_relu elu gelu silu mish softplus softsign logsigmoid hardsigmoid hardswish tanhshrink softshrink
    softmin_
"""
SHAPES = {
    "ties": TIES,
    "zeros": [0.0, 0.0, 0.0],
    "one": [2.0],
    "scalar": 0.0,
    "empty": [],
    "limits": [-3.0, -1.0, 0.0, 0.5, 1.0, 3.0, 6.0],
    "infinite": [float("inf"), -float("inf"), float("nan"), 1.0],
}


def _function(name: str) -> Callable[..., Any]:
    along = name.endswith("_")
    home = F if name in MORE.split() else torch
    function = getattr(home, name.strip("_"))
    if name == "topk_":
        return lambda x: function(x, 1, 0).values
    if name == "sort_":
        return lambda x: function(x, 0).values
    return (lambda x: function(x, 0)) if along else function


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", sampled([*ONE.split(), *MORE.split()], 3))
def test_of_one_argument(name: str, shape: str) -> None:
    if shape == "empty" and name in ("max", "min", "amax", "amin", "median", "topk_"):
        pytest.skip("PyTorch has no such number of nothing")
    assert complaints(record(_function(name), leaf(SHAPES[shape]), names=["x"])) == []


PAIRS = {
    "ties": ([2.0, 2.0, 0.0, -1.0, 0.0], [2.0, 1.0, 0.0, -1.0, -2.0]),
    "zeros": ([0.0, 0.0, 1.0, -1.0], [0.0, 2.0, 0.0, 0.0]),
    "scalar zeros": (0.0, 0.0),
    "stretched": (MATRIX, [2.0, 2.0, 1.0]),
    "one": ([[1.0], [2.0]], [1.0, 3.0]),
    "empty": ([], []),
}
OPERATORS = "add sub mul div pow atan2 hypot maximum minimum fmod remainder logaddexp xlogy copysign dist"
TWO: dict[str, Callable[..., Any]] = {
    **{name: getattr(torch, name) for name in OPERATORS.split()},
    "add alpha": lambda a, b: torch.add(a, b, alpha=0.5),
    "sub alpha": lambda a, b: torch.sub(a, b, alpha=3),
    "rsub": lambda a, b: torch.rsub(a, b, alpha=2),
    "div floor": lambda a, b: torch.div(a, b, rounding_mode="floor"),
    "div trunc": lambda a, b: torch.div(a, b, rounding_mode="trunc"),
    "where": lambda a, b: torch.where(a > 0, a, b),
    "lerp": lambda a, b: torch.lerp(a, b, 0.25),
    "lerp tensor": lambda a, b: torch.lerp(a, b, a),
    "addcmul": lambda a, b: torch.addcmul(a, a, b, value=0.5),
    "addcdiv": lambda a, b: torch.addcdiv(a, a, b, value=0.5),
    "clamp": lambda a, b: torch.clamp(a, min=b),
    "clamp max": lambda a, b: torch.clamp(a, max=b),
    "clamp both": lambda a, b: torch.clamp(a, b - 1, b),
    **{
        f"{name} {reduction}": partial(getattr(F, name), reduction=reduction)
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits")
        for reduction in ("mean", "sum", "none")
    },
    "smooth_l1_loss beta": lambda a, b: F.smooth_l1_loss(a, b, beta=0.5),
    "smooth_l1_loss 0": lambda a, b: F.smooth_l1_loss(a, b, beta=0.0),
    "huber_loss delta": lambda a, b: F.huber_loss(a, b, delta=0.5),
    "kl_div": lambda a, b: F.kl_div(a, b.abs(), reduction="batchmean"),
    "gaussian_nll_loss": lambda a, b: F.gaussian_nll_loss(a, b, b.abs() + 1),
    "poisson_nll_loss": F.poisson_nll_loss,
}


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("name", sampled(TWO, 3))
@pytest.mark.filterwarnings("ignore")
def test_of_two_arguments(name: str, pair: str) -> None:
    first, second = PAIRS[pair]
    broadcasts = not any(word in name for word in ("loss", "kl_div", "logits"))
    if (not broadcasts and pair in ("stretched", "one")) or (name.startswith("gaussian") and pair == "stretched"):
        pytest.skip("losses want equal shapes")
    assert complaints(record(TWO[name], leaf(first), leaf(second), names=["a", "b"])) == []


SETTINGS: dict[str, Callable[[Tensor], Any]] = {
    "clamp_min at 0": lambda x: x.clamp_min(0),
    "clamp_max at 2": lambda x: x.clamp_max(2),
    "clamp": lambda x: x.clamp(0, 2),
    "clamp min": lambda x: x.clamp(min=0),
    "clamp max": lambda x: x.clamp(max=2),
    "clamp tensor": lambda x: x.clamp(min=torch.tensor(0.0)),
    "hardtanh": lambda x: F.hardtanh(x, 0.0, 2.0),
    "threshold": lambda x: F.threshold(x, 0.0, -1.0),
    "leaky_relu": lambda x: F.leaky_relu(x, 0.3),
    "elu alpha": lambda x: F.elu(x, alpha=0.5),
    "celu alpha": lambda x: F.celu(x, alpha=0.5),
    "softplus beta": lambda x: F.softplus(x, beta=3.0),
    "softplus threshold": lambda x: F.softplus(x, beta=2.0, threshold=1.5),
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "softshrink": lambda x: F.softshrink(x, 1.0),
    "hardshrink": lambda x: F.hardshrink(x, 1.0),
    "logit eps": lambda x: torch.logit(x, eps=1e-3),
    "round": lambda x: torch.round(x, decimals=1),
    "norm 1": lambda x: torch.norm(x, p=1),
    "norm 3": lambda x: torch.norm(x, p=3),
    "norm inf": lambda x: torch.norm(x, p=float("inf")),
    "norm 0": lambda x: torch.norm(x, p=0),
    "vector_norm 0.5": lambda x: torch.linalg.vector_norm(x, ord=0.5),
    "vector_norm -inf": lambda x: torch.linalg.vector_norm(x, ord=-float("inf")),
    "var 0": lambda x: torch.var(x, correction=0),
    "std 0": lambda x: torch.std(x, correction=0),
    "pow 0": lambda x: x**0,
    "pow 1": lambda x: x**1,
    "pow 2": lambda x: x**2,
    "pow -1": lambda x: x**-1,
    "pow 0.5": lambda x: x**0.5,
    "0 pow": lambda x: torch.pow(0.0, x),
    "2 pow": lambda x: 2**x,
    "rdiv": lambda x: 1 / x,
    "rsub": lambda x: 3 - x,
    "float": lambda x: x.float() * 2,
    "nansum": lambda x: torch.nansum(x),
}


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "empty"])
@pytest.mark.parametrize("name", SETTINGS)
def test_of_settings(name: str, shape: str) -> None:
    assert complaints(record(SETTINGS[name], leaf(SHAPES[shape]), names=["x"])) == []


AXES = {"all": None, "rows": 0, "columns": 1, "last": -1, "both": (0, 1)}
KEEP_SHAPE = "cumsum cumprod logcumsumexp cummax softmax log_softmax"
REDUCE = "sum nansum mean prod max min amax amin median var std logsumexp"
ALONG: dict[str, Callable[..., Any]] = {
    **{name: getattr(torch, name) for name in (*REDUCE.split(), *KEEP_SHAPE.split())},
    "norm": lambda x, dim, keepdim=False: torch.norm(x, 2, dim, keepdim),
    "norm 1": lambda x, dim, keepdim=False: torch.norm(x, 1, dim, keepdim),
    "norm 3": lambda x, dim, keepdim=False: torch.norm(x, 3, dim, keepdim),
    "norm inf": lambda x, dim, keepdim=False: torch.linalg.vector_norm(x, float("inf"), dim, keepdim),
    "kthvalue": lambda x, dim, keepdim=False: torch.kthvalue(x, 1, dim, keepdim),
}
ONE_AXIS = ("prod", "max", "min", "median", "kthvalue", *KEEP_SHAPE.split())


@pytest.mark.parametrize("axes", ["rows", "columns", "last", "both"])
@pytest.mark.parametrize("name", sampled(ALONG, 3))
@pytest.mark.parametrize("content", [MATRIX, [[3.0], [1.0]], [[0.0, 0.0]]], ids=["matrix", "column", "row"])
@pytest.mark.filterwarnings("ignore")
def test_along_axes(name: str, axes: str, content: Any) -> None:
    if axes == "both" and name in ONE_AXIS:
        pytest.skip("one axis only")
    for keepdim in [{}] if name in KEEP_SHAPE.split() else [{"keepdim": False}, {"keepdim": True}]:

        def reduced(x: Tensor, keepdim: dict[str, bool] = keepdim) -> Tensor:
            found = ALONG[name](x, dim=AXES[axes], **keepdim)
            found = found if isinstance(found, Tensor) else found[0]
            return (found * torch.arange(1.0, found.numel() + 1, dtype=x.dtype).reshape(found.shape)).sum()

        assert complaints(record(reduced, leaf(content), names=["x"])) == []


def test_ties_are_shared() -> None:
    """Two that are equal share the gradient, and the page says so."""
    pair = record(torch.maximum, leaf(2.0), leaf(2.0), names=["a", "b"])
    assert "ā += v̄₁ × ([a > b] + [a = b]/2) = 1 × 0.5 = 0.5" in said(pair, "MaximumBackward0")
    assert "half to each where they are equal" in said(pair, "MaximumBackward0")
    apart = record(torch.minimum, leaf(1.0), leaf(2.0), names=["a", "b"])
    assert "ā += v̄₁ × [a < b] = 1 × 1 = 1" in said(apart, "MinimumBackward0")
    for name in ("max", "min", "median", "amax"):
        tied = record(getattr(torch, name), leaf([2.0, 2.0, 2.0, 2.0]), names=["x"])
        assert "shared evenly by those that are equal to it" in said(tied, f"{name.capitalize()}Backward")
        assert "only" not in said(tied, f"{name.capitalize()}Backward")
    assert "to the largest element only" in said(record(torch.max, leaf([2.0, 1.0])), "MaxBackward1")


def test_a_limit_itself() -> None:
    """PyTorch 2.14: strictly above a number, half at a tensor."""
    number = record(lambda x: x.clamp_min(0), leaf(0.0), names=["x"])
    assert "x̄ += v̄₁ × [0 < x] = 1 × 0 = 0" in said(number, "ClampMinBackward0")
    tensor = record(lambda x, low: x.clamp_min(low), leaf(0.0), leaf(0.0), names=["x", "low"])
    assert "[x > low] + [x = low]/2) = 1 × 0.5 = 0.5" in said(tensor, "ClampMinBackward1")


def test_a_rule_with_settings_is_written_with_them() -> None:
    assert products(record(lambda x: F.elu(x, alpha=0.5), leaf(-1.0)), "x") == "v̄₁ × ([x > 0] + (v₁ + 0.5)·[x ≤ 0])"
    assert products(record(lambda x: F.softplus(x, beta=2), leaf(-1.0)), "x") == "v̄₁ × σ(2·x)"
    straight = record(lambda x: F.softplus(x, beta=2, threshold=1.0), leaf(3.0))
    assert products(straight, "x") == "v̄₁ × where(2·x > 1, 1, σ(2·x))"
    assert "Φ" not in products(record(lambda x: F.gelu(x, approximate="tanh"), leaf(1.0)), "x")
    assert products(record(lambda x: torch.norm(x, p=1), leaf([3.0, -4.0]), names=["x"]), "x") == "v̄₁ · sign(x)"
    assert products(record(torch.norm, leaf([3.0, -4.0]), names=["x"]), "x") == "v̄₁ · x/v₁"


def test_rounding_makes_steps() -> None:
    trace = record(lambda a, b: torch.div(a, b, rounding_mode="floor"), leaf(7.0), leaf(2.0), names=["a", "b"])
    assert "v̄₁ × 0 = 1 × 0 = 0" in said(trace, "DivBackward")
    assert "1/b" not in said(trace, "DivBackward")


def test_a_product_with_a_zero() -> None:
    assert "v₁ / x" in products(record(torch.prod, leaf([1.0, 2.0]), names=["x"]), "x")
    assert products(record(torch.prod, leaf([0.0, 2.0]), names=["x"]), "x") == "v̄₁ · product of the others"


def test_a_singular_matrix_has_no_inverse() -> None:
    assert "⁻¹" in products(record(torch.det, leaf([[1.0, 2.0], [3.0, 4.0]]), names=["x"]), "x")
    trace = record(torch.det, leaf([[1.0, 2.0], [2.0, 4.0]]), names=["x"])
    assert "⁻¹" not in products(trace, "x")
    assert "the matrix is singular and has no inverse" in said(trace, "LinalgDetBackward0")


def test_the_origin() -> None:
    trace = record(torch.atan2, leaf(0.0), leaf(0.0), names=["a", "b"])
    assert "where PyTorch sets it to 0" in said(trace, "Atan2Backward0")
    assert products(record(lambda x: x**0, leaf(3.0), names=["x"]), "x") == "v̄₁ × 0"
    assert products(record(lambda x: x**-1.0, leaf(3.0), names=["x"]), "x") == "v̄₁ × (−1)·x⁻²"
    assert "a positive power of 0 is 0" in said(record(lambda x: 0**x, leaf(3.0), names=["x"]), "PowBackward2")
    assert "a positive power" not in said(record(lambda x: 0**x, leaf(0.0), names=["x"]), "PowBackward2")
    power = record(torch.pow, leaf(0.0), leaf(0.0), names=["a", "b"])
    assert "0 where PyTorch sets it to 0" in said(power, "PowBackward1")


HANDED_ON: dict[str, Callable[[Tensor], Tensor]] = {
    "positive": lambda x: torch.positive(x) * x,
    "contiguous": lambda x: x.contiguous() * x,
    "float": lambda x: x.float() * x,
    "used before": lambda x: (x * 2) * x.contiguous(),
    "handed on twice": lambda x: (x * 2) * x.contiguous().contiguous(),
    "returned": lambda x: (x * x).contiguous(),
    "dropout": lambda x: torch.nn.functional.dropout(x, training=False) * x,
}


@pytest.mark.parametrize("second", ["", "x"])
@pytest.mark.parametrize("name", HANDED_ON)
def test_a_tensor_that_a_call_hands_on_as_it_came(name: str, second: str) -> None:
    x = torch.tensor([0.3, 0.6, 0.8], requires_grad=True)
    trace = record(HANDED_ON[name], x, names=["x"], **({"second": second} if second else {}))
    assert complaints(trace) == []
    explanation = explain(trace)
    for value in trace.values:
        notes = " ".join(line.note for line in explanation.derivation(value.id))
        assert "outside this recording" not in notes
        if value.requires_grad:
            assert "does not depend on" not in notes


@pytest.mark.parametrize("second", ["z", "phi"])
def test_a_complex_factor_stands_in_brackets(second: str) -> None:
    z = torch.tensor([1.0, 2.0], requires_grad=True)
    phi = torch.tensor([0.5, 0.7], requires_grad=True)
    trace = record(lambda z, phi: torch.polar(z, phi).imag.sum(), z, phi, names=["z", "phi"], second=second)
    assert complaints(trace) == []
    assert not any(" · 0 + 1i" in text.arithmetic or "conj(0" in text.arithmetic for text in explain(trace).steps)
