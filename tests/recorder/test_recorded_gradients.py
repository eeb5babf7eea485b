"""Checks and tangents of programs that compute with gradients: each must move with what it was computed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.recorder.helpers import assert_consistent, leaf, note_kinds, random_leaf

grad = torch.autograd.grad
functional = torch.autograd.functional


def gradient(y: Tensor, x: Tensor, seed: Tensor | None = None) -> Tensor:
    return grad(y, x, seed, create_graph=True)[0]


def squared_gradient(x: Tensor) -> Tensor:
    g = gradient((x**3).sum(), x)
    return (g * g).sum()


def beside_its_input(x: Tensor) -> Tensor:
    return (x * gradient((x.exp() * x).sum(), x)).sum()


def of_an_intermediate(x: Tensor) -> Tensor:
    h = x * 2
    return (gradient((h**3).sum(), h) * x).sum()


def of_two_values_in_a_row(x: Tensor) -> Tensor:
    h = x.tanh()
    by_x, by_h = grad((h**3 * x).sum(), [x, h], create_graph=True)
    return (by_x * by_h).sum()


def third_order(x: Tensor) -> Tensor:
    return gradient(gradient((x**5).sum(), x).sum(), x).sum()


def gradients_of_gradients_mixed(x: Tensor) -> Tensor:
    first = gradient((x.sin() * x).sum(), x)
    second = gradient((first * x).sum(), x)
    return (first * second + second.exp()).sum()


def descent(x: Tensor) -> Tensor:
    z = x * 1.0
    for _ in range(3):
        z = z - 0.1 * gradient((z**4).sum(), z)
    return (z * z).sum()


def penalty(x: Tensor) -> Tensor:
    y = (x.sigmoid() * x).sum(-1).exp()
    g = gradient(y.sum(), x)
    return y.mean() + ((g.norm(dim=-1) - 1) ** 2).mean()


def with_a_seed(x: Tensor) -> Tensor:
    return (gradient(x**3, x, x.exp()) ** 2).sum()


def through_backward(x: Tensor) -> Tensor:
    x.grad = None
    (x**3).sum().backward(create_graph=True)
    g = x.grad
    assert g is not None
    x.grad = None
    return (g * g).sum()


def an_alias(x: Tensor) -> Tensor:
    same = x.contiguous()
    return (gradient((x**3).sum(), same) * x).sum()


def written_in_place(x: Tensor) -> Tensor:
    y = x.clone().mul_(x)
    return (gradient((y * x).sum(), x) ** 2).sum()


def a_constant_pass_between(x: Tensor) -> Tensor:
    constant = grad((x**2).sum(), x)[0]
    return (gradient((x**3 * constant).sum(), x) * x).sum()


PROGRAMS: dict[str, Callable[[Tensor], Tensor]] = {
    "a squared gradient": squared_gradient,
    "a gradient beside its input": beside_its_input,
    "a gradient by an intermediate": of_an_intermediate,
    "gradients by two values in a row": of_two_values_in_a_row,
    "third order": third_order,
    "gradients of gradients, mixed": gradients_of_gradients_mixed,
    "three steps of descent": descent,
    "a gradient penalty": penalty,
    "a seed that is computed": with_a_seed,
    "an alias": an_alias,
    "in place": written_in_place,
    "a constant pass between": a_constant_pass_between,
    "a saved result": lambda x: (gradient(x.exp().sum(), x) * gradient(x.tanh().sum(), x)).sum(),
    "a product of rows": lambda x: (gradient((x @ x.mT).tanh().sum(), x) ** 2).sum(),
    "a softmax": lambda x: (gradient((x.softmax(-1) ** 2).sum(), x) ** 2).sum(),
    "jacobian": lambda x: functional.jacobian(lambda z: z**3, x, create_graph=True).square().sum(),
    "hessian": lambda x: functional.hessian(lambda z: (z**4).sum(), x, create_graph=True).square().sum(),
    "hvp": lambda x: (functional.hvp(lambda z: (z**4).sum(), x, x * 2, create_graph=True)[1] * x).sum(),
    "vhp": lambda x: (functional.vhp(lambda z: (z**4).sum(), x, x.exp(), create_graph=True)[1] * x).sum(),
    "vjp": lambda x: (functional.vjp(lambda z: z**3, x, x * 1.0, create_graph=True)[1] * x).sum(),
    "jvp by two passes": lambda x: (functional.jvp(lambda z: z**3, x, x * 1.0, create_graph=True)[1] * x).sum(),
}


def has_check(trace: Trace, name: str) -> bool:
    return any(trace.values[check.value].name == name and not check.note for check in trace.checks)


@pytest.mark.parametrize("name", PROGRAMS)
def test_differences_go_through_a_recorded_gradient(name: str) -> None:
    trace = record(PROGRAMS[name], random_leaf(2, 2, seed=3), names=["x"])
    assert has_check(trace, "x"), trace.notes
    assert_consistent(trace)


@pytest.mark.parametrize("name", PROGRAMS)
def test_tangents_go_through_a_recorded_gradient(name: str) -> None:
    x = random_leaf(2, 2, seed=3)
    direction = torch.tensor([[1.0, -2.0], [0.5, 0.25]], dtype=torch.float64)
    trace = record(PROGRAMS[name], x, names=["x"], tangent={"x": direction.tolist()})
    tangent, adjoint = trace.values[trace.outputs[0]].tangent, trace["x"].adjoint
    if name == "jvp by two passes" and tangent is None:
        return
    assert tangent is not None and adjoint is not None, trace.notes
    assert tangent.item() == pytest.approx(float((adjoint.tensor() * direction).sum()), rel=1e-9)


def test_the_numbers_of_a_cubes_gradient() -> None:
    def square(x: Tensor) -> Tensor:
        g = gradient(x**3, x)
        return g * g

    trace = record(square, 2.0, tangent={"x": 1.0})
    assert [check.difference for check in trace.checks if check.value == trace["x"].id] == pytest.approx([288])
    assert trace.values[trace.outputs[0]].tangent is not None
    assert trace.values[trace.outputs[0]].tangent.item() == 288  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore:Using backward\\(\\) with create_graph=True")
def test_a_gradient_read_from_grad() -> None:
    def fn(x: Tensor) -> Tensor:
        g = through_backward(x)
        return grad(g, x)[0]

    trace = record(fn, leaf(1.0, 2.0))
    assert trace["x"].adjoint is not None and trace["x"].adjoint.tolist() == [36, 288]
    assert has_check(trace, "x")
    assert_consistent(trace)


@pytest.mark.filterwarnings("ignore:Using backward\\(\\) with create_graph=True")
def test_a_sum_of_passes_read_from_grad() -> None:
    def fn(x: Tensor) -> Tensor:
        (x**2).sum().backward()  # a constant, once it is added
        (x**3).sum().backward(create_graph=True)
        (x**4).sum().backward(create_graph=True)
        g = x.grad
        assert g is not None
        x.grad = None
        return grad((g * g).sum(), x)[0]

    trace = record(fn, leaf(1.0, 0.5))
    assert has_check(trace, "x")
    assert_consistent(trace)


def test_parameters_of_a_module() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()

    def loss(x: Tensor) -> Tensor:
        g = gradient(critic(x).sum(), x)
        return critic(x).mean() + 10 * ((g.norm(dim=1) - 1) ** 2).mean()

    trace = record(loss, random_leaf(4, 2))
    assert has_check(trace, "critic.0.weight")
    assert_consistent(trace)


def test_gradients_by_all_parameters_at_once() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)).double()

    def penalized(x: Tensor) -> Tensor:
        gradients = grad(net(x).square().sum(), list(net.parameters()), create_graph=True)
        return torch.stack([g.square().sum() for g in gradients]).sum()

    trace = record(penalized, random_leaf(3, 2))
    assert has_check(trace, "net.0.weight") and has_check(trace, "net.2.weight")
    assert_consistent(trace)


class Doubled(torch.autograd.Function):
    """A square whose gradient is twice as large as it should be."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, adjoint: Tensor) -> Tensor:
        return 4 * ctx.saved_tensors[0] * adjoint


def hooked(x: Tensor) -> Tensor:
    y = x * 2
    y.register_hook(lambda adjoint: adjoint * 10)
    return (gradient((y**3).sum(), x) ** 2).sum()


@pytest.mark.parametrize(
    "fn", [hooked, lambda x: (gradient(Doubled.apply(x).sum(), x) ** 2).sum()], ids=["hook", "custom Function"]
)
def test_a_gradient_that_cannot_be_computed_again_is_said_and_not_shown(fn: Callable[[Tensor], Tensor]) -> None:
    trace = record(fn, leaf(1.0, 2.0), names=["x"], tangent={"x": [1.0, 0.0]})
    assert trace.checks == ()
    assert {"no_check", "no_tangent"} <= set(note_kinds(trace))
    assert trace.values[trace.outputs[0]].tangent is None
