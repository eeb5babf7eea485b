"""Good texts beside bad ones: what is understood, and where exactly and why the rest is not."""

from __future__ import annotations

import gc
import sys
import threading
from time import sleep

import pytest

from playground.errors import PlaygroundError
from playground.language.syntax.program import parse
from playground.language.syntax.python_parser import python_tree


def refusal(text: str) -> PlaygroundError:
    """The error of a text that must not be understood."""
    with pytest.raises(PlaygroundError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "free"),
    [
        pytest.param("f = log(x1) + x1*x2 - sin(x2)", "x1 x2", id="two-inputs"),
        pytest.param("h = x @ w + b\nF.relu(h)", "x w b", id="prefix-F"),
        pytest.param("torch.nn.functional.relu(x)", "x", id="full-prefix"),
        pytest.param("y = x.sum(dim=1); y.backward()", "x", id="semicolon"),
        pytest.param("θ₁ * x₁ + θ₁", "θ1 x1", id="greek-and-subscripts"),
        pytest.param("# nothing\nx  # a leaf", "x", id="comments"),
        pytest.param("  a = u\n  a + v", "u v", id="indented-as-a-whole"),
        pytest.param("for i in range(3):\n    x = x * w\nx", "x w", id="loop"),
        pytest.param("with torch.no_grad():\n    y = x\ny", "x", id="no-grad"),
        pytest.param("pi * r ** 2 + e", "r", id="constants"),
        pytest.param("e = x + 1\ne * 2", "x", id="a-constant-assigned"),
        pytest.param("x[0, ..., None, 1:2:3, [0, 1]]", "x", id="index"),
        pytest.param("a, b = x\na * b", "x", id="tuple-assignment"),
        pytest.param("g, = grad(y, x)", "y x", id="one-name-tuple"),
        pytest.param("x += y", "x y", id="augmented"),
        pytest.param("t * T", "t T", id="names-of-methods-are-free"),
        pytest.param("x.to(torch.float64) + tensor(1, dtype=float64)", "x", id="dtypes"),
        pytest.param("\ufeffx\r\ny\u00a0+ x", "x y", id="mark-newline-space"),
        pytest.param("import torch\nfrom torch import nn\nx + 1", "x", id="imports"),
        pytest.param("def f(x):\n    y = x + a\n    return y\na = b\nf(c)", "b c", id="def"),
        pytest.param("f = lambda t: t * a\nf(x)", "a x", id="lambda"),
        pytest.param("[i * x for i in y if i > z]", "y z x", id="comprehension"),
        pytest.param("y: float = x\nprint(q)\ny", "x", id="hint-and-print"),
        pytest.param("print(q * 2, 'is twice q')", "q", id="print-alone"),
        pytest.param("x[0] = 1; x[i] += z", "x i z", id="items"),
        pytest.param("time.sum() + input.mean()", "time input", id="names-of-modules-are-free"),
        pytest.param("F = m * a\nF.sum()", "m a", id="F-assigned"),
    ],
)
def test_free_names_in_order(text: str, free: str) -> None:
    assert [name.name for name in parse(text).free_names] == free.split()


def test_spans_count_characters() -> None:
    program = parse("μ = θ\nθ*sin(θ₂)  # ψ")
    first, second = program.free_names
    assert [span.of(program.text) for span in first.spans] == ["θ", "θ"]
    assert [span.of(program.text) for span in second.spans] == ["θ2"]
    assert [span.start for span in (*first.spans, *second.spans)] == [4, 6, 12]


