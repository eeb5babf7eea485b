"""Pasted classes give plain PyTorch's numbers bit for bit, and their scripts print the page's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.export.pasted import plain_python
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.pasted.build import build_pasted
from playground.layers.pasted.parse import parse_module
from tests.alone import output_of
from tests.layers.pasted_classes import DOCUMENTS
from tests.layers.scripts import printed, random_batch, read, shown


def plain_pytorch(document: StackDocument) -> nn.Module:
    """The same class as Python runs it; only texts of this folder come here."""
    text, _ = plain_python(parse_module(document.text))
    names: dict[str, object] = {"torch": torch, "nn": nn, "F": nn.functional, "Tensor": Tensor}
    exec(compile(text, "pasted", "exec"), names)  # noqa: S102  # the texts of pasted_classes.py
    torch.manual_seed(document.rng_seed)
    made = names[parse_module(document.text).module.name]()  # type: ignore[operator]
    assert isinstance(made, nn.Module)
    return made


@pytest.mark.parametrize("name", DOCUMENTS)
def test_weights_outputs_and_gradients_are_plain_pytorchs(name: str) -> None:
    document = DOCUMENTS[name]
    x, _ = random_batch(document)
    with torch.random.fork_rng(devices=[]):
        plain = plain_pytorch(document)
        expected = plain(x)
    net = build_pasted(parse_module(document.text), rng_seed=document.rng_seed)
    assert list(net.state_dict()) == list(plain.state_dict())
    assert [n for n, _ in net.named_parameters()] == [n for n, _ in plain.named_parameters()]
    found = net(x)
    assert torch.equal(found, expected)
    found.square().sum().backward()
    expected.square().sum().backward()
    for (_, mine), (label, theirs) in zip(net.named_parameters(), plain.named_parameters(), strict=True):
        assert mine.grad is not None and theirs.grad is not None and torch.equal(mine.grad, theirs.grad), label
    assert all(torch.equal(net.state_dict()[key], value) for key, value in plain.state_dict().items())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_script_prints_the_numbers_of_the_page(name: str) -> None:
    document = DOCUMENTS[name]
    recorded = record_net(net_of(document), *random_batch(document))
    expected = [(label.replace(" net.", " "), n) for label, n in shown(recorded)]
    assert printed(script_of(document, "module")) == expected


def test_a_script_of_a_class_runs_by_itself(tmp_path: Path) -> None:
    document = DOCUMENTS["residual"]
    told = output_of(script_of(document, "module"), tmp_path)
    assert [n for _, n in read(told)] == [n for _, n in shown(record_net(net_of(document), *random_batch(document)))]


def test_layers_that_pytorch_lacks_and_bare_names_are_written_out() -> None:
    text = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = Sequential(Linear(4, 4), nn.Bias(4), Residual(ReLU()))
        self.w = Parameter(randn(3, dtype=float32))
        for m in self.modules():
            if isinstance(m, (Linear, nn.ReLU)):
                self.n = 3

    def forward(self, x):
        return softplus(self.layers(x)[:, :3] * self.w) + [0.5, 1.5, pi]
"""
    document = StackDocument(text, (4,), classes=3, data="random", batch=5)
    expected = [n for _, n in shown(record_net(net_of(document), *random_batch(document)))]
    assert [n for _, n in printed(script_of(document, "module"))] == expected


def test_a_layer_that_forward_leaves_out_has_no_gradient_in_the_script() -> None:
    text = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.used = nn.Linear(4, 3)
        self.left_out = nn.Linear(4, 4)

    def forward(self, x):
        return self.used(x)
"""
    document = StackDocument(text, (4,), classes=3, data="random", batch=5)
    recorded = record_net(net_of(document), *random_batch(document))
    expected = [(label.replace(" net.", " "), n) for label, n in shown(recorded)]
    assert printed(script_of(document, "module")) == expected
    assert [label for label, _ in expected if "left_out" in label] == []


def test_other_forms_are_refused_by_name() -> None:
    for form in ("sequential", "tensors"):
        with pytest.raises(PlaygroundError, match="pasted class"):
            script_of(DOCUMENTS["lenet"], form)


def test_a_class_that_does_not_run_has_no_script() -> None:
    broken = replace(DOCUMENTS["lenet"], text=DOCUMENTS["lenet"].text.replace("400", "399"))
    with pytest.raises(PlaygroundError, match="expects in_features = 399, and got 400"):
        script_of(broken, "module")
