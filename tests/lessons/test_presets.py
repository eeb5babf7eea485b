"""Every preset gives, bit for bit, the numbers of the same code written by hand in plain PyTorch."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.lessons.gallery import Preset
from playground.lessons.presets import EXPRESSIONS
from playground.trace.trace import Trace
from playground.ui.expressions.exports import script
from playground.ui.expressions.frame import Shown, show

Results = dict[str, Tensor | None]  # 'f' -> value, 'x1.grad' -> gradient


def leaf(value: object, requires_grad: bool = True) -> Tensor:
    return torch.tensor(value, dtype=torch.float32, requires_grad=requires_grad)


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def two_inputs() -> Results:
    x1, x2 = leaf(2.0), leaf(5.0)
    f = torch.log(x1) + x1 * x2 - torch.sin(x2)
    f.backward()
    return {"f": f, "x1.grad": x1.grad, "x2.grad": x2.grad}


def hidden_layer() -> Results:
    X1, a = leaf([[0.5, -0.3], [0.8, 0.2], [-0.6, 0.9]]), leaf([1.0, 2.0], False)
    m1, X2, m2 = leaf([0.2, 0.0, -0.1]), leaf([[1.0, -1.0, 0.5]]), leaf([0.2])
    u = X1 @ a + m1
    h = X2 @ torch.sigmoid(u) + m2
    residual = leaf([1.0], False) - h
    loss = (residual**2).sum() / 2
    loss.backward()
    return {
        "u": u,
        "h": h,
        "residual": residual,
        "loss": loss,
        "X1.grad": X1.grad,
        "μ1.grad": m1.grad,
        "X2.grad": X2.grad,
        "μ2.grad": m2.grad,
    }


def three_lines() -> Results:
    X, v = leaf([[1.0, 2.0], [3.0, 4.0]], False), leaf([0.5, -1.0])
    s = (X @ v).sum()
    s.backward()
    return {"s": s, "v.grad": v.grad, "X.grad": None}


def bias_to_mlp() -> Results:
    a, m = normal(10, 5, seed=1), torch.zeros(5, requires_grad=True)
    X1, m1 = normal(5, 4, seed=2).requires_grad_(), torch.zeros(4, requires_grad=True)
    X2, m2 = normal(4, 2, seed=3).requires_grad_(), torch.zeros(2, requires_grad=True)
    biased = a + m
    out = torch.relu(biased @ X1 + m1) @ X2 + m2
    out.sum().backward()
    return {"biased": biased, "out": out, "μ.grad": m.grad, "X1.grad": X1.grad, "μ2.grad": m2.grad}


def mean_squared_error() -> Results:
    prediction, target = leaf([2.5, 0.0, 2.0]), leaf([3.0, -0.5, 2.0], False)
    loss = F.mse_loss(prediction, target)
    loss.backward()
    return {"loss": loss, "prediction.grad": prediction.grad}


def cross_entropy() -> Results:
    logits = leaf([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]])
    loss = F.cross_entropy(logits, torch.tensor([0, 1]))
    loss.backward()
    return {"loss": loss, "logits.grad": logits.grad}


def softmax() -> Results:
    scores = leaf([1.0, 2.0, 3.0, 0.5, -1.0])
    e = torch.exp(scores)
    p = e / e.sum()
    loss = -torch.log(p[2])
    loss.backward()
    return {"p": p, "loss": loss, "scores.grad": scores.grad}


def matrix_times_vector() -> Results:
    M, v = leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]), leaf([10.0, 20.0, 30.0])
    y = (M * v[None, :]).sum(dim=1)
    s = (y * (M @ v)).sum()
    s.backward()
    return {"y": y, "s": s, "M.grad": M.grad, "v.grad": v.grad}


def chain_rule() -> Results:
    x = leaf(1.5)
    y = torch.exp(torch.sin(x**2))
    y.backward()
    return {"y": y, "x.grad": x.grad}


def neuron() -> Results:
    w1, x1, w2, x2, b = leaf(-3.0), leaf(2.0), leaf(1.0), leaf(0.0), leaf(6.8813735)
    y = torch.tanh(w1 * x1 + w2 * x2 + b)
    y.backward()
    return {"y": y, "w1.grad": w1.grad, "x1.grad": x1.grad, "w2.grad": w2.grad, "x2.grad": x2.grad, "b.grad": b.grad}


def fan_out() -> Results:
    x = leaf(3.0)
    y = x * x + x
    y.backward()
    return {"y": y, "x.grad": x.grad}


def broadcast() -> Results:
    A, row = leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), leaf([0.1, 0.2, 0.3])
    y = A + row
    s = (y * y).sum()
    s.backward()
    return {"s": s, "A.grad": A.grad, "row.grad": row.grad}


def log_sum_exp() -> Results:
    x = leaf([1000.0, 999.0, 998.0])
    naive, stable = torch.log(torch.exp(x).sum()), torch.logsumexp(x, 0)
    gap = naive - stable
    gap.backward()
    return {"naive": naive, "stable": stable, "gap": gap, "x.grad": x.grad}


def vanishing() -> Results:
    w, x = leaf(0.5), leaf(2.0, False)
    h = w * x
    for _ in range(8):
        h = torch.sigmoid(h)
    h.backward()
    return {"h": h, "w.grad": w.grad}


def second_derivative() -> Results:
    x = leaf(2.0)
    y = torch.sin(x) * x**3
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    first.backward()
    return {"y": y, "x.grad": x.grad}


def cleared() -> Results:
    w, x = leaf(3.0), leaf(2.0)
    for _ in range(2):
        w.grad = x.grad = None
        y = w * x
        y.backward()
    return {"y": y, "w.grad": w.grad, "x.grad": x.grad}


def not_a_number() -> Results:
    x = leaf(2.0)
    a = torch.log(x - 3)
    b = (x - 2) / (x - 2)
    y = a + b
    y.backward()
    return {"a": a, "b": b, "y": y, "x.grad": x.grad}


def twice() -> Results:
    w, x = leaf(3.0), leaf(2.0)
    y = w * x
    y.backward(retain_graph=True)
    y.backward()
    return {"y": y, "w.grad": w.grad, "x.grad": x.grad}


def descent() -> Results:
    w, x, target = leaf(0.5), leaf(2.0, False), leaf(3.0, False)
    loss = (w * x - target) ** 2
    loss.backward()
    with torch.no_grad():
        assert w.grad is not None
        w_new = w - 0.1 * w.grad
        loss_new = (w_new * x - target) ** 2
    return {"loss": loss, "w_new": w_new, "loss_new": loss_new, "w.grad": w.grad}


M3, C3 = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], [10.0, 20.0, 30.0]


def same_shape() -> Results:
    a, b = leaf([10.0, 6.0, -4.0]), leaf([2.0, 8.0, 7.0])
    y = a + b
    y.backward(torch.ones(3))
    assert y.tolist() == [12.0, 14.0, 3.0]
    return {"y": y, "a.grad": a.grad, "b.grad": b.grad}


def against_a_number() -> Results:
    a = leaf([10.0, 6.0, -4.0])
    positive = a > 0
    y = (a * positive).sum()
    y.backward()
    return {"positive": positive, "y": y, "a.grad": a.grad}


def times_a_number() -> Results:
    m = leaf(M3)
    y = (2 * m).sum()
    y.backward()
    return {"y": y, "m.grad": m.grad}


def over_a_matrix(stretch: Callable[[Tensor], Tensor], *, squares: bool) -> Callable[[], Results]:
    """A vector, stretched over a matrix in one way."""

    def by_hand() -> Results:
        m, c = leaf(M3), leaf(C3)
        y = m + stretch(c)
        s = (y * y).sum() if squares else y.sum()
        s.backward()
        found: Results = {"y": y, "s": s} if squares else {"y": s}
        return found | {"m.grad": m.grad, "c.grad": c.grad}

    return by_hand


def outer_product() -> Results:
    c = leaf(C3)
    table = c[None] * c[:, None]
    s = table.sum()
    s.backward()
    return {"table": table, "s": s, "c.grad": c.grad}


def outer_comparison() -> Results:
    c = leaf(C3)
    larger = c[None] > c[:, None]
    y = (larger * c).sum()
    y.backward()
    return {"larger": larger, "y": y, "c.grad": c.grad}


def colours() -> Results:
    picture, means = normal(256, 256, 3, seed=1), leaf([0.4, 0.5, 0.6])
    centred = picture - means
    s = (centred * centred).mean()
    s.backward()
    return {"s": s, "means.grad": means.grad}


def open_axes() -> Results:
    c = leaf(C3)
    wide, grid = torch.broadcast_to(c, (3, 3)), c[:, None] + c[None]
    s = (wide * grid).sum()
    s.backward()
    return {"wide": wide, "grid": grid, "s": s, "c.grad": c.grad}


def orders() -> Results:
    v, T = leaf([1.0, 2.0, 3.0]), normal(2, 2, 3, seed=1).requires_grad_()
    scalar, matrix = torch.dot(v, v), torch.outer(v, v)
    batch = T @ matrix
    turned = batch.permute(2, 0, 1)
    s = (batch.reshape(3, 4).flatten().sum() + turned.mean()) * scalar
    s.backward()
    return {"matrix": matrix, "turned": turned, "s": s, "v.grad": v.grad, "T.grad": T.grad}


def ten_windows() -> Results:
    picture, kernel = normal(1, 1, 100, 100, seed=1), normal(1, 1, 10, 10, seed=2).requires_grad_()
    maps = F.conv2d(picture, kernel, stride=10)
    assert maps.shape == (1, 1, 10, 10)
    s = maps.sum()
    s.backward()
    return {"maps": maps, "s": s, "kernel.grad": kernel.grad}


def two_errors() -> Results:
    prediction, target = leaf([2.5, 0.0, 2.0, 8.0]), leaf([3.0, -0.5, 2.5, 1.0], False)
    absolute, squared = F.l1_loss(prediction, target), F.mse_loss(prediction, target)
    (absolute + squared).backward()
    return {"absolute": absolute, "squared": squared, "prediction.grad": prediction.grad}


def patches() -> Results:
    signal, window, short = normal(1, 1, 12, seed=1).requires_grad_(), torch.ones(1, 1, 7), torch.ones(1, 1, 3)
    window.requires_grad_()
    short.requires_grad_()
    fit, skipped = F.conv1d(signal, window, stride=2), F.conv1d(signal, short, stride=4)
    assert (fit.shape[-1], skipped.shape[-1]) == (3, 3)
    s = fit.sum() + skipped.sum()
    s.backward()
    return {"fit": fit, "skipped": skipped, "s": s, "signal.grad": signal.grad, "window.grad": window.grad}


def square_and_diamond() -> Results:
    rows = [[1.0, 1, 1, 0, 0, 0], [1, 0, 1, 0, 1, 0], [1, 1, 1, 1, 0, 1], [0, 0, 0, 0, 1, 0]]
    box = leaf([[[[1.0, 1, 1], [1, -1, 1], [1, 1, 1]]]])
    rhomb = leaf([[[[-1.0, 1, -1], [1, -1, 1], [-1, 1, -1]]]])
    squares, diamonds = (F.conv2d(torch.tensor([[rows]]), kernel, padding=1) for kernel in (box, rhomb))
    assert int(squares.argmax()) == 1 * 6 + 1 and int(diamonds.argmax()) == 2 * 6 + 4  # where they lie
    s = squares.max() - diamonds.max()
    s.backward()
    return {"squares": squares, "diamonds": diamonds, "s": s, "box.grad": box.grad, "rhomb.grad": rhomb.grad}


def error_signal() -> Results:
    scores, T = leaf([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]]), leaf([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], False)
    p = torch.softmax(scores, dim=1)
    signal = T - p
    loss = -(T * torch.log(p)).sum(dim=1).mean()
    loss.backward()
    torch.testing.assert_close(scores.grad, -signal.detach() / 2)  # what the card says
    return {"p": p, "signal": signal, "loss": loss, "scores.grad": scores.grad}


def one_unit() -> Results:
    v, x, w, t = leaf([0.5, -0.4]), leaf([1.0, 2.0], False), leaf([1.5, -0.7]), leaf([1.0, 0.0], False)
    z = torch.tanh(v @ x)
    y = w * z
    loss = ((y - t) ** 2).sum() / 2
    loss.backward()
    with torch.no_grad():
        torch.testing.assert_close(v.grad, ((y - t) * w).sum() * (1 - z**2) * x)  # what the card says
    return {"z": z, "y": y, "loss": loss, "v.grad": v.grad, "w.grad": w.grad}


def one_matrix() -> Results:
    W1, W2 = leaf([[0.5, -0.3], [0.8, 0.2], [-0.6, 0.9]]), leaf([[1.0, -1.0, 0.5], [0.3, 0.2, -0.4]])
    x = leaf([1.0, 2.0])
    twice, W = W2 @ (W1 @ x), W2 @ W1
    once = W @ x
    torch.testing.assert_close(twice, once)
    s = twice.sum() + (twice - once).abs().max()
    s.backward()
    return {"twice": twice, "W": W, "once": once, "s": s}


BY_HAND: dict[str, Callable[[], Results]] = {
    "L0.4": two_inputs,
    "L0.2": hidden_layer,
    "L0.5": three_lines,
    "L0.6": bias_to_mlp,
    "L0.1": orders,
    "L0.12": ten_windows,
    "L0.13": two_errors,
    "L1.6a": same_shape,
    "L1.6b": against_a_number,
    "L1.6c": times_a_number,
    "L1.6d": over_a_matrix(lambda c: c, squares=True),
    "L1.6e": over_a_matrix(lambda c: c[:, None], squares=True),
    "L1.6f": over_a_matrix(lambda c: c[None], squares=False),
    "L1.6g": over_a_matrix(lambda c: c[:, None], squares=False),
    "L1.6h": outer_product,
    "L1.6i": outer_comparison,
    "L1.6j": colours,
    "L1.15": open_axes,
    "L3.2": patches,
    "L3.3": square_and_diamond,
    "L3.4": error_signal,
    "L3.9": one_unit,
    "L4.2": one_matrix,
    "L0.7": mean_squared_error,
    "L0.7b": cross_entropy,
    "L1.5": softmax,
    "L1.7": matrix_times_vector,
    "L1.10": chain_rule,
    "neuron": neuron,
    "fan-out": fan_out,
    "broadcast": broadcast,
    "log-sum-exp": log_sum_exp,
    "vanishing": vanishing,
    "second": second_derivative,
    "forward-mode": two_inputs,
    "accumulate": twice,
    "zero-grad": cleared,
    "nan": not_a_number,
    "step": descent,
}
MISTAKES = {
    "L0.5a": "does not require",
    "L0.5b": "one number",
    "L1.6k": "do not broadcast",
}  # presets that are meant to end in a teaching error


def shown(trace: Trace, name: str) -> Tensor | None:
    """What the page shows under a name: the value, or the `.grad` of a leaf."""
    value = trace[name.removesuffix(".grad")]
    if not name.endswith(".grad"):
        return value.data.tensor()
    return None if value.grad is None else value.grad.tensor()


@pytest.mark.parametrize("entry", EXPRESSIONS.presets, ids=lambda entry: entry.id)
def test_numbers_equal_plain_pytorch(entry: Preset[Document]) -> None:
    if entry.id in MISTAKES:
        with pytest.raises(PlaygroundError, match=MISTAKES[entry.id]) as caught:
            entry.document.run()
        assert caught.value.span is not None and caught.value.repair is not None
        return
    trace = entry.document.run()
    for name, expected in BY_HAND[entry.id]().items():
        got = shown(trace, name)
        if expected is None or got is None:
            assert got is None and expected is None, name
        else:
            assert torch.equal(got.nan_to_num(7.0), expected.detach().nan_to_num(7.0)), name


def test_repairing_the_mistakes_gives_a_graph() -> None:
    for id in MISTAKES:
        document = EXPRESSIONS.preset(id).document
        with pytest.raises(PlaygroundError) as caught:
            document.run()
        assert caught.value.repair is not None
        assert replace(document, text=caught.value.repair.text).run().passes


def test_lecture_numbers() -> None:
    trace = EXPRESSIONS.preset("L0.4").document.run()
    primals = {"v1": 0.693147, "v2": 10.0, "v4": -0.958924, "v3": 10.693147, "v5": 11.652071}
    adjoints = {"v5": 1.0, "v3": 1.0, "v4": -1.0, "v1": 1.0, "v2": 1.0, "x1": 5.5, "x2": 1.716338}
    for name, number in primals.items():
        assert trace[name].data.item() == pytest.approx(number, rel=1e-6)
    for name, number in adjoints.items():
        adjoint = trace[name].adjoint
        assert adjoint is not None and adjoint.item() == pytest.approx(number, rel=1e-6)


def test_both_weight_gradients_of_the_hidden_layer_share_the_residual() -> None:
    trace = EXPRESSIONS.preset("L0.2").document.run()
    found = {name: shown(trace, name) for name in ("u", "residual", "X1.grad", "X2.grad", "X2", "a")}
    u, residual, first, second, X2, a = (one for one in found.values() if one is not None)
    assert float(residual) not in (0.0, 1.0)
    sigma = torch.sigmoid(u)
    torch.testing.assert_close(second, -residual[:, None] * sigma[None, :])
    torch.testing.assert_close(first, -residual * (sigma * (1 - sigma) * X2[0])[:, None] * a[None, :])


def test_forward_mode_gives_one_column_of_the_jacobian() -> None:
    trace = EXPRESSIONS.preset("forward-mode").document.run()
    tangent = trace["f"].tangent
    assert tangent is not None and tangent.item() == pytest.approx(5.5)


def test_every_preset_has_words() -> None:
    assert len({entry.id for entry in EXPRESSIONS.presets}) == len(EXPRESSIONS.presets)
    assert all(entry.title and entry.about.endswith((".", "!", "?")) for entry in EXPRESSIONS.presets)


@pytest.mark.parametrize("entry", EXPRESSIONS.presets, ids=lambda entry: entry.id)
def test_the_exported_script_prints_the_numbers_of_the_page(
    entry: Preset[Document], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if entry.id in MISTAKES:
        return
    shown_ = show(entry.document)
    assert isinstance(shown_, Shown)
    file = tmp_path / "graph.py"
    file.write_text(script(shown_), encoding="utf-8")
    runpy.run_path(str(file))
    printed = [line.partition(" = ") for line in capsys.readouterr().out.splitlines()]
    assert printed
    trace = shown_.trace()
    for name, _, text in printed:
        if name == "tangent":
            array = trace.values[trace.outputs[-1]].tangent
        elif name == "gradient":
            array = trace.values[trace.outputs[-1]].data
        elif name.endswith(".grad"):
            array = trace[name.removesuffix(".grad")].grad
        else:
            array = trace[name].data if name != "result" else trace.values[trace.outputs[-1]].data
        assert text == str(None if array is None else array.tolist()), name
