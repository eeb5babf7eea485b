"""Whole files: constants, functions and factories beside the classes, classes as values, and what trains them below.

Each text is run twice, by the page's reader and by Python itself, from the same seed: weights and outputs are equal.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.export.pasted import plain_python
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.pasted.build import build_pasted
from playground.layers.pasted.parse import parse_module
from playground.layers.run.settings import batch_of
from tests.alone import output_of

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n"
BLOCKS = """
WIDTHS = {"small": [4, 8], "large": [8, 16]}
STEM, HEAD = 4, 3


def conv3x3(before, after, stride=1, **options):
    \"\"\"A convolution that keeps the size.\"\"\"
    return nn.Conv2d(before, after, kernel_size=3, stride=stride, padding=1, **options)


def halved(x):
    if x.dim() < 4:
        return x
    return 0.5 * x


class Plain(nn.Module):
    expansion: int = 1

    def __init__(self, before, after, stride=1, norm=nn.BatchNorm2d):
        super().__init__()
        self.conv = conv3x3(before, after * self.expansion, stride, bias=False)
        self.norm = norm(after * self.expansion)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class Wide(Plain):
    expansion = 2


class Net(nn.Module):
    def __init__(self, block, numbers, size="small", *unused, classes=3, **kwargs):
        super(Net, self).__init__()
        self.before = STEM
        self.stem = conv3x3(1, STEM)
        self.stages = nn.Sequential(*[self.stage(block, *pair) for pair in zip(WIDTHS[size], numbers)])
        self.head = nn.Linear(WIDTHS[size][-1] * block.expansion, classes)

    def stage(self, block, width, number):
        strides = [2] + [1] * (number - 1)
        layers = []
        for stride in strides:
            layers.append(block(self.before, width, stride=stride))
            self.before = width * block.expansion
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.stages(self.stem(x))
        return self.head(torch.flatten(F.adaptive_avg_pool2d(halved(x), 1), 1))


def _net(block, numbers, **kwargs):
    net = Net(block, numbers, **kwargs)
    return net


def small():
    return _net(Plain, [1, 2])


def large(pretrained=False):
    return _net(Wide, [1, 1], size="large")
"""
TRAINING = """

def train(args, model, loader):
    for i, (x, y) in enumerate(loader):
        loss = F.cross_entropy(model(x), y); loss.backward()
        print(f"{i}: {loss.item():.3f} {x!r}", end="\\r")


def main():
    parser = argparse.ArgumentParser(description="it's")
    parser.add_argument("--lr", type=float, default=1e-3)
    with open("log.txt", "w") as log:
        log.write("%s" % parser.parse_args())


if __name__ == "__main__":
    main()
