"""A text means what it means to Python, or is refused: it is run twice, by the page's reader and by Python itself."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.pasted.build import build_pasted
from playground.layers.pasted.parse import parse_module
from tests.layers.pasted.test_files import module

LAYER = "self.l = nn.Linear(4, 3)\n"
SCALED = "return self.l(x) * self.k"
GROWS = "for f in self.fs:\n    x = f(x)\nreturn self.l(x)"
SAME = {
    "or": module(LAYER + "self.k = 0 or None or 2.5", SCALED),
    "or of an argument": module(
        LAYER + "self.k = self.of(None)", SCALED, after="\n    def of(self, k):\n        return k or 2.5\n"
    ),
    "or of layers": module("a = None\nself.a = a or nn.ReLU()\n" + LAYER, "return self.a(self.l(x))"),
    "and": module(LAYER + "self.k = None and 2", "return self.l(x) if self.k is None else x"),
    "no layers in a sequence": module(LAYER + "self.k = 2.0 if nn.Sequential() else 3.0", SCALED),
    "an argument behind others": module(
        LAYER, "return self.l(f(x, 5))", "def f(a, *rest, b=2):\n    return a * b + rest[0]\n"
    ),
    "a default of a lambda": module(
        LAYER + "self.fs = []\nfor i in range(3):\n    self.fs.append(lambda z, i=i: z * (i + 1))", GROWS
    ),
    "a default in a comprehension": module(LAYER + "self.fs = [lambda z, i=i: z * (i + 1) for i in range(3)]", GROWS),
    "a name of a comprehension": module(LAYER + "i = 7\nself.fs = [lambda z: z * (i + 1) for i in range(3)]", GROWS),
    "names of two comprehensions": module(
        LAYER + "self.fs = [[lambda z: z + i * j for i in range(2)] for j in range(3)][1]", GROWS
    ),
    "a default that is older": module(LAYER, "return self.l(f(x))", "N = 2\ndef f(z, k=N):\n    return z * k\nN = 3\n"),
    "methods that are there": module(
        LAYER + "self.k = 2.0 if hasattr(self, 'go') and hasattr(self, 'eval') else 3.0",
        "return self.go(x)",
        after="\n    def go(self, x):\n        return self.l(x) * self.k\n",
    ),
    "sizes that are there": module(LAYER + "self.k = 2.0 if hasattr(self.l, 'in_features') else 3.0", SCALED),
    "a layer in the place of another": module(
        "self.a = nn.Linear(4, 4)\n" + LAYER + "self.a = nn.Linear(4, 4, bias=False)", "return self.l(self.a(x))"
    ),
    "%d of a switch": module("setattr(self, 'l%d' % True, nn.Linear(4, 3))", "return self.l1(x)"),
    "%%": module("setattr(self, 'l%d%%' % 1, nn.Linear(4, 3))", "return getattr(self, 'l1%')(x)"),
    "a list in a function": module(
        "self.s = nn.Sequential(*f(4))", "return self.s(x)",
        "def f(n):\n    a = []\n    a.append(nn.Linear(n, 3))\n    a.extend([nn.ReLU()])\n    return a\n",
    ),
    "lists in a list": module(
        "bs = []\nfor i in range(2):\n    ls = []\n    ls.append(nn.Linear(4, 4))\n    bs.append(ls)\n"
        "self.s = nn.Sequential(*bs[0], *bs[1])", "return self.s(x)",
    ),
    "a list that is copied": module(
        "a = [4]\nb = a[:]\nb.append(3)\nself.l = nn.Linear(a[-1], b[-1])", "return self.l(x)"
    ),
    "what has been computed": module(
        "self.s = nn.ModuleList([nn.Linear(4, 4), nn.Linear(8, 3)])",
        "hs = [x]\nfor l in self.s:\n    hs.append(l(torch.cat(hs, 1)))\nreturn hs[-1]",
    ),
    "an ordered dictionary": module(
        "self.s = nn.Sequential(OrderedDict([('a', nn.Linear(4, 3))]))", "return self.s(x)",
        "from collections import OrderedDict\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_it_means_what_it_means_to_python(name: str) -> None:
    text = SAME[name]
    net = build_pasted(parse_module(text), rng_seed=5)
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "OrderedDict": OrderedDict}
    with torch.random.fork_rng():
        exec(compile(text, "pasted", "exec"), names)  # noqa: S102  # a text of this file
        torch.manual_seed(5)
        plain = names["Net"]()
    assert list(net.state_dict()) == list(plain.state_dict())
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(1))
    out = net(x)
    assert isinstance(out, Tensor) and torch.equal(out, plain(x))


ALIASES = (
    "a = [4]\nb = a\nb.append(3)",
    "a = [4]\nb = a\nb += [3]",
    "a = b = [4]\nb.append(3)",
    "self.a = [4]\nb = self.a\nb.append(3)",
    "self.a = [4]\nb = self.a\nself.a.append(3)",
    "a = [4]\nself.a = a\na.append(3)",
    "a = [4]\nb = [a]\na.append(3)",
    "a = [4]\nb = {'a': a}\na.append(3)",
    "a = [[4]]\nb = a[0]\nb.append(3)",
    "for b in [[4], [3]]:\n    b.append(3)",
    "a = [4]\nb, c = a, 1\nb.append(3)",
    "a = [4]\nb = a if a else []\nb.append(3)",
    "a = [4]\nb = a or []\nb.append(3)",
    "a = [4]\ndef f():\n    a.append(3)\nf()",
    "grow([4])",
)


@pytest.mark.parametrize("init", ALIASES)
def test_a_list_with_two_names_does_not_grow_under_one(init: str) -> None:
    before = "def grow(a):\n    a.append(3)\n"
    with pytest.raises(PlaygroundError, match="may be a list that has another name") as caught:
        build_pasted(parse_module(module(f"{init}\n{LAYER}", "return self.l(x)", before)))
    assert "list of its own" in caught.value.hint and caught.value.span is not None


REFUSED = [
    ("m = nn.ModuleList([nn.Identity()])\nm.append(m)\nself.m = m", "", "cannot hold itself"),
    ("m = nn.ModuleList([nn.Identity()])\nm.extend(m)\nself.m = m", "", "cannot hold itself"),
    ("a = nn.Sequential(nn.Identity())\nb = nn.Sequential(a)\na.append(b)\nself.a = a", "", "cannot hold itself"),
    ("a = nn.Sequential(nn.Identity())\na.add_module('b', a)\nself.a = a", "", "cannot hold itself"),
    ("self.a = nn.Identity()\ndef f(m):\n    if isinstance(m, Net):\n        m.add_module('b', m)\nself.apply(f)", "",
     "cannot hold itself"),
    ("self.a = nn.Sequential()\nself.a.add_module('training', nn.Identity())", "", "`training` has a fixed meaning"),
    ("self.a = nn.ModuleDict({'training': nn.Identity()})", "", "`training` has a fixed meaning"),
    ("self.add_module('a\\nb', nn.Identity())", "", "no name of a layer"),
    ("self.a = nn.Sequential({'a': nn.Identity()})", "", "holds layers, not a dictionary"),
    ("d = {'a': nn.Identity()}\nself.a = nn.Sequential(d)", "", "holds layers, not a dictionary"),
    ("self.a = nn.Sequential(OrderedDict([('a', 3)]))", "from collections import OrderedDict\n", "holds layers"),
    ("self.a = f(1, 3)", "def f(a, *, b=2):\n    return a\n", "takes 1 arguments, here are 2"),
    ("d = {'b': 3}\nself.a = f(1, b=2, **d)", "def f(a, b):\n    return a\n", "`b` is given twice"),
    ("self.a = f()", "def f(a=nn.Linear(2, 2)):\n    return a\n", "layers are made in `__init__`"),
    ("setattr(self, 'l%d' % 1.5, nn.Identity())", "", "writes a whole number"),
]  # fmt: skip


@pytest.mark.parametrize(("init", "before", "words"), REFUSED)
def test_what_python_does_otherwise_is_refused(init: str, before: str, words: str) -> None:
    with pytest.raises(PlaygroundError, match=words) as caught:
        build_pasted(parse_module(module(f"{init}\n{LAYER}", "return self.l(x)", before)))
    assert caught.value.hint and caught.value.span is not None
