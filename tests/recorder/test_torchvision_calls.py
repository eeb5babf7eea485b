"""Every recorded call of every torchvision model, repeated alone, gives its recorded output bit for bit.

`pytest -s -m "slow or not slow" tests/recorder/test_torchvision_calls.py` prints a line for each model, and the sums.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from playground.recorder.record import record
from tests.recorder.replayed import Draws, Replayed, assert_replayed

torchvision = pytest.importorskip("torchvision")
models = torchvision.models

FAST = (
    *("resnet18", "squeezenet1_0", "quantized_shufflenet_v2_x0_5"),
    *("lraspp_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn"),
)
FAST_IN_TRAINING = ("mobilenet_v3_small", "efficientnet_b0", "swin_t", "lraspp_mobilenet_v3_large")
FAMILIES = ("segmentation", "detection", "video", "optical_flow", "quantization")
FAMILY = {name: family for family in FAMILIES for name in models.list_models(module=getattr(models, family))}
EVERY = sorted(models.list_models())
TRAINED = [name for name in EVERY if FAMILY.get(name) not in ("detection", "optical_flow")]  # those need targets
TIED_ABOVE = 150_000_000  # parameters: a model and the copies of its leaves then fill more than a gigabyte

sums: Counter[str] = Counter()


def parameters_of(name: str) -> int:
    """How many parameters the model has, as torchvision publishes it with its weights."""
    return int(models.get_model_weights(name).DEFAULT.meta["num_params"])


@contextmanager
def one_parameter_for_each_shape() -> Iterator[None]:
    """Inside, models are built with one and the same `weight` wherever one has that shape: all calls, little memory."""
    made: dict[tuple[str, torch.Size], nn.Parameter] = {}

    def tie(_: nn.Module, name: str, parameter: nn.Parameter | None) -> Any:
        return parameter if parameter is None else made.setdefault((name, parameter.shape), parameter)

    handle = register_module_parameter_registration_hook(tie)
    try:
        yield
    finally:
        handle.remove()


def options(name: str) -> dict[str, Any]:
    """What makes a model small where its family allows that, and lets a detector with random weights find something."""
    family = FAMILY.get(name)
    if family == "detection":
        small = {} if name.startswith("ssd") else {"min_size": 64, "max_size": 64}
        found = {"score_thresh": 0.0, "topk_candidates": 50}
        if "rcnn" in name:
            found = {"box_score_thresh": 0.0, "rpn_post_nms_top_n_test": 20}
        return {"weights_backbone": None, **small, **found}
    if family == "segmentation":
        return {"weights_backbone": None}
    if name.startswith("vit"):
        return {"image_size": 2 * int(name.rsplit("_", 1)[1])}  # two patches by two
    return {"init_weights": True} if "googlenet" in name or "inception" in name else {}


def inputs(name: str, batch: int) -> tuple[Any, ...]:
    """Random pictures or clips, as small as the model takes them."""
    generator = torch.Generator().manual_seed(1)

    def random(*shape: int) -> Tensor:
        return torch.rand(batch, *shape, generator=generator)

    family = FAMILY.get(name)
    if family == "detection":
        return (list(random(3, 64, 64)),)
    if family == "optical_flow":
        return random(3, 128, 128), random(3, 128, 128)
    if family == "video":
        if name == "s3d":
            return (random(3, 16, 224, 224),)
        return (random(3, 8, 32, 32) if name.startswith("mvit") else random(3, 4, 64, 64),)
    if "inception" in name:
        return (random(3, 96, 96) if batch == 1 else random(3, 299, 299),)  # its auxiliary classifier needs the pixels
    size = options(name).get("image_size", 224 if name == "maxvit_t" else 64)
    return (random(3, size, size),)


def check(name: str, monkeypatch: pytest.MonkeyPatch, *, training: bool = False) -> None:
    mvit = models.video.mvit
    build = mvit._mvit  # its public builders fix the size of a clip
    small = {"spatial_size": (32, 32), "temporal_size": 8}
    monkeypatch.setattr(mvit, "_mvit", lambda *given, **named: build(*given, **{**named, **small}))
    is_tied = parameters_of(name) > TIED_ABOVE
    torch.manual_seed(0)
    with one_parameter_for_each_shape() if is_tied else nullcontext():
        model: nn.Module = models.get_model(name, weights=None, **options(name))
    with Draws() as draws:
        trace = record(model.train(training), *inputs(name, 2 if training else 1), passes=0)
    found = assert_replayed(trace, draws)
    assert not found.unannounced
    assert all(trace.values[index].data.statistics.nans == 0 for index in trace.outputs)
    say(name, found, training, is_tied)


def say(name: str, found: Replayed, training: bool, is_tied: bool) -> None:
    tied = f"; over {TIED_ABOVE:,} parameters: one for each shape" if is_tied else ""
    sums.update(models=1, calls=found.calls, same=found.same, in_place=found.in_place, random=found.random)
    print(f"{name}{' in training' if training else ''}: {found}{tied}; so far {dict(sums)}")  # noqa: T201


@pytest.mark.parametrize("name", FAST)
def test_a_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check(name, monkeypatch)


@pytest.mark.parametrize("name", FAST_IN_TRAINING)
def test_a_model_in_training(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check(name, monkeypatch, training=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_every_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        check(name, monkeypatch)
    finally:
        gc.collect()


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_every_model_in_training(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        check(name, monkeypatch, training=True)
    finally:
        gc.collect()
