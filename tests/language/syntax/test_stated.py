"""A literal given to a name is a leaf of that name, unless the name stands for a plain number of Python."""

from __future__ import annotations

import pytest
import torch

from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.language.run import run
from playground.language.syntax.program import parse


def stated(text: str) -> dict[str, str]:
    """The leaves that a text gives values to: name -> value, dtype, and whether a gradient is wanted."""
    found = {free.name: free.stated for free in parse(text).free_names if free.stated is not None}
    return {name: f"{said.value} {said.dtype} {said.requires_grad}" for name, said in found.items()}


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        pytest.param("x = 3\nf = x*x", {"x": "3 float32 True"}, id="number"),
        pytest.param("x = 3", {"x": "3 float32 True"}, id="alone"),
        pytest.param("x = -2.5\nexp(x)", {"x": "-2.5 float32 True"}, id="negative"),
        pytest.param("w = [1, 2]\n(w * w).sum()", {"w": "[1, 2] float32 True"}, id="list"),
        pytest.param("A = [[1, 2], [3, 4]]\nA @ [1., 1.]", {"A": "[[1, 2], [3, 4]] float32 True"}, id="matrix"),
        pytest.param("x, y = 2., 3.\nx * y", {"x": "2. float32 True", "y": "3. float32 True"}, id="two-at-once"),
        pytest.param("x = 3; y = 2*x\nx + y", {"x": "3 float32 True"}, id="semicolon"),
        pytest.param("b = 0.5\nx ** 2 + b ** 2", {"b": "0.5 float32 True"}, id="base-of-a-power"),
        pytest.param("p = 1.5\nx ** p", {"p": "1.5 float32 True"}, id="broken-exponent"),
        pytest.param("x = torch.tensor(2.0, requires_grad=True)\nx**2", {"x": "2.0 float32 True"}, id="tensor"),
        pytest.param("x = torch.tensor([1, 2])\nx * y", {"x": "[1, 2] int64 False"}, id="whole-tensor"),
        pytest.param("x = tensor([1, 2], dtype=float64)\nx*x", {"x": "[1, 2] float64 False"}, id="dtype"),
        pytest.param(
            "x = torch.tensor(1., requires_grad=True)\nx = x - 0.1 * x",
            {"x": "1. float32 True"},
            id="tensor-given-again",
        ),
        # what PyTorch wants as a plain number stays one
        pytest.param("n = 1\nx.sum(dim=n)", {}, id="axis"),
        pytest.param("n = 1\nx.sum(n)", {}, id="axis-by-position"),
        pytest.param("n = 3\nfor i in range(n):\n    x = x * x", {}, id="range"),
        pytest.param("n = 2\nx ** n", {}, id="whole-exponent"),
        pytest.param("n = 2\npow(x, n)", {}, id="whole-exponent-of-a-function"),
        pytest.param("n = 2\nzeros(n, 3) + x", {}, id="size"),
        pytest.param("n, m = 2, 3\nx.view(n, m)", {}, id="sizes"),
        pytest.param("i = 0\nx[i]", {}, id="index"),
        pytest.param("i = 1\nx[:i]", {}, id="slice"),
        pytest.param("i = [0, 1]\nx[i]", {}, id="list-index"),
        pytest.param("t = [0, 1]\ncross_entropy(x, t)", {}, id="classes"),
        pytest.param("n = 2\nm = n + 1\nx.sum(dim=m)", {}, id="computed-axis"),
        pytest.param("p = 0.5\nclamp(x, 0, p)", {}, id="limit"),
        pytest.param("f = 0\nfor i in range(3):\n    f = f + x[i]", {}, id="running-sum"),
        pytest.param("f = 0\nf += x", {}, id="augmented"),
        pytest.param("y = x\nx = 3\ny * x", {}, id="read-before"),
        pytest.param("b = True\nx * b", {}, id="switch"),
        pytest.param("for i in range(2):\n    k = 3\n    x = k * x", {}, id="in-a-loop"),
        pytest.param("w = [[1, 2], [3]]", {}, id="ragged"),
        # what is used as a list of Python is one
        pytest.param("h = [0.0]\nh.append(x)\nsum(h)", {}, id="appended-to"),
        pytest.param("z = [0, 0]\nz[1] = x\nz[0] + z[1]", {}, id="item-set"),
        pytest.param("k = [1, 3]\nf = x\nfor i in range(4):\n    if i in k:\n        f = f * i", {}, id="looked-in"),
        pytest.param("a = [1.0, 2.0]\nb = [3.0]\nc = a + b\nx * len(c) + sum(c)", {}, id="joined-and-counted"),
        pytest.param("a = [1, 2]\nb = a * 2\nx * len(b)", {}, id="repeated-and-counted"),
        pytest.param("a = [1, 2]\nb = [3]\nfor v in a + b:\n    x * v", {}, id="joined-and-gone-through"),
        pytest.param("a = [1, 2]\nb = a\nc = b + [3]\nx * c[2]", {}, id="joined-under-another-name"),
        pytest.param("h = [0.0]\nh.append(1.0)\nb = [2.0]\nc = h + b\nsum(c) * x", {}, id="joined-with-a-list"),
        pytest.param("a = [1, 2]\nb = a[:1] + a\nx * len(b)", {}, id="part-joined"),
        pytest.param("def f(v):\n    return len(v + [1])\na = [1.0, 2.0]\nx * f(a)", {}, id="joined-in-a-function"),
        pytest.param(
            "def f(v):\n    v.append(1)\n    return v\na = [1.0]\nx * len(f(a))", {}, id="filled-in-a-function"
        ),
        pytest.param("a = [1, 2]\nb = [3, 4]\nx if a == b else 3 * x", {}, id="compared"),
        pytest.param("n = [2, 3]\nf = x\nfor i, k in enumerate(n):\n    f = f + ones(k)[0]", {}, id="sizes-in-a-loop"),
        # `+` and `*` of tensors, where nothing else is said of them
        pytest.param("w = [1, 2]\n2 * w", {"w": "[1, 2] float32 True"}, id="multiple"),
        pytest.param(
            "u = [1, 2]\nv = [3, 4]\ns = u + v\n(s * s).sum() + s[0]",
            {"u": "[1, 2] float32 True", "v": "[3, 4] float32 True"},
            id="sum-of-vectors",
        ),
        pytest.param("w = [1, 2]\nx * w[0] + len(w)", {"w": "[1, 2] float32 True"}, id="chosen-from"),
        pytest.param("w = [1, 2]\nv = w\nx * v[0] + len(v)", {"w": "[1, 2] float32 True"}, id="two-names"),
        pytest.param("def f(v):\n    return v[0] * x\nw = [1, 2]\nf(w)", {"w": "[1, 2] float32 True"}, id="given"),
        pytest.param(
            "lr = 0.1\nw = torch.tensor(1., requires_grad=True)\nlr * w", {"w": "1. float32 True"}, id="grad-said"
        ),
    ],
)
def test_which_names_are_leaves(text: str, leaves: dict[str, str]) -> None:
    assert stated(text) == leaves


