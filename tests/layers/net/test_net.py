"""A stack that runs: the recorded numbers are those of plain PyTorch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from playground.errors import PlaygroundError
from playground.layers.document import OPTIMIZERS, Data, StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.settings import batch_of
from playground.layers.stack.problems import UnfitSetting

X = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(8) % 10


def test_the_recorded_gradients_are_those_of_plain_pytorch() -> None:
    recorded = record_net(net_of(StackDocument("Conv2d(3, 7) ReLU Flatten Linear(10)")), X, LABELS)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 3, 7), nn.ReLU(), nn.Flatten(), nn.Linear(1452, 10))
    loss = nn.functional.cross_entropy(net(X), LABELS)
    loss.backward()
    assert recorded.loss == loss.item()
    weight = next(net.parameters()).grad
    assert weight is not None and recorded.trace["conv1.weight"].adjoint is not None
    assert torch.equal(recorded.trace["conv1.weight"].adjoint.tensor(), weight)
    assert {op.module for op in recorded.trace.ops} >= {("conv1",), ("relu1",), ("loss",)}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_small_step_lowers_the_loss_of_its_batch(optimizer: str) -> None:
    document = StackDocument("Flatten Linear(20) Tanh Linear(10)", optimizer=optimizer, learning_rate=0.001)
    step = record_net(net_of(document), X, LABELS).step
    assert step is not None and step.loss_after < step.loss_before
    if optimizer == "SGD":
        first = step.parameters[0]
        assert torch.allclose(first.after.tensor(), first.before.tensor() - 0.001 * first.gradient.tensor())


def test_what_does_not_fit_the_loss_is_refused() -> None:
    for text, message in (("Linear(10)", "gives"), ("Flatten Linear(3)", "3 outputs for 10 classes")):
        with pytest.raises(PlaygroundError, match=message):
            record_net(net_of(StackDocument(text)), X, LABELS)


def test_dropout_draws_from_its_own_generator() -> None:
    document = StackDocument("Flatten Dropout(0.5) Linear(10)", rng_seed=3)
    torch.manual_seed(11)
    first = record_net(net_of(document), X, LABELS).loss
    torch.manual_seed(12)
    assert record_net(net_of(document), X, LABELS).loss == first


def test_everything_before_a_layer_that_does_not_fit_still_runs() -> None:
    trace = net_of(StackDocument("Conv2d(3, 7) ReLU Linear(10, in_features=5) Flatten")).trace_before_problem(X)
    assert trace is not None and [op.name for op in trace.ops] == ["conv2d", "relu"] and not trace.passes
    assert net_of(StackDocument("BatchNorm1d")).trace_before_problem(X) is None
    whole = net_of(StackDocument("Conv2d(3, 7)")).trace_before_problem(X)
    assert whole is not None and len(whole.ops) == 1


@pytest.mark.parametrize("data", ["digits", "XOR"])
def test_an_embedding_takes_random_whole_numbers_alone(data: Data) -> None:
    document = StackDocument("Embedding(7, 4) Flatten Linear(10)", (5,), data=data)
    with pytest.raises(UnfitSetting, match="takes whole numbers") as raised:
        batch_of(document)
    assert raised.value.field == "data"
    x, labels = batch_of(replace(document, data="random", batch=100))
    assert x.dtype == torch.int64 and set(x.flatten().tolist()) == set(range(7))
    recorded = record_net(net_of(document), x, labels)
    assert {fact.name: fact.mean for fact in recorded.facts}["embedding1"] != 0
    assert recorded.trace["embedding1.weight"].adjoint is not None