# (text, part of the message, line, column, text after the repair)
BAD = [
    # slips with operators
    pytest.param("2s", "between `2` and `s`", 1, 1, "2*s", id="implicit-number"),
    pytest.param("x + 2(y)", "between `2` and `(`", 1, 5, "x + 2*(y)", id="implicit-bracket"),
    pytest.param("x y", "between `x` and `y`", 1, 3, "x*y", id="implicit-names"),
    pytest.param("(x + 1) y", "between `)` and `y`", 1, 9, "(x + 1)*y", id="implicit-after-bracket"),
    pytest.param("(x)(y)", "a value, not a function", 1, 1, "(x)*(y)", id="implicit-brackets"),
    pytest.param("x(y)", "a value, not a function", 1, 1, "x*(y)", id="implicit-call"),
    pytest.param("y = 2\nx ^ 2", "`^`", 2, 3, "y = 2\nx ** 2", id="caret"),
    pytest.param("θ² + x³", "`²`", 1, 2, "θ**2 + x**3", id="superscripts"),
    pytest.param("x⁻¹", "`⁻¹`", 1, 2, "x**(-1)", id="negative-superscript"),
    pytest.param("a × b − c · d", "`×`", 1, 3, "a * b - c * d", id="signs"),
    pytest.param("2 * π", "`π`", 1, 5, "2 * pi", id="pi"),
    pytest.param("√(x)", "`√`", 1, 1, "sqrt(x)", id="root"),
    pytest.param("x ≤ 1", "`≤`", 1, 3, "x <= 1", id="less-or-equal"),
    pytest.param("x!", "`!`", 1, 2, None, id="factorial"),
    pytest.param("x +", "missing after `+`", 1, 3, None, id="unfinished"),
    pytest.param("x + * y", "`*` cannot stand after `+`", 1, 5, None, id="two-operators"),
    pytest.param("x << 1", "`<<`", 1, 1, None, id="shift"),
    pytest.param("0 < sin(x) < 1", "two comparisons", 1, 1, "(0 < sin(x)) & (sin(x) < 1)", id="chain"),
    # brackets
    pytest.param("sin(x", "never closed", 1, 4, "sin(x)", id="open"),
    pytest.param("y = sin(cos(x)  # c\ny", "never closed", 1, 8, "y = sin(cos(x))  # c\ny", id="open-before-comment"),
    pytest.param("x)", "closes nothing", 1, 2, "x", id="closed-too-often"),
    pytest.param("[x)", "opened with another sign", 1, 3, "[x]", id="wrong-bracket"),
    pytest.param("{x}", "`{`", 1, 1, None, id="curly"),
    # = and ==
    pytest.param("x + 1 = y", "only a name", 1, 1, "y = x + 1", id="reversed"),
    pytest.param("x + 1 = y * 2", "only a name", 1, 1, "x + 1 == y * 2", id="equation"),
    pytest.param("x[0] = y[0] = 2", "two `=`", 1, 1, None, id="chained"),
    pytest.param("x.grad = y", "`.grad`", 1, 1, None, id="grad-assignment"),
    pytest.param("x in y in z", "`in` and `is`", 1, 1, None, id="in"),
    pytest.param("torch = 2", "fixed meaning", 1, 1, None, id="torch-assigned"),
    pytest.param("x //= 2", "only += -=", 1, 1, None, id="augmented"),
    # names
    pytest.param("ln(x)", "`ln`", 1, 1, "log(x)", id="ln"),
    pytest.param("θ + sine(x)", "`sine`", 1, 5, "θ + sin(x)", id="did-you-mean"),
    pytest.param("torch.sigmod(x)", "`sigmod`", 1, 7, "torch.sigmoid(x)", id="did-you-mean-prefixed"),
    pytest.param("x.summ()", "`summ`", 1, 3, "x.sum()", id="did-you-mean-method"),
    pytest.param("x * sin", "is a function", 1, 5, None, id="function-as-value"),
    pytest.param("x.sum + 1", "is a method", 1, 1, "x.sum() + 1", id="method-as-value"),
    pytest.param("view(x, 2)", "is a method", 1, 1, None, id="method-as-function"),
    pytest.param("x.exp_()", "`exp_`", 1, 3, "x = x.exp()", id="in-place"),
    pytest.param("lambda = 2", "word of Python", 1, 1, "lambda_ = 2", id="keyword"),
    pytest.param("torch", "where functions are", 1, 1, None, id="module-as-value"),
    pytest.param("np.sin(x)", "NumPy's", 1, 1, "torch.sin(x)", id="numpy"),
    pytest.param(
        "import numpy as np\nnp.arcsin(x) + np.exp(x)",
        "NumPy's",
        2,
        1,
        "import numpy as np\ntorch.asin(x) + torch.exp(x)",
        id="numpy-imported",
    ),
    pytest.param("torch.nn.Linear(2, 3)", "a layer with weights", 1, 1, None, id="modules"),
    pytest.param("x.grad_fn", "`.grad_fn`", 1, 3, None, id="grad-fn"),
    # Python that is not in the language
    pytest.param("while x: y", "`while`", 1, 1, None, id="while"),
    pytest.param("y = print(x)", "`print`", 1, 5, "y = x", id="print"),
    pytest.param("return x", "nothing to return from", 1, 1, "x", id="return"),
    pytest.param("break", "`break`", 1, 1, None, id="break"),
    pytest.param("import torch", "nothing to compute", 1, 1, None, id="imports-alone"),
    pytest.param("def f(*x): return x", "among the parameters", 1, 1, None, id="starred-parameter"),
    pytest.param("@g\ndef f(x): return x", "decorators", 1, 2, None, id="decorator"),
    pytest.param("def f(x):\n    yield x\nf(y)", "`yield`", 1, 1, None, id="yield"),
    pytest.param("f'{x}'", "f'{x}'", 1, 1, None, id="f-string"),
    pytest.param("2j", "between `2` and `j`", 1, 1, "2*j", id="complex"),
    pytest.param("sin(*x)", "`*` in front", 1, 5, None, id="star"),
    pytest.param("sin(**x)", "`**` in front", 1, 5, None, id="two-stars"),
    pytest.param("sum(x, dim=0, dim=1)", "twice", 1, 15, None, id="argument-twice"),
    pytest.param("with open(x): y", "`with` takes only", 1, 6, None, id="with"),
    pytest.param(
        "with torch.no_grad:\n    y = x",
        "called without arguments",
        1,
        6,
        "with torch.no_grad():\n    y = x",
        id="no-call",
    ),
    pytest.param("for i in range(3)\n    x", "`:` is missing", 1, 18, "for i in range(3):\n    x", id="colon"),
    pytest.param("for i in range(3):\nx", "indented line", 2, 1, "for i in range(3):\n    x", id="no-indent"),
    pytest.param("if 1:\n    if 1:\n    x", "indented line", 3, 5, "if 1:\n    if 1:\n        x", id="within"),
    pytest.param("if 1:\n    if 1:", "indented line", 2, 9, None, id="nothing-to-indent"),
    pytest.param("x\n  y", "indented differently", 2, 1, "x\ny", id="indent"),
    # escapes
    pytest.param("().__class__.__bases__", "no `__bases__`", 1, 14, None, id="dunder-attribute"),
    pytest.param("x.__class__", "no `__class__`", 1, 3, None, id="class"),
    pytest.param("__import__('os')", "not a function", 1, 1, None, id="dunder-import"),
    pytest.param("eval('x')", "`eval`", 1, 1, None, id="eval"),
    pytest.param("sin.__globals__", "no `__globals__`", 1, 5, None, id="globals"),
    pytest.param("torch.load('x')", "`load`", 1, 7, None, id="torch-load"),
    pytest.param("torch.os.system('x')", "`torch.os` is not here", 1, 1, None, id="torch-os"),
    # characters
    pytest.param("θ + a\0", "U+0000", 1, 6, None, id="null"),
    pytest.param("x\ud800", "U+D800", 1, 2, None, id="surrogate"),
    pytest.param("x\u200b + 1", "U+200B", 1, 2, "x + 1", id="zero-width"),
    pytest.param("x = 'a\\d'", "never ends|not understood", 1, 5, None, id="backslash"),
    pytest.param("x + “a”", "`“`", 1, 5, 'x + "a"', id="quotes"),
    pytest.param("（x）", "`（`", 1, 1, "(x)", id="full-width"),
    pytest.param("12345678901234567890", "20 digits", 1, 1, None, id="large-integer"),
    pytest.param("9" * 4400, "not a number", 1, 1, None, id="integer-of-4400-digits"),
    pytest.param("", "nothing to compute", 1, 1, None, id="empty"),
    pytest.param(" \n\n", "nothing to compute", 1, 1, None, id="blank"),
]