"""


def module(init: str, forward: str, before: str = "", after: str = "") -> str:
    made = "".join(f"        {line}\n" for line in init.split("\n"))
    computed = "".join(f"        {line}\n" for line in forward.split("\n"))
    head = f"{HEAD}{before}\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{made}"
    return f"{head}\n    def forward(self, x):\n{computed}{after}"


FLAT = "x = torch.flatten(x, 1)\n"
FILES = {
    "the first function that needs nothing makes it": (HEAD + BLOCKS, "small()"),
    "a line makes it": (HEAD + BLOCKS + "\nmodel = large()\n", "large()"),
    "a line makes it of classes": (
        HEAD + BLOCKS + "\nmodel = Net(Wide, [2, 1], classes=STEM + 1).to(device)\nout = model(x)\n",
        "Net(Wide, [2, 1], classes=STEM + 1)",
    ),
    "training below": ("import argparse\n" + HEAD + BLOCKS + TRAINING, "small()"),
    "a test that makes it": (
        module("self.l = nn.Linear(16, n)", FLAT + "return self.l(x)").replace("(self)", "(self, n)", 1)
        + "\n\ndef test():\n    net = Net(3)\n    print(net(torch.randn(1, 16)).size())\n",
        "Net(3)",
    ),
    "early returns": (
        module(
            "self.l = nn.Linear(16, 3)\nself.deep = True",
            FLAT + "for i in range(9):\n    if i == 2:\n        continue\n    if i > 4:\n        break\n    x = x + i\n"
            "if not self.deep:\n    return x\nelse:\n    return self.one(x)",
            after="\n    def one(self, x, times=2):\n        if times > 1:\n"
            "            return self.one(x, times - 1) * 2\n        return self.l(x)\n",
        ),
        "Net()",
    ),
    "functions within": (
        module(
            "def block(a, b, norm=True):\n    layers = [nn.Linear(a, b)]\n    if norm:\n"
            "        layers.append(nn.BatchNorm1d(b))\n    return layers\nself.s = nn.Sequential(*block(16, 8), "
            "nn.ReLU(), *block(8, 3, norm=False))",
            "def flat(y):\n    return y.flatten(1)\nreturn self.s(flat(x))",
        ),
        "Net()",
    ),
    "lambdas": (
        module(
            "width = 2\nself.short = Lambda(lambda y: F.pad(y[:, :, ::2, ::2], (0, 0, 0, 0, width // 2, 1)))\n"
            "self.act = nn.ReLU if width > 1 else nn.Tanh\nself.a = self.act()\n"
            "self.l = nn.Linear(12, 3)",
            "return self.l(self.a(torch.flatten(self.short(x), 1)))",
            before="class Lambda(nn.Module):\n    def __init__(self, f):\n        super().__init__()\n"
            "        self.f = f\n\n    def forward(self, x):\n        return self.f(x)\n",
        ),
        "Net()",
    ),
    "a class within itself": (
        HEAD + "class Tree(nn.Module):\n    def __init__(self, depth=3):\n        super().__init__()\n"
        "        self.l = nn.Linear(16, 16)\n        self.below = Tree(depth - 1) if depth > 1 else None\n\n"
        "    def forward(self, x):\n        x = self.l(torch.flatten(x, 1))\n"
        "        return x if self.below is None else self.below(x)\n",
        "Tree()",
    ),
    "layers under names that are put together": (
        module(
            "self.s = nn.Sequential()\nfor i in range(2):\n    self.s.add_module(f'l{i}', nn.Linear(16, 16))\n"
            "    self.s.add_module('r{}'.format(i), nn.ReLU())\n    setattr(self, 'l%d' % i, nn.Linear(16, 3))\n"
            "self.add_module('last', nn.Tanh())",
            FLAT + "for i in range(2):\n    y = getattr(self, 'l%d' % i)(self.s(x))\n    x = x + y.sum()\n"
            "return self.last(y) if hasattr(self, 'last') else y",
        ),
        "Net()",
    ),
    "lists that grow": (
        module(
            "self.n = a = 2\nself.n += 1\nlayers = [nn.Linear(16, 16)]\nwhile self.n:\n    self.n -= 1\n"
            "    layers += [nn.Tanh()]\n    if self.n == 1:\n        break\nlayers.extend([nn.Linear(16, 16)] * a)\n"
            "self.m = nn.ModuleList(layers[:1])\nself.m.extend(layers[1:])\nself.join = Join()",
            FLAT + "outs = [x, 2 * x]\nfor layer in self.m:\n    outs.append(layer(outs[-1]))\n"
            "rest = [outs[0]] if self.n else []\nrest.extend(outs[2:])\ny = self.join([rest[0], rest[-1]])\n"
            "return y[:, :3] + y[:, -3:]",
            before="class Join(nn.Module):\n    def forward(self, xs):\n        return torch.cat(xs, 1)\n",
        ),
        "Net()",
    ),
    "weights drawn anew": (
        module(
            "self.c = nn.Conv2d(1, 2, 3)\nself.a = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 3))\n"
            "for m in self.modules():\n    if isinstance(m, nn.Conv2d):\n        n = max(3, 2) ** 2\n"
            "        m.weight.data.normal_(0, math.sqrt(2.0 / n))\n        m.bias.data.zero_()\n"
            "self.apply(self._draw)\nself.a.apply(draw)",
            "x = self.c(x)\nassert x.data.size()[0] == x.data.shape[0]\nreturn self.a(torch.flatten(x, 1))",
            before="import math\nfrom torch.nn import init\n\ndef draw(m):\n    classname = m.__class__.__name__\n"
            "    if classname == 'Linear' and m.bias is not None:\n        init.constant_(m.bias.data, 0.1)\n",
            after="\n    def _draw(self, m):\n        if isinstance(m, (nn.Linear, nn.Conv2d)):\n"
            "            nn.init.orthogonal_(m.weight.data, nn.init.calculate_gain('relu'))\n",
        ),
        "Net()",
    ),
    "sizes from the command line": (
        module(
            "self.l = nn.Linear(int(np.prod(shape)), opt.hidden_size)\nself.m = nn.Linear(opt.hidden_size, 3)",
            FLAT + "return self.m(self.l(x)) * (opt.scale if not opt.plain else 1)",
            before="import argparse\nimport numpy as np\nparser = argparse.ArgumentParser()\n"
            "parser.add_argument('-n', '--hidden-size', type=int, default=5, help='width')\n"
            "parser.add_argument('--scale', type=float, default=-0.5)\n"
            "parser.add_argument('--plain', action='store_true')\n"
            "opt = parser.parse_args()\nprint(opt)\nshape = (opt.hidden_size - 4, 4, 4)\n",
        ),
        "Net()",
    ),
    "layers without parameters, made where they are called": (
        module(
            "self.c = nn.Conv2d(1, 3, 2)",
            "act = nn.LeakyReLU(0.2)\nx = nn.ReLU(inplace=True)(act(self.c(x)) + 0.1)\n"
            "x = nn.MaxPool2d(x.shape[-1] - 1)(nn.ZeroPad2d((1, 0, 1, 0))(x))\n"
            "return nn.Softmax(dim=1)(nn.Flatten()(x))[:, :3] + halved(x).sum()",
            before="def halved(x):\n    return nn.AvgPool2d(2)(x)\n",
        ),
        "Net()",
    ),
    "assertions and casts": (
        module(
            "n: int = cast(int, 16)\nassert (n == 16) ^ (n == MOST), \\\n    f'{n}'\n"
            "self.l = nn.Linear(typing.cast(\n    int, (n - 1 + 1),\n), cast('int', cast(int, 6) // 2))",
            FLAT + "assert x.shape[0] <= MOST; x = 2 * x\nprint(cast(int, x.shape[0]), opt.width)\nreturn self.l(x)",
            before="import typing\nimport argparse\nfrom typing import cast\nMOST = 100\n"
            "parser = argparse.ArgumentParser()\nparser.add_argument('--width', default=4)\n"
            "opt = parser.parse_args()\n",
        ),
        "Net()",
    ),
    "parts of a tensor": (
        module(
            "pe = torch.zeros(5, 16)\nposition = torch.arange(0, 5).float().unsqueeze(1)\n"
            "rate = torch.exp(torch.arange(0, 16, 2).float() * (-math.log(10000.0) / 16))\n"
            "row = pe[4]\npe[:, 0::2] = torch.sin(position * rate)\npe[:, 1::2] = torch.cos(position * rate)\n"
            "pe[0, 1:3] += 1\npe[-1] = 0.5\npe[1][2] = row.sum()\nself.register_buffer('pe', pe.unsqueeze(0))\n"
            "self.table = torch.ones(3)\nself.table[1] = 4\nself.l = nn.Linear(16, 3)",
            FLAT + "return self.l(x + self.pe[0, 0] + row_of(self.pe)) * self.table",
            before="import math\ndef row_of(pe):\n    return pe[0, -1]\n",
        ),
        "Net()",
    ),
    "dictionaries of keywords": (
        module(
            "self.m = nn.ModuleDict(dict(a=nn.Linear(16, 3), b=nn.Tanh()))\nsizes = dict(n=3)\n"
            "self.flash = hasattr(torch.nn.functional, 'scaled_dot_product_attention') and not hasattr(torch, 'nix')\n"
            "self.l = nn.Linear(sizes['n'], 3)",
            FLAT + "return self.l(self.m['b'](self.m['a'](x))) if self.flash else x",
        ),
        "Net()",
    ),
    "a pair through a sequence": (
        module(
            "self.s = nn.Sequential(nn.Sequential(Swap()), Swap())\nself.l = nn.Linear(16, 3)",
            FLAT + "a, b = self.s((x, 2 * x))\nreturn self.l(a) + b.sum()",
            before="class Swap(nn.Module):\n    def forward(self, both):\n        a, b = both\n        return b, a\n",
        ),
        "Net()",
    ),
    "settings of a normalisation": (
        module(
            "self.c = nn.Conv2d(1, 2, 2)\nself.n = nn.BatchNorm2d(2, 32, momentum=0.7)\nself.l = nn.Linear(18, 3)",
            "return self.l(torch.flatten(self.n(self.c(x)), 1))",
        ),
        "Net()",
    ),
    "inputs by name": (
        module(
            "self.m = Mix()", FLAT + "return self.m(x, y=2 * x)[:, :3]",
            before="class Mix(nn.Module):\n    def forward(self, x, y=None):\n"
            "        return x if y is None else x * y\n",
        ),
        "Net()",
    ),
}  # fmt: skip


def by_python(text: str, made: str) -> nn.Module:
    """The module as Python itself makes it, without the lines that train it."""
    names: dict[str, Any] = {"device": "cpu", "x": torch.zeros(2, 1, 4, 4), "__name__": "pasted", "F": F}
    with torch.random.fork_rng(), patch.object(sys, "argv", ["pasted"]):
        exec(compile(text, "pasted", "exec"), names)  # noqa: S102  # a text of this file
        torch.manual_seed(5)
        net: nn.Module = eval(made, names)  # noqa: S307
    return net


@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_what_python_gives(name: str) -> None:
    text, made = FILES[name]
    source = parse_module(text)
    assert source.made == made
    net, plain = build_pasted(source, rng_seed=5), by_python(text, made)
    assert list(net.state_dict()) == list(plain.state_dict())
    assert all(map(torch.equal, net.state_dict().values(), plain.state_dict().values()))
    x = torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    out, wanted = net(x), plain(x)
    assert isinstance(out, Tensor) and torch.equal(out, wanted)
    assert all(map(torch.equal, net.buffers(), plain.buffers()))  # the statistics that it keeps


@pytest.mark.filterwarnings("ignore:`nn.init:FutureWarning")  # PyTorch's own, of the old names
def test_initialisers_by_their_names_of_old_are_those_of_today() -> None:
    init = "self.c = nn.Conv2d(1, 2, 3)\nself.l = nn.Linear(8, 3)\nnn.init.kaiming_normal(self.c.weight)\n"
    init += "torch.nn.init.xavier_uniform(self.l.weight, gain=2)\nnn.init.constant(self.l.bias, 0.1)"
    text = module(init, "return self.l(torch.flatten(self.c(x), 1))")
    net, plain = build_pasted(parse_module(text), rng_seed=5), by_python(text, "Net()")
    assert all(map(torch.equal, net.state_dict().values(), plain.state_dict().values()))


@pytest.mark.parametrize("name", FILES)
def test_its_script_computes_the_same(name: str, tmp_path: Path) -> None:
    given = {"text": FILES[name][0], "input_shape": [1, 4, 4], "data": "random", "batch": 4, "classes": 3}
    document = StackDocument.from_fields(given)
    recorded = record_net(net_of(document), *batch_of(document))
    told = output_of(script_of(document, "module"), tmp_path)
    (loss,) = [line for line in told.splitlines() if line.startswith("loss = ")]
    assert float(loss.removeprefix("loss = ")) == pytest.approx(recorded.loss, rel=1e-6)


def test_what_trains_is_not_in_the_script() -> None:
    source = parse_module("import argparse\n" + HEAD + BLOCKS + TRAINING)
    kept = source.text
    for start, end, new in sorted(source.left_out, reverse=True):
        kept = kept[:start] + new + kept[end:]
    assert "argparse" not in kept and "main" not in kept and "def small" in kept


OTHER = """
class Other(nn.Module):
    def __init__(self, n):
        super().__init__()

    def sample(self, z):
        return z + 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9

    def forward(self, x):
        return x

