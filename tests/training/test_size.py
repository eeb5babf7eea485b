"""What a net is made of and gives, against the net itself; what is too much to train is refused before it is built."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from playground.data.dataset import Data
from playground.data.datasets import DATASETS
from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.lessons.runs import RUNS
from playground.training import model, size
from playground.training.config import TrainConfig
from playground.training.export.script import training_script
from playground.training.learner import Learner
from playground.training.limits import LIMITS, TrainingLimits
from playground.training.loop import train
from playground.training.model import model_of
from playground.training.size import check_size, evaluated_at_once, size_of

LENET = (
    "Conv2d(6, 5, padding=2) ReLU MaxPool2d(2) Conv2d(16, 5) ReLU MaxPool2d(2) "
    "Flatten Linear(120) ReLU Linear(84) ReLU Linear(10)"
)
CNN = (
    "Conv2d(32, 3, padding=1) BatchNorm2d ReLU Conv2d(32, 3, padding=1) BatchNorm2d ReLU MaxPool2d(2) "
    "Conv2d(64, 3, padding=1) BatchNorm2d ReLU MaxPool2d(2) Flatten Linear(10)"
)
PASTED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3, padding=1)
        self.out = nn.Linear(4 * 28 * 28, 10)

    def forward(self, x):
        x = torch.relu(self.convolution(x))
        return self.out(x.flatten(1)) * 2
"""
HUGE = "Conv2d(512, 3, padding=1) ReLU Conv2d(512, 3, padding=1) ReLU Flatten Linear(10)"  # 1.6 million an example


def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "net_of", lambda *_: pytest.fail("built"))


@pytest.mark.parametrize("text", [LENET, CNN])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_the_layers_of_a_stack(text: str, shape: tuple[int, ...]) -> None:
    found = size_of(StackDocument(text, shape))
    net = model_of(TrainConfig(text), shape, 10)
    given: dict[str, int] = {}
    for name, module in net.named_children():
        module.register_forward_hook(lambda _, __, out, name=name: given.update({name: out[0].numel()}))
    with FlopCounterMode(display=False) as counted:
        net(torch.zeros(2, *shape))
    assert found.multiplications == counted.get_total_flops() // 4  # of two examples; it counts additions too
    assert found.outputs == sum(given.values()) and given[found.largest] == max(given.values())
    assert found.parameters == sum(parameter.numel() for parameter in net.parameters())


def test_what_a_class_computes_outside_of_its_layers_counts_too() -> None:
    found = size_of(StackDocument(PASTED))
    assert found.outputs == 4 * 28 * 28 * 2 + 10 * 2  # the view that `flatten` gives is nothing new
    assert found.parameters == 4 * 9 + 4 + 4 * 28 * 28 * 10 + 10 and found.output == (10,)
    assert found.multiplications == 28 * 28 * 4 * 9 + 4 * 28 * 28 * 10


def test_every_example_of_the_page_has_room() -> None:
    shapes = {row.name: row.input_shape for row in DATASETS}
    sizes = []
    for entry in RUNS.presets:
        config = entry.document
        found = size_of(StackDocument(config.text, shapes[config.data], config.loss))
        assert evaluated_at_once(found) == size.EVALUATED_AT_ONCE
        check_size(found, config.batch, config.text)
        sizes.append(found.outputs * max(config.batch, size.EVALUATED_AT_ONCE))
    assert max(sizes) < LIMITS.outputs / 10
    for text in (LENET, CNN):
        for shape in (shape for shape in shapes.values() if len(shape) == 3):
            check_size(size_of(StackDocument(text, shape)), 1000, text)


@pytest.mark.parametrize(
    ("text", "batch", "message", "hint"),
    [
        (HUGE, 4096, r"conv1 the most: .* for a batch of 4,096", "take a batch of at most 2"),
        (PASTED, 4096, "25,772,032 for a batch of 4,096", "take a batch of at most 158, or a net with fewer outputs"),
    ],
    ids=["stack", "class"],
)
def test_too_much_for_memory_is_refused_before_it_is_built(
    monkeypatch: pytest.MonkeyPatch, text: str, batch: int, message: str, hint: str
) -> None:
    nothing_is_built(monkeypatch)
    monkeypatch.setattr(size, "LIMITS", TrainingLimits(outputs=500_000_000 if text == HUGE else 1_000_000))
    with pytest.raises(PlaygroundError, match=message) as caught:
        model_of(TrainConfig(text, batch=batch), (1, 28, 28), 10)
    assert hint in caught.value.hint


def test_one_example_may_be_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_built(monkeypatch)
    monkeypatch.setattr(size, "LIMITS", TrainingLimits(outputs=793))
    with pytest.raises(PlaygroundError, match="flatten1 the most") as caught:
        model_of(TrainConfig("Flatten Linear(10)", batch=1), (1, 28, 28), 10)
    assert "let layers give fewer" in caught.value.hint


@pytest.mark.parametrize("text", ["Flatten Linear(10)", PASTED], ids=["stack", "class"])
def test_too_many_parameters_are_refused_before_they_are_allocated(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    nothing_is_built(monkeypatch)
    monkeypatch.setattr(size, "LIMITS", TrainingLimits(parameters=7849))
    with pytest.raises(PlaygroundError, match="parameters") as caught:
        model_of(TrainConfig(text), (1, 28, 28), 10)
    assert "at most 7,849" in caught.value.hint


def test_tests_take_fewer_examples_at_once_where_memory_says_so(
    monkeypatch: pytest.MonkeyPatch, small_data: Data
) -> None:
    config = TrainConfig("Flatten Linear(8) BatchNorm1d Linear(3)", batch=20, steps=1)
    each = 36 + 8 + 8 + 3
    monkeypatch.setattr(size, "LIMITS", TrainingLimits(outputs=each * 25))
    learner = Learner(config, small_data)
    seen: list[int] = []

    def look(net: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if not net.training:
            seen.append(len(inputs[0]))

    learner.model.register_forward_pre_hook(look)
    (record,) = train(config, small_data, learner=learner)
    assert seen[-3:] == [25, 25, 10] and math.isfinite(record.test_loss or math.nan)
    data = replace(config, data="digits", text="Flatten Linear(10)")
    monkeypatch.setattr(size, "LIMITS", TrainingLimits(outputs=794 * 30))
    assert "x.split(30)" in training_script(data)


def test_whole_numbers_are_not_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_built(monkeypatch)
    with pytest.raises(PlaygroundError, match="an Embedding takes whole numbers"):
        model_of(TrainConfig("Embedding(9, 4) Flatten Linear(10)"), (12,), 10)
