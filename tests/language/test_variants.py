"""The variants that a document is compared with: what they change, and that they run."""

from __future__ import annotations

import pytest

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.language.variants import variants
from playground.lessons.presets import EXPRESSIONS


def made(text: str, **leaves: Leaf) -> dict[str, Document]:
    return {one.name: one.document for one in variants(Document(text).with_leaves(leaves))}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("f = relu(x)", "f = x"),
        ("f = relu(w*x + b)", "f = (w*x + b)"),
        ("f = F.relu(w*x + b) * 2", "f = (w*x + b) * 2"),
        ("f = (w @ x).relu().sum()", "f = (w @ x).sum()"),
        ("f = h.tanh()", "f = h"),
        ("f = relu(W @ relu(V @ x))", "f = (W @ (V @ x))"),
        ("f = leaky_relu(x, 0.2)", "f = x"),
        ("f = gelu(input=x)", "f = x"),
        ("for i in range(2):\n    h = sigmoid(w * h)", "for i in range(2):\n    h = (w * h)"),
        ("def act(x):\n    return relu(x)\nf = act(x)", "def act(x):\n    return x\nf = act(x)"),
    ],
)
def test_without_activations(text: str, wanted: str) -> None:
    assert made(text)["no-activation"].text == wanted


@pytest.mark.parametrize("text", ["f = x*x", "f = softmax(x, dim=0)", "f = exp(x)", "f = log(", ""])
def test_no_activation_no_variant(text: str) -> None:
    assert "no-activation" not in made(text)


def test_its_label_names_what_goes() -> None:
    [one] = [one for one in variants(Document("f = relu(tanh(relu(x)))")) if one.name == "no-activation"]
    assert one.label == "without relu and tanh"


def test_leaves_in_double_precision() -> None:
    found = made("f = w*x + n", w=Leaf("w", "2.0"), x=Leaf("x", "1.0", requires_grad=False), n=Leaf("n", "1", "int64"))
    leaves = found["float64"].leaves
    assert [(leaf.name, leaf.dtype, leaf.requires_grad) for leaf in leaves] == [
        ("w", "float64", True),
        ("x", "float64", False),
        ("n", "int64", True),
    ]


def test_what_is_in_double_precision_is_offered_in_single() -> None:
    assert made("f = w*w", w=Leaf("w", "2.0", "float64"))["float32"].leaf("w").dtype == "float32"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = 3\nf = x*x", "x = torch.tensor(3, dtype=torch.float64, requires_grad=True)\nf = x*x"),
        (
            "x = torch.tensor([1.0, 2.0], requires_grad=True)\nf = x.sum()",
            "x = torch.tensor([1.0, 2.0], requires_grad=True, dtype=torch.float64)\nf = x.sum()",
        ),
        ("f = (zeros(2) + x).sum()", "f = (zeros(2, dtype=torch.float64) + x).sum()"),
        ("f = ones(2, dtype=torch.float32) @ x", "f = ones(2, dtype=torch.float64) @ x"),
        ("f = x[torch.tensor([0, 1])].sum()", "f = x[torch.tensor([0, 1])].sum()"),
        ("f = x.to(torch.float32)", "f = x.to(torch.float64)"),
    ],
)
def test_what_the_text_itself_makes(text: str, wanted: str) -> None:
    assert made(text, x=Leaf("x", "[1.0, 2.0]"))["float64"].text == wanted


@pytest.mark.parametrize("preset", EXPRESSIONS.presets, ids=lambda preset: preset.id)
def test_every_example_runs_in_its_variants(preset: object) -> None:
    document: Document = preset.document  # type: ignore[attr-defined]
    try:
        before = document.run()
    except PlaygroundError:
        pytest.skip("an example of a mistake")
    for one in variants(document):
        trace = one.document.run()
        if one.name == "float64":
            assert all(value.dtype != "float32" for value in trace.values if value.dtype.startswith("float"))
            assert len(trace.ops) == len(before.ops)
        else:
            assert len(trace.ops) < len(before.ops)
