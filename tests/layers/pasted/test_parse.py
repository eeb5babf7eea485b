"""Pasted classes give the numbers of the same classes in plain PyTorch, and nothing is executed."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.pasted.build import build_pasted
from playground.layers.pasted.parse import parse_module
from playground.layers.pasted.tree import PastedSource
from playground.recorder.record import record
from tests.strategies import WORDS, hostile_text

BIAS = '''class Bias(nn.Module):
    """Adds a parameter,
    and nothing else: {}."""

    def __init__(self, n):
        super().__init__()
        self.bias = nn.Parameter(torch.randn(n))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias
'''
LINEAR = """
class Linear(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(a, b) / a ** 0.5)
        self.μ = Bias(b)

    def forward(self, x):
        return self.μ(x @ self.weight)
"""
MLP = """
class MLP(nn.Module):
    def __init__(self, sizes=(6, 5, 4, 3)):
        super().__init__()
        self.layers = nn.ModuleList([Linear(a, b) for a, b in zip(sizes, sizes[1:])])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = relu(layer(x))
        return self.layers[-1](x)
"""
LOGISTIC = """class Logistic(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(784, 10) * 0.01)
        self.bias = nn.Parameter(torch.zeros(10))

    def forward(self, x):
        scores = torch.exp(x @ self.weight + self.bias)
        return scores / scores.sum(dim=1, keepdim=True)
