"""What programs compute: PyTorch's own results, and what the language adds around them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from playground.language.evaluate.interpreter import interpret
from playground.language.syntax.program import parse


def leaves() -> dict[str, Tensor]:
    """x (3), A (2, 3), s."""
    return {
        "x": torch.tensor([1.0, -2.0, 3.0], requires_grad=True),
        "A": torch.arange(6.0).reshape(2, 3).requires_grad_(),
        "s": torch.tensor(2.0, requires_grad=True),
    }


def result(text: str) -> Tensor | tuple[Tensor, ...]:
    """What a text gives over the leaves."""
    return interpret(parse(text), leaves())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("x.sum()", 2.0, id="method"),
        pytest.param("sum(x, dim=0)", 2.0, id="function"),
        pytest.param("F.relu(x)", [1.0, 0.0, 3.0], id="F"),
        pytest.param("A @ x", [4.0, 10.0], id="matmul"),
        pytest.param("A.T[0]", [0.0, 3.0], id="transpose-index"),
        pytest.param("A[:, 1:][0, -1]", 2.0, id="slices"),
        pytest.param("A[..., None].shape[2]", 1, id="dots-none-shape"),
        pytest.param("x[x > 0]", [1.0, 3.0], id="mask"),
        pytest.param("x[[0, 2]]", [1.0, 3.0], id="index-list"),
        pytest.param("A[[[0, 1], [1, 0]], 0]", [[0.0, 3.0], [3.0, 0.0]], id="index-nested"),
        pytest.param("[10, 6, -4] + [2, 8, 7]", [12, 14, 3], id="lists-add"),
        pytest.param("[[1, 2], [3, 4]] * 2", [[2, 4], [6, 8]], id="nested-list"),
        pytest.param("[s, 2 * s]", [2.0, 4.0], id="list-of-tensors"),
        pytest.param("[[s, 1], [0, s]]", [[2.0, 1.0], [0.0, 2.0]], id="nested-list-of-tensors"),
        pytest.param("cat([x, [4., 5.]])", [1.0, -2.0, 3.0, 4.0, 5.0], id="cat-list"),
        pytest.param("einsum('ij,j->i', A, x)", [4.0, 10.0], id="einsum"),
        pytest.param("2 ** s - 7 % 4 + 7 // 2", 4.0, id="numbers"),
        pytest.param("(x > 0) & (x < 2) | ~(x > -5)", [True, False, False], id="masks"),
        pytest.param("sqrt(2 * pi)", math.sqrt(2 * math.pi), id="function-of-number"),
        pytest.param("max(A, dim=1).values", [2.0, 5.0], id="values"),
        pytest.param("values, where_ = A.max(dim=1)\nwhere_", [2, 2], id="unpack"),
        pytest.param("a, b = 1, 2\na, b = b, a\na", 2, id="swap"),
        pytest.param("y = s\nfor i in range(3):\n    y = y * i + 1\ny", 5.0, id="loop"),
        pytest.param("y = 0\nfor row in A:\n    y = y + row.sum()\ny", 15.0, id="loop-over-rows"),
        pytest.param("y = s\nfor a, b in ((1, 2), (3, 4)):\n    y = y * a + b", 16.0, id="loop-over-pairs"),
        pytest.param("for w in (s, s * s):\n    w + 1", 5.0, id="loop-over-values"),
        pytest.param("y = s * 1\ny += 1\ny *= 2\ny **= 2\ny", 36.0, id="augmented"),
        pytest.param("n = 2\nn += 1\nn -= 5\nn", -2, id="augmented-number"),
        pytest.param("y = s ** 2\ny.backward()\ns.grad", 4.0, id="backward-grad"),
        pytest.param("y = s ** 2\ny.backward()", 4.0, id="the-last-line-with-a-value"),
        pytest.param("w = s * 3\n(s ** 2).backward()", 4.0, id="what-backward-started-from"),
        pytest.param("y = s ** 2\ns.grad", 4.0, id="grad-before-backward"),
        pytest.param("y = A.sum(dim=0)\ny.backward(gradient=[1., 2., 3.])\nA.grad[0]", [1.0, 2.0, 3.0], id="seed"),
        pytest.param("g, = grad(s ** 3, s, create_graph=True)\ngrad(g, s)[0]", 12.0, id="second-derivative"),
        pytest.param("y = s * s\ny.backward(retain_graph=True)\ny.backward()\ns.grad", 8.0, id="accumulated"),
        pytest.param("y = s * s\ny.backward()\ns.grad.zero_()\ns.grad", 0.0, id="zeroed"),
        pytest.param("h = s * s\nh.retain_grad()\n(h * 3).backward()\nh.grad", 3.0, id="retain-grad"),
        pytest.param("(s * s).backward()\nwith no_grad():\n    s -= 0.1 * s.grad\ns", 1.6, id="descent"),
        pytest.param("with torch.no_grad():\n    y = s * 2\ny.requires_grad", False, id="no-grad"),
        pytest.param(
            "with no_grad():\n    with torch.enable_grad():\n        y = s * 2\ny.is_leaf", False, id="enable-grad"
        ),
        pytest.param("s.detach().requires_grad", False, id="detach"),
        pytest.param(
            "w = tensor([1., 2.], requires_grad=True)\nw.sum().backward()\nw.grad", [1.0, 1.0], id="made-leaf"
        ),
        pytest.param("A.ndim + A.size(0) + A.size()[1] + len(A) + A.numel() + A.dim()", 17, id="sizes"),
        pytest.param("A.shape == (2, 3)", True, id="shape-equals"),
        pytest.param("x.to(torch.float64).dtype == float64", True, id="dtype"),
        pytest.param("log([-1., 0.])", [math.nan, -math.inf], id="nan-inf"),
        pytest.param("1 / (s - 2)", math.inf, id="division-by-zero"),
        pytest.param("e = 3\ne * 2", 6, id="constant-shadowed"),
        pytest.param("2 + 3", 5, id="number"),
        pytest.param("where(x > 0, 1.0, 0.0)", [1.0, 0.0, 1.0], id="where-numbers"),
        pytest.param("one_hot([0, 2], 3)", [[1, 0, 0], [0, 0, 1]], id="one-hot-list"),
    ],
)
def test_results(text: str, expected: object) -> None:
    found = result(text)
    assert isinstance(found, Tensor)
    torch.testing.assert_close(found.detach(), torch.tensor(expected), equal_nan=True)


def test_gradients_flow_through_lists() -> None:
    given = leaves()
    output = interpret(parse("([[s, 2.], [s, s * s]] @ [1., 2.]).sum()"), given)
    assert isinstance(output, Tensor)
    torch.autograd.backward(output)
    assert given["s"].grad is not None
    assert given["s"].grad.item() == 10.0


def test_a_tuple_gives_several_results() -> None:
    found = result("x.sum(), s")
    assert isinstance(found, tuple)
    assert [part.item() for part in found] == [2.0, 2.0]


def test_random_numbers_come_from_the_seed_of_the_run() -> None:
    program = parse("randn(3) + rand(3)")
    state = torch.get_rng_state()
    first, again, other = (interpret(program, {}, seed) for seed in (0, 0, 1))
    assert isinstance(first, Tensor)
    assert isinstance(again, Tensor)
    assert isinstance(other, Tensor)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(state, torch.get_rng_state())


def test_new_tensors_do_not_follow_the_default_dtype_of_the_process() -> None:
    texts = [
        "zeros(2)",
        "[1., 2.]",
        "randn(2)",
        "tensor(1.)",
        "arange(0., 1, 0.5)",
        "full((2,), 1.)",
        "sqrt(2.0)",
        "eye(2)",
    ]
    torch.set_default_dtype(torch.float64)
    try:
        found = [result(text) for text in texts]
    finally:
        torch.set_default_dtype(torch.float32)
    assert [part.dtype for part in found if isinstance(part, Tensor)] == [torch.float32] * len(texts)