def test_the_gradient_is_that_of_plain_pytorch() -> None:
    trace = run("x = 3\nw = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)\nf = (w * w * x).sum()")
    w = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    (w * w * 3.0).sum().backward()
    assert w.grad is not None
    adjoint = trace["w"].adjoint
    assert adjoint is not None and adjoint.tolist() == w.grad.tolist()
    assert [(value.name, value.kind) for value in trace.values if value.op is None] == [("w", "input")]
    assert trace["w"].dtype == "float64"
    assert all(check.difference == pytest.approx(check.gradient, rel=1e-4) for check in trace.checks)


def test_a_value_that_is_passed_stands_in_for_that_of_the_text() -> None:
    assert run("x = 3\nf = x*x", {"x": 4.0})["f"].data.item() == 16.0


def test_a_document_holds_what_its_text_says() -> None:
    document = Document("x = 3\nf = x*x*k", (Leaf("x", "7.0", requires_grad=False), Leaf("k", "2.0")), second="x")
    assert document.used_leaves() == (Leaf("x", "3"), Leaf("k", "2.0"))
    assert document.run()["f"].data.item() == 18.0


def test_a_leaf_made_in_the_text_has_its_name() -> None:
    trace = run("w = torch.ones(3, requires_grad=True)\ny = (w * w).sum()\ny.backward()")
    assert trace["w"].kind == "input"
    assert trace["w"].grad is not None and trace["w"].grad.tolist() == [2.0, 2.0, 2.0]
