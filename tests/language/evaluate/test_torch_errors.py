"""PyTorch's refusals in the words of a course, with the place and the repair."""

from __future__ import annotations

import pytest
import torch

from playground.errors import PlaygroundError
from playground.language.evaluate.interpreter import interpret
from playground.language.run import run
from playground.language.syntax.program import parse


def refusal(text: str) -> PlaygroundError:
    """The error of a text over the leaves X (2, 3), v (3), w (2), s, k (whole) and c (no gradient)."""
    leaves = {
        "X": torch.arange(6.0).reshape(2, 3).requires_grad_(),
        "v": torch.ones(3, requires_grad=True),
        "w": torch.ones(2, requires_grad=True),
        "s": torch.tensor(2.0, requires_grad=True),
        "k": torch.tensor([1, 2, 3]),
        "c": torch.ones(3),
    }
    with pytest.raises(PlaygroundError) as caught:
        interpret(parse(text), leaves)
    assert caught.value.text == parse(text).text
    return caught.value


# (text, message, marked text, text after the repair)
CASES = [
    pytest.param(
        "1 + X * w",
        "shapes (2, 3) and (2,) do not broadcast: 3 against 2",
        "X * w",
        "1 + X * w[:, None]",
        id="broadcast",
    ),
    pytest.param("X * k * ones(2, 2)", "do not broadcast", "X * k * ones(2, 2)", None, id="broadcast-matrices"),
    pytest.param("X @ X", "(2, 3) @ (2, 3): the inner sizes 3 and 2 differ", "X @ X", "X @ X.T", id="matmul"),
    pytest.param("X @ w", "inner sizes 3 and 2 differ", "X @ w", None, id="matrix-vector"),
    pytest.param("X @ s", "`s` is a number, not a matrix", "X @ s", "X * s", id="matmul-scalar"),
    pytest.param("mm(X, X)", "inner sizes", "mm(X, X)", None, id="mm"),
    pytest.param("dot(v, w)", "inner sizes 3 and 2", "dot(v, w)", None, id="dot"),
    pytest.param("linear(X, X.T)", "`X` has 3 features, the weight `X.T` takes 2", "linear(X, X.T)", None, id="linear"),
    pytest.param(
        "y = X @ v\ny.backward()",
        "`y` has shape (2,)",
        "y.backward()",
        "y = X @ v\ny.sum().backward()",
        id="not-scalar",
    ),
    pytest.param(
        "(X * 2).backward()",
        "has shape (2, 3)",
        "(X * 2).backward()",
        "((X * 2).sum()).backward()",
        id="not-scalar-brackets",
    ),
    pytest.param(
        "f = (c * 2).sum()\nf.backward()",
        "`f` does not require a gradient",
        "f.backward()",
        "c.requires_grad_()\nf = (c * 2).sum()\nf.backward()",
        id="no-grad",
    ),
    pytest.param(
        "f = s * s\nf.backward()\nf.backward()",
        "freed by the first backward pass",
        "f.backward()",
        "f = s * s\nf.backward(retain_graph=True)\nf.backward()",
        id="second-backward",
    ),
    pytest.param("v += 1", "`v` is a leaf", "v += 1", "v = v + 1", id="leaf-in-place"),
    pytest.param("v.add_(1)", "`v` is a leaf", "v.add_(1)", "v = v.add(1)", id="leaf-in-place-method"),
    pytest.param("y = exp(s)\ny.mul_(2)\ny.backward()", "changed in place", "y.backward()", None, id="modified"),
    pytest.param(
        "a, b = (w * 1).unbind()\na += 1 + b",
        "`a` is one of the views that `unbind` gave at once",
        "a += 1 + b",
        "a, b = (w * 1).unbind()\na = a + (1 + b)",
        id="unbind",
    ),
    pytest.param(
        "a, b = (w * 1).chunk(2)\na.mul_(2)",
        "`a` is one of the views that `split` gave at once",
        "a.mul_(2)",
        "a, b = (w * 1).chunk(2)\na = a.mul(2)",
        id="chunk",
    ),
    pytest.param(
        "with torch.no_grad():\n    u = w.view(2)\nu += 1",
        "`u` is a view that was made inside no_grad",
        "u += 1",
        None,
        id="view-without-gradients",
    ),
    pytest.param("X.sum(dim=2)", "`X` has no axis 2: its shape is (2, 3)", "X.sum(dim=2)", None, id="axis"),
    pytest.param("softmax(s, dim=1)", "`s` has no axis 1", "softmax(s, dim=1)", None, id="axis-of-scalar"),
    pytest.param("X[2]", "`X` has no element 2", "X[2]", None, id="index"),
    pytest.param("X[0, 0, 0]", "more indices than axes", "X[0, 0, 0]", None, id="indices"),
    pytest.param("s[0]", "`s` is one number and has no elements", "s[0]", None, id="item-of-a-number"),
    pytest.param("s = s * 1\ns[0] = 1", "`s` is one number and has no elements", "s[0] = 1", None, id="write-a-number"),
    pytest.param("dot(w, X.T)", "`dot` takes two vectors", "dot(w, X.T)", None, id="dot-of-a-matrix"),
    pytest.param(
        "batch_norm(X, v, v)", "no derivative by `running_mean`", "batch_norm(X, v, v)", None, id="running-mean"
    ),
    pytest.param("X[::-1]", "forwards", "::-1", None, id="step"),
    pytest.param("X @ k", "different dtypes: `X` is float32, `k` is int64", "X @ k", "X @ k.float()", id="dtypes"),
    pytest.param(
        "X @ [1, 2, 3]", "different dtypes", "X @ [1, 2, 3]", "X @ tensor([1, 2, 3], dtype=float32)", id="dtype-of-list"
    ),
    pytest.param("k.mean()", "needs numbers with a point", "k.mean()", None, id="whole-mean"),
    pytest.param("softmax(k, dim=0)", "needs numbers with a point", "softmax(k, dim=0)", None, id="whole-softmax"),
    pytest.param("k.requires_grad_()", "floating-point", "k.requires_grad_()", None, id="whole-gradient"),
    pytest.param("v ** (v > 0)", "has no gradient", "v ** (v > 0)", "v ** (v > 0).float()", id="bool-exponent"),
    pytest.param("v * [[1, 2], [3]]", "one length", "[[1, 2], [3]]", None, id="ragged"),
    pytest.param("relu([v, w])", "one shape", "[v, w]", None, id="ragged-tensors"),
    pytest.param("X.reshape(4, 2)", "`X` has 6 elements", "X.reshape(4, 2)", None, id="reshape"),
    pytest.param("X.item()", "more than one element", "X.item()", None, id="item"),
    pytest.param("maximum(v, 0)", "a tensor here, not a number", "maximum(v, 0)", "maximum(v, tensor(0))", id="number"),
    pytest.param("v.grad + 1", "`v.grad` is None", "v.grad", None, id="grad-before-backward"),
    pytest.param("v.grad.zero_()", "`v.grad` is None", "v.grad", None, id="grad-method"),
    pytest.param("X[None].T", "`.T` is for matrices", "X[None].T", None, id="T-of-three-axes"),
    pytest.param("grad(s * s, v)", "does not occur in the graph", "grad(s * s, v)", None, id="unused"),
    pytest.param("a, b = v", "2 names for 3 values", "v", None, id="unpack"),
    pytest.param("a, b = s", "cannot be taken apart", "s", None, id="unpack-scalar"),
    pytest.param("for i in s:\n    i", "a loop cannot run over", "s", None, id="loop"),
    pytest.param("v.sum(dim=0, axes=1)", "no argument `axes`", "sum", None, id="argument"),
    pytest.param("v.sum(dim=0, axis=0)", "`dim` is given twice", "sum", None, id="argument-twice"),
    pytest.param("sin()", "needs `input`", "sin", None, id="missing-argument"),
    pytest.param("sin(v, w)", "takes 1 argument, here are 2", "sin", None, id="extra-argument"),
    pytest.param("softmax(v)", "needs `dim`", "softmax", None, id="dim-missing"),
    pytest.param("mse_loss(v, c, reduction='all')", "all is not a valid value", None, None, id="reduction"),
    pytest.param("cat([X, v])", "PyTorch refuses this", None, None, id="cat"),
    pytest.param("v + 'a'", "`+` does not work on a quoted word", "'a'", None, id="text"),
    pytest.param("s.shape[0]", "there is no element 0", "0", None, id="shape"),
    pytest.param("v.retain_grad() + 1", "is None", "v.retain_grad()", None, id="none"),
    pytest.param("2 @ 3", "product of matrices", "2 @ 3", None, id="numbers"),
    pytest.param("range(3)", "no tensor for its result", "range(3)", None, id="range"),
]


