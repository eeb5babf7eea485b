"""A repair is offered only where the mended text runs over the leaves of now; slips are named for what they are."""

from __future__ import annotations

import pytest

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.language.functions.synonyms import CALLED_HERE
from playground.language.functions.table import find, suggest
from playground.language.run import run


def refusal(text: str, *leaves: Leaf) -> PlaygroundError:
    with pytest.raises(PlaygroundError) as caught:
        Document(text, leaves).run()
    return caught.value


MENDED = [
    # mathematics
    pytest.param("sin x", "stands in brackets", "sin(x)", id="call"),
    pytest.param("sin 2x + 1", "stands in brackets", "sin(2*x) + 1", id="call-of-a-product"),
    pytest.param("ln log(x)", "stands in brackets", "log(log(x))", id="call-of-a-call"),
    pytest.param("sin x cos x", "stands in brackets", "sin(x)*cos(x)", id="two-calls"),
    pytest.param("exp x^2", "stands in brackets", "exp(x**2)", id="call-of-a-power"),
    pytest.param("f(x) = x*x", "a function is not defined", "f = x*x", id="function"),
    pytest.param("f(x) = x*x\nf(3)", "a function is not defined", "def f(x): return x*x\nf(3)", id="function-called"),
    pytest.param("g(x, y) = x*y + 1", "a function is not defined", "g = x*y + 1", id="function-of-two"),
    pytest.param("√x + √(2x)", "`√`", "sqrt(x) + sqrt(2*x)", id="root"),
    pytest.param("∑x", "`∑`", "sum(x)", id="sum"),
    pytest.param("σ(w*x+b)", "`σ`", "sigmoid(w*x+b)", id="sigmoid"),
    pytest.param("|x| + |x - 1|", "bars", "abs(x) + abs(x - 1)", id="bars"),
    pytest.param("||x||", "bars", "norm(x)", id="norm"),
    pytest.param("sin²(x) + cos^2(x)", "`sin²`", "sin(x)**2 + cos(x)**2", id="power-of-a-function"),
    pytest.param("2x + 3y", "between `2` and `x`", "2*x + 3*y", id="products"),
    pytest.param("e^x × 2 − x²", "`^`", "e**x * 2 - x**2", id="signs"),
    pytest.param("y = x**2\ndy/dx", "not a derivative", "y = x**2\ngrad(y, x, create_graph=True)[0]", id="derivative"),
    pytest.param("relu(W@x+b)", "`W` is a number", "relu(W*x+b)", id="product-of-numbers"),
    pytest.param("W@x+V@x", "`W` is a number", "W*x+V*x", id="products-of-numbers"),
    pytest.param("x := 3", "`:=`", "x = 3", id="walrus"),
    pytest.param("[1 2 3] * x", "commas", "[1, 2, 3] * x", id="list"),
    # other libraries
    pytest.param("np.linalg.norm(np.sin([x, 2]))", "NumPy's", "torch.norm(torch.sin([x, 2]))", id="np-linalg"),
    pytest.param("x * jnp.exp(x)", "another library's", "x * torch.exp(x)", id="jnp"),
    pytest.param("x * np.random.randn(2)", "NumPy's", "x * torch.randn(2)", id="np-random"),
    pytest.param("y = tanh(x)\ny.clamp_(0, 1)\ny", "not allowed", "y = tanh(x)\ny = y.clamp(0, 1)\ny", id="clamp_"),
    pytest.param("tanh(x).clamp_(0, 1)", "not allowed", "tanh(x).clamp(0, 1)", id="clamp_-in-a-chain"),
    pytest.param("let y = x**2\nconst z = y", "another language", "y = x**2\nz = y", id="let"),
    pytest.param("var y = x**2;", "another language", "y = x**2;", id="var"),
    pytest.param("f = x^2 at x = 3", "in words", "x = 3\nf = x**2", id="at"),
    # signs that stand together
    pytest.param("A = πr²", "`πr`", "A = pi*r**2", id="pi"),
    pytest.param("2πr", "`πr`", "2*pi*r", id="pi-times"),
    pytest.param(
        "s = x\nfor i in range(3):\n\ts = s + x\n        s = s*2\ns",
        "indented differently",
        "s = x\nfor i in range(3):\n        s = s + x\n        s = s*2\ns",
        id="tab-of-eight",
    ),
    # LaTeX, notebooks
    pytest.param(r"L = (\hat{y} - y)^2", "LaTeX", "L = (y_hat - y)**2", id="hat"),
    pytest.param(r"\frac{1}{2} (y - \hat y)^2", "LaTeX", "((1)/(2))*(y - y_hat)**2", id="hat-without-brackets"),
    pytest.param(r"-\bar{y}_{1} \log \tilde{y} + y_{1}", "LaTeX", "-y_bar1*log(y_tilde) + y1", id="bar-and-tilde"),
    pytest.param(r"\theta^{\prime} + \theta'", "LaTeX", "theta_prime + theta_prime", id="prime"),
    pytest.param(r"\mathbf{x} x + \mathbf{w}", "LaTeX", "x_mathbf*x + w", id="fonts"),
    pytest.param("e^{-x}", "LaTeX", "e**(-x)", id="power-in-brackets"),
    pytest.param("$x^2$", "LaTeX", "x**2", id="latex"),
    pytest.param(r"\frac{1}{1 + e^{-x}}", "LaTeX", "((1)/(1 + e**(-x)))", id="fraction"),
    pytest.param(r"\sqrt{x} \cdot \sin(\alpha x_{1})", "LaTeX", "sqrt(x) * sin(alpha*x1)", id="latex-words"),
    pytest.param(
        "In [1]: y = x*x\n   ...: z = y + 1\nIn [2]: y\nOut[2]: 4", "prompt", "y = x*x\nz = y + 1\ny", id="ipython"
    ),
    # PyTorch and NumPy
    pytest.param("np.sin(x) + np.exp(x)", "NumPy's", "torch.sin(x) + torch.exp(x)", id="numpy"),
    pytest.param(
        "np.var([x, 2*x]) + np.std([x, 3], ddof=1)",
        "NumPy's",
        "torch.var([x, 2*x], correction=0) + torch.std([x, 3], correction=1)",
        id="numpy-var",
    ),
    pytest.param("np.median([x, 2*x])", "NumPy's", "torch.quantile([x, 2*x], 0.5)", id="numpy-median"),
    pytest.param("np.max([[x, 3]], axis=1)", "NumPy's", "torch.amax([[x, 3]], axis=1)", id="numpy-max-along"),
    pytest.param("np.maximum(0, np.sin(x))", "NumPy's", "torch.clamp(torch.sin(x), min=0)", id="numpy-maximum"),
    pytest.param("np.dot([[x, 1]], [1, x])", "NumPy's", "torch.matmul([[x, 1]], [1, x])", id="numpy-dot"),
    pytest.param("np.transpose(x + torch.ones(2, 3))", "NumPy's", "(x + torch.ones(2, 3)).T", id="numpy-transpose"),
    pytest.param("np.sort([x, 3])", "NumPy's", "torch.sort([x, 3]).values", id="numpy-sort"),
    pytest.param(
        "w = nn.Parameter(torch.randn(2))\nw * x",
        "not needed",
        "w = torch.randn(2, requires_grad=True)\nw * x",
        id="parameter",
    ),
    pytest.param(
        "w = nn.Parameter(2 * x)\nw * w",
        "not needed",
        "w = (2 * x).detach().requires_grad_()\nw * w",
        id="parameter-of-a-value",
    ),
    pytest.param(
        "v = x * torch.ones(2)\nv[0 < v < 1]",
        "two comparisons",
        "v = x * torch.ones(2)\nv[(0 < v) & (v < 1)]",
        id="chain-of-tensors",
    ),
    pytest.param(
        "def f(x): return x**3\ngrad(f)(x)",
        "would make a function",
        "def f(x): return x**3\ngrad(f(x), x, create_graph=True)[0]",
        id="grad-of-a-function",
    ),
    pytest.param(
        "t = torch.tensor(2.0, requires_grad=true)\nt*t",
        "another language's",
        "t = torch.tensor(2.0, requires_grad=True)\nt*t",
        id="true",
    ),
    pytest.param(
        "t = torch.tensor(2.0, requires_gard=True)\nt*t",
        "no argument `requires_gard`",
        "t = torch.tensor(2.0, requires_grad=True)\nt*t",
        id="argument",
    ),
    pytest.param("t = tourch.tensor(2.0)\nt*x", "`tourch` is not known", "t = torch.tensor(2.0)\nt*x", id="torch"),
    pytest.param("y = x if x = 1 else 2*x", "`=` gives", "y = x if x == 1 else 2*x", id="equals"),
    pytest.param("nn.ReLU()(x)", "makes a module", "(lambda x: F.relu(x))(x)", id="module"),
    pytest.param(
        "loss = nn.MSELoss(reduction='sum')\nloss(x, y)",
        "makes a module",
        "loss = (lambda prediction, target: F.mse_loss(prediction, target, reduction='sum'))\nloss(x, y)",
        id="loss",
    ),
    pytest.param("mean_squared_error(x, y)", "`mean_squared_error`", "mse_loss(x, y)", id="meaning"),
    pytest.param("arcsin(x)", "`arcsin`", "asin(x)", id="arcsin"),
]