"""
NET = module("self.l = nn.Linear(16, 3)", FLAT + "return self.l(x)", before=OTHER)
LATER = (
    "\n    def draw(self):\n        pass\n\n    def save(self):\n        pass\n\nnet = Net()\nx = 3\nprint(x,\n    4)\n"
)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (HEAD + BLOCKS + TRAINING, "This is small(). Not used: class Wide; functions large, train and main; 2 lines"),
        (NET + LATER, "This is Net(). Not used: class Other; methods draw and save; 3 lines"),
        (NET.replace("Net(", f"{'N' * 60}("), f"This is {'N' * 39}…. Not used: class Other."),
        (NET.replace(OTHER, OTHER.replace("Other", "O" * 60) + "".join(f"class C{i}: pass\n" for i in range(9))),
         f"Not used: classes {'O' * 39}…, C0, C1 and 7 more."),
        (module("self.l = 1", "return x * self.l") + '"""Words."""\nimport os\n', ""),
    ],
)  # fmt: skip
def test_what_is_not_used_is_told_in_a_line(text: str, note: str) -> None:
    given = {"text": text, "input_shape": [1, 4, 4], "data": "random", "batch": 4, "classes": 3}
    listing = net_of(StackDocument.from_fields(given)).listing
    assert listing.rows or not note
    assert (note in listing.note if note else not listing.note) and "\n" not in listing.note
    assert len(listing.note) < 300


def test_a_class_that_is_not_used_leaves_no_part_of_it_in_the_script() -> None:
    text, _ = plain_python(parse_module(NET + LATER))
    assert "Other" not in text and "class Net(nn.Module)" in text and "draw" not in text
    assert by_python(HEAD + text, "Net()")(torch.rand(2, 1, 4, 4)).shape == (2, 3)


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        (HEAD + BLOCKS.split("def _net")[0], "`Net` needs `block`", "net = Net(block, numbers, size, classes)"),
        (module("self.l = nn.Linear(16, K)", "return x", before="K = len(sizes)\n"), "`sizes` has no value", "above"),
        (module("self.l = 1", "return f(x)", before="def f(x):\n    while x:\n        x = 1\n"), "`while`", ""),
        (module("self.l = 1", "return x if hasattr(x, 'l') else 2"), "looks at the module", "hasattr(self"),
        (module("self.l = isinstance((1, 2), list)", "return x"), "one here", "(list, tuple)"),
        (module("self.l = nn.Linear(16, o.n)", "return x", before="import argparse\np = argparse.ArgumentParser()\n"
                "p.add_argument('--n', type=int, required=True)\no = p.parse_args()\n"),
         "`o.n` has no default", "default=64"),
        (module("self.l = nn.Linear(16, o.n)", "return x", before="import argparse\np = argparse.ArgumentParser()\n"
                "o = p.parse_args()\nif o.data == 'faces':\n    N = o.n\n").replace("16, o.n", "16, N"),
         "`N` is set under `if`", "write N = "),
        (module("self.l = o", "return x", before="import argparse\np = argparse.ArgumentParser()\n"
                "o = p.parse_args()\n"), "nothing but torch", "default=64"),
        (module("self.l = nn.Linear(16, 3)", "return vision.f(x)", before="import torchvision as vision\n"),
         "nothing but torch", "line 14 uses vision; what is here already may be imported: import torch, "),
        (module("self.l = nn.Linear(16, 3)", "return nn.Dropout()(x)"), "made in `__init__`", "self.layer(x)"),
        (module("self.l = nn.Linear(16, 3)", "x[:, 0] = 1\nreturn x"), "cannot be set one by one", "where("),
        (module("pe = torch.zeros(3)\npe[pe > 0] = 1\nself.p = pe", "return x"), "whole numbers and slices", "0::2"),
        (module("pe = torch.zeros(3)\npe[1:] = torch.zeros(4)\nself.p = pe", "return x"), "2 against 4", ""),
        (module("pe = (2, 3)\npe[0] = 1\nself.p = pe", "return x"), "a tuple has no part that is set", ""),
        (module("self.l = nn.Linear(4, 4)\nself.l.weight[0] = 1", "return x"), "filled as a whole", "nn.init"),
        (module("torch.zeros(3)[0] = 1", "return x"), "cannot be set one by one", ""),
        (module("if 1 < 2:\n    raise ValueError('too small')", "return x"), "the text stops here: too small", ""),
        (module("self.l = 1", "return x") + "net = Net().eval\nnet = small(3)\n\ndef small(n):\n    Net()\n",
         "gives nothing", "return Net"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said(text: str, words: str, hint: str) -> None:
    with pytest.raises(PlaygroundError, match=words) as caught:
        build_pasted(parse_module(text))
    assert caught.value.span is not None and hint in caught.value.hint


LONG = {
    "classes": "".join(f"class C{i}(nn.Module):\n  def forward(self, x): return C{i - 1}\n" for i in range(300)),
    "constants that use each other": "a = b\nb = a\n" * 1500,
    "constants in a row": "n0 = 1\n" + "".join(f"n{i} = n{i - 1}\n" for i in range(1, 1000)),
    "a deep line": "net = Net(" + "-" * 15_000 + "1)\n",
    "functions that call twice": "".join(f"def f{i}():\n  return f{i + 1}() + f{i + 1}()\n" for i in range(400)),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_file_is_read_or_refused_soon(name: str) -> None:
    text = LONG[name] + module("self.l = nn.Linear(16, 3)", FLAT + "return self.l(x)")
    start = time.process_time()
    try:
        build_pasted(parse_module(text))
    except PlaygroundError as error:
        assert "deep" in error.message
    assert time.process_time() - start < 5