@pytest.mark.parametrize(("text", "message", "marked", "repaired"), CASES)
def test_explained(text: str, message: str, marked: str | None, repaired: str | None) -> None:
    error = refusal(text)
    assert message in error.message
    assert error.span is not None
    assert marked is None or error.span.of(text) == marked
    assert (error.repair.text if error.repair else None) == repaired


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case.id)) for case in CASES if case.values[3] is not None])
def test_the_repair_cures(case: pytest.param) -> None:  # type: ignore[valid-type]
    repaired = case.values[3]  # type: ignore[attr-defined]
    leaves = {
        "X": torch.arange(6.0).reshape(2, 3).requires_grad_(),
        "v": torch.ones(3, requires_grad=True),
        "w": torch.ones(2, requires_grad=True),
        "s": torch.tensor(2.0, requires_grad=True),
        "k": torch.tensor([1, 2, 3]),
        "c": torch.ones(3),
    }
    interpret(parse(repaired), leaves)


STALE = "v, _ = chunk(w.view(-1), 2)\ny = (w * 2).sum()\ny.backward()\nwith no_grad():\n    w -= 0.25 * w.grad\n"


@pytest.mark.parametrize("use", ["z = v * 2", "v", "v, w", "v.backward(ones(2))", "z = autograd.grad(v, w, ones(2))"])
def test_a_part_whose_memory_was_changed_since(use: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        run(STALE + use, {"w": [1.0, 2.0, -0.5]})
    assert "a view that `split` gave beside others is used after their memory was changed" in caught.value.message
    assert "by an index" in caught.value.hint
