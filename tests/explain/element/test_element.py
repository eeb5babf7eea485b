"""One element of a value and of a gradient, against Jacobians and sums that PyTorch works out itself, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.functional import jacobian

from playground import record
from playground.errors import PlaygroundError
from playground.explain.element.backward import element_gradient
from playground.explain.element.forward import element_value
from playground.explain.element.places import MOST_TERMS
from playground.trace.trace import Trace
from tests.recorder.helpers import random_leaf

X, W, B = random_leaf(3, 5, seed=1), random_leaf(4, 5, seed=2), random_leaf(4, seed=3)
IMAGE, KERNEL = random_leaf(2, 3, 6, 6, seed=4), random_leaf(4, 3, 3, 3, seed=5)
TABLE = random_leaf(6, 3, seed=6)
ROWS = torch.tensor([1, 4, 1, 1])
TARGET = torch.tensor([2, 0, 3])

CALLS: list[tuple[str, Callable[..., Tensor], tuple[Tensor, ...]]] = [
    ("linear", F.linear, (X, W, B)),
    ("linear by keyword", lambda x, w, b: F.linear(x, bias=b, weight=w), (X, W, B)),
    ("conv2d", lambda x, w: F.conv2d(x, w, stride=2, padding=1), (IMAGE, KERNEL)),
    ("conv2d in groups", lambda x, w: F.conv2d(x, w, groups=3, dilation=2), (IMAGE, random_leaf(6, 1, 2, 2))),
    ("conv_transpose2d", F.conv_transpose2d, (IMAGE, random_leaf(3, 2, 2, 2, seed=7))),
    ("matmul", lambda a, b: a @ b.T, (X, W)),
    ("bmm", torch.bmm, (random_leaf(2, 3, 4), random_leaf(2, 4, 2, seed=8))),
    ("matrix and vector", torch.mv, (W, random_leaf(5, seed=9))),
    ("relu", F.relu, (X,)),
    ("softmax", lambda x: F.softmax(x, dim=1), (X,)),
    ("max_pool2d", lambda x: F.max_pool2d(x, 2), (IMAGE,)),
    ("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), (IMAGE, TABLE[0], TABLE[1])),
    ("cross_entropy", lambda x: F.cross_entropy(x, TARGET), (random_leaf(3, 4),)),
    ("embedding", lambda table: F.embedding(ROWS, table), (TABLE,)),
    ("index", lambda table: table[ROWS], (TABLE,)),
    ("broadcast add", lambda x, b: x + b, (W.T, B)),
    ("broadcast mul", lambda x, b: x * b, (W.T, B)),
    ("used twice by one call", lambda x: x * x, (X,)),
    ("used twice", lambda x: x.sin() + x.exp(), (X,)),
    ("a call with several results", lambda x: torch.cat([p * n for n, p in enumerate(x.split(2, 1), 1)], 1), (X,)),
]  # fmt: skip
NAMES = [name for name, _, _ in CALLS]


def recorded(function: Callable[..., Tensor], inputs: tuple[Tensor, ...]) -> tuple[Trace, list[Tensor], Tensor]:
    """A weighted sum of what the function gives, so that every element has an adjoint of its own."""
    leaves = [tensor.detach().clone().requires_grad_() for tensor in inputs]
    names = [f"x{number}" for number in range(len(leaves))]
    weights = random_leaf(*function(*leaves).shape, seed=11).detach()
    trace = record(function, *leaves, names=names, seed=weights)
    return trace, leaves, weights


def corners(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The first element, the last, and one between."""
    return [tuple(0 for _ in shape), tuple(n - 1 for n in shape), tuple(n // 2 for n in shape)]


@pytest.mark.parametrize(("function", "inputs"), [call[1:] for call in CALLS], ids=NAMES)
def test_a_gradient_is_the_sum_of_its_terms(function: Callable[..., Tensor], inputs: tuple[Tensor, ...]) -> None:
    trace, leaves, weights = recorded(function, inputs)
    jacobians = jacobian(function, tuple(leaves))
    for number, leaf in enumerate(leaves):
        for index in corners(leaf.shape):
            found = element_gradient(trace, trace[f"x{number}"].id, index)
            column = jacobians[number][(..., *index)]
            expected = float((column * weights).sum())
            assert found.total == pytest.approx(expected, rel=1e-9, abs=1e-12)
            assert found.recorded == pytest.approx(expected, rel=1e-9, abs=1e-12)
            assert found.agrees
            assert all(not use.obstacle for use in found.uses)


@pytest.mark.parametrize(("function", "inputs"), [call[1:] for call in CALLS], ids=NAMES)
def test_terms_are_an_adjoint_times_a_local_derivative(
    function: Callable[..., Tensor], inputs: tuple[Tensor, ...]
) -> None:
    trace, _, _ = recorded(function, inputs)
    for value in trace.values:
        if value.adjoint is None:
            continue
        for use in element_gradient(trace, value.id, corners(value.shape)[-1]).uses:
            assert len(use.terms) <= MOST_TERMS
            products = [term.adjoint * term.derivative for term in use.terms]
            assert sum(products) + use.rest == pytest.approx(use.total, rel=1e-9, abs=1e-12)
            assert [abs(product) for product in products] == sorted(map(abs, products), reverse=True)
            for term in use.terms:
                adjoint = trace.values[term.place.value].adjoint
                assert adjoint is not None
                assert term.adjoint == float(adjoint.tensor()[term.place.index])
                if term.partner is not None:
                    partner = trace.values[term.partner.value].data.tensor()[term.partner.index]
                    assert term.derivative == pytest.approx(float(partner), rel=1e-9)


@pytest.mark.parametrize(("function", "inputs"), [call[1:] for call in CALLS], ids=NAMES)
def test_a_value_is_computed_from_its_terms(function: Callable[..., Tensor], inputs: tuple[Tensor, ...]) -> None:
    trace, _, _ = recorded(function, inputs)
    output = trace.values[trace.outputs[0]]
    for index in corners(output.shape):
        found = element_value(trace, output.id, index)
        expected = float(output.data.tensor()[index])
        assert found.recorded == expected
        if found.kind in ("products", "sum"):
            sizes = [term.value * term.factor for term in found.terms]
            assert sum(sizes) + found.rest + found.constant == pytest.approx(expected, rel=1e-9, abs=1e-12)
        for term in found.terms:
            assert term.value == float(trace.values[term.place.value].data.tensor()[term.place.index])


@pytest.mark.parametrize("name", ["linear", "linear by keyword", "conv2d", "conv2d in groups", "conv_transpose2d",
                                  "matmul", "bmm", "matrix and vector", "broadcast mul"])  # fmt: skip
def test_products_name_both_factors(name: str) -> None:
    _, function, inputs = CALLS[NAMES.index(name)]
    trace, _, _ = recorded(function, inputs)
    found = element_value(trace, trace.outputs[0], corners(trace.values[trace.outputs[0]].shape)[1])
    assert found.kind == "products"
    for term in found.terms:
        assert term.partner is not None
        assert term.factor == float(trace.values[term.partner.value].data.tensor()[term.partner.index])


def test_a_linear_layer_by_hand() -> None:
    trace, leaves, _ = recorded(F.linear, (X, W, B))
    x, w, b = (leaf.detach() for leaf in leaves)
    found = element_value(trace, trace.outputs[0], (2, 3))
    assert found.count == 5
    by_hand = {k: float(x[2, k] * w[3, k]) for k in range(5)}
    assert {term.place.index[1]: term.value * term.factor for term in found.terms} == pytest.approx(by_hand)
    assert found.constant == pytest.approx(float(b[3]))
    assert found.bias is not None and found.bias.index == (3,)
    assert found.pattern == (("2", "i"), ("3", "i"))

    gradient = element_gradient(trace, trace["x1"].id, (3, 4))
    (use,) = gradient.uses
    assert use.count == 3 and use.pattern == (("i", "3"), ("i", "4"))
    assert {term.partner.index for term in use.terms if term.partner} == {(n, 4) for n in range(3)}


def test_a_convolution_says_how_its_window_moves() -> None:
    trace, _, _ = recorded(F.conv2d, (IMAGE, KERNEL))
    found = element_value(trace, trace.outputs[0], (1, 2, 3, 1))
    assert found.count == 27
    assert found.pattern == (("1", "i", "j+3", "k+1"), ("2", "i", "j", "k"))


def test_the_largest_terms_are_shown_and_the_rest_is_summed() -> None:
    trace, (x, w), _ = recorded(F.linear, (random_leaf(2, 100), random_leaf(3, 100, seed=1)))
    found = element_value(trace, trace.outputs[0], (0, 1))
    products = (x[0] * w[1]).detach()
    assert found.count == 100 and len(found.terms) == MOST_TERMS
    largest = products.abs().topk(MOST_TERMS).indices.tolist()
    assert [term.place.index[1] for term in found.terms] == largest
    assert found.rest == pytest.approx(float(products.sum() - products[largest].sum()))


def test_each_use_has_a_block_of_its_own() -> None:
    trace, _, _ = recorded(lambda x: x.sin() + x.exp(), (X,))
    found = element_gradient(trace, trace["x0"].id, (1, 1))
    assert [trace.ops[use.op].name for use in found.uses] == ["sin", "exp"]
    assert sum(use.total for use in found.uses) == pytest.approx(found.recorded)


def test_a_root_gets_its_seed() -> None:
    trace, _, weights = recorded(torch.sin, (X,))
    found = element_gradient(trace, trace.outputs[0], (1, 2))
    assert found.seed == found.recorded == float(weights[1, 2])
    assert found.uses == () and found.agrees


def test_a_dead_unit_says_how_many_terms_are_zero() -> None:
    def net(x: Tensor, w: Tensor) -> Tensor:
        return F.linear(x, w).relu().sum()

    trace = record(net, X.detach(), W.detach().requires_grad_(), names=("x", "w"))
    found = element_gradient(trace, trace["w"].id, (1, 2))
    dead = int((F.linear(X, W)[:, 1] <= 0).sum())
    assert 0 < dead < len(X), "the numbers of this test have both"
    assert found.uses[0].count == len(X) and found.uses[0].zeros == dead


def test_what_an_identity_hands_on_counts_as_the_same_value() -> None:
    net = nn.Sequential(nn.Linear(5, 4), nn.Dropout().eval(), nn.Linear(4, 1)).double()
    trace = record(net, X.detach(), names=("x",))
    alias = next(value for value in trace.values if value.alias_of is not None)
    for value in (alias.id, alias.alias_of):
        found = element_gradient(trace, value or 0, (1, 2))
        assert found.agrees and len(found.uses) == 1


def test_what_cannot_be_repeated_says_so_and_gives_the_recorded_share() -> None:
    torch.manual_seed(0)
    trace = record(lambda x: F.dropout(x, 0.5, training=True).sum(), X.detach().requires_grad_(), names=("x",))
    found = element_gradient(trace, trace["x"].id, (0, 0))
    assert "random" in found.uses[0].obstacle
    assert found.agrees and found.uses[0].terms == ()
    value = element_value(trace, trace.ops[0].outputs[0], (0, 0))
    assert value.kind == "unknown" and "random" in value.obstacle


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(context: object, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient * 2


def test_a_call_out_of_sight_gives_the_recorded_share() -> None:
    trace = record(lambda x: Doubled.apply(x).sum(), X.detach().requires_grad_(), names=("x",))  # type: ignore[no-untyped-call]
    found = element_gradient(trace, trace["x"].id, (0, 0))
    assert found.agrees and found.total == 2 and found.uses[0].obstacle


def test_in_place_calls_are_repeated_on_a_copy() -> None:
    def function(x: Tensor) -> Tensor:
        y = x * 3
        y.exp_()
        return y.sum()

    trace = record(function, X.detach().requires_grad_(), names=("x",))
    before = [value.data.tensor().tolist() for value in trace.values]
    for value in trace.values:
        if value.adjoint is not None and value.shape:
            assert element_gradient(trace, value.id, (0, 1)).agrees
    assert [value.data.tensor().tolist() for value in trace.values] == before


def test_a_trained_batch_norm_keeps_its_running_statistics() -> None:
    net = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    trace = record(net, X.detach().float(), names=("x",))
    kept = {name: buffer.clone() for name, buffer in net.named_buffers()}
    assert element_gradient(trace, trace["0.weight"].id, (3, 1)).agrees
    assert all(torch.equal(kept[name], buffer) for name, buffer in net.named_buffers())


def test_two_passes_are_told_from_the_last_one() -> None:
    trace = record(lambda x: (x * x).sum(), X.detach().requires_grad_(), names=("x",), passes=2)
    found = element_gradient(trace, trace["x"].id, (0, 2))
    assert found.agrees
    assert found.accumulated == pytest.approx(2 * found.recorded)


def test_a_leaf_was_given() -> None:
    trace, (x, *_), _ = recorded(F.linear, (X, W, B))
    found = element_value(trace, trace["x0"].id, (0, 1))
    assert found.kind == "given" and found.recorded == float(x.detach()[0, 1])


def test_whole_numbers_have_a_value_but_no_derivative() -> None:
    trace = record(lambda x: (x.argmax(1), x.sum())[1], X.detach().requires_grad_())
    indices = next(value for value in trace.values if value.dtype == "int64")
    found = element_value(trace, indices.id, (1,))
    assert found.kind == "function" and found.terms == ()
    with pytest.raises(PlaygroundError, match="no gradient"):
        element_gradient(trace, indices.id, (1,))


@pytest.mark.parametrize("index", [(3, 0), (0, 5), (-1, 0), (0,), (0, 0, 0), ()])
def test_a_wrong_index_says_what_is_allowed(index: tuple[int, ...]) -> None:
    trace, _, _ = recorded(F.linear, (X, W, B))
    for ask in (element_value, element_gradient):
        with pytest.raises(PlaygroundError) as caught:
            ask(trace, trace["x0"].id, index)
        assert "0 to 2" in caught.value.hint and "0 to 4" in caught.value.hint


def test_a_trace_read_from_a_file_says_that_it_must_be_run_again() -> None:
    trace, _, _ = recorded(F.linear, (X, W, B))
    with pytest.raises(PlaygroundError, match="cannot be repeated"):
        element_gradient(Trace.from_json(trace.to_json()), 0, (0, 0))


def test_too_large_a_call_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    trace, _, _ = recorded(F.linear, (X, W, B))
    monkeypatch.setattr("playground.explain.element.repeated_call.MOST_ELEMENTS", 10)
    found = element_gradient(trace, trace["x1"].id, (0, 0))
    assert "limit" in found.uses[0].obstacle
    assert found.agrees, "the recorded share stands in for it"


def test_complex_numbers_are_refused() -> None:
    trace = record(lambda x: (x * x).abs().sum(), torch.randn(3, dtype=torch.complex64).requires_grad_(), names=("x",))
    with pytest.raises(PlaygroundError, match="real numbers"):
        element_gradient(trace, trace["x"].id, (0,))


def test_single_precision_agrees_within_its_rounding() -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 10))
    trace = record(lambda x: F.cross_entropy(net(x), torch.arange(8)), torch.randn(8, 1, 8, 8))
    for value in trace.values:
        if value.adjoint is not None:
            found = element_gradient(trace, value.id, corners(value.shape)[2])
            assert found.agrees, value.name
            assert math.isclose(found.total, found.recorded, rel_tol=1e-4, abs_tol=1e-7)
