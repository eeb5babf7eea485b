"""Complex numbers are shown, stepped through, exported and checked; what has no sense is refused in one sentence."""

from __future__ import annotations

import pytest
import torch

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.run import run
from playground.trace.trace import Trace
from playground.ui.expressions.frame import frame

LEAVES = {"x": "[0.3, 0.6, 0.8]", "y": "[1.6, -0.4, 0.7]"}
TEXTS = {
    "one number": "z = complex(x, y)\nz[1]",
    "result": "z = complex(x, y)\nz * z",
    "parts": "z = complex(x, y)\nf = (z.real * z.imag).sum()",
    "spectrum": "X = fft(x)\npower = (X.abs()**2).sum()",
    "there and back": "irfft(rfft(x), n=3)",
    "polar": "angle(polar(x, y)).sum()",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_with_complex_numbers_is_a_page(text: str) -> None:
    document = Document.from_fields({"text": text, "leaves": LEAVES})
    data, _ = frame(document, None)
    assert data["error"] is None
    trace = document.run()
    again = Trace.from_json(trace.to_json())
    assert [value.data.tolist() for value in again.values] == [value.data.tolist() for value in trace.values]
    checked = [check for check in trace.checks if check.gradient is not None]
    assert checked
    for check in checked:
        assert check.gradient == pytest.approx(check.difference, rel=1e-4, abs=1e-6)


def test_the_gradients_are_those_of_plain_pytorch() -> None:
    trace = run(TEXTS["parts"], LEAVES)
    x, y = (torch.tensor(numbers, requires_grad=True) for numbers in ([0.3, 0.6, 0.8], [1.6, -0.4, 0.7]))
    z = torch.complex(x, y)
    (z.real * z.imag).sum().backward()
    for name, leaf in (("x", x), ("y", y)):
        grad = trace[name].grad
        assert grad is not None and leaf.grad is not None and grad.tolist() == leaf.grad.tolist()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("z = complex(x, y).sum()\nz.backward()", "one real number, and `z` is complex", "z.abs() or z.real"),
        ("x.imag", "non-complex", ""),
        ("relu(complex(x, y))", "does not work on complex numbers", ".real"),
        ("complex(x, [1, 2, 3])", "Float and Long", ""),
        ("z = complex(x, y)\nz > 1", "`>` does not work on complex numbers, and `z` is complex", "abs(...)"),
    ],
)
def test_what_has_no_sense_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        run(text, LEAVES)
    assert message in f"{caught.value.message} {caught.value.hint}" and hint in caught.value.hint
    assert caught.value.span is not None


def test_the_repair_of_a_complex_root_runs() -> None:
    with pytest.raises(PlaygroundError) as caught:
        run("z = complex(x, y).sum()\nz.backward()", LEAVES)
    assert caught.value.repair is not None
    assert run(caught.value.repair.text, LEAVES).passes
