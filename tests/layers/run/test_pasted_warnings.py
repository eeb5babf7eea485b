"""Cautions about pasted classes: each with the class that has it and its nearest neighbour that has not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.warnings import Caution
from playground.ui.layers.frames import Answer, show_stack, stack_frame
from tests.layers.pasted_classes import DOCUMENTS

CLASS = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, {outputs})
        self.relu = nn.ReLU()
        self.norm = nn.BatchNorm1d({outputs})
        self.drop = nn.Dropout(0.5)
        self.end = nn.Softmax(1)

    def forward(self, x):
        return {result}
"""
CE, NLL, MSE, BCE = "CrossEntropyLoss", "NLLLoss", "MSELoss", "BCEWithLogitsLoss"
SCORES = "self.fc(x)"
WRITTEN_OUT = "self.fc(x).exp() / self.fc(x).exp().sum(1, keepdim=True)"
# id, loss, what forward returns, what the nearest neighbour without it returns, the losses that cure it
CASES = [
    ("softmax-twice", CE, "self.end(self.fc(x))", SCORES, []),
    ("softmax-twice", CE, "F.softmax(self.fc(x), dim=1).view(-1, 3)", "F.softmax(self.fc(x), dim=1) * 2", []),
    ("softmax-twice", CE, WRITTEN_OUT, "self.fc(x).exp()", []),
    ("log-softmax-twice", CE, "F.log_softmax(self.fc(x), dim=1)", SCORES, [NLL]),
    ("nll", NLL, SCORES, f"({WRITTEN_OUT}).log()", [CE]),
    ("nll", NLL, "self.end(self.fc(x))", "torch.log(self.end(self.fc(x)))", []),
    ("logarithms", MSE, "F.log_softmax(self.fc(x), dim=1)", "self.end(self.fc(x))", [NLL]),
    ("sigmoid-twice", BCE, "torch.sigmoid(self.fc(x))", SCORES, []),
    ("bounded-scores", CE, "F.relu(self.fc(x))", "F.leaky_relu(self.fc(x), 0.1)", []),
    ("bounded-scores", CE, "self.relu(self.fc(x))", "self.relu(self.fc(x)) - self.fc(x)", []),
    ("bounded-scores", NLL, "F.log_softmax(self.fc(x).tanh(), 1)", "F.log_softmax(self.fc(x.tanh()), 1)", []),
    ("dropout-last", CE, "self.drop(self.fc(x))", "self.fc(self.drop(x))", []),
    ("norm-last", CE, "self.norm(self.fc(x))", "self.norm(self.fc(x)) + self.fc(x)", []),
    ("dead", CE, "self.fc(x) + self.relu(-self.fc(x).exp())", "self.fc(x) + self.relu(self.fc(x).exp())", []),
]  # fmt: skip


def document(result: str, loss: str = CE, outputs: int = 3) -> StackDocument:
    text = CLASS.format(result=result, outputs=outputs)
    return StackDocument(text, (6,), loss, classes=3, data="random", batch=16)


def found(given: StackDocument) -> dict[str, Caution]:
    x = torch.randn(given.batch, *given.input_shape, generator=torch.Generator().manual_seed(0))
    recorded = record_net(net_of(given), x, torch.arange(given.batch) % given.classes)
    return {caution.id: caution for caution in net_of(given).cautions(recorded)}


@pytest.mark.parametrize(("kind", "loss", "result", "neighbour", "losses"), CASES)
def test_a_caution_comes_with_what_the_class_gives(
    kind: str, loss: str, result: str, neighbour: str, losses: list[str]
) -> None:
    given = document(result, loss)
    caution = found(given)[kind]
    assert caution.message and caution.reason and caution.lecture
    assert [cure.loss for cure in caution.repairs] == losses
    for cure in caution.repairs:
        assert cure.text == given.text and kind not in found(cure.applied(given))
    assert kind not in found(document(neighbour, loss))


def test_outputs_that_are_no_classes_and_a_class_without_parameters_are_told() -> None:
    assert found(document(SCORES, outputs=5))["outputs"].message == "5 outputs for 3 classes"
    empty = "class Half(nn.Module):\n    def forward(self, x):\n        return x / 2\n"
    assert found(replace(document(SCORES), text=empty)).keys() == {"outputs", "no-parameters"}
    assert found(document(SCORES)) == {}


def test_a_class_has_the_words_of_a_stack() -> None:
    [pasted], [stack] = (
        found(document("self.end(self.fc(x))")).values(),
        net_of(StackDocument("Linear(3) Softmax", (6,), classes=3)).cautions(),
    )
    assert replace(pasted, path=stack.path, repairs=stack.repairs) == stack


def test_dead_units_are_told_at_the_row_of_their_layer() -> None:
    given = document("self.fc(x) + self.relu(-self.fc(x).exp())")
    assert found(given)["dead"].path == (2,)
    frame = stack_frame(net_of(given), [], show_stack(net_of(given)), Answer())
    [told] = frame["cautions"]
    assert [row["name"] for row in frame["rows"] if row["path"] == told["path"]] == ["relu"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_classes_of_a_tutorial_have_no_caution(name: str) -> None:
    given = DOCUMENTS[name]
    shown = stack_frame(net_of(given), [], show_stack(net_of(given)), Answer())
    assert shown["error"] is None and shown["cautions"] == []
