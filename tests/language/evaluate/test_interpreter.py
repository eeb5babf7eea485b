"""What programs compute: PyTorch's own results, and what the language adds around them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from playground.errors import PlaygroundError
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
        pytest.param("[10, 6, -4] + [2, 8, 7]", [10, 6, -4, 2, 8, 7], id="lists-add"),
        pytest.param("[[1, 2], [3, 4]] * 2", [[1, 2], [3, 4], [1, 2], [3, 4]], id="nested-list"),
        pytest.param("[[1, 2], [3, 4]] * 2.0", [[2.0, 4.0], [6.0, 8.0]], id="list-where-a-tensor-is-wanted"),
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


INF = math.inf


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "[float('inf'), float('-inf'), float('nan'), float('2.5')]", [INF, -INF, math.nan, 2.5], id="float"
        ),
        pytest.param("float(s) + int(2.9) + int(-2.9) + bool(s)", 3.0, id="conversions"),
        pytest.param("max(2, 3) * min([4, 5, 1]) + abs(-2) + round(2.6) + sum([1, 2])", 11, id="python-functions"),
        pytest.param("sum([s, 1], 0.5) + sum((a * s for a in [1, 2]), s)", 11.5, id="sum-from-a-start"),
        pytest.param("s.T * (x.T @ x - x @ x) + 1", 1.0, id="T-of-a-vector"),
        pytest.param("[k for k in range(9) if 0 < k <= 3 != 4]", [1, 2, 3], id="chain-of-comparisons"),
        pytest.param("math.factorial(4) + math.comb(5, 2) + math.perm(3) + math.gcd(4, 6)", 42, id="counting"),
        pytest.param("y = s * 2\ny.copy_(s * 3)\ny.fill_(s + y)\ny", 8.0, id="copied-and-filled"),
        pytest.param("max(s, 5) + min(0, s)", 5, id="max-of-a-number-and-a-tensor"),
        pytest.param("max(x, dim=0).values", 3.0, id="max-of-a-tensor"),
        pytest.param("math.sqrt(16) * s + math.floor(2.5)", 10.0, id="math"),
        pytest.param("math.pi + np.pi + torch.pi - 3 * pi", 0.0, id="pi"),
        pytest.param(
            "from math import sqrt as root, tau\nimport torch.nn.functional as nnf\nroot(4) * nnf.relu(s)",
            4.0,
            id="imports",
        ),
        pytest.param("[i * s for i in range(4) if i != 2]", [0.0, 2.0, 6.0], id="comprehension"),
        pytest.param("[i * j for i in range(1, 3) for j in (10, 20)]", [10, 20, 20, 40], id="comprehension-of-two"),
        pytest.param("i = 7\nys = [i * s for i in range(3)]\ni * s", 14.0, id="comprehension-keeps-names"),
        pytest.param("sum(x[i] * i for i in range(3))", 4.0, id="generator"),
        pytest.param("sum([x, 2 * x])", [3.0, -6.0, 9.0], id="sum-of-tensors"),
        pytest.param("ys = []\nfor v in x:\n    ys.append(v * v)\ntorch.stack(ys)", [1.0, 4.0, 9.0], id="append"),
        pytest.param(
            "ys = [1.0 * i for i in range(3)]\nys[1] = s\nys[-1] += 1\ntorch.stack([ys[1], s])", [2.0, 2.0], id="list"
        ),
        pytest.param("[a * b for a, b in zip(x, [1, 2, 3])]", [1.0, -4.0, 9.0], id="zip"),
        pytest.param("y = 0\nfor i, (a, b) in enumerate(zip(x, x)):\n    y = y + i * a * b\ny", 22.0, id="enumerate"),
        pytest.param("def f(a, b=2):\n    c = a * b\n    return c + 1\nf(s) + f(b=3, a=s)", 12.0, id="def"),
        pytest.param("def f(t):\n    return t * k\nk = 3\nf(s)", 6.0, id="def-reads-what-comes-later"),
        pytest.param("k = 3\ndef f(t):\n    k = 2\n    return t * k\nf(s) * k", 12.0, id="def-has-its-own-names"),
        pytest.param("def relu(t):\n    return 5 * t\nrelu(s)", 10.0, id="def-hides-a-function"),
        pytest.param(
            "def f(n):\n    if n == 0:\n        return s\n    return s * f(n - 1)\nf(3)", 16.0, id="recursion"
        ),
        pytest.param(
            "def f(t):\n    for i in range(9):\n        if i > 1:\n            return t\n        t = t * s\nf(s)",
            8.0,
            id="return-in-a-loop",
        ),
        pytest.param("f = lambda t, n=2: t ** n\nf(s) + f(s, 3)", 12.0, id="lambda"),
        pytest.param(
            "def twice(f, t):\n    return f(f(t))\ntwice(lambda t: t * t, s)", 16.0, id="function-as-argument"
        ),
        pytest.param("def power(n):\n    return lambda t: t ** n\npower(3)(s)", 8.0, id="closure"),
        pytest.param("n = 3\ns if n > 2 else 2 * s", 2.0, id="choice"),
        pytest.param("2 * s if s > 5 else 3 * s", 6.0, id="choice-by-a-tensor"),
        pytest.param(
            "if s > 1 and not s > 5:\n    y = s\nelif s > 9:\n    y = 0 * s\nelse:\n    y = 2 * s\ny", 2.0, id="if"
        ),
        pytest.param("m = None\ny = s if m is None else m\ny or 3", 2.0, id="is-none"),
        pytest.param(
            "for i in range(9):\n    if i == 1:\n        continue\n    if i > 3:\n        break\n    y = i * s\ny",
            6.0,
            id="break",
        ),
        pytest.param("y = x * 1\ny[0] = 5\ny[1:] *= 2\ny[y > 5] = s\ny", [5.0, -4.0, 2.0], id="items"),
        pytest.param("y = zeros(2, 2)\ny[0] = [1., 2.]\ny[:, 1] += 1\ny", [[1.0, 3.0], [0.0, 1.0]], id="item-list"),
        pytest.param("(s * s).backward()\ns.data -= 0.25 * s.grad\ns.data[...] *= 2\ns", 2.0, id="data"),
        pytest.param("s.data = 7\ns", 7.0, id="data-set"),
        pytest.param("(s * s).backward()\ns.grad = None\n(s * 3).backward()\ns.grad", 3.0, id="grad-cleared"),
        pytest.param("w = ones(2)\nw.requires_grad = True\nw.sum().backward()\nw.grad", [1.0, 1.0], id="requires-grad"),
        pytest.param("torch.Tensor([1, 2]) / torch.LongTensor([2, 4])", [0.5, 0.5], id="old-constructors"),
        pytest.param("y: Tensor = s * 2\ny", 4.0, id="annotation"),
    ],
)
def test_python_around_pytorch(text: str, expected: object) -> None:
    found = result(text)
    parts = found if isinstance(found, tuple) else (found,)
    wanted = torch.tensor(expected)
    torch.testing.assert_close(
        parts[0].detach() if len(parts) == 1 else torch.stack([p.detach() for p in parts]), wanted, equal_nan=True
    )


def test_the_seed_is_that_of_pytorch() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        expected = torch.randn(3), torch.rand(2)
    found = result("torch.manual_seed(5)\ntorch.randn(3), torch.rand(2)")
    assert isinstance(found, tuple)
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        pytest.param("y = x if x > 0 else -x", "shape (3,)", "x > 0", id="condition-of-a-tensor"),
        pytest.param("x > 0 and x < 1", "`and` does not work on tensors", "x > 0 and x < 1", id="and"),
        pytest.param("not x", "shape (3,)", "x", id="not"),
        pytest.param("def f(n):\n    return f(n + 1)\nf(0)", "nested too deeply", "f(n + 1)", id="no-end"),
        pytest.param("def f(t):\n    return t\nf()", "`f` needs `t`", "f()", id="argument-missing"),
        pytest.param("f = lambda t: t\nf(1, 2)", "takes 1 argument", "f(1, 2)", id="argument-too-many"),
        pytest.param("f = lambda t: t\nf(u=1)", "no argument `u`", "f(u=1)", id="argument-unknown"),
        pytest.param("def f(g):\n    return g(1)\nf(s)", "not a function", "g(1)", id="no-function"),
        pytest.param("def f(t):\n    y = t\nf(s) * 2", "`f(s)` is None", "f(s)", id="no-return"),
        pytest.param("float('three')", "`three` is no number", "float('three')", id="float"),
        pytest.param("float(x)", "not one number", "float(x)", id="float-of-a-tensor"),
        pytest.param("math.sqrt(-1)", "`sqrt` does not take this", "math.sqrt(-1)", id="math"),
        pytest.param("ys = [i for i in range(3)]\nys[5]", "no element 5", "5", id="list-index"),
        pytest.param("y = 3 * 1\ny.append(2)", "not a list", "y", id="append"),
        pytest.param("n = (1, 2)\nn[0] = 3", "a tuple has no such element to set", "n[0]", id="tuple-item"),
        pytest.param("x[0] = 5", "cannot be changed in place", "x[0] = 5", id="item-of-a-leaf"),
        pytest.param("y = x * 1\ny[7] = 5", "no element 7", "y[7] = 5", id="item-out-of-range"),
        pytest.param("torch.manual_seed(-1)", "a seed is a whole number", "-1", id="seed"),
        pytest.param("torch.manual_seed(True)", "a seed is a whole number", "True", id="seed-of-a-truth"),
        pytest.param("ctc_loss(0, 0, 0, 0)", "no letter 0", "ctc_loss(0, 0, 0, 0)", id="refused-by-a-function"),
        pytest.param("for i in 3 * s:\n    i", "cannot run over", "3 * s", id="loop"),
        pytest.param("() = x", "0 names for 3 values", "x", id="no-name"),
        pytest.param("for i, () in enumerate(x):\n    i", "cannot be taken apart", "()", id="no-name-in-a-loop"),
    ],
)
def test_what_does_not_work_is_said_at_its_place(text: str, message: str, marked: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        result(text)
    assert message in caught.value.message
    assert caught.value.span is not None and caught.value.text is not None
    assert caught.value.span.of(caught.value.text) == marked


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
