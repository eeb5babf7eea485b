"""What the records say of a run, against the same numbers worked out from plain PyTorch."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.data.dataset import Data
from playground.errors import PlaygroundError
from playground.training.checkpoint import checkpoint, restore
from playground.training.config import TrainConfig
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.probe import MOST_CALLS
from playground.training.records import TrainRecord

STACK = "Flatten Linear(12) ReLU Linear(8) ReLU Linear(3)"
PASTED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear1 = nn.Linear(36, 12)
        self.linear2 = nn.Linear(12, 8)
        self.linear3 = nn.Linear(8, 3)
{more}
    def forward(self, x):
        x = {first}
        x = {second}
        return self.linear3(x)
"""
FUNCTIONS = {
    "functions": ("torch.relu(self.linear1(x.flatten(1)))", "F.relu(self.linear2(x))", ["relu 1", "relu 2"]),
    "methods": ("self.linear1(x.flatten(1)).relu()", "self.linear2(x).relu_()", ["relu 1", "relu 2"]),
    "both": ("F.relu(self.linear1(x.flatten(1)))", "self.act(self.linear2(x))", ["relu 1", "act"]),
}
LAYERS = ("linear1", "linear2", "linear3")
DEATH = -0.1  # added to the biases before a rectifier, so that some of its units die


