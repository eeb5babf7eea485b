"""Lists are Python's: a text gives the numbers of plain Python and PyTorch, and so does its script."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given
from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.export.script import to_python
from playground.language.run import run
from tests.alone import output_of
from tests.language.export.list_texts import list_texts
from tests.language.export.test_agreement import numbers_of, printed_numbers

X = "x = torch.tensor(2., requires_grad=True)\n"
TWO = X + "w = torch.tensor([1., 2.], requires_grad=True)\n"

IN_PYTHON = {  # texts that Python itself takes; `y` is the result
    "plus": "hs = [x]\nfor i in range(3):\n    hs = hs + [hs[-1] * 2]\ny = sum(hs)",
    "plus-equals": "hs = []\nfor i in range(3):\n    hs += [x * i]\ny = sum(hs)",
    "plus-of-numbers": "a = [1.0, 2.0]\nb = [3.0]\nc = a + b\ny = x*len(c) + sum(c)",
    "times": "sizes = [2] + [3]*2 + [1]\ny = x.sum()*len(sizes)",
    "times-the-other-way": "a = 2 * [1, 2] * True\ny = x * len(a) * a[-1]",
    "times-a-tensor-of-one": "a = [1, 2] * torch.tensor(2)\ny = x * len(a)",
    "times-equals": "v = [1., 2.]\nu = v\nv *= 2\ny = x * len(u)",
    "plus-of-computed": "a = [x*i for i in range(2)]\nb = [x, x]\nc = a + b\ny = c[0] + len(c)",
    "shapes": "params = [w, x]\nloss = (w * x).sum()\nloss.backward()\nwith torch.no_grad():\n    for p in params:\n"
    "        p -= 0.1 * p.grad\ny = w.sum() + x",
    "one-shape": "b = torch.tensor(3., requires_grad=True)\nparams = [b, x]\nloss = b * x\nloss.backward()\n"
    "with torch.no_grad():\n    for p in params: p -= 0.1 * p.grad\ny = b * x",
    "layers": "W1 = x * torch.ones(2, 3)\nW2 = torch.ones(3, 1)\nlayers = [W1, W2]\nh = torch.ones(1, 2)\n"
    "for W in layers:\n    h = torch.tanh(0.1 * h @ W)\ny = h.sum()",
    "joined-layers": "Ws = [torch.ones(2, 2) * x]\nbs = [w]\ny = 0\nfor p in Ws + bs:\n    y = y + p.sum()",
    "append": "hs = [x]\nhs.append(x * 3)\ny = sum(hs) * len(hs)",
    "extend": "hs = [x]\nhs.extend([x, 2 * x])\nhs.extend(w)\ny = sum(hs)",
    "append-numbers": "history = [0.0]\nfor i in range(3):\n    history.append(i)\ny = x * sum(history)",
    "pairs": "layers = [(x, 3 * x), (x * x, x)]\ny = 0\nfor a, b in layers:\n    y = y + a * b",
    "filled": "zs = [0] * 3\nfor i in range(3):\n    zs[i] = x*i\ny = sum(zs)",
    "filled-from-none": "zs = [None] * 3\nfor i in range(3):\n    zs[i] = x*i\ny = torch.stack(zs).sum()",
    "ragged": "r = [[1, 2], [3, 4, 5]]\ny = x * len(r[1]) + r[0][1]",
    "tuples": "t = (1, 2) + (3,)\nt += (4,)\ny = x * sum(t) * len(t * 2)",
    "in": "y = 0\nfor i in range(4):\n    if i in [1, 3] and i not in (3, 5):\n        y = y + x * i",
    "tensor-in": "hs = [x, x + 1]\ny = x * 3 if x * 1.5 in hs and 1 in w else x",
    "equal": "hs = [x, x * 2]\ny = x * 3 if hs == [x, x + 2] and hs != [x] and hs != (x, x) else x",
    "order": "y = x if [1, 2] < [1, 3] or (2,) > (1, 5) else 2 * x",
    "backwards": "hs = [x, x * 2, x * 3]\ny = sum(hs[::-1][:2]) + hs[torch.tensor(1)]",
    "unpacked": "a, b = [1.0, 2.0], [3.0]\ny = x * len(a + b)",
    "given-to-a-function": "def f(hs, v):\n    return hs + [v]\nh = f(f([], x), 2 * x)\n"
    "y = torch.cat([h[0].view(1), torch.stack(h)]).sum()",
    "rows": "hs = []\nhs += w\ny = sum(hs) * len(hs) * x",
    "sum-of-truths": "y = sum([x > 0, x > 1]) * x",
    "sum-of-zeros": "v = x * -0.0\ny = sum([v, v * 2])",
    "sum-of-one": "y = sum([x])\ny += 1\ny = y * x",
    "sum-from": "y = sum([x, x], torch.tensor(1.)) * len(sum([[1, 2], [3]], [])) + sum((x, 1), 2)",
    "in-place-item": "zs = [x * 1, x * 2]\na = zs[0]\nzs[0] += 1\ny = a * zs[0]",
    "list-of-a-range": "y = list(range(3)) + [4]\ny = x * sum(y)",
    "chosen": "y = max([1, 5, 2]) * x + min([3.0, 4.0])",
    "chosen-from-equals": "y = max([2 * x, x + 2, 1]) + min([x * x, 2 * x])",
    "nested-item": "m = [[1., 2.], [3., 4.]]\ny = x * m[0][1]\nm[0][1] = 5.\ny = y + m[0][1]",
    "data": "data = [(1.0, 2.0), (2.0, 3.0)]\ny = sum((x * a - b) ** 2 for a, b in data) / len(data)",
    "grad-of-a-list": "gs = torch.autograd.grad((w * x).sum(), [w, x])\ny = x * len(gs) + gs[1]",
    "tensor-of-a-list": "xs = [[1., 2.], [3., 4.]]\ny = (x * torch.tensor(xs)).sum() + xs[1][0]",
}
PAGE_ONLY = {  # where Python has no meaning, a list is a tensor: text, result, gradient
    "product": ("W = [[1., 2.], [3., 4.]]\ny = (W @ w * x).sum()", 32.0, 16.0),
    "two-lists": ("y = x * ([1., 2.] @ [3., 4.])", 22.0, 11.0),
    "columns": ("W = [[1., 2.], [3., 4.]]\ny = x * W[:, 1].sum() + W.T[0, 1]", 15.0, 6.0),
    "function": ("W = [[-1, 2], [3, 4]]\ny = x * torch.relu(W).sum()", 18.0, 9.0),
    "in-a-loop": ("h = [0., 0.]\nfor i in range(3):\n    h = h * torch.tensor(0.5) + x\ny = h.sum()", 7.0, 3.5),
    "augmented": ("v = [1., 2.]\nfor i in range(2):\n    v *= 2.5\ny = (v * x).sum()", 37.5, 18.75),
    "of-tensors": ("hs = [[x, 1.0], [2, x]]\ny = (hs @ torch.tensor([1., 2.])).sum()", 10.0, 3.0),
    "stacked-numbers": ("hs = [x, 1.0]\ny = torch.stack(hs).sum()", 3.0, 1.0),
    "mean": ("hs = [x * i for i in range(3)]\ny = hs.mean() + torch.mean(hs)", 4.0, 2.0),
}


def in_python(text: str, folder: Path) -> tuple[object, object]:
    """The result and the gradient of `x`, from Python and PyTorch alone."""
    file = folder / "text.py"
    file.write_text(f"import torch\n{text}", encoding="utf-8")
    names = runpy.run_path(str(file))
    y, x = names["y"], names["x"]
    assert isinstance(x, Tensor)
    if isinstance(y, Tensor) and y.requires_grad and "backward" not in text:
        y.backward()
    return torch.as_tensor(y).tolist(), None if x.grad is None else x.grad.tolist()


def assert_page_and_script(text: str, folder: Path) -> tuple[object, object]:
    """The result and the gradient of `x` on the page; its script prints the same."""
    document = Document(text)
    trace = document.run()
    leaves = {leaf.name: leaf for leaf in document.used_leaves()}
    script = to_python(document.program(), leaves)
    assert printed_numbers(output_of(script, folder)) == numbers_of(trace, list(leaves)), script
    outputs = [trace.values[output].data.tolist() for output in trace.outputs]
    grad = trace["x"].grad
    return outputs[0] if len(outputs) == 1 else outputs, None if grad is None else grad.tolist()


@pytest.mark.parametrize("text", IN_PYTHON.values(), ids=list(IN_PYTHON))
def test_a_list_is_what_it_is_in_python(text: str, tmp_path: Path) -> None:
    assert assert_page_and_script(TWO + text, tmp_path) == in_python(TWO + text, tmp_path)


@pytest.mark.parametrize(("text", "result", "gradient"), PAGE_ONLY.values(), ids=list(PAGE_ONLY))
def test_elsewhere_a_list_is_a_tensor(text: str, result: float, gradient: float, tmp_path: Path) -> None:
    with pytest.raises((TypeError, AttributeError, RuntimeError)):
        in_python(TWO + text, tmp_path)
    assert assert_page_and_script(TWO + text, tmp_path) == (result, gradient)


@pytest.mark.parametrize(
    ("text", "results"),
    [
        pytest.param("y = (2, x*3)", [2, 6.0], id="number"),
        pytest.param("y = (None, x * 3, [1, 2], [x, 2 * x])", [6.0, [1, 2], 2.0, 4.0], id="nested"),
        pytest.param("y = [x]", 2.0, id="list-of-one"),
        pytest.param("y = (None, x)", 2.0, id="one-of-two"),
        pytest.param("y = [x, w]", [2.0, [1.0, 2.0]], id="two-shapes"),
        pytest.param("[x, w]", [2.0, [1.0, 2.0]], id="two-shapes-on-a-line"),
        pytest.param("[x, 2 * x]", [2.0, 4.0], id="one-shape-on-a-line"),
        pytest.param("hs = [x]\nhs += [3]", [2.0, 3], id="augmented"),
    ],
)
def test_a_result_of_several_parts(text: str, results: object, tmp_path: Path) -> None:
    assert assert_page_and_script(TWO + text, tmp_path)[0] == results


def test_a_line_that_is_two_things_has_no_script() -> None:
    document = Document(TWO + "def f(v, k):\n    return v * k\ny = len(f([1, 2], 2)) * f([1, 2], 2.5).sum() * x")
    assert document.run()["y"].data.item() == 60.0
    with pytest.raises(PlaygroundError, match="at one time") as caught:
        to_python(document.program(), {leaf.name: leaf for leaf in document.used_leaves()})
    assert caught.value.hint and caught.value.text and caught.value.marked()


@given(list_texts())
def test_random_texts(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("script")
    try:
        page = assert_page_and_script(text, folder)
    except PlaygroundError as error:
        assume("the limit is" not in error.message and "too many" not in error.message)
        raise
    assert page == in_python(text, folder)


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        pytest.param("W = [1., 2.]\nW.requires_grad_()\ny = x", "`W` is a list, not a tensor", "W", id="requires-grad"),
        pytest.param("W = [1., 2.]\nW.zero_()\ny = x", "`W` is a list, not a tensor", "W", id="in-place"),
        pytest.param("W = [1., 2.]\nW.data -= 1\ny = x", "a list is no tensor", "W", id="data"),
        pytest.param("W = [[1., 2.]]\nW[0, 1] = 5\ny = x", "a list has no such element", "W[0, 1]", id="item"),
        pytest.param("hs = [x]\nhs.extend(3)", "not extended by a number", "hs.extend(3)", id="extend"),
        pytest.param("y = x if 1 in 3 else 0", "nothing is in a number", "3", id="in-a-number"),
        pytest.param("y = x if w in [w + 1] else 0", "shape (2,)", "w in [w + 1]", id="in-of-a-vector"),
        pytest.param("y = x + ([1] < ['a'])", "does not work on a quoted word", "[1] < ['a']", id="order"),
    ],
)
def test_what_a_list_cannot_is_said(text: str, message: str, marked: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        run(TWO + text)
    assert message in caught.value.message
    assert caught.value.span is not None and caught.value.text is not None
    assert caught.value.span.of(caught.value.text) == marked
