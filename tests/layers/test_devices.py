"""Stacks and pasted classes on another device than the CPU: the same batch, losses, facts and step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from playground.computing.device import using
from playground.layers.document import StackDocument
from playground.layers.export.script import Form
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.run.record_batch import Recorded
from playground.layers.run.settings import batch_of
from playground.lessons.gallery import Preset
from playground.lessons.presets import STACKS
from tests.alone import output_of
from tests.lazy import LAZY, assert_same
from tests.sampled import sampled

CLASS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mask = torch.tensor([1.0, 0.0, 1.0, 1.0])
        self.linear = nn.Linear(4, 3)
        self.register_buffer("shift", torch.ones(3))

    def forward(self, x):
        x = self.linear(x * self.mask) + self.shift + torch.zeros(3)
        return F.dropout(F.relu(x), 0.5, True)
"""


def recorded(document: StackDocument) -> Recorded:
    return record_net(net_of(document), *batch_of(document))


def compare(document: StackDocument) -> None:
    with using(LAZY):
        there = recorded(document)
    here = recorded(document)
    # PyTorch's `lazy` does not keep running statistics, and each device has backward nodes of its own for attention.
    if not any(word in document.text for word in ("BatchNorm", "Attention", "Transformer")):
        assert_same(there.trace, here.trace, rtol=1e-4, atol=1e-5)
    assert there.loss == pytest.approx(here.loss, rel=1e-5)
    assert there.accuracy == here.accuracy
    for fact, expected in zip(there.facts, here.facts, strict=True):
        assert (fact.name, fact.zeros, fact.dead) == (expected.name, expected.zeros, expected.dead)
        assert (fact.gradient_norm or 0) == pytest.approx(expected.gradient_norm or 0, rel=1e-4)
        assert (fact.mean, fact.deviation) == pytest.approx((expected.mean, expected.deviation), rel=1e-4, abs=1e-6)
    assert (there.step is None) == (here.step is None)
    if there.step is not None and here.step is not None:
        assert there.step.loss_after == pytest.approx(here.step.loss_after, rel=1e-4)


# PyTorch's `lazy` takes seconds for each
@pytest.mark.parametrize("preset", sampled(STACKS.presets, 5, name=lambda one: one.id))
def test_every_preset_is_that_of_the_cpu(preset: Preset[StackDocument]) -> None:
    compare(replace(preset.document, batch=min(preset.document.batch, 4)))


@pytest.mark.parametrize(
    "text",
    [
        "ReflectionPad2d((1, 0, 2, 1)) Conv2d(4, 3) ReLU6 Hardtanh",
        'Upsample(2, mode="bilinear") SELU Reshape(2, 64) MaxPool1d(2) Mish AvgPool1d(3) Hardswish Hardsigmoid',
    ],
)  # PyTorch's `lazy` shuffles no pixels, and keeps statistics of a picture that have no type
def test_layers_of_pictures_and_signals(text: str) -> None:
    text = f"{text} Flatten Linear(3)"
    compare(StackDocument(text, (2, 4, 4), classes=3, data="random", batch=3))


@pytest.mark.parametrize(
    "text",
    ["Linear(8) Dropout(0.5) ReLU Linear(3)", "Linear(8) BatchNorm1d Tanh Linear(3)", "Linear(6) LayerNorm Linear(3)"],
)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_layers_that_draw_and_layers_that_remember(text: str, optimizer: str) -> None:
    compare(
        StackDocument.from_fields(
            {"text": text, "input_shape": [4], "data": "random", "batch": 6, "classes": 3, "optimizer": optimizer}
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "Embedding(6, 4) MultiheadAttention(2) Flatten Linear(3)",
        "Embedding(6, 4) TransformerEncoderLayer(2, dim_feedforward=5) Flatten Linear(3)",
        'Embedding(6, 4) Conv1d(3, 3, padding="same") Flatten Linear(3)',
    ],
)  # plain PyTorch has no recurrent layers on `lazy`
def test_layers_of_sequences(text: str) -> None:
    compare(StackDocument(text, (4,), classes=3, data="random", batch=6))


def test_a_pasted_class_with_tensors_of_its_own() -> None:
    compare(StackDocument.from_fields({"text": CLASS, "input_shape": [4], "data": "random", "batch": 4, "classes": 3}))


FORMS: tuple[Form, ...] = ("sequential", "named", "module", "tensors")


@pytest.mark.parametrize("form", FORMS)
def test_a_script_computes_where_the_page_did(form: Form, tmp_path: Path) -> None:
    document = StackDocument.from_fields(
        {"text": "Linear(8) LayerNorm ReLU Linear(3)", "input_shape": [4], "data": "random", "batch": 4, "classes": 3}
    )
    assert_prints_the_same(document, form, tmp_path)


def test_the_script_of_a_class_computes_there_too(tmp_path: Path) -> None:
    text = CLASS.replace("self.mask = torch.tensor([1.0, 0.0, 1.0, 1.0])", "self.mask = 2.0")
    text = text.replace("0.5, True", "0.0")
    given = {"text": text, "input_shape": [4], "data": "random", "batch": 4, "classes": 3}
    assert_prints_the_same(StackDocument.from_fields(given), "module", tmp_path)


def assert_prints_the_same(document: StackDocument, form: Form, folder: Path) -> None:
    expected = numbers_in(output_of(script_of(document, form), folder))
    with using(LAZY):
        script = script_of(document, form)
    assert script.count('torch.device("lazy:0")') == 1
    awake = "import torch._lazy.ts_backend\n\ntorch._lazy.ts_backend.init()\n"
    assert numbers_in(output_of(awake + script, folder)) == pytest.approx(expected, rel=1e-5)


def numbers_in(told: str) -> list[float]:
    return [float(line.rpartition(" ")[2]) for line in told.splitlines()]


def test_what_is_shown_before_a_problem() -> None:
    document = StackDocument.from_fields(
        {"text": "Linear(8) ReLU Conv2d(3, 3)", "input_shape": [4], "data": "random", "batch": 2}
    )
    net = net_of(document)
    with using(LAZY):
        there = net.trace_before_problem(batch_of(document)[0])
    here = net.trace_before_problem(batch_of(document)[0])
    assert there is not None and here is not None
    assert_same(there, here)