"""


class PlainBias(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.randn(n))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class PlainLinear(nn.Module):
    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(a, b) / a**0.5)
        self.μ = PlainBias(b)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.μ(x @ self.weight)
        return out


class PlainMLP(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        sizes = (6, 5, 4, 3)
        self.layers = nn.ModuleList([PlainLinear(a, b) for a, b in pairwise(sizes)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        out: Tensor = self.layers[-1](x)
        return out


def module(body: str, init: str = "pass", arguments: str = "") -> str:
    """A class with these lines in `forward` and `__init__`."""
    text = f"class Net(nn.Module):\n    def __init__(self{arguments}):\n        super().__init__()\n"
    if init != "pass":
        text += "".join(f"        {line}\n" for line in init.split("\n"))
    return text + "    def forward(self, x):\n" + "".join(f"        {line}\n" for line in body.split("\n"))


def data(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def test_a_bias_only_adds() -> None:
    source = parse_module(BIAS)
    trace = record(build_pasted(source, {"n": 5}), data(10, 5), names=source.inputs, text=source.text)
    output = trace.values[trace.outputs[-1]]
    assert output.shape == (10, 5)
    assert [op.span.of(source.text) for op in trace.ops if op.span] == ["x + self.bias"]
    assert "AddBackward0" in {node.name for node in trace.nodes}


def test_a_linear_layer_is_a_product_and_an_offset() -> None:
    net = build_pasted(parse_module(BIAS + LINEAR), {"a": 4, "b": 3})
    assert [name for name, _ in net.named_parameters()] == ["weight", "μ.bias"]
    x = data(10, 4)
    assert torch.equal(net(x), x @ net.get_parameter("weight") + net.get_parameter("μ.bias"))


def test_an_mlp_by_a_loop_has_the_weights_and_gradients_of_plain_pytorch() -> None:
    net = build_pasted(parse_module(BIAS + LINEAR + MLP), rng_seed=3)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        plain = PlainMLP()
    assert list(net.state_dict()) == list(plain.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), plain.parameters(), strict=True))
    x = data(10, 6)
    trace = record(net, x, names=("x",))
    plain(x).sum().backward()
    for name, parameter in plain.named_parameters():
        adjoint = trace[name].adjoint
        assert adjoint is not None and parameter.grad is not None
        assert torch.allclose(adjoint.tensor(), parameter.grad)
    assert ("layers", "0", "μ") in {op.module for op in trace.ops}


def test_softmax_of_own_scores_sums_to_one() -> None:
    net = build_pasted(parse_module(LOGISTIC))
    assert {name: tuple(p.shape) for name, p in net.named_parameters()} == {"weight": (784, 10), "bias": (10,)}
    out = net(data(64, 784))
    assert out.shape == (64, 10) and torch.allclose(out.sum(1), torch.ones(64))


@pytest.mark.parametrize(
    ("init", "body", "names"),
    [
        ("self.net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))", "return self.net(x)", "net.2.bias"),
        ("self.one = nn.Linear(4, 4, bias=False)", "return F.relu(self.one(x)) + x", "one.weight"),
        (
            "self.layers = nn.ModuleList()\nfor i in range(3):\n    self.layers.append(nn.Linear(4, 4))",
            "for layer in self.layers:\n    x = torch.relu(layer(x))\nreturn x",
            "layers.2.bias",
        ),
        (
            "layers = []\nfor i in range(2):\n    layers.append(nn.Linear(4, 4))\nself.net = nn.Sequential(*layers)",
            "for i, layer in enumerate(self.net):\n    x = layer(x)\nreturn x",
            "net.1.bias",
        ),
        ("self.n = 4\nself.w = nn.Parameter(torch.ones(self.n))", "return x * self.w / self.n", "w"),
        ("self.body = nn.Linear(4, 4)", "return x @ self.body.weight.T + self.body.bias", "body.weight"),
        (
            "self.r = nn.ModuleList([nn.Linear(4, 4) for i in range(2)])",
            "return self.r[0](x) + self.r[-1](x)",
            "r.1.bias",
        ),
        (
            "self.r = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])",
            "outs = [layer(x) for layer in self.r]\nreturn torch.stack(outs).sum(dim=0)",
            "r.1.bias",
        ),
        ("self.l = nn.LayerNorm(4)\nself.s = nn.Softmax(dim=1)", "return self.s(self.l(x))", "l.bias"),
    ],
)
def test_what_a_class_may_say(init: str, body: str, names: str) -> None:
    net = build_pasted(parse_module(module(body, init)))
    assert names in dict(net.named_parameters())
    out = net(data(10, 4))
    assert isinstance(out, Tensor) and len(out) == 10
    record(net, data(10, 4))


def test_built_in_layers_are_drawn_as_pytorch_draws_them() -> None:
    init = "self.c = nn.Conv2d(1, 3, kernel_size=3, padding=1)\nself.f = nn.Flatten()\nself.l = nn.Linear(48, 2)"
    before = torch.random.get_rng_state()
    net = build_pasted(parse_module(module("return self.l(self.f(relu(self.c(x))))", init)), rng_seed=5)
    assert torch.equal(before, torch.random.get_rng_state())
    with torch.random.fork_rng():
        torch.manual_seed(5)
        plain = nn.ModuleDict({"c": nn.Conv2d(1, 3, 3, padding=1), "l": nn.Linear(48, 2)})
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), plain.parameters(), strict=True))
    assert net(data(7, 1, 4, 4)).shape == (7, 2)


def test_parameters_finds_no_tensors_that_are_not_parameters() -> None:
    init = "self.w = torch.randn(4, 4)\nself.layers = [nn.Linear(4, 4)]"
    net = build_pasted(parse_module(module("return self.layers[0](x @ self.w)", init)))
    assert list(net.parameters()) == [] and net(data(10, 4)).shape == (10, 4)


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        (BIAS.replace("        super().__init__()\n", ""), "missing", "def __init__(self, n):"),
        ("import os\n" + BIAS.replace("self, n", "self, n=os"), "nothing but torch", "import os"),
        ("@decorator\n" + BIAS, "decorators", "decorator"),
        ("with N:\n    N = 1\n" + BIAS.replace("randn(n)", "randn(N)"), "`N` is set under `with`", "with N:"),
        (BIAS.replace("(nn.Module)", ""), "not a module", "Bias"),
        (module("return x", "self.l = nn.Linaer(3, 4)"), "unknown layer `Linaer`", "nn.Linaer"),
        (module("return eval('x')"), "`eval` is not a function", "eval"),
        (module("return exec('x')"), "`exec` is not a function", "exec"),
        (module("return open('x')"), "`open` is not a function", "open"),
        (module("return getattr(x, 'y')"), "`getattr` is not a function", "getattr"),
        (module("return self.__class__"), "`__class__`", "self.__class__"),
        (module("return x.__class__"), "`__class__`", "x.__class__"),
        (module("self = x\nreturn x"), "the module itself", "self"),
        (module("return self"), "before a point", "self"),
        (module("return n * x", arguments=", n=3"), "`n` has no value", "n"),
        (module("async def f(y):\n    return y\nreturn f(x)"), "not defined|cannot be defined", None),
        (module("while True:\n    x = x\nreturn x"), "while", "while"),
        (module("x + 1"), "returns nothing", "def forward(self, x):"),
        (module("return nn.Dropout()(x)"), "made in `__init__`", "nn.Dropout"),
        (module("return self(x)"), "does not call itself", "self(x)"),
        ("x + 1", "there is no class", "x + 1"),
        (module("y = nn.Linear(3, 4)\nreturn y(x)"), "made in `__init__`", "nn.Linear"),
        (module("x.sum().backward()\nreturn x"), "backward", None),
    ],
)
def test_what_is_not_understood_is_marked(text: str, message: str, marked: str | None) -> None:
    with pytest.raises(PlaygroundError, match=message) as raised:
        parse_module(text)
    assert raised.value.span is not None and raised.value.text == text
    assert marked is None or raised.value.span.of(text) == marked


def test_the_repair_of_a_missing_super_works() -> None:
    with pytest.raises(PlaygroundError) as raised:
        parse_module(BIAS.replace("        super().__init__()\n", ""))
    assert raised.value.repair is not None
    assert isinstance(parse_module(raised.value.repair.text), PastedSource)


@pytest.mark.parametrize(
    ("init", "message", "marked"),
    [
        ("self.w = nn.Parameter(torch.randn(10 ** 9))", "the limit is", "torch.randn(10 ** 9)"),
        ("self.w = nn.Linear(60000, 60000)", "parameters", "nn.Linear(60000, 60000)"),
        ("self.w = nn.Linear(10 ** 9, 1)", "from 1 to", "nn.Linear(10 ** 9, 1)"),
        ("self.w = nn.LayerNorm((65536, 65536, 65536))", "parameters", None),
        ("self.w = nn.Parameter(torch.zeros(3, dtype=torch.int64))", "floating-point", None),
        ("self.w = nn.ModuleList([nn.ReLU() for i in range(300)])", "more than 200 layers", None),
        ("self.w = nn.ModuleList([nn.ReLU() for i in range(10 ** 12)])", "rounds", "range(10 ** 12)"),
        ("m = nn.ReLU()\nfor i in range(100):\n    m = nn.Sequential(m, m)\nself.m = m", "nested", None),
        ("for i in range(1000):\n    for j in range(1000):\n        a = 1", "lines executed", None),
        ("self.forward = 3", "fixed meaning", "self.forward = 3"),
        ("self.w = nn.Linear(3)", "needs out_features", "nn.Linear(3)"),
        ("self.w = nn.Linear(3, 4, 5, 6, 7, 8, 9)", "arguments", None),
        ("self.w = nn.Sequential([nn.ReLU()])", "holds layers", None),
        ("self.w = nn.MultiheadAttention(4, 3, batch_first=True)", "features in 3 equal heads, and got 4", None),
        ("self.w = nn.MultiheadAttention(4, 2)", "has batch_first=True here", "nn.MultiheadAttention(4, 2)"),
        ("self.w = nn.LSTM(4, 4)", "has batch_first=True here", None),
        ("self.w = nn.LSTM(4, 4, 2, dropout=0.2, batch_first=True)", "has dropout=0.0 here", None),
        ("self.w = nn.GRU(4, 60000, batch_first=True)", "from 1 to 4,096", None),
        ("self.w = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)", "has dropout=0.0 here", None),
        ("self.w = nn.TransformerEncoderLayer(4, 3, 8, 0.0, batch_first=True)", "features in 3 equal heads", None),
        ("self.w = nn.TransformerEncoderLayer(4, 2, 8, 0, 'tanh', batch_first=True)", '"relu" or "gelu"', None),
        ("self.w = nn.MultiheadAttention(60000, 2, batch_first=True)", "parameters", None),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_made(init: str, message: str, marked: str | None) -> None:
    text = module("return x", init)
    source = parse_module(text)
    start = time.process_time()
    with pytest.raises(PlaygroundError, match=message) as raised:
        build_pasted(source)
    assert time.process_time() - start < 5
    assert raised.value.span is not None
    assert marked is None or raised.value.span.of(text) == marked


EMBEDDING = "self.e = nn.Embedding(3, 4)"
LSTM = "self.l = nn.LSTM(4, 4, batch_first=True)"
ATTENTION = "self.a = nn.MultiheadAttention(4, 2, batch_first=True)"


@pytest.mark.parametrize(
    ("init", "body", "message"),
    [
        ("self.l = nn.Linear(3, 4)", "return self.l(x)", "Linear expects in_features = 3, and got 4"),
        ("self.l = nn.Linear(4, 4)", "return self.l + x", "is a layer, not a tensor"),
        ("self.l = nn.Linear(4, 4)", "return relu(self.l)", "is a layer, not a tensor"),
        ("self.l = nn.Linear(4, 4)", "return self.l", "returns a layer"),
        ("self.n = 4", "return self.n(x)", "not a layer"),
        ("self.c = nn.Conv2d(1, 1, 64)", "return self.c(torch.zeros(1, 1, 2000, 2000))", "the limit is"),
        ("self.n = 4", "return self.missing(x)", "has no value"),
        ("self.l = nn.Linear(4, 60000)", "return self.l(x.repeat(500, 1))", "the limit is"),
        ("self.l = nn.Identity()", "for i in range(1000):\n    x = self.l(x)\nreturn x", "operations"),
        ("self.w = nn.Parameter(torch.ones(3))", "return x + self.w", "size|shape|axis|axes"),
        (ATTENTION, "return self.a(x)", "takes a query, a key and a value"),
        (ATTENTION, "return self.a(x, x, x)[0]", r"expects \(N, T, features\), and got \(N, 4\)"),
        (ATTENTION, "y = x.repeat(1, 500, 1)\nreturn self.a(y, y, y)[0]", "the limit is"),
        (ATTENTION, "y = x.repeat(200, 1, 1)\nreturn self.a(y, x, x)[0]", "expected `key` and `value` to be 3-D"),
        ("self.l = nn.Linear(4, 4)", "return self.l(x, need_weights=False)", "takes its input by position"),
        (EMBEDDING, "return self.e(x)", "takes whole numbers, and got float32"),
        (EMBEDDING, "return self.e(torch.arange(4))", "has rows 0 to 2, and got others"),
        (EMBEDDING, "return self.e(torch.arange(2) - 1)", "has rows 0 to 2, and got others"),
        (LSTM, "return self.l(x[None], x, x)[0]", "takes a sequence, and a first state"),
        ("self.l = nn.GRUCell(4, 4)", "return self.l(x, x, x)", "takes one step, and the state before it"),
        ("self.l = nn.LSTMCell(5, 4)", "return self.l(x)[0]", "LSTMCell expects input_size = 5, and got 4"),
        (LSTM, "return self.l(x[None], (x, 3))[0]", "a layer takes a tensor, not a tuple"),
        (LSTM, "return self.l(x[None], (x, x))[0]", "PyTorch refuses this: |size|shape|axis|axes"),
        (LSTM, "(a, b), c = self.l(x[None])\nreturn a", "2 names for a tensor"),
        (LSTM, "out, (h, c, d) = self.l(x[None])\nreturn out", "3 names for a tuple"),
        (LSTM, "out, more, (h, c) = self.l(x[None])\nreturn out", "3 names for a tuple"),
        (LSTM, "return self.l(x)[0]", r"expects \(N, T, features\), and got \(N, 4\)"),
        (LSTM, "return self.l(x.repeat(8000, 1, 1).repeat(1, 100, 1))[0]", "the limit is"),
    ],
)
def test_a_forward_pass_that_does_not_work_is_marked(init: str, body: str, message: str) -> None:
    net = build_pasted(parse_module(module(body, init)))
    with pytest.raises(PlaygroundError, match=message) as raised:
        net(data(10, 4))
    assert raised.value.span is not None and raised.value.text is not None


def test_classes_that_call_each_other_twice_share_one_budget() -> None:
    text = "class C0(nn.Module):\n    def forward(self, x):\n        return x\n"
    for i in range(1, 6):
        text += f"class C{i}(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        text += f"        self.a = C{i - 1}()\n"
        text += "    def forward(self, x):\n        for i in range(50):\n            x = self.a(x)\n        return x\n"
    net = build_pasted(parse_module(text))
    with pytest.raises(PlaygroundError, match="lines executed"):
        net(data(2, 2))


def test_arguments_are_given_by_name() -> None:
    source = parse_module(BIAS)
    for given_arguments, message in (({}, "needs `n`"), ({"n": 3, "m": 4}, "`m` is no"), ({"n": "3"}, "quoted word")):
        with pytest.raises(PlaygroundError, match=message):
            build_pasted(source, given_arguments)


def survives(text: str) -> None:
    try:
        net = build_pasted(parse_module(text))
        net(data(3, 4))
    except PlaygroundError:
        pass


@settings(max_examples=150, deadline=None)
@given(hostile_text())
def test_hostile_texts_are_refused(text: str) -> None:
    survives(text)
    survives(module("return " + text.replace("\n", " ")))
    survives(module("return x", "self.a = " + text.replace("\n", " ")))


PASTED_WORDS = (
    "self self.a self.a( super() zip( class def return nn.Linear( nn.Parameter( *x .append( [ ] ) , = in for 3 4"
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*PASTED_WORDS.split(), *WORDS[-60:]]), max_size=15).map(" ".join))
def test_hostile_classes_are_refused(text: str) -> None:
    survives(module(f"y = {text}\nreturn y", f"self.a = {text}"))
    survives(module(f"{text}\nreturn x", text.replace("\n", " ")))
    survives(module("return x", "", f", a={text}"))
    survives(BIAS + text)
