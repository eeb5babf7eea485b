"""What public files have around and in their classes is read, and the script computes the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.pasted.parse import parse_module
from playground.layers.run.settings import batch_of
from tests.alone import output_of

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
FORWARD = "        x = torch.flatten(x, 1)\n        x = F.relu(self.fc1(x))\n        return self.fc2(x)\n"


def net(
    forward: str = FORWARD, init: str = "", *, before: str = "", after: str = "", inside: str = "", given: str = "self"
) -> str:
    made = "        self.fc1 = nn.Linear(16, 8)\n        self.fc2 = nn.Linear(8, 3)\n"
    head = f"{HEAD}{before}\n\nclass Net(nn.Module):\n{inside}    def __init__({given}):\n        super().__init__()\n"
    return f"{head}{made}{init}\n    def forward(self, x):\n{forward}{after}"


LATER = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        return self.block(torch.flatten(x, 1))


class Block(nn.Module):
    def __init__(self):
        super(Block, self).__init__()
        self.l = nn.Linear(16, 3)

    def forward(self, x):
        return self.l(x)
"""
SEQUENTIAL = "        self.s = nn.Sequential(OrderedDict([('a', nn.Linear(16, 3)), ('r', nn.ReLU())]))\n"
USUAL = {
    "a constant of the class": net(init="        self.k = self.expansion * 2\n", inside="    expansion = 4\n"),
    "constants in a row": net(inside="    a = b = (1, 2)\n    name = 'net'\n    low = -1.5\n"),
    "math": net(init="        self.s = math.sqrt(2)\n", before="import math\n"),
    "an ordered dictionary": net(
        "        x = torch.flatten(x, 1)\n        return self.s(x) + self.fc2(self.fc1(x))\n",
        SEQUENTIAL,
        before="from collections import OrderedDict\n",
    ),
    "a line after": net(after="\n\nnet = Net()\nprint(net)\n"),
    "a main": net(after="\n\nif __name__ == '__main__':\n    net = Net()\n    print(net(torch.randn(1, 16)).size())\n"),
    "a test": net(after="\n\ndef test():\n    net = Net()\n    print(net)\n\n# test()\n"),
    "a factory": net(after="\n\n@torch.no_grad()\ndef make(**kwargs):\n    return Net(**kwargs)\n"),
    "names of all": net(before="__all__ = ['Net', 'make']\nurls = {'a': 'https://x'}\n"),
    "a comparison": net(before="import os\nfrom typing import Any, Optional\n"),
    "a class that comes later": HEAD + LATER,
    "asserted and printed": net("        assert x.dim() == 4\n        print(f'{x.shape}')\n" + FORWARD),
    "a raw docstring": net().replace("(nn.Module):\n", '(nn.Module):\n    r"""A net of \\alpha."""\n'),
    "keywords that nobody reads": net(given="self, width=8, **kwargs"),
    "a method that nothing calls": net(
        after="\n    def reset(self):\n        for m in self.modules():\n            nn.init.zeros_(m.weight)\n"
    ),
    "whether it trains": net("        x = torch.flatten(x, 1)\n        if self.training:\n            x = x * 2\n"
                             "        return self.fc2(F.relu(self.fc1(x)))\n"),
}  # fmt: skip


def document(text: str) -> StackDocument:
    given = {"text": text, "input_shape": [1, 4, 4], "data": "random", "batch": 4, "classes": 3}
    return StackDocument.from_fields(given)


@pytest.mark.parametrize("name", USUAL)
def test_what_is_usual_is_read_and_its_script_computes_the_same(name: str, tmp_path: Path) -> None:
    made = document(USUAL[name])
    recorded = record_net(net_of(made), *batch_of(made))
    told = output_of(script_of(made, "module"), tmp_path)
    (loss,) = [line for line in told.splitlines() if line.startswith("loss = ")]
    assert float(loss.removeprefix("loss = ")) == pytest.approx(recorded.loss, rel=1e-6)


def test_dropout_as_long_as_it_trains() -> None:
    text = net(
        "        x = F.dropout(torch.flatten(x, 1), training=self.training)\n        return self.fc2(self.fc1(x))\n"
    )
    made = document(text)
    trace = record_net(net_of(made), *batch_of(made)).trace
    assert "bernoulli_" in [op.name for op in trace.ops]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (net(before="import cv2\nSCALE = cv2.f()\n", init="        self.s = SCALE\n"), "nothing but torch"),
        (net(before="for SCALE in (1, 2):\n    pass\n", init="        self.s = SCALE\n"), "`SCALE` is set under `for`"),
        (net(inside="    size = f(3)\n"), "holds only methods"),
        (HEAD + "x = 1\n", "there is no class"),
    ],
)
def test_what_a_class_needs_is_not_left_out(text: str, words: str) -> None:
    with pytest.raises(PlaygroundError, match=words):
        parse_module(text)
