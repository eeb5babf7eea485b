"""What the list says that a batch did in each layer, and what PyTorch keeps for the backward pass."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from torch import Tensor
from torch.nn import functional as F

from playground.layers.catalogue.spec import Stack
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.stack.analysis import Analysis, analyse
from playground.layers.stack.build import build
from playground.layers.stack.parse import parse_stack
from tests.layers.stacks import stacks

BATCH = 3
STARTS = {0: "conv1", 2: "linear1", 4: "linear2"}  # of the parameters of each layer: its weight, then its bias


def test_the_facts_of_a_layer_are_those_of_a_net_written_by_hand() -> None:
    document = StackDocument(
        "Conv2d(3, 3, stride=2) ReLU Flatten Linear(20) ReLU Linear(4)", (1, 9, 9), "CrossEntropyLoss", 4, batch=5
    )
    generator = torch.Generator().manual_seed(2)
    x, labels = torch.randn(5, 1, 9, 9, generator=generator), torch.randint(4, (5,), generator=generator)
    recorded = record_net(net_of(document), x, labels)

    weights = list(build(document.analysis(), document.rng_seed).parameters())
    conv_weight, conv_bias, first_weight, first_bias, last_weight, last_bias = weights
    conv = F.conv2d(x, conv_weight, conv_bias, stride=2)
    relu = conv.clamp(min=0)
    flat = relu.reshape(5, -1)
    first = flat @ first_weight.T + first_bias
    second = first.clamp(min=0)
    last = second @ last_weight.T + last_bias
    gradients = torch.autograd.grad(F.cross_entropy(last, labels), weights)

    norms = {name: torch.cat([g.flatten() for g in gradients[n : n + 2]]).norm() for n, name in STARTS.items()}
    named = {"conv1": conv, "relu1": relu, "flatten1": flat, "linear1": first, "relu2": second, "linear2": last}
    outputs = {name: out.detach() for name, out in named.items()}
    assert [fact.name for fact in recorded.facts] == list(outputs)
    for fact in recorded.facts:
        out = outputs[fact.name]
        expected = norms.get(fact.name)
        assert fact.gradient_norm == (None if expected is None else pytest.approx(float(expected), rel=1e-5))
        assert fact.mean == pytest.approx(float(out.mean()), rel=1e-5, abs=1e-7)
        assert fact.deviation == pytest.approx(float((out - out.mean()).square().mean().sqrt()), rel=1e-5)
        rectifies = fact.name.startswith("relu")
        assert fact.dead == (pytest.approx(dead(out)) if rectifies else None)
        assert fact.zeros == (pytest.approx(out.flatten().tolist().count(0) / out.numel()) if rectifies else None)
    parts = [fact.dead for fact in recorded.facts if fact.dead is not None]
    assert any(0 < part < 1 for part in parts)
    assert any(fact.dead < fact.zeros for fact in recorded.facts if fact.dead is not None and fact.zeros is not None)
    assert recorded.accuracy == pytest.approx(float((last.argmax(1) == labels).float().mean()))


def dead(out: Tensor) -> float:
    """The part of the units that are 0 for every example, counted one by one."""
    units = out.flatten(1).T.tolist()
    return sum(not any(unit) for unit in units) / len(units)


@given(stacks())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_the_bytes_kept_are_those_that_pytorch_saves(stack: Stack) -> None:
    analysis = analyse(stack)
    assume(analysis.saved_with(BATCH) is not None)  # of an LSTM PyTorch does not tell
    assert kept_by_pytorch(analysis) == analysis.saved_with(BATCH)


NORMALISED = ("LayerNorm", "LayerNorm(2)", "LayerNorm(3)", "LayerNorm(1, elementwise_affine=False)", "BatchNorm2d")


@pytest.mark.parametrize("shape", [(3, 8, 8), (10, 22, 22), (1, 5, 1)])
@pytest.mark.parametrize("text", [*NORMALISED, "ReLU LayerNorm(2) LayerNorm", "BatchNorm2d ReLU BatchNorm2d"])
def test_the_statistics_of_a_normalisation_are_kept_too(text: str, shape: tuple[int, ...]) -> None:
    analysis = analyse(Stack(parse_stack(text), shape))
    assert kept_by_pytorch(analysis) == analysis.saved_with(BATCH)


@pytest.mark.parametrize(("text", "name"), [("MultiheadAttention(2)", "attention1"), ("GRU(6)", "gru1"), (
    "TransformerEncoderLayer(2, dim_feedforward=5)", "encoder1",
)])  # fmt: skip
def test_the_gradients_of_a_layer_made_of_others_are_told_together(text: str, name: str) -> None:
    document = StackDocument(f"{text} Flatten Linear(3)", (4, 6), classes=3, data="random", batch=3)
    x, labels = torch.randn(3, 4, 6), torch.tensor([0, 1, 2])
    facts = {fact.name: fact for fact in record_net(net_of(document), x, labels).facts}
    net = build(document.analysis(), document.rng_seed)
    F.cross_entropy(net(x), labels).backward()  # type: ignore[no-untyped-call]
    assert list(facts) == [name, "flatten1", "linear1"]
    gradients = [p.grad.flatten() for p in net[0].parameters() if p.grad is not None]
    assert len(gradients) == len(list(net[0].parameters()))
    assert facts[name].gradient_norm == pytest.approx(float(torch.cat(gradients).norm()))


@pytest.mark.parametrize("kind", ["GRU", "RNN"])
@pytest.mark.parametrize("more", ["", ", num_layers=3", ", bidirectional=True", ", num_layers=2, bidirectional=True"])
@pytest.mark.parametrize("steps", [1, 4])
def test_the_bytes_of_a_recurrent_layer(kind: str, more: str, steps: int) -> None:
    analysis = analyse(Stack(parse_stack(f"ReLU {kind}(5{more}) Flatten Linear(3)"), (steps, 7)))
    assert kept_by_pytorch(analysis) == analysis.saved_with(BATCH)


BY_STEPS = ("GRU(2)", "RNN(2, bidirectional=True)", "MultiheadAttention(2)")
BETWEEN = (
    "",
    "Tanh",
    "Residual(Tanh)",
    "Residual(Linear(2))",
    "Softmax",
    "Reshape(3, 1, -1)",
    "Reshape(-1) Reshape(3, 2)",
)
TAKEN = ("GRU(3)", "GRU(1, bidirectional=True)", "Linear(2)", "LayerNorm", "Flatten Linear(2)", "Tanh InstanceNorm2d")


@pytest.mark.parametrize("first", BY_STEPS)
@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("last", TAKEN)
@pytest.mark.parametrize("steps", [1, 3])
def test_the_bytes_of_numbers_that_lie_step_by_step(first: str, between: str, last: str, steps: int) -> None:
    analysis = analyse(Stack(parse_stack(f"{first} {between} {last}"), (steps, 2)))
    if analysis.problem is None:
        assert kept_by_pytorch(analysis) == analysis.saved_with(BATCH)


def test_bytes_that_are_unknown_are_not_nothing() -> None:
    net = net_of(StackDocument("Linear(3) Residual(LSTM(3) Linear(3)) Flatten Linear(4)", (4, 6), batch=2))
    saved = {row.name: row.saved for row in net.listing.rows}
    assert saved["residual1.body.lstm1"] is net.listing.saved is None and saved["linear2"] == 2 * 12 * 4
    assert [line.split()[-1] for line in net.summary().splitlines()[1:]] == [
        *("192", "unknown", "unknown", "96", "0", "96", "unknown"),
    ]


def kept_by_pytorch(analysis: Analysis) -> int:
    """The bytes of all storages that autograd saves, parameters and buffers apart."""
    net, x = build(analysis), torch.randn(BATCH, *analysis.stack.input_shape).requires_grad_()
    there = {tensor.untyped_storage().data_ptr() for tensor in (*net.parameters(), *net.buffers())}
    storages: dict[int, torch.UntypedStorage] = {}  # kept alive: no address comes twice

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in there:
            storages[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        net(x)
    return sum(storage.nbytes() for storage in storages.values())