class Plain(nn.Module):
    """The net of `STACK`, by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.linear1, self.linear2, self.linear3 = nn.Linear(36, 12), nn.Linear(12, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first = functional.relu(self.linear1(x.flatten(1)))
        second = functional.relu(self.linear2(first))
        return self.linear3(second), first, second


def config(text: str = STACK, **changes: Any) -> TrainConfig:
    settings = {"batch": 20, "epochs": 2, "learning_rate": 0.1, "momentum": 0.9, "record_every": 1, **changes}
    return TrainConfig(text, **settings)


def learner_of(chosen: TrainConfig, data: Data) -> Learner:
    """A learner some of whose units are dead."""
    learner = Learner(chosen, data)
    _kill(learner.model)
    return learner


@torch.no_grad()
def _kill(net: nn.Module) -> None:
    for name in ("linear1.bias", "linear2.bias"):
        net.get_parameter(name).add_(DEATH)


def plain_facts(data: Data, steps: int, clip: float = math.inf) -> list[dict[str, float]]:
    """Weight norm, gradient norm and update ratio of each layer and the zeros and
    the dead part of each rectifier, step by step."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Plain()
    _kill(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    order = torch.randperm(len(data.train.x), generator=torch.Generator().manual_seed(0))
    found = []
    for chosen in torch.split(order, 20)[:steps]:
        output, *rectified = net(data.train.x[chosen])
        optimizer.zero_grad()
        torch.autograd.backward(functional.cross_entropy(output, data.train.labels[chosen]))
        before = {name: parameter.detach().clone() for name, parameter in net.named_parameters()}
        norms = {layer: _length([part.grad for part in getattr(net, layer).parameters()]) for layer in LAYERS}
        whole = math.hypot(*norms.values())
        if whole > clip:
            for parameter in net.parameters():
                parameter.grad *= clip / whole
        optimizer.step()
        facts = {}
        for layer in LAYERS:
            parts = [(name, parameter) for name, parameter in net.named_parameters() if name.startswith(layer)]
            size = _length([parameter.detach() for _, parameter in parts])
            facts[f"{layer} weight_norm"] = size
            facts[f"{layer} gradient_norm"] = norms[layer]
            facts[f"{layer} update_ratio"] = _length([parameter.detach() - before[name] for name, parameter in parts])
            facts[f"{layer} update_ratio"] /= size
        for number, units in enumerate(rectified, 1):
            columns = units.detach().numpy().T
            facts[f"rectifier {number} dead"] = sum(all(unit == 0) for unit in columns) / len(columns)
            facts[f"rectifier {number} zeros"] = sum(float((unit == 0).mean()) for unit in columns) / len(columns)
        found.append(facts)
    return found


def _length(parts: list[Any]) -> float:
    """Of all numbers together, added up by Python."""
    return math.sqrt(sum(number**2 for part in parts for number in part.flatten().tolist()))


def told(record: TrainRecord, rectifiers: list[str]) -> dict[str, float]:
    """The same of a record; what is not there is left out."""
    facts: dict[str, float] = {}
    for layer in record.layers:
        for name in ("weight_norm", "gradient_norm", "update_ratio"):
            if getattr(layer, name) is not None:
                facts[f"{layer.name} {name}"] = getattr(layer, name)
        if layer.dead is not None:
            assert layer.zeros is not None
            number = 1 + rectifiers.index(layer.name)
            facts |= {f"rectifier {number} dead": layer.dead, f"rectifier {number} zeros": layer.zeros}
    return facts


def test_the_layers_of_a_stack_as_plain_pytorch(small_data: Data) -> None:
    learner = learner_of(config(), small_data)
    records = list(itertools.islice(train(learner.config, small_data, learner=learner), 10))
    expected = plain_facts(small_data, 10)
    for number in (1, 2):
        assert any(0 < facts[f"rectifier {number} dead"] < facts[f"rectifier {number} zeros"] < 1 for facts in expected)
    for record, facts in zip(records, expected, strict=True):
        assert [layer.name for layer in record.layers] == ["linear1", "relu1", "linear2", "relu2", "linear3"]
        assert told(record, ["relu1", "relu2"]) == pytest.approx(facts, rel=1e-5)


def test_norms_of_gradients_are_those_before_clipping(small_data: Data) -> None:
    learner = learner_of(config(clip=0.05), small_data)
    records = list(itertools.islice(train(learner.config, small_data, learner=learner), 10))
    for record, facts in zip(records, plain_facts(small_data, 10, clip=0.05), strict=True):
        assert math.hypot(*(facts[f"{layer} gradient_norm"] for layer in LAYERS)) > 0.05
        assert told(record, ["relu1", "relu2"]) == pytest.approx(facts, rel=1e-4)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_dead_units_of_functions_that_rectify(small_data: Data, name: str) -> None:
    first, second, rectifiers = FUNCTIONS[name]
    more = "        self.act = nn.ReLU()\n" if "act" in rectifiers else ""
    learner = learner_of(config(PASTED.format(first=first, second=second, more=more)), small_data)
    records = list(itertools.islice(train(learner.config, small_data, learner=learner), 10))
    for record, facts in zip(records, plain_facts(small_data, 10), strict=True):
        assert told(record, rectifiers) == pytest.approx(facts, rel=1e-5)


def test_a_rectifier_that_is_used_twice_and_functions_without_end(small_data: Data) -> None:
    text = PASTED.format(
        more="        self.act = nn.ReLU()\n",
        first="self.act(self.linear1(x.flatten(1)) - 1000)",  # 12 units, all dead
        second="self.act(self.linear2(x) * 0 + 1)",  # 8 units, none
    )
    (record,) = train(config(text, steps=1), small_data)
    assert [layer.dead for layer in record.layers if layer.name == "act"] == [pytest.approx(12 / 20)]
    loop = "self.linear1(x.flatten(1))\n        for i in range(30):\n            x = torch.relu(x)"
    (record,) = train(config(PASTED.format(more="", first=loop, second="self.linear2(x)"), steps=1), small_data)
    assert [layer.name for layer in record.layers if layer.dead is not None] == [
        f"relu {number}" for number in range(1, MOST_CALLS + 1)
    ]


def test_what_has_no_rectifier_has_no_dead_units(small_data: Data) -> None:
    (record,) = train(config("Flatten Linear(8) Tanh Linear(3)", steps=1), small_data)
    assert all(layer.dead is None and layer.zeros is None for layer in record.layers)


def test_nothing_is_left_on_the_net(small_data: Data) -> None:
    learner = Learner(config(steps=3), small_data)
    list(train(learner.config, small_data, learner=learner))
    assert not any(module._forward_hooks for module in learner.model.modules())
    learner = Learner(config(), small_data)
    with torch.no_grad():
        learner.model.get_parameter("linear1.weight").fill_(float("nan"))
    with pytest.raises(PlaygroundError, match="the loss is NaN"):
        next(train(learner.config, small_data, learner=learner))
    assert not any(module._forward_hooks for module in learner.model.modules())


def test_samples_per_second(small_data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("playground.training.loop.perf_counter", lambda: now[0])
    learner = Learner(config(record_every=5), small_data)

    def pass_time(net: nn.Module, *_: object) -> None:
        now[0] += 0.25 if net.training else 4.0  # tests are no part of the rate

    learner.model.register_forward_hook(pass_time)
    records, began = [], now[0]
    run = train(learner.config, small_data, learner=learner)
    for record in run:
        records.append(record)
        now[0] += 100  # whoever takes the records takes his time
    assert [record.step for record in records] == [1, 5, 10, 12, 15, 20, 24]
    examples = [20, 80, 100, 20 + 10, 60, 100, 3 * 20 + 10]  # 230 examples: 11 batches of 20 and one of 10
    steps = [1, 4, 5, 2, 3, 5, 4]
    rates = [record.samples_per_second for record in records]
    busy = [count / rate for count, rate in zip(examples, rates, strict=True)]
    # A new epoch begins with one pass of one example, which asks for the number of outputs.
    assert busy == pytest.approx([0.25 * count + (4.0 if at in (0, 4) else 0.0) for at, count in enumerate(steps)])
    assert records[-1].seconds == pytest.approx(now[0] - began - 100 * len(records))


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss", "L1Loss", "BCEWithLogitsLoss"])
@pytest.mark.parametrize("every", [1, 7])
def test_accuracy_is_a_part_of_the_examples(small_data: Data, loss: str, every: int) -> None:
    chosen = config(loss=loss, learning_rate=0.05, record_every=every)
    first = Learner(chosen, small_data)
    records = list(itertools.islice(train(chosen, small_data, learner=first), 2))
    second = Learner(chosen, small_data)
    restore(second, checkpoint(first))
    second.add_epochs(1)
    records += train(chosen, small_data, learner=second)
    assert records[-1].step == 36
    counts = _examples_between([record.step for record in records])
    for record, count in zip(records, counts, strict=True):
        right = record.accuracy * count
        assert right == pytest.approx(round(right), abs=1e-9) and 0 <= round(right) <= count
        if record.test_accuracy is not None:
            assert 0 <= record.test_accuracy <= 1
    assert [record.step for record in records if record.test_accuracy is not None] == [12, 24, 36]
    straight = Learner(replace(chosen, epochs=3), small_data)
    through = list(train(straight.config, small_data, learner=straight))
    assert [record.accuracy for record in records] == [record.accuracy for record in through]


def _examples_between(steps: list[int]) -> list[int]:
    """How many examples were met before each of these steps and after the one before; every twelfth batch is short."""
    sizes = [10 if step % 12 == 0 else 20 for step in range(1, steps[-1] + 1)]
    return [sum(sizes[start:end]) for start, end in itertools.pairwise([0, *steps])]