@pytest.mark.parametrize(("text", "message", "mended"), MENDED)
def test_a_slip_is_named_and_mended(text: str, message: str, mended: str) -> None:
    error = refusal(text)
    assert message in error.message
    assert error.repair is not None and error.repair.text == mended
    assert Document(mended).run().values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("sine(x) + nothing(x)", "did you mean `sin`", id="another-mistake"),
        pytest.param("2A @ x", "write the multiplication", id="needs-matrices"),
        pytest.param("x[0", "expected `]`", id="no-element"),
        pytest.param("y = 1/2x", "write 1/(2*x) or 1/2*x", id="below-or-beside"),
        pytest.param("e^{x} + e**2x", "x**2", id="power-of-what"),
        pytest.param("1/πr", "/(pi*r)", id="below-pi"),
        pytest.param("learning rate = 0.1", "write the multiplication", id="two-words"),
        pytest.param("np.split([x, x, x], 3)", "torch.chunk", id="numpy-split"),
        pytest.param("np.random.normal(0, 1, 3) + x", "mean + spread", id="numpy-normal"),
        pytest.param("w = 2*x\nw.clamp_(min=1)\nw.copysing(w)", "makes a new tensor", id="no-guess-elsewhere"),
        pytest.param("s = x\nfor i in range(3):\n    s = s + x\n   s = s*2\ns", "same column", id="between-two"),
        pytest.param("d/dx(x**2)", "grad(y, x)[0]", id="d-dx"),
        pytest.param("y = d/dx x^2", "grad(y, x)[0]", id="d-dx-and-a-space"),
        pytest.param("z = x * 2.0j", "torch.complex(", id="imaginary"),
        pytest.param("try:\n    y = x\nexcept ValueError:\n    y = 2*x", "write its lines alone", id="try"),
        pytest.param("def main():\n    y = x*x\n    y.backward()\nmain()", "return y", id="nothing-returned"),
        pytest.param("∂f/∂x", "grad(y, x)[0]", id="partial"),
        pytest.param("f'(x)", "grad(y, x)[0]", id="prime"),
        pytest.param("lim x", "is shown", id="limit"),
        pytest.param("model = nn.Linear(2, 1)", "x @ W.T + b", id="layer"),
        pytest.param("opt = torch.optim.SGD([w], lr=0.1)", "w -= 0.1 * w.grad", id="optimizer"),
        pytest.param("class Sq(torch.autograd.Function):\n    pass\nx", "derives its backward", id="own-function"),
        pytest.param("class Value:\n    pass\nx", "as functions", id="class"),
        pytest.param("with tf.GradientTape() as tape:\n    y = x*x", "y.backward()", id="tape"),
        pytest.param("torch.nn.utils.clip_grad_norm_([x], 1.0)", "its formula", id="clipped-gradients"),
        pytest.param("torch.empty(3) * x", "write zeros", id="empty"),
        pytest.param("sorted([3, 1, 2])", "torch.sort(x).values", id="sorted"),
        pytest.param("x.tolist()", "x.detach()", id="tolist"),
        pytest.param("y = x*x\nx.data *= 3\ny.backward()", "does not notice", id="unseen-change"),
        pytest.param("w = 2*x\nw.normal_()", "the reference", id="in-place-by-chance"),
        pytest.param("while x > 0:\n    x = x - 1", "if not (x > 0): break", id="while-with-break"),
        pytest.param("while x > 0:\n    x = x - 1", "known length", id="while"),
    ],
)
def test_a_word_but_no_repair_that_does_not_run(text: str, said: str) -> None:
    error = refusal(text)
    assert error.repair is None
    assert said in error.hint


