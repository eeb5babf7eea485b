"""Every classification model of torchvision: recorded, drawn, written to JSON and read back."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.views.stepper.picture import picture
from tests.sampled import sampled

torchvision = pytest.importorskip("torchvision")

SMALL = ("squeezenet1_0", "resnet18", "mobilenet_v3_small")
EVERY = sorted(torchvision.models.list_models(module=torchvision.models))
SIZES = {"inception_v3": 96, "maxvit_t": 224}
SIZE = 64
HEAVY = 150_000_000  # parameters above which a model is recorded, but its gradients are not compared (memory)


def model_and_input(name: str) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    arguments: dict[str, Any] = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **arguments).eval()
    size = getattr(model, "image_size", SIZES.get(name, SIZE))
    return model, torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(1))


def assert_gradients_are_pytorchs(trace: Trace, model: nn.Module, x: Tensor) -> None:
    recorded = {value.name: value.grad for value in trace.values if value.kind == "parameter"}
    model(x).sum().backward()
    for name, parameter in model.named_parameters():
        mine = recorded.get(name)  # the auxiliary classifiers of some models are not used in eval mode
        assert (mine is None) == (parameter.grad is None), name
        if mine is not None and parameter.grad is not None:
            assert torch.equal(mine.tensor(), parameter.grad), name


def assert_round_trip(trace: Trace) -> None:
    document = trace.to_json()
    back = Trace.from_json(document)
    assert back == trace
    assert len(document) < 60_000_000


def assert_drawn(trace: Trace) -> None:
    for graph in ("forward", "backward", "both"):
        drawn = picture(trace, graph)
        assert drawn["scene"]["boxes"]
        assert len(drawn["steps"]) == len(trace.steps)


def assert_everything_is_there(trace: Trace, model: nn.Module) -> None:
    parameters = {value.name for value in trace.values if value.kind == "parameter"}
    assert {name for name, _ in model.named_parameters() if "aux" not in name.lower()} <= parameters
    assert all(check.gap == 0 for check in trace.sums)
    assert all(node.op is not None or node.leaf is not None for node in trace.nodes)


def check_model(name: str, *, draw: bool = True) -> None:
    model, x = model_and_input(name)
    trace = record(model, x)
    assert_everything_is_there(trace, model)
    for check in trace.checks:
        assert check.note or check.gap <= 1e-3 * max(1.0, abs(check.gradient)) + 10 * check.uncertainty
    if sum(parameter.numel() for parameter in model.parameters()) < HEAVY:
        assert_gradients_are_pytorchs(trace, model, x)
    assert_round_trip(trace)
    if draw:
        assert_drawn(trace)


@pytest.mark.parametrize("name", sampled(SMALL, len(SMALL)))
def test_a_small_model(name: str) -> None:
    check_model(name, draw=name == "squeezenet1_0")


def test_a_small_vision_transformer() -> None:
    torch.manual_seed(0)
    model = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=10).eval()
    x = torch.rand(2, 3, 32, 32)
    trace = record(model, x)
    assert_everything_is_there(trace, model)
    assert_gradients_are_pytorchs(trace, model, x)
    assert_round_trip(trace)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_every_model(name: str) -> None:
    try:
        check_model(name)
    finally:
        gc.collect()
