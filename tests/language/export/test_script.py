"""The exported script prints the page's numbers, in a Python that knows nothing of ours."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from playground.errors import PlaygroundError
from playground.language.evaluate.leaves import Leaf
from playground.language.export.script import to_python
from playground.language.functions.table import EXAMPLE_LEAVES, FUNCTIONS
from playground.language.run import run
from playground.language.syntax.program import parse
from tests.alone import output_of

CASES = {
    "two-inputs": ("f = log(x1) + x1*x2 - sin(x2)", {"x1": "2.0", "x2": "5.0"}),
    "prefixes": (
        "h = F.relu([[1., 2.], [x, 3]] @ A)\nsqrt(2*pi) * softmax(h, dim=1)",
        {"x": "0.1", "A": "randn(2, 2)"},
    ),
    "random": ("result = x * randn(3)\nresult ** 2 + rand_like(x)", {"x": "[1, 2, 3]"}),
    "shadowing": ("print = x * 2\nF = print + 1\nrelu(F) + mse_loss(F, x)", {"x": "[1, 2, 3]"}),
    "descent": ("y = (x**2).sum()\ny.backward()\nx.grad * 2", {"x": "linspace(0, 1, 3)"}),
    "tuple": ("a, b = x\na * b, a + b", {"x": "[1, 2]"}),
    "number-loop": ("f = 0\nfor i in range(3):\n    f = f + sin(i) * x[i]\nf", {"x": "[1, 2, 3]"}),
    "no-grad": ("with no_grad():\n    c = x.mean()\n(x - c) / std(x)", {"x": "[1, 2, 4]"}),
    "second": ("g, = grad(x**3, x, create_graph=True)\ng", {"x": "2.0"}),
    "greek": ("θ * exp(-μ)", {"θ": "1.5", "μ": "randn(2, seed=3)"}),
    "last-line-without-value": ("f = x * x\nf.backward()", {"x": "3.0"}),
    "backward-of-an-expression": ("w = x * 2\n(x * w).backward()", {"x": "3.0"}),
    "none": ("f = x * x\nx.grad", {"x": "3.0"}),
    "stated": ("x = 3\nw = [1.5, -2]\nf = (w * x).sum()", {}),
    "stated-tensor": ("x = torch.tensor([1, 2.5], dtype=torch.float64, requires_grad=True)\n(x * x).sum()", {}),
    "stated-alone": ("x = 3", {}),
    "stated-late": ("y = 2 * a\nprint = 4\ny * print", {"a": "2.0"}),
    "leaf-given-again": ("x = x * w\nx = x + 1\nx * x", {"x": "3.0", "w": "2.0"}),
    "ignored": ("import torch\nx = 2.5\nprint('x', x)\nassert x > 0\nx * x", {}),
    "printed": ("import math\nx = 2.5\nprint(math.sqrt(2) * x)", {}),
    "infinity": ("m = float('-inf')\nscores.masked_fill([[False, True]], m).softmax(dim=1)", {"scores": "[[1, 2]]"}),
    "def": ("def f(a, b=2):\n    y = a * b\n    return sin(y)\nf(x) + f(x, b=3)", {"x": "[1, 2]"}),
    "def-shadowing": ("def relu(input):\n    return input.clamp(min=0)\nrelu(x) + relu(input=-x)", {"x": "[1, -2]"}),
    "def-recursive": (
        "def power(n):\n    if n == 0:\n        return 1\n    return x * power(n - 1)\npower(3)",
        {"x": "2"},
    ),
    "lambda": ("f = lambda t, n=2: t ** n\ng = lambda h: h(x)\nf(x, 3) + g(f)", {"x": "[1, 2]"}),
    "closure": ("def power(n):\n    return lambda t: t ** n\ncube = power(3)\ncube(x)", {"x": "[1, 2]"}),
    "comprehension": ("ys = [x * i for i in range(4) if i % 2]\nsum(ys) + ys[0] * len(ys)", {"x": "[1, 2]"}),
    "nested-comprehension": ("[[i * j * x for i in range(2)] for j in (1, 2)][1]", {"x": "3"}),
    "list-as-tensor": (
        "ys = [x * i for i in (1, 2)]\nns = [i for i in range(2)]\n(ys * 2).sum() + ns.sum()",
        {"x": "3"},
    ),
    "generator": ("sum(x[i] * i for i in range(3))", {"x": "[1, 2, 3]"}),
    "list-result": ("ys = [x * 1, x * 2]\n[y * 2 for y in ys]", {"x": "3"}),
    "append": ("ys = []\nfor i in range(3):\n    ys.append(x * i)\ntorch.stack(ys).sum(dim=0)", {"x": "[1, 2]"}),
    "zip": ("f = 0\nfor i, (a, b) in enumerate(zip(x, [1, 2])):\n    f = f + i * a * b\nf", {"x": "[3, 4]"}),
    "choice": (
        "n = 3\ny = x if n > 2 and not n == 4 else 2 * x\nif n < 3:\n    z = y\nelse:\n    z = 5 * y",
        {"x": "3"},
    ),
    "choice-of-a-tensor": ("y = x * x if x > 0 else -x\nif x is not None or x > 5:\n    y = 2 * y", {"x": "3"}),
    "break": (
        "y = x\nfor i in range(9):\n    if i == 1:\n        continue\n    if i > 2:\n        break\n    y = y * x\ny",
        {"x": "3"},
    ),
    "plain-functions": (
        "n = max(2, 3) + abs(-2) + round(2.6) + int(2.9)\nmin(x, 1.5) * n + max(x, x * 2)",
        {"x": "3.0"},
    ),
    "item": ("y = x * 1\ny[0] = 5\ny[1:] *= 2\ny[y > 5] = 0\ny", {"x": "[1, 2, 3]"}),
    "item-of-a-list": ("ys = [i * 1.0 for i in range(3)]\nys[0] = 7\nys[1] += 2\nx * ys[0] + ys[1]", {"x": "3"}),
    "data": ("f = (x * x).sum()\nf.backward()\nx.data -= 0.1 * x.grad\nx.data[0] = 5\nx * 1", {"x": "[1, 2]"}),
    "cleared": ("(x * x).backward()\nx.grad = None\n(x * 2).backward()\nx.grad * 1", {"x": "3"}),
    "seed": ("torch.manual_seed(3)\nx * torch.randn(2)", {"x": "[1, 2]"}),
    "requires-grad": ("w = torch.ones(2)\nw.requires_grad = True\n(w * x).sum()", {"x": "[1, 2]"}),
    "images": ("conv2d(i, ones(1, 1, 2, 2), padding=1).sum()", {"i": "randn(1, 1, 4, 4, seed=2)"}),
    "complex": ("z = complex(x, y)\nz[0] * z[1]", {"x": "[0.3, 0.6]", "y": "[1.6, -0.4]"}),
    "spectrum": ("X = torch.fft.fft(x)\nX.real ** 2 + X.imag ** 2", {"x": "[0.3, 0.6, 0.8]"}),
    "dropout": ("dropout = x * 2\nF.dropout(dropout, 0.4) + F.dropout(x)", {"x": "linspace(0, 1, 9)"}),
    "lists": ("index_put(A, ([0, 1], [2, 0]), 3.0) + A.scatter(1, [[0], [2]], 1.5)", {"A": "randn(2, 3)"}),
    "along": ("take_along_dim(A, [[2, 0], [1, 1]], 1)", {"A": "randn(2, 3)"}),
}


def leaves_of(text: str, values: dict[str, str]) -> dict[str, Leaf]:
    """The leaves of a text in its order: with these values, or those that it states itself."""
    free = parse(text).free_names
    return {one.name: Leaf.stated(one) or Leaf(one.name, values[one.name]) for one in free}


@pytest.mark.parametrize(("text", "values"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_the_script_imports_torch_and_python_alone(text: str, values: dict[str, str]) -> None:
    script = to_python(parse(text), leaves_of(text, values))
    imported = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import)]
    assert {alias.name for node in imported for alias in node.names} <= {"torch", "torch.nn.functional", "math"}


def test_the_script_of_every_example_gives_its_numbers(tmp_path: Path) -> None:
    scripts, expected = [], []
    for row in FUNCTIONS:
        leaves = leaves_of(row.example, EXAMPLE_LEAVES)
        try:
            trace = run(row.example, leaves)
        except PlaygroundError as error:  # the page shows no numbers, and so has no script
            assert "derivative" in error.message, row.key
            continue
        scripts.append(to_python(parse(row.example), leaves) + 'print("---")\n')
        outputs = [trace.values[output].data.tolist() for output in trace.outputs]
        expected.append((row.key, outputs, [trace[name].grad for name in leaves]))
    blocks = output_of("\n".join(scripts), tmp_path).split("---\n")
    assert len(blocks) > len(expected) > 400
    for block, (key, outputs, grads) in zip(blocks, expected, strict=False):
        first, *rest = [line.split(" = ", 1)[1] for line in block.strip().split("\n")]
        assert first == str(outputs if len(outputs) > 1 else outputs[0]), key
        assert rest == [str(None if grad is None else grad.tolist()) for grad in grads], key


def test_the_scripts_print_the_numbers_of_the_trace(tmp_path: Path) -> None:
    scripts, expected = [], []
    for text, values in CASES.values():
        leaves = leaves_of(text, values)
        scripts.append(to_python(parse(text), leaves) + 'print("---")\n')
        trace = run(text, leaves)
        assert list(leaves) == [value.name for value in trace.values if value.kind == "input"][: len(leaves)], text
        outputs = [trace.values[output].data.tolist() for output in trace.outputs]
        grads = [trace[name].grad for name in leaves]
        expected.append((outputs, [None if grad is None else grad.tolist() for grad in grads]))
    printed = output_of("\n".join(scripts), tmp_path)
    for block, (outputs, grads), (text, values) in zip(printed.split("---\n"), expected, CASES.values(), strict=False):
        first, *rest = [ast.literal_eval(line.split(" = ", 1)[1]) for line in block.strip().split("\n")]
        assert first == (outputs if len(outputs) > 1 else outputs[0]), text
        assert rest == grads, text
        assert len(rest) == len(leaves_of(text, values))


def test_passes_and_zero_grad() -> None:
    script = to_python(parse("x * x"), {"x": Leaf("x", "3.0")}, passes=2, zero_grad=True)
    assert (
        "for index in range(2):\n    if index > 0:\n        x.grad = None\n    result.backward(retain_graph=True)"
        in script
    )


def test_a_script_that_cannot_be_is_refused_in_a_sentence() -> None:
    x = {"x": Leaf("x", "[1.0, 2.0]")}
    with pytest.raises(PlaygroundError, match="could not run the backward pass"):
        to_python(parse("y = exp(x)\ny += 1\nz = y.sum()"), x)
    with pytest.raises(PlaygroundError, match="`s` is not a leaf of this text"):
        to_python(parse("b = 2*x"), x, second="s")
