"""Imports and annotations of a pasted class mean nothing here; the script that is written out runs without them."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.export.pasted import plain_python
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.pasted.build import build_pasted
from playground.layers.pasted.parse import parse_module
from tests.alone import output_of
from tests.layers.scripts import random_batch, read, shown

IMPORTS = """import torch
from torch import nn, Tensor  # what a file begins with
import torch.nn.functional as F
import torch.nn as nn; import torch
from torch.nn import functional as F

"""
BARE = """class Block(nn.Module):
    def __init__(self, size, hidden=8):
        super().__init__()
        self.first = nn.Linear(size, hidden)
        self.second = torch.nn.Linear(hidden, size)
        self.scale = 0.5

    def both(self, x, times=1):
        h = F.relu(self.first(x))
        return torch.nn.functional.relu(self.second(h)) * times


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(4), Block(4, 3)])

    def forward(self, x):
        for block in self.blocks:
            x = nn.functional.relu(block(x))
        return x
""".replace("    def both", "    def forward(self, x):\n        return self.both(x) + self.scale\n\n    def both")
TYPED = (
    BARE.replace("self, size, hidden=8)", "self, size: int, hidden: (int | None) = 8) -> None")
    .replace("class Block(nn.Module):\n", "class Block(nn.Module):\n    scale: float\n    first: nn.Linear\n\n")
    .replace("self.scale = 0.5", "self.scale: Optional['np.float32'] = 0.5\n        self.later: Unknown[3]")
    .replace(
        "(self, x, times=1):",
        '(\n        self,\n        x: "Float[Tensor, 4]",  # (N, 4)\n        times: int=1,\n    )->Tensor:',
    )
    .replace("h = F", "h: Callable[[Tensor, *Rest], tuple[Tensor, ...]] = F")
)
DOCUMENT = StackDocument(TYPED, (4,), classes=4, data="random", batch=5)


def test_imports_and_annotations_change_nothing() -> None:
    x, _ = random_batch(DOCUMENT)
    expected = build_pasted(parse_module(BARE))(x)
    for text in (IMPORTS + BARE, TYPED, IMPORTS + TYPED):
        assert torch.equal(build_pasted(parse_module(text))(x), expected)


def test_what_is_written_out_is_the_text_without_them() -> None:
    for text in (BARE, IMPORTS + BARE, TYPED, IMPORTS + TYPED):
        plain, _ = plain_python(parse_module(text))
        found = [node for node in ast.walk(ast.parse(plain)) if not isinstance(node, ast.Pass | ast.Constant)]
        assert not any(isinstance(node, ast.Import | ast.ImportFrom | ast.AnnAssign) for node in found)
        assert not any(isinstance(node, ast.arg) and node.annotation for node in found)
        assert not any(isinstance(node, ast.FunctionDef) and node.returns for node in found)
    assert plain_python(parse_module(IMPORTS + BARE))[0].lstrip("\n") == plain_python(parse_module(BARE))[0]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n" + "\n".join("    " + line for line in (IMPORTS + TYPED).split("\n")), id="indented"),
        pytest.param(IMPORTS + BARE, id="imports"),
        pytest.param(IMPORTS + TYPED, id="annotations"),
        pytest.param(IMPORTS + BARE.replace("(nn.Module)", "(Module)"), id="bare base class"),
    ],
)
def test_the_script_runs_by_itself_and_imports_once(text: str, tmp_path: Path) -> None:
    document = StackDocument(text, (4,), classes=4, data="random", batch=5)
    script = script_of(document, "module")
    lines = script.splitlines()
    imports = [line for line in lines if "import" in line]
    assert imports == ["import torch", "import torch.nn.functional as F", "from torch import nn"]
    assert all(not (one == two == three == "") for (one, two), (_, three) in pairwise(pairwise(lines)))
    told = output_of(script, tmp_path)
    assert [n for _, n in read(told)] == [n for _, n in shown(record_net(net_of(document), *random_batch(document)))]


OTHERS = {
    "import os": "os", "import torch as t": "t", "import torch, sys": "sys", "from torch import *": "",
    "from . import nn": "nn", "import torchvision": "torchvision", "from torch.nn import functional": "functional",
    "import os.path": "os", "from math import sqrt": "sqrt",
}  # fmt: skip


@pytest.mark.parametrize("line", OTHERS)
def test_another_import_that_is_used_is_refused_with_what_is_allowed(line: str) -> None:
    used = BARE.replace("hidden=8", f"hidden={OTHERS[line]}") if OTHERS[line] else BARE
    with pytest.raises(PlaygroundError, match="nothing but torch") as caught:
        parse_module("import torch\n" + line + "\n\n" + used)
    error = caught.value
    assert error.span is not None and error.span.of("import torch\n" + line) == line
    assert "from torch import nn" in error.hint and error.repair is not None
    assert error.repair.text == "import torch\n\n" + used


@pytest.mark.parametrize("line", [*(line for line, name in OTHERS.items() if name not in ("", "nn")), "import typing"])
def test_another_import_that_no_class_uses_is_left_out(line: str) -> None:
    source = parse_module("import torch\n" + line + "\n\n" + BARE)
    assert source.module.name == parse_module(BARE).module.name
    ((_, _, new), *_) = [edit for edit in source.left_out if source.text[edit[0] : edit[1]].strip() == line]
    assert new == ""


@pytest.mark.parametrize("annotation", ["f(3)", "[i for i in y]", "lambda: 3", "a + b", "x if y else z", "{1: 2}"])
def test_an_annotation_that_computes_is_refused(annotation: str) -> None:
    for text in (
        BARE.replace("hidden=8", f"hidden: {annotation} = 8"),
        BARE.replace("h = F", f"h: {annotation} = F"),
        BARE.replace("def both(self, x, times=1):", f"def both(self, x, times=1) -> {annotation}:"),
    ):
        with pytest.raises(PlaygroundError, match="no annotation") as caught:
            parse_module(text)
        assert caught.value.span is not None and caught.value.span.of(text) in annotation


def test_an_import_within_a_class_is_refused() -> None:
    with pytest.raises(PlaygroundError):
        parse_module(BARE.replace("        h = F", "        import torch\n        h = F"))