def test_the_leaves_of_now_decide() -> None:
    assert refusal("2A @ x", Leaf("A", "[[1, 2], [3, 4]]"), Leaf("x", "[1, 2]")).repair is not None
    with pytest.raises(PlaygroundError) as caught:
        run("2A @ x", {"A": [[1, 2], [3, 4]], "x": [1, 2]})
    assert caught.value.repair is not None and caught.value.repair.text == "2*A @ x"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("x1*x2 + x1x2", ["the product is x1*x2"], id="product"),
        pytest.param("sinx + x", ["called as sin(x)"], id="call"),
        pytest.param("df/dx", ["grad(f, x)[0]"], id="derivative"),
        pytest.param("w*x + b + bias", [], id="none"),
    ],
)
def test_names_that_look_like_something_else_get_a_word(text: str, said: list[str]) -> None:
    notes = [note.message for note in Document(text).run().notes if note.kind == "name"]
    assert len(notes) == len(said) and all(part in note for part, note in zip(said, notes, strict=True)), notes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("x/0", "something was divided by 0", id="by-zero"),
        pytest.param("0*x/0", "0 / 0 has no value", id="zero-by-zero"),
        pytest.param("x + inf", "infinity is what it was given", id="given"),
        pytest.param("(0*x)**-1", "a division by 0", id="negative-power"),
        pytest.param("exp(100*x)", "overflows", id="overflow"),
    ],
)
def test_the_first_infinity_has_its_own_reason(text: str, reason: str) -> None:
    assert any(reason in note.message for note in run(text, {"x": 2.0}).notes)


def test_suggestions_have_something_to_do_with_the_name() -> None:
    assert suggest("scatter_add_to") in ((), ("scatter_add",))
    assert suggest("cumulativeProduct") in ((), ("cumprod",))
    assert suggest("mse") == ("mse_loss",)
    missing = {name: meant for name, meant in CALLED_HERE.items() if not (find("", meant) or find("Tensor", meant))}
    assert missing == {}
