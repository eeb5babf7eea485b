"""Pasted code is bounded: what is dangerous or too large is refused by name, at its place, and soon."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.limits import LIMITS as LAYERS
from playground.layers.pasted.analysis import pasted_listing
from tests.layers.pasted.test_parse import module
from tests.layers.pasted_classes import DOCUMENTS, LENET

METHODS = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
    def first(self, x):
        return self.second(x)
    def second(self, x):
        return self.first(x) + self.first(x)
    def forward(self, x):
        return self.first(x)
"""
MAKERS = METHODS.replace("nn.Linear(4, 4)", "self.first(3)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (module("return self.__dict__"), "`__dict__`"),
        (module("return self._parameters"), "has no value|no `_parameters`"),
        (module("return x.__class__.__bases__"), "`__bases__`|`__class__`"),
        (module("return F.__builtins__"), "`__builtins__`"),
        (module("return torch.nn.__dict__"), "`__dict__`"),
        (module("return __import__('os')"), "__import__"),
        (module("import os\nreturn x"), "nothing can be imported"),
        (
            "import os\n" + LENET.replace("super().__init__()", "super().__init__()\n        self.x = os.name"),
            "nothing but torch",
        ),
        (module("return torch.load('x')"), "`load`"),
        (module("return torch.ops.aten"), "torch.ops|not here|no `"),
        (module("return eval('x')"), "`eval`"),
        (module("return exec('x')"), "`exec`"),
        (module("return getattr(x, 'data')"), "`getattr`"),
        (module("return (lambda y: y)(x)"), "not a function"),
        (module("return f'{x}'"), "no part of a text"),
        (module("return getattr(self, '__class__')"), "has no '__class__'"),
        (module("return getattr(self, f'_{1}parameters')"), "has no '_1parameters'"),
        (module("return x", "setattr(self, '__class__', nn.ReLU())"), "no name of a layer"),
        (module("return x", "setattr(self, 'forward', nn.ReLU())"), "fixed meaning"),
        (
            module("return x", "self.s = nn.Sequential()\nself.s.add_module('forward', nn.ReLU())"),
            "fixed meaning in nn.Seq",
        ),
        (module("return x", "while True:\n    a = 1"), "lines executed"),
        (module("return x", "while True:\n    pass"), "lines executed"),
        (module("return x", "a = 'x'\nfor i in range(20):\n    a = f'{a}{a}'"), "a text of"),
        (module("return x", "self.l = nn.Linear(2000, 2000)\nnn.init.orthogonal_(self.l.weight)"), "takes too long"),
        (module("return x", "a = [nn.ReLU()]\nwhile True:\n    a += a"), "the limit"),
        (module("return {1: x}"), "dictionaries|curly"),
        (module("return x", "self.a = nn.ModuleDict({'a.b': nn.ReLU()})"), "quoted words"),
        (module("return x", "self.a = nn.ModuleDict({'__class__': nn.ReLU(), 'keys': 3})"), "holds layers"),
        (module("return x", "self.register_buffer('__class__', torch.zeros(3))"), "underscore"),
        (module("return x", "self.register_buffer('forward', torch.zeros(3))"), "is taken"),
        (module("return x", "self.a = nn.Linear(4, 4)\nself.a.__class__ = 3"), "underscore|__class__"),
        (module("return x", "self.a = nn.Linear(4, 4)\nself.a.forward = 3"), "sets no parameter"),
        (
            module("return x", "self.a = nn.Linear(4, 4)\nself.b = nn.Linear(5, 5)\nself.a.weight = self.b.weight"),
            "`weight` has shape",
        ),
        (module("return x", "nn.init.dirac_(torch.zeros(3))"), "dirac_"),
        (module("return x", "nn.init.__dict__('x')"), "__dict__"),
        (module("return x", "nn.init.uniform_(torch.zeros(3), 10 ** 12)"), "nn.init.uniform_ is"),
        (module("self.a = x\nreturn x"), "is set in `forward`"),
        (module("for i in range(10 ** 9):\n    x = x + 1\nreturn x"), "the limit is"),
        (module("for i in range(100):\n    for j in range(100):\n        x = x + 1\nreturn x"), "more than"),
        (module("for i in range(400):\n    x = torch.cat([x, x])\nreturn x"), "the limit is"),
        (module("return torch.zeros(10 ** 6, 10 ** 6)"), "the limit is"),
        (module("if x > 0:\n    x = 2 * x\nreturn x"), "does not look at tensors"),
        (module("return x if x.sum() else 2 * x"), "does not look at tensors"),
        (module("x = " + "(" * 150 + "x" + ")" * 150 + " + 1\nreturn x" + " + x" * 200), "nested"),
        (
            module("return self.a(x)", "self.a = nn.Sequential(*[nn.Linear(4096, 4096) for i in range(9)])"),
            "parameters",
        ),
        (METHODS, "more than 20 deep"),
        (module("return x", "self.l = Net()"), "more than 20 deep"),
        (module("f = lambda y: f(y)\nreturn f(x)"), "is a value, not a function"),
        ("def f(x):\n    return f(x) + f(x)\n" + module("return f(x)"), "more than 20 deep"),
        ("def f(n):\n    return f(n)\n" + module("return x", "self.a = f(3)"), "more than 20 deep"),
        (module("return x", "a = {'a': 1}\nfor i in range(30):\n    a = {'a': a, 'b': a}\nself.a = a"), "nested too"),
        (module("return x", "a = [1]\nfor i in range(30):\n    a = {1: [a, a]}\nself.a = a"), "nested too"),
        ("N = [0] * 10 ** 9\n" + module("return x", "self.a = N"), "the limit is"),
        ("N = 10 ** 99\n" + module("return x", "self.a = N"), "digits"),
        ("N = torch.zeros(3)\n" + module("return x + N"), "outside of the classes"),
        ("N = nn.Linear(4, 4)\n" + module("return N(x)"), "outside of the classes"),
        ("N = open('x')\n" + module("return x", "self.a = N"), "`open`"),
        ("def f():\n    return __import__('os')\n" + module("return f()"), "__import__"),
        ("def f(x):\n    return nn.PReLU()(x)\n" + module("return f(x)"), "made in `__init__`"),
        (
            "def f(n):\n    for i in range(n):\n        n = n\n    return n\n" + module("return x", "f(5000)"),
            "the limit",
        ),
        (module("return self.a(x)", "self.a = nn.Linear"), "made in `__init__`"),
        (
            "class A(nn.Module):\n    n = 99999999999999999999\n    def forward(self, x):\n        return x",
            "only methods",
        ),
        (module("return x") + "net = Net(" + "-" * 150 + "1)\n", "nested|deep"),
        (module("return x") + "net = Net(" + "+".join("1" * 3000) + ")\n", "nested|deep"),
        (MAKERS, "more than 20 deep"),
        ("@property\n" + LENET, "decorators"),
        (LENET.replace("    def features", "    @property\n    def features"), "decorators"),
        (LENET.replace("def features", "def __getattr__"), "cannot be defined"),
        ("class A(B):\n    def forward(self, x):\n        return x", "not a module"),
        ("class A(A):\n    def forward(self, x):\n        return x", "not a module"),
        (module("return super().forward(x)"), "no `forward` above"),
        (module("\n".join(["x = x + 1"] * 900) + "\nreturn x"), "characters|parts|operations"),
    ],
)
def test_it_is_refused_by_name_and_soon(text: str, message: str) -> None:
    start = time.process_time()
    problem = pasted_listing(StackDocument(text, (4,), batch=8)).error
    assert time.process_time() - start < 5
    assert problem is not None
    with pytest.raises(PlaygroundError, match=message):
        raise problem
    assert problem.span is not None and problem.text is not None and problem.span.of(problem.text)


def test_layers_that_are_called_too_often_are_refused() -> None:
    text = module("for i in range(600):\n    x = self.a(x)\nreturn x", "self.a = nn.Identity()")
    problem = pasted_listing(StackDocument(text, (4,), batch=8)).error
    assert problem is not None and "more than 500" in problem.message


@pytest.mark.parametrize("forward", ["self.a(x)", "self.a(self.a(x)[0])", "self.a(torch.cat([x, x], 1))"])
def test_recurrent_layers_take_as_many_steps_as_can_be_recorded(forward: str) -> None:
    text = module(f"y, _ = {forward}\nreturn y[:, -1]", "self.a = nn.GRU(4, 4, batch_first=True)")
    few, many = (
        pasted_listing(StackDocument(text, (steps, 4), batch=2)).error
        for steps in (LAYERS.steps // 2, LAYERS.steps + 1)
    )
    assert few is None and many is not None
    assert "steps, one after the other" in many.message and many.hint == f"the limit is {LAYERS.steps:,} steps"


def test_a_large_batch_is_refused() -> None:
    problem = pasted_listing(replace(DOCUMENTS["lenet"], batch=100_000)).error
    assert problem is not None and "batch" in problem.message