@pytest.mark.parametrize(("text", "message", "line", "column", "repaired"), BAD)
def test_a_bad_text_is_refused_at_its_place(
    text: str, message: str, line: int, column: int, repaired: str | None
) -> None:
    error = refusal(text)
    assert any(part in error.message for part in message.split("|")), error.message
    assert error.position() == (line, column), error.marked()
    assert (error.repair.text if error.repair else None) == repaired


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case.id)) for case in BAD if case.values[4] is not None])
def test_a_repair_mends_what_it_is_for(case: pytest.param) -> None:  # type: ignore[valid-type]
    text, repaired = case.values[0], case.values[4]  # type: ignore[attr-defined]
    first = refusal(text)
    try:
        parse(repaired)
    except PlaygroundError as second:
        assert second.message != first.message


def test_the_mark_stands_under_the_character() -> None:
    assert refusal("y = 1\nθ·λ²·sine(θ)").marked().split("\n")[1:3] == ["    θ·λ²·sine(θ)", "     ^"]


def test_many_threads_parse_at_once() -> None:
    """CPython 3.11 raises SystemError where another thread parses while a collection gives up the lock."""
    text = "f = " + " + ".join(f"sin(x{i} * (y{i} - 2))" for i in range(20))
    failures: list[BaseException] = []

    def student() -> None:
        for _ in range(100):
            try:
                python_tree(text)
            except BaseException as error:
                failures.append(error)

    def give_way(*_: object) -> None:
        sleep(0)

    before = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(give_way)
    gc.set_threshold(10)
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=student) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.callbacks.remove(give_way)
        gc.set_threshold(*before[0])
        sys.setswitchinterval(before[1])
    assert failures == []
